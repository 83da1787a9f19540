"""DeepLabV1's head (LargeFOV: one 3 x 3 convolution of dilation 12) on a ResNet of stride 8, with weights of your own; what it does not
say is as in voc12_fcn.py.

    python tools/run_bench.py tasks/voc12_deeplabv1.py                          # mini
    python tools/run_bench.py tasks/voc12_deeplabv1.py --data-root /data/VOCdevkit/VOC2012 --checkpoint deeplabv1_r34.pth
    python tools/run_bench.py tasks/voc12_deeplabv1.py --variant r50 --data-root /data/VOCdevkit/VOC2012 --checkpoint deeplabv1_r50.pth

DeepLabV1 (Chen et al., ICLR 2015) has a VGG-16; the ResNets are those of Adaptive Calibration's table. MMSegmentation has no such head
under that name and publishes no weights: it is its FCNHead with the options below.
"""

_base_ = "./voc12_fcn.py"

name = "voc12_deeplabv1"
version = 1
description = "DeepLabV1's head on a ResNet of stride 8; mIoU on VOC 2012 val"
mini = "voc12_fcn"  # that task's small semantic FPN on generated scenes

_head = {
    "model.decode_head.num_convs": 1,
    "model.decode_head.dilation": 12,
    "model.decode_head.concat_input": False,
}
_r34 = {"model.backbone.depth": 34, "model.decode_head.in_channels": 512, "model.decode_head.channels": 128}
_common = dict(
    split="full",
    config="mmseg::fcn/fcn_r50-d8_4xb4-20k_voc12aug-512x512.py",
    data=dict(type="mmseg"),
    calibration=dict(samples=32),
    batch_size=2,
    needs=["JPEGImages", "SegmentationClass", "ImageSets/Segmentation/val.txt"],
)
variants = dict(
    full=None,
    r34=dict(_common, description="ResNet-34; --checkpoint FILE", options=dict(cfg_options={**_head, **_r34})),
    r50=dict(_common, description="ResNet-50; --checkpoint FILE", options=dict(cfg_options=_head)),
    mini=None,
)
