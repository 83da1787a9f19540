# The network of events_fashion with 2 input channels, for frames in time: it is trained on the mean of the first k of 8
# frames of 37.5 ms with a random k, which is what the SNN has seen after k timesteps.
#
# Train:     python tools/train_ann.py benchmarks/zoo/events_fashion_frames/config.py --threads 1
_base_ = '../events_fashion/config.py'
epochs = 8
_form = dict(kind='frames', bins=8, size=34, window_ms=300, clip=10, scale=2)

model = dict(
    network=dict(channels=2),
    data_preprocessor=dict(form=_form))
data_setup = dict(data=dict(train=10000), representation=_form)
train_cfg = dict(max_epochs=epochs)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.05, by_epoch=False, begin=0, end=78),
    dict(type='CosineAnnealingLR', by_epoch=True, begin=0, end=epochs, T_max=epochs, eta_min=0,
         convert_to_iter_based=True),
]
