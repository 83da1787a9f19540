"""The grid of speed records (grid.py) as a table and as a picture."""

MEASURE, PLAIN = "grid", "grid, outputs only"
"""Names of the two measures, before the method's."""


def table(records):
    """Markdown lines: a row a network and method, ratios at every T, with counting and, in brackets, without; nothing without records."""
    of = {(r.case, r.measure, r.timesteps): r for r in records if r.measure.startswith(MEASURE)}
    if not of:
        return []
    steps = sorted({t for _, _, t in of})
    places = dict.fromkeys((case, measure.rpartition(": ")[2]) for case, measure, _ in of)
    rows = [
        "## Every kind of code",
        "",
        "`python tools/run_speed.py --only grid`: a simulation over T forwards of the ANN, and in brackets one that counts nothing",
        "(`snn(x, count=False)`). 1.00 is what T forwards take.",
        "",
        "| network | method | " + " | ".join(f"T = {t}" for t in steps) + " |",
        "|---|---|" + "---:|" * len(steps),
    ]
    for case, method in places:
        cells = [
            _cell(of.get((case, f"{MEASURE}: {method}", t)), of.get((case, f"{PLAIN}: {method}", t))) for t in steps
        ]
        rows.append(f"| {case} | {method} | " + " | ".join(cells) + " |")
    return [*rows, ""]


def _cell(whole, plain):
    if whole is None:
        return "-"
    return f"{whole.ratio:.2f}" + ("" if plain is None else f" ({plain.ratio:.2f})")


def heat(records, path):
    """The grid as a picture: networks down, methods and T across, the colour by the ratio; nothing without records."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.colors import LogNorm
    from matplotlib.figure import Figure

    of = {
        (r.case, r.measure.rpartition(": ")[2], r.timesteps): r.ratio
        for r in records
        if r.measure.startswith(f"{MEASURE}: ")
    }
    if not of:
        return
    cases, columns = list(dict.fromkeys(c for c, _, _ in of)), list(dict.fromkeys((m, t) for _, m, t in of))
    values = [[of.get((case, *column), float("nan")) for column in columns] for case in cases]
    figure = Figure(figsize=(2.2 + 0.46 * len(columns), 1.4 + 0.34 * len(cases)), layout="constrained", dpi=130)
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    picture = axes.imshow(values, aspect="auto", cmap="RdYlGn_r", norm=LogNorm(0.5, 8))
    axes.set_yticks(range(len(cases)), cases, fontsize=7)
    axes.set_xticks(range(len(columns)), [f"{m}, T={t}" for m, t in columns], rotation=60, ha="right", fontsize=7)
    for row, line in enumerate(values):
        for column, value in enumerate(line):
            axes.text(column, row, f"{value:.1f}", ha="center", va="center", fontsize=6)
    axes.set_title("a simulation over T forwards of the ANN", fontsize=8)
    figure.colorbar(picture, ax=axes, ticks=[0.5, 1, 2, 4, 8], format="%g")
    figure.savefig(path, metadata={"Software": None})
