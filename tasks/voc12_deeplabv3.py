"""DeepLabV3 with a ResNet-50 of stride 8, and with a ResNet-34 and weights of your own (variant r34); mIoU on VOC 2012 val; what it
does not say is as in voc12_fcn.py.

python tools/run_bench.py tasks/voc12_deeplabv3.py                          # mini
python tools/run_bench.py tasks/voc12_deeplabv3.py --data-root /data/VOCdevkit/VOC2012
python tools/run_bench.py tasks/voc12_deeplabv3.py --variant r34 --data-root /data/VOCdevkit/VOC2012 --checkpoint deeplabv3_r34.pth
"""

_base_ = "./voc12_fcn.py"

name = "voc12_deeplabv3"
version = 1
description = "DeepLabV3 with a ResNet-50 of stride 8; mIoU on VOC 2012 val"
mini = "voc12_fcn"  # that task's small semantic FPN on generated scenes

variants = dict(
    full=dict(
        config="mmseg::deeplabv3/deeplabv3_r50-d8_4xb4-20k_voc12aug-512x512.py",
        checkpoint="https://download.openmmlab.com/mmsegmentation/v0.5/deeplabv3/deeplabv3_r50-d8_512x512_20k_voc12aug/"
        "deeplabv3_r50-d8_512x512_20k_voc12aug_20200617_010906-596905ef.pth",
        expected=dict(ann=0.7617),  # published
    ),
    r34=dict(
        split="full",
        description="ResNet-34; --checkpoint FILE",
        config="mmseg::deeplabv3/deeplabv3_r50-d8_4xb4-20k_voc12aug-512x512.py",
        data=dict(type="mmseg"),
        calibration=dict(samples=32),
        batch_size=2,
        needs=["JPEGImages", "SegmentationClass", "ImageSets/Segmentation/val.txt"],
        options=dict(
            cfg_options={
                "model.backbone.depth": 34,
                "model.decode_head.in_channels": 512,
                "model.decode_head.channels": 128,
            }
        ),
    ),
    mini=None,
)
