"""FCN with a ResNet-18 on CamVid's 11 classes; what it does not say is as in camvid_pspnet.py.

python tools/run_bench.py tasks/camvid_fcn.py --data-root /data/CamVid --checkpoint fcn_camvid.pth
"""

_base_ = "./camvid_pspnet.py"

name = "camvid_fcn"
version = 1
description = "FCN with a ResNet-18 of stride 8; mIoU on CamVid test"

variants = dict(full=dict(config="mmseg::fcn/fcn_r18-d8_4xb2-80k_cityscapes-512x1024.py"))
