"""What only pictures and annotations together show, found before anything runs: pictures of another size than their
annotations, twice the same picture, boxes that are none, nothing to score, and pictures that the pipeline cannot take."""

from collections import defaultdict

from adafire.errors import InputError

from .data.coco_annotations import nothing_to_score
from .data.image_files import image_size


def sample(image_id, path):
    """What MMDetection's pipelines begin with."""
    return {"img_id": image_id, "img_path": str(path), "seg_map_path": None, "instances": []}


def check(annotations, ids, labels, facts, pipeline, scoring):
    """Notes on the images ``ids`` (their Facts) and their objects; InputError for what would give a wrong number.

    labels: category id of each label; pipeline: MMEngine's Compose; scoring: 'coco' or 'voc'.
    """
    objects = [o for chosen in [set(ids)] for o in annotations.objects if o["image_id"] in chosen]
    return [*_sizes(annotations, ids, facts, pipeline), *_contents(annotations, ids, facts),
            *_boxes(annotations, objects, dict(zip(ids, facts))), *_classes(annotations, ids, labels, objects, scoring)]


def check_pipeline(paths, pipeline):
    """InputError if the pipeline cannot take one of the pictures that are thinnest or smallest."""
    sizes = {path: image_size(path) for path in dict.fromkeys(paths)}
    extremes = (lambda s: s[0] / s[1], lambda s: s[1] / s[0], lambda s: -s[0], lambda s: -s[1])
    for path in dict.fromkeys(max(sizes, key=lambda p: measure(sizes[p])) for measure in extremes):
        try:
            pipeline(sample(0, path))
        except Exception as error:  # pipelines are of anybody's code
            reason = " ".join(str(error).split())[:160] or type(error).__name__
            raise InputError(f"image '{path}' has {sizes[path][0]} x {sizes[path][1]} pixels, and the config's test pipeline "
                             f"cannot take it ({reason}); leave it out of the annotations or lists, or repair it") from error


def _loaded_size(pipeline, path):
    """(width, height) as the pipeline's loader shows the picture; it may follow EXIF's orientation or not."""
    state = sample(0, path)
    for step in pipeline.transforms:
        state = step(state)
        if "img" in state:
            return tuple(state["img"].shape[1::-1])
    return image_size(path)


def _sizes(annotations, ids, facts, pipeline):
    unclear = []
    for image_id, fact in zip(ids, facts):
        image, path = annotations.images[image_id], annotations.path(image_id)
        stated = image["width"], image["height"]
        if None in stated or fact.size == stated and not fact.turned:
            continue
        size = _loaded_size(pipeline, path)
        if size != stated:
            stored = f" ({fact.size[0]} x {fact.size[1]} as stored, turned as its EXIF orientation says)" \
                if size != fact.size else ""
            raise InputError(f"image '{path}' has {size[0]} x {size[1]} pixels as it is loaded{stored}, its annotations are of "
                             f"{stated[0]} x {stated[1]}; expected the pictures that were annotated, neither resized nor "
                             "turned since, or boxes, width and height that were changed with them")
        if size == fact.size:
            unclear.append(path.name)
    if unclear:
        yield (f"EXIF turns or mirrors {len(unclear)} of the {len(ids)} images as they are loaded ('{unclear[0]}' is the first), "
               "and their size cannot show whether their boxes are of the image as loaded; they are taken to be")


def _contents(annotations, ids, facts):
    same = defaultdict(list)
    for image_id, fact in zip(ids, facts):
        same[fact.sha256].append(annotations.images[image_id]["file_name"])
    copies = [names for names in same.values() if len(names) > 1]
    for one, other, *_ in copies:
        if one.casefold() == other.casefold():
            raise InputError(f"'{annotations.annotation_file}' lists '{one}' and '{other}', which are the same picture; "
                             "expected each picture once")
    if copies:
        yield (f"{sum(map(len, copies)) - len(copies)} of the {len(ids)} images are copies of another under another name "
               f"('{copies[0][0]}' and '{copies[0][1]}'); each is scored")


def _boxes(annotations, objects, facts):
    beyond, empty, seen, twice, far = [], [], set(), [], 0
    for o in objects:
        (x, y, width, height), fact = o["bbox"], facts[o["image_id"]]
        right, bottom = max(fact.size) if fact.turned else fact.size[0], max(fact.size) if fact.turned else fact.size[1]
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
        raise InputError(f"the boxes in '{annotations.annotation_file}' lie between 0 and 1, as {of(objects[0])}; expected "
                         "pixels: multiply them by width and height")
    if len(beyond) > max(2, len(objects) / 2):
        raise InputError(f"{len(beyond)} of {len(objects)} boxes in '{annotations.annotation_file}' reach beyond their image, as "
                         f"{of(beyond[0])}; expected [x, y, width, height] in pixels of it, not two corners and not those of "
                         "another size")
    for found, words in ((beyond, "reach beyond their image"), (empty, "have no area, so nothing can find them"),
                         (twice, "stand twice in their image, with the same class, and are to be found twice")):
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
        yield (f"{len(absent)} of the {len(labels)} classes have no object to find in these images ({names}): the metric is "
               "the mean over the others")
