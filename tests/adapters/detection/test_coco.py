"""The COCO metric and its bootstrap against pycocotools, and annotation files that are wrong."""

import json
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from adafire.errors import InputError
from adapters.detection import coco

CATEGORIES = {1: "cat", 2: "dog", 7: "emu"}
IDS = list(CATEGORIES)


def random_set(images=12, seed=0, objects=5, detections=15, classes=CATEGORIES, crowds=0.1):
    """(CocoSet, predictions): random objects, jittered copies of most of them and random boxes; all scores differ."""
    rng = np.random.default_rng(seed)
    entries, predictions, ids = [], {}, list(classes)
    for image in range(1, images + 1):
        boxes, labels = [], []
        for _ in range(rng.integers(0, objects + 1)):
            x, y, w, h = *rng.uniform(0, 150, 2), *rng.uniform(8, 110, 2)
            label = int(rng.integers(len(ids)))
            entries.append(
                {
                    "id": len(entries) + 1,
                    "image_id": image,
                    "category_id": ids[label],
                    "bbox": [x, y, w, h],
                    "area": w * h,
                    "iscrowd": int(rng.random() < crowds),
                }
            )
            if rng.random() < 0.8:
                boxes.append(np.array([x, y, x + w, y + h]) + rng.normal(0, 3, 4))
                labels.append(label)
        for _ in range(detections - len(boxes)):
            x, y = rng.uniform(0, 150, 2)
            boxes.append(np.array([x, y, x + rng.uniform(8, 110), y + rng.uniform(8, 110)]))
            labels.append(int(rng.integers(len(ids))))
        predictions[image] = {"boxes": np.array(boxes), "scores": rng.random(len(boxes)), "labels": np.array(labels)}
    pictures = {i: {"id": i, "file_name": f"{i}.png", "width": 256, "height": 256} for i in range(1, images + 1)}
    return coco.CocoSet(Path("a.json"), Path("."), pictures, entries, dict(classes)), predictions


def repeated(coco_set, predictions, times):
    """The same set with image i standing in it ``times[i]`` times, under ids of its own."""
    images, objects, found = {}, [], {}
    for image, count in zip(sorted(predictions), times):
        for copy in range(int(count)):
            new = image * 100 + copy
            images[new] = {**coco_set.images[image], "id": new}
            found[new] = predictions[image]
            objects += [{**o, "image_id": new} for o in coco_set.objects if o["image_id"] == image]
    objects = [{**o, "id": i + 1} for i, o in enumerate(objects)]
    return coco_set._replace(images=images, objects=objects), found


@pytest.mark.parametrize("seed", range(3))
def test_weights_of_one_equal_pycocotools(seed):
    data, predictions = random_set(seed=seed)
    evaluator, stats = coco.match(data, predictions, IDS)
    ap = coco.weighted_precision(coco.curves(evaluator), np.ones((1, len(predictions))), evaluator.params.recThrs)[0]
    assert 0.05 < stats[0] < 0.95
    assert np.nanmean(ap) == pytest.approx(stats[0], abs=1e-12)
    assert np.nanmean(ap[:, 0]) == pytest.approx(stats[1], abs=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_integer_weights_equal_pycocotools_on_repeated_images(seed):
    data, predictions = random_set(seed=seed)
    times = np.random.default_rng(seed + 100).integers(0, 4, len(predictions))
    evaluator, _ = coco.match(data, predictions, IDS)
    ap = coco.weighted_precision(coco.curves(evaluator), times[None].astype(float), evaluator.params.recThrs)[0]
    _, stats = coco.match(*repeated(data, predictions, times), IDS)
    assert np.nanmean(ap) == pytest.approx(stats[0], abs=1e-12)
    assert np.nanmean(ap[:, 0]) == pytest.approx(stats[1], abs=1e-12)


def as_predictions(data):
    found = {i: {"boxes": [], "scores": [], "labels": []} for i in data.images}
    for o in data.objects:
        if not o["iscrowd"]:
            x, y, w, h = o["bbox"]
            found[o["image_id"]]["boxes"].append([x, y, x + w, y + h])
            found[o["image_id"]]["scores"].append(0.9)
            found[o["image_id"]]["labels"].append(IDS.index(o["category_id"]))
    return found


def test_ground_truth_as_detections_is_perfect():
    data, _ = random_set()
    evaluation = coco.evaluate(data, as_predictions(data), IDS)
    assert set(evaluation.metrics) <= set(coco.METRICS) and min(evaluation.metrics.values()) == pytest.approx(1)
    assert evaluation.low == pytest.approx(1) and evaluation.high == pytest.approx(1)


def test_interval_holds_the_value_and_replicates_are_paired_and_reproducible(capsys):
    data, predictions = random_set(images=30)
    one, again = (coco.evaluate(data, predictions, IDS) for _ in range(2))
    assert capsys.readouterr().out == ""
    assert one == again and one.low < one.metrics["mAP"] < one.high
    assert len(one.evidence["replicates"]["mAP"]) == len(one.evidence["replicates"]["mAP50"]) == coco.REPLICATES
    json.dumps(one.evidence, allow_nan=False)
    # The same detections with every score halved are the same ranking: paired replicates agree one by one.
    halved = {i: {**p, "scores": p["scores"] / 2} for i, p in predictions.items()}
    assert coco.evaluate(data, halved, IDS).evidence["replicates"] == one.evidence["replicates"]


def test_per_class_and_per_image_are_the_metric_of_that_class_and_image_alone():
    data, predictions = random_set(images=6)
    evidence = coco.evaluate(data, predictions, IDS).evidence
    assert np.mean(list(evidence["per_class"].values())) == pytest.approx(
        coco.match(data, predictions, IDS)[1][0], abs=1e-5
    )
    for image, value in zip(sorted(predictions), evidence["per_image"], strict=True):
        alone = coco.match(data, {image: predictions[image]}, IDS)[1][0]
        assert value == (None if alone < 0 else pytest.approx(alone, abs=1e-4))


def test_no_detection_at_all_scores_zero():
    data, predictions = random_set()
    empty = {i: {"boxes": np.zeros((0, 4)), "scores": np.zeros(0), "labels": np.zeros(0, int)} for i in predictions}
    evaluation = coco.evaluate(data, empty, IDS)
    assert evaluation.metrics["mAP"] == 0 and (evaluation.low, evaluation.high) == (0, 0)


def test_image_without_objects_and_absent_class():
    data, predictions = random_set(classes={1: "cat", 2: "dog"})
    bare = data._replace(categories=CATEGORIES)
    value = coco.evaluate(bare, predictions, IDS).metrics
    assert value["mAP"] == pytest.approx(coco.evaluate(data, predictions, [1, 2]).metrics["mAP"])
    image = next(iter(predictions))  # taking an image's objects away turns its matches into false positives
    fewer = bare._replace(objects=[o for o in bare.objects if o["image_id"] != image])
    assert coco.evaluate(fewer, predictions, IDS).metrics["mAP"] != value["mAP"]


def test_a_replicate_that_draws_no_object_has_no_value():
    data, predictions = random_set(images=2)
    lone = data._replace(objects=[o for o in data.objects if o["image_id"] == data.objects[0]["image_id"]])
    evaluation = coco.evaluate(lone, predictions, IDS)
    assert None in evaluation.evidence["replicates"]["mAP"] and np.isfinite([evaluation.low, evaluation.high]).all()


def test_only_predicted_images_are_scored():
    data, predictions = random_set()
    few = dict(list(predictions.items())[:4])
    smaller = data._replace(
        images={i: data.images[i] for i in few}, objects=[o for o in data.objects if o["image_id"] in few]
    )
    assert coco.evaluate(data, few, IDS) == coco.evaluate(smaller, few, IDS)


def test_nothing_to_find_and_nan_are_errors():
    data, predictions = random_set()
    with pytest.raises(InputError, match="no object of the network's classes"):
        coco.evaluate(data._replace(objects=[]), predictions, IDS)
    predictions[3]["scores"][0] = np.nan
    with pytest.raises(InputError, match="image 3 holds NaN"):
        coco.evaluate(data, predictions, IDS)


def test_bootstrap_takes_about_a_second():
    data, predictions = random_set(images=300, objects=7, detections=100, classes={i: str(i) for i in range(10)})
    evaluator, _ = coco.match(data, predictions, list(range(10)))
    begin = time.process_time()
    weights = coco.bootstrap_weights(300)
    ap = coco.weighted_precision(coco.curves(evaluator), weights, evaluator.params.recThrs)
    assert time.process_time() - begin < 4 and ap.shape == (400, 10, 10)  # 0.7 s measured
    assert weights.sum(1).tolist() == [300] * 400 and np.array_equal(weights, coco.bootstrap_weights(300))


def good():
    return {
        "images": [
            {"id": 1, "file_name": "a.png", "width": 8, "height": 8},
            {"id": 2, "file_name": "sub/b.png", "width": 8, "height": 8},
        ],
        "annotations": [{"id": 0, "image_id": 1, "category_id": 3, "bbox": [1, 1, 4, 4]}],
        "categories": [{"id": 3, "name": "cat"}],
    }


def write(tmp_path, content):
    path = tmp_path / "instances.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_read_fills_in_what_coco_tools_need(tmp_path):
    data = coco.read(write(tmp_path, good()), tmp_path / "images")
    assert data.objects[0] == {"id": 1, "image_id": 1, "category_id": 3, "bbox": [1, 1, 4, 4], "area": 16, "iscrowd": 0}
    assert data.path(2) == tmp_path / "images" / "sub" / "b.png" and data.categories == {3: "cat"}


def changed(key, index, **change):
    content = good()
    content[key][index] = {**content[key][index], **change}
    return content


def without(key, index, name):
    content = good()
    del content[key][index][name]
    return content


@pytest.mark.parametrize(
    "content, message",
    [
        ("{not json", "is not JSON.*download it again"),
        ("[1, 2]", "not in COCO format: no list 'images'"),
        ({**good(), "annotations": None}, "no list 'annotations'"),
        ({**good(), "images": []}, "names image 1|lists no images"),
        (changed("annotations", 0, image_id=9), "annotation 0 names image 9, which is not among its 2 images"),
        (changed("annotations", 0, category_id=9), r"names category 9, which is not among its categories \(3\)"),
        (changed("annotations", 0, bbox=[1, 2, 3]), r"has bbox \[1, 2, 3\]; expected"),
        (changed("annotations", 0, bbox=[1, 2, -3, 4]), "has bbox"),
        (changed("annotations", 0, bbox=[1, 2, None, 4]), "has bbox"),
        (changed("images", 0, file_name="../secret.png"), "leaves the image folder"),
        (changed("images", 0, file_name="/etc/secret.png"), "leaves the image folder"),
        (changed("images", 0, file_name="..\\secret.png"), "leaves the image folder"),
        (changed("images", 0, file_name="C:\\secret.png"), "leaves the image folder"),
        (changed("images", 1, id=1), "image id 1 is given twice"),
        (without("images", 1, "width"), "entry 1 of 'images' has no 'width'"),
        (without("annotations", 0, "bbox"), "entry 0 of 'annotations' has no 'bbox'"),
    ],
)
def test_bad_annotation_files(tmp_path, content, message):
    with pytest.raises(InputError, match=message):
        coco.read(write(tmp_path, content), tmp_path)


def test_missing_annotation_file(tmp_path):
    with pytest.raises(InputError, match="cannot read annotation file.*--data-root"):
        coco.read(tmp_path / "absent.json", tmp_path)


def test_image_files_are_checked_and_hashed(tmp_path):
    paths = [tmp_path / n for n in ("a.png", "b.jpg", "c.png")]
    for path in paths:
        Image.new("RGB", (64, 64), "red").save(path)
    hashes = coco.check_images(paths, "'x.json'")
    assert hashes[0] == hashes[2] != hashes[1] and len(hashes[0]) == 64
    with pytest.raises(InputError, match=r"d.png' is missing; 'x.json' lists it"):
        coco.check_images([*paths, tmp_path / "d.png"], "'x.json'")
    paths[0].write_bytes(paths[0].read_bytes()[:100])
    paths[1].write_bytes(paths[1].read_bytes()[:-200])
    paths[2].write_text("hello")
    for path, message in zip(paths, ("does not decode", "does not decode", "is not an image")):
        with pytest.raises(InputError, match=f"{path.name}' {message}"):
            coco.check_images([path], "'x.json'")
    with pytest.raises(InputError, match="and 2 more of 3 images"):
        coco.check_images(paths, "'x.json'")
