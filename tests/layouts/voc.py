"""PASCAL VOC (Everingham et al., 2010): VOCdevkit with the lists, annotations and masks of 2007 and 2012, oddities included."""

from adapters.detection.data.voc_annotations import CLASSES

from .pictures import mask, picture
from .registry import layout

OBJECT = """\t<object>
\t\t<name>{name}</name>
\t\t<pose>Unspecified</pose>
\t\t<truncated>0</truncated>
\t\t<difficult>{difficult}</difficult>
\t\t<bndbox>
\t\t\t<xmin>{box[0]}</xmin>
\t\t\t<ymin>{box[1]}</ymin>
\t\t\t<xmax>{box[2]}</xmax>
\t\t\t<ymax>{box[3]}</ymax>
\t\t</bndbox>
{more}\t</object>
"""
PART = "\t\t<part>\n\t\t\t<name>head</name>\n\t\t\t<bndbox><xmin>9</xmin><ymin>9</ymin><xmax>12</xmax><ymax>12</ymax></bndbox>\n\t\t</part>\n"
"""Of people in 2007 and 2012: no object of its own."""


def annotation(name, width, height, year, k):
    """The XML of one picture: an object of each of two classes, a difficult one, and one with fractions and a part."""
    objects = OBJECT.format(name=CLASSES[k % 20], difficult=0, box=(3, 4, 30, 25), more="")
    objects += OBJECT.format(name=CLASSES[(k + 7) % 20], difficult=1, box=(1, 1, width, height), more="")
    fractions = (8, 8.5, 40.25, 33) if year == 2012 else (8, 8, 40, 33)  # 2012 has some
    objects += OBJECT.format(name="person", difficult=0, box=fractions, more=PART)
    return (
        f"<annotation>\n\t<folder>VOC{year}</folder>\n\t<filename>{name}.jpg</filename>\n\t<size>\n\t\t<width>{width}</width>"
        f"\n\t\t<height>{height}</height>\n\t\t<depth>3</depth>\n\t</size>\n\t<segmented>0</segmented>\n{objects}</annotation>\n"
    )


def year_of(folder, year, lists, width=64, height=48):
    """A folder VOC<year>: ImageSets/Main/<list>.txt with the lists of one class beside them, JPEGImages, Annotations."""
    for part in ("ImageSets/Main", "Annotations", "JPEGImages"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    for split, numbers in lists.items():
        names = [f"{k:06d}" if year == 2007 else f"2008_{k:06d}" for k in numbers]
        (folder / "ImageSets" / "Main" / f"{split}.txt").write_text("".join(f"{name}\n" for name in names))
        (folder / "ImageSets" / "Main" / f"cat_{split}.txt").write_text("".join(f"{name} -1\n" for name in names))
        for k, name in zip(numbers, names):
            (folder / "Annotations" / f"{name}.xml").write_text(annotation(name, width, height, year, k))
            picture(folder / "JPEGImages" / f"{name}.jpg", width, height)
    return folder


@layout("voc")
def detection(folder):
    """VOCdevkit/VOC2007 with test and trainval, VOCdevkit/VOC2012 with val and train."""
    year_of(folder / "VOCdevkit" / "VOC2007", 2007, {"test": range(1, 5), "trainval": range(5, 11)})
    year_of(folder / "VOCdevkit" / "VOC2012", 2012, {"val": range(1, 5), "train": range(5, 11)})
    return folder


@layout("mmseg PascalVOCDataset")
def segmentation(folder):
    """VOC2012 with JPEGImages, SegmentationClass (with VOC's border of 255) and ImageSets/Segmentation, train and val."""
    for split, numbers in (("val", range(1, 4)), ("train", range(4, 10))):
        names = [f"2007_{k:06d}" for k in numbers]
        for name in names:
            picture(folder / "JPEGImages" / f"{name}.jpg")
            mask(folder / "SegmentationClass" / f"{name}.png", [0, 255, *range(1, 21)], palette=True)
        (folder / "ImageSets" / "Segmentation").mkdir(parents=True, exist_ok=True)
        (folder / "ImageSets" / "Segmentation" / f"{split}.txt").write_text("".join(f"{name}\n" for name in names))
    return folder
