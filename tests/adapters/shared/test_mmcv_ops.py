"""The stand-in for mmcv's compiled operators: equal to torchvision, and clear about what it does not have."""

import importlib
import subprocess
import sys

import pytest
import torch
import torchvision

from adafire.errors import InputError, UnsupportedError
from adapters.shared import mmcv_ops

STAND_IN = mmcv_ops.register()
needs_stand_in = pytest.mark.skipif(not STAND_IN, reason="compiled mmcv operators are installed")


def boxes_and_scores(n=200, seed=0):
    generator = torch.Generator().manual_seed(seed)
    corner = torch.rand(n, 2, generator=generator) * 50
    return torch.cat([corner, corner + 5 + torch.rand(n, 2, generator=generator) * 20], 1), torch.rand(
        n, generator=generator
    )


def test_register_is_idempotent_and_visible_to_mmengine():
    from mmengine.utils.dl_utils.misc import mmcv_full_available

    assert mmcv_ops.register() == STAND_IN and mmcv_full_available()
    before = sys.modules.get("mmcv._ext")
    mmcv_ops.register()
    assert sys.modules.get("mmcv._ext") is before


@pytest.mark.parametrize("threshold", [0.3, 0.7])
def test_nms_equals_torchvision(threshold):
    from mmcv.ops import nms

    boxes, scores = boxes_and_scores()
    dets, keep = nms(boxes, scores, threshold)
    expected = torchvision.ops.nms(boxes, scores, threshold)
    assert torch.equal(keep, expected) and torch.equal(dets[:, :4], boxes[expected])
    assert 0 < len(keep) < len(boxes)


def test_nms_offset_score_threshold_and_max_num():
    from mmcv.ops import nms

    boxes, scores = boxes_and_scores()
    shifted = torchvision.ops.nms(boxes + torch.tensor([0.0, 0, 1, 1]), scores, 0.5)
    assert torch.equal(nms(boxes, scores, 0.5, offset=1)[1], shifted)
    dets, keep = nms(boxes, scores, 0.5, score_threshold=0.5, max_num=7)
    assert len(keep) == 7 and bool((scores[keep] > 0.5).all())
    assert torch.equal(keep, torchvision.ops.nms(boxes, scores, 0.5)[:7])
    assert nms(torch.zeros(0, 4), torch.zeros(0), 0.5)[0].shape == (0, 5)


@pytest.mark.parametrize("split_thr", [10000, 10])
def test_batched_nms_equals_torchvision(split_thr):
    from mmcv.ops import batched_nms

    boxes, scores = boxes_and_scores()
    labels = torch.arange(len(boxes)) % 3
    _, keep = batched_nms(boxes, scores, labels, dict(type="nms", iou_threshold=0.5, split_thr=split_thr))
    assert torch.equal(keep, torchvision.ops.batched_nms(boxes, scores, labels, 0.5))


def test_soft_nms():
    from mmcv.ops import soft_nms

    boxes, scores = boxes_and_scores(40)
    dets, keep = soft_nms(boxes, scores, 0.5, method="naive", min_score=1e-3)
    assert torch.equal(keep, torchvision.ops.nms(boxes, scores, 0.5))
    # Two boxes of IoU 0.6, by hand: the second score falls to s (1 - 0.6) or s exp(-0.36 / 0.5).
    pair = torch.tensor([[0.0, 0, 10, 10], [0, 0, 10, 6]])
    linear, index = soft_nms(pair, torch.tensor([0.9, 0.8]), 0.5, method="linear")
    assert index.tolist() == [0, 1] and torch.allclose(linear[:, 4], torch.tensor([0.9, 0.32]))
    gaussian, _ = soft_nms(pair, torch.tensor([0.9, 0.8]), 0.5, sigma=0.5, method="gaussian")
    assert torch.allclose(gaussian[1, 4], 0.8 * torch.exp(torch.tensor(-0.72)))


@pytest.mark.parametrize("aligned", [True, False])
@pytest.mark.parametrize("sampling_ratio", [0, 2])
def test_roi_align_equals_torchvision_with_gradient(aligned, sampling_ratio):
    from mmcv.ops import RoIAlign

    torch.manual_seed(0)
    mine, reference = (
        torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(1)).requires_grad_() for _ in range(2)
    )
    rois = torch.tensor([[0, 1, 2, 30, 25], [1, 10, 4, 20, 31.5]])
    y = RoIAlign((5, 4), 0.5, sampling_ratio, "avg", aligned)(mine, rois)
    expected = torchvision.ops.roi_align(reference, rois, (5, 4), 0.5, sampling_ratio, aligned)
    weight = torch.randn_like(y)
    (y * weight).sum().backward()
    (expected * weight).sum().backward()
    assert torch.equal(y, expected) and torch.allclose(mine.grad, reference.grad, atol=1e-6)


@needs_stand_in
def test_roi_align_max_pooling_is_refused():
    from mmcv.ops import RoIAlign

    with pytest.raises(UnsupportedError, match="pool_mode='max'"):
        RoIAlign((2, 2), 1.0, 0, "max")(torch.zeros(1, 1, 4, 4), torch.tensor([[0.0, 0, 0, 3, 3]]))


@needs_stand_in
def test_focal_loss_and_gradient_equal_mmdetection_python_one():
    from mmcv.ops import sigmoid_focal_loss
    from mmdet.models.losses.focal_loss import py_sigmoid_focal_loss

    torch.manual_seed(0)
    logits = (3 * torch.randn(50, 4)).requires_grad_()
    target = torch.randint(0, 5, (50,))  # 4 is background
    mine = sigmoid_focal_loss(logits, target, 2.0, 0.25, None, "none")
    (mine_grad,) = torch.autograd.grad(mine.sum(), logits)
    one_hot = torch.nn.functional.one_hot(target, 5)[:, :4]
    expected = py_sigmoid_focal_loss(logits, one_hot, None, 2.0, 0.25, "none")
    (expected_grad,) = torch.autograd.grad(expected.sum(), logits)
    assert torch.allclose(mine, expected, atol=1e-6) and torch.allclose(mine_grad, expected_grad, atol=1e-5)
    weighted = sigmoid_focal_loss(logits, target, 2.0, 0.25, torch.tensor([1.0, 2, 3, 4]), "none")
    factor = torch.tensor([1.0, 2, 3, 4, 1])[target][:, None]
    assert torch.allclose(weighted, mine * factor)


@needs_stand_in
def test_missing_operator_imports_but_names_itself_when_called():
    import mmcv.ops

    with pytest.raises(UnsupportedError, match="'deform_conv_forward'.*compiled mmcv"):
        mmcv.ops.deform_conv2d(torch.zeros(1, 1, 4, 4), torch.zeros(1, 18, 2, 2), torch.zeros(1, 1, 3, 3))
    assert not hasattr(sys.modules["mmcv._ext"], "__path__")


def test_compiled_operators_are_left_alone(monkeypatch):
    monkeypatch.delitem(sys.modules, "mmcv._ext", raising=False)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    assert mmcv_ops.register() is False and "mmcv._ext" not in sys.modules


def test_missing_pkg_resources_says_what_to_install(monkeypatch):
    monkeypatch.delitem(sys.modules, "mmcv._ext", raising=False)
    monkeypatch.setitem(sys.modules, "pkg_resources", None)
    with pytest.raises(InputError, match="setuptools<81"):
        mmcv_ops.register()


def test_a_fresh_process_imports_mmcv_ops_quietly():
    code = (
        "from adapters.shared import mmcv_ops; mmcv_ops.register(); import mmcv.ops\n"
        "from mmengine.utils import is_installed, get_installed_path; assert is_installed('mmcv')\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert run.returncode == 0 and "pkg_resources" not in run.stderr, run.stderr
