"""DeepLabV3+ with a ResNet-18, and with a ResNet-50 (variant r50); mIoU on Cityscapes val; what it does not say is as in
cityscapes_fcn.py.

python tools/run_bench.py tasks/cityscapes_deeplabv3plus.py                          # mini
python tools/run_bench.py tasks/cityscapes_deeplabv3plus.py --data-root /data/cityscapes
"""

_base_ = "./cityscapes_fcn.py"

name = "cityscapes_deeplabv3plus"
version = 1
description = "DeepLabV3+ with a ResNet of stride 8; mIoU on Cityscapes val"

variants = dict(
    full=dict(
        config="mmseg::deeplabv3plus/deeplabv3plus_r18-d8_4xb2-80k_cityscapes-512x1024.py",
        checkpoint="deeplabv3plus_r18-d8_512x1024_80k_cityscapes_20201226_080942-cff257fe.pth",  # MMSegmentation's name: downloaded once
        batch_size=1,
        expected=dict(ann=0.7689),  # published
    ),
    r50=dict(
        split="full",
        description="DeepLabV3+ with a ResNet-50",
        data=dict(type="mmseg"),
        calibration=dict(samples=32),
        needs=["leftImg8bit/val", "gtFine/val"],
        config="mmseg::deeplabv3plus/deeplabv3plus_r50-d8_4xb2-80k_cityscapes-512x1024.py",
        checkpoint="deeplabv3plus_r50-d8_512x1024_80k_cityscapes_20200606_114049-f9fb496d.pth",  # MMSegmentation's name: downloaded once
        batch_size=1,
        expected=dict(ann=0.8009, tolerance=0.005, samples=500),  # published
    ),
)
