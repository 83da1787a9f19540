"""Sums of what was counted, which add up over batches and processes, and the ``Report`` that they make."""

from .counters import LAYER, LAYER_FACTS, SITE, SITE_FACTS
from .report import Report

_ADDED = ("samples", "ann_samples", "steps", "active_steps", "sub_steps")


def new_sums():
    """Sums of nothing."""
    return {**dict.fromkeys(_ADDED, 0), "exits": {}, "sites": {}, "layers": {}}


def merged(whole, part):
    """Sums of two parts; whole: None, or sums that are changed."""
    whole = new_sums() if whole is None else whole
    for key in _ADDED:
        whole[key] += part[key]
    for t, count in part["exits"].items():
        whole["exits"][t] = whole["exits"].get(t, 0) + count
    for kind, added in (("sites", SITE), ("layers", LAYER)):
        for name, row in part[kind].items():
            mine = whole[kind].get(name)
            whole[kind][name] = (
                dict(row)
                if mine is None
                else {key: mine[key] + value if key in added else value for key, value in row.items()}
            )
    return whole


def report_of(sums, t):
    """``Report`` of ``sums``, at read-out time ``t``."""
    samples = sums["samples"]
    sites = [_site(name, row, samples) for name, row in sums["sites"].items()]
    layers = [_layer(name, row, sums) for name, row in sums["layers"].items()]
    every = {key: sum(row[key] for row in sums["sites"].values()) for key in SITE}
    whole = lambda key: sum(row[key] for row in layers)
    largest = lambda key: max((row[key] for row in sites), default=0) if None not in [r[key] for r in sites] else None
    kept = None if largest("state_bytes") is None else sum(row["state_bytes"] * row["neurons"] for row in sites)
    sent = None if largest("message_bits") is None else sum(row["message_bits"] * row["messages"] for row in sites)
    return Report(
        samples=samples,
        timesteps=t,
        mean_timesteps=sums["steps"] / samples,
        exits=dict(sums["exits"]),
        neurons=every["neurons"] / samples,
        spikes=every["spikes"] / samples,
        firing_rate=every["spikes"] / (every["neuron_steps"] or 1),
        **{key: whole(key) for key in ("synops", "synops_graded", "macs", "ann_macs", "eff_macs", "weight_bytes")},
        over_fired=every["over"] / (every["neurons"] or 1),
        over_fired_sites=sum(row["over_fired"] > 0 for row in sites) / len(sites) if sites else 0.0,
        sites=sites,
        layers=layers,
        ann_eff_macs=whole("ann_eff_macs") if sums["ann_samples"] else None,
        messages=every["messages"] / samples,
        neuron_updates=every["neuron_updates"] / samples,
        active_steps=sums["active_steps"] / samples,
        sub_steps=sums["sub_steps"] / samples,
        message_bits=largest("message_bits"),
        sent_bits=sent,
        values=largest("values"),
        footprint_bytes=None if kept is None else kept + whole("weight_bytes"),
    )


def _site(name, row, samples):
    return {
        "site": name,
        "neurons": row["neurons"] / samples,
        "spikes": row["spikes"] / samples,
        "firing_rate": row["spikes"] / (row["neuron_steps"] or 1),
        "over_fired": row["over"] / (row["neurons"] or 1),
        **{key: row[key] for key in SITE_FACTS},
        **{key: row[key] / samples for key in ("neuron_updates", "messages", "sub_steps")},
    }


def _layer(name, row, sums):
    means = {key: row[key] / sums["samples"] for key in LAYER if key not in ("arrived", "ann_eff_macs")}
    own = row["ann_eff_macs"] / sums["ann_samples"] if sums["ann_samples"] else None
    return {"layer": name, "op": row["op"], **means, "ann_eff_macs": own, **{key: row[key] for key in LAYER_FACTS}}
