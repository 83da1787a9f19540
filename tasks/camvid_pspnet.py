"""PSPNet with a ResNet-18 on CamVid's 11 classes, in the layout of SegNet's tutorial; with weights of your own.

    python tools/run_bench.py tasks/camvid_pspnet.py                                                       # mini
    python tools/run_bench.py tasks/camvid_pspnet.py --data-root /data/CamVid --checkpoint pspnet_camvid.pth

MMSegmentation has no CamVid and publishes no weights for it. /data/CamVid holds test/, testannot/ and, to calibrate on,
nothing else: test pictures are set aside. What it does not say is as in voc12_fcn.py.
"""

_base_ = "./voc12_fcn.py"

name = "camvid_pspnet"
version = 1
description = "PSPNet with a ResNet-18 of stride 8; mIoU on CamVid test"
mini = "voc12_fcn"  # that task's small semantic FPN on generated scenes

variants = dict(
    full=dict(
        config="mmseg::pspnet/pspnet_r18-d8_4xb2-80k_cityscapes-512x1024.py",
        checkpoint=None,
        data=dict(
            name="CamVid",
            dataset="BaseSegDataset",
            data_prefix=dict(img_path="test", seg_map_path="testannot"),
            train=dict(img_path="train", seg_map_path="trainannot"),  # tools/train_ann.py; val chooses the epoch
            val=dict(img_path="val", seg_map_path="valannot"),
            ann_file="",
            img_suffix=".png",
            seg_map_suffix=".png",
            ignore=[11],  # void
            metainfo=dict(
                classes=(
                    "sky",
                    "building",
                    "pole",
                    "road",
                    "pavement",
                    "tree",
                    "sign",
                    "fence",
                    "car",
                    "pedestrian",
                    "bicyclist",
                )
            ),
        ),
        needs=["test", "testannot"],
        expected=None,
        options=dict(
            cfg_options={"model.decode_head.num_classes": 11, "test_dataloader.dataset.pipeline.1.scale": (480, 360)}
        ),
    ),
    mini=None,
)
