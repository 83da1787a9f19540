"""MMDetection's detectors as workloads: boxes as MMDetection decodes them, data set apart, bad input named."""

import hashlib
import json

import numpy as np
import pytest
import torch
from PIL import Image

from adafire.errors import InputError
from adapters.detection import coco, mmdetection  # noqa: E402, F401 - the last registers the adapter
from adapters.detection import networks as detectors
from adapters.shared import mm_networks
from adapters.shared.checkpoints import fingerprint  # noqa: E402
from helpers.detectors import CLASSES, TINY, lively, make, root, tiny, write_config  # noqa: F401 - fixtures
from helpers.paths import SHARED
from helpers.workloads import predict_all

DATA = SHARED / "coco_val2017_206"
YOLOX = "yolox/yolox_tiny_8xb8-300e_coco.py"


@pytest.mark.parametrize(
    "base",
    [
        "yolo/yolov3_d53_8xb8-320-273e_coco.py",
        "retinanet/retinanet_r18_fpn_1x_coco.py",
        "fcos/fcos_r50-caffe_fpn_gn-head_1x_coco.py",
        YOLOX,
        "ssd/ssdlite_mobilenetv2-scratch_8xb24-600e_coco.py",
        "ssd/ssd300_coco.py",
        "atss/atss_r50_fpn_1x_coco.py",
    ],
)
@torch.no_grad()
def test_boxes_equal_mmdetections_own(tmp_path, root, base):
    """Against MMDetection's dataset, collation and test_step, image by image; in batches against mode='predict'."""
    from mmdet.registry import DATASETS
    from mmengine.config import Config
    from mmengine.dataset import pseudo_collate
    from mmengine.registry import DefaultScope

    config = write_config(tmp_path, base)
    if "r50" in base:  # to save time
        config.write_text(
            config.read_text().replace(
                "bbox_head",
                """
    backbone=dict(depth=18), neck=dict(in_channels=[64, 128, 256, 512]), bbox_head""",
            )
        )
    size = 300 if "ssd300" in base else 96  # its extra layers and anchors are made for one size
    config.write_text(
        config.read_text().replace("scale=(96, 96), keep_ratio=True", "scale=(300, 300), keep_ratio=False")
        if size == 300
        else config.read_text()
    )
    workload = make((config, "random"), root, {"limit": 3}, batch_size=1)
    lively(workload.network, size)
    mine = predict_all(workload)
    dataset = Config.fromfile(config).test_dataloader.dataset
    dataset.update(data_root=str(root), ann_file="annotations/instances_val2017.json", data_prefix=dict(img="val2017/"))
    with DefaultScope.overwrite_default_scope("mmdet"):
        dataset = DATASETS.build(dataset)
    assert dataset.cat_ids == workload.category_ids == [10, 20, 30]
    assert sorted(mine) == workload.ids and len(mine) == len(workload) == 3
    for sample in dataset:
        if sample["data_samples"].img_id in mine:
            expected = workload.network.test_step(pseudo_collate([sample]))[0].pred_instances
            same_boxes(mine[sample["data_samples"].img_id], expected)
    workload.batch_size = 2
    batch = max(workload.batches(), key=lambda b: len(b.ids))
    found = workload.predict(workload.forward(workload.network, batch.inputs), batch)
    for one, other in zip(found, workload.network(batch.inputs, batch.context, mode="predict"), strict=True):
        same_boxes(one, other.pred_instances)
    assert 0 <= workload.evaluate(mine).metrics["mAP"] < 0.9


def same_boxes(found, expected):
    assert 5 < len(expected) == len(found["boxes"])
    assert np.allclose(found["boxes"], expected.bboxes.numpy(), atol=1e-4)
    assert np.allclose(found["scores"], expected.scores.numpy(), atol=1e-4)
    assert np.array_equal(found["labels"], expected.labels.numpy())


def test_predict_leaves_the_outputs_alone(tiny, root):
    workload = make(tiny, root)
    batch = next(workload.batches())
    with torch.no_grad():
        outputs = workload.forward(workload.network, batch.inputs)
    before = [[level.clone() for level in part] for part in outputs]
    workload.predict(outputs, batch)
    assert all(torch.equal(a, b) for p, q in zip(before, outputs) for a, b in zip(p, q))
    assert workload.predict([[level.bfloat16() for level in part] for part in outputs], batch)


def test_batches_hold_one_padded_size_each_and_come_in_a_fixed_order(tiny, root):
    workload = make(tiny, root)
    order = [batch.ids for batch in workload.batches()]
    assert order == [batch.ids for batch in workload.batches()] and sorted(sum(order, [])) == workload.ids
    assert {tuple(b.inputs.shape[2:]) for b in workload.batches()} <= {(64, 96), (96, 64), (96, 96)}
    assert all(1 <= len(ids) <= 2 for ids in order)


def test_calibration_is_set_aside_and_never_scored(tiny, root):
    workload = make(tiny, root)
    scored = {workload.annotations.path(i).name for i in workload.ids}
    calibration = {p.name for p in workload.calibration_paths}
    assert len(calibration) == 3 and not scored & calibration and sum(len(x) for x in workload.calibration()) == 3
    assert make(tiny, root, {"limit": 2}).calibration_paths == workload.calibration_paths
    description = workload.describe()
    assert description["data"]["samples"] == 5 and description["calibration"]["samples"] == 3
    assert description["calibration"]["overlap"] == 0 and description["calibration"]["set_aside"]
    assert description["weights"]["source"] == "weights.pth" and description["network"] == "YOLOX"
    assert len(description["config"]["sha256"]) == 64 and json.dumps(description)


def test_drawing_shows_objects_and_confident_boxes(tiny, root):
    from matplotlib.figure import Figure

    workload = make(tiny, root)
    image = workload.ids[0]
    truth, found = Figure().subplots(1, 2)
    workload.draw(truth, image, None)
    (box,), (text,) = truth.patches, truth.texts
    assert box.get_bbox().extents.tolist() == [4.5, 5.5, 34.5, 45.5] and text.get_text() in CLASSES
    assert truth.get_xlabel() == "1 objects"
    workload.draw(
        found,
        image,
        {"boxes": np.array([[1, 2, 11, 22], [0, 0, 5, 5]]), "scores": np.array([0.9, 0.1]), "labels": np.array([2, 0])},
    )
    assert [p.get_bbox().extents.tolist() for p in found.patches] == [[0.5, 1.5, 10.5, 21.5]]
    assert [t.get_text() for t in found.texts] == ["emu 0.90"] and found.get_xlabel().startswith(
        "1 boxes of score 0.25"
    )


def copy_root(root, target):
    for path in root.rglob("*.*"):
        (target / path.relative_to(root)).parent.mkdir(parents=True, exist_ok=True)
        (target / path.relative_to(root)).write_bytes(path.read_bytes())
    return target


def test_calibration_from_train2017_without_what_is_scored(tiny, root, tmp_path):
    target = copy_root(root, tmp_path / "coco")
    (target / "train2017").mkdir()
    for i in range(6):
        Image.new("RGB", (80, 60), (40 * i, 0, 0)).save(target / "train2017" / f"{i}.png")
    for i in range(8):  # under other names, images that are scored
        (target / "train2017" / f"same{i}.png").write_bytes((target / "val2017" / f"{i + 1:03d}.png").read_bytes())
    workload = make(tiny, target, calibration={"samples": 5})
    assert len(workload) == 8 and len(workload.calibration_paths) == 5
    assert not any(p.name.startswith("same") for p in workload.calibration_paths)
    assert workload.describe()["calibration"]["overlap"] == 0


def test_fingerprints_follow_the_data(tiny, root, tmp_path):
    target = copy_root(root, tmp_path / "coco")
    scored = make(tiny, root)
    same, before = make(tiny, target).describe(), scored.describe()
    assert same == before  # another folder, the same data
    image = target / "val2017" / scored.annotations.path(scored.ids[0]).name
    Image.new("RGB", Image.open(image).size).save(image)
    assert make(tiny, target).describe()["data"]["fingerprint"] != before["data"]["fingerprint"]
    assert make(tiny, root, score_thr=0.2).describe()["config"] != before["config"]


def test_limit_takes_the_first(tiny, root):
    assert make(tiny, root, {"limit": 2}).ids == make(tiny, root).ids[:2]


def test_fashion_scenes_run_on_what_the_project_carries(tmp_path):
    from adapters.shared.fashion_mnist import CLASSES as names

    config = write_config(tmp_path, "tiny.py", tuple(names))
    workload = make((config, "random"), None, {"split": "mini", "limit": 4}, data={"type": "fashion_scenes"})
    assert len(workload) == 4 and workload.describe()["data"]["split"] == "mini"
    assert len(workload.category_ids) == len(names) and workload.calibration()[0].shape[1:] == (3, 96, 96)
    assert workload.describe()["calibration"]["overlap"] == 0 and len(workload.describe()["data"]["fingerprint"]) == 64
    with pytest.raises(InputError, match="only ever the split 'mini'"):
        make((config, "random"), None, {"split": "full"}, data={"type": "fashion_scenes"})


def test_building_twice_gives_equal_random_weights_and_leaves_the_generator_alone():
    state = torch.random.get_rng_state()
    one, two, three = (detectors.build_detector(f"mmdet::{YOLOX}", seed=s)[0] for s in (0, 0, 1))
    assert torch.equal(torch.random.get_rng_state(), state)
    assert fingerprint(one) == fingerprint(two) != fingerprint(three)
    assert not one.training and not any(m.training for m in one.modules())


def test_sync_batch_norm_and_pretrained_backbones_are_replaced(tmp_path):
    config = tmp_path / "config.py"
    config.write_text(
        "_base_ = 'mmdet::retinanet/retinanet_r18_fpn_1x_coco.py'\n"
        "model = dict(backbone=dict(norm_cfg=dict(type='SyncBN')))\n"
    )
    model, cfg = detectors.build_detector(config)
    kinds = {type(m).__name__ for m in model.modules()}
    assert "SyncBatchNorm" not in kinds and cfg.model.backbone.init_cfg is None
    with torch.no_grad():
        assert model(torch.zeros(1, 3, 64, 64), mode="tensor")[0][0].shape == (1, 720, 8, 8)


@pytest.mark.parametrize(
    "config, message",
    [
        ("mmdet::yolo/yolov3_d53_8xb8-320-273e_cocoo.py", "did you mean.*'yolo/yolov3_d53_8xb8-320-273e_coco'"),
        ("mmdet::retinanet_r18_fpn_1x_cocoo", "did you mean 'retinanet/retinanet_r18_fpn_1x_coco'"),
        ("absent.py", "config file 'absent.py' is not there.*mmdet::"),
    ],
)
def test_unknown_config(config, message):
    with pytest.raises(InputError, match=message):
        detectors.build_detector(config)


@pytest.mark.parametrize(
    "text, message",
    [
        ("model = dict(", "cannot be read: SyntaxError"),
        ("x = 1", "it has no 'model'"),
        ("model = dict(type='NoSuchNet')", "builds no network: .*NoSuchNet"),
        ("model = dict(type='ResNet', depth=18)", "is not of a detector: it builds ResNet"),
        ("_base_ = 'mmdet::yolox/yolox_tiny_8xb8-300e_coco.py'\nmodel = dict(neck=dict(wrong_key=1))", "wrong_key"),
    ],
)
def test_broken_config(tmp_path, text, message):
    (tmp_path / "config.py").write_text(text)
    with pytest.raises(InputError, match=message):
        detectors.build_detector(tmp_path / "config.py")


def test_config_without_test_data(root, tmp_path):
    (tmp_path / "config.py").write_text(TINY.replace("test_dataloader", "other"))
    with pytest.raises(InputError, match="no test_dataloader"):
        make((tmp_path / "config.py", "random"), root)


def test_missing_checkpoint_and_download(tiny, root, tmp_path, monkeypatch):
    with pytest.raises(InputError, match="'absent.pth' is not there.*--checkpoint FILE"):
        make((tiny[0], "absent.pth"), root)
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    digits = hashlib.sha256(tiny[1].read_bytes()).hexdigest()[:8]
    url = f"https://download.invalid/zoo/net-{digits}.pth"
    calls = []

    def download(source, target, digest, by):
        calls.append((source, digest))
        raise OSError("no network")

    monkeypatch.setattr("adapters.shared.downloads.download", download)
    with pytest.raises(InputError, match=f"'net-{digits}.pth' is not on this machine.*no network.*place it at"):
        make((tiny[0], url), root)
    assert calls == [(url, digits)]
    (tmp_path / "hub" / "checkpoints" / f"net-{digits}.pth").write_bytes(tiny[1].read_bytes())
    assert make((tiny[0], url), root).describe()["weights"]["source"] == f"net-{digits}.pth" and len(calls) == 1
    with pytest.raises(InputError, match="cannot be downloaded"):
        mm_networks.find_checkpoint("yolov3_d53_320_273e_coco-421362b6.pth")  # MMDetection's own, by file name
    assert calls[1][0].startswith("https://") and calls[1][0].endswith("/yolov3_d53_320_273e_coco-421362b6.pth")


def test_checkpoint_of_another_network(tiny, root):
    with pytest.raises(InputError, match="not of this network.*shape.*expected .* found"):
        make((tiny[0], tiny[1]), root, config=f"mmdet::{YOLOX}")


def test_command_line_checkpoint_wins(tiny, root):
    workload = make((tiny[0], "absent.pth"), root, {"checkpoint": str(tiny[1])})
    assert workload.describe()["weights"]["source"] == "weights.pth"


@pytest.mark.parametrize(
    "change, options, message",
    [
        (dict(batchsize=3), {}, "unknown setting 'batchsize'; did you mean 'batch_size'"),
        (dict(config=None), {}, "no config is given"),
        (dict(checkpoint=None), {}, "no checkpoint is given"),
        (dict(data=dict(type="vocc")), {}, "expected a dict with a type of coco, fashion_scenes, voc"),
        (dict(scoring="vocc"), {}, "scoring is 'vocc'; expected one of coco, voc"),
        (dict(data=dict(type="coco", image="x")), {}, "unknown key of data 'coco': 'image'; did you mean 'images'"),
        (dict(calibration=dict(samples=0)), {}, "calibration samples is 0"),
        (dict(batch_size=0), {}, "batch_size is 0"),
        (dict(calibration=dict(samples=8)), {}, "8 calibration samples leave none to score"),
        ({}, {"limit": 0}, "limit is 0"),
        ({}, {"data_root": None}, "--data-root DIR"),
        ({}, {"data_root": "/nowhere"}, "cannot read annotation file.*--data-root"),
    ],
)
def test_bad_settings(tiny, root, change, options, message):
    with pytest.raises(InputError, match=message):
        make(tiny, root, options, **change)


def test_missing_and_broken_images(tiny, root, tmp_path):
    target = copy_root(root, tmp_path / "coco")
    image = target / "val2017" / "001.png"
    image.write_bytes(image.read_bytes()[:60])
    with pytest.raises(InputError, match=f"{image.name}' does not decode"):
        make(tiny, target)
    image.unlink()
    with pytest.raises(InputError, match=f"{image.name}' is missing; 'instances_val2017.json' lists it"):
        make(tiny, target)


def test_classes_that_are_not_in_the_annotations(tiny, root, tmp_path):
    target = copy_root(root, tmp_path / "coco")
    file = target / "annotations" / "instances_val2017.json"
    content = json.loads(file.read_text())
    content["categories"][1]["name"] = "yak"
    file.write_text(json.dumps(content))
    with pytest.raises(InputError, match="has 2 of the network's 3 classes; it lacks 'dog'"):
        make(tiny, target)


@torch.no_grad()
def test_images_without_objects_no_detections_and_an_absent_class(tiny, root, tmp_path):
    target = copy_root(root, tmp_path / "coco")
    file = target / "annotations" / "instances_val2017.json"
    content = json.loads(file.read_text())
    scored = make(tiny, target).ids
    content["annotations"] = [
        a for a in content["annotations"] if a["category_id"] != 30 and a["image_id"] != scored[0]
    ]
    file.write_text(json.dumps(content))
    workload = make(tiny, target)
    assert workload.ids == scored and workload.category_ids == [10, 20, 30]
    truth, nothing = {}, {}
    for batch in workload.batches():
        outputs = workload.forward(workload.network, batch.inputs)
        silent = [[level - 50 for level in outputs[0]], outputs[1], outputs[2]]  # no class is likely anywhere
        found = workload.predict(silent, batch)
        assert [len(f["boxes"]) for f in found] == [0] * len(batch.ids)
        nothing.update(zip(batch.ids, found))
    assert workload.evaluate(nothing).metrics["mAP"] == 0
    for i in scored:
        own = [o for o in workload.annotations.objects if o["image_id"] == i]
        corners = np.array([o["bbox"] for o in own], float).reshape(-1, 4)
        corners[:, 2:] += corners[:, :2]
        truth[i] = {
            "boxes": corners,
            "scores": np.full(len(own), 0.9),
            "labels": np.array([workload.category_ids.index(o["category_id"]) for o in own], int),
        }
    assert len(truth[scored[0]]["boxes"]) == 0 and workload.evaluate(truth).metrics["mAP"] == pytest.approx(1)
    truth[scored[0]] = {"boxes": np.array([[0, 0, 9, 9.0]]), "scores": np.array([0.95]), "labels": np.array([0])}
    assert workload.evaluate(truth).metrics["mAP"] < 1  # a box where nothing is counts against its class


@pytest.mark.skipif(not DATA.is_dir(), reason="the COCO val2017 subset is not on this machine")
def test_real_coco_images(tmp_path):
    config = f"mmdet::{YOLOX}"
    model, _ = detectors.build_detector(config)
    torch.save(lively(model).state_dict(), tmp_path / "weights.pth")
    workload = make((config, tmp_path / "weights.pth"), DATA, {"limit": 4})
    assert workload.describe()["data"]["name"] == "coco" and len(workload.category_ids) == 80
    assert workload.evaluate(predict_all(workload)).metrics["mAP"] < 0.02
    truth = {i: {"boxes": [], "scores": [], "labels": []} for i in workload.ids}
    for o in workload.annotations.objects:
        if o["image_id"] in truth and not o["iscrowd"]:
            x, y, w, h = o["bbox"]
            truth[o["image_id"]]["boxes"].append([x, y, x + w, y + h])
            truth[o["image_id"]]["scores"].append(0.9)
            truth[o["image_id"]]["labels"].append(workload.category_ids.index(o["category_id"]))
    assert workload.evaluate(truth).metrics["mAP"] == pytest.approx(1)
    assert coco.read(DATA / "annotations/instances_val2017.json", DATA / "val2017").objects[0]["id"] == 1
