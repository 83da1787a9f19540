"""mIoU by hand, against MMSegmentation's IoUMetric as it is used there, and its paired bootstrap."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from adafire.errors import InputError
from adapters.segmentation import miou
from adapters.shared import mmcv_ops

mmcv_ops.register()


def predictions(pairs, classes):
    return {
        str(i): miou.Prediction(miou.confusion(np.array(t), np.array(p), classes), miou.pack(p))
        for i, (t, p) in enumerate(pairs)
    }


def test_by_hand():
    """Two classes. Image 0: truth 0 0 1 1, said 0 1 1 1; image 1: truth 1 1 255 0, said 1 0 0 0.

    Class 0: 2 right, said 4 (one ignored pixel does not count), true 3: IoU 2 / (3 + 3 - 2) = 1/2 with 3 said.
    Class 1: 3 right, said 4, true 4: IoU 3/5.
    """
    found = miou.evaluate(predictions([([[0, 0, 1, 1]], [[0, 1, 1, 1]]), ([[1, 1, 255, 0]], [[1, 0, 0, 0]])], 2))
    assert found.metrics == pytest.approx({"mIoU": (1 / 2 + 3 / 5) / 2, "aAcc": 5 / 7, "mAcc": (2 / 3 + 3 / 4) / 2})
    assert found.evidence["iou"] == [0.5, 0.6] and found.evidence["confusion"] == [[2, 1], [1, 3]]
    # replicates: image 0 twice (IoU 1/2, 2/3), image 1 twice (1/2, 1/2), or both
    assert {round(v, 6) for v in found.evidence["replicates"]["mIoU"]} == {round(7 / 12, 6), 0.5, 0.55}
    assert found.low == 0.5 and found.high == pytest.approx(7 / 12)


def test_equals_mmsegmentation():
    from mmseg.evaluation import IoUMetric

    rng = np.random.default_rng(0)
    pairs = [
        (rng.choice([0, 1, 2, 3, 255], (7, 9 + i)), rng.integers(0, 6, (7, 9 + i))) for i in range(5)
    ]  # 4, 5: never true
    metric = IoUMetric()
    metric.dataset_meta = {"classes": [str(c) for c in range(7)]}  # 6: nowhere
    for truth, said in pairs:
        as_data = {"pred_sem_seg": {"data": torch.tensor(said)}, "gt_sem_seg": {"data": torch.tensor(truth)}}
        metric.process({}, [as_data])
    theirs = metric.compute_metrics(metric.results)
    ours = miou.evaluate(predictions(pairs, 7)).metrics
    assert {k: round(100 * v, 2) for k, v in ours.items()} == pytest.approx(theirs, abs=0.011)
    assert miou.evaluate(predictions(pairs, 7)).evidence["iou"][6] is None


def test_replicates_of_two_methods_are_paired():
    from benchmarks.report.paired import difference

    rng = np.random.default_rng(1)
    truths = [rng.integers(0, 3, (6, 6)) for _ in range(8)]
    worse = [np.where(rng.random((6, 6)) < 0.2, (t + 1) % 3, t) for t in truths]
    rows = [
        SimpleNamespace(metrics=e.metrics, evidence=e.evidence)
        for e in (miou.evaluate(predictions(list(zip(truths, said)), 3)) for said in (truths, worse))
    ]
    found = difference(*rows, "mIoU")
    assert found.value > 0.1 and found.p_value < 0.01 and 0 < found.low < found.value < found.high
    assert difference(rows[1], rows[1], "mIoU").p_value == 1


def test_maps_survive_packing():
    labels = np.arange(300).reshape(20, 15)
    assert np.array_equal(miou.unpack(miou.pack(labels)), labels)


def test_nothing_to_score():
    with pytest.raises(InputError, match="no predictions"):
        miou.evaluate({})
    with pytest.raises(InputError, match="no pixel of any class"):
        miou.evaluate(predictions([([[255]], [[0]])], 2))
    with pytest.raises(InputError, match="expected one size"):
        miou.confusion(np.zeros((2, 2)), np.zeros((2, 3)), 2)
