"""Shared by all tests: the project root on the path, one thread (tests run side by side), small networks."""

import sys
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
torch.set_num_threads(1)  # tests run beside each other
SHARED = ROOT.parent / "shared" / "data"


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
