# A small SSD (thin ResNet-18, ReLU) for the 192-pixel fashion scenes: an ordinary MMDetection 3 config.
#
# Train:     python tools/train_ann.py benchmarks/zoo/ssd_fashion/config.py --amp
#
# As in SSD there is no pyramid: the head sits on three stages of the backbone and on one extra layer. The backbone
# starts from the zoo's YOLO (load_from), so that two short epochs do. Data, validation and test are that config's.
_base_ = '../yolo_fashion/config.py'
custom_imports = dict(imports=['adapters.mmdet_repairs'], allow_failed_imports=False)  # SSD's predict in mmdet 3.3.0
epochs = 2
load_from = 'benchmarks/zoo/yolo_fashion/yolo_fashion.pth'
norm = dict(type='BN', momentum=0.03, eps=0.001)

model = dict(
    type='SingleStageDetector',
    neck=dict(
        _delete_=True,
        type='SSDNeck',
        in_channels=(32, 64, 128),
        out_channels=(32, 64, 128, 128),
        level_strides=(2,),
        level_paddings=(1,),
        l2_norm_scale=None,  # the stages have batch norms
        norm_cfg=norm),
    bbox_head=dict(
        _delete_=True,
        type='SSDHead',
        num_classes=10,
        in_channels=(32, 64, 128, 128),
        anchor_generator=dict(
            type='SSDAnchorGenerator',
            scale_major=False,
            strides=[8, 16, 32, 64],
            ratios=[[2], [2, 3], [2, 3], [2]],
            min_sizes=[16, 32, 56, 88],
            max_sizes=[32, 56, 88, 128]),
        bbox_coder=dict(type='DeltaXYWHBBoxCoder', target_means=[.0, .0, .0, .0], target_stds=[0.1, 0.1, 0.2, 0.2])),
    train_cfg=dict(
        _delete_=True,
        assigner=dict(type='MaxIoUAssigner', pos_iou_thr=0.5, neg_iou_thr=0.5, min_pos_iou=0., ignore_iof_thr=-1,
                      gt_max_assign_all=False),
        sampler=dict(type='PseudoSampler'),
        smoothl1_beta=1.,
        allowed_border=-1,
        pos_weight=-1,
        neg_pos_ratio=3,
        debug=False),
    test_cfg=dict(_delete_=True, nms_pre=1000, nms=dict(type='nms', iou_threshold=0.5), min_bbox_size=0, score_thr=0.02,
                  max_per_img=100))

data_setup = dict(train=dict(scenes=5000), val=dict(scenes=100))
train_dataloader = dict(num_workers=1)
train_cfg = dict(max_epochs=epochs, val_interval=2)
optim_wrapper = dict(optimizer=dict(lr=0.001))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, begin=0, end=100),
    dict(type='CosineAnnealingLR', by_epoch=True, begin=0, end=epochs, T_max=epochs, eta_min=1e-5,
         convert_to_iter_based=True),
]
