"""Generated retinas: what they are, the files they are kept in, and the small U-Net of drive_unet's mini split on them."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from adafire.errors import InputError
from adapters.base import WorkloadOptions
from adapters.segmentation import vessels
from adapters.segmentation.data import drive, retinas
from benchmarks.running.task import PROJECT, load_task

ZOO = PROJECT / "benchmarks" / "zoo" / "unet_retinas"


@pytest.fixture(scope="module", autouse=True)
def small(tmp_path_factory):
    """A cache of its own with fewer retinas."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ADAFIRE_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setattr(retinas, "SPLITS", {**retinas.SPLITS, "test": 3, "calibration": 2})
        yield


def mini(**change):
    settings = load_task(PROJECT / "tasks" / "drive_unet.py").variants["mini"].settings()
    return vessels.workload({**settings, **change}, WorkloadOptions())


def test_a_retina_is_a_pure_function_with_its_own_stream():
    first, again, other = retinas.retina("test", 1), retinas.retina("test", 1), retinas.retina("train", 1)
    assert all(np.array_equal(a, b) for a, b in zip(first, again)) and not np.array_equal(first.rgb, other.rgb)
    assert first.rgb.shape == (128, 128, 3) and first.view.mean() == pytest.approx(np.pi * 0.46**2, abs=0.005)
    for made in (first, other):
        assert 0.05 < made.vessels[made.view].mean() < 0.3 and not made.vessels[~made.view].any()
        grey = made.rgb.mean(2)
        ring = np.zeros_like(made.view)  # pixels beside vessels
        for shift in (-4, 4):
            ring |= np.roll(made.vessels, shift, 0) | np.roll(made.vessels, shift, 1)
        ring &= made.view & ~made.vessels
        assert grey[made.vessels].mean() < grey[ring].mean() - 3  # vessels are darker
        assert not grey[~made.view].max() > 4


def test_files_are_in_drives_layout_and_written_once(monkeypatch):
    root = retinas.ensure()
    eyes, training = drive.read(root)
    assert [e.id for e in eyes] == ["000", "001", "002"] and len(training) == 2
    made = retinas.retina("test", 2)
    assert np.array_equal(drive.open_image(eyes[2].image, "RGB"), made.rgb)
    assert np.array_equal(drive.read_mask(eyes[2].vessels, (128, 128)), made.vessels)
    assert np.array_equal(drive.read_mask(eyes[2].view, (128, 128)), made.view)
    monkeypatch.setattr(retinas, "retina", None)
    assert retinas.ensure() == root


def test_a_crash_leaves_nothing_half_written(tmp_path, monkeypatch):
    def broken(split, number):
        if number:
            raise RuntimeError("stopped")
        return retinas.Retina(*(np.zeros((4, 4, *more), np.uint8) for more in ((3,), (), ())))

    monkeypatch.setenv("ADAFIRE_CACHE", str(tmp_path))
    monkeypatch.setattr(retinas, "retina", broken)
    with pytest.raises(RuntimeError):
        retinas.ensure()
    assert not [p for p in tmp_path.rglob("*") if p.suffix == ".ppm"]


def test_a_cache_that_cannot_be_written_says_so(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("ADAFIRE_CACHE", str(tmp_path / "file"))
    with pytest.raises(InputError, match="set ADAFIRE_CACHE to a folder with room"):
        retinas.ensure()


def test_the_mini_split_sets_nothing_aside_and_its_network_finds_the_vessels():
    workload = mini()
    described = workload.describe()
    assert described["calibration"] == {**described["calibration"], "samples": 2, "overlap": 0, "set_aside": False}
    assert described["data"]["name"] == "generated retinas" and len(workload) == 3
    found = {}
    with torch.no_grad():
        for batch in workload.batches():
            found.update(zip(batch.ids, workload.predict(workload.network(batch.inputs), batch), strict=True))
    metrics = workload.evaluate(found).metrics
    assert metrics["F1"] > 0.75 and metrics["AUC"] > 0.95


def test_training_sees_the_pictures_as_the_adapter_shows_them():
    from benchmarks.zoo import vessels as zoo

    shown = next(mini().batches()).inputs
    dataset = zoo.Retinas("test", 3)
    assert torch.equal(shown, torch.stack([dataset[k]["inputs"] for k in range(3)]))
    batch = {key: torch.stack([dataset[k][key] for k in range(3)]) for key in dataset[0]}
    torch.manual_seed(0)
    cut = zoo.TurnedSquares(side=32)(batch, training=True)
    assert cut["inputs"].shape == (3, 1, 32, 32) and cut["vessels"].shape == cut["view"].shape == (3, 32, 32)
    inside = cut["vessels"].bool() & cut["view"]
    assert cut["inputs"][:, 0][inside].mean() < cut["inputs"][:, 0][cut["view"] & ~inside].mean()  # turned together


def test_zoo_files_belong_together():
    made = json.loads((ZOO / "recipe.json").read_text())
    for expected, name in ((made["config_sha256"], "config.py"), (made["weights"]["sha256"], "unet_retinas.pth")):
        assert hashlib.sha256((ZOO / name).read_bytes()).hexdigest() == expected, name
    assert len((ZOO / "training_log.jsonl").read_text().splitlines()) == made["epochs"]
    torch.load(ZOO / "unet_retinas.pth", weights_only=True)


@pytest.mark.parametrize(
    "change, words",
    [
        ({"data": {"type": "retina"}}, r"expected dict\(type='drive'\) or dict\(type='retinas'\)"),
        ({"model": "adapters.models.resnet_small:resnet_small", "checkpoint": "random"}, "expected .*KerasUNet"),
        ({"model": {"name": "adapters.models.unet_keras:KerasUNet", "widths": (8, 16)}}, "not of this network"),
        ({"checkpoint": "nowhere.pth"}, "'nowhere.pth' is not there"),
        ({"calibration": {"samples": 0}}, "calibration samples is 0"),
    ],
)
def test_wrong_settings(change, words):
    with pytest.raises(InputError, match=words):
        mini(**change)
