"""PSPNet with a ResNet-50 of stride 8; mIoU on VOC 2012 val; what it does not say is as in voc12_fcn.py.

python tools/run_bench.py tasks/voc12_pspnet.py                          # mini
python tools/run_bench.py tasks/voc12_pspnet.py --data-root /data/VOCdevkit/VOC2012
"""

_base_ = "./voc12_fcn.py"

name = "voc12_pspnet"
version = 1
description = "PSPNet with a ResNet-50 of stride 8; mIoU on VOC 2012 val"
mini = "voc12_fcn"  # that task's small semantic FPN on generated scenes

variants = dict(
    full=dict(
        config="mmseg::pspnet/pspnet_r50-d8_4xb4-20k_voc12aug-512x512.py",
        checkpoint="https://download.openmmlab.com/mmsegmentation/v0.5/pspnet/pspnet_r50-d8_512x512_20k_voc12aug/"
        "pspnet_r50-d8_512x512_20k_voc12aug_20200617_101958-ed5dfbd9.pth",
        expected=dict(ann=0.7678),  # published
    ),
    mini=None,
)
