# A small ReLU segmenter (semantic FPN: a head that sums the levels of a pyramid) for the 192-pixel fashion scenes: an
# ordinary MMSegmentation 1.2 config.
#
# Train:     python tools/train_ann.py benchmarks/zoo/fpn_fashion/config.py --amp      (generates the scenes, see data_setup)
#
# Choices: ReLU everywhere and a batch norm behind every convolution but the last, so that every site is a plain neuron
# and every norm folds; the pyramid's nearest upsampling hands spikes on as spikes; of the head's bilinear ones all but one
# (in the branch of stride 32) follow the last neuron. Backbone and pyramid start from those of benchmarks/zoo/yolo_fashion,
# trained on boxes of the same training scenes: what a class looks like is known, where it ends is learned here.
default_scope = 'mmseg'
classes = ('background', 't-shirt', 'trouser', 'pullover', 'dress', 'coat', 'sandal', 'shirt', 'sneaker', 'bag',
           'ankle-boot')
palette = [[0, 0, 0], [230, 159, 0], [86, 180, 233], [0, 158, 115], [240, 228, 66], [0, 114, 178], [213, 94, 0],
           [204, 121, 167], [153, 153, 153], [120, 60, 20], [170, 240, 90]]
epochs = 3
relu = dict(type='ReLU')
norm = dict(type='BN', momentum=0.03, eps=0.001)

model = dict(
    type='EncoderDecoder',
    data_preprocessor=dict(
        type='SegDataPreProcessor',
        mean=[88.0, 88.0, 88.0],  # of the training scenes, one value for the three channels
        std=[37.0, 37.0, 37.0],
        bgr_to_rgb=True,
        pad_val=0,
        seg_pad_val=255,
        size_divisor=32),
    backbone=dict(
        type='ResNet',
        depth=18,
        stem_channels=16,
        base_channels=16,
        out_indices=(1, 2, 3),
        strides=(1, 2, 2, 2),
        dilations=(1, 1, 1, 1),
        norm_cfg=norm,
        norm_eval=False,
        init_cfg=dict(type='Pretrained', checkpoint='benchmarks/zoo/yolo_fashion/yolo_fashion.pth',
                      prefix='backbone.')),
    neck=dict(
        type='FPN',
        in_channels=[32, 64, 128],
        out_channels=64,
        num_outs=3,
        norm_cfg=norm,
        act_cfg=relu,
        init_cfg=dict(type='Pretrained', checkpoint='benchmarks/zoo/yolo_fashion/yolo_fashion.pth', prefix='neck.')),
    decode_head=dict(
        type='FPNHead',
        in_channels=[64, 64, 64],
        in_index=[0, 1, 2],
        feature_strides=[8, 16, 32],
        channels=64,
        dropout_ratio=0.0,
        num_classes=len(classes),
        norm_cfg=norm,
        act_cfg=relu,
        align_corners=False,
        loss_decode=dict(type='CrossEntropyLoss', loss_weight=1.0, avg_non_ignore=True)),
    train_cfg=dict(),
    test_cfg=dict(mode='whole'))

# Data: pictures and class maps in two folders. data_setup (read by tools/train_ann.py, ignored by others) generates each
# split into the cache.
data_setup = dict(
    type='fashion_masks',
    train=dict(split='train', scenes=5000),
    val=dict(split='val'),
    test=dict(split='test'))
data_root = 'data/fashion_scenes/'
train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations'),
    dict(type='RandomCrop', crop_size=(160, 160)),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PackSegInputs'),
]
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations'),
    dict(type='PackSegInputs'),
]
train_dataloader = dict(
    batch_size=16,
    num_workers=1,
    persistent_workers=True,
    drop_last=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='BaseSegDataset',
        metainfo=dict(classes=classes, palette=palette),
        data_root=data_root,
        data_prefix=dict(img_path='train', seg_map_path='masks/train'),
        img_suffix='.png',
        seg_map_suffix='.png',
        reduce_zero_label=False,
        pipeline=train_pipeline))
val_dataloader = dict(
    batch_size=1,
    num_workers=1,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='BaseSegDataset',
        metainfo=dict(classes=classes, palette=palette),
        data_root=data_root,
        data_prefix=dict(img_path='val', seg_map_path='masks/val'),
        img_suffix='.png',
        seg_map_suffix='.png',
        reduce_zero_label=False,
        test_mode=True,
        pipeline=test_pipeline))
test_dataloader = dict(
    batch_size=1,
    num_workers=1,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='BaseSegDataset',
        metainfo=dict(classes=classes, palette=palette),
        data_root=data_root,
        data_prefix=dict(img_path='test', seg_map_path='masks/test'),
        img_suffix='.png',
        seg_map_suffix='.png',
        reduce_zero_label=False,
        test_mode=True,
        pipeline=test_pipeline))
val_evaluator = dict(type='IoUMetric', iou_metrics=['mIoU'])
test_evaluator = dict(type='IoUMetric', iou_metrics=['mIoU'])

# Schedule
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=epochs, val_interval=3)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=0.002, weight_decay=0.05),
    paramwise_cfg=dict(norm_decay_mult=0.0, bias_decay_mult=0.0, custom_keys={'backbone': dict(lr_mult=0.25), 'neck': dict(lr_mult=0.25)}),
    clip_grad=dict(max_norm=5.0))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, begin=0, end=100),
    dict(type='CosineAnnealingLR', by_epoch=True, begin=0, end=epochs, T_max=epochs, eta_min=1e-5,
         convert_to_iter_based=True),
]
default_hooks = dict(
    logger=dict(type='LoggerHook', interval=20),
    checkpoint=dict(type='CheckpointHook', interval=1, max_keep_ckpts=2, save_best='mIoU', rule='greater'))
randomness = dict(seed=0)
env_cfg = dict(cudnn_benchmark=True, mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0))
log_level = 'INFO'
load_from = None
resume = False
