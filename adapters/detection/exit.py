"""Early exit on detections: when an image is sure enough, and what leaving early may change. Source: ours.

Confidence of an image: the mean over its boxes of |2 s - 1| with s the score, boxes below ``LEAST`` left out; 1 without
boxes. A box that is surely there or surely not says 1, one at a score of 1/2 says 0. Change, label-free: whether the boxes
of at least ``SHOWN`` are others than at T, that is, whether one has no partner of its class with an IoU of 0.5 or more.
"""

import torch

from ..shared.torch_vision import torchvision

LEAST, SHOWN, IOU = 0.05, 0.5, 0.5


def confidence(found):
    """[B] of detections, a list of (boxes [n, 4], scores [n], labels [n])."""
    values = []
    for _, scores, _ in found:
        counted = scores[scores >= LEAST].float()
        values.append((2 * counted - 1).abs().mean() if len(counted) else torch.tensor(1.0))
    return torch.stack([v.cpu() for v in values])


def changed(found, final):
    """[B] bool: whether the shown boxes of an image differ between two lists of detections."""
    return differing(found, final) > 0


def differing(found, final):
    """[B] in 0..1: of the shown boxes of an image, in the list that has more of them, the share without a partner."""
    return torch.tensor([_differing(one, other) for one, other in zip(found, final, strict=True)], dtype=torch.float64)


def _differing(one, other):
    (boxes, labels), (others, other_labels) = _shown(one), _shown(other)
    if not len(boxes) or not len(others):
        return float(len(boxes) != len(others))
    partner = (torchvision.ops.box_iou(boxes, others) >= IOU) & (labels[:, None] == other_labels[None])
    return 1 - _matched(partner.tolist()) / max(len(boxes), len(others))


def _matched(partner):
    """Size of the largest matching of a bipartite graph given by rows of bools (augmenting paths)."""
    owner = {}

    def place(row, seen):
        for column, possible in enumerate(partner[row]):
            if possible and column not in seen:
                seen.add(column)
                if column not in owner or place(owner[column], seen):
                    owner[column] = row
                    return True
        return False

    return sum(place(row, set()) for row in range(len(partner)))


def _shown(found):
    boxes, scores, labels = found
    keep = scores >= SHOWN
    return boxes[keep].float(), labels[keep]


def detections(head, outputs):
    """Detections of raw outputs by a single-stage head, in pixels of the network's input, not cut at its border."""
    from torch.utils._pytree import tree_map

    outputs = tree_map(lambda y: y.detach().to(torch.float32, copy=True), outputs)
    first = outputs[0]
    while not isinstance(first, torch.Tensor):
        first = first[0]
    meta = {"img_shape": (10**6, 10**6), "scale_factor": (1.0, 1.0), "ori_shape": (10**6, 10**6)}
    found = head.predict_by_feat(*outputs, batch_img_metas=[meta] * len(first), rescale=False)
    return [(f.bboxes, f.scores, f.labels) for f in found]
