"""Pictures of single test samples: the sample, its ground truth, what the ANN says and what the spiking network says at
several T side by side, and below them where they are wrong.

How a sample is drawn is the adapter's business (``Workload.draw``, ``draw_input``, ``draw_error``).
"""

import io
import re
from pathlib import Path

import torch

import adafire
from adafire.errors import InputError
from adapters.base import Batch, Workload

from ..running import alone, methods, opening
from ..running.task import task_label

FIRST = 4
"""Samples drawn when none are named."""


def show(task, variant, method, timesteps, options, samples=None, out="runs/show", tell=lambda text: None):
    """Paths of one PNG a sample. samples: ids as text (None: the first FIRST); timesteps: ascending; options:
    WorkloadOptions (its limit is not used). InputError: no such sample; UnsupportedError: a family that has no draw."""
    settings = task.variants[variant]
    workload, batches, chosen, _ = opened(task, variant, method, options, samples, None if samples else FIRST)
    inputs = list(workload.calibration())
    if not inputs:
        raise InputError(f"task {task.name!r}, variant {variant!r}: the calibration set is empty")
    name = chosen.name
    panels = predict(
        workload, adafire.Calibration(inputs), chosen, timesteps, batches, options.seed, tell, not settings.alone
    )
    out = Path(out)
    try:
        out.mkdir(parents=True, exist_ok=True)
        paths = []
        for batch in batches:
            sample = batch.ids[0]
            label = f"{task_label(task.name, settings.split)}, sample {sample}, {name}"
            path = out / f"{task.name}-{variant}-{name}-{re.sub(r'[^A-Za-z0-9.-]+', '_', str(sample))}.png"
            path.write_bytes(picture(workload, sample, [(title, found[sample]) for title, found in panels], label))
            paths.append(path)
    except OSError as error:
        raise InputError(f"--out {out}: {error.strerror or error}; choose another folder") from error
    return paths


def opened(task, variant, method, options, samples, limit):
    """(workload, batches of one sample each, method, a title) of a variant: the samples with the ids ``samples`` (text), or, where
    that is None, the first ``limit``. InputError: no such sample; UnsupportedError: a family that has no draw."""
    settings = task.variants[variant]
    # One sample a batch: only those that are drawn are simulated.
    alone.check(task, variant, method)
    workload = opening.workload(task, variant, options._replace(limit=None if samples else limit), batch_size=1)
    if type(workload).draw is Workload.draw:
        workload.draw(None, None, None)  # says that it cannot
    batches = find(workload, samples, f"task {task.name!r}, variant {variant!r}")
    bound = methods.bound(methods.get(method), settings, workload)
    return workload, batches, bound, f"{task_label(task.name, settings.split)}, {bound.name}"


def find(workload, samples, where):
    """Batches of one sample each, in the order of ``samples`` (ids as text; None: all there are)."""
    if samples is None:
        return list(workload.batches())
    found, there = {}, []
    for batch in workload.batches():
        there += batch.ids
        if str(batch.ids[0]) in samples:
            found[str(batch.ids[0])] = batch
        if len(found) == len(set(samples)):
            return [found[sample] for sample in samples]
    missing = next(sample for sample in samples if sample not in found)
    raise InputError(
        f"{where}: no test sample {missing!r}; it has {len(there)}, such as {', '.join(map(str, there[:3]))}"
    )


@torch.no_grad()
def predict(workload, calibration, method, timesteps, batches, seed=0, tell=lambda text: None, ann=True):
    """[(title, {id: prediction})]: the ANN's (where there is one: ``ann``), then the method's at each T. method: its name, or what
    running/methods.py gives."""

    def run(method, times):
        tell(f"{method.name}, T={', '.join(map(str, times))}" if times else method.name)
        at = tuple(times) or (1,)
        torch.manual_seed(seed)
        snn = methods.convert(method, workload, calibration, max(at), seed=seed)
        found = [{} for _ in at]
        for batch in batches:
            for k, output in enumerate(workload.simulate(snn, batch, at)):
                found[k].update(zip(batch.ids, workload.predict(output, Batch(*batch)), strict=True))
        return found

    method = methods.get(method) if isinstance(method, str) else method
    panels = [("ANN", run(methods.get("ann"), [])[0])] if ann else []
    if method.kind != "ann":
        passes = [timesteps] if method.anytime else [[t] for t in timesteps]
        for together in passes:
            panels += zip([f"T={t}" for t in together], run(method, together))
    return panels


def picture(workload, sample, panels, label):
    """PNG bytes: one row of sample, ground truth and predictions, a second one of errors where the family has them."""
    from matplotlib.figure import Figure  # without pyplot: no window system is looked for

    first = [("sample", workload.draw_input)] if workload.draw_input else []
    columns = len(first) + 1 + len(panels)
    rows = 2 if workload.draw_error else 1
    figure = Figure(figsize=(2.6 * columns, 2.9 * rows + 0.4), layout="constrained")
    figure.suptitle(label)

    def axes(row, column, title):
        made = figure.add_subplot(rows, columns, row * columns + column + 1, projection=workload.projection)
        made.set_title(title)
        return made

    for k, (title, draw) in enumerate(first):
        draw(axes(0, k, title), sample)
    workload.draw(axes(0, len(first), "ground truth"), sample, None)
    for k, (title, prediction) in enumerate(panels, len(first) + 1):
        workload.draw(axes(0, k, title), sample, prediction)
        if workload.draw_error:
            workload.draw_error(axes(1, k, f"error of {title}"), sample, prediction)
    for made in figure.axes:
        made.tick_params(left=False, bottom=False, labelleft=False, labelbottom=False)
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=110)
    return file.getvalue()
