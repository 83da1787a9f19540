"""A model of an event camera, and pictures moved before it in three saccades, as N-MNIST was recorded.

The model (after Lichtsteiner et al., 2008; Rebecq et al., ESIM, CoRL 2018; Hu et al., v2e, CVPRW 2021; simplified by us):
time runs in steps of ``step_us``. A pixel remembers a log intensity, at first that of the first picture. When the log
intensity ln(I + floor), I in 0..1 in steps of 1/4096, differs from what it remembers by its contrast threshold or more at the end of a step,
it emits one event with the sign of the difference, and what it remembers moves by one threshold towards it. The time of
the event is where the difference, taken as linear within the step, reached the threshold (the step's begin if it was
there already). For ``refractory_us`` after that time a pixel emits nothing. Thresholds differ from pixel to pixel
(``mismatch``: their standard deviation over their mean); noise adds events of either sign at ``noise_hz`` a pixel,
independent of everything.

Saccades: the picture is shifted along the three sides of a triangle (``CORNERS``, pixels), at constant speed, one side
after another; N-MNIST did so with a moving camera, 100 ms a side. Source of that recording: Orchard et al., 2015.
"""

from typing import NamedTuple

import numpy as np

EVENT = np.dtype([("t", "<i8"), ("x", "<i2"), ("y", "<i2"), ("p", "i1")])
"""One event: t in microseconds, column x and row y from the upper left, p 1 where it became brighter and 0 where darker."""
CORNERS = ((-2.5, -2.5), (0.0, 2.5), (2.5, -2.5))
"""(x, y) of the picture's centre, relative to the sensor's, at the begin of each saccade."""
DURATION_US = 300_000
_AT_ONCE = 256  # recordings that are simulated together


class Camera(NamedTuple):
    """threshold: contrast, in ln units; mismatch: its relative spread over pixels; refractory_us, step_us: microseconds;
    noise_hz: events a pixel and second; floor: added to intensities before the logarithm (dark current)."""

    threshold: float = 0.3
    mismatch: float = 0.03
    refractory_us: int = 1000
    noise_hz: float = 1.0
    step_us: int = 2000
    floor: float = 0.15


def simulate(pictures, camera, thresholds=None, first=None):
    """(recording, t, x, y, p) arrays of all events of several recordings, in the order of recordings and times.

    pictures: iterable of intensities [N, H, W] in 0..1, one for the end of each step (``first``: at time 0; default: the
    first of them). thresholds: [N, H, W]; default: the camera's, without mismatch. No noise is added.
    """
    pictures = iter(pictures)
    table = log_table(camera.floor)
    memory = _log(next(pictures) if first is None else first, table)
    thresholds = np.full_like(memory, camera.threshold) if thresholds is None else thresholds.astype(np.float32)
    ready = np.full(memory.shape, -1.0)  # microseconds
    before, found, begin = np.zeros_like(memory), [], 0
    if first is None:
        begin = camera.step_us
    for picture in pictures:
        now = _log(picture, table) - memory
        over = np.flatnonzero(np.abs(now) >= thresholds)
        if len(over):
            after, earlier, limit = now.ravel()[over], before.ravel()[over], thresholds.ravel()[over]
            sign = np.sign(after)
            rise = sign * (after - earlier)
            share = np.where(rise > 0, (limit - sign * earlier) / np.where(rise > 0, rise, 1), 0).clip(0, 1)
            times = begin + share * camera.step_us
            fires = times >= ready.ravel()[over]
            over, times, sign, limit = over[fires], times[fires], sign[fires], limit[fires]
            ready.ravel()[over] = times + camera.refractory_us
            memory.ravel()[over] += sign * limit
            now.ravel()[over] -= sign * limit
            found.append((over, times.astype(np.int64), sign > 0))
        before, begin = now, begin + camera.step_us
    pixel, t, p = (np.concatenate([part[k] for part in found]) if found else np.zeros(0, np.int64) for k in range(3))
    recording, rest = np.divmod(pixel, memory[0].size)
    y, x = np.divmod(rest, memory.shape[2])
    order = np.lexsort((t, recording))
    return tuple(value[order] for value in (recording, t, x, y, p.astype(np.int8)))


def log_table(floor):
    """ln(I + floor) for intensities I of 0, 1/4096, ..., 1, rounded to 1e-6: the same bits on every machine."""
    return np.log(np.arange(4097) / 4096 + floor).round(6).astype(np.float32)


def _log(picture, table):
    return table[(picture * np.float32(4096) + np.float32(0.5)).astype(np.int16)]


def positions(steps, corners=CORNERS):
    """(x, y) offsets [steps + 1, 2] along the closed triangle, at constant speed within each side."""
    corners = np.array([*corners, corners[0]], np.float64)
    along = np.linspace(0, 3, steps + 1)
    side = np.minimum(along.astype(int), 2)
    return corners[side] + (along - side)[:, None] * (corners[side + 1] - corners[side])


def shifted(images, offset, side):
    """Images [N, h, w] in the middle of a dark square of ``side`` pixels, moved by ``offset`` (x, y), bilinear."""
    count, height, width = images.shape
    left, top = (side - width) / 2 + offset[0], (side - height) / 2 + offset[1]
    column, row = int(np.floor(left)), int(np.floor(top))
    fx, fy = np.float32(left - column), np.float32(top - row)
    out = np.zeros((count, side, side), np.float32)
    for dy, wy in ((0, 1 - fy), (1, fy)):
        for dx, wx in ((0, 1 - fx), (1, fx)):
            if wy * wx > 0:
                out[:, row + dy : row + dy + height, column + dx : column + dx + width] += wy * wx * images
    return out


def saccades(images, seeds, side=34, camera=Camera(), duration_us=DURATION_US):
    """Iterator of the recordings of uint8 images [N, h, w]: one structured array of ``EVENT`` each, sorted by time.

    seeds: one sequence of whole numbers an image (its identity), which the mismatch and the noise of its recording are
    drawn from: a recording does not depend on which others are made with it.
    """
    steps = duration_us // camera.step_us
    path = positions(steps)
    for begin in range(0, len(images), _AT_ONCE):
        part = images[begin : begin + _AT_ONCE].astype(np.float32) / 255
        draws = [np.random.default_rng(seed) for seed in seeds[begin : begin + _AT_ONCE]]
        spread = np.stack([rng.standard_normal((side, side)) for rng in draws])
        thresholds = camera.threshold * (1 + camera.mismatch * spread).clip(0.5, 1.5)
        where, t, x, y, p = simulate(
            (shifted(part, offset, side) for offset in path[1:]), camera, thresholds, shifted(part, path[0], side)
        )
        bounds = np.searchsorted(where, np.arange(len(part) + 1))
        for k, rng in enumerate(draws):
            rows = slice(bounds[k], bounds[k + 1])
            yield _with_noise(t[rows], x[rows], y[rows], p[rows], rng, side, camera, duration_us)


def _with_noise(t, x, y, p, rng, side, camera, duration_us):
    count = rng.poisson(camera.noise_hz * side * side * duration_us * 1e-6)
    noise = (
        rng.integers(0, duration_us, count),
        rng.integers(0, side, count),
        rng.integers(0, side, count),
        rng.integers(0, 2, count),
    )
    events = np.empty(len(t) + count, EVENT)
    for name, value, extra in zip(("t", "x", "y", "p"), (t, x, y, p), noise):
        events[name] = np.concatenate([value, extra])
    return events[np.argsort(events["t"], kind="stable")]
