"""Fashion-MNIST: a carried subset as two PNG sheets, and the full set where it is installed.

The subset needs no installation: the first 250 images of each class of the test split ('test', 2,500 images) and the
first 50 of each class of the training split ('calibration', 500 images), classes one after the other. The full set
(70,000 images) is needed only to train. Source: Xiao, Rasul, Vollgraf (Zalando), 'Fashion-MNIST: a Novel Image Dataset
for Benchmarking Machine Learning Algorithms', 2017; MIT licence, its text lies beside the sheets.

    python -m adapters.shared.fashion_mnist --out DIR     # write the sheets anew from the full set
"""

import argparse
import gzip
import json
import os
import sys
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from adafire.errors import InputError

from .scripts import finished

CLASSES = ("t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle-boot")
SUBSET = Path(__file__).with_name("fashion_mnist_subset")
PARTS = {"test": ("test", 250, 50), "calibration": ("train", 50, 25)}  # part: split, images a class, columns of tiles
COUNTS = {"train": 60000, "test": 10000}
SYSTEM_FOLDER = Path("/usr/share/datasets/fashion-mnist")  # where Debian's package puts it
SIDE = 28


class Objects(NamedTuple):
    """images: uint8 [N, 28, 28], background 0; labels: uint8 [N]; indices: int64 [N], positions in ``split``."""

    images: np.ndarray
    labels: np.ndarray
    indices: np.ndarray
    split: str

    def subset(self, keep):
        """The objects that ``keep`` (an index or mask array) selects."""
        return Objects(self.images[keep], self.labels[keep], self.indices[keep], self.split)


def carried(part):
    """The carried objects of ``part``: 'test' (2,500 of the test split) or 'calibration' (500 of the train split)."""
    if part not in PARTS:
        raise InputError(f"unknown part {part!r} of the carried Fashion-MNIST subset; known: {', '.join(PARTS)}")
    split, _, columns = PARTS[part]
    try:
        entry = json.loads((SUBSET / "index.json").read_text())[part]
        sheet = np.asarray(Image.open(SUBSET / f"{part}.png"))
    except (OSError, ValueError, KeyError) as error:
        raise InputError(
            f"the carried Fashion-MNIST subset cannot be read ({error}); restore {SUBSET} from git"
        ) from None
    tiles = sheet.reshape(-1, SIDE, columns, SIDE).transpose(0, 2, 1, 3).reshape(-1, SIDE, SIDE)
    return Objects(tiles, np.array(entry["labels"], np.uint8), np.array(entry["indices"], np.int64), split)


def full(split, folder=None, download=False):
    """All objects of ``split`` ('train': 60,000, 'test': 10,000).

    folder: where the four IDX files lie (gzipped or not, also as torchvision's ``FashionMNIST/raw``); by default
    Debian's folder, then the project's cache. download: fetch into the cache with torchvision when there are none.
    """
    if split not in COUNTS:
        raise InputError(f"Fashion-MNIST has no split {split!r}; it has {' and '.join(COUNTS)}")
    images = _read_idx(_find(split, "images-idx3-ubyte", folder, download), 16)
    labels = _read_idx(_find(split, "labels-idx1-ubyte", folder, download), 8)
    count = COUNTS[split]
    if len(labels) != count or images.size != count * SIDE * SIDE or labels.max() > 9:
        raise InputError(
            f"the Fashion-MNIST {split} files hold {images.size} pixels and {len(labels)} labels, not "
            f"{count} images of 28 x 28; install them again: apt-get install dataset-fashion-mnist"
        )
    objects = Objects(images.reshape(-1, SIDE, SIDE), labels, np.arange(count), split)
    for part, (source, _, _) in PARTS.items():  # MNIST has the same shapes, so compare with what is carried
        if source == split and (SUBSET / "index.json").exists():
            ours = carried(part)
            if not np.array_equal(objects.images[ours.indices], ours.images):
                raise InputError(
                    f"the {split} files are not those of Fashion-MNIST: images differ from the carried "
                    f"'{part}' sheet; install them: apt-get install dataset-fashion-mnist"
                )
    return objects


def is_there(split, folder=None):
    """Whether the files that ``full`` reads are at hand."""
    try:
        return bool(
            _find(split, "images-idx3-ubyte", folder, False) and _find(split, "labels-idx1-ubyte", folder, False)
        )
    except InputError:
        return False


def cache_folder():
    """The project's cache: $ADAFIRE_CACHE, or ~/.cache/adafire."""
    return Path(os.environ.get("ADAFIRE_CACHE") or Path.home() / ".cache" / "adafire")


def _find(split, kind, folder, download):
    name = f"{'train' if split == 'train' else 't10k'}-{kind}"
    roots = [Path(folder)] if folder else [SYSTEM_FOLDER, cache_folder()]
    candidates = [
        root / sub / (name + end) for root in roots for sub in ("", "raw", "FashionMNIST/raw") for end in (".gz", "")
    ]
    found = next((path for path in candidates if path.is_file()), None)
    if found is None and download and not folder:
        from torchvision.datasets import FashionMNIST  # brings its own mirrors and checksums

        try:
            FashionMNIST(str(cache_folder()), train=split == "train", download=True)
        except (OSError, RuntimeError) as error:
            raise InputError(
                f"Fashion-MNIST cannot be downloaded ({error}); install it: apt-get install dataset-fashion-mnist"
            ) from None
        return _find(split, kind, folder, download=False)
    if found is None:
        raise InputError(
            f"Fashion-MNIST's file {name}.gz is not in {' or '.join(map(str, roots))}; install it with "
            "'apt-get install dataset-fashion-mnist', or name its folder with --fashion-mnist DIR, "
            "or let torchvision fetch it with --download"
        )
    return found


def _read_idx(path, header):
    try:
        data = gzip.open(path).read() if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(
            f"{path} is damaged ({error}); install it again: apt-get install dataset-fashion-mnist"
        ) from None
    return np.frombuffer(data, np.uint8, offset=min(header, len(data)))


def write_subset(out, folder=None, download=False):
    """Write the sheets and ``index.json`` of both parts into folder ``out``, from the full set."""
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    index = {}
    for part, (split, per_class, columns) in PARTS.items():
        objects = full(split, folder, download)
        objects = objects.subset(np.concatenate([np.flatnonzero(objects.labels == c)[:per_class] for c in range(10)]))
        sheet = objects.images.reshape(-1, columns, SIDE, SIDE).transpose(0, 2, 1, 3).reshape(-1, columns * SIDE)
        Image.fromarray(sheet).save(out / f"{part}.png", optimize=True)
        index[part] = {"split": split, "labels": objects.labels.tolist(), "indices": objects.indices.tolist()}
    (out / "index.json").write_text(json.dumps(index, separators=(",", ":")) + "\n")


def main(argv=None):
    parser = argparse.ArgumentParser(
        prog="python -m adapters.shared.fashion_mnist",
        description="Write the carried Fashion-MNIST sheets anew from the full set.",
    )
    parser.add_argument("--out", default=str(SUBSET), help="folder to write to (default: the carried one)")
    parser.add_argument("--fashion-mnist", metavar="DIR", help="folder of the full set's IDX files")
    parser.add_argument("--download", action="store_true", help="fetch the full set with torchvision when it is absent")
    options = parser.parse_args(argv)
    return finished(lambda: write_subset(options.out, options.fashion_mnist, options.download))


if __name__ == "__main__":
    sys.exit(main())
