"""The pictures that a classification variant's network is trained on, in memory."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from adafire.errors import InputError

from ..shared.images import THREADS, check, decode
from ..shared.training import Part, without_scored
from .data.image_sets import read
from .preprocessing import preprocessing


def training(settings, options):
    """Training of a variant's ``settings``: uint8 pictures [n, channels, height, width], all of one size, as they lie there.

    InputError: no train pictures, pictures of several sizes, whatever ``read`` and ``check`` raise.
    """
    found, prepare = read(settings.get("data"), options), preprocessing(settings.get("preprocessing", {}))
    if found.train is None:
        raise InputError(
            f"{found.name} has no train pictures in '{options.data_root}'; to train, give a folder that holds its train set too"
        )
    if prepare.resize or prepare.size:
        raise InputError("pictures that are scaled are not trained on here; expected a set of pictures of one size")
    train, test = (_part(pictures, found.side, len(prepare.mean)) for pictures in (found.train(), found.test))
    return without_scored(found.name, found.classes, train, test)


def _part(pictures, side, channels):
    facts = check(pictures, side)
    sizes = {f.size for f in facts}
    if len(sizes) != 1:
        raise InputError(f"the pictures have {len(sizes)} sizes; to train, pictures of one size are expected")
    mode = "L" if channels == 1 else "RGB"
    with ThreadPoolExecutor(THREADS) as pool:
        pixels = np.stack(list(pool.map(lambda p: np.asarray(decode(p).convert(mode)), pictures)))
    pixels = pixels[:, None] if channels == 1 else np.ascontiguousarray(pixels.transpose(0, 3, 1, 2))
    return Part([p.id for p in pictures], pixels, np.array([p.label for p in pictures]), [f.sha256 for f in facts])
