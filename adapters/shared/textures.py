"""Random numbers, resizing, colours and textures whose bytes are the same on every machine.

Everything is integer arithmetic, and random numbers come from the raw bits of PCG64: numpy guarantees those for ever,
but not the streams of Generator's methods. Source: ours.
"""

from functools import lru_cache

import numpy as np


class Stream:
    """Random integers from a key of non-negative integers; the same key gives the same numbers for ever."""

    def __init__(self, *key):
        self._bits = np.random.PCG64(np.random.SeedSequence(key))

    def below(self, n, shape=None):
        """An int in 0..n-1, or an int64 array of ``shape`` of them (n < 2**31; bias below n / 2**32)."""
        if shape is None:
            return ((int(self._bits.random_raw()) >> 32) * n) >> 32
        raw = np.asarray(self._bits.random_raw(int(np.prod(shape))), np.uint64).reshape(shape)
        return (((raw >> np.uint64(32)) * np.uint64(n)) >> np.uint64(32)).astype(np.int64)

    def between(self, low, high):
        """An int in low..high, both included."""
        return low + self.below(high - low + 1)

    def chance(self, percent):
        """True in ``percent`` of the cases."""
        return self.below(100) < percent


@lru_cache(maxsize=4096)
def _taps(source, target, cubic):
    """For each of ``target`` pixels: source rows int64 [taps, target] and weights in 1/256 (they sum to 256).

    Linear, or Catmull-Rom; pixel centres are aligned and edges replicated.
    """
    centre = (2 * np.arange(target) + 1) * source * 256 // (2 * target) - 128  # in 1/256 of a source pixel
    cell, t = centre >> 8, centre & 255
    if cubic:
        first = (-(t**3) + 512 * t**2 - 65536 * t) >> 17
        third = (-3 * t**3 + 1024 * t**2 + 65536 * t) >> 17
        last = (t**3 - 256 * t**2) >> 17
        rows, weights = [cell - 1, cell, cell + 1, cell + 2], [first, 256 - first - third - last, third, last]
    else:
        rows, weights = [cell, cell + 1], [256 - t, t]
    return np.stack(rows).clip(0, source - 1), np.stack(weights)


def resize(image, height, width, cubic=False):
    """[h, w] integers -> int64 [height, width]; linear, or cubic (which may overshoot the input's range)."""
    rows, weights = _taps(image.shape[0], height, cubic)
    tall = sum(image[r] * w[:, None] for r, w in zip(rows, weights))
    columns, weights = _taps(image.shape[1], width, cubic)
    return (sum(tall[:, c] * w for c, w in zip(columns, weights)) + 32768) >> 16


def hsv(hue, saturation, value):
    """RGB as int64 [3] from hue 0..1535 (six sextants of 256), saturation and value 0..255."""
    sextant, f = divmod(hue % 1536, 256)
    p = value * (255 - saturation) // 255
    q = value * (255 * 256 - saturation * f) // (255 * 256)
    t = value * (255 * 256 - saturation * (256 - f)) // (255 * 256)
    v = value
    return np.array([(v, t, p), (q, v, p), (p, v, t), (p, q, v), (t, p, v), (v, p, q)][sextant], np.int64)


def mix(low, high, field):
    """Colours between ``low`` and ``high`` ([3] each) by a field [H, W] of 0..255: int64 [H, W, 3]."""
    return low + ((high - low) * field[..., None] + 127) // 255


def _wave(v, period):
    """Triangle wave of 0..255 with ``period``, of an integer field."""
    half = max(period // 2, 1)
    return abs(v % (2 * half) - half) * 255 // half


def _clouds(stream, side):
    field = 0
    cells = stream.between(2, 6)
    for octave in range(4):
        field = field + resize(stream.below(256, (cells << octave,) * 2), side, side) * (8 >> octave)
    return _stretch(field)


def _stretch(field):
    low, high = int(field.min()), int(field.max())
    return (field - low) * 255 // max(high - low, 1)


def _plane(stream, side):
    """x and y of every pixel, turned by one of 16 directions, in 1/16 pixel."""
    a, b = [(16, 0), (15, 6), (11, 11), (6, 15), (0, 16), (-6, 15), (-11, 11), (-15, 6)][stream.below(8)]
    y, x = np.mgrid[:side, :side]
    return a * x + b * y, a * y - b * x


def _stripes(stream, side):
    u, _ = _plane(stream, side)
    bend = resize(stream.below(256, (4, 4)), side, side) * stream.between(0, 3)
    return _wave(u + bend, 16 * stream.between(10, 48))


def _plaid(stream, side):
    u, v = _plane(stream, side)
    first, second = _wave(u, 16 * stream.between(14, 56)), _wave(v, 16 * stream.between(14, 56))
    return (first * stream.between(1, 3) + second * stream.between(1, 3)) // 6


def _wood(stream, side):
    u, v = _plane(stream, side)
    grain = resize(stream.below(256, (stream.between(3, 6), 2)), side, side)
    fine = resize(stream.below(256, (96, 3)), side, side)
    return (2 * _wave(u + v // 8 + 8 * grain, 16 * stream.between(12, 30)) + fine) // 3


def _tiles(stream, side):
    size, gap = stream.between(18, 54), stream.between(1, 3)
    y, x = np.mgrid[:side, :side] + size * 4
    row = y // size
    x = x + (row & 1) * (size // 2) * stream.below(2)  # every second row shifted: bricks
    tone = stream.below(140, (64, 64))[row % 64, (x // size) % 64] + 80
    return np.where((y % size < gap) | (x % size < gap), 10, tone)


def _pebbles(stream, side):
    field = _clouds(stream, side) // 2
    for _ in range(stream.between(15, 60)):
        cx, cy, r = stream.below(side), stream.below(side), stream.between(3, 14)
        y, x = np.ogrid[:side, :side]
        field = np.where((x - cx) ** 2 + (y - cy) ** 2 < r * r, stream.between(60, 255), field)
    return field


TEXTURES = (_clouds, _stripes, _plaid, _wood, _tiles, _pebbles)


def background(stream, side):
    """A colour background: one texture between two related colours, soft light, fine grain. int64 [side, side, 3]."""
    hue = stream.below(1536)
    low = hsv(hue, stream.between(20, 170), stream.between(30, 150))
    high = hsv(hue + stream.between(-160, 160), stream.between(20, 170), stream.between(90, 240))
    field = TEXTURES[stream.below(len(TEXTURES))](stream, side)
    image = mix(low, high, field)
    light = resize(stream.below(81, (2, 2)), side, side) + 175  # 175..255: one corner darker than another
    grain = stream.between(0, 10)
    return image * light[..., None] // 255 + stream.below(2 * grain + 1, (side, side))[..., None] - grain
