"""DETR (Carion et al., ECCV 2020): an encoder and a decoder of attention behind a convolutional backbone, and no dense head.

Its queries are learned and constant, so nothing branches on data: attention and layer norms act, exactly, on running means at every
timestep (products of attention are counted as multiply-accumulates), ReLUs of backbone and feed-forward parts become neurons, and the last
decoder layer is read out. Pictures of one size alone share a batch, so no position is masked. Other detectors of the family look at
places that they compute from the data, and are refused (networks.py).
"""

from .detector import Detection

ABOUT = (
    "DETR: attention and layer norms act exactly, on running means, and their products and the projections of attention are paid for as MACs at "
    "every timestep; ReLUs become neurons; the decoder's last layer is read out, and its queries are constant; padding of pictures of "
    "several sizes is not covered"
)
"""What the check says of it."""


def is_detr(model):
    """Whether a detector is DETR itself, not one of those derived from it."""
    from mmdet.models import DETR

    return type(model) is DETR


def forward(network, inputs):
    """(class scores [B, queries, classes + 1], boxes [B, queries, 4] as cx, cy, w, h in 0..1) of the last decoder layer, as MMDetection
    predicts from; inputs [B, 3, H, W] without padding."""
    from mmdet.structures import DetDataSample

    size = tuple(inputs.shape[-2:])
    samples = [DetDataSample(metainfo={"batch_input_shape": size, "img_shape": size}) for _ in range(len(inputs))]
    hidden = network.forward_transformer(network.extract_feat(inputs), samples)["hidden_states"]
    return network.bbox_head(hidden[-1])


class LastLayer:
    """DETR's head as one that decodes what ``forward`` gives: its own wants outputs of several layers."""

    def __init__(self, head):
        self.head = head

    def predict_by_feat(self, scores, boxes, **more):
        return self.head.predict_by_feat(scores[None], boxes[None], **more)


class TransformerDetection(Detection):
    """DETR on a detection set."""

    @property
    def head(self):
        return LastLayer(self.network.bbox_head)

    def forward(self, network, inputs):
        return forward(network, inputs)
