# A small plain U-Net (Keras's layout, a ReLU even on the logits, as the network for DRIVE has it) on generated retinas,
# whose splits come from different random streams (adapters/data/retinas.py). The last epoch is kept, whatever the
# validation says; the test retinas are looked at once, at the end.
#
# Train:     python tools/train_ann.py benchmarks/zoo/unet_retinas/config.py --threads 1
_base_ = '../pointnet_shapes/config.py'
custom_imports = dict(imports=['benchmarks.zoo.vessels'])
epochs = 12

model = dict(
    _delete_=True,
    type='VesselSegmenter',
    network=dict(name='adapters.models.unet_keras:KerasUNet', widths=(16, 32, 64)),
    data_preprocessor=dict(type='TurnedSquares', side=96))
data_setup = dict(type='retinas')  # read by tools/train_ann.py: draws the retinas
train_dataloader = dict(batch_size=8, dataset=dict(type='Retinas'))
val_dataloader = dict(batch_size=10, dataset=dict(type='Retinas'))
test_dataloader = dict(batch_size=10, dataset=dict(type='Retinas'))
val_evaluator = dict(type='VesselF1')
test_evaluator = dict(type='VesselF1')
train_cfg = dict(max_epochs=epochs, val_interval=4)
optim_wrapper = dict(optimizer=dict(lr=2e-3))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.05, by_epoch=False, begin=0, end=50),
    dict(type='CosineAnnealingLR', by_epoch=True, begin=0, end=epochs, T_max=epochs, eta_min=0,
         convert_to_iter_based=True),
]
