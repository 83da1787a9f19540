"""Shared by all tests: one thread (tests run side by side), marks of what runs on request, fixtures."""

import signal

import pytest
import torch

pytest.register_assert_rewrite("helpers")
collect_ignore = ["helpers"]
torch.set_num_threads(1)  # tests run beside each other
if (
    signal.getsignal(signal.SIGINT) is signal.SIG_IGN
):  # as a shell starts what runs in the background: processes would inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)


ON_REQUEST = ("mutants", "many", "cases")
"""Marks of tests that take minutes: only where -m asks for them."""
LONG = ("tests/faults/test_kills.py", "tests/house/test_site.py", "tests/benchmarks/running/test_sweep.py")
"""Files of tests that take a minute each: they come first, so that no process is left alone with one at the end."""


def pytest_collection_modifyitems(config, items):
    """Leave out the tests of ``ON_REQUEST`` that nobody asked for; begin with those of ``LONG``."""
    unasked = [mark for mark in ON_REQUEST if mark not in config.getoption("-m")]
    left_out = [item for item in items if any(item.get_closest_marker(mark) for mark in unasked)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = sorted(
        (item for item in items if item not in left_out), key=lambda item: not item.nodeid.startswith(LONG)
    )


@pytest.fixture(autouse=True)
def _quiet_and_seeded():
    torch.manual_seed(0)
    yield


@pytest.fixture
def shared_data():
    """Folder of real weights and images that some machines have; the test skips where it is absent."""
    from helpers.paths import SHARED

    if not SHARED.is_dir():
        pytest.skip("real weights and images (shared/data) are not on this machine")
    return SHARED


@pytest.fixture(scope="session")
def made_records(tmp_path_factory):
    """A results folder with records made here: fashion_resnet by a few methods at T = 4, on 100 pictures."""
    from adapters.base import WorkloadOptions
    from benchmarks.running import catalogue, runner
    from benchmarks.running.task import load_task

    out = tmp_path_factory.mktemp("made") / "results"
    methods = ["quantised", "snn-calibration", "burst", "adafire-uniform", "adafire"]
    runner.run(
        load_task(catalogue.find_task("fashion_resnet")),
        "mini",
        methods,
        [4],
        runner.RunOptions(WorkloadOptions(limit=100)),
        out,
    )
    return out
