"""What only pictures and annotations together show, found before anything runs: pictures of another size than their
annotations, twice the same picture, boxes that are none, and nothing to score."""

from collections import defaultdict

from adafire.errors import InputError

from .data.coco_annotations import nothing_to_score

SIZES = ("annotated", "loaded")


def sample(image_id, path):
    """What MMDetection's pipelines begin with."""
    return {"img_id": image_id, "img_path": str(path), "seg_map_path": None, "instances": []}


def check(annotations, ids, labels, facts, pipeline, scoring, sizes=SIZES[0]):
    """Notes on the images ``ids`` (their Facts) and their objects; InputError for what would give a wrong number.

    labels: category id of each label; pipeline: the config's, a pipelines.Pipeline; scoring: 'coco' or 'voc'; sizes:
    'loaded' if boxes are of the images as loaded whatever width and height the annotations say (wrong ones are common).
    """
    objects = [o for chosen in [set(ids)] for o in annotations.objects if o["image_id"] in chosen]
    return [
        *_sizes(annotations, ids, facts, pipeline, sizes),
        *_contents(annotations, ids, facts),
        *_boxes(annotations, objects, dict(zip(ids, facts))),
        *_classes(annotations, ids, labels, objects, scoring),
    ]


def _sizes(annotations, ids, facts, pipeline, sizes):
    unclear, other = [], []
    for image_id, fact in zip(ids, facts):
        image, path = annotations.images[image_id], annotations.path(image_id)
        stated = image["width"], image["height"]
        if not fact.turned and (None in stated or fact.size == stated):
            continue
        size = tuple(pipeline.loaded(sample(image_id, path)).shape[1::-1])  # EXIF heeded or not
        if None not in stated and size != stated and sizes == "loaded":
            other.append(path.name)
        elif None not in stated and size != stated:
            stored = (
                f" ({fact.size[0]} x {fact.size[1]} as stored, turned as its EXIF orientation says)"
                if size != fact.size
                else ""
            )
            raise InputError(
                f"image '{path}' has {size[0]} x {size[1]} pixels as it is loaded{stored}, its annotations are of "
                f"{stated[0]} x {stated[1]}; expected the pictures that were annotated, neither resized nor "
                "turned since. If the boxes fit and only width and height are wrong: data=dict(..., "
                "sizes='loaded')"
            )
        elif None in stated or fact.orientation < 5 or size[0] == size[1]:
            unclear.append(path.name)
    if other:
        yield (
            f"{len(other)} of the {len(ids)} images have another size than their annotations say ('{other[0]}' is the first); "
            "their boxes are taken to be of the images as loaded (sizes='loaded')"
        )
    if unclear:
        yield (
            f"EXIF turns or mirrors {len(unclear)} of the {len(ids)} images as they are loaded ('{unclear[0]}' is the first), "
            "and their size cannot show whether their boxes are of the image as loaded; they are taken to be"
        )


def _contents(annotations, ids, facts):
    same = defaultdict(list)
    for image_id, fact in zip(ids, facts):
        same[fact.sha256].append(annotations.images[image_id]["file_name"])
    copies = [names for names in same.values() if len(names) > 1]
    for one, other, *_ in copies:
        if one.casefold() == other.casefold():
            raise InputError(
                f"'{annotations.annotation_file}' lists '{one}' and '{other}', which are the same picture; "
                "expected each picture once"
            )
    if copies:
        yield (
            f"{sum(map(len, copies)) - len(copies)} of the {len(ids)} images are copies of another under another name "
            f"('{copies[0][0]}' and '{copies[0][1]}'); each is scored"
        )


def _boxes(annotations, objects, facts):
    beyond, empty, seen, twice, far = [], [], set(), [], 0
    for o in objects:
        (x, y, width, height), fact = o["bbox"], facts[o["image_id"]]
        right, bottom = fact.size if fact.orientation < 5 else 2 * (max(fact.size),)
        place = o["image_id"], o["category_id"], *o["bbox"]
        far = max(far, x + width, y + height)
        if x < -1 or y < -1 or x + width > right + 1 or y + height > bottom + 1:
            beyond.append(o)
        if not width * height and "difficult" not in o:  # VOC's last pixel is inside
            empty.append(o)
        if place in seen:
            twice.append(o)
        seen.add(place)

    def of(o):
        return f"bbox {o['bbox']} in '{annotations.images[o['image_id']]['file_name']}'"

    if objects and far <= 1:
        raise InputError(
            f"the boxes in '{annotations.annotation_file}' lie between 0 and 1, as {of(objects[0])}; expected "
            "pixels: multiply them by width and height"
        )
    if len(beyond) > max(2, len(objects) / 2):
        raise InputError(
            f"{len(beyond)} of {len(objects)} boxes in '{annotations.annotation_file}' reach beyond their image, as "
            f"{of(beyond[0])}; expected [x, y, width, height] in pixels of it, not two corners and not those of "
            "another size"
        )
    for found, words in (
        (beyond, "reach beyond their image"),
        (empty, "have no area, so nothing can find them"),
        (twice, "stand twice in their image, with the same class, and are to be found twice"),
    ):
        if found:
            yield f"{len(found)} of {len(objects)} boxes {words} ({of(found[0])} is the first)"


def _classes(annotations, ids, labels, objects, scoring):
    hidden = ("iscrowd", "difficult") if scoring == "voc" else ("iscrowd",)
    present = {o["category_id"] for o in objects if not any(o.get(key) for key in hidden)}
    absent = [annotations.categories[i] for i in labels if i not in present]
    if len(absent) == len(labels):
        raise nothing_to_score(annotations, len(ids))
    if absent:
        names = ", ".join(f"'{n}'" for n in absent[:5]) + (", ..." if len(absent) > 5 else "")
        yield (
            f"no object to find in these images for {len(absent)} of the {len(labels)} classes ({names}): the metric is "
            "the mean over the others"
        )
