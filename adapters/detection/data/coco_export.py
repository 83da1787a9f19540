"""Fashion scenes on disk in COCO's layout, complete or absent.

<root>/annotations/instances_<split>.json      boxes, and masks as compressed RLE
<root>/<split>/000001.png ...
<root>/fingerprint_<split>.json                written last: without it, or with another one, the split is made anew

python -m adapters.detection.data.coco_export SPLIT [--out DIR] [--scenes N]
"""

import argparse
import hashlib
import json
import os
import shutil
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from filelock import FileLock
from PIL import Image

from adafire.errors import InputError

from ...shared.fashion_mnist import CLASSES, cache_folder
from ...shared.scripts import finished
from .fashion_scenes import SIZE, SPLITS, VERSION, check_split, scene, split_objects


def ensure(split, scenes=None, workers=1, fashion_mnist=None, download=False):
    """Path of a root folder with ``split`` in it, from the cache or generated now (see ``export``)."""
    check_split(split)
    scenes = SPLITS[split] if scenes is None else scenes
    root = cache_folder() / f"fashion-scenes-v{VERSION}" / f"{split}-{scenes}"
    return export(root, split, scenes, workers, fashion_mnist, download)


def export(root, split, scenes=None, workers=1, fashion_mnist=None, download=False):
    """Write ``scenes`` scenes of ``split`` under ``root`` unless they are there already; returns ``root`` as a Path.

    workers: processes that render (more than 1 only from a script with an ``if __name__ == "__main__"`` guard).
    fashion_mnist, download: where the full set lies, see ``fashion_mnist.full``; 'train' and 'val' need it.
    Safe when several processes ask at once: one generates, the others wait.
    """
    check_split(split)
    scenes = SPLITS[split] if scenes is None else scenes
    if scenes < 1:
        raise InputError(f"asked for {scenes} scenes of split {split!r}; at least 1 is needed")
    root = Path(root)
    want = {"version": VERSION, "split": split, "scenes": scenes}
    if _complete(root, split, want):
        return root
    objects = split_objects(split, fashion_mnist, download)
    try:
        root.mkdir(parents=True, exist_ok=True)
        with FileLock(root / f".{split}.lock"):
            if _complete(root, split, want):  # somebody else was faster
                return root
            for left in root.glob(f".{split}-*.tmp"):  # of a run that was killed
                shutil.rmtree(left, ignore_errors=True)
            with tempfile.TemporaryDirectory(dir=root, prefix=f".{split}-", suffix=".tmp") as work:
                _generate(Path(work), objects, split, scenes, workers, want)
                _install(Path(work), root, split)
    except OSError as error:
        raise InputError(
            f"fashion scenes cannot be written to {root} ({error}); set ADAFIRE_CACHE to a folder with room"
        ) from error
    return root


def fingerprint(root, split):
    """What the exported split is: {version, split, scenes, sha256 of all pixels, boxes and masks}."""
    try:
        return json.loads((Path(root) / f"fingerprint_{split}.json").read_text())
    except (OSError, ValueError):
        raise InputError(
            f"{root} holds no complete split {split!r} of fashion scenes; "
            f"generate it: python -m adapters.detection.data.coco_export {split} --out {root}"
        ) from None


def _complete(root, split, want):
    """Whether the split is on disk, complete and of the wanted version and size."""
    try:
        have = fingerprint(root, split)
        images = sum(entry.name.endswith(".png") for entry in os.scandir(root / split))
    except (InputError, OSError):
        return False
    return (
        all(have.get(key) == value for key, value in want.items())
        and images == want["scenes"]
        and (root / "annotations" / f"instances_{split}.json").is_file()
    )


def _install(work, root, split):
    """Move a finished split into place; a crash in between leaves no fingerprint."""
    (root / f"fingerprint_{split}.json").unlink(missing_ok=True)
    if (root / split).exists():
        os.replace(root / split, work / "old")
    os.replace(work / split, root / split)
    (root / "annotations").mkdir(exist_ok=True)
    os.replace(work / "instances.json", root / "annotations" / f"instances_{split}.json")
    os.replace(work / "fingerprint.json", root / f"fingerprint_{split}.json")


def _generate(work, objects, split, scenes, workers, want):
    (work / split).mkdir()
    tasks = [(str(work / split), split, range(first, min(first + 50, scenes))) for first in range(0, scenes, 50)]
    if workers > 1 and len(tasks) > 1:
        with ProcessPoolExecutor(workers, get_context("spawn"), _start_worker, (objects,)) as pool:
            chunks = list(pool.map(_render, tasks))
    else:
        _start_worker(objects)
        chunks = [_render(task) for task in tasks]
    records = [record for chunk in chunks for record in chunk]

    digest, images, annotations = hashlib.sha256(), [], []
    for number, (pixels, entries) in enumerate(records):
        digest.update(pixels.encode() + json.dumps(entries).encode())
        images.append({"id": number + 1, "file_name": _name(number), "height": SIZE, "width": SIZE})
        annotations += [
            {"id": len(annotations) + k + 1, "image_id": number + 1, "iscrowd": 0, **entry}
            for k, entry in enumerate(entries)
        ]
    coco = coco_of(f"fashion scenes, split {split}", images, annotations)
    (work / "instances.json").write_text(json.dumps(coco, separators=(",", ":")))
    (work / "fingerprint.json").write_text(json.dumps({**want, "sha256": digest.hexdigest()}) + "\n")


def coco_of(description, images, annotations):
    """The content of a COCO file of the ten classes."""
    return {
        "info": {"description": description, "version": str(VERSION)},
        "licenses": [{"id": 1, "name": "MIT (Fashion-MNIST, Zalando SE)"}],
        "categories": [{"id": c + 1, "name": name, "supercategory": "fashion"} for c, name in enumerate(CLASSES)],
        "images": images,
        "annotations": annotations,
    }


def _start_worker(objects):
    global _objects  # handed to a worker once, not with every task
    _objects = objects


def _render(task):
    """Draw and save some scenes: [(hash of the pixels, [COCO annotation without ids])]."""
    from pycocotools import mask as rle

    folder, split, numbers = task
    records = []
    for number in numbers:
        drawn = scene(_objects, split, number)
        Image.fromarray(drawn.image).save(Path(folder) / _name(number), compress_level=1)
        codes = rle.encode(drawn.masks().transpose(1, 2, 0).astype("uint8", order="F"))
        entries = [
            {
                "category_id": label + 1,
                "bbox": box.tolist(),
                "area": int(rle.area(code)),
                "segmentation": {"size": code["size"], "counts": code["counts"].decode()},
                "source": source,
            }
            for label, source, box, code in zip(drawn.labels, drawn.sources, drawn.boxes(), codes)
        ]
        records.append((hashlib.sha256(drawn.image.tobytes()).hexdigest(), entries))
    return records


def _name(number):
    return f"{number + 1:06d}.png"


def main(argv=None):
    parser = argparse.ArgumentParser(
        prog="python -m adapters.detection.data.coco_export",
        description="Write a split of the fashion scenes in COCO's layout.",
    )
    parser.add_argument("split", help=", ".join(SPLITS))
    parser.add_argument("--out", metavar="DIR", help="root folder (default: in the cache, see ADAFIRE_CACHE)")
    parser.add_argument("--scenes", type=int, metavar="N", help="how many (default: the split's own number)")
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="processes (default 1)")
    parser.add_argument("--fashion-mnist", metavar="DIR", help="folder of the full Fashion-MNIST, for train and val")
    parser.add_argument("--download", action="store_true", help="fetch the full set with torchvision when it is absent")
    options = parser.parse_args(argv)
    source = (options.scenes, options.workers, options.fashion_mnist, options.download)
    made = (export, options.out, options.split) if options.out else (ensure, options.split)
    return finished(lambda: made[0](*made[1:], *source))


if __name__ == "__main__":
    sys.exit(main())
