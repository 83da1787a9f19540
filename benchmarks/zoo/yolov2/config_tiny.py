# YOLOv2 tiny on PASCAL VOC, 416 pixels: an ordinary MMDetection 3 config, for testing. The network is this project's
# adapters/models/yolo_v2.py; its weights are public and not carried here: https://pjreddie.com/media/files/yolov2-tiny-voc.weights
#
# Pictures are scaled with their aspect ratio and padded with grey to the right and below (Darknet's letterbox pads on both sides).
_base_ = './config.py'

model = dict(
    backbone=dict(tiny=True),
    neck=dict(in_channels=[1024]),
    bbox_head=dict(anchors=[(1.08, 1.19), (3.42, 4.41), (6.63, 11.38), (9.42, 5.11), (16.62, 10.52)]))
