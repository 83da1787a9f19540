"""Networks of the model libraries, by random weights: each converts and converges, or is refused by name.

``python -m pytest -m many tests/many/test_many_networks.py`` takes an hour or two; ``-k timm`` one library of it. MANY_OUT=file keeps a table of
what came out (MANY_LONG: largest T, 64), with the seconds of the dry run, of the self-check (three forwards) and of one simulation of 8 timesteps.
"""

import importlib.util
import json
import os
import re
import time
from pathlib import Path

import pytest
import torch

import adafire
from adafire.calibration.data import Calibration
from adafire.graph.interception import tensors_in
from adafire.graph.recorder import record
from adafire.simulation.plan import Plan
from adafire.simulation.proof import own_outputs, verify
from helpers import many

pytestmark = [pytest.mark.many, pytest.mark.filterwarnings("ignore")]
LONG, SHORT = int(os.environ.get("MANY_LONG", 64)), 4


def spread_error(outputs, expected):
    """Norm of the error of all outputs over the norm of their spread about each one's mean: a constant output explains nothing."""
    pairs = [
        (a.double(), b.double())
        for a, b in zip(tensors_in(outputs), tensors_in(expected), strict=True)
        if b.is_floating_point()
    ]
    error = sum(float((a - b).square().sum()) for a, b in pairs)
    return (error / sum(float((b - b.mean()).square().sum()) for _, b in pairs)) ** 0.5


def seconds(function):
    begin = time.perf_counter()
    function()
    return round(time.perf_counter() - begin, 3)


@torch.no_grad()
def proved(name, row):
    """Fill in ``row``: errors of the conversion of a network at T = 4 and T = 64, and what the self-check of its plan costs."""
    network, x, forward = many.build(name)
    expected = own_outputs(network, x, forward)
    assert all(bool(torch.isfinite(y).all()) for y in tensors_in(expected)), (
        "the network as built here gives NaN or infinity"
    )
    plan = []
    row["dry_run_s"] = seconds(lambda: plan.append(Plan(record(network, x, forward))))
    row["check_s"] = seconds(lambda: verify(plan[0], network, x, forward))
    row["sites"], calibration = len(plan.pop().trace.sites), Calibration(x)
    for method, timesteps in [("adafire-signed", SHORT), ("adafire-signed", 8), ("adafire-signed", LONG)] + [
        ("ours", SHORT)
    ] * (name in many.ALSO_OURS):
        snn = adafire.convert(network, calibration, method=method, timesteps=timesteps, forward=forward)
        outputs = []
        duration = seconds(lambda: outputs.append(snn(x)))
        row[f"{method}@{timesteps}"] = round(spread_error(outputs[0], expected), 5)
        if timesteps == 8:
            row["simulation_s"] = duration


def keep(row):
    """Append a row to the table, and print it."""
    print(json.dumps(row))
    if out := os.environ.get("MANY_OUT"):
        with Path(out).open("a") as file:
            file.write(json.dumps(row) + "\n")


@pytest.mark.parametrize("name", many.NAMES)
def test_converges_or_is_refused_by_name(name):
    if name.startswith("timm:") and importlib.util.find_spec("timm") is None:
        pytest.skip("timm is not installed; pip install timm")
    row = {"name": name, "outcome": "fails"}
    try:
        proved(name, row)
        short, long = row[f"adafire-signed@{SHORT}"], row[f"adafire-signed@{LONG}"]
        converges = long < 0.05 or long < 0.15 and long < short / 2 or name in many.SENSITIVE and long < 0.6 * short
        if converges and name not in many.REFUSED:
            row["outcome"] = "converges"
    except adafire.UnsupportedError as error:
        row["words"] = str(error)
        if name in many.REFUSED and re.search(many.REFUSED[name], str(error)):
            row["outcome"] = "refused"
    except Exception as error:
        row["words"] = f"{type(error).__name__}: {error}"
        raise
    finally:
        keep(row)
    assert row["outcome"] != "fails", row
