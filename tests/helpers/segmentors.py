"""A small encoder-decoder of MMSegmentation, and masks."""

from PIL import Image

CLASSES = ("ground", "square", "sky")
CONFIG = """
model = dict(
    type='EncoderDecoder',
    data_preprocessor=dict(type='SegDataPreProcessor', mean=[99.] * 3, std=[60.] * 3, bgr_to_rgb=True,
                           test_cfg=dict(size_divisor=8)),
    backbone=dict(type='ResNet', depth=18, base_channels=4, out_indices=(0, 1, 2, 3), strides=(1, 2, 1, 1),
                  dilations=(1, 1, 2, 4)),
    decode_head=dict(type='FCNHead', in_index=3, in_channels=32, channels=8, num_convs=1, num_classes=3,
                     align_corners={align}),
    auxiliary_head=dict(type='FCNHead', in_index=2, in_channels=16, channels=8, num_convs=1, num_classes=3),
    test_cfg=dict({test}))
dataset = dict(type='BaseSegDataset', ann_file='splits/val.txt', data_root='data/',
    data_prefix=dict(img_path='images', seg_map_path='masks'), metainfo=dict(classes={classes}),
    pipeline=[dict(type='LoadImageFromFile'), dict(type='Resize', scale=(64, 48), keep_ratio=True),
              dict(type='LoadAnnotations'), dict(type='PackSegInputs')])
test_dataloader = dict(dataset=dataset)
train_dataloader = dict(dataset=dict(type='RepeatDataset', times=9, dataset=dict(dataset, ann_file='splits/train.txt')))
"""


def save(root, i, labels):
    mask = Image.fromarray(labels, "P")
    mask.putpalette([0, 0, 0, 128, 0, 0, 0, 128, 0] + [224] * 759)
    mask.save(root / "masks" / f"p{i}.png")
