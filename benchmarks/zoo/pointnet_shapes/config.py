# A small PointNet on the generated shapes (16 classes): an ordinary MMEngine config.
#
# Train:     python tools/train_ann.py benchmarks/zoo/pointnet_shapes/config.py --threads 1
#
# Training, validation, calibration and test clouds come from different random streams (adapters/data/shapes.py). The last
# epoch is kept, whatever the validation says; the test clouds are looked at once, at the end.
custom_imports = dict(imports=['benchmarks.zoo.pointcloud'])
epochs = 16

model = dict(
    type='Classifier',
    network=dict(name='adapters.models.pointnet:pointnet', classes=16, widths=(64, 64, 64, 128, 512), hidden=(256, 128)),
    data_preprocessor=dict(type='AugmentedClouds', points=256, scale=0.2, noise=0.01))

data_setup = dict(  # read by tools/train_ann.py: generates the clouds
    type='shapes',
    train=dict(split='train'),
    val=dict(split='val'),
    test=dict(split='test'))
_loader = dict(num_workers=0, collate_fn=dict(type='default_collate'), dataset=dict(type='Shapes', split='?'))
train_dataloader = dict(_loader, batch_size=32, drop_last=True, sampler=dict(type='DefaultSampler', shuffle=True))
val_dataloader = dict(_loader, batch_size=32, sampler=dict(type='DefaultSampler', shuffle=False))
test_dataloader = dict(_loader, batch_size=32, sampler=dict(type='DefaultSampler', shuffle=False))
val_evaluator = dict(type='ShareRight')
test_evaluator = dict(type='ShareRight')

# Schedule: one warm-up, then a cosine to nothing.
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=epochs, val_interval=2)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='AdamW', lr=3e-3, weight_decay=1e-2))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.05, by_epoch=False, begin=0, end=100),
    dict(type='CosineAnnealingLR', by_epoch=True, begin=0, end=epochs, T_max=epochs, eta_min=0,
         convert_to_iter_based=True),
]
default_hooks = dict(
    logger=dict(type='LoggerHook', interval=25),
    checkpoint=dict(type='CheckpointHook', interval=1, max_keep_ckpts=2))
randomness = dict(seed=0)
log_level = 'INFO'
load_from = None
resume = False
