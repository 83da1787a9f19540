# The network of events_fashion with 2 input channels, for frames in time: it is trained on the mean of the first k of 8
# frames of 37.5 ms with a random k, which is what the SNN has seen after k timesteps.
#
# Train:     python tools/train_ann.py benchmarks/zoo/events_fashion_frames/config.py --threads 1
_base_ = '../events_fashion/config.py'
_form = dict(kind='frames', bins=8, size=34, window_ms=300, clip=10, scale=2)

model = dict(
    network=dict(channels=2),
    data_preprocessor=dict(form=_form))
data_setup = dict(representation=_form)
