"""SegFormer-B0 on ADE20K's 150 classes; what it does not say is as in voc12_fcn.py.

/data/ADEChallengeData2016 holds images/validation, annotations/validation and, to calibrate on, images/training and annotations/training,
as the archive unpacks. Softmax, layer norms and products of activations stay numbers (docs/operators.md).

python tools/run_bench.py tasks/ade20k_segformer.py                          # mini
python tools/run_bench.py tasks/ade20k_segformer.py --data-root /data/ADEChallengeData2016
"""

_base_ = "./voc12_fcn.py"

name = "ade20k_segformer"
version = 1
description = "SegFormer-B0; mIoU on ADE20K validation"
mini = "voc12_fcn"  # that task's small semantic FPN on generated scenes

variants = dict(
    full=dict(
        config="mmseg::segformer/segformer_mit-b0_8xb2-160k_ade20k-512x512.py",
        checkpoint="segformer_mit-b0_512x512_160k_ade20k_20210726_101530-8ffa8fda.pth",  # MMSegmentation's name: downloaded once
        needs=["images/validation", "annotations/validation"],
        expected=dict(ann=0.3741, tolerance=0.005, samples=2000),  # published
        batch_size=1,
    ),
    mini=None,
)
