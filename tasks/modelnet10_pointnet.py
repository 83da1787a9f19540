"""PointNet on ModelNet10, with weights of your own; what it does not say is as in modelnet40_pointnet.py.

    python tools/run_bench.py tasks/modelnet10_pointnet.py                                    # mini: generated shapes
    python tools/run_bench.py tasks/modelnet10_pointnet.py --data-root DIR --checkpoint FILE  # ModelNet10's test set

DIR holds ModelNet10 (.off meshes, as the archive unpacks).
"""

_base_ = "./modelnet40_pointnet.py"

name = "modelnet10_pointnet"
version = 1
description = "PointNet with its maximum over the points; accuracy on ModelNet10"
mini = "modelnet40_pointnet"  # that task's small PointNet on generated shapes

_common = dict(
    split="full", data=dict(type="modelnet10"), calibration=dict(samples=64), batch_size=8, options=dict(points=1024)
)
variants = dict(
    _delete_=True,
    full=dict(
        _common,
        description="PointNet without T-Nets; --checkpoint FILE",
        model=dict(name="adapters.models.pointnet:pointnet", classes=10),
    ),
    tnets=dict(
        _common,
        description="PointNet with both T-Nets, as fxia22 and yanx27 have it; --checkpoint FILE",
        model=dict(
            name="adapters.models.pointnet:pointnet",
            classes=10,
            widths=(64, 128, 1024),
            last_relu=False,
            input_transform=True,
            feature_transform=1,
        ),
    ),
    # The paper's: a network trained with the mean over the points in place of the maximum.
    mean=dict(
        _common,
        description="Mean over the points instead of the maximum, as Adaptive Calibration has it; --checkpoint FILE",
        model=dict(
            name="adapters.models.pointnet:pointnet",
            classes=10,
            widths=(64, 128, 1024),
            last_relu=False,
            input_transform=True,
            pool="mean",
        ),
    ),
)
