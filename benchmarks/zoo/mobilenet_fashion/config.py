# A small MobileNetV2 on Fashion-MNIST, trained as the network of resnet_fashion is, with less weight decay (it is thin) and
# for fewer epochs (each takes two to three times as long). Data, augmentation and what is looked at when: see there.
#
# Train:     python tools/train_ann.py benchmarks/zoo/mobilenet_fashion/config.py --threads 1
_base_ = '../resnet_fashion/config.py'
epochs = 8

model = dict(network='adapters.models.mobilenet_small:mobilenet_small')
optim_wrapper = dict(optimizer=dict(weight_decay=1e-4))
train_cfg = dict(max_epochs=epochs)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.05, by_epoch=False, begin=0, end=400),
    dict(type='CosineAnnealingLR', by_epoch=True, begin=0, end=epochs, T_max=epochs, eta_min=0,
         convert_to_iter_based=True),
]
