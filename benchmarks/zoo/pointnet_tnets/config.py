# A small PointNet with both T-Nets on the generated shapes (16 classes), trained as the one of pointnet_shapes.
#
# Train:     python tools/train_ann.py benchmarks/zoo/pointnet_tnets/config.py --threads 1
_base_ = '../pointnet_shapes/config.py'
epochs = 6

model = dict(
    network=dict(widths=(32, 64, 256), hidden=(128, 64), input_transform=True, feature_transform=1,
                 tnet=dict(widths=(32, 64, 128), hidden=(64, 32))))
train_cfg = dict(max_epochs=epochs)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.05, by_epoch=False, begin=0, end=100),
    dict(type='CosineAnnealingLR', by_epoch=True, begin=0, end=epochs, T_max=epochs, eta_min=0,
         convert_to_iter_based=True),
]
