# A small ReLU ResNet on recordings of Fashion-MNIST pictures moved in saccades (adapters/data/event_camera.py), shown as
# 2 polarities x 9 time bins: trained as resnet_fashion.
#
# Train:     python tools/train_ann.py benchmarks/zoo/events_fashion/config.py --threads 1
#
# Recordings of 12,000 pictures of the train split, none of them among the 500 carried for calibration. These are only
# watched: the last epoch is kept, whatever they say. The test recordings are looked at once, at the end.
_base_ = '../resnet_fashion/config.py'
custom_imports = dict(imports=['benchmarks.zoo.events'])
epochs = 10
_form = dict(kind='constant', bins=9, size=34, window_ms=300, clip=10, scale=2)

model = dict(
    network=dict(_delete_=True, name='adapters.models.event_networks:resnet_small', channels=18),
    data_preprocessor=dict(_delete_=True, type='EventBatch', form=_form, shift=1))

data_setup = dict(  # read by tools/train_ann.py: finds the full Fashion-MNIST (--fashion-mnist DIR), makes recordings
    _delete_=True,
    type='events',
    data=dict(type='fashion_saccades', train=12000),
    representation=_form)
train_dataloader = dict(dataset=dict(_delete_=True, type='EventSamples'))
val_dataloader = dict(dataset=dict(_delete_=True, type='EventSamples'))
test_dataloader = dict(dataset=dict(_delete_=True, type='EventSamples'))
train_cfg = dict(max_epochs=epochs)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.05, by_epoch=False, begin=0, end=90),
    dict(type='CosineAnnealingLR', by_epoch=True, begin=0, end=epochs, T_max=epochs, eta_min=0,
         convert_to_iter_based=True),
]
default_hooks = dict(logger=dict(interval=50))
