"""Triton's kernels without a GPU: what they compute, in Triton's interpreter, and what they are compiled to.

Both in processes of their own: the interpreter is chosen when triton is imported. No GPU is used.
"""

import importlib.util
import json
import os
import subprocess
import sys

import pytest
import torch
import torch.nn.functional as F

from adafire.graph.activations import activation_of
from adafire.neurons import gpu, kernels
from helpers.paths import ROOT

needs_triton = pytest.mark.skipif(
    importlib.util.find_spec("triton") is None, reason="triton is not installed (torch's builds for CPUs are without)"
)


def printed(module, **variables):
    """The JSON object that ``python -m module`` prints last."""
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    done = subprocess.run(
        [sys.executable, "-m", module],
        env={**os.environ, "PYTHONPATH": path, **variables},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.strip().splitlines()[-1])


@needs_triton
@pytest.mark.slow
def test_kernels_give_the_bits_of_the_reference_in_the_interpreter():
    found = printed("helpers.triton_checks", TRITON_INTERPRET="1")
    assert len(found) > 55 and not {name: why for name, why in found.items() if why}


@needs_triton
@pytest.mark.slow
def test_compiled_kernels_round_each_operation_once_and_quotients_correctly(tmp_path):
    found = printed("helpers.triton_compiled", TRITON_CACHE_DIR=str(tmp_path))
    fused = found.pop("scan 0, fused")
    assert any(operation.startswith("fma") for operation in fused)  # so they would be found
    assert len(found) == 8
    for name, operations in found.items():
        assert set(operations) <= {"add.rn.f32", "sub.rn.f32", "mul.rn.f32", "div.rn.f32"}, name


def test_kernels_are_not_launched_where_there_is_no_gpu():
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    assert not gpu.available() and kernels.path(torch.ones(3)) in ("compiled", "reference")


def test_quotients_of_the_reference_are_of_tensors_where_torch_would_multiply_with_a_reciprocal():
    """On CUDA, torch makes x / 3.0 of a Python number x * (1 / 3.0), which is one unit off now and then."""
    x = torch.rand(10000)
    assert not torch.equal(x * torch.tensor(1 / 3.0), x / 3.0)
    quotient = gpu.divided(x.to("meta"), 3.0)
    assert quotient.shape == x.shape and quotient.dtype == x.dtype
    assert torch.equal(gpu.divided(x, 3.0), x / torch.full((), 3.0))
