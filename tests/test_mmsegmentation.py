"""MMSegmentation's encoder-decoders as workloads: maps as MMSegmentation makes them, data sets as people have them, and bad
input named."""

import numpy as np
import pytest
import torch
from PIL import Image

import adafire
from adafire.errors import InputError
from adapters import miou, mmsegmentation
from adapters.base import WorkloadOptions
from adapters.masks import label_table

pytestmark = pytest.mark.filterwarnings("ignore")
CLASSES = ("ground", "square", "sky")
CONFIG = """
model = dict(
    type='EncoderDecoder',
    data_preprocessor=dict(type='SegDataPreProcessor', mean=[99.] * 3, std=[60.] * 3, bgr_to_rgb=True,
                           test_cfg=dict(size_divisor=8)),
    backbone=dict(type='ResNet', depth=18, base_channels=4, out_indices=(0, 1, 2, 3), strides=(1, 2, 1, 1),
                  dilations=(1, 1, 2, 4)),
    decode_head=dict(type='FCNHead', in_index=3, in_channels=32, channels=8, num_convs=1, num_classes=3,
                     align_corners={align}),
    auxiliary_head=dict(type='FCNHead', in_index=2, in_channels=16, channels=8, num_convs=1, num_classes=3),
    test_cfg=dict({test}))
dataset = dict(type='BaseSegDataset', ann_file='splits/val.txt', data_root='data/',
    data_prefix=dict(img_path='images', seg_map_path='masks'), metainfo=dict(classes={classes}),
    pipeline=[dict(type='LoadImageFromFile'), dict(type='Resize', scale=(64, 48), keep_ratio=True),
              dict(type='LoadAnnotations'), dict(type='PackSegInputs')])
test_dataloader = dict(dataset=dataset)
train_dataloader = dict(dataset=dict(type='RepeatDataset', times=9, dataset=dict(dataset, ann_file='splits/train.txt')))
"""
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
        Image.fromarray(rng.integers(0, 255, (height, width, 3), dtype=np.uint8)).save(tmp_path / "images" / f"p{i}.jpg")
        save(tmp_path, i, labels)
    (tmp_path / "splits" / "val.txt").write_text("p0\np1\np2\n")
    (tmp_path / "splits" / "train.txt").write_text("p3\np4\np5\np0\n")  # p0 is in both, as it should not be
    return tmp_path


def save(root, i, labels):
    mask = Image.fromarray(labels, "P")
    mask.putpalette([0, 0, 0, 128, 0, 0, 0, 128, 0] + [224] * 759)
    mask.save(root / "masks" / f"p{i}.png")


def make(root, test="mode='whole'", align=False, options=WorkloadOptions(split="full"), **change):
    config = root / "config.py"
    config.write_text(CONFIG.format(test=test, align=align, classes=CLASSES))
    settings = {"config": str(config), "checkpoint": "random", "data": {"type": "mmseg"}, "calibration": {"samples": 2},
                "batch_size": 2, **change}
    return mmsegmentation.workload(settings, options._replace(data_root=str(root)))


@torch.no_grad()
def predict_all(workload):
    found = {}
    for batch in workload.batches():
        outputs = workload.forward(workload.network, batch.inputs)
        found.update(zip(batch.ids, workload.predict(outputs, batch), strict=True))
    return found


@pytest.mark.parametrize("align", [False, True])
@pytest.mark.parametrize("test", ["mode='whole'", "mode='slide', crop_size=(32, 40), stride=(20, 24)",
                                  "mode='slide', crop_size=(64, 24), stride=(64, 24)"])
def test_maps_are_those_of_mmsegmentation(root, test, align):
    workload = make(root, test, align)
    found = predict_all(workload)
    assert sorted(found) == ["p0", "p1", "p2"]
    for batch in workload.batches():
        for i, sample in enumerate(batch.context):  # one by one: MMSegmentation's slide mode changes the metas of the first
            with torch.no_grad():
                theirs = workload.network.predict(batch.inputs[i:i + 1], [sample.clone()])[0].pred_sem_seg.data[0].numpy()
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
    snn = adafire.convert(workload.network, workload.calibration(), method="adafire-signed", timesteps=32,
                          forward=workload.forward)
    with torch.no_grad():
        exact = workload.logits(workload.forward(workload.network, batch.inputs), batch)
        found = workload.logits(snn(batch.inputs), batch)
    assert float((found - exact).norm() / (exact - exact.mean()).norm()) < 0.2
    report = snn.report()
    assert report.samples == 2
    one = adafire.convert(workload.network, workload.calibration(), method="ann", timesteps=1, forward=workload.forward)
    one(batch.inputs[:1])
    assert one.report(at=1).macs == pytest.approx(report.ann_macs)  # of a picture, not of a window


def test_calibration_is_on_other_pictures(root):
    described = make(root).describe()
    assert described["calibration"] == {**described["calibration"], "samples": 2, "overlap": 0, "set_aside": False}
    (root / "splits" / "train.txt").unlink()
    aside = make(root, calibration={"samples": 1})
    assert len(aside) == 2 and aside.describe()["calibration"]["set_aside"]
    assert aside.describe()["calibration"]["overlap"] == 0
    assert aside.describe()["data"]["fingerprint"] != described["data"]["fingerprint"]
    save(root, 1, np.full((44, 44), 2, np.uint8))
    assert make(root, calibration={"samples": 1}).describe()["data"]["fingerprint"] != aside.describe()["data"]["fingerprint"]


@pytest.mark.parametrize("reduce, renamed", [(False, None), (True, None), (False, {0: 1, 1: 255, 2: 0}),
                                             (True, {0: 1, 1: 255})])
def test_labels_are_renamed_as_mmsegmentation_does(tmp_path, reduce, renamed):
    from mmseg.datasets.transforms import LoadAnnotations
    Image.fromarray(np.arange(256, dtype=np.uint8)[None]).save(tmp_path / "all.png")
    results = LoadAnnotations().transform({"seg_map_path": str(tmp_path / "all.png"), "reduce_zero_label": reduce,
                                           "label_map": renamed, "seg_fields": []})
    table, unknown = label_table(3, reduce, renamed)
    expected = results["gt_seg_map"].ravel()
    assert np.array_equal(table[:256], expected)
    assert np.array_equal(unknown[:256], (expected > 2) & (expected < 255)) and unknown[256:].all()


def as_it_is(root, i, content):
    Image.fromarray(content).save(root / "masks" / f"p{i}.png")


@pytest.mark.parametrize("spoil, words", [
    (lambda root: save(root, 1, np.full((44, 44), 7, np.uint8)), ["p1.png' holds the value 7", "3 classes", "ignore=[...]"]),
    (lambda root: save(root, 1, np.zeros((40, 44), np.uint8)), ["p1.png' has 44 x 40 pixels", "44 x 44", "one size"]),
    (lambda root: as_it_is(root, 1, np.zeros((44, 44, 3), np.uint8)), ["p1.png' is a colour picture (RGB)", "palette PNG"]),
    (lambda root: (root / "splits" / "val.txt").unlink(), ["split file '", "val.txt' is not there", "--data-root"]),
    (lambda root: (root / "masks" / "p1.png").unlink(), ["p1.png' is missing"]),
    (lambda root: (root / "masks" / "p1.png").write_bytes(b"GIF"), ["p1.png' does not decode"]),
    (lambda root: (root / "images" / "p1.jpg").unlink(), ["image '", "p1.jpg' is missing"]),
    (lambda root: (root / "splits" / "val.txt").write_text(""), ["holds no picture"]),
    (lambda root: [p.unlink() for p in (root / "masks").iterdir()] and (root / "masks").rmdir(), ["folder '", "masks'"]),
])
def test_bad_data_is_one_clear_error(root, spoil, words):
    spoil(root)
    with pytest.raises(InputError) as caught:
        make(root)
    message = str(caught.value)
    assert all(word in message for word in words), message
    assert "\n" not in message


@pytest.mark.parametrize("change, words", [
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
])
def test_wrong_settings(root, change, words):
    with pytest.raises(InputError, match=words):
        make(root, **change)


def test_values_that_count_nowhere_can_be_named(root):
    save(root, 1, np.full((44, 44), 7, np.uint8))
    workload = make(root, data={"type": "mmseg", "ignore": [7]})
    assert predict_all(workload)["p1"].confusion.sum() == 0


def test_scenes_are_drawn(tmp_path):
    from matplotlib.figure import Figure
    workload = mmsegmentation.workload(
        {"config": "benchmarks/zoo/fpn_fashion/config.py", "checkpoint": "random", "data": {"type": "fashion_scenes"},
         "calibration": {"samples": 1}, "batch_size": 1}, WorkloadOptions(limit=1))
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
