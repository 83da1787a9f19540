"""Keras U-Nets and DRIVE: the same figures as Keras's own arithmetic, the field of view honoured, bad input named."""

import numpy as np
import pytest
import torch
from PIL import Image

from adafire.errors import InputError
from adapters.base import WorkloadOptions
from adapters.models.unet_keras import KerasUNet, from_keras
from adapters.segmentation import vessel_scores, vessels
from adapters.segmentation.data import drive

h5py = pytest.importorskip("h5py", reason="h5py absent: pip install h5py")
SHAPES = [(4, 1), (4, 4), (6, 4), (6, 6), (4, 10), (4, 4)]  # [out, in] of the 3 x 3 kernels of a U-Net of two stages


def write(path, kernels, wrapped=False):
    with h5py.File(path, "w") as file:
        group = file.create_group("model_weights") if wrapped else file
        names = [f"convolution2d_{k}" for k in range(len(kernels))]
        group.attrs["layer_names"] = [n.encode() for n in ("input_1", *names)]
        group.create_group("input_1").attrs["weight_names"] = np.zeros(0)
        for name, (weight, bias) in zip(names, kernels):
            layer = group.create_group(name)
            layer.attrs["weight_names"] = [f"{name}_W".encode(), f"{name}_b".encode()]
            layer[f"{name}_W"], layer[f"{name}_b"] = weight, bias


def kernels(seed=0, classes=2):
    rng = np.random.default_rng(seed)
    shapes = [(o, i, 3, 3) for o, i in SHAPES] + [(classes, 4, 1, 1)]
    return [(rng.normal(0, 0.5, s).astype(np.float32), rng.normal(0, 0.5, s[0]).astype(np.float32)) for s in shapes]


def convolved(x, weight, bias):
    """What Theano computes: a true convolution (kernel turned round) with zero borders, and a ReLU."""
    from scipy.signal import convolve2d

    return np.maximum(
        0, [sum(convolve2d(x[i], w[i], mode="same") for i in range(len(x))) + b for w, b in zip(weight, bias)]
    )


def test_theano_weights_by_scipy(tmp_path):
    made = kernels()
    write(tmp_path / "w.h5", made)
    x = np.random.default_rng(1).normal(size=(1, 8, 6)).astype(np.float32)
    fine = convolved(convolved(x, *made[0]), *made[1])
    coarse = fine.reshape(4, 4, 2, 3, 2).max((2, 4))
    coarse = convolved(convolved(coarse, *made[2]), *made[3])
    joined = np.concatenate([coarse.repeat(2, 1).repeat(2, 2), fine])
    expected = convolved(convolved(convolved(joined, *made[4]), *made[5]), *made[6])
    with torch.no_grad():
        found = from_keras(tmp_path / "w.h5")(torch.from_numpy(x)[None])[0].numpy()
        linear = from_keras(tmp_path / "w.h5", last_relu=False)(torch.from_numpy(x)[None])[0].numpy()
    assert np.allclose(found, expected, atol=1e-4) and np.allclose(np.maximum(linear, 0), expected, atol=1e-4)
    assert linear.min() < 0 < expected.max()


def test_tensorflow_weights_are_the_same_network(tmp_path):
    made = kernels()
    write(tmp_path / "theano.h5", made)
    write(tmp_path / "tf.h5", [(w[:, :, ::-1, ::-1].transpose(2, 3, 1, 0), b) for w, b in made], wrapped=True)
    one, two = (from_keras(tmp_path / f"{name}.h5").state_dict() for name in ("theano", "tf"))
    assert all(torch.equal(one[k], two[k]) for k in one)


@pytest.mark.parametrize(
    "spoil, words",
    [
        (lambda path: path.unlink(), "are not there"),
        (lambda path: path.write_bytes(b"not hdf5"), "is no Keras weights file"),
        (lambda path: write(path, kernels()[:5]), "has 5 convolutions; a U-Net of d stages has 4 d - 1"),
        (
            lambda path: write(path, [*kernels()[:4], kernels()[5], *kernels()[5:]]),
            r"convolution 5 .* has \[4, 10, 3, 3\] there",
        ),
        (lambda path: write(path, [(w * np.nan, b) for w, b in kernels()]), "convolution 1 .* holds NaN"),
        (lambda path: write(path, [(w[0], b) for w, b in kernels()]), "only convolutions with a bias"),
        (lambda path: write(path, kernels(classes=3)), "gives 3 classes"),
    ],
)
def test_wrong_weights(tmp_path, root, spoil, words):
    spoil(root.parent / "w.h5")
    with pytest.raises(InputError, match=words):
        make(root)


def test_scores_by_hand():
    """Probabilities 0.9 0.8 | 0.7 0.3 0.1, vessels the first, third and fifth: 4 of 6 pairs... in order are
    (0.9 over 0.8, 0.3), (0.7 over 0.3): 3 of 6. Said: 0.9, 0.8, 0.7: 2 hits, 1 alarm, 1 missed."""
    p, truth = np.array([[0.9, 0.8, 0.7, 0.3, 0.1]]), np.array([[True, False, True, False, True]])
    found = vessel_scores.scores(vessel_scores.measure(p, truth))
    assert found == pytest.approx({"AUC": 3 / 6, "F1": 4 / 6, "IoU": 2 / 4, "accuracy": 3 / 5})
    seen = vessel_scores.scores(vessel_scores.measure(p, truth, np.array([[True, True, True, False, False]])))
    assert seen == pytest.approx({"AUC": 1 / 2, "F1": 4 / 5, "IoU": 2 / 3, "accuracy": 2 / 3})
    between = vessel_scores.scores(vessel_scores.measure(np.array([[0.9, 0.4, 0.45, 0.34, 0.5]]), truth))
    assert between == pytest.approx(
        {"AUC": 6 / 6, "F1": 4 / 5, "IoU": 2 / 3, "accuracy": 4 / 5}
    )  # from 0.5 on, not before
    ties = vessel_scores.scores(vessel_scores.measure(np.full((1, 5), 0.5), truth))
    assert ties["AUC"] == 0.5 and ties["accuracy"] == 3 / 5  # 0.5 says vessel


def test_auc_equals_the_rank_sum():
    from scipy.stats import mannwhitneyu

    rng = np.random.default_rng(0)
    truth = rng.random(3000) < 0.2
    p = np.floor((rng.random(3000) * 0.6 + truth * 0.3) * 512) / 512
    exact = mannwhitneyu(p[truth], p[~truth]).statistic / truth.sum() / (~truth).sum()
    assert vessel_scores.scores(vessel_scores.measure(p, truth))["AUC"] == pytest.approx(exact, abs=1e-12)


def test_intervals_are_over_images():
    rng = np.random.default_rng(0)
    truth = rng.random((6, 40)) < 0.3
    counts = {
        str(i): vessel_scores.measure(np.clip(t * 0.4 + rng.random(40) * 0.7, 0, 1), t) for i, t in enumerate(truth)
    }
    found = vessel_scores.evaluate(counts)
    assert found.low < found.metrics["F1"] < found.high and len(found.evidence["per_image"]) == 6
    assert {len(v) for v in found.evidence["replicates"].values()} == {400}
    alike = vessel_scores.evaluate({str(i): counts["0"] for i in range(4)})
    assert alike.low == alike.high == alike.metrics["F1"]
    with pytest.raises(InputError, match="one class only"):
        vessel_scores.evaluate({"a": vessel_scores.measure(np.array([0.5]), np.array([True]))})


@pytest.fixture
def root(tmp_path):
    """A DRIVE of four pictures of 22 x 20 pixels, in the formats it is distributed in, and weights beside it."""
    rng = np.random.default_rng(0)
    root = tmp_path / "DRIVE"
    for name in ("images", "1st_manual", "mask"):
        (root / "test" / name).mkdir(parents=True)
    for i in range(1, 5):
        Image.fromarray(rng.integers(0, 255, (22, 20, 3), dtype=np.uint8)).save(
            root / "test" / "images" / f"{i:02d}_test.tif"
        )
        Image.fromarray((rng.random((22, 20)) < 0.3).astype(np.uint8) * 255).save(
            root / "test" / "1st_manual" / f"{i:02d}_manual1.gif"
        )
        view = np.zeros((22, 20), np.uint8)
        view[2:20, 3:18] = 255
        Image.fromarray(view).save(root / "test" / "mask" / f"{i:02d}_test_mask.gif")
    write(tmp_path / "w.h5", kernels())
    return root


def make(root, **change):
    settings = {
        "checkpoint": str(root.parent / "w.h5"),
        "data": {"type": "drive"},
        "calibration": {"samples": 1},
        "batch_size": 2,
        **change,
    }
    return vessels.workload(settings, WorkloadOptions(split="full", data_root=str(root)))


@torch.no_grad()
def scored(workload):
    found = {}
    for batch in workload.batches():
        found.update(zip(batch.ids, workload.predict(workload.network(batch.inputs), batch), strict=True))
    return workload.evaluate(found), found


def test_only_the_field_of_view_is_scored_and_nothing_that_calibrates(root):
    workload = make(root)
    described = workload.describe()
    assert len(workload) == 3 and described["calibration"] == {
        **described["calibration"],
        "samples": 1,
        "overlap": 0,
        "set_aside": True,
    }
    _, found = scored(workload)
    assert all(p.counts.sum() == 18 * 15 for p in found.values())
    assert all(b.inputs.shape[-2:] == (22, 20) for b in workload.batches())
    (root / "training" / "images").mkdir(parents=True)
    Image.fromarray(np.full((22, 20, 3), 99, np.uint8)).save(root / "training" / "images" / "21_training.tif")
    trained = make(root)
    assert len(trained) == 4 and not trained.describe()["calibration"]["set_aside"]
    assert len(trained.calibration()) == 1


def test_pictures_are_as_they_are_shown_and_of_eight_bits(tmp_path):
    grey = np.arange(12, dtype=np.uint8).reshape(3, 4) * 20
    tags = Image.Exif()
    tags[0x0112] = 6
    Image.fromarray(grey).save(tmp_path / "eight.png")
    Image.fromarray(grey).transpose(Image.Transpose.ROTATE_90).save(tmp_path / "turned.png", exif=tags)
    deep = grey.astype(np.uint16) * 257
    deep[-1, -1] = 65535
    Image.fromarray(deep).save(tmp_path / "sixteen.png")
    for name in ("eight", "turned", "sixteen"):
        found = drive.open_image(tmp_path / f"{name}.png", "L")
        assert found.shape == (3, 4) and np.array_equal(found.ravel()[:-1], grey.ravel()[:-1])
    for number, white in ((1, 1), (2, 65535)):
        Image.fromarray((grey > 100).astype(np.uint16) * white).save(tmp_path / f"mask{number}.png")
        assert np.array_equal(drive.read_mask(tmp_path / f"mask{number}.png", (3, 4)), grey > 100)


def test_hidden_files_are_no_pictures(root):
    for folder in ("images", "1st_manual", "mask"):
        (root / "test" / folder / "._01_test.tif").write_bytes(b"resource fork")
    assert [eye.id for eye in drive.read(root)[0]] == ["01", "02", "03", "04"]


def test_a_window_is_cut_out_of_picture_and_masks(root):
    workload = make(root, data={"type": "drive", "window": 8})
    assert next(workload.batches()).inputs.shape[-2:] == (8, 8)
    whole = make(root)
    eye = workload.eyes[0]
    assert np.array_equal(workload.truth(eye)[0], whole.truth(eye)[0][7:15, 6:14])
    assert torch.equal(workload._input(eye.image)[0], whole._input(eye.image)[0, 7:15, 6:14])


def test_preparation_does_what_it_says():
    rgb = np.zeros((64, 64, 3), np.uint8)
    rgb[:, 32:] = (200, 100, 50)
    found = drive.prepare(rgb)
    assert found.dtype == np.float32 and found.min() >= 0 and found.max() <= 1
    assert np.array_equal(drive.prepare(rgb // 2), found)  # stretched: half the light is the same picture


def test_preparation_by_hand(monkeypatch):
    """Grey is 0.299 R + 0.587 G + 0.114 B, cut to a whole number; then 255 (grey / 255) ** (1 / 1.2), cut again. Without
    CLAHE, which spreads what it finds: 64.5 -> 64 -> 80.6, 76.2 -> 76 -> 93.0, 149.7 -> 149 -> 163.0, 29.1 -> 29 -> 41.7."""
    import cv2

    class Nothing:
        apply = staticmethod(lambda grey: grey)

    asked = []
    monkeypatch.setattr(cv2, "createCLAHE", lambda **how: asked.append(how) or Nothing)
    row = [(0, 0, 0), (255, 255, 255), (65, 64, 65), (255, 0, 0), (0, 255, 0), (0, 0, 255)]
    found = drive.prepare(np.array([row], np.uint8))
    assert (found * 255).round().astype(int).tolist() == [[0, 255, 80, 92, 162, 41]]
    assert asked == [{"clipLimit": 2.0, "tileGridSize": (8, 8)}]


@pytest.mark.parametrize(
    "spoil, words",
    [
        (
            lambda root: Image.new("L", (20, 22)).save(root / "test" / "1st_manual" / "02_manual2.gif"),
            "two files of picture 02: 02_manual1.gif and 02_manual2.gif",
        ),
        (lambda root: (root / "test" / "mask").rename(root / "mask"), "folder '.*test/mask' is not there"),
        (lambda root: (root / "test" / "1st_manual" / "02_manual1.gif").unlink(), "no file for picture 02_test.tif"),
        (
            lambda root: Image.new("L", (22, 22)).save(root / "test" / "mask" / "03_test_mask.gif"),
            "22 x 22 pixels, its picture 20",
        ),
        (
            lambda root: Image.fromarray(np.arange(440, dtype=np.uint8).reshape(22, 20)).save(
                root / "test" / "1st_manual" / "01_manual1.gif"
            ),
            "grey levels .* black .0. and one other",
        ),
        (lambda root: (root / "test" / "mask" / "03_test_mask.gif").write_bytes(b"GIF89a"), "cannot be taken"),
        (
            lambda root: [
                Image.fromarray(np.full((22, 20), 4000, np.uint16)).save(root / "test" / "images" / f"{i:02d}_test.tif")
                for i in range(1, 5)
            ],
            "largest value is 4000, so it does not use its 16 bits",
        ),
        (lambda root: [p.unlink() for p in (root / "test" / "images").iterdir()], "holds no picture"),
    ],
)
def test_bad_data_is_one_clear_error(root, spoil, words):
    spoil(root)
    with pytest.raises(InputError, match=words) as caught:
        for _ in range(4):  # whichever picture is set aside
            make(root, calibration={"samples": 1})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "change, words",
    [
        ({"data": {"type": "drives"}}, "expected dict"),
        ({"data": {"type": "drive", "windw": 3}}, "unknown key"),
        ({"calibration": {"samples": 4}}, "leave none to score"),
        ({"checkpoint": None}, "no checkpoint is given"),
        ({"data": {"type": "drive", "window": 0}}, "window is 0"),
    ],
)
def test_wrong_settings(root, change, words):
    with pytest.raises(InputError, match=words):
        make(root, **change)


def test_spiking_network_converges_to_it(root):
    import adafire

    workload = make(root)
    batch = next(workload.batches())
    snn = adafire.convert(workload.network, workload.calibration(), method="adafire-signed", timesteps=64)
    with torch.no_grad():
        expected, found = workload.network(batch.inputs), snn(batch.inputs)
    assert isinstance(workload.network, KerasUNet) and len(snn.sites) == 6  # the ReLU before the softmax is read out
    assert float((found - expected).norm() / expected.norm()) < 0.05


def test_command_line_scores_every_picture(root, capsys):
    assert vessels.main(["--data-root", str(root), "--checkpoint", str(root.parent / "w.h5")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["F1", "AUC", "IoU", "accuracy"]
    assert vessels.main(["--data-root", str(root), "--checkpoint", "nowhere.h5"]) == 2
    assert "are not there" in capsys.readouterr().err


@pytest.mark.slow
def test_real_weights_on_real_pictures(shared_data):
    """Two of DRIVE's pictures; all 20 give AUC 0.977, F1 0.818 (`python -m adapters.segmentation.vessels`)."""
    folder = shared_data / "drive_vessels"
    if not folder.is_dir():
        pytest.skip("DRIVE is not on this machine")
    workload = vessels.workload(
        {
            "checkpoint": str(folder / "unet_drive_best_weights.h5"),
            "data": {"type": "drive"},
            "calibration": {"samples": 4},
            "batch_size": 1,
        },
        WorkloadOptions(split="full", data_root=str(folder), limit=2),
    )
    metrics = scored(workload)[0].metrics
    assert metrics["AUC"] == pytest.approx(0.984, abs=0.002) and metrics["F1"] == pytest.approx(0.843, abs=0.002)
