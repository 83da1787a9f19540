"""Vision transformers (ViT-B/16 by torchvision, ViT-S/16 by timm) on ImageNet; what it does not say is as in
imagenet_resnet18.py. Softmax, layer norms and products of activations stay numbers (docs/operators.md). There is no mini split:
no trained small network of this kind is carried.

    python tools/run_bench.py tasks/imagenet_vit.py --data-root DIR [--checkpoint vit_b_16-c867db91.pth]
    python tools/run_bench.py tasks/imagenet_vit.py --variant s16 --data-root DIR [--checkpoint FILE]      # pip install timm
"""

_base_ = "./imagenet_resnet18.py"

name = "imagenet_vit"
version = 1
description = "Vision transformers; accuracy (top 1) on the ImageNet validation set"
mini = None

_common = dict(
    split="full",
    data=dict(type="imagefolder", name="ImageNet", test="val", train="train"),
    calibration=dict(samples=256),
    batch_size=8,
    needs=["val"],
)  # pictures are prepared as the weights state
variants = dict(
    full=None,
    b16=dict(
        _common,
        model=dict(name="torchvision::vit_b_16", weights="IMAGENET1K_V1"),
        expected=dict(ann=0.81072, tolerance=0.003, samples=50000),  # published (torchvision)
    ),
    s16=dict(
        _common,
        model=dict(name="timm::vit_small_patch16_224.augreg_in21k_ft_in1k", pretrained=True),
        expected=dict(ann=0.81384, tolerance=0.003, samples=50000),  # published (timm, results-imagenet.csv)
    ),
)
