# A small spiking network on Fashion-MNIST, trained as one, with surrogate gradients (SpikingJelly) through 4 timesteps: not converted from anything.
#
# Train:     python tools/train_ann.py benchmarks/zoo/snn_fashion/config.py --threads 1
#
# Data, augmentation and what is looked at when are those of resnet_fashion.
_base_ = '../resnet_fashion/config.py'
custom_imports = dict(imports=['benchmarks.zoo.spiking'])
epochs = 3

model = dict(
    type='SpikingClassifier',
    network='adapters.models.snn_small:of_spikingjelly',
    timesteps=4,
    data_preprocessor=dict(mirror=0.5, shift=1))

train_cfg = dict(max_epochs=epochs)
optim_wrapper = dict(
    optimizer=dict(_delete_=True, type='AdamW', lr=4e-3, weight_decay=1e-3))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.05, by_epoch=False, begin=0, end=100),
    dict(type='CosineAnnealingLR', by_epoch=True, begin=0, end=epochs, T_max=epochs, eta_min=0,
         convert_to_iter_based=True),
]
