"""A contact sheet: the test samples on which a spiking network is nearest to its ANN, in the middle, and farthest from it; and a
sample over time as an animation. Every family that has a ``draw`` has both.
"""

import io
from pathlib import Path

from adafire.errors import InputError

from .over_time import Watched, farthest_last, strip
from .show import opened

EACH, OF = 2, 60
"""Samples in each part of a sheet, and samples that are looked at, where nothing else is said."""
MOVING = (".gif", ".png")
STILL_MS, LAST_MS = 600, 1800


def chosen(ranked, each):
    """{'best': [...], 'median': [...], 'worst': [...]} of a list that begins with the best; no entry twice.

    >>> chosen([1, 2, 3, 4, 5, 6, 7], 2)
    {'best': [1, 2], 'median': [3, 4], 'worst': [6, 7]}
    """
    each = max(1, min(each, len(ranked) // 3))
    middle = max(each, (len(ranked) - each) // 2)
    return {
        "best": ranked[:each],
        "median": ranked[middle : min(middle + each, len(ranked) - each)],
        "worst": ranked[max(each, len(ranked) - each) :],
    }


def contact_sheet(task, variant, method, timesteps, options, path, each=EACH, of=OF, tell=lambda words: None):
    """Write the sheet of the first ``of`` test samples to ``path`` (.png). Rows: best, median and worst at the largest T; columns:
    the sample, ground truth, the ANN, the network at each T, its error where the family draws one."""
    workload, batches, bound, label = opened(task, variant, method, options, None, of)
    watched = Watched(workload, bound, timesteps, options.seed, tell)
    parts = chosen(farthest_last(workload, watched, batches), each)
    save(path, sheet(workload, parts, f"{label}, best, median and worst of {len(batches)} by difference from the ANN"))
    return path


def sheet(workload, parts, label):
    """PNG bytes of a sheet; parts: what ``chosen`` gives of ``farthest_last``."""
    from matplotlib.figure import Figure  # without pyplot: no window system is looked for

    lines = [(name, *entry) for name, entries in parts.items() for entry in entries]
    times = len(lines[0][-1])
    columns = bool(workload.draw_input) + 2 + times + bool(workload.draw_error)
    figure = Figure(figsize=(2.3 * columns + 0.3, 2.55 * len(lines) + 0.5), layout="constrained")
    figure.suptitle(label)
    for row, (name, difference, sample, _, ann, seen) in enumerate(lines):
        cells = [("sample", lambda axes, s=sample: workload.draw_input(axes, s))] if workload.draw_input else []
        cells.append(("ground truth", lambda axes, s=sample: workload.draw(axes, s, None)))
        cells += [
            (title, lambda axes, s=sample, p=prediction: workload.draw(axes, s, p))
            for title, prediction in [("ANN", ann), *((f"T={one.timesteps}", one.prediction) for one in seen)]
        ]
        if workload.draw_error:
            last = seen[-1].prediction
            cells.append(
                (f"error, T={seen[-1].timesteps}", lambda axes, s=sample, p=last: workload.draw_error(axes, s, p))
            )
        for column, (title, draw) in enumerate(cells):
            place = row * columns + column + 1
            axes = figure.add_subplot(len(lines), columns, place, projection=workload.projection)
            axes.set_title(title if column else f"{name}: {difference:.2g}\n{title}", fontsize=9)
            draw(axes)
            axes.tick_params(left=False, bottom=False, labelleft=False, labelbottom=False)
    return png(figure)


def animation(task, variant, method, most, options, path, sample=None, tell=lambda words: None):
    """Write one sample at T = 1 .. ``most`` of one simulation as an animated .gif or .png: ground truth, the ANN, the network, and the spikes of
    its layers as a strip that grows. sample: its id as text (None: the first)."""
    workload, (batch, *_), bound, label = opened(task, variant, method, options, sample and [sample], 1)
    times = list(range(1, most + 1))
    ann, seen = Watched(workload, bound, times, options.seed, tell, one=True).look(batch)
    frames = [frame(workload, batch.ids[0], ann, seen, k, label) for k in range(len(seen))]
    save(path, moving(frames, Path(path).suffix.lower()))
    return path


def frame(workload, sample, ann, seen, k, label):
    """PNG bytes of the k-th read-out."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.4, 5.2), layout="constrained")
    figure.suptitle(label)
    grid = figure.add_gridspec(2, 3, height_ratios=(2.2, 1))
    titles = ("ground truth", "ANN", f"T={seen[k].timesteps}")
    for column, (title, prediction) in enumerate(zip(titles, (None, ann, seen[k].prediction))):
        axes = figure.add_subplot(grid[0, column], projection=workload.projection)
        axes.set_title(title)
        workload.draw(axes, sample, prediction)
        axes.tick_params(left=False, bottom=False, labelleft=False, labelbottom=False)
    strip(figure.add_subplot(grid[1, :]), seen, k + 1)
    return png(figure)


def moving(frames, ending):
    """Bytes of an animation of PNGs, all of one size; the last is shown longer."""
    from PIL import Image

    pictures = [Image.open(io.BytesIO(one)).convert("RGB") for one in frames]
    if ending == ".gif":  # one palette for all, of all: colours do not flicker, and what comes later has its own
        everything = Image.new("RGB", (pictures[0].width, sum(one.height for one in pictures)))
        for k, one in enumerate(pictures):
            everything.paste(one, (0, k * one.height))
        palette = everything.quantize(256)
        pictures = [one.quantize(palette=palette) for one in pictures]
    first, *rest = pictures
    file = io.BytesIO()
    times = [STILL_MS] * len(rest) + [LAST_MS]
    first.save(file, ending[1:].upper(), save_all=True, append_images=rest, duration=times, loop=0)
    return file.getvalue()


def png(figure):
    """PNG bytes of a matplotlib Figure."""
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=100)
    return file.getvalue()


def save(path, content):
    """Write a file; InputError where that cannot be."""
    try:
        Path(path).write_bytes(content)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}; choose another file") from error
