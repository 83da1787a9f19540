# A small PointNet for the parts of the generated shapes (44 parts of 16 classes), trained as the one of pointnet_shapes.
#
# Train:     python tools/train_ann.py benchmarks/zoo/pointnet_parts/config.py --threads 1
_base_ = '../pointnet_shapes/config.py'
epochs = 14

model = dict(
    type='PartSegmenter',
    network=dict(_delete_=True, name='adapters.models.pointnet:pointnet_parts', parts=44, widths=(64, 64, 64, 128, 256),
                 local=(2, 4), hidden=(128, 64)),
    data_preprocessor=dict(noise=0.005, keep=('labels', 'parts')))
val_evaluator = dict(type='PartIoU')
test_evaluator = dict(type='PartIoU')
train_cfg = dict(max_epochs=epochs)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.05, by_epoch=False, begin=0, end=100),
    dict(type='CosineAnnealingLR', by_epoch=True, begin=0, end=epochs, T_max=epochs, eta_min=0,
         convert_to_iter_based=True),
]
