"""What MMDetection 3.3.0 needs mended to predict; a config can name this module in custom_imports.

SSDHead has no ``loss_cls``, yet the prediction that it inherits looks at it, so every SSD fails there. None is what the
code that reads it expects of a head without a classification loss of its own.
"""

from .shared import mmcv_ops

mmcv_ops.register()

from mmdet.models.dense_heads import SSDHead  # noqa: E402 - wants the operators

if not hasattr(SSDHead, "loss_cls"):
    SSDHead.loss_cls = None
