"""PointNet on ShapeNet's 16 annotated classes: one class a cloud of points.

    python tools/run_bench.py tasks/shapenet_pointnet.py                                        # mini: generated shapes
    python tools/run_bench.py tasks/shapenet_pointnet.py --data-root DIR --checkpoint FILE      # ShapeNet's test set

DIR holds shapenetcore_partanno_segmentation_benchmark_v0 (with or without normals) or its hdf5_data.
"""

_base_ = ["./modelnet40_pointnet.py"]
name = "shapenet_pointnet"
description = "PointNet with its maximum over the points; accuracy on ShapeNet"
variants = dict(
    _delete_=True,
    full=dict(
        split="full",
        description="fxia22's network without feature transform; --checkpoint FILE",
        model=dict(
            name="adapters.models.pointnet:pointnet",
            classes=16,
            widths=(64, 128, 1024),
            last_relu=False,
            input_transform=True,
        ),
        data=dict(type="shapenet"),
        calibration=dict(samples=64),
        batch_size=8,
        options=dict(points=1024),
    ),
    tnets=dict(
        split="full",
        description="fxia22's network with feature transform; --checkpoint FILE",
        model=dict(
            name="adapters.models.pointnet:pointnet",
            classes=16,
            widths=(64, 128, 1024),
            last_relu=False,
            input_transform=True,
            feature_transform=1,
        ),
        data=dict(type="shapenet"),
        calibration=dict(samples=64),
        batch_size=8,
        options=dict(points=1024),
    ),
    # The paper's: a network trained with the mean over the points in place of the maximum.
    mean=dict(
        split="full",
        description="Mean over the points instead of the maximum, as Adaptive Calibration has it; --checkpoint FILE",
        model=dict(
            name="adapters.models.pointnet:pointnet",
            classes=16,
            widths=(64, 128, 1024),
            last_relu=False,
            input_transform=True,
            pool="mean",
        ),
        data=dict(type="shapenet"),
        calibration=dict(samples=64),
        batch_size=8,
        options=dict(points=1024),
    ),
    mini=dict(
        split="mini",
        description="A small PointNet with input and feature T-Net on generated furniture and objects of 16 classes",
        model=dict(
            name="adapters.models.pointnet:pointnet",
            classes=16,
            widths=(32, 64, 256),
            hidden=(128, 64),
            input_transform=True,
            feature_transform=1,
            tnet=dict(widths=(32, 64, 128), hidden=(64, 32)),
        ),
        checkpoint="benchmarks/zoo/pointnet_tnets/pointnet_tnets.pth",
        data=dict(type="shapes"),
        calibration=dict(samples=128),
        batch_size=16,
        options=dict(points=512),
    ),
)
