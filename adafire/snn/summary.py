"""An SNN in words: a line for every site, and a table of what it is made of and where its energy goes."""

from ..cost import ENERGY_MODELS
from ..neurons import count

MODEL = "horowitz-45nm"


def title(snn):
    """'ours, fitted for T=8, of Residual'"""
    fitted = "" if snn.method.kind == "ann" else f", {fitted_for(snn)}"
    leaves = "" if snn.exit is None else f", early exit ({snn.exit.rule})"
    return f"{snn.method.name}{fitted}, of {type(snn.network).__name__}{leaves}"


def fitted_for(snn):
    """'fitted for T=8', or 'for every T' where no parameter depends on it."""
    return "for every T" if snn.method.anytime else f"fitted for T={snn.timesteps}"


_RAN = {"compiled": "compiled kernels", "triton": "Triton kernels", "reference": "torch's operators"}


def ran_by(snn):
    """'compiled kernels (4), torch's operators (1)': sites, and poolings of spikes, by what simulated them in the last call."""
    found = list(snn.ran.values())
    return ", ".join(f"{words} ({found.count(how)})" for how, words in _RAN.items() if how in found)


def law_of(params):
    """The law of a site's neurons in words; 'analog' without parameters."""
    if params is None:
        return "analog"
    law = params.neuron or count
    return law.words(params) if hasattr(law, "words") else type(law).__name__


def columns_of_site(snn, site):
    """(name, shape of a sample, activation, law, thresholds, limits) of a site, as text."""
    params = snn.params.get(site.index)
    activation = "relay" if site.relay else site.activation.kind
    shape = " x ".join(map(str, site.shape[1:])) or "1"
    if params is None:
        return site.name, shape, activation, law_of(params), "-", "-"
    low, high = float(params.theta.min()), float(params.theta.max())
    thresholds = f"{low:.3g}" if low == high else f"{low:.3g} to {high:.3g}"
    limits = f"+{params.phi_plus} -{params.phi_minus}" if params.phi_minus else f"+{params.phi_plus}"
    return site.name, shape, activation, law_of(params), thresholds, limits


def line_of_site(snn, site):
    """One line on a site: name, shape, activation and law, range of its thresholds, limits."""
    name, shape, activation, law, thresholds, limits = columns_of_site(snn, site)
    return f"{name}: {shape}, {activation}, {law}, theta {thresholds}, limits {limits}"


def summary(snn, at):
    """The text of ``SNN.summary``."""
    counted = snn.report(at) if at in snn.meter.sums else None
    spikes = {row["site"]: f"{row['spikes'] / (row['neurons'] or 1):.3g}" for row in counted.sites} if counted else {}
    lines = [
        f"SNN: {title(snn)}",
        "",
        *table(
            ("site", "neurons", "activation", "law", "thresholds", "limits", "spikes a neuron"),
            [(*columns_of_site(snn, site), spikes.get(site.name, "-")) for site in snn.sites],
        ),
    ]
    if counted is None:
        return "\n".join(
            [*lines, "", f"Nothing was counted at T={at} yet: call the SNN on inputs for MACs and energy."]
        )
    costs, whole = ENERGY_MODELS.get(MODEL), counted.energy_pj(MODEL)
    rows = [
        (
            row["layer"],
            row["op"],
            f"{row['ann_macs']:.4g}",
            f"{row['macs']:.4g}",
            f"{row['synops']:.4g}",
            f"{costs.energy_pj(row['macs'], row['synops']) / (whole or 1):.1%}",
        )
        for row in counted.layers
    ]
    before = counted.ann_energy_pj(MODEL)
    return "\n".join(
        [
            *lines,
            "",
            *table(("layer", "operator", "MACs before", "MACs that remain", "synaptic operations", "energy"), rows),
            "",
            f"{counted.samples} samples, read out at T={counted.timesteps} ({fitted_for(snn)}), {counted.mean_timesteps:.4g} steps a "
            f"sample: {whole / 1e6:.4g} uJ a sample under {MODEL}"
            + (f", {whole / before:.3g} of the {before / 1e6:.4g} uJ before conversion" if before else ""),
        ]
    )


def table(heads, rows):
    """Lines of a table with columns as wide as what stands in them; numbers to the right of their column.

    >>> table(("a", "n"), [("relu", "10"), ("b", "9")])
    ['a      n', 'relu  10', 'b      9']
    """
    cells = [heads, *rows]
    widths = [max(len(row[k]) for row in cells) for k in range(len(heads))]
    right = [
        bool(rows) and all(row[k] == "-" or row[k][:1].isdigit() and " " not in row[k] for row in rows)
        for k in range(len(heads))
    ]
    return [
        "  ".join(text.rjust(w) if r else text.ljust(w) for text, w, r in zip(row, widths, right)).rstrip()
        for row in cells
    ]
