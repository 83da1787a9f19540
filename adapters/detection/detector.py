"""A detector of MMDetection as a workload: its batches, what it reads out, boxes and their score.

A single-stage network runs in MMDetection's 'tensor' mode, which ends at the raw head outputs; the time-averaged outputs
go through the head's own ``predict_by_feat``, and the boxes are scored as COCO's or VOC's are. Two-stage ones are in
two_stage.py.
"""

from collections import defaultdict

import torch

from adafire.simulation.exit import ExitJudge

from ..base import Batch, Workload
from ..shared.pipelines import preprocess
from . import checks as detection_checks
from . import coco, instance_masks, voc
from . import drawing as detection_drawing
from . import exit as detection_exit

NEEDED = ("ori_shape", "img_shape", "scale_factor")
"""What boxes are brought back to the picture's own size with."""
SCORING = {
    "coco": (coco.evaluate, coco.METRICS[0]),
    "voc": (voc.evaluate, voc.METRICS[0]),
    "instances": (instance_masks.evaluate, instance_masks.METRIC),
}
"""By name: a function of (CocoSet, predictions, category ids), and its primary metric."""


class Detection(Workload):
    """A single-stage detector on a detection set; predictions are dict(boxes [n, 4] xyxy, scores [n], labels [n])."""

    family = "detection"

    def __init__(
        self, network, pipeline, annotations, ids, category_ids, calibration, batch_size, description, scoring, notes=()
    ):
        self.network, self.pipeline, self.annotations, self.ids = network, pipeline, annotations, ids
        self.category_ids, self.calibration_paths, self.batch_size = category_ids, calibration, batch_size
        self.description, (self.score, self.metric), self.notes = description, SCORING[scoring], tuple(notes)

    @staticmethod
    def check(model):
        """UnsupportedError if a detector of this kind is not simulated."""

    @property
    def detector(self):
        """MMDetection's detector."""
        return self.network

    @property
    def head(self):
        """What decodes raw outputs by ``predict_by_feat``."""
        return self.network.bbox_head

    @property
    def exit_judge(self):
        head, found = self.head, detection_exit.detections
        return ExitJudge(
            lambda outputs: detection_exit.confidence(found(head, outputs)),
            lambda outputs, final: detection_exit.changed(found(head, outputs), found(head, final)),
            lambda outputs, final: detection_exit.differing(found(head, outputs), found(head, final)),
        )

    def forward(self, network, inputs):
        return network(inputs, mode="tensor")

    def load(self, images):
        """Batches of preprocessed (id, path) pairs. Only images that are padded to one size share a batch, so that each
        is seen as if it were alone; batches come in the order in which they fill up."""
        preprocessor = self.detector.data_preprocessor
        divisor = getattr(preprocessor, "pad_size_divisor", 1)
        waiting = defaultdict(list)

        def batch(group):
            ids, samples = zip(*group)
            return Batch(list(ids), *preprocess(preprocessor, samples, self.pipeline.config))

        for image_id, path in images:
            sample = self.pipeline(self.given(image_id, path))
            group = waiting[tuple(-(-side // divisor) for side in sample["inputs"].shape[-2:])]
            group.append((image_id, sample))
            if len(group) == self.batch_size:
                yield batch(group)
                group.clear()
        yield from (batch(group) for group in waiting.values() if group)

    given = staticmethod(detection_checks.sample)

    def rehearse(self, batch):
        """Predictions of the network itself on a batch, for a look at whether all fits together."""
        return self.predict(self.forward(self.network, batch.inputs), batch)

    def calibration(self):
        return [batch.inputs for batch in self.load(enumerate(self.calibration_paths))]

    def batches(self):
        return self.load((i, self.annotations.path(i)) for i in self.ids)

    def __len__(self):
        return len(self.ids)

    @torch.no_grad()
    def predict(self, outputs, batch):
        from torch.utils._pytree import tree_map

        outputs = tree_map(lambda y: y.detach().to(torch.float32, copy=True), outputs)  # some heads decode in place
        found = self.head.predict_by_feat(
            *outputs, batch_img_metas=[sample.metainfo for sample in batch.context], rescale=True
        )
        return [self._prediction(f) for f in found]

    @staticmethod
    def _prediction(found):
        return {
            "boxes": found.bboxes.cpu().numpy(),
            "scores": found.scores.cpu().numpy(),
            "labels": found.labels.cpu().numpy(),
        }

    def evaluate(self, predictions):
        return self.score(self.annotations, predictions, self.category_ids)

    def describe(self):
        return self.description

    def draw(self, axes, sample_id, prediction):
        detection_drawing.draw(axes, self, sample_id, prediction)
