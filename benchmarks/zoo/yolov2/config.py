# YOLOv2 (DarkNet-19) on PASCAL VOC, 416 pixels: an ordinary MMDetection 3 config, for testing. The network is this project's
# adapters/models/yolo_v2.py; its weights are public and not carried here: https://pjreddie.com/media/files/yolov2-voc.weights
#
# Pictures are scaled with their aspect ratio and padded with grey to the right and below (Darknet's letterbox pads on both sides).
default_scope = 'mmdet'
custom_imports = dict(imports=['adapters.models.yolo_v2'], allow_failed_imports=False)

model = dict(
    type='YOLOv2',
    data_preprocessor=dict(type='DetDataPreprocessor', mean=[0., 0., 0.], std=[255., 255., 255.], bgr_to_rgb=True,
                           pad_size_divisor=32),
    backbone=dict(type='YOLOv2Backbone'),
    neck=dict(type='YOLOv2Neck'),
    bbox_head=dict(
        type='YOLOv2Head',
        num_classes=20,
        anchors=[(1.3221, 1.73145), (3.19275, 4.00944), (5.05587, 8.09892), (9.47112, 4.84053), (11.2364, 10.0071)]),
    test_cfg=dict(score_thr=0.001, nms_pre=1000, nms=dict(type='nms', iou_threshold=0.45), max_per_img=200))

test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(416, 416), keep_ratio=True),
    dict(type='Pad', size=(416, 416), pad_val=dict(img=(128, 128, 128))),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(type='PackDetInputs', meta_keys=('img_id', 'img_path', 'ori_shape', 'img_shape', 'scale_factor')),
]
test_dataloader = dict(
    batch_size=8,
    num_workers=1,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='VOCDataset',
        data_root='data/VOCdevkit/',
        ann_file='VOC2007/ImageSets/Main/test.txt',
        data_prefix=dict(sub_data_root='VOC2007/'),
        test_mode=True,
        pipeline=test_pipeline))
test_evaluator = dict(type='VOCMetric', metric='mAP', eval_mode='11points')
test_cfg = dict(type='TestLoop')
