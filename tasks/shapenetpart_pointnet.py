"""PointNet on ShapeNetPart: one part a point, scored as mean IoU over instances and over classes.

    python tools/run_bench.py tasks/shapenetpart_pointnet.py                                   # mini: generated shapes
    python tools/run_bench.py tasks/shapenetpart_pointnet.py --data-root DIR --checkpoint FILE # ShapeNetPart's test set

DIR holds shapenetcore_partanno_segmentation_benchmark_v0 (with or without normals) or its hdf5_data.
"""

name = "shapenetpart_pointnet"
version = 1  # raise it when a change here makes old results incomparable; old records then leave the table
family = "pointcloud"
description = "Part segmentation by PointNet; mean IoU over instances (and classes) on ShapeNetPart"
metric = "instance_miou"
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

variants = dict(
    full=dict(
        split="full",
        description="yanx27's network for all 50 parts, which is told the class; --checkpoint FILE",
        model=dict(
            name="adapters.models.pointnet:pointnet_parts",
            parts=50,
            widths=(64, 128, 128, 512, 2048),
            hidden=(256, 256, 128),
            local=(1, 2, 3, 4, 5),
            local_first=True,
            categories=16,
            last_relu=False,
            input_transform=True,
            feature_transform=3,
        ),
        data=dict(type="shapenetpart"),
        calibration=dict(samples=64),
        batch_size=4,
        options=dict(target="parts", points=2048),
    ),
    chair=dict(  # fxia22 trains a network a class; change category and parts for another
        split="full",
        description="fxia22's network for the parts of one class; --checkpoint FILE",
        model=dict(
            name="adapters.models.pointnet:pointnet_parts",
            parts=4,
            widths=(64, 128, 1024),
            last_relu=False,
            input_transform=True,
        ),
        data=dict(type="shapenetpart", category="Chair"),
        calibration=dict(samples=64),
        batch_size=4,
        options=dict(target="parts", points=2048),
    ),
    mini=dict(
        split="mini",
        description="A small PointNet for the 44 parts of generated furniture and objects of 16 classes",
        model=dict(
            name="adapters.models.pointnet:pointnet_parts",
            parts=44,
            widths=(64, 64, 64, 128, 256),
            local=(2, 4),
            hidden=(128, 64),
        ),
        checkpoint="benchmarks/zoo/pointnet_parts/pointnet_parts.pth",
        data=dict(type="shapes"),
        calibration=dict(samples=64),
        batch_size=16,
        options=dict(target="parts", points=512),
    ),
)
