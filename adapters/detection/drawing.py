"""Boxes on an image: the ground truth, or what was detected with a score of at least ``SCORE``."""

import numpy as np
from PIL import Image, ImageOps

SCORE = 0.25
_COLOURS = ("#d55e00", "#0072b2", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#f0e442")  # Okabe and Ito's palette


def draw(axes, workload, sample_id, prediction):
    """Draw an image of a detection workload into matplotlib Axes with its objects, or with a prediction's boxes."""
    data = workload.annotations
    axes.imshow(np.asarray(_as_loaded(workload, sample_id).convert("RGB")))
    if prediction is None:
        objects = [o for o in data.objects if o["image_id"] == sample_id and o["category_id"] in workload.category_ids]
        boxes = [(*o["bbox"], workload.category_ids.index(o["category_id"]), None) for o in objects]
        axes.set_xlabel(f"{len(boxes)} objects")
    else:
        x1, y1, x2, y2 = np.asarray(prediction["boxes"], float).reshape(-1, 4).T
        boxes = [
            row for row in zip(x1, y1, x2 - x1, y2 - y1, prediction["labels"], prediction["scores"]) if row[-1] >= SCORE
        ]
        shown = [k for k, score in enumerate(prediction["scores"]) if score >= SCORE]
        for k in shown if "masks" in prediction else ():
            _mask(axes, prediction["masks"][k], int(prediction["labels"][k]))
        axes.set_xlabel(f"{len(boxes)} boxes of score {SCORE} or more")
    for x, y, width, height, label, score in boxes:
        _box(axes, (x, y, width, height), data.categories[workload.category_ids[label]], int(label), score)


def _mask(axes, rle, label):
    from matplotlib.colors import to_rgb
    from pycocotools import mask

    inside = mask.decode(rle).astype(float)
    colour = np.broadcast_to(to_rgb(_COLOURS[label % len(_COLOURS)]), (*inside.shape, 3))
    axes.imshow(np.concatenate([colour, 0.4 * inside[..., None]], 2))


def _as_loaded(workload, sample_id):
    """The image, turned by EXIF's orientation if the network's loader turns it: its boxes are of that."""
    path = workload.annotations.path(sample_id)
    with Image.open(path) as image:
        image.load()
    turned = ImageOps.exif_transpose(image)
    loaded = workload.pipeline.loaded(workload.given(sample_id, path)).shape[1::-1]
    return turned if turned.size == tuple(loaded) else image


def _box(axes, box, name, label, score):
    from matplotlib.patches import Rectangle

    x, y, width, height = map(float, box)
    colour = _COLOURS[label % len(_COLOURS)]
    axes.add_patch(Rectangle((x - 0.5, y - 0.5), width, height, fill=False, edgecolor=colour, linewidth=1.2))
    axes.text(
        x,
        y,
        name if score is None else f"{name} {score:.2f}",
        fontsize=5.5,
        color="white",
        va="bottom",
        bbox={"facecolor": colour, "edgecolor": "none", "pad": 0.8},
        clip_on=True,
    )
