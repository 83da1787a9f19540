"""FCN with a ResNet-18 of stride 8; mIoU on Cityscapes val; what it does not say is as in voc12_fcn.py.

python tools/run_bench.py tasks/cityscapes_fcn.py                          # mini
python tools/run_bench.py tasks/cityscapes_fcn.py --data-root /data/cityscapes
"""

_base_ = "./voc12_fcn.py"

name = "cityscapes_fcn"
version = 1
description = "FCN with a ResNet-18 of stride 8; mIoU on Cityscapes val"
mini = "voc12_fcn"  # that task's small semantic FPN on generated scenes

variants = dict(
    full=dict(
        config="mmseg::fcn/fcn_r18-d8_4xb2-80k_cityscapes-512x1024.py",
        checkpoint="https://download.openmmlab.com/mmsegmentation/v0.5/fcn/fcn_r18-d8_512x1024_80k_cityscapes/"
        "fcn_r18-d8_512x1024_80k_cityscapes_20201225_021327-6c50f8b4.pth",
        # masks as cityscapesscripts prepares them (*_gtFine_labelTrainIds.png)
        needs=["leftImg8bit/val", "gtFine/val"],
        batch_size=1,
        expected=dict(ann=0.7111),  # published
    ),
    mini=None,
)
