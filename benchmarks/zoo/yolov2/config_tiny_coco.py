# YOLOv2 tiny on COCO, 416 pixels: an ordinary MMDetection 3 config, for testing. The network is this project's
# adapters/models/yolo_v2.py; its weights are public and not carried here: https://pjreddie.com/media/files/yolov2-tiny.weights
#
# Pictures are scaled with their aspect ratio and padded with grey to the right and below (Darknet's letterbox pads on both sides).
_base_ = './config_coco.py'

model = dict(
    backbone=dict(tiny=True),
    neck=dict(in_channels=[1024], out_channels=512),
    bbox_head=dict(in_channels=512))
