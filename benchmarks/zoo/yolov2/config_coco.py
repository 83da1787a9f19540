# YOLOv2 (DarkNet-19) on COCO, 416 pixels: an ordinary MMDetection 3 config, for testing. The network is this project's
# adapters/models/yolo_v2.py; its weights are public and not carried here: https://pjreddie.com/media/files/yolov2.weights
#
# Pictures are scaled with their aspect ratio and padded with grey to the right and below (Darknet's letterbox pads on both sides).
_base_ = './config.py'

model = dict(
    bbox_head=dict(num_classes=80, anchors=[(0.57273, 0.677385), (1.87446, 2.06253), (3.33843, 5.47434), (7.88282, 3.52778), (9.77052, 9.16828)]))
test_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='CocoDataset',
        data_root='data/coco/',
        ann_file='annotations/instances_val2017.json',
        data_prefix=dict(img='val2017/'),
        test_mode=True,
        pipeline={{_base_.test_pipeline}}))
test_evaluator = dict(_delete_=True, type='CocoMetric', metric='bbox', ann_file='data/coco/annotations/instances_val2017.json')
