"""From a picture as it is stored to the one that is shown: turned as its EXIF says, 8 bits a channel.

Detection and segmentation read pictures by OpenCV, which turns them and takes the upper 8 of 16 bits; this is the same
for Pillow, whose own conversion leaves pictures as they lie and cuts all values above 255.
"""

import numpy as np
from PIL import Image

from adafire.errors import InputError

ORIENTATION = 0x0112  # the EXIF tag; 1: as stored
UPRIGHT = {
    number: Image.Transpose[name]
    for number, name in enumerate(
        "FLIP_LEFT_RIGHT ROTATE_180 FLIP_TOP_BOTTOM TRANSPOSE ROTATE_270 TRANSVERSE ROTATE_90".split(), 2
    )
}
DEEP = ("I", "I;16", "I;16L", "I;16B", "I;16N")
EIGHT = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr", "HSV", "LAB")
"""Pillow's modes of integers of more than 8 bits, and those that it converts to grey and RGB itself."""


def orientation(image):
    """The EXIF orientation of a PIL image: 1 as stored, from 5 on width and height change places; 1 where it is none of 8."""
    try:
        found = image.getexif().get(ORIENTATION, 1)
    except Exception:  # of EXIF data that are damaged; the picture itself need not be
        return 1
    return found if found in UPRIGHT else 1


def values(image):
    """(least, largest) of a loaded PIL image of more than 8 bits, None of any other; InputError for a mode of no fixed range."""
    if image.mode in EIGHT:
        return None
    if image.mode not in DEEP:
        kind = "floating-point numbers, whose range is not agreed on" if image.mode == "F" else "not known here"
        raise InputError(f"is of mode {image.mode}: {kind}; expected 8 or 16 bits a channel: save it so")
    pixels = np.asarray(image)
    return int(pixels.min()), int(pixels.max())


def bits_of(found, facts, bits):
    """How many bits the values of the pictures have that have more than 8: ``bits`` if told, or 16 where the values say so.

    found, facts: Pictures and what ``images.check`` says of them. None where no picture has more than 8 bits.
    InputError: values that do not fit, or that leave the upper bits of 16 empty in every picture (12 bits in 16 would be
    read as nearly black).
    """
    deep = [(f.values, p) for p, f in zip(found, facts) if f.values]
    if not deep:
        return None
    (least, _), low = min(deep, key=lambda entry: entry[0][0])
    (_, largest), high = max(deep, key=lambda entry: entry[0][1])
    wanted = f"preprocessing=dict(bits={max(8, largest.bit_length())})"
    many = f"the largest value of {len(deep)} pictures of more than 8 bits"
    if least < 0:
        raise InputError(
            f"picture '{low.source}' has values from {least}; expected integers of 0 or more: save it in 8 or 16 bits"
        )
    if bits and largest >= 2**bits:
        raise InputError(
            f"picture '{high.source}' has a value of {largest}; preprocessing bits={bits} says {2**bits - 1} at most; "
            f"expected {wanted} or more"
        )
    if not bits and not 2**15 <= largest < 2**16:
        raise InputError(
            f"{many} is {largest}, in '{high.source}'; where 16 bits are used it is {2**15} to {2**16 - 1}. Say "
            f"how many bits they have, as in {wanted}"
        )
    return bits or 16


def shown(image, bits=None):
    """A loaded PIL image turned upright, in a mode that Pillow converts to grey or RGB. bits: of its values, 8 or more,
    where they have more than 8; the upper 8 are taken."""
    method = UPRIGHT.get(orientation(image))
    image = image if method is None else image.transpose(method)
    if image.mode in DEEP:
        return Image.fromarray(
            (np.asarray(image).astype(np.int64) >> max(0, (bits or 16) - 8)).clip(0, 255).astype(np.uint8)
        )
    return image.convert("RGB") if image.mode == "LAB" else image


def notes(found, facts, bits):
    """Sentences about pictures that others read otherwise: turned, of more than 8 bits, of several frames."""
    said = []

    def say(chosen, text):
        some = [p for p, f in zip(found, facts) if chosen(f)]
        if some:
            said.append(f"{len(some)} of {len(found)} pictures, the first '{some[0].id}', {text}")

    say(
        lambda f: f.turned,
        "are turned as their EXIF says; torchvision's and timm's loaders leave them as they lie, so a network "
        "trained by those saw them unturned",
    )
    say(
        lambda f: f.values,
        f"have more than 8 bits: the upper 8 of {bits} are taken, as OpenCV does; torchvision's loader cuts "
        "values above 255",
    )
    say(lambda f: f.frames > 1, "hold several frames, of which the first is taken, as other loaders do")
    return said
