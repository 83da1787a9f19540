# As config.py, but each sample is 5 frames of 10 ms (trained on the mean of the first k, with a random k).
_base_ = './config.py'
_form = dict(kind='frames', bins=5, size=64, window_ms=50, clip=10, scale=0.5)

model = dict(data_preprocessor=dict(form=_form))
data_setup = dict(representation=_form)
