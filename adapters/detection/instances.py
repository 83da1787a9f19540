"""Mask R-CNN as a network that a simulator can run: proposals, and the boxes that masks are drawn in, are inputs.

What two_stage.py does for proposals is done once more: a sample is simulated for stage one's read-out, again with its proposals for the
boxes that the box head finds, and again with both, a constant input, for the masks. The last simulation holds backbone, pyramid, proposals,
box head and mask head, and it alone is counted, each once. (Hardware would keep the pyramid's T steps, and answers after 3 T steps.)
"""

import torch

from adafire.cost.meter import Meter
from adafire.errors import UnsupportedError
from adafire.graph.interception import map_tensors

from .instance_masks import encode
from .two_stage import (
    TwoStageDetection,
    TwoStageNetwork,
    assign,
    check_two_stage,
    fold_roi_align,
    pools_plainly,
    proposals_of,
)


def check_masks(model):
    """UnsupportedError unless masks come from the plain head: convolutions on RoIAligned features of one level each."""
    from mmdet.models.roi_heads.mask_heads import FCNMaskHead

    check_two_stage(model)
    head = model.roi_head
    if not (type(head.mask_head) is FCNMaskHead and pools_plainly(head.mask_roi_extractor)):
        raise UnsupportedError(
            f"{type(model).__name__} with {type(head.mask_head).__name__} is not a plain Mask R-CNN (a fully convolutional mask head "
            "on RoIAlign of one level), the only network of instance masks that is simulated here; its box detectors, such as Faster "
            "R-CNN, work"
        )


class InstanceNetwork(TwoStageNetwork):
    """images, boxes and masks of proposals as in TwoStageNetwork, then boxes [B, D, levels, 4] and masks [B, D, levels] of detections,
    to TwoStageNetwork's outputs and mask logits [B D, classes, 2 s, 2 s]."""

    def __init__(self, detector):
        super().__init__(detector)
        for layer in detector.roi_head.mask_roi_extractor.roi_layers:
            layer.use_torchvision = True

    def forward(self, images, boxes, masks, found, found_masks):
        head, features = self.detector.roi_head, self.detector.extract_feat(images)
        pooled = self._pooled(features, boxes, masks)
        drawn = self._pooled(features, found, found_masks, head.mask_roi_extractor)
        return self.detector.rpn_head(features), *head.bbox_head(pooled), head.mask_head(drawn)


def example(detector, size):
    """(InstanceNetwork, forward(network, images)) with a few proposals and detections in an image of ``size`` pixels, for a check."""
    check_masks(detector)
    fold_roi_align()
    head = detector.roi_head
    proposals = proposals_of(head.bbox_roi_extractor, size) + proposals_of(head.mask_roi_extractor, size)
    return InstanceNetwork(detector), lambda network, images: network(images, *proposals)


class InstanceDetection(TwoStageDetection):
    """Mask R-CNN on a detection set; predictions have ``masks``, RLE as pycocotools writes it, beside boxes. The raw outputs that
    ``simulate`` gives end with the detections (InstanceData of each image, in pixels of the network's input)."""

    wrapped, check = InstanceNetwork, staticmethod(check_masks)

    def __init__(self, network, *rest):
        super().__init__(network, *rest)
        self.masks_per_image = network.roi_head.test_cfg.max_per_img

    def _proposed(self, batch):
        """(inputs of the network, its own proposals, its own detections) of a batch."""
        features = self.detector.extract_feat(batch.inputs)
        proposals = self._proposals(self.detector.rpn_head(features), batch)
        pooled = self.network._pooled(features, *self._with(batch.inputs, proposals)[1:])
        found = self._found(*self.detector.roi_head.bbox_head(pooled), proposals, batch)
        return self._all(batch.inputs, proposals, found), found

    def rehearse(self, batch):
        inputs, found = self._proposed(batch)
        return self.predict((*self.forward(self.network, inputs), found), batch)

    @torch.no_grad()
    def simulate(self, snn, batch, at):
        none = list(batch.inputs.new_zeros(len(batch.ids), 1, 4))
        nothing = self._boxes(none, 1)
        meter, snn.meter = snn.meter, Meter()
        results = []
        try:
            for t, (rpn, *_) in zip(at, snn((*self._with(batch.inputs, none, 1), *nothing), at=at)):
                proposals = self._proposals(rpn, batch)
                snn.meter = Meter()
                ((_, scores, deltas, _),) = snn((*self._with(batch.inputs, proposals), *nothing), at=(t,))
                found = self._found(scores, deltas, proposals, batch)
                snn.meter = meter
                (outputs,) = snn(self._all(batch.inputs, proposals, found), at=(t,))
                results.append((*outputs, found))
        finally:
            snn.meter = meter
        return results

    @torch.no_grad()
    def predict(self, outputs, batch):
        *_, logits, found = outputs
        logits = logits.detach().to(torch.float32).unflatten(0, (len(batch.ids), self.masks_per_image))
        head, found = self.detector.roi_head, [f.clone() for f in found]  # boxes are rescaled in place
        found = head.mask_head.predict_by_feat(
            mask_preds=tuple(own[: len(f)] for own, f in zip(logits, found)),
            results_list=found,
            batch_img_metas=[s.metainfo for s in batch.context],
            rcnn_test_cfg=head.test_cfg,
            rescale=True,
        )
        return [{**self._prediction(f), "masks": encode(f.masks.cpu().numpy())} for f in found]

    def _found(self, scores, deltas, proposals, batch):
        """InstanceData of each image from raw outputs of the box head, in pixels of the network's input."""
        scores, deltas = map_tensors(lambda y: y.detach().to(torch.float32, copy=True), (scores, deltas))
        return self._decoded(scores, deltas, proposals, batch, rescale=False)

    def _boxes(self, boxes, number=None):
        return assign(self.detector.roi_head.mask_roi_extractor, boxes, number or self.masks_per_image)

    def _all(self, images, proposals, found):
        return (*self._with(images, proposals), *self._boxes([f.bboxes for f in found]))
