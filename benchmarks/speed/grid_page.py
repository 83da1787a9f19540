"""The grid of speed records (grid.py) as tables and as pictures: one for each number of threads and clock, never mixed."""

from .records import how

MEASURE, PLAIN = "grid", "grid, outputs only"
"""Names of the two measures, before the method's."""


def of_grid(records):
    """Those records that are cells of the grid."""
    return [r for r in records if r.measure.startswith((f"{MEASURE}: ", f"{PLAIN}: "))]


def method_of(record):
    """The method in the name of a record's measure."""
    return record.measure.rpartition(": ")[2]


def groups(records):
    """{(threads, clock): records}, the most threads first."""
    keys = sorted({(r.threads, r.clock) for r in records}, key=lambda key: (-key[0], key[1]))
    return {key: [r for r in records if (r.threads, r.clock) == key] for key in keys}


def picture(threads, clock):
    """File name of the picture of a group."""
    return f"grid-{threads}" + ("-cpu" if clock == "cpu" else "") + ".png"


def table(records, refusals=()):
    """Markdown lines: a row a network and method, ratios at every T, their quartiles, and in brackets without counting; nothing
    without records."""
    records = of_grid(records)
    if not records:
        return []
    rows = [
        "## Every kind of code",
        "",
        "`python tools/run_speed.py --only grid`: a simulation over T forwards of the ANN, its quartiles, and in brackets one that",
        "counts nothing (`snn(x, count=False)`). 1.00 is what T forwards take. `spikingjelly`: its own multi-step, which counts nothing.",
        "",
    ]
    for (threads, clock), group in groups(records).items():
        of = {(r.case, r.measure, r.timesteps): r for r in group}
        steps = sorted({t for _, _, t in of})
        rows += [
            f"### {how(threads, clock)}",
            "",
            "| network | method | batch | " + " | ".join(f"T = {t}" for t in steps) + " | rounds | load |",
            "|---|---|---:|" + "---:|" * len(steps) + "---:|---:|",
        ]
        for case, method in dict.fromkeys((r.case, method_of(r)) for r in group):
            mine = [r for r in group if (r.case, method_of(r)) == (case, method)]
            cells = [
                _cell(of.get((case, f"{MEASURE}: {method}", t)), of.get((case, f"{PLAIN}: {method}", t))) for t in steps
            ]
            rows.append(
                f"| {case} | {method} | {span([r.batch for r in mine])} | {' | '.join(cells)} | "
                f"{span([r.rounds for r in mine])} | {max(r.load for r in mine):.1f} |"
            )
        rows += ["", f"![A simulation over T forwards: {how(threads, clock)}](speed/{picture(threads, clock)})", ""]
    done = {(r.case, method_of(r)) for r in records}
    refused = [r for r in refusals if (r.case, r.method) not in done]
    rows += [f"* {r.case}, {r.method}: not converted. {r.why}" for r in refused]
    return [*rows, ""] if refused else rows


def _cell(whole, plain):
    if whole is None:
        return "-"
    text = f"{whole.ratio:.2f} [{whole.low:.2f}, {whole.high:.2f}]"
    return text + ("" if plain is None else f" ({plain.ratio:.2f})")


def span(numbers):
    """'3' or '3 to 5'"""
    low, high = min(numbers), max(numbers)
    return f"{low}" if low == high else f"{low} to {high}"


def heats(records, folder):
    """A picture of every group of records, into a folder."""
    for key, group in groups(of_grid(records)).items():
        _heat(group, folder / picture(*key), how(*key))


def _heat(records, path, title):
    """Networks down, methods and T across, the colour by the ratio."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.colors import LogNorm
    from matplotlib.figure import Figure

    of = {(r.case, method_of(r), r.timesteps): r.ratio for r in records if r.measure.startswith(f"{MEASURE}: ")}
    if not of:
        return
    cases = list(dict.fromkeys(c for c, _, _ in of))
    methods = list(dict.fromkeys(m for _, m, _ in of))
    columns = [(m, t) for m in methods for t in sorted({t for _, other, t in of if other == m})]
    values = [[of.get((case, *column), float("nan")) for column in columns] for case in cases]
    figure = Figure(figsize=(2.2 + 0.46 * len(columns), 1.4 + 0.34 * len(cases)), layout="constrained", dpi=130)
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    image = axes.imshow(values, aspect="auto", cmap="RdYlGn_r", norm=LogNorm(0.5, 8))
    axes.set_yticks(range(len(cases)), cases, fontsize=7)
    axes.set_xticks(range(len(columns)), [f"{m}, T={t}" for m, t in columns], rotation=60, ha="right", fontsize=7)
    for row, line in enumerate(values):
        for column, value in enumerate(line):
            axes.text(column, row, f"{value:.1f}" if value == value else "-", ha="center", va="center", fontsize=6)
    axes.set_title(f"a simulation over T forwards of the ANN: {title}", fontsize=8)
    figure.colorbar(image, ax=axes, ticks=[0.5, 1, 2, 4, 8], format="%g").minorticks_off()
    figure.savefig(path, metadata={"Software": None})
