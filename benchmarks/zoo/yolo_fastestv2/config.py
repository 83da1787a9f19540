# YOLO-FastestV2 on COCO, 352 pixels: an ordinary MMDetection 3 config, for testing. The network is this project's
# adapters/models/yolo_fastest_v2.py; its weights are public and not carried here:
#
#   https://github.com/dog-qiuqiu/Yolo-FastestV2, modelzoo/coco2017-0.241078ap-model.pth
#
# Their authors' preprocessing: BGR / 255, resized to 352 x 352 without keeping the aspect ratio.
default_scope = 'mmdet'
custom_imports = dict(imports=['adapters.models.yolo_fastest_v2'], allow_failed_imports=False)

model = dict(
    type='YOLOFastestV2',
    data_preprocessor=dict(type='DetDataPreprocessor', mean=[0., 0., 0.], std=[255., 255., 255.], bgr_to_rgb=False,
                           pad_size_divisor=32),
    backbone=dict(type='FastestV2Backbone'),
    neck=dict(type='LightFPN'),
    bbox_head=dict(
        type='FastestV2Head',
        num_classes=80,
        anchors=[[(12.64, 19.39), (37.88, 51.48), (55.71, 138.31)],
                 [(126.91, 78.23), (131.57, 214.55), (279.92, 258.87)]],
        strides=[16, 32]),
    test_cfg=dict(score_thr=0.001, nms_pre=3000, nms=dict(type='nms', iou_threshold=0.6), max_per_img=100))

test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(352, 352), keep_ratio=False),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(type='PackDetInputs', meta_keys=('img_id', 'img_path', 'ori_shape', 'img_shape', 'scale_factor')),
]
test_dataloader = dict(
    batch_size=8,
    num_workers=1,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='CocoDataset',
        data_root='data/coco/',
        ann_file='annotations/instances_val2017.json',
        data_prefix=dict(img='val2017/'),
        test_mode=True,
        pipeline=test_pipeline))
test_evaluator = dict(type='CocoMetric', metric='bbox', ann_file='data/coco/annotations/instances_val2017.json')
test_cfg = dict(type='TestLoop')
