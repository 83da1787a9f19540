"""DeepLabV3 with a ResNet-50 of stride 8; mIoU on COCO-Stuff 164k val2017; what it does not say is as in voc12_fcn.py.

python tools/run_bench.py tasks/coco_deeplabv3.py                          # mini
python tools/run_bench.py tasks/coco_deeplabv3.py --data-root /data/coco_stuff164k
"""

_base_ = "./voc12_fcn.py"

name = "coco_deeplabv3"
version = 1
description = "DeepLabV3 with a ResNet-50 of stride 8; mIoU on COCO-Stuff 164k val2017"
mini = "voc12_fcn"  # that task's small semantic FPN on generated scenes

variants = dict(
    full=dict(
        config="mmseg::deeplabv3/deeplabv3_r50-d8_4xb4-80k_coco-stuff164k-512x512.py",
        checkpoint="https://download.openmmlab.com/mmsegmentation/v0.5/deeplabv3/deeplabv3_r50-d8_512x512_4x4_80k_coco-stuff164k/"
        "deeplabv3_r50-d8_512x512_4x4_80k_coco-stuff164k_20210709_163016-88675c24.pth",
        # masks as MMSegmentation prepares them (000000000139_labelTrainIds.png)
        needs=["images/val2017", "annotations/val2017"],
        expected=dict(ann=0.3938),  # published
    ),
    mini=None,
)
