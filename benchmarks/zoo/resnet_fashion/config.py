# A small ReLU ResNet on Fashion-MNIST: an ordinary MMEngine config; data set, network and metric are the project's own.
#
# Train:     python tools/train_ann.py benchmarks/zoo/resnet_fashion/config.py --threads 1
#
# It trains on the train split's 60,000 pictures less the 500 that the project carries for calibration. These 500 are
# only watched: the last epoch is kept, whatever they say. The test pictures are looked at once, at the end.
custom_imports = dict(imports=['benchmarks.zoo.classification'])
epochs = 14

model = dict(
    type='Classifier',
    network='adapters.models.resnet_small:resnet_small',
    data_preprocessor=dict(type='AugmentedBatch', mean=[0.286], std=[0.353], mirror=0.5, shift=2))

data_setup = dict(  # read by tools/train_ann.py: finds the full Fashion-MNIST (--fashion-mnist DIR, --download)
    type='fashion_mnist',
    train=dict(split='train'),
    val=dict(split='calibration'),
    test=dict(split='test'))
train_dataloader = dict(
    batch_size=128,
    num_workers=0,
    drop_last=True,
    collate_fn=dict(type='default_collate'),
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(type='FashionObjects', split='train'))
val_dataloader = dict(
    batch_size=250,
    num_workers=0,
    collate_fn=dict(type='default_collate'),
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(type='FashionObjects', split='calibration'))
test_dataloader = dict(
    batch_size=250,
    num_workers=0,
    collate_fn=dict(type='default_collate'),
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(type='FashionObjects', split='test'))
val_evaluator = dict(type='ShareRight')
test_evaluator = dict(type='ShareRight')

# Schedule: one warm-up, then a cosine to nothing.
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=epochs, val_interval=1)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=0.1, momentum=0.9, nesterov=True, weight_decay=5e-4),
    paramwise_cfg=dict(norm_decay_mult=0.0, bias_decay_mult=0.0))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.05, by_epoch=False, begin=0, end=400),
    dict(type='CosineAnnealingLR', by_epoch=True, begin=0, end=epochs, T_max=epochs, eta_min=0,
         convert_to_iter_based=True),
]
default_hooks = dict(
    logger=dict(type='LoggerHook', interval=100),
    checkpoint=dict(type='CheckpointHook', interval=1, max_keep_ckpts=2))
randomness = dict(seed=0)
log_level = 'INFO'
load_from = None
resume = False
