"""Fast-SCNN; mIoU on Cityscapes val; what it does not say is as in cityscapes_fcn.py.

python tools/run_bench.py tasks/cityscapes_fastscnn.py                          # mini
python tools/run_bench.py tasks/cityscapes_fastscnn.py --data-root /data/cityscapes
"""

_base_ = "./cityscapes_fcn.py"

name = "cityscapes_fastscnn"
version = 1
description = "Fast-SCNN; mIoU on Cityscapes val"

variants = dict(
    full=dict(
        config="mmseg::fastscnn/fast_scnn_8xb4-160k_cityscapes-512x1024.py",
        checkpoint="https://download.openmmlab.com/mmsegmentation/v0.5/fast_scnn/fast_scnn_lr0.12_8x4_160k_cityscapes/"
        "fast_scnn_lr0.12_8x4_160k_cityscapes_20210630_164853-0cec9937.pth",
        expected=dict(ann=0.7096),  # published
    ),
    # What a simulation of 512 x 1024 pixels needs: random weights, so its scores mean nothing; its record tells the memory.
    #   python tools/run_bench.py tasks/cityscapes_fastscnn.py --variant memory --methods burst --timesteps 32 --limit 1
    memory=dict(
        split="mini",
        description="Memory at 512 x 1024 pixels: random weights on enlarged scenes",
        config="mmseg::fastscnn/fast_scnn_8xb4-160k_cityscapes-512x1024.py",
        checkpoint="random",
        data=dict(type="fashion_scenes"),
        calibration=dict(samples=1),
        batch_size=1,
        options=dict(
            cfg_options={
                "model.decode_head.num_classes": 11,
                "test_dataloader.dataset.pipeline.1.scale": (1024, 512),
                "test_dataloader.dataset.pipeline.1.keep_ratio": False,
            }
        ),
    ),
)
