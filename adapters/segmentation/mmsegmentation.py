"""MMSegmentation's encoder-decoders as workloads: config and checkpoint to network, data, read-out and mIoU.

The network runs in MMSegmentation's 'tensor' mode, which ends at the decode head's logits. Their time average is resized,
put together from windows in slide mode, and brought to the picture's own size by MMSegmentation's own code before the
argmax; IoUMetric scores it. mmseg is imported when first needed.

    workload = adapters.get('mmsegmentation')(dict(config='mmseg::fcn/fcn_r50-d8_4xb4-20k_voc12aug-512x512.py',
        checkpoint='fcn.pth', data=dict(type='mmseg'), calibration=dict(samples=32)), options)
"""

import hashlib
import json
from collections import defaultdict
from pathlib import Path
from urllib.parse import urlparse

import numpy as np
import torch

from adafire.errors import InputError

from ..base import Batch, Workload, adapters
from ..detection.pictures import calibration_images, test_dataset
from ..shared.asked import amounts, check_keys, config_and_weights
from ..shared.checkpoints import describe_weights
from ..shared.dense_exit import DENSE
from ..shared.fingerprints import of_files
from ..shared.pipelines import Pipeline, preprocess
from ..shared.rehearsal import rehearse
from . import miou
from .masks import check_masks, read_mask
from .networks import build_segmentor
from .pictures import check_pictures
from .sources import find_source

SETTINGS = ("config", "checkpoint", "data", "calibration", "batch_size", "cfg_options")


def windows(height, width, crop, stride):
    """[(y1, y2, x1, x2)] of slide inference, as EncoderDecoder.slide_inference lays them.

    >>> windows(5, 4, (4, 4), (3, 3))
    [(0, 4, 0, 4), (1, 5, 0, 4)]
    """

    def starts(length, crop, stride):
        number = max(length - crop + stride - 1, 0) // stride + 1
        return [max(min(i * stride + crop, length) - crop, 0) for i in range(number)]

    return [
        (y, min(y + crop[0], height), x, min(x + crop[1], width))
        for y in starts(height, crop[0], stride[0])
        for x in starts(width, crop[1], stride[1])
    ]


class Segmentation(Workload):
    """An encoder-decoder on pictures with masks; predictions are ``miou.Prediction``."""

    family, metric = "segmentation", "mIoU"

    @property
    def exit_judge(self):
        """None in slide mode, where the windows of a picture cannot leave one by one, and for one map of logits."""
        return DENSE if self._whole and self.network.decode_head.out_channels > 1 else None

    def __init__(self, network, pipeline, source, samples, calibration, batch_size, description):
        self.network, self.pipeline, self.source = network, pipeline, source
        self.samples, self.calibration_paths, self.batch_size = samples, calibration, batch_size
        self.description, self.notes = description, []
        self.classes, self._by_id = source.classes, {s.id: s for s in samples}

    def forward(self, network, inputs):
        """Logits [B, classes, h, w]; in slide mode of all windows [windows * B, classes, h, w], window after window."""
        cut = self._windows(inputs)
        if cut is not None:
            inputs = torch.cat([inputs[:, :, y1:y2, x1:x2] for y1, y2, x1, x2 in cut])
        return network(inputs, mode="tensor")

    @property
    def _whole(self):
        return (self.network.test_cfg.get("mode") or "whole") == "whole"

    def _windows(self, inputs):
        if self._whole:
            return None
        test = self.network.test_cfg
        return windows(*inputs.shape[-2:], tuple(test["crop_size"]), tuple(test["stride"]))

    def load(self, images):
        """Batches of preprocessed (id, path) pairs; pictures of one size share a batch, in the order in which they fill
        up."""
        waiting = defaultdict(list)

        def batch(group):
            ids, samples = zip(*group)
            return Batch(list(ids), *preprocess(self.network.data_preprocessor, samples, self.pipeline.config))

        for sample_id, path in images:
            sample = self.pipeline(self.given(sample_id, path))
            group = waiting[tuple(sample["inputs"].shape[-2:])]
            group.append((sample_id, sample))
            if len(group) == self.batch_size:
                yield batch(group)
                group.clear()
        yield from (batch(group) for group in waiting.values() if group)

    @staticmethod
    def given(sample_id, path):
        """What the pipeline is given of a picture."""
        return {
            "img_path": str(path),
            "seg_map_path": None,
            "seg_fields": [],
            "label_map": None,
            "reduce_zero_label": False,
        }

    def rehearse(self, batch):
        """Predictions of the network itself on a batch, for a look at whether all fits together."""
        return self.predict(self.forward(self.network, batch.inputs), batch)

    def calibration(self):
        return [batch.inputs for batch in self.load(enumerate(self.calibration_paths))]

    def batches(self):
        return self.load((s.id, s.image) for s in self.samples)

    def __len__(self):
        return len(self.samples)

    @torch.no_grad()
    def logits(self, outputs, batch):
        """Logits [B, classes, H, W] at the size of the network's input, from what ``forward`` gave."""
        head, outputs, shape = self.network.decode_head, outputs.detach().float(), batch.inputs.shape
        cut = self._windows(batch.inputs)
        if cut is None:
            return head.predict_by_feat(outputs, [s.metainfo for s in batch.context])
        total = outputs.new_zeros(shape[0], outputs.shape[1], *shape[-2:])
        count = outputs.new_zeros(1, 1, *shape[-2:])
        for (y1, y2, x1, x2), part in zip(cut, outputs.chunk(len(cut))):
            total[:, :, y1:y2, x1:x2] += head.predict_by_feat(part, [{"img_shape": torch.Size((y2 - y1, x2 - x1))}])
            count[:, :, y1:y2, x1:x2] += 1
        return total / count

    def predict(self, outputs, batch):
        from mmseg.structures import SegDataSample

        blank = [SegDataSample(metainfo=s.metainfo) for s in batch.context]
        classes = len(self.source.classes)
        found = []
        for sample_id, made in zip(batch.ids, self.network.postprocess_result(self.logits(outputs, batch), blank)):
            labels = made.pred_sem_seg.data[0].cpu().numpy().astype(np.uint16)
            mask = self._by_id[sample_id].mask  # None: a frame of a video that nobody has labelled
            truth = np.full_like(labels, miou.IGNORED) if mask is None else read_mask(mask, self.source)
            found.append(miou.Prediction(miou.confusion(truth, labels, classes), miou.pack(labels)))
        return found

    def evaluate(self, predictions):
        return miou.evaluate(predictions)

    def describe(self):
        return self.description

    def draw_input(self, axes, sample_id):
        from PIL import Image, ImageOps

        axes.imshow(ImageOps.exif_transpose(Image.open(self._by_id[sample_id].image)))

    def draw(self, axes, sample_id, prediction):
        truth = read_mask(self._by_id[sample_id].mask, self.source)
        labels = truth if prediction is None else miou.unpack(prediction.labels)
        colours = np.full((65536, 3), 255, np.uint8)  # white: counts nowhere
        colours[: len(self.source.palette)] = self.source.palette
        axes.imshow(colours[labels])
        if prediction is not None:
            right = np.trace(prediction.confusion) / max(1, prediction.confusion.sum())
            axes.set_xlabel(f"{100 * right:.1f} % of the pixels right")

    def draw_error(self, axes, sample_id, prediction):
        truth = read_mask(self._by_id[sample_id].mask, self.source)
        wrong = np.where(truth == miou.IGNORED, 1, np.where(truth == miou.unpack(prediction.labels), 0, 2))
        axes.imshow(np.array([[225, 225, 225], [255, 255, 255], [213, 94, 0]], np.uint8)[wrong])


@adapters.register("mmsegmentation")
def workload(settings, options):
    """Segmentation from a variant's settings; everything that can be wrong with its files is found here."""
    check_keys(settings, SETTINGS, "setting")
    config, checkpoint = config_and_weights(settings, options, "mmseg")
    samples, batch_size, limit = amounts(settings, options)
    model, cfg = build_segmentor(
        config,
        None if checkpoint == "random" else checkpoint,
        options.device,
        options.trust_checkpoint,
        options.seed,
        settings.get("cfg_options"),
    )
    source = find_source(settings.get("data"), options, samples, cfg, config)
    test, classes = source.test[:limit], len(source.classes)
    if classes != model.num_classes:
        raise InputError(
            f"the network of config '{config}' has {model.num_classes} classes, {source.name} has {classes} "
            f"({source.classes[0]}, ..., {source.classes[-1]}); expected the data that the network was trained "
            "for"
        )
    pipeline = Pipeline(test_dataset(cfg, config), config, "mmseg", ("ori_shape", "img_shape"))
    hashes = check_pictures(test, source.name)
    masks, notes = check_masks(test, source, pipeline, Segmentation.given)
    chosen = calibration_images(source, samples, set(hashes), f"the calibration set of {source.name}", options)
    names = [s.id for s in test]
    if source.identity:
        prints = [of_files(names, source.identity[0]), of_files([p.name for p, _ in chosen], source.identity[1])]
    else:
        prints = [of_files(zip(names, hashes, masks)), of_files((p.name, h) for p, h in chosen)]
    description = {
        "data": {
            "name": source.name,
            "split": options.split,
            "samples": len(test),
            "classes": classes,
            "fingerprint": prints[0],
        },
        "calibration": {
            "samples": len(chosen),
            "fingerprint": prints[1],
            "set_aside": source.set_aside,
            "overlap": len({h for _, h in chosen} & set(hashes)),
        },
        "weights": describe_weights(Path(urlparse(str(checkpoint)).path).name, model),
        "network": f"{type(model.decode_head).__name__} on {type(model.backbone).__name__}",
        "inference": model.test_cfg.get("mode") or "whole",
        "config": {
            "name": config if "::" in config else Path(config).name,
            "sha256": hashlib.sha256(
                json.dumps([cfg.model, pipeline.steps], sort_keys=True, default=str).encode()
            ).hexdigest(),
        },
    }
    made = Segmentation(model, pipeline, source, test, [p for p, _ in chosen], batch_size, description)
    rehearse(made, [(s.id, s.image) for s in test], list(enumerate(made.calibration_paths)))
    made.notes += notes
    return made
