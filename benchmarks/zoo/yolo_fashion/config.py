# A small ReLU YOLO (YOLOX head on a thin ResNet-18) for the 192-pixel fashion scenes: an ordinary MMDetection 3 config.
#
# Train:     python tools/train_ann.py benchmarks/zoo/yolo_fashion/config.py      (generates the scenes, see data_setup)
# With MMDetection's own tools, first:
#            for split in train val test; do python -m adapters.data.coco_export $split --out data/fashion_scenes; done
#
# Choices: ReLU everywhere and a batch norm behind every convolution but the last, so that every site is a plain neuron
# and every norm folds; one convolution per head branch and a two-layer FPN keep the path short, for each layer of a
# rate-coded network adds its own quantisation error. Objects measure 16 to 107 pixels, hence strides 8, 16 and 32.
default_scope = 'mmdet'
classes = ('t-shirt', 'trouser', 'pullover', 'dress', 'coat', 'sandal', 'shirt', 'sneaker', 'bag', 'ankle-boot')
epochs = 24
relu = dict(type='ReLU')
norm = dict(type='BN', momentum=0.03, eps=0.001)

model = dict(
    type='YOLOX',
    data_preprocessor=dict(
        type='DetDataPreprocessor',
        mean=[88.0, 88.0, 88.0],  # of the training scenes, one value for the three channels
        std=[37.0, 37.0, 37.0],
        bgr_to_rgb=True,
        pad_size_divisor=32),
    backbone=dict(
        type='ResNet',
        depth=18,
        base_channels=16,
        out_indices=(1, 2, 3),
        norm_cfg=norm,
        norm_eval=False),
    neck=dict(type='FPN', in_channels=[32, 64, 128], out_channels=64, num_outs=3, norm_cfg=norm, act_cfg=relu),
    bbox_head=dict(
        type='YOLOXHead',
        num_classes=10,
        in_channels=64,
        feat_channels=64,
        stacked_convs=1,
        strides=(8, 16, 32),
        norm_cfg=norm,
        act_cfg=relu,
        loss_cls=dict(type='CrossEntropyLoss', use_sigmoid=True, reduction='sum', loss_weight=1.0),
        loss_bbox=dict(type='IoULoss', mode='square', eps=1e-16, reduction='sum', loss_weight=5.0),
        loss_obj=dict(type='CrossEntropyLoss', use_sigmoid=True, reduction='sum', loss_weight=1.0)),
    train_cfg=dict(assigner=dict(type='SimOTAAssigner', center_radius=2.5)),
    test_cfg=dict(score_thr=0.01, nms=dict(type='nms', iou_threshold=0.65), max_per_img=100))

# Data: COCO's layout. data_setup (read by tools/train_ann.py, ignored by others) generates each split into the cache.
data_setup = dict(
    type='fashion_scenes',
    train=dict(split='train', scenes=16000),
    val=dict(split='val'),
    test=dict(split='test'))
data_root = 'data/fashion_scenes/'
meta_keys = ('img_id', 'img_path', 'ori_shape', 'img_shape', 'scale_factor', 'flip', 'flip_direction')
train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(type='Resize', scale=(192, 192), keep_ratio=True),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PackDetInputs', meta_keys=meta_keys),
]
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(192, 192), keep_ratio=True),  # scenes are 192 pixels: nothing is resampled
    dict(type='PackDetInputs', meta_keys=meta_keys[:5]),
]
train_dataloader = dict(
    batch_size=32,
    num_workers=2,
    persistent_workers=True,
    drop_last=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='CocoDataset',
        metainfo=dict(classes=classes),
        data_root=data_root,
        ann_file='annotations/instances_train.json',
        data_prefix=dict(img='train/'),
        filter_cfg=dict(filter_empty_gt=True, min_size=1),
        pipeline=train_pipeline))
val_dataloader = dict(
    batch_size=25,
    num_workers=1,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='CocoDataset',
        metainfo=dict(classes=classes),
        data_root=data_root,
        ann_file='annotations/instances_val.json',
        data_prefix=dict(img='val/'),
        test_mode=True,
        pipeline=test_pipeline))
test_dataloader = dict(
    batch_size=25,
    num_workers=1,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='CocoDataset',
        metainfo=dict(classes=classes),
        data_root=data_root,
        ann_file='annotations/instances_test.json',
        data_prefix=dict(img='test/'),
        test_mode=True,
        pipeline=test_pipeline))
val_evaluator = dict(type='CocoMetric', metric='bbox', ann_file=data_root + 'annotations/instances_val.json')
test_evaluator = dict(type='CocoMetric', metric='bbox', ann_file=data_root + 'annotations/instances_test.json')

# Schedule
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=epochs, val_interval=4)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=0.002, weight_decay=0.05),
    paramwise_cfg=dict(norm_decay_mult=0.0, bias_decay_mult=0.0),
    clip_grad=dict(max_norm=20.0))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, begin=0, end=500),
    dict(type='CosineAnnealingLR', by_epoch=True, begin=0, end=epochs, T_max=epochs, eta_min=2e-5,
         convert_to_iter_based=True),
]
default_hooks = dict(
    logger=dict(type='LoggerHook', interval=100),
    checkpoint=dict(type='CheckpointHook', interval=1, max_keep_ckpts=2, save_best='coco/bbox_mAP', rule='greater'))
custom_hooks = [dict(type='EMAHook', ema_type='ExpMomentumEMA', momentum=0.0004, update_buffers=True, priority=49)]
randomness = dict(seed=0)
env_cfg = dict(cudnn_benchmark=True, mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0))
log_level = 'INFO'
load_from = None
resume = False
