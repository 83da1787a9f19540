"""The staged report on one variant of a task: how much each stage of the coding costs, and which sites are to blame.

Errors of outputs and sites are measured on calibration samples, so that nobody tunes on what is scored; the task's
metric, where asked for, on the first test samples.
"""

from dataclasses import dataclass, field
from pathlib import Path

import torch

import adafire
from adafire.diagnose import OWN_ERRORS, STAGES, Diagnosis, check_method
from adafire.errors import InputError
from adafire.graph.interception import split_samples, x_batch

from ..running import methods, opening
from ..running.task import task_label
from .terminal import aligned

NAMES = {"ann": "ANN", "clipped": "clipped", "quantised": "quantised", "snn": "SNN"}
FORMATS = (".png", ".pdf", ".svg")
_COLOURS = {"clipping": "#0072b2", "quantisation": "#e69f00", "unevenness": "#d55e00"}  # Okabe and Ito's palette


@dataclass
class StagedReport:
    """label: task, method and T; errors: the library's Diagnosis; samples: calibration samples it is of; scored: test
    samples; scores: {stage: (value, low, high)} of ``metric``, empty without test samples; notes: sentences."""

    label: str
    metric: str
    errors: Diagnosis
    samples: int
    scored: int = 0
    scores: dict = field(default_factory=dict)
    notes: list = field(default_factory=list)


def check_request(method, samples, limit, out=None):
    """InputError for what cannot be diagnosed; loads nothing."""
    check_method(methods.get(method))
    if samples < 1 or limit < 0:
        raise InputError(
            f"samples={samples}, limit={limit}; expected 1 calibration sample or more, and 0 test samples "
            "(no score) or more"
        )
    if out is not None and (Path(out).suffix.lower() not in FORMATS or Path(out).is_dir()):
        raise InputError(f"--out {out}: expected a file name that ends in {', '.join(FORMATS)}")
    if out is not None and not Path(out).absolute().parent.is_dir():
        raise InputError(f"--out {out}: there is no folder {Path(out).parent}; make it first")


def diagnose(task, variant, method, timesteps, options, samples=32, limit=200, tell=lambda text: None):
    """StagedReport of ``method`` at T = ``timesteps``. options: WorkloadOptions (its limit is not used)."""
    check_request(method, samples, limit)
    settings = task.variants[variant]
    workload = opening.workload(task, variant, options._replace(limit=max(1, limit)))
    inputs = list(workload.calibration())
    if not inputs:
        raise InputError(f"task {task.name!r}, variant {variant!r}: the calibration set is empty")
    there = sum(map(x_batch, inputs))
    tell(f"converting by {method} for T={timesteps} ({there} calibration samples)")
    snn = adafire.convert(
        workload.network,
        inputs,
        method=method,
        timesteps=timesteps,
        forward=workload.forward,
        seed=options.seed,
        exit_judge=workload.exit_judge,
    )
    chosen = split_samples(inputs, samples)[0]
    report = StagedReport(
        f"{task_label(task.name, settings.split)}, {snn.method.name}, T={timesteps}",
        workload.metric,
        Diagnosis(snn),
        min(samples, there),
    )
    tell(f"errors on {report.samples} of the calibration samples")
    for x in chosen:
        report.errors.outputs(x, count=True)
    if samples > there:
        report.notes.append(f"{samples} samples were asked for, the calibration set has {there}")
    if snn.exit is not None:
        report.notes.append(f"early exit is left out: every sample is simulated for {timesteps} timesteps")
    if limit:
        tell(f"scoring every stage on {len(workload)} test samples")
        _score(report, workload)
    return report


@torch.no_grad()
def _score(report, workload):
    predictions = {stage: {} for stage in STAGES}
    for batch in workload.batches():
        for stage, outputs in report.errors.outputs(batch.inputs).items():
            predictions[stage].update(zip(batch.ids, workload.predict(outputs, batch), strict=True))
    report.scored = len(workload)
    for stage in STAGES:
        found = workload.evaluate(predictions[stage])
        report.scores[stage] = float(found.metrics[report.metric]), float(found.low), float(found.high)


def as_dict(report):
    """A StagedReport for programs: stages with their errors and scores, sites with theirs relative to the ANN's activations."""
    errors = report.errors
    scores = {stage: dict(zip(("value", "low", "high"), found)) for stage, found in report.scores.items()}
    stages = [{"stage": s, "output_error": errors.output_error(s), **scores.get(s, {})} for s in STAGES]
    kinds = ("inherited", *OWN_ERRORS, "total")
    sites = [
        {
            **{
                key: getattr(s, key)
                for key in ("name", "phi_plus", "phi_minus", "threshold", "firing_rate", "over_fired")
            },
            **{kind: s.relative(kind) for kind in kinds},
        }
        for s in errors.sites
    ]
    said = {key: getattr(report, key) for key in ("label", "metric", "samples", "scored", "notes")}
    return {**said, "stages": stages, "sites": sites}


def text(report, worst=5):
    """The report as text: stages, worst sites by each error, all sites."""
    errors, parts = report.errors, [report.label]
    head = ["stage", "output error", *([report.metric, "95 % interval"] if report.scores else [])]
    rows = []
    for stage in STAGES:
        rows.append([NAMES[stage], f"{errors.output_error(stage):.4f}"])
        if report.scores:
            value, low, high = report.scores[stage]
            rows[-1] += [f"{value:.4f}", f"{low:.4f} to {high:.4f}"]
    score = f"; {report.metric} on the first {report.scored} test samples" if report.scores else ""
    parts.append(
        f"Stages. Output error: |outputs - ANN's| / |ANN's| on {report.samples} calibration samples{score}.\n"
        + aligned(head, rows, right=True)
    )
    lines = []
    for error in OWN_ERRORS:
        found = ", ".join(f"{s.name} {s.relative(error):.3f}" for s in errors.worst(error, worst))
        lines.append(f"  {error:13s} {found}")
    parts.append("Worst sites. Root mean square of the error over that of the ANN's activations.\n" + "\n".join(lines))
    head = ["site", "phi", "threshold", "inherited", *OWN_ERRORS, "total", "mean error", "rate", "over-fired"]
    rows = [
        [
            s.name,
            f"+{s.phi_plus}/-{s.phi_minus}",
            f"{s.threshold:.4g}",
            *(f"{s.relative(e):.3f}" for e in ("inherited", *OWN_ERRORS, "total")),
            f"{s.mean('total'):+.2e}",
            f"{s.firing_rate:.4f}",
            f"{s.over_fired:.2%}",
        ]
        for s in errors.sites
    ]
    parts.append(
        "All sites, in order. threshold: mean over channels; inherited: from the sites before, less what the "
        "bias current corrects;\nmean error: of the site's output; rate: spikes per neuron and timestep; "
        "over-fired: share of neurons that emitted\nmore than their input asked for.\n"
        + aligned(head, rows, right=True)
    )
    parts.append(
        f"Whole network: {errors.firing_rate:.4f} spikes per neuron and timestep, {errors.over_fired:.2%} of "
        "neurons over-fired."
    )
    return "\n\n".join(parts + [f"note: {note}" for note in report.notes])


def plot(report, path):
    """Write the picture: stages; per site the three errors, and below them the rates."""
    from matplotlib.figure import Figure  # without pyplot: no window system is looked for

    sites, errors = report.errors.sites, report.errors
    figure = Figure(figsize=(max(8.0, 3 + 0.36 * len(sites)), 9), layout="constrained")
    grid = figure.add_gridspec(3, 2, height_ratios=(1, 1.2, 1))
    figure.suptitle(report.label)
    names, columns = [NAMES[stage] for stage in STAGES], range(len(STAGES))
    left = figure.add_subplot(grid[0, 0])
    if report.scores:
        values = [report.scores[stage] for stage in STAGES]
        spread = [[max(0.0, v - low) for v, low, _ in values], [max(0.0, high - v) for v, _, high in values]]
        left.bar(columns, [v for v, _, _ in values], yerr=spread, capsize=4, color="#56b4e9")
        left.set_ylabel(f"{report.metric}, {report.scored} test samples")
    else:
        left.text(0.5, 0.5, "no test samples scored", ha="center", va="center", transform=left.transAxes)
    left.set_xticks(columns, names)
    right = figure.add_subplot(grid[0, 1])
    right.bar(columns, [errors.output_error(stage) for stage in STAGES], color="#999999")
    right.set_xticks(columns, names)
    right.set_ylabel("relative error of outputs")
    middle = figure.add_subplot(grid[1, :])
    for k, error in enumerate(OWN_ERRORS):
        middle.bar(
            [i + (k - 1) * 0.27 for i in range(len(sites))],
            [s.relative(error) for s in sites],
            0.27,
            label=error,
            color=_COLOURS[error],
        )
    middle.set_ylabel("RMS error / RMS activation")
    middle.legend(ncols=3)
    middle.tick_params(labelbottom=False)
    bottom = figure.add_subplot(grid[2, :], sharex=middle)
    bottom.bar(range(len(sites)), [s.firing_rate for s in sites], color="#009e73", label="spikes / (neuron step)")
    bottom.plot(range(len(sites)), [s.over_fired for s in sites], "k.", label="over-fired share")
    bottom.set_xticks(range(len(sites)), [s.name for s in sites], rotation=90, fontsize=7)
    bottom.set_ylabel("rate, share")
    bottom.legend(ncols=2)
    for axes in (left, right, middle, bottom):
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=120)
