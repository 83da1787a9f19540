"""PSPNet with a ResNet-18, and with a ResNet-50 (variant r50); mIoU on Cityscapes val; what it does not say is as in
cityscapes_fcn.py.

python tools/run_bench.py tasks/cityscapes_pspnet.py                          # mini
python tools/run_bench.py tasks/cityscapes_pspnet.py --data-root /data/cityscapes
"""

_base_ = "./cityscapes_fcn.py"

name = "cityscapes_pspnet"
version = 1
description = "PSPNet with a ResNet of stride 8; mIoU on Cityscapes val"

variants = dict(
    full=dict(
        config="mmseg::pspnet/pspnet_r18-d8_4xb2-80k_cityscapes-512x1024.py",
        checkpoint="pspnet_r18-d8_512x1024_80k_cityscapes_20201225_021458-09ffa746.pth",  # MMSegmentation's name: downloaded once
        batch_size=1,
        expected=dict(ann=0.7487),  # published
    ),
    r50=dict(
        split="full",
        description="PSPNet with a ResNet-50",
        data=dict(type="mmseg"),
        calibration=dict(samples=32),
        needs=["leftImg8bit/val", "gtFine/val"],
        config="mmseg::pspnet/pspnet_r50-d8_4xb2-80k_cityscapes-512x1024.py",
        checkpoint="pspnet_r50-d8_512x1024_80k_cityscapes_20200606_112131-2376f12b.pth",  # MMSegmentation's name: downloaded once
        batch_size=1,
        expected=dict(ann=0.7855, tolerance=0.005, samples=500),  # published
    ),
)
