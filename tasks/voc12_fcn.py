"""FCN on PASCAL VOC 2012's val set, and a small semantic FPN on generated scenes where VOC is not at hand.

    python tools/run_bench.py tasks/voc12_fcn.py                                         # mini
    python tools/run_bench.py tasks/voc12_fcn.py --data-root /data/VOCdevkit/VOC2012     # 1,449 pictures
    python tools/show.py voc12_fcn --timesteps 1,4                                       # pictures, masks, errors

To benchmark a segmenter of your own, copy the block `full` of `variants`, give it a name, and point `config` and
`checkpoint` at your files; `options=dict(cfg_options={...})` changes entries of the config.
"""

name = "voc12_fcn"
version = 1  # raise it when a change here makes old results incomparable; old records then leave the table
family = "segmentation"
description = "FCN with a ResNet-50 of stride 8; mIoU on VOC 2012 val"
metric = "mIoU"
adapter = "mmsegmentation"

methods = ["quantised", "rate-max", "rate-percentile", "snn-calibration", "burst", "adafire", "adafire-signed", "ours"]
timesteps = [1, 2, 4, 8]

variants = dict(
    full=dict(
        split="full",
        config="mmseg::fcn/fcn_r50-d8_4xb4-20k_voc12aug-512x512.py",
        # downloaded once; offline: --checkpoint FILE
        checkpoint="https://download.openmmlab.com/mmsegmentation/v0.5/fcn/fcn_r50-d8_512x512_20k_voc12aug/"
        "fcn_r50-d8_512x512_20k_voc12aug_20200617_010715-52dc5306.pth",
        data=dict(type="mmseg"),  # the config's own data set, below --data-root
        calibration=dict(samples=32),  # of the train list; where its pictures are absent, of val, and not scored
        batch_size=2,
        needs=["JPEGImages", "SegmentationClass", "ImageSets/Segmentation/val.txt"],
        expected=dict(ann=0.6708, tolerance=0.005, samples=1449),  # published
    ),
    # A small semantic FPN on the fashion scenes of the detection task: everything it needs is in the repository.
    mini=dict(
        split="mini",
        description="A small semantic FPN on generated scenes; not VOC",
        config="benchmarks/zoo/fpn_fashion/config.py",
        checkpoint="benchmarks/zoo/fpn_fashion/fpn_fashion.pth",
        data=dict(type="fashion_scenes"),
        calibration=dict(samples=64),
        batch_size=10,
        needs=["adapters/shared/fashion_mnist_subset/test.png"],
        expected=dict(ann=0.602, tolerance=0.003),
    ),
)
