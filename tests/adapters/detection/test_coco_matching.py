"""The shorter matching against pycocotools' own: every picture, category and area, and all figures."""

import contextlib
import io

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from adapters.detection.coco_matching import Evaluator


def made(rng, pictures, categories, per_picture, scores):
    entries = []
    for picture in range(1, pictures + 1):
        for _ in range(int(rng.integers(0, per_picture))):
            w, h = rng.uniform(5, 120, 2)
            entries.append(
                {
                    "id": len(entries) + 1,
                    "image_id": picture,
                    "category_id": int(rng.integers(1, categories + 1)),
                    "bbox": [*rng.uniform(0, 150, 2), w, h],
                    "area": w * h,
                    "iscrowd": 0 if scores else int(rng.random() < 0.2),
                    **({"score": round(float(rng.random()), 1)} if scores else {}),
                }
            )
    found = COCO()
    found.dataset = {
        "images": [{"id": i} for i in range(1, pictures + 1)],
        "categories": [{"id": i, "name": str(i)} for i in range(1, categories + 1)],
        "annotations": entries,
    }
    found.createIndex()
    return found


@pytest.mark.parametrize("seed", range(4))
def test_results_are_those_of_pycocotools(seed):
    rng = np.random.default_rng(seed)
    with contextlib.redirect_stdout(io.StringIO()):
        objects, detections = made(rng, 12, 6, 4, False), made(rng, 12, 6, 130, True)
        one, other = (kind(objects, detections, "bbox") for kind in (COCOeval, Evaluator))
        for evaluator in (one, other):
            evaluator.evaluate()
            evaluator.accumulate()
            evaluator.summarize()
    assert np.array_equal(one.stats, other.stats)
    assert len(one.evalImgs) == len(other.evalImgs) and any(c is not None and not c["gtIds"] for c in other.evalImgs)
    for a, b in zip(one.evalImgs, other.evalImgs):
        assert (a is None) == (b is None)
        for key in a or ():
            assert np.array_equal(np.asarray(a[key]), np.asarray(b[key])), key
            assert np.asarray(a[key]).shape == np.asarray(b[key]).shape, key
