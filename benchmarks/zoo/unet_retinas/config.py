# A small plain U-Net (Keras's layout, a ReLU even on the logits, as the network for DRIVE has it) on generated retinas:
# an ordinary MMEngine config.
#
# Train:     python tools/train_ann.py benchmarks/zoo/unet_retinas/config.py --threads 1
#
# Training, validation, calibration and test retinas come from different random streams (adapters/data/retinas.py). The
# last epoch is kept, whatever the validation says; the test retinas are looked at once, at the end.
custom_imports = dict(imports=['benchmarks.zoo.vessels'])
epochs = 12

model = dict(
    type='VesselSegmenter',
    network=dict(name='adapters.models.unet_keras:KerasUNet', widths=(16, 32, 64)),
    data_preprocessor=dict(type='TurnedSquares', side=96))

data_setup = dict(  # read by tools/train_ann.py: draws the retinas
    type='retinas',
    train=dict(split='train'),
    val=dict(split='val'),
    test=dict(split='test'))
_loader = dict(num_workers=0, collate_fn=dict(type='default_collate'), dataset=dict(type='Retinas', split='?'))
train_dataloader = dict(_loader, batch_size=8, drop_last=True, sampler=dict(type='DefaultSampler', shuffle=True))
val_dataloader = dict(_loader, batch_size=10, sampler=dict(type='DefaultSampler', shuffle=False))
test_dataloader = dict(_loader, batch_size=10, sampler=dict(type='DefaultSampler', shuffle=False))
val_evaluator = dict(type='VesselF1')
test_evaluator = dict(type='VesselF1')

# Schedule: one warm-up, then a cosine to nothing.
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=epochs, val_interval=4)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='AdamW', lr=2e-3, weight_decay=1e-2))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.05, by_epoch=False, begin=0, end=50),
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
