"""The VOC metric by hand and against MMDetection's, the layouts people have on disk, and annotation files that are wrong."""

import pathlib

import numpy as np
import pytest

from adafire.errors import InputError
from adapters.base import WorkloadOptions
from adapters.detection import voc
from adapters.detection.coco import CocoSet
from adapters.detection.pictures import find_source
from helpers.voc import OBJECT, XML, make


def voc_set(objects, images=(1, 2)):
    """CocoSet of (image, category, x1, y1, x2, y2, difficult) rows."""
    entries = [
        {
            "id": i + 1,
            "image_id": o[0],
            "category_id": o[1],
            "bbox": [o[2], o[3], o[4] - o[2], o[5] - o[3]],
            "iscrowd": 0,
            "difficult": o[6],
        }
        for i, o in enumerate(objects)
    ]
    return CocoSet(
        pathlib.Path("test.txt"),
        pathlib.Path("."),
        {i: {"id": i} for i in images},
        entries,
        {1: "cat", 2: "dog", 3: "emu"},
    )


def found(boxes=(), scores=(), labels=()):
    return {
        "boxes": np.array(boxes, float).reshape(-1, 4),
        "scores": np.array(scores, float),
        "labels": np.array(labels, int),
    }


def test_by_hand():
    """Cats: found at 0.9, a wrong box at 0.8, found at 0.7; the dog is difficult, so no class but cat has objects."""
    data = voc_set([(1, 1, 0, 0, 9, 9, 0), (2, 1, 0, 0, 9, 9, 0), (2, 2, 20, 20, 29, 29, 1)])
    predictions = {
        1: found([[0, 0, 9, 9], [50, 50, 59, 59]], [0.9, 0.8], [0, 0]),
        2: found([[0, 0, 9, 9], [20, 20, 29, 29]], [0.7, 0.9], [0, 1]),
    }
    metrics = voc.evaluate(data, predictions, [1, 2, 3]).metrics
    # Precision 1 up to recall 1/2, then 2/3: 6 recalls 0 .. 0.5 at 1, 5 at 2/3.
    assert metrics["mAP50_11point"] == pytest.approx((6 + 5 * 2 / 3) / 11)
    assert metrics["mAP50"] == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)


def test_the_last_pixel_is_inside_and_a_second_find_is_wrong():
    # 10 x 10 and 10 x 5 pixels share 50: IoU is 0.5 with pixels counted, 0.44 without.
    data = voc_set([(1, 1, 0, 0, 9, 9, 0)])
    one = voc.evaluate(data, {1: found([[0, 0, 9, 4]], [0.9], [0])}, [1, 2, 3]).metrics
    assert one["mAP50"] == pytest.approx(1)
    right, ignored = voc.match(np.array([[0, 0, 9, 9], [0, 0, 9, 8]]), np.array([[0, 0, 9, 9]]), np.array([False]))
    assert right.tolist() == [True, False] and ignored.tolist() == [False, False]


@pytest.mark.parametrize("seed", range(4))
def test_equals_mmdetections_metric(seed):
    from adapters.shared import mmcv_ops

    mmcv_ops.register()
    from mmdet.evaluation.functional import eval_map

    rng = np.random.default_rng(seed)
    objects, predictions = [], {}
    for image in range(1, 13):
        boxes, labels = [], []
        for _ in range(rng.integers(0, 5)):
            x, y, w, h = *rng.integers(0, 150, 2), *rng.integers(8, 110, 2)
            objects.append((image, int(rng.integers(1, 3)), x, y, x + w, y + h, int(rng.random() < 0.2)))
            if rng.random() < 0.8:
                boxes.append(np.array(objects[-1][2:6]) + rng.normal(0, 6, 4))
                labels.append(objects[-1][1] - 1)
        for _ in range(6):
            x, y = rng.uniform(0, 150, 2)
            boxes.append([x, y, x + rng.uniform(8, 110), y + rng.uniform(8, 110)])
            labels.append(int(rng.integers(3)))
        predictions[image] = found(boxes, rng.random(len(boxes)), labels)
    data = voc_set(objects, range(1, 13))
    evaluation = voc.evaluate(data, predictions, [1, 2, 3])
    dets, truth = [], []
    for image, p in predictions.items():
        dets.append(
            [np.hstack([p["boxes"], p["scores"][:, None]])[p["labels"] == k].astype(np.float64) for k in range(3)]
        )
        own = np.array([o for o in objects if o[0] == image], float).reshape(-1, 7)
        hard = own[:, 6] > 0
        truth.append(
            {
                "bboxes": own[~hard, 2:6],
                "labels": own[~hard, 1].astype(int) - 1,
                "bboxes_ignore": own[hard, 2:6],
                "labels_ignore": own[hard, 1].astype(int) - 1,
            }
        )
    for name, mode in (("mAP50_11point", "11points"), ("mAP50", "area")):
        expected, _ = eval_map(
            dets,
            truth,
            iou_thr=0.5,
            dataset="voc",
            logger="silent",
            eval_mode=mode,
            nproc=1,
            use_legacy_coordinate=True,
        )
        assert 0.05 < expected < 0.95 and evaluation.metrics[name] == pytest.approx(expected, abs=1e-6)
    assert evaluation.low < evaluation.metrics["mAP50_11point"] < evaluation.high
    assert set(evaluation.evidence["replicates"]) == set(voc.METRICS)


def test_no_detections_and_an_image_without_objects():
    data = voc_set([(1, 1, 0, 0, 9, 9, 0)])
    evaluation = voc.evaluate(data, {1: found(), 2: found()}, [1, 2, 3])
    assert evaluation.metrics == {"mAP50_11point": 0.0, "mAP50": 0.0} and (evaluation.low, evaluation.high) == (0, 0)
    with pytest.raises(InputError, match="no object of the network's classes"):
        voc.evaluate(data, {2: found()}, [1, 2, 3])
    with pytest.raises(InputError, match="image 1 holds NaN"):
        voc.evaluate(data, {1: found([[0, 0, np.nan, 1]], [0.5], [0])}, [1, 2, 3])


def test_read(tmp_path):
    folder = make(tmp_path / "VOC2007", {"test": ["000001", "000002"]})
    data = voc.read(folder, "test")
    assert list(data.categories.values()) == list(voc.CLASSES) and list(data.images) == ["000001", "000002"]
    assert data.objects[0]["bbox"] == [2, 3, 17, 21] and data.objects[0]["category_id"] == 8  # cat
    assert data.objects[1]["difficult"] == 1 and data.objects[1]["bbox"] == [0, 0, 8, 8]
    assert data.path("000001").is_file() and data.images["000002"]["width"] == 40


@pytest.mark.parametrize("below", ["", "VOC2007", "VOCdevkit/VOC2007", "VOCtest_06-Nov-2007/VOCdevkit/VOC2007"])
def test_layouts(tmp_path, below):
    folder = make(tmp_path / below, {"test": ["000001", "000002", "000003"]})
    assert voc.find_folder(tmp_path, 2007, "test") == folder


def test_calibration_comes_from_the_other_archive_or_is_set_aside(tmp_path):
    make(tmp_path / "VOCtest_06-Nov-2007/VOCdevkit/VOC2007", {"test": ["000001", "000002", "000003"]})
    options = WorkloadOptions(split="full", data_root=str(tmp_path))
    aside = find_source({"type": "voc"}, options, 1)
    assert aside.set_aside and len(aside.ids) == 2 and aside.candidates[0].stem not in aside.ids
    make(tmp_path / "VOCtrainval_06-Nov-2007/VOCdevkit/VOC2007", {"trainval": ["000007", "000008"]})
    source = find_source({"type": "voc"}, options, 1)
    assert not source.set_aside and len(source.ids) == 3 and {p.stem for p in source.candidates} == {"000007", "000008"}
    make(tmp_path / "VOCdevkit/VOC2012", {"val": ["2008_000001"], "train": ["2008_000002"]})
    source = find_source({"type": "voc", "year": 2012}, options, 1)
    assert source.name == "VOC2012 val" and source.ids == ["2008_000001"]


def test_what_is_not_there(tmp_path):
    with pytest.raises(InputError, match="holds no VOC2007 with the list 'test'; expected VOCdevkit"):
        voc.find_folder(tmp_path, 2007, "test")
    make(tmp_path / "VOCdevkit/VOC2007", {"trainval": ["000001"]})
    with pytest.raises(InputError, match="'test'.*has trainval"):
        voc.find_folder(tmp_path, 2007, "test")
    with pytest.raises(InputError, match="--data-root DIR"):
        find_source({"type": "voc"}, WorkloadOptions(split="full"), 1)


@pytest.mark.parametrize(
    "text, message",
    [
        ("<annotation>", "is not XML"),
        ("<!DOCTYPE a [<!ENTITY b 'c'>]><annotation/>", "declares a document type"),
        (XML.format(w=9, h=9, objects=OBJECT.format("cat", "x", 1, 2, 2, 0)), "bndbox is .*four numbers"),
        (XML.format(w=9, h=9, objects=OBJECT.format("cat", 5, 1, 2, 2, 0)), "xmin <= xmax"),
    ],
)
def test_bad_annotation_files(tmp_path, text, message):
    folder = make(tmp_path / "VOC2007", {"test": ["000001"]})
    (folder / "Annotations" / "000001.xml").write_text(text)
    with pytest.raises(InputError, match=message):
        voc.read(folder, "test")
    (folder / "Annotations" / "000001.xml").unlink()
    with pytest.raises(InputError, match="cannot read annotation file"):
        voc.read(folder, "test")


def test_a_list_with_paths_in_it(tmp_path):
    folder = make(tmp_path / "VOC2007", {"test": ["000001"]})
    (folder / "ImageSets" / "Main" / "test.txt").write_text("../secret\n")
    with pytest.raises(InputError, match="expected bare image names"):
        voc.read(folder, "test")
