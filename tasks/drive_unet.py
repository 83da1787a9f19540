"""A plain Keras U-Net on DRIVE's retinal vessels: AUC, F1 and IoU inside the field of view.

    python tools/run_bench.py tasks/drive_unet.py                                  # mini: 40 generated retinas
    python tools/run_bench.py tasks/drive_unet.py --data-root /data/DRIVE --checkpoint weights.h5
    python tools/run_bench.py tasks/drive_unet.py --variant window --data-root /data/DRIVE --checkpoint weights.h5
    python -m adapters.segmentation.vessels --data-root /data/DRIVE --checkpoint weights.h5     # the network itself on all 20 pictures

DRIVE is free for research after registration; /data/DRIVE holds test/images, test/1st_manual and test/mask (see
adapters/segmentation/data/drive.py). The weights are those of github.com/orobix/retina-unet (test/test_best_weights.h5), or of any plain
U-Net that Keras saved. Where training/images is not there, 4 test pictures calibrate and 16 are scored.
"""

name = "drive_unet"
version = 1  # raise it when a change here makes old results incomparable; old records then leave the table
family = "segmentation"
description = "A plain U-Net (11 convolutions, no batch norm) with Keras weights; F1 on DRIVE inside the field of view"
metric = "F1"
adapter = "vessels"

methods = ["quantised", "rate-max", "rate-percentile", "snn-calibration", "burst", "adafire", "adafire-signed", "ours"]
timesteps = [1, 2, 4, 8, 16]

_common = dict(
    split="full",
    checkpoint=None,  # --checkpoint FILE
    calibration=dict(samples=4),
    batch_size=1,
    needs=["test/images", "test/1st_manual", "test/mask"],
)
variants = dict(
    full=dict(_common, data=dict(type="drive")),
    # The central 256 x 256 pixels of every picture: a fifth of the time.
    window=dict(
        _common, description="The central 256 x 256 pixels of every picture", data=dict(type="drive", window=256)
    ),
    mini=dict(
        split="mini",
        description="A small U-Net on generated retinas of 128 x 128 pixels; not DRIVE",
        model=dict(name="adapters.models.unet_keras:KerasUNet", widths=(16, 32, 64)),
        checkpoint="benchmarks/zoo/unet_retinas/unet_retinas.pth",
        data=dict(type="retinas"),
        calibration=dict(samples=16),
        batch_size=8,
        needs=["benchmarks/zoo/unet_retinas/unet_retinas.pth"],
        expected=dict(ann=0.762, tolerance=0.003),
    ),
)
