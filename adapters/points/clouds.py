"""Clouds with a class each, or with labelled parts, as test and calibration samples of a network."""

import numpy as np
import torch

from ..base import Batch, Workload
from ..shared import accuracy
from ..shared.dense_exit import DENSE
from . import part_metrics


class PointClouds(Workload):
    """What classes and parts share. test, aside: adapters.points.data.cloud_sets.Clouds; ids: of the test clouds."""

    family = "pointcloud"

    def __init__(self, network, found, ids, test, aside, batch_size, device, description):
        self.network, self.found, self.ids, self.test, self.aside = network, found, ids, test, aside
        self.batch_size, self.device, self.description = batch_size, device, description
        self.classes, self.place = found.classes, {name: k for k, name in enumerate(ids)}

    def _inputs(self, clouds, rows):
        """What ``forward`` takes for the clouds in slice ``rows``: points [B, 3, N]; with the class one-hot, if
        wanted."""
        points = torch.from_numpy(clouds.points[rows]).transpose(1, 2).contiguous().to(self.device)
        categories = getattr(self.network, "categories", 0)
        if not categories:
            return points
        return points, torch.nn.functional.one_hot(torch.from_numpy(clouds.labels[rows]), categories).float().to(
            self.device
        )

    def forward(self, network, inputs):
        return network(*inputs) if isinstance(inputs, tuple) else network(inputs)

    def _slices(self, number):
        return [slice(start, min(start + self.batch_size, number)) for start in range(0, number, self.batch_size)]

    def calibration(self):
        return [self._inputs(self.aside, rows) for rows in self._slices(len(self.aside.points))]

    def batches(self):
        for rows in self._slices(len(self.ids)):
            yield Batch(self.ids[rows], self._inputs(self.test, rows), rows)

    def __len__(self):
        return len(self.ids)

    def describe(self):
        return self.description

    def _scatter(self, axes, sample, colours):
        """The cloud on a matplotlib 3D axes, y up."""
        x, y, z = self.test.points[self.place[sample]].T
        axes.scatter(x, z, y, c=colours, s=4, linewidths=0)
        axes.set(xlim=(-0.7, 0.7), ylim=(-0.7, 0.7), zlim=(-0.7, 0.7))
        axes.set_box_aspect((1, 1, 1), zoom=1.5)
        axes.set_axis_off()


class CloudClassification(PointClouds):
    """One class a cloud; predictions are accuracy.Prediction."""

    metric = "accuracy"
    projection = "3d"

    def predict(self, outputs, batch):
        return accuracy.predictions(outputs.detach().float().cpu().numpy(), self.test.labels[batch.context])

    def evaluate(self, predictions):
        return accuracy.evaluate(predictions, len(self.found.classes))

    def draw(self, axes, sample_id, prediction=None):
        """The cloud, coloured by height, under the class that was found (None: the true one)."""
        label = int(self.test.labels[self.place[sample_id]])
        self._scatter(axes, sample_id, self.test.points[self.place[sample_id]][:, 1])
        found = label if prediction is None else prediction.top
        axes.set_title(f"{axes.get_title()}\n{self.found.classes[found]}", color="black" if found == label else "red")


class CloudParts(PointClouds):
    """One part a point; predictions are part_metrics.PartPrediction."""

    metric = "instance_miou"
    projection = "3d"
    exit_judge = DENSE

    def predict(self, outputs, batch):
        return part_metrics.predictions(
            outputs.detach().float().cpu().numpy(),
            self.test.labels[batch.context].tolist(),
            self.test.parts[batch.context],
            self.found.parts_of,
        )

    def evaluate(self, predictions):
        return part_metrics.evaluate(predictions, self.found.classes, self.found.parts)

    def draw(self, axes, sample_id, prediction=None):
        """The cloud, coloured by the part that was found (None: the true one)."""
        from matplotlib import colormaps

        k = self.place[sample_id]
        label = int(self.test.labels[k])
        parts = self.test.parts[k] if prediction is None else np.frombuffer(prediction.found, np.uint8)
        own = list(self.found.parts_of[label])
        self._scatter(axes, sample_id, colormaps["tab10"](np.searchsorted(own, parts) % 10))
        words = self.found.classes[label] if prediction is None else f"mIoU {prediction.miou:.2f}"
        axes.set_title(f"{axes.get_title()}\n{words}")

    def draw_error(self, axes, sample_id, prediction):
        """The points that were given a wrong part, in red."""
        wrong = np.frombuffer(prediction.found, np.uint8) != self.test.parts[self.place[sample_id]]
        self._scatter(axes, sample_id, np.where(wrong[:, None], [0.84, 0.15, 0.16, 1.0], [0.8, 0.8, 0.8, 0.4]))
