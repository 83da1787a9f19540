"""DeepLabV3 on COCO's 80 classes of objects and background (not COCO-Stuff), with weights of your own; what it does not say is as in
voc12_fcn.py.

    python tools/run_bench.py tasks/coco_deeplabv3_objects.py                          # mini
    python tools/run_bench.py tasks/coco_deeplabv3_objects.py --data-root /data/coco --checkpoint my_deeplab_r50.pth
    python tools/run_bench.py tasks/coco_deeplabv3_objects.py --variant r34 --data-root /data/coco --checkpoint my_deeplab_r34.pth

/data/coco holds annotations/instances_val2017.json, val2017/ and, to calibrate on, train2017/. Class maps are drawn from the objects as
torchvision's references draw them (adapters/segmentation/data/object_masks.py).
"""

_base_ = "./voc12_fcn.py"

name = "coco_deeplabv3_objects"
version = 1
description = "DeepLabV3 with a ResNet of stride 8; mIoU on COCO val2017, 80 classes and background"
mini = "voc12_fcn"  # that task's small semantic FPN on generated scenes

_head = {"model.decode_head.num_classes": 81}
_r34 = {"model.backbone.depth": 34, "model.decode_head.in_channels": 512, "model.decode_head.channels": 128}
_common = dict(
    split="full",
    config="mmseg::deeplabv3/deeplabv3_r50-d8_4xb4-20k_voc12aug-512x512.py",
    data=dict(type="coco_objects"),
    calibration=dict(samples=32),
    batch_size=2,
    needs=["annotations/instances_val2017.json", "val2017"],
)
variants = dict(
    full=None,
    r50=dict(_common, description="ResNet-50; --checkpoint FILE", options=dict(cfg_options=_head)),
    r34=dict(_common, description="ResNet-34; --checkpoint FILE", options=dict(cfg_options={**_head, **_r34})),
    mini=None,
)
