"""YOLO-FastestV2 (dog-qiuqiu, 2021) as an MMDetection detector: 0.25 M parameters, ReLU throughout, for inference.

Written from its description: a ShuffleNetV2 (Ma et al., ECCV 2018), a light pyramid of two levels with 5 x 5 depth-wise
heads, and outputs that the levels share. Its public checkpoint loads as it is. Boxes are decoded as in YOLOv5,
xy = (2 s - 0.5 + cell) stride, wh = (2 s)^2 anchor, and scored objectness x softmax over the classes.

A config names it with custom_imports = dict(imports=['adapters.models.yolo_fastest_v2']).
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


def _conv(inputs, outputs, size=1, stride=1, depthwise=False, act=True):
    """Layers of a convolution without bias, its batch norm, and a ReLU where ``act``."""
    conv = nn.Conv2d(inputs, outputs, size, stride, size // 2, groups=inputs if depthwise else 1, bias=False)
    return [conv, nn.BatchNorm2d(outputs), *([nn.ReLU(inplace=True)] if act else [])]


class ShuffleUnit(nn.Module):
    """ShuffleNetV2's unit: half of the channels pass, or with stride 2 all go through both branches."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        middle = outputs // 2
        main = inputs if stride == 2 else inputs // 2
        self.branch_main = nn.Sequential(
            *_conv(main, middle),
            *_conv(middle, middle, 3, stride, True, False),
            *_conv(middle, outputs - inputs if stride == 2 else middle),
        )
        self.branch_proj = (
            nn.Sequential(*_conv(inputs, inputs, 3, 2, True, False), *_conv(inputs, inputs)) if stride == 2 else None
        )

    def forward(self, x):
        if self.branch_proj is not None:
            return torch.cat([self.branch_proj(x), self.branch_main(x)], 1)
        return torch.cat([x[:, ::2], self.branch_main(x[:, 1::2])], 1)  # the shuffle: even channels pass


@MODELS.register_module()
class FastestV2Backbone(BaseModule):
    """ShuffleNetV2; features [B, 96, H/16, W/16] and [B, 192, H/32, W/32]."""

    def __init__(self, widths=(24, 48, 96, 192), depths=(4, 8, 4), init_cfg=None):
        super().__init__(init_cfg)
        self.first_conv = nn.Sequential(*_conv(3, widths[0], 3, 2))
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        for k, depth in enumerate(depths):
            units = [
                ShuffleUnit(widths[k] if i == 0 else widths[k + 1], widths[k + 1], 2 if i == 0 else 1)
                for i in range(depth)
            ]
            setattr(self, f"stage{k + 2}", nn.Sequential(*units))

    def forward(self, x):
        c3 = self.stage3(self.stage2(self.maxpool(self.first_conv(x))))
        return c3, self.stage4(c3)


class DepthwiseHead(nn.Module):
    """Two rounds of a 5 x 5 depth-wise and a 1 x 1 convolution."""

    def __init__(self, channels):
        super().__init__()
        self.block = nn.Sequential(
            *(
                layer
                for _ in range(2)
                for layer in (*_conv(channels, channels, 5, 1, True), *_conv(channels, channels, act=False))
            )
        )

    def forward(self, x):
        return self.block(x)


@MODELS.register_module()
class LightFPN(BaseModule):
    """Pyramid of two levels; for each, finer first, features (for boxes, for classes and objectness) [B, C, h, w]."""

    def __init__(self, in_channels=(96, 192), out_channels=72, init_cfg=None):
        super().__init__(init_cfg)
        fine, coarse = in_channels
        self.conv1x1_2 = nn.Sequential(*_conv(fine + coarse, out_channels))
        self.conv1x1_3 = nn.Sequential(*_conv(coarse, out_channels))
        for name in ("cls_head_2", "reg_head_2", "cls_head_3", "reg_head_3"):
            setattr(self, name, DepthwiseHead(out_channels))

    def forward(self, features):
        c3, c4 = features
        coarse = self.conv1x1_3(c4)
        fine = self.conv1x1_2(torch.cat([F.interpolate(c4, scale_factor=2), c3], 1))
        return (self.reg_head_2(fine), self.cls_head_2(fine)), (self.reg_head_3(coarse), self.cls_head_3(coarse))


@MODELS.register_module()
class FastestV2Head(BaseDenseHead):
    """Outputs: by level, boxes [B, 4 A, h, w], objectness [B, A, h, w] and classes [B, classes, h, w], which the A
    anchors of a cell share. anchors: by level, A pairs (width, height) in pixels."""

    def __init__(
        self, num_classes, in_channels=72, anchors=(), strides=(16, 32), test_cfg=None, train_cfg=None, init_cfg=None
    ):
        super().__init__(init_cfg)
        self.num_classes, self.anchors, self.strides, self.test_cfg = num_classes, anchors, strides, test_cfg
        number = len(anchors[0])
        self.output_reg_layers = nn.Conv2d(in_channels, 4 * number, 1)
        self.output_obj_layers = nn.Conv2d(in_channels, number, 1)
        self.output_cls_layers = nn.Conv2d(in_channels, num_classes, 1)

    def forward(self, features):
        return (
            [self.output_reg_layers(boxes) for boxes, _ in features],
            [self.output_obj_layers(classes) for _, classes in features],
            [self.output_cls_layers(classes) for _, classes in features],
        )

    def loss_by_feat(self, *args, **kwargs):
        raise NotImplementedError("YOLO-FastestV2 is here for inference: its losses are not implemented")

    def predict_by_feat(self, boxes, objectness, classes, batch_img_metas, cfg=None, rescale=False, with_nms=True):
        """[InstanceData of bboxes [n, 4], scores [n], labels [n]] of each image, from what ``forward`` gave."""
        cfg = self.test_cfg if cfg is None else cfg
        decoded = [
            self._decode(*level, anchors, stride)
            for *level, anchors, stride in zip(boxes, objectness, classes, self.anchors, self.strides)
        ]
        return [
            self._of_image([(b[i], s[i]) for b, s in decoded], meta, cfg, rescale, with_nms)
            for i, meta in enumerate(batch_img_metas)
        ]

    @staticmethod
    def _decode(boxes, objectness, classes, anchors, stride):
        """Boxes xyxy in pixels of the input [B, h w A, 4], and scores [B, h w A, classes]."""
        batch, number, height, width = objectness.shape
        t = boxes.view(batch, number, 4, height, width).permute(0, 3, 4, 1, 2).sigmoid()
        y, x = torch.meshgrid(torch.arange(height).to(t), torch.arange(width).to(t), indexing="ij")
        centre = (2 * t[..., :2] - 0.5 + torch.stack([x, y], -1)[:, :, None]) * stride
        half = (2 * t[..., 2:]) ** 2 * t.new_tensor(anchors) / 2
        scores = (
            objectness.permute(0, 2, 3, 1).sigmoid()[..., None] * classes.permute(0, 2, 3, 1).softmax(-1)[..., None, :]
        )
        return torch.cat([centre - half, centre + half], -1).flatten(1, 3), scores.flatten(1, 3)

    def _of_image(self, levels, meta, cfg, rescale, with_nms):
        boxes, scores = (torch.cat(parts) for parts in zip(*levels))
        scores, labels, _, kept = filter_scores_and_topk(
            scores, cfg.get("score_thr", 0), cfg.get("nms_pre", -1), dict(boxes=boxes)
        )
        height, width = meta["img_shape"][:2]
        limit = boxes.new_tensor([width, height, width, height])
        found = InstanceData(bboxes=torch.minimum(kept["boxes"].clamp(min=0), limit), scores=scores, labels=labels)
        return self._bbox_post_process(found, cfg, rescale, with_nms, meta)


@MODELS.register_module()
class YOLOFastestV2(SingleStageDetector):
    """The detector; names of the public checkpoint's weights are understood."""

    RENAMED = {"fpn.": "neck.", "output_": "bbox_head.output_"}

    def load_state_dict(self, state_dict, *args, **kwargs):
        """As nn.Module's, after renaming."""

        def renamed(key):
            old = next((old for old in self.RENAMED if key.startswith(old)), None)
            return self.RENAMED[old] + key[len(old) :] if old else key

        return super().load_state_dict({renamed(key): value for key, value in state_dict.items()}, *args, **kwargs)
