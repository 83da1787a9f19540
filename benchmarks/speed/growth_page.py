"""Cost as work grows (growth.py), as a table of fitted exponents and as pictures, one an axis."""

from .grid_page import groups, span
from .growth import AXES, fit
from .records import GROWTH, how

LINEAR = 1.1
"""Largest exponent that still counts as linear: a tenth is what times of one machine differ by."""
BOUND = 1.2
"""Times the bound on memory that still counts as kept."""


def series(records):
    """{(axis, method): records in ascending order}, of those with two sizes at least."""
    found = {}
    for r in sorted(records, key=lambda r: (list(AXES).index(r.axis), r.method, r.x)):
        found.setdefault((r.axis, r.method), []).append(r)
    return {key: mine for key, mine in found.items() if len({r.x for r in mine}) > 1}


def in_forwards(records):
    """Time of each point in forwards of the ANN of the smallest size."""
    return [r.seconds / records[0].forward for r in records]


def table(records):
    """Markdown lines: a row an axis; nothing without records."""
    if not records:
        return []
    rows = [
        "## As work grows",
        "",
        "`python tools/run_speed.py --only growth`: time in forwards of the ANN at the smallest size, and memory held beyond what the process",
        "had before, as constant times (size over smallest size) to the power of the exponent, by least squares of logarithms. Linear or",
        f"better: neither exponent above {LINEAR}. Over T forwards: of the ANN at the same size; for conversions, passes over their samples.",
        "",
    ]
    for (threads, clock), group in groups(records).items():
        rows += [
            f"### Growth, {how(threads, clock)}",
            "",
            "| what grows | method | from, to | time: exponent | constant, forwards | over T forwards | memory: exponent | constant, MB "
            "| most held over memory_gb | linear or better | rounds | load |",
            "|---|---|---|---:|---:|---|---:|---:|---:|---|---:|---:|",
        ]
        found = series(group)
        for (axis, method), mine in found.items():
            xs = [r.x for r in mine]
            (power, constant), (of_memory, base) = fit(xs, in_forwards(mine)), fit(xs, [_mb(r) for r in mine])
            over = max(r.held_bytes / 1e9 / r.memory_gb for r in mine)
            rows.append(
                f"| {AXES[axis].title} | {method} | {xs[0]:g}, {xs[-1]:g} | {power:.2f} | {constant:.2f} | "
                f"{mine[0].forwards:.2f} to {mine[-1].forwards:.2f} | {of_memory:.2f} | {base:.0f} | {over:.2f} | "
                f"{'yes' if max(power, of_memory) <= LINEAR else 'no'} | {span([r.rounds for r in mine])} | "
                f"{max(r.load for r in mine):.1f} |"
            )
        rows += ["", bound(group), ""]
        rows += [
            line
            for axis in dict.fromkeys(axis for axis, _ in found)
            for line in (
                f"![Time and memory against {AXES[axis].title}](speed/{GROWTH}/{picture(axis, threads, clock)})",
                "",
            )
        ]
    return rows


def bound(records):
    """A sentence: whether memory stayed within BOUND of what was given on all points, and where it did not."""
    over = [r for r in records if r.held_bytes > BOUND * 1e9 * r.memory_gb]
    if not over:
        return f"`memory_gb` was kept within {100 * (BOUND - 1):.0f} % at all {len(records)} points."
    said = "; ".join(
        f"{AXES[r.axis].title} {r.x:g} ({r.method}): {r.held_bytes / 1e9:.2f} GB of {r.memory_gb:g}" for r in over
    )
    return f"`memory_gb` was exceeded by more than {100 * (BOUND - 1):.0f} % at {len(over)} of {len(records)} points: {said}."


def _mb(record):
    return max(record.held_bytes / 1e6, 1.0)  # a page or none is no measurement


def picture(axis, threads, clock):
    """File name of the picture of an axis."""
    return f"{axis}-{threads}" + ("-cpu" if clock == "cpu" else "") + ".png"


def pictures(records, folder):
    """A picture of every axis and group of records, into a folder."""
    for key, group in groups(records).items():
        found = series(group)
        for axis in dict.fromkeys(axis for axis, _ in found):
            lines = {method: mine for (name, method), mine in found.items() if name == axis}
            _draw(lines, AXES[axis].title, how(*key), folder / picture(axis, *key))


def _draw(lines, title, said, path):
    """Two panels, time and memory against size; dashed: in proportion to it."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 2.8), layout="constrained", dpi=130)
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    for axes, label, of in (
        (left, "time, ANN forwards at the smallest size", in_forwards),
        (right, "memory held, MB", lambda mine: [_mb(r) for r in mine]),
    ):
        for method, mine in lines.items():
            xs, ys = [r.x for r in mine], of(mine)
            power, constant = fit(xs, ys)
            axes.plot(xs, ys, "o-", ms=3, lw=1, label=f"{method}: exponent {power:.2f}")
            axes.plot(xs, [constant * x / xs[0] for x in xs], "k--", lw=0.6)
        axes.set(xscale="log", yscale="log")
        axes.set_xlabel(title, fontsize=8)
        axes.set_title(label, fontsize=8)
        axes.tick_params(labelsize=7, which="both")
        axes.legend(fontsize=7)
    right.plot(
        *zip(*((r.x, 1e3 * r.memory_gb) for mine in lines.values() for r in mine)), "r_", ms=7, label="memory_gb"
    )
    right.legend(fontsize=7)
    figure.suptitle(f"dashed: in proportion ({said})", fontsize=7)
    figure.savefig(path, metadata={"Software": None})
