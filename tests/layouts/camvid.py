"""CamVid (Brostow et al., 2009) in the layout of SegNet's tutorial: 11 classes, and 11 for what is none."""

from .pictures import mask, picture
from .registry import layout


@layout("mmseg CamVid")
def camvid(folder):
    """test/ with testannot/, train/ with trainannot/, val/ with valannot/, and the lists of pairs."""
    for split, first, number in (("test", 1, 8), ("train", 100, 4), ("val", 200, 2)):
        lines = []
        for k in range(number):
            name = f"{'Seq05VD_f' if split == 'test' else '0001TP_'}{first + 30 * k:05d}.png"
            picture(folder / split / name, 120, 90)
            mask(folder / f"{split}annot" / name, range(12), 120, 90)
            lines.append(f"/SegNet/CamVid/{split}/{name} /SegNet/CamVid/{split}annot/{name}\n")
        (folder / f"{split}.txt").write_text("".join(lines))
    return folder
