# Four convolutions on 50 ms samples of recordings of a DVS128 (the task dvs128_objects). Weights are yours to keep: none
# are in the repository.
#
# Train:     python tools/train_ann.py benchmarks/zoo/events_objects/config.py --threads 1 --work-dir work_dirs/objects \
#                --out work_dirs/objects/weights.pth --cfg-options data_setup.data.root=DIR
# Other data: data_setup.data.pattern, .share, .train, .test, model.network.num_classes; frames: config_frames.py
_base_ = '../events_fashion/config.py'
epochs = 10
_form = dict(kind='constant', bins=1, size=64, window_ms=50, clip=10, scale=2)

model = dict(
    network=dict(_delete_=True, name='adapters.models.event_networks:conv4', num_classes=7, channels=2),
    data_preprocessor=dict(form=_form, shift=6))
data_setup = dict(
    data=dict(_delete_=True, type='recordings', pattern=r'(?P<part>occasion\d)_(?P<class>[A-Za-z]+).*\.aedat',
              train='occasion1', test='occasion1', sample_ms=50, share=0.7, least=100),
    representation=_form,
    kept=256)
train_dataloader = dict(batch_size=32)
train_cfg = dict(max_epochs=epochs, val_interval=5)
optim_wrapper = dict(optimizer=dict(_delete_=True, type='AdamW', lr=2e-3, weight_decay=1e-2))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.05, by_epoch=False, begin=0, end=50),
    dict(type='CosineAnnealingLR', by_epoch=True, begin=0, end=epochs, T_max=epochs, eta_min=0,
         convert_to_iter_based=True),
]
