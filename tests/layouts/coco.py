"""COCO (Lin et al., 2014): instances_val2017.json with polygons, run lengths and crowds, and the pictures of val and train."""

import json

from .pictures import picture
from .registry import layout

NAMES = """
person bicycle car motorcycle airplane bus train truck boat traffic_light fire_hydrant stop_sign parking_meter bench
bird cat dog horse sheep cow elephant bear zebra giraffe backpack umbrella handbag tie suitcase frisbee skis
snowboard sports_ball kite baseball_bat baseball_glove skateboard surfboard tennis_racket bottle wine_glass cup fork
knife spoon bowl banana apple sandwich orange broccoli carrot hot_dog pizza donut cake chair couch potted_plant bed
dining_table toilet tv laptop mouse remote keyboard cell_phone microwave oven toaster sink refrigerator book clock
vase scissors teddy_bear hair_drier toothbrush
"""
"""Blanks within a name are written as _."""
ABSENT = {12, 26, 29, 30, 45, 66, 68, 69, 71, 83}
"""Ids between 1 and 90 that no category has."""


def categories():
    """COCO's 80 categories with its ids."""
    names = [name.replace("_", " ") for name in NAMES.split()]
    ids = [k for k in range(1, 91) if k not in ABSENT]
    assert len(names) == len(ids) == 80
    return [{"id": k, "name": name, "supercategory": "thing"} for k, name in zip(ids, names)]


def objects(image, width, height, first):
    """Three objects of a picture: a polygon, a crowd whose mask is told in run lengths, and one of two polygons."""
    box = [4.5, 6.0, 30.0, 20.5]
    corners = [4.5, 6.0, 34.5, 6.0, 34.5, 26.5, 4.5, 26.5]
    common = {"image_id": image, "iscrowd": 0}
    counts = [height * 10, 30, width * height - height * 10 - 30]  # columns first: 30 pixels of the eleventh column
    return [
        {**common, "id": first, "category_id": 1, "bbox": box, "area": 615.0, "segmentation": [corners]},
        {
            **common,
            "id": first + 1,
            "category_id": 90,
            "bbox": [10, 0, 1, 30],
            "area": 30,
            "iscrowd": 1,
            "segmentation": {"counts": counts, "size": [height, width]},
        },
        {
            **common,
            "id": first + 2,
            "category_id": 17 + image % 3,
            "bbox": [20, 10, 30, 30],
            "area": 500,
            "segmentation": [[20, 10, 35, 10, 35, 40], [40, 20, 50, 20, 50, 40]],
        },
    ]


@layout("coco", "coco_objects")
def coco(folder, width=64, height=48):
    """annotations/instances_val2017.json, 4 pictures in val2017 (the last without objects), 6 in train2017 to calibrate on."""
    images, found = [], []
    for k, number in enumerate((139, 285, 632, 724)):
        name = f"{number:012d}.jpg"
        picture(folder / "val2017" / name, width, height)
        images.append({"id": number, "file_name": name, "width": width, "height": height, "license": 1})
        found += objects(number, width, height, 100 + 10 * k) if k < 3 else []
    for number in (9, 25, 30, 34, 36, 42):
        picture(folder / "train2017" / f"{number:012d}.jpg", width, height)
    content = {
        "info": {"year": 2017},
        "licenses": [],
        "images": images,
        "annotations": found,
        "categories": categories(),
    }
    (folder / "annotations").mkdir()
    (folder / "annotations" / "instances_val2017.json").write_text(json.dumps(content))
    return folder
