"""The compiled operators of mmcv that MMDetection and MMSegmentation need, on torchvision.

mmcv-lite carries the Python side of every operator but not ``mmcv._ext``, the compiled one. ``register()`` puts a
stand-in for it into ``sys.modules`` when, and only when, the compiled module is missing; it must run before the first
import of ``mmcv.ops`` (importing mmdet or mmseg models imports that). What is not provided here is a callable that
raises an UnsupportedError with the operator's name, so that networks which never call it still import and run.
The functions keep the signatures of mmcv 2.1's extension: outputs are written into tensors that the caller allocated.
"""

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
import warnings

import torch

from adafire.errors import InputError, UnsupportedError

from .torch_vision import torchvision

NAME = "mmcv._ext"


def nms(boxes, scores, iou_threshold, offset=0):
    """Indices of kept boxes [k] by falling score; boxes [n, 4] xyxy, ``offset`` 1 counts the last pixel as inside."""
    # Width x2 - x1 + 1 is that of a box whose far corner lies one pixel further.
    far = torch.tensor([0, 0, offset, offset], dtype=boxes.dtype, device=boxes.device)
    return torchvision.ops.nms(boxes + far if offset else boxes, scores.to(boxes.dtype), iou_threshold)


def softnms(boxes, scores, dets, iou_threshold, sigma, min_score, method, offset):
    """Soft-NMS (Bodla et al. 2017), method 0 naive, 1 linear, 2 Gaussian; fills ``dets`` [n, 5], gives indices [k]."""
    far = torch.tensor([0, 0, offset, offset], dtype=boxes.dtype)
    boxes_far = boxes + far
    scores, alive = scores.clone(), torch.ones(len(boxes), dtype=torch.bool)
    order = []
    while bool(alive.any()):
        best = int(torch.where(alive, scores, scores.new_tensor(-torch.inf)).argmax())
        dets[len(order), :4], dets[len(order), 4] = boxes[best], scores[best]
        order.append(best)
        alive[best] = False
        overlap = torchvision.ops.box_iou(boxes_far[best : best + 1], boxes_far)[0]
        if method == 2:
            decay = torch.exp(-(overlap**2) / sigma)
        else:
            decay = torch.where(overlap >= iou_threshold, 1 - overlap if method == 1 else 0 * overlap, 1)
        scores = torch.where(alive, scores * decay, scores)
        alive &= scores >= min_score
    return torch.tensor(order, dtype=torch.long)


def roi_align_forward(
    input,
    rois,
    output,
    argmax_y,
    argmax_x,
    aligned_height,
    aligned_width,
    spatial_scale,
    sampling_ratio,
    pool_mode,
    aligned,
):
    """RoIAlign of ``rois`` [n, 5] (image, x1, y1, x2, y2) into ``output`` [n, C, h, w]; average pooling only."""
    if pool_mode != 1:
        raise UnsupportedError(
            "roi_align with pool_mode='max' is not in the torchvision stand-in of mmcv's operators; "
            "use pool_mode='avg' or a compiled mmcv 2.1 ('pip install mmcv')"
        )
    output.copy_(
        torchvision.ops.roi_align(
            input, rois.to(input.dtype), (aligned_height, aligned_width), spatial_scale, sampling_ratio, aligned
        )
    )


def roi_align_backward(
    grad_output,
    rois,
    argmax_y,
    argmax_x,
    grad_input,
    aligned_height,
    aligned_width,
    spatial_scale,
    sampling_ratio,
    pool_mode,
    aligned,
):
    """Gradient of ``roi_align_forward`` into ``grad_input`` [B, C, H, W]."""
    batch, channels, height, width = grad_input.shape
    grad_input.copy_(
        torch.ops.torchvision._roi_align_backward(
            grad_output,
            rois.to(grad_output.dtype),
            spatial_scale,
            aligned_height,
            aligned_width,
            batch,
            channels,
            height,
            width,
            sampling_ratio,
            aligned,
        )
    )


def _focal(input, target, weight, gamma, alpha):
    """Element-wise sigmoid focal loss [n, classes]; a target equal to the number of classes is background."""
    one_hot = torch.zeros_like(input)
    foreground = (target >= 0) & (target < input.shape[1])
    one_hot[foreground, target[foreground]] = 1
    loss = torchvision.ops.sigmoid_focal_loss(input, one_hot, alpha=alpha, gamma=gamma, reduction="none")
    if weight.numel():
        loss = loss * torch.where(foreground, weight[target.clamp(0, input.shape[1] - 1)], 1)[:, None]
    return loss


def sigmoid_focal_loss_forward(input, target, weight, output, gamma, alpha):
    """Focal loss of logits [n, classes] into ``output``; MMDetection calls it on CUDA only (on CPU it has its own)."""
    output.copy_(_focal(input, target, weight, gamma, alpha))


def sigmoid_focal_loss_backward(input, target, weight, grad_input, gamma, alpha):
    """Element-wise derivative of the focal loss into ``grad_input``; the caller multiplies by its own gradient."""
    with torch.enable_grad():
        logits = input.detach().requires_grad_()
        grad_input.copy_(torch.autograd.grad(_focal(logits, target, weight, gamma, alpha).sum(), logits)[0])


def get_compiler_version():
    """What environment reports print for mmcv's compiler."""
    return "none (operators on torchvision)"


get_compiling_cuda_version = get_compiler_version

PROVIDED = {
    f.__name__: f
    for f in (
        nms,
        softnms,
        roi_align_forward,
        roi_align_backward,
        sigmoid_focal_loss_forward,
        sigmoid_focal_loss_backward,
        get_compiler_version,
    )
}
PROVIDED["get_compiling_cuda_version"] = get_compiling_cuda_version


def _missing(name):
    """Stands for the operator ``name``: importing it is fine, calling it is an error."""
    if name.startswith("__"):  # Python's own questions (__path__, __file__) want a plain no
        raise AttributeError(name)

    def operator(*args, **kwargs):
        raise UnsupportedError(
            f"this network calls mmcv's compiled operator '{name}', which mmcv-lite does not have; "
            f"provided on torchvision: {', '.join(sorted(PROVIDED))}. A compiled mmcv has it: "
            f"install mmcv 2.1 ('pip install mmcv==2.1.0') in place of mmcv-lite"
        )

    operator.__name__ = name
    return operator


class _Loader(importlib.abc.Loader):
    """mmengine looks for the compiled operators with pkgutil, which wants a spec with a loader."""

    def exec_module(self, module):
        vars(module).update(PROVIDED, __getattr__=_missing)


def register():
    """Make ``import mmcv.ops`` work without compiled operators; does nothing where they exist. Idempotent.

    Returns True if the stand-in is in use. InputError: a package that OpenMMLab's libraries need cannot be imported.
    """
    if NAME in sys.modules:
        return isinstance(getattr(sys.modules[NAME].__spec__, "loader", None), _Loader)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for package, remedy in (
            ("pkg_resources", "pip install 'setuptools<81' (later ones dropped pkg_resources, which MMEngine imports)"),
            ("mmengine", "pip install mmengine"),
            ("mmcv", "pip install mmcv-lite==2.1.0"),
        ):
            try:
                importlib.import_module(package)
            except ImportError as error:
                raise InputError(f"cannot import {package} ({error}); {remedy}") from error
    # MMEngine reloads pkg_resources at every look-up of a package; one deprecation notice each time helps nobody.
    warnings.filterwarnings("ignore", message="pkg_resources is deprecated")
    if importlib.util.find_spec(NAME) is not None:
        return False
    spec = importlib.machinery.ModuleSpec(NAME, _Loader(), origin="torchvision")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.modules[NAME] = sys.modules["mmcv"]._ext = module
    return True
