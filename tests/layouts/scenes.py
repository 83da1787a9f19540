"""Large sets of scenes with masks: COCO-Stuff 164k (Caesar et al., 2018) and ADE20K (Zhou et al., 2017) as MMSegmentation prepares
and as the authors publish them."""

from .pictures import mask, picture
from .registry import layout


@layout("mmseg COCOStuffDataset")
def coco_stuff(folder):
    """images/{val2017,train2017} and annotations/ with masks of the 171 classes (<picture>_labelTrainIds.png)."""
    for split, numbers in (("val2017", (139, 285, 632)), ("train2017", range(9, 15))):
        for k in numbers:
            picture(folder / "images" / split / f"{k:012d}.jpg", 192, 144)
            mask(folder / "annotations" / split / f"{k:012d}_labelTrainIds.png", [255, *range(171)], 192, 144)
    return folder


@layout("mmseg ADE20KDataset")
def ade20k(folder):
    """ADEChallengeData2016: images/ and annotations/ of validation and training; masks of 1 to 150, 0 for what is none."""
    root = folder / "ADEChallengeData2016"
    for split, short, number in (("validation", "val", 3), ("training", "train", 6)):
        for k in range(1, number + 1):
            name = f"ADE_{short}_{k:08d}"
            picture(root / "images" / split / f"{name}.jpg", 192, 144)
            mask(root / "annotations" / split / f"{name}.png", range(151), 192, 144)
    return root
