# A small ReLU ResNet on recordings of Fashion-MNIST pictures moved in saccades (adapters/data/event_camera.py), shown as
# 2 polarities x 9 time bins: an ordinary MMEngine config; data set and batches are the project's own.
#
# Train:     python tools/train_ann.py benchmarks/zoo/events_fashion/config.py --threads 1
#
# Recordings of 12,000 pictures of the train split, none of them among the 500 carried for calibration. These are only
# watched: the last epoch is kept, whatever they say. The test recordings are looked at once, at the end.
custom_imports = dict(imports=['benchmarks.zoo.events'])
epochs = 10
_form = dict(kind='constant', bins=9, size=34, window_ms=300, clip=10, scale=2)

model = dict(
    type='Classifier',
    network=dict(name='adapters.models.event_networks:resnet_small', channels=18),
    data_preprocessor=dict(type='EventBatch', form=_form, shift=1))

data_setup = dict(  # read by tools/train_ann.py: finds the full Fashion-MNIST (--fashion-mnist DIR), makes recordings
    type='events',
    data=dict(type='fashion_saccades', train=12000),
    representation=_form)
train_dataloader = dict(
    batch_size=128,
    num_workers=0,
    drop_last=True,
    collate_fn=dict(type='default_collate'),
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(type='EventSamples'))
val_dataloader = dict(
    batch_size=250,
    num_workers=0,
    collate_fn=dict(type='default_collate'),
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(type='EventSamples'))
test_dataloader = dict(
    batch_size=250,
    num_workers=0,
    collate_fn=dict(type='default_collate'),
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(type='EventSamples'))
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
    dict(type='LinearLR', start_factor=0.05, by_epoch=False, begin=0, end=90),
    dict(type='CosineAnnealingLR', by_epoch=True, begin=0, end=epochs, T_max=epochs, eta_min=0,
         convert_to_iter_based=True),
]
default_hooks = dict(
    logger=dict(type='LoggerHook', interval=50),
    checkpoint=dict(type='CheckpointHook', interval=1, max_keep_ckpts=2))
randomness = dict(seed=0)
log_level = 'INFO'
load_from = None
resume = False
