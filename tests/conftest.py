"""Shared by all tests: the project root on the path, one thread (tests run side by side), small networks."""

import sys
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
torch.set_num_threads(1)  # tests run beside each other
SHARED = ROOT.parent / "shared" / "data"


def pytest_collection_modifyitems(config, items):
    """Mutants take minutes and run the other tests: only where -m asks for them."""
    if "mutants" not in config.getoption("-m"):
        own = [item for item in items if item.get_closest_marker("mutants")]
        config.hook.pytest_deselected(items=own)
        items[:] = [item for item in items if item not in own]


@pytest.fixture(autouse=True)
def _quiet_and_seeded():
    torch.manual_seed(0)
    yield


@pytest.fixture
def shared_data():
    """Folder of real weights and images that some machines have; the test skips where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("real weights and images (shared/data) are not on this machine")
    return SHARED


@pytest.fixture(scope="session")
def made_records(tmp_path_factory):
    """A results folder with records made here: fashion_resnet by a few methods at T = 4, on 100 pictures."""
    from adapters.base import WorkloadOptions
    from benchmarks import catalogue, runner
    from benchmarks.task import load_task
    out = tmp_path_factory.mktemp("made") / "results"
    methods = ["quantised", "snn-calibration", "burst", "adafire-uniform", "adafire"]
    runner.run(load_task(catalogue.find_task("fashion_resnet")), "mini", methods, [4],
               runner.RunOptions(WorkloadOptions(limit=100)), out)
    return out
