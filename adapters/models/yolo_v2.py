"""YOLOv2 (Redmon and Farhadi, CVPR 2017) as an MMDetection detector, for inference: DarkNet-19 or the tiny network, leaky ReLU 0.1.

Written from Darknet's configurations (yolov2-voc, yolov2, yolov2-tiny-voc, yolov2-tiny). Boxes are decoded as the paper says,
xy = (sigmoid(t) + cell) stride, wh = exp(t) anchor stride, and scored objectness x softmax over the classes. Weights: Darknet's own
files (darknet_weights.py), or a state dict of these names.

A config names it with custom_imports = dict(imports=['adapters.models.yolo_v2']).
"""

import torch
import torch.nn.functional as F
from mmdet.models import SingleStageDetector
from mmdet.models.dense_heads.base_dense_head import BaseDenseHead
from mmdet.models.utils import filter_scores_and_topk
from mmdet.registry import MODELS
from mmengine.model import BaseModule
from mmengine.structures import InstanceData
from torch import nn

from ..shared.darknet_weights import FLAT, spread

DARKNET19 = "32 M 64 M 128 64-1 128 M 256 128-1 256 M 512 256-1 512 256-1 512 M 1024 512-1 1024 512-1 1024".split()
TINY = "16 M 32 M 64 M 128 M 256 M 512 S 1024".split()
"""Convolutions by their channels, 3 x 3 or, with -1, 1 x 1; M: max pooling by 2; S: max pooling of 2 x 2 with stride 1."""


def _conv(inputs, outputs, size):
    """A convolution without bias, its batch norm and leaky ReLU."""
    conv = nn.Conv2d(inputs, outputs, size, padding=size // 2, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(outputs), nn.LeakyReLU(0.1, inplace=True))


class SameMaxPool(nn.Module):
    """Max pooling of 2 x 2 with stride 1 that keeps the size: Darknet's window reaches beyond the lower and the right border, where
    there is nothing larger."""

    def forward(self, x):
        return F.max_pool2d(F.pad(x, (0, 1, 0, 1), mode="replicate"), 2, 1)


@MODELS.register_module()
class YOLOv2Backbone(BaseModule):
    """Features before the last pooling by 2 [B, C, H/16, W/16] (of DarkNet-19 alone) and at the end [B, C, H/32, W/32].

    tiny: the small network. width: share of the channels (1: as published), for tests.
    """

    def __init__(self, tiny=False, width=1.0, init_cfg=None):
        super().__init__(init_cfg)
        layers, inputs = [], 3
        for word in TINY if tiny else DARKNET19:
            if word == "M":
                layers.append(nn.MaxPool2d(2, 2))
            elif word == "S":
                layers.append(SameMaxPool())
            else:
                outputs = max(1, int(int(word.partition("-")[0]) * width))
                layers.append(_conv(inputs, outputs, 1 if "-" in word else 3))
                inputs = outputs
        self.layers, self.tiny = nn.Sequential(*layers), tiny
        self.last = max(k for k, layer in enumerate(layers) if isinstance(layer, nn.MaxPool2d))

    def forward(self, x):
        for layer in self.layers[: self.last]:
            x = layer(x)
        fine = x
        for layer in self.layers[self.last :]:
            x = layer(x)
        return (x,) if self.tiny else (fine, x)


def reorganised(x):
    """[B, 4 C, H/2, W/2] of x [B, C, H, W] in the order of Darknet's reorg layer, in which the public weights were trained: it takes the
    numbers as [C/4, 2 H, 2 W] before every 2 x 2 of them goes into the channels (H and W even, C a multiple of 4)."""
    batch, channels, height, width = x.shape
    x = x.reshape(batch, channels // 4, height, 2, width, 2).permute(0, 3, 5, 1, 2, 4)
    return x.reshape(batch, 4 * channels, height // 2, width // 2)


@MODELS.register_module()
class YOLOv2Neck(BaseModule):
    """What stands between: two convolutions and one on them beside the finer features, or for the tiny network (one in_channels) one."""

    def __init__(self, in_channels=(512, 1024), out_channels=1024, passed=64, init_cfg=None):
        super().__init__(init_cfg)
        coarse = in_channels[-1]
        if len(in_channels) == 1:
            self.convs = nn.Sequential(_conv(coarse, out_channels, 3))
        else:
            self.convs = nn.Sequential(_conv(coarse, out_channels, 3), _conv(out_channels, out_channels, 3))
            self.passed = _conv(in_channels[0], passed, 1)
            self.joined = _conv(4 * passed + out_channels, out_channels, 3)

    def forward(self, features):
        x = self.convs(features[-1])
        return (x,) if len(features) == 1 else (self.joined(torch.cat([reorganised(self.passed(features[0])), x], 1)),)


@MODELS.register_module()
class YOLOv2Head(BaseDenseHead):
    """Outputs: [B, A (5 + classes), h, w]: of each of A anchors t_x, t_y, t_w, t_h, objectness, classes. anchors: A pairs (width,
    height) in cells of ``stride`` pixels, as Darknet writes them."""

    def __init__(self, num_classes, anchors, in_channels=1024, stride=32, test_cfg=None, train_cfg=None, init_cfg=None):
        super().__init__(init_cfg)
        self.num_classes, self.anchors, self.stride, self.test_cfg = num_classes, anchors, stride, test_cfg
        self.conv = nn.Conv2d(in_channels, len(anchors) * (5 + num_classes), 1)

    def forward(self, features):
        return ([self.conv(features[0])],)

    def loss_by_feat(self, *args, **kwargs):
        raise NotImplementedError("YOLOv2 is here for inference: its losses are not implemented")

    def predict_by_feat(self, outputs, batch_img_metas, cfg=None, rescale=False, with_nms=True):
        """[InstanceData of bboxes [n, 4], scores [n], labels [n]] of each image, from what ``forward`` gave."""
        cfg, (boxes, scores) = self.test_cfg if cfg is None else cfg, self._decode(outputs[0])
        return [self._of_image(boxes[i], scores[i], m, cfg, rescale, with_nms) for i, m in enumerate(batch_img_metas)]

    def _decode(self, outputs):
        """Boxes xyxy in pixels of the input [B, h w A, 4], and scores [B, h w A, classes]."""
        height, width = outputs.shape[-2:]
        t = outputs.unflatten(1, (len(self.anchors), -1)).permute(0, 3, 4, 1, 2)  # [B, h, w, A, 5 + classes]
        y, x = torch.meshgrid(torch.arange(height).to(t), torch.arange(width).to(t), indexing="ij")
        centre = (t[..., :2].sigmoid() + torch.stack([x, y], -1)[:, :, None]) * self.stride
        half = t[..., 2:4].exp() * t.new_tensor(self.anchors) * self.stride / 2
        scores = t[..., 4:5].sigmoid() * t[..., 5:].softmax(-1)
        return torch.cat([centre - half, centre + half], -1).flatten(1, 3), scores.flatten(1, 3)

    def _of_image(self, boxes, scores, meta, cfg, rescale, with_nms):
        scores, labels, _, kept = filter_scores_and_topk(
            scores, cfg.get("score_thr", 0), cfg.get("nms_pre", -1), dict(boxes=boxes)
        )
        (height, width), scale = meta["ori_shape"][:2], meta["scale_factor"]
        limit = boxes.new_tensor(
            [width * scale[0], height * scale[1]] * 2
        )  # the picture's own border, not the padding's
        found = InstanceData(bboxes=torch.minimum(kept["boxes"].clamp(min=0), limit), scores=scores, labels=labels)
        return self._bbox_post_process(found, cfg, rescale, with_nms, meta)


@MODELS.register_module()
class YOLOv2(SingleStageDetector):
    """The detector; the numbers of a Darknet file are spread over its layers."""

    def load_state_dict(self, state_dict, *args, **kwargs):
        """As nn.Module's; {FLAT: all numbers of a Darknet file} goes to the convolutions in the order in which Darknet runs them."""
        if set(state_dict) == {FLAT}:
            state_dict = spread(
                state_dict[FLAT], dict(self.named_modules()), [self.backbone, self.neck, self.bbox_head]
            )
        return super().load_state_dict(state_dict, *args, **kwargs)
