"""What was measured of streams, as tables and as plots."""

import io

from .pricing import MODELS, NO_ZONE, ONE_READ, SHORT


def _number(value):
    return "-" if value is None else f"{value:.3f}"


def _large(value):
    return "-" if value is None else f"{value / 1e6:.3f} M"


def table(entries, metric, agreement="agreement with the ANN"):
    """(headers, lines) of entries: energy of an input as a share of the ANN's; where inputs a second are known, energy a second."""
    timed, zoned = any(e.rate for e in entries), any(e.zone for e in entries)
    headers = ["a second" if timed else "speed", *(["zone"] if zoned else []), "network", metric, agreement]
    headers += ["spikes", "additions", "MACs", *(f"energy of the ANN's, {SHORT[m]}" for m in MODELS)]
    headers += [f"uW, {SHORT[m]}" for m in MODELS] if timed else []
    lines, least = [], min((e.zone for e in entries), default=0.0)
    for e in entries:
        if e.name in NO_ZONE and e.zone > least:
            continue  # told once
        x = e.rate if timed else e.speed
        lines.append(
            [
                "-" if x is None else f"{x:g}",
                *([f"{e.zone:g}"] if zoned else []),
                e.name,
                _number(e.value),
                _number(e.agreement),
                *(_large(v) for v in (e.spikes, e.synops, e.macs)),
                *(_number(e.share.get(m)) for m in MODELS),
                *([f"{e.power_uw(m):.4g}" if m in e.energy_pj else "-" for m in MODELS] if timed else []),
            ]
        )
    return headers, lines


def after_table(after, method):
    """(headers, lines) of accuracy after so many milliseconds of events; after: {network: [(ms, accuracy)]}."""
    names = ["ann", *(name for name in after if name != "ann")]
    times = [ms for ms, _ in after["ann"]]
    return ["events, ms", *map(str, times)], [[name, *(_number(v) for _, v in after[name])] for name in names]


def _figure(panels, width=11):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    return plt.subplots(1, panels, figsize=(width, 3.2), layout="constrained")


def _png(figure):
    import matplotlib.pyplot as plt

    held = io.BytesIO()
    figure.savefig(held, format="png", dpi=130, metadata={"Software": None})
    plt.close(figure)
    return held.getvalue()


def plot(entries, metric="accuracy", unit="frames"):
    """Bytes of a PNG: energy of a frame against speed, a panel a model; where inputs a second are known, energy a second against
    them, and in a last panel the metric against energy a second."""
    if any(e.rate for e in entries):
        return _plot_of_rates(entries, metric, unit)
    figure, panels = _figure(len(MODELS))
    for panel, model in zip(panels, MODELS):
        for name in dict.fromkeys(e.name for e in entries):
            mine = [e for e in entries if e.name == name and model in e.share]
            panel.plot([e.speed for e in mine], [e.share[model] for e in mine], "o-", label=name, markersize=4)
        panel.set(xlabel="speed of the objects, pixels a frame", title=model)
        panel.grid(alpha=0.4)
    panels[0].set_ylabel("energy of a frame, of the ANN's")
    panels[-1].legend(fontsize=7)
    return _png(figure)


def _plot_of_rates(entries, metric, unit):
    figure, panels = _figure(len(MODELS) + 1, 14)
    names, zones = (list(dict.fromkeys(getattr(e, key) for e in entries)) for key in ("name", "zone"))
    colours = {name: f"C{k}" for k, name in enumerate(names)}
    rates = sorted({e.rate for e in entries})
    for panel, model in zip(panels, MODELS):
        for name in names:
            mine = [e for e in entries if e.name == name and e.zone == min(zones) and model in e.energy_pj]
            mine.sort(key=lambda e: e.rate)
            x, y = [e.rate for e in mine], [e.power_uw(model) for e in mine]
            panel.plot(x, y, "o-", label=name, markersize=4, color=colours[name])
        panel.set(xlabel=f"{unit} a second", title=model, xscale="log", yscale="log")
        panel.set_xticks(rates, [f"{rate:g}" for rate in rates], minor=False)
        panel.set_xticks([], minor=True)
        panel.grid(alpha=0.4)
    panels[0].set_ylabel("energy a second, uW")
    panels[0].legend(fontsize=7)
    last, shown = panels[-1], [e for e in entries if e.value is not None and not e.name.endswith(ONE_READ)]
    for zone, marker in zip(sorted(zones), "os^Dv<>"):
        mine = [e for e in shown if e.zone == zone and not (e.name in NO_ZONE and zone > min(zones))]
        x, y = [e.power_uw(MODELS[1]) for e in mine], [e.value for e in mine]
        last.scatter(x, y, marker=marker, s=16, c=[colours[e.name] for e in mine], label=f"dead zone {zone:g}")
    last.set(xlabel="energy a second, uW", ylabel=metric, xscale="log", title=f"at every rate, {SHORT[MODELS[1]]}")
    last.grid(alpha=0.4)
    if len(zones) > 1:
        last.legend(fontsize=7)
    return _png(figure)
