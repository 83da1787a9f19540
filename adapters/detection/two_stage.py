"""Two-stage detectors (Faster R-CNN) as one network that a simulator can run: proposals are an input.

Which boxes stage two looks at depends on stage one's read-out, and a simulation cannot branch on data. So a sample is
simulated twice: once to read stage one out at T, then again with the proposals decoded from that read-out, a constant
input, so that RoIAlign, which is linear in the features, acts on every timestep and the RoI head's neurons fire on
what it gives. The second simulation holds both stages and it alone is counted: backbone, pyramid, proposals and RoI
head, each once. (Hardware would keep the pyramid's T steps for stage two, and answers after 2 T steps.)
"""

import torch
from torch import nn

from adafire.cost.meter import Meter
from adafire.errors import UnsupportedError
from adafire.graph.interception import map_tensors

from .detector import Detection


def pools_plainly(extractor):
    """Whether regions are pooled from one level each, by RoIAlign that averages."""
    from mmdet.models.roi_heads.roi_extractors import SingleRoIExtractor

    return type(extractor) is SingleRoIExtractor and all(
        type(layer).__name__ == "RoIAlign" and layer.pool_mode == "avg" for layer in extractor.roi_layers
    )


def check_two_stage(model):
    """UnsupportedError unless the RoI head is the plain one: one box head on RoIAligned features of one level each."""
    from mmdet.models import RPNHead, StandardRoIHead

    head = model.roi_head
    if getattr(model, "rpn_head", None) is None:
        raise UnsupportedError(
            f"{type(model).__name__} has no RPN: its proposals come from elsewhere, and none are read here; "
            "Faster R-CNN, RetinaNet and FCOS, which find their own, work"
        )
    plain = (
        type(head) is StandardRoIHead
        and pools_plainly(getattr(head, "bbox_roi_extractor", None))
        and type(model.rpn_head) is RPNHead
        and not head.with_shared_head
    )
    if not plain:
        raise UnsupportedError(
            f"{type(model).__name__} with {type(head).__name__} is not a plain Faster R-CNN (an RPN, "
            "RoIAlign of one level, one box head) nor a Mask R-CNN on one, the only two-stage detectors that are "
            "simulated here; single-stage detectors such as RetinaNet and FCOS work"
        )


def fold_roi_align():
    """Teach torch.vmap RoIAlign: timesteps go into the batch. Idempotent."""
    import torchvision  # noqa: F401 - defines the operator

    if not getattr(fold_roi_align, "done", False):
        torch.library.register_vmap("torchvision::roi_align", _roi_align_over_time)
        fold_roi_align.done = True


def _roi_align_over_time(info, in_dims, features, rois, *arguments):
    steps = info.batch_size
    features = features.movedim(in_dims[0], 0) if in_dims[0] is not None else features.expand(steps, *features.shape)
    rois = rois.movedim(in_dims[1], 0) if in_dims[1] is not None else rois.expand(steps, *rois.shape)
    images = features.shape[1]
    first = torch.arange(steps, device=rois.device).to(rois.dtype)[:, None] * images
    rois = torch.cat([rois[..., :1] + first[..., None], rois[..., 1:]], -1)
    out = torch.ops.torchvision.roi_align(features.flatten(0, 1), rois.flatten(0, 1), *arguments)
    return out.unflatten(0, (steps, -1)), 0


class TwoStageNetwork(nn.Module):
    """images [B, 3, H, W], boxes [B, K, levels, 4] and masks [B, K, levels] of the proposals (see ``assign``) to the raw
    outputs of stage one, class scores [B K, classes + 1] and box deltas [B K, 4 classes]."""

    def __init__(self, detector):
        super().__init__()
        self.detector = detector
        for layer in detector.roi_head.bbox_roi_extractor.roi_layers:
            layer.use_torchvision = True  # the operator itself; mmcv's is an autograd function that writes in place

    def forward(self, images, boxes, masks):
        features = self.detector.extract_feat(images)
        return (
            self.detector.rpn_head(features),
            *self.detector.roi_head.bbox_head(self._pooled(features, boxes, masks)),
        )

    def _pooled(self, features, boxes, masks, extractor=None):
        extractor = extractor or self.detector.roi_head.bbox_roi_extractor
        batch, number, levels, _ = boxes.shape
        image = torch.arange(batch, dtype=boxes.dtype, device=boxes.device).repeat_interleave(number)[:, None]
        parts = []
        for level, layer in zip(range(levels), extractor.roi_layers):
            rois = torch.cat([image, boxes[:, :, level].flatten(0, 1)], 1)
            parts.append(layer(features[level], rois) * masks[:, :, level].flatten()[:, None, None, None])
        return sum(parts[1:], parts[0])


def assign(extractor, proposals, number):
    """(boxes [B, number, levels, 4], masks [B, number, levels]) of lists of proposals [n, 4]: every box stands at the
    level that the extractor gives it, an empty box at the others and in rows beyond n."""
    levels = len(extractor.roi_layers)
    boxes = proposals[0].new_zeros(len(proposals), number, levels, 4)
    masks = proposals[0].new_zeros(len(proposals), number, levels)
    for i, own in enumerate(proposals):
        level = extractor.map_roi_levels(torch.cat([own.new_zeros(len(own), 1), own], 1), levels)
        rows = torch.arange(len(own))
        boxes[i, rows, level], masks[i, rows, level] = own, 1.0
    return boxes, masks


def example(detector, size):
    """(TwoStageNetwork, forward(network, images)) with a few proposals in an image of ``size`` pixels, for a check."""
    check_two_stage(detector)
    fold_roi_align()
    proposals = proposals_of(detector.roi_head.bbox_roi_extractor, size)
    return TwoStageNetwork(detector), lambda network, images: network(images, *proposals)


def proposals_of(extractor, size):
    """Four proposals in one image of ``size`` pixels, as ``assign`` gives them."""
    corners = torch.tensor([1.0, 0.5, 0.25, 0.1])[:, None] * size
    return assign(extractor, [torch.cat([0 * corners, 0 * corners, corners, corners], 1)], 4)


class TwoStageDetection(Detection):
    """Faster R-CNN on a detection set; the raw outputs that ``simulate`` gives end with the proposals."""

    def __init__(self, network, *rest):
        self.check(network)
        fold_roi_align()
        super().__init__(self.wrapped(network), *rest)
        self.proposals_per_image = network.rpn_head.test_cfg.max_per_img

    wrapped, check = TwoStageNetwork, staticmethod(check_two_stage)
    exit_judge = None  # boxes leave the network together with the proposals of one read-out time

    @property
    def detector(self):
        return self.network.detector

    def forward(self, network, inputs):
        return network(*inputs)

    @torch.no_grad()
    def calibration(self):
        return [self._proposed(batch)[0] for batch in self.load(enumerate(self.calibration_paths))]

    def rehearse(self, batch):
        inputs, proposals = self._proposed(batch)
        return self.predict((*self.forward(self.network, inputs), proposals), batch)

    def _proposed(self, batch):
        """(inputs of the network, proposals) of a batch, by stage one of the network itself."""
        proposals = self._proposals(self.detector.rpn_head(self.detector.extract_feat(batch.inputs)), batch)
        return self._with(batch.inputs, proposals), proposals

    @torch.no_grad()
    def simulate(self, snn, batch, at):
        one = [batch.inputs.new_zeros(len(batch.ids), 1, 4)[i] for i in range(len(batch.ids))]
        first = self._with(batch.inputs, one, 1)
        meter, snn.meter = snn.meter, Meter()
        try:
            outputs = snn(first, at=at)
        finally:
            snn.meter = meter
        results = []
        for t, (rpn, _, _) in zip(at, outputs):
            proposals = self._proposals(rpn, batch)
            ((_, scores, deltas),) = snn(self._with(batch.inputs, proposals), at=(t,))
            results.append((rpn, scores, deltas, proposals))
        return results

    @torch.no_grad()
    def predict(self, outputs, batch):
        _, scores, deltas, proposals = map_tensors(lambda y: y.detach().to(torch.float32, copy=True), outputs)
        return [self._prediction(f) for f in self._decoded(scores, deltas, proposals, batch, rescale=True)]

    def _decoded(self, scores, deltas, proposals, batch, rescale):
        """InstanceData of each image from raw outputs of the box head."""
        rois, rows = [], []
        for i, own in enumerate(proposals):
            rois.append(torch.cat([own.new_full((len(own), 1), i), own], 1))
            rows.append(slice(i * self.proposals_per_image, i * self.proposals_per_image + len(own)))
        head = self.detector.roi_head
        return head.bbox_head.predict_by_feat(
            rois=tuple(rois),
            cls_scores=tuple(scores[r] for r in rows),
            bbox_preds=tuple(deltas[r] for r in rows),
            batch_img_metas=[s.metainfo for s in batch.context],
            rcnn_test_cfg=head.test_cfg,
            rescale=rescale,
        )

    def _proposals(self, rpn, batch):
        rpn = map_tensors(lambda y: y.detach().to(torch.float32, copy=True), rpn)
        found = self.detector.rpn_head.predict_by_feat(
            *rpn, batch_img_metas=[s.metainfo for s in batch.context], rescale=False
        )
        return [f.bboxes for f in found]

    def _with(self, images, proposals, number=None):
        extractor = self.detector.roi_head.bbox_roi_extractor
        return (images, *assign(extractor, proposals, number or self.proposals_per_image))
