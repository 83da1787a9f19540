# A small RetinaNet (thin ResNet-18, ReLU) for the 192-pixel fashion scenes: an ordinary MMDetection 3 config.
#
# Train:     python tools/train_ann.py benchmarks/zoo/retinanet_fashion/config.py --amp
#
# Backbone and pyramid start from the zoo's YOLO (load_from; the head's weights have other names), so that four short
# epochs do. Data, validation and test are that config's.
_base_ = '../yolo_fashion/config.py'
epochs = 4
load_from = 'benchmarks/zoo/yolo_fashion/yolo_fashion.pth'

model = dict(
    type='RetinaNet',
    bbox_head=dict(
        _delete_=True,
        type='RetinaHead',
        num_classes=10,
        in_channels=64,
        feat_channels=64,
        stacked_convs=1,
        # Anchors of 16 to 102 pixels for objects of 16 to 107.
        anchor_generator=dict(type='AnchorGenerator', octave_base_scale=2, scales_per_octave=3, ratios=[0.5, 1.0, 2.0],
                              strides=[8, 16, 32]),
        bbox_coder=dict(type='DeltaXYWHBBoxCoder', target_means=[.0, .0, .0, .0], target_stds=[1.0, 1.0, 1.0, 1.0]),
        loss_cls=dict(type='FocalLoss', use_sigmoid=True, gamma=2.0, alpha=0.25, loss_weight=1.0),
        loss_bbox=dict(type='L1Loss', loss_weight=1.0)),
    train_cfg=dict(
        _delete_=True,
        assigner=dict(type='MaxIoUAssigner', pos_iou_thr=0.5, neg_iou_thr=0.4, min_pos_iou=0, ignore_iof_thr=-1),
        sampler=dict(type='PseudoSampler'),  # focal loss wants no sampling
        allowed_border=-1,
        pos_weight=-1,
        debug=False),
    test_cfg=dict(_delete_=True, nms_pre=1000, min_bbox_size=0, score_thr=0.01, nms=dict(type='nms', iou_threshold=0.6),
                  max_per_img=100))

data_setup = dict(train=dict(scenes=5000))
train_dataloader = dict(num_workers=1)
train_cfg = dict(max_epochs=epochs, val_interval=4)
optim_wrapper = dict(optimizer=dict(lr=0.001))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, begin=0, end=100),
    dict(type='CosineAnnealingLR', by_epoch=True, begin=0, end=epochs, T_max=epochs, eta_min=1e-5,
         convert_to_iter_based=True),
]
