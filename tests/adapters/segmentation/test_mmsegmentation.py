"""MMSegmentation's encoder-decoders as workloads: maps as MMSegmentation makes them, data sets as people have them, and bad
input named."""

import numpy as np
import pytest
import torch
from PIL import Image

import adafire
from adafire.errors import InputError
from adapters.base import WorkloadOptions
from adapters.segmentation import miou, mmsegmentation
from adapters.segmentation.masks import label_table
from helpers.segmentors import CLASSES, CONFIG, save
from helpers.workloads import predict_all

pytestmark = pytest.mark.filterwarnings("ignore")
SIZES = ((60, 40), (44, 44))


@pytest.fixture
def root(tmp_path):
    """6 pictures of two sizes with palette masks, half of them to train on, and a config."""
    rng = np.random.default_rng(0)
    for name in ("images", "masks", "splits"):
        (tmp_path / name).mkdir()
    for i in range(6):
        width, height = SIZES[i % 2]
        labels = np.zeros((height, width), np.uint8)
        labels[:10], labels[15:30, 5:20], labels[0, 0] = 2, 1, 255
        Image.fromarray(rng.integers(0, 255, (height, width, 3), dtype=np.uint8)).save(
            tmp_path / "images" / f"p{i}.jpg"
        )
        save(tmp_path, i, labels)
    (tmp_path / "splits" / "val.txt").write_text("p0\np1\np2\n")
    (tmp_path / "splits" / "train.txt").write_text("p3\np4\np5\np0\n")  # p0 is in both, as it should not be
    return tmp_path


def make(root, test="mode='whole'", align=False, options=WorkloadOptions(split="full"), more="", **change):
    config = root / "config.py"
    config.write_text(CONFIG.format(test=test, align=align, classes=CLASSES) + more)
    settings = {
        "config": str(config),
        "checkpoint": "random",
        "data": {"type": "mmseg"},
        "calibration": {"samples": 2},
        "batch_size": 2,
        **change,
    }
    return mmsegmentation.workload(settings, options._replace(data_root=str(root)))


@pytest.mark.parametrize("align", [False, True])
@pytest.mark.parametrize(
    "test",
    [
        "mode='whole'",
        "mode='slide', crop_size=(32, 40), stride=(20, 24)",
        "mode='slide', crop_size=(64, 24), stride=(64, 24)",
    ],
)
def test_maps_are_those_of_mmsegmentation(root, test, align):
    workload = make(root, test, align)
    found = predict_all(workload)
    assert sorted(found) == ["p0", "p1", "p2"]
    for batch in workload.batches():
        for i, sample in enumerate(
            batch.context
        ):  # one by one: MMSegmentation's slide mode changes the metas of the first
            with torch.no_grad():
                theirs = (
                    workload.network.predict(batch.inputs[i : i + 1], [sample.clone()])[0].pred_sem_seg.data[0].numpy()
                )
            ours = miou.unpack(found[batch.ids[i]].labels)
            height, width = SIZES[int(batch.ids[i][1]) % 2][::-1]
            assert ours.shape == (height, width) and len(np.unique(ours)) > 1
            assert (ours == theirs).mean() > 0.999  # sums round differently in another batch
    scores = workload.evaluate(found)
    assert 0 < scores.metrics["mIoU"] < 1 and scores.low <= scores.metrics["mIoU"] <= scores.high
    assert sum(map(sum, scores.evidence["confusion"])) == 2 * 60 * 40 + 44 * 44 - 3  # 255 counts nowhere


def test_slide_mode_converges_and_counts_per_picture(root):
    workload = make(root, "mode='slide', crop_size=(32, 40), stride=(20, 24)")
    batch = next(b for b in workload.batches() if len(b.ids) == 2)
    snn = adafire.convert(
        workload.network, workload.calibration(), method="adafire-signed", timesteps=32, forward=workload.forward
    )
    with torch.no_grad():
        exact = workload.logits(workload.forward(workload.network, batch.inputs), batch)
        found = workload.logits(snn(batch.inputs), batch)
    assert float((found - exact).norm() / (exact - exact.mean()).norm()) < 0.2
    report = snn.report()
    assert report.samples == 2
    one = adafire.convert(workload.network, workload.calibration(), method="ann", timesteps=1, forward=workload.forward)
    one(batch.inputs[:1])
    assert one.report(at=1).macs == pytest.approx(report.ann_macs)  # of a picture, not of a window


@pytest.mark.parametrize(
    "content",
    [b"\xef\xbb\xbfp0\np1\np2\n", b"p0\n\np1\n  \np2", b"p0\r\np1\r\np2\r\n", "p0\np1\np2\n".encode("utf-16")],
)
def test_lists_that_other_systems_wrote(root, content):
    (root / "splits" / "val.txt").write_bytes(content)
    assert sorted(i for batch in make(root).batches() for i in batch.ids) == ["p0", "p1", "p2"]


def test_calibration_is_on_other_pictures(root):
    described = make(root).describe()
    assert described["calibration"] == {**described["calibration"], "samples": 2, "overlap": 0, "set_aside": False}
    (root / "splits" / "train.txt").unlink()
    aside = make(root, calibration={"samples": 1})
    assert len(aside) == 2 and aside.describe()["calibration"]["set_aside"]
    assert aside.describe()["calibration"]["overlap"] == 0
    assert aside.describe()["data"]["fingerprint"] != described["data"]["fingerprint"]
    save(root, 1, np.full((44, 44), 2, np.uint8))
    assert (
        make(root, calibration={"samples": 1}).describe()["data"]["fingerprint"]
        != aside.describe()["data"]["fingerprint"]
    )


@pytest.mark.parametrize(
    "reduce, renamed", [(False, None), (True, None), (False, {0: 1, 1: 255, 2: 0}), (True, {0: 1, 1: 255})]
)
def test_labels_are_renamed_as_mmsegmentation_does(tmp_path, reduce, renamed):
    from mmseg.datasets.transforms import LoadAnnotations

    Image.fromarray(np.arange(256, dtype=np.uint8)[None]).save(tmp_path / "all.png")
    results = LoadAnnotations().transform(
        {"seg_map_path": str(tmp_path / "all.png"), "reduce_zero_label": reduce, "label_map": renamed, "seg_fields": []}
    )
    table, unknown = label_table(3, reduce, renamed)
    expected = results["gt_seg_map"].ravel()
    assert np.array_equal(table[:256], expected)
    assert np.array_equal(unknown[:256], (expected > 2) & (expected < 255)) and unknown[256:].all()


def as_it_is(root, i, content, kind="png"):
    Image.fromarray(content).save(root / "masks" / f"p{i}.png", {"png": "PNG", "tif": "TIFF"}[kind])


def black_and_white(i):
    return np.pad(np.full((20, 20), 255, np.uint8), ((5, SIZES[i % 2][1] - 25), (5, SIZES[i % 2][0] - 25)))


def turned(root, i, shown):
    """Store picture ``i`` turned, with EXIF to turn it back, or as it was, with EXIF to turn it."""
    tags = Image.Exif()
    tags[0x0112] = 6
    image = Image.open(root / "images" / f"p{i}.jpg")
    (image.transpose(Image.Transpose.ROTATE_90) if shown else image).save(
        root / "images" / f"p{i}.jpg", exif=tags, quality=100
    )


def thin(root):
    Image.new("RGB", (900, 2)).save(root / "images" / "p1.jpg")
    as_it_is(root, 1, np.zeros((2, 900), np.uint8))


@pytest.mark.parametrize(
    "spoil, words",
    [
        (
            lambda root: save(root, 1, np.full((44, 44), 7, np.uint8)),
            ["p1.png' holds the value 7", "3 classes", "ignore=[...]"],
        ),
        (
            lambda root: save(root, 1, np.zeros((40, 44), np.uint8)),
            ["p1.png' has 44 x 40 pixels", "44 x 44", "one size"],
        ),
        (
            lambda root: as_it_is(root, 1, np.full((44, 44), 257, np.uint16)),
            ["p1.png' holds the value 257", "mask_values="],
        ),
        (lambda root: as_it_is(root, 1, np.full((44, 44), 70000, np.int32), "tif"), ["holds the value 70000"]),
        (lambda root: as_it_is(root, 1, np.zeros((44, 44), np.float32), "tif"), ["is a colour picture (F)"]),
        (
            lambda root: [as_it_is(root, i, np.full(SIZES[i % 2][::-1], 255, np.uint8)) for i in range(3)],
            ["the 3 masks of BaseSeg hold no pixel of any class", "values 255"],
        ),
        (
            lambda root: [as_it_is(root, i, black_and_white(i)) for i in range(3)],
            ["hold 0 and 255 alone", "no pixel is of class 'sky'", "mask_values={255: 2}"],
        ),
        (lambda root: turned(root, 0, False), ["p0.png' has 60 x 40 pixels", "p0.jpg' 40 x 60", "EXIF"]),
        (
            lambda root: (root / "splits" / "val.txt").write_text("p0\np1\np2\np1\n"),
            ["split file '", "val.txt' names picture 'p1' 2 times", "(1 of 3 pictures more than once)"],
        ),
        (lambda root: thin(root), ["config.py'", "p1.jpg': Resize: ", "900 x 2 pixels"]),
        (
            lambda root: as_it_is(root, 1, np.zeros((44, 44, 3), np.uint8)),
            ["p1.png' is a colour picture (RGB)", "palette PNG"],
        ),
        (lambda root: (root / "splits" / "val.txt").unlink(), ["split file '", "val.txt' is not there", "--data-root"]),
        (lambda root: (root / "masks" / "p1.png").unlink(), ["p1.png' is missing"]),
        (lambda root: (root / "masks" / "p1.png").write_bytes(b"GIF"), ["p1.png' does not decode"]),
        (lambda root: (root / "images" / "p1.jpg").unlink(), ["image '", "p1.jpg' is missing"]),
        (lambda root: (root / "splits" / "val.txt").write_text(""), ["holds no picture"]),
        (
            lambda root: [p.unlink() for p in (root / "masks").iterdir()] and (root / "masks").rmdir(),
            ["folder '", "masks'"],
        ),
    ],
)
def test_bad_data_is_one_clear_error(root, spoil, words):
    spoil(root)
    with pytest.raises(InputError) as caught:
        make(root)
    message = str(caught.value)
    assert all(word in message for word in words), message
    assert "\n" not in message


@pytest.mark.parametrize(
    "change, words",
    [
        ({"data": {"type": "mmsegg"}}, "expected a dict with a type of fashion_scenes, mmseg"),
        ({"data": {"type": "mmseg", "datset": "x"}}, "unknown key of data 'mmseg': 'datset'"),
        ({"config": None}, "no config is given"),
        ({"checkpoint": None}, "no checkpoint is given"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"calibration": {"samples": "all"}}, "calibration samples is 'all'"),
        ({"cfg_options": {"model.decode_head.num_classes": 5}}, "has 5 classes"),
        ({"cfg_options": {"model.decode_head.type": "FCNHeat"}}, "builds no network"),
        ({"config_options": {}}, "unknown setting 'config_options'"),
        ({"checkpoint": "nowhere.pth"}, "checkpoint 'nowhere.pth' is not there"),
    ],
)
def test_wrong_settings(root, change, words):
    with pytest.raises(InputError, match=words):
        make(root, **change)


def test_values_that_count_nowhere_can_be_named(root):
    save(root, 1, np.full((44, 44), 7, np.uint8))
    workload = make(root, data={"type": "mmseg", "ignore": [7]})
    assert predict_all(workload)["p1"].confusion.sum() == 0


def test_masks_of_one_bit_and_of_sixteen_are_read_as_numbers(root):
    def confusions():
        return {i: p.confusion.tolist() for i, p in predict_all(make(root)).items()}

    for i in range(3):
        labels = np.minimum(np.array(Image.open(root / "masks" / f"p{i}.png")), 1)
        as_it_is(root, i, labels)
    eight = confusions()
    for i in range(3):
        labels = np.array(Image.open(root / "masks" / f"p{i}.png"))
        as_it_is(
            root,
            i,
            labels.astype(bool) if i == 0 else labels.astype(np.uint16) if i == 1 else labels.astype(np.int32),
            "png" if i < 2 else "tif",
        )
        assert Image.open(root / "masks" / f"p{i}.png").mode in {0: ("1",), 1: ("I;16", "I"), 2: ("I",)}[i]
    assert confusions() == eight and all(np.array(c)[1].sum() > 100 for c in eight.values())


def test_black_and_white_masks_score_as_those_of_zero_and_one(root):
    for i in range(3):
        as_it_is(root, i, black_and_white(i))
    workload = make(root, data={"type": "mmseg", "mask_values": {255: 1}})
    assert "no mask of BaseSeg holds class 'sky'" in workload.notes[0]
    for i in range(3):
        as_it_is(root, i, np.minimum(black_and_white(i), 1))
    other = make(root)
    for found in (predict_all(workload), predict_all(other)):
        assert all(p.confusion[1].sum() == 400 for p in found.values())


@pytest.mark.parametrize(
    "change",
    [{"ignore": [-1]}, {"ignore": "255"}, {"mask_values": {255: 3}}, {"mask_values": {"a": 1}}, {"ignore": [70000]}],
)
def test_values_that_are_none_are_told(root, change):
    with pytest.raises(InputError, match="expected a list of values of the masks"):
        make(root, data={"type": "mmseg", **change})


def test_turned_pictures_are_scored_on_masks_as_they_are_shown(root):
    plain = predict_all(make(root))["p0"]
    turned(root, 0, True)
    workload = make(root)
    assert workload.notes == [
        "1 of 3 pictures of BaseSeg are turned as their EXIF orientation says; masks are taken as drawn "
        "on the pictures as they are shown"
    ]
    again = predict_all(workload)["p0"]
    assert np.abs(plain.confusion - again.confusion).sum() < 0.1 * plain.confusion.sum()
    loads = "dataset['pipeline'][0]['color_type'] = 'color_ignore_orientation'\n"
    with pytest.raises(InputError, match="p0.png' has 60 x 40 pixels, its image '.*p0.jpg' 40 x 60; expected one size"):
        make(root, more=loads)  # a config that leaves pictures as they are stored


def test_a_class_that_is_in_no_mask_is_noted(root):
    assert make(root).notes == []
    for i in range(3):
        save(root, i, np.ones(SIZES[i % 2][::-1], np.uint8))
    (note,) = make(root).notes
    assert "no mask of BaseSeg holds class 'ground', 'sky'" in note


@pytest.mark.parametrize(
    "test, more, words",
    [
        ("mode='slide', crop_size=32, stride=16", "", "crop_size=32; expected two numbers"),
        ("mode='slide', crop_size=(32, 32), stride=(33, 16)", "", "leaves gaps"),
        ("mode='slide'", "", "crop_size=None"),
        ("mode='hole'", "", r"test_cfg=\{'mode': 'hole'\}"),
        ("", "model['test_cfg'] = None", "test_cfg=None; expected test_cfg=dict"),
        ("", "model['decode_head']['num_classes'] = 1", "has 1 class"),
        ("", "del model['data_preprocessor']", "no data_preprocessor that makes numbers"),
        ("", "model['backbone']['in_channels'] = 4", "its network cannot take or read out picture .*channels"),
        ("", "dataset['pipeline'].insert(1, dict(type='RandomFlip', prob=0.5))", r"is random: RandomFlip\(prob=0.5\)"),
        ("", "dataset['pipeline'].insert(1, dict(type='MyContrast'))", "cannot be built: MyContrast"),
        ("", "test_dataloader = [test_dataloader]", "test_dataloader is a list of 1; expected one dict"),
    ],
)
def test_a_config_that_cannot_run_is_one_clear_error(root, test, more, words):
    with pytest.raises(InputError, match=f"config '.*config.py'.*{words}") as caught:
        make(root, test, more=more + "\n")
    assert "\n" not in str(caught.value)


def test_pictures_of_another_number_of_channels_are_told(root):
    for i in range(6):
        Image.open(root / "images" / f"p{i}.jpg").convert("RGBA").save(root / "images" / f"p{i}.png")
    with pytest.raises(InputError, match="its data_preprocessor cannot take what the test pipeline gives .4 channels."):
        make(
            root,
            more="dataset['pipeline'][0]['color_type'] = 'unchanged'\ndataset['img_suffix'] = '.png'\n"
            "train_dataloader['dataset']['dataset']['img_suffix'] = '.png'\n",
        )


def test_scopes_that_a_config_inherits_are_no_arguments(root):
    own = make(root).describe()["data"]
    scoped = "dataset['_scope_'] = dataset['data_prefix']['_scope_'] = dataset['pipeline'][0]['_scope_'] = 'mmseg'\n"
    assert make(root, more=scoped).describe()["data"] == own


def test_what_the_packing_leaves_out_is_known(root):
    whole = predict_all(make(root))
    lacking = predict_all(make(root, more="dataset['pipeline'][-1]['meta_keys'] = ()\n"))
    assert {i: p.labels for i, p in whole.items()} == {i: p.labels for i, p in lacking.items()}


def test_scenes_are_drawn(tmp_path):
    from matplotlib.figure import Figure

    workload = mmsegmentation.workload(
        {
            "config": "benchmarks/zoo/fpn_fashion/config.py",
            "checkpoint": "random",
            "data": {"type": "fashion_scenes"},
            "calibration": {"samples": 1},
            "batch_size": 1,
        },
        WorkloadOptions(limit=1),
    )
    found = predict_all(workload)
    axes = Figure().add_subplot()
    workload.draw_input(axes, "000001")
    workload.draw(axes, "000001", None)
    workload.draw(axes, "000001", found["000001"])
    assert "% of the pixels right" in axes.get_xlabel()
    workload.draw_error(axes, "000001", found["000001"])
    red = (axes.images[-1].get_array() == (213, 94, 0)).all(-1).mean()
    confusion = found["000001"].confusion
    assert len(axes.images) == 4 and red == pytest.approx(1 - np.trace(confusion) / confusion.sum())
