"""UPerNet with a Swin-T on ADE20K's 150 classes; what it does not say is as in ade20k_segformer.py.

python tools/run_bench.py tasks/ade20k_upernet.py                          # mini
python tools/run_bench.py tasks/ade20k_upernet.py --data-root /data/ADEChallengeData2016
"""

_base_ = "./ade20k_segformer.py"

name = "ade20k_upernet"
version = 1
description = "UPerNet with a Swin-T; mIoU on ADE20K validation"
mini = "voc12_fcn"  # that task's small semantic FPN on generated scenes

variants = dict(
    full=dict(
        config="mmseg::swin/swin-tiny-patch4-window7-in1k-pre_upernet_8xb2-160k_ade20k-512x512.py",
        checkpoint="upernet_swin_tiny_patch4_window7_512x512_160k_ade20k_pretrain_224x224_1K_20210531_112542-e380ad3e.pth",
        needs=["images/validation", "annotations/validation"],
        expected=dict(ann=0.4441, tolerance=0.005, samples=2000),  # published
        batch_size=1,
    ),
    mini=None,
)
