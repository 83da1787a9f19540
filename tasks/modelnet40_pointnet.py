"""PointNet on ModelNet40: one class a cloud of points.

    python tools/run_bench.py tasks/modelnet40_pointnet.py                                   # mini: generated shapes
    python tools/run_bench.py tasks/modelnet40_pointnet.py --data-root DIR --checkpoint FILE # ModelNet40's test set
    python tools/run_bench.py tasks/modelnet40_pointnet.py --variant sweethome3d --data-root DIR [--checkpoint FILE]

DIR holds ModelNet40 (.off meshes), modelnet40_ply_hdf5_2048 or modelnet40_normal_resampled; for
sweethome3d, sh3d_359.npz.
"""

name = "modelnet40_pointnet"
version = 1  # raise it when a change here makes old results incomparable; old records then leave the table
family = "pointcloud"
description = "PointNet with its maximum over the points; accuracy on ModelNet40"
metric = "accuracy"
adapter = "pointnet"

methods = [
    "quantised",
    "rate-max",
    "rate-percentile",
    "opi",
    "snn-calibration",
    "signed-if",
    "burst",
    "dcgs",
    "threshold-balancing",
    "adafire-uniform",
    "adafire",
    "adafire-signed",
    "ours",
]
timesteps = [1, 2, 4, 8]

# downloaded once (3 MB, MIT); offline: --checkpoint FILE
_learning3d = (
    "https://raw.githubusercontent.com/vinits5/learning3d/e74bd8c59fad4b0e8104da3b3349193cdb549943/"
    "pretrained/exp_classifier/models/best_model.t7"
)
_real = dict(
    split="full",
    model=dict(name="adapters.models.pointnet:pointnet", classes=40),
    checkpoint=_learning3d,
    calibration=dict(samples=64),
)
variants = dict(
    full=dict(
        _real,
        description="PointNet without T-Nets, trained by vinits5/learning3d, on the test set",
        data=dict(type="modelnet40"),
        batch_size=8,
        options=dict(points=1024),
    ),
    # fxia22's and yanx27's networks: other layers, T-Nets; give the checkpoint that belongs to it.
    tnets=dict(
        split="full",
        description="PointNet with both T-Nets, as fxia22 and yanx27 have it; --checkpoint FILE",
        model=dict(
            name="adapters.models.pointnet:pointnet",
            classes=40,
            widths=(64, 128, 1024),
            last_relu=False,
            input_transform=True,
            feature_transform=1,
        ),
        data=dict(type="modelnet40"),
        calibration=dict(samples=64),
        batch_size=8,
        options=dict(points=1024),
    ),
    mini=dict(
        split="mini",
        description="A small PointNet on generated furniture and objects of 16 classes",
        model=dict(
            name="adapters.models.pointnet:pointnet", classes=16, widths=(64, 64, 64, 128, 512), hidden=(256, 128)
        ),
        checkpoint="benchmarks/zoo/pointnet_shapes/pointnet_shapes.pth",
        data=dict(type="shapes"),
        calibration=dict(samples=128),
        batch_size=16,
        options=dict(points=512),
    ),
    # Another domain than the network was trained on: furniture of Sweet Home 3D, labelled by rule. 64 of the 359 clouds
    # calibrate and are never scored.
    sweethome3d=dict(
        _real,
        description="The ModelNet40-trained PointNet on 295 furniture clouds of Sweet Home 3D (64 more calibrate)",
        data=dict(
            type="arrays", file="sh3d_359.npz", name="Sweet Home 3D furniture", classes="modelnet40", set_aside=64
        ),
        batch_size=8,
        options=dict(points=1024, turn_y=180),
        needs=["sh3d_359.npz"],
    ),
    sweethome3d_all=dict(
        _real,
        description="All 359 clouds scored; the generated shapes calibrate",
        data=dict(
            type="arrays", file="sh3d_359.npz", name="Sweet Home 3D furniture", classes="modelnet40", set_aside="shapes"
        ),
        batch_size=8,
        options=dict(points=2048, turn_y=180),
        needs=["sh3d_359.npz"],
    ),
)
