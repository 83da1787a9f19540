"""Every counter of a report against a slow one that walks over neurons, steps and synapses, early exit included."""

import pytest
import torch
from torch import nn

import adafire
from adafire.cost import Meter
from adafire.graph.activations import relu
from adafire.neurons import costs_of, count
from adafire.simulation.exit import Exit
from adafire.simulation.loop import simulate
from adafire.simulation.state import Run
from helpers.counting import MEANS, events_of_conv

METHODS = ["adafire-uniform", "adafire-signed", "rate-max", "dcgs", "ours", "adafire-differential"]


class Chain(nn.Sequential):
    """Convolution, neurons, convolution (stride, groups), neurons, two layers without an activation between them, neurons,
    classifier. Weights are multiples of 1/8, so that sums are exact in any order."""

    def __init__(self):
        torch.manual_seed(1)
        super().__init__(
            nn.Conv2d(2, 4, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(4, 6, 3, 2, 1, groups=2, bias=False),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(54, 5, bias=False),
            nn.Linear(5, 6),
            nn.ReLU(),
            nn.Linear(6, 3),
        )
        for p in self.parameters():
            p.data = (p.data * 16).round() / 8
        self[0].bias.data -= 1  # many neurons stay silent
        self.eval()


def pictures(count, seed=0):
    """Multiples of 1/4, half of them 0."""
    x = torch.randn(count, 2, 6, 5, generator=torch.Generator().manual_seed(seed))
    return (x.clamp(min=0) * 4).round() / 4


def converted(name, steps=4):
    network, x = Chain(), pictures(12, 1)
    without_relays = {"ours": {"relays": False}, "dcgs": {"places": "activations"}}.get(name, {})
    snn = adafire.convert(network, x, method=name, timesteps=steps, **without_relays)
    powers = lambda theta: 2.0 ** theta.log2().round()
    snn.params = {i: p._replace(theta=powers(p.theta), bias=(p.bias * 16).round() / 16) for i, p in snn.params.items()}
    if name != "dcgs":
        snn.params[0] = snn.params[0]._replace(phi_plus=snn.params[0].phi_plus + 1)  # sites of several limits
    snn.counts_ann = True
    return snn


class Seen(Run):
    """A simulation that keeps what flows on from its neurons: [1, ...] at each step."""

    def fire(self, site, z, steps, more=None, overwrite=False):
        out = super().fire(site, z, steps, more, overwrite)
        vars(self).setdefault("flow", {})[site.index] = out[0]
        return out


def synapses(layer, counts):
    """Every one of ``counts`` [1, ...] at every synapse that it reaches, one by one."""
    if isinstance(layer, nn.Linear):
        return sum(int(n) for n in counts.flatten() for _ in range(layer.out_features))
    return events_of_conv(counts, layer.weight, layer.stride[0], layer.padding[0], layer.dilation[0], layer.groups)


def slow(snn, x, steps, rests=True):
    """({layer: counters}, {site: counters}, active steps) of one sample [1, ...], for the ``steps`` that it spent. rests: with
    a law whose silence means 'as before', nothing is multiplied in a step without a spike (early exit does not look)."""
    network, run = snn.network, Seen(snn.plan(x), snn.params, snn.network, x, snn.call)
    layers = {name: dict.fromkeys(LAYER, 0) for name, layer in network.named_children() if hasattr(layer, "weight")}
    sites = {name: dict.fromkeys(SITE, 0) for name, layer in network.named_children() if isinstance(layer, nn.ReLU)}
    value = x
    for name, layer in network.named_children():  # the network before conversion
        before, value = value, layer(value)
        if name in layers:
            row = layers[name]
            row["inputs"], row["outputs"] = before.numel(), value.numel()
            row["ann_macs"] += synapses(layer, torch.ones_like(before))
            row["ann_eff_macs"] += synapses(layer, (before != 0).float())
            row["weights"], row["biases"] = layer.weight.numel(), 0 if layer.bias is None else layer.bias.numel()
            row["weight_bytes"] = 4 * (row["weights"] + row["biases"])
            row["output_updates"] = row["outputs"] * (1 if name in "08" else steps)
    first = layers["0"]
    first["macs"], first["eff_macs"] = first["ann_macs"], first["ann_eff_macs"]  # the constant input: once
    known, active = {k: (0.0, 0.0) for k in range(3)}, 0
    for step in range(1, steps + 1):
        list(simulate(run, (step,), 1))
        sent = {k: (run.neurons[k].events - e, run.neurons[k].graded - g) for k, (e, g) in known.items()}
        known = {k: (s.events.clone(), s.graded.clone()) for k, s in run.neurons.items()}
        works = any(bool(g.any()) for _, g in sent.values()) or not (rests and run.comes_to_rest)
        active += works
        for k, (site, layer) in enumerate((("1", "2"), ("3", "5"), ("7", "8"))):
            events, graded = sent[k]
            sites[site]["neuron_updates"] += events.numel()
            sites[site]["spikes"] += int(events.sum())
            sites[site]["messages"] += int(graded.sum())
            layers[layer]["spikes"] += int(events.sum())
            layers[layer]["messages"] += int(graded.sum())
            layers[layer]["synops"] += synapses(network[int(layer)], events)
            layers[layer]["synops_graded"] += synapses(network[int(layer)], graded)
        if works:  # what flows through '5' is a number, and meets the weights of '6'
            current = network[5](run.flow[1].flatten(1))
            layers["6"]["macs"] += current.numel() * 6
            layers["6"]["eff_macs"] += sum(6 for value in current.flatten() if value != 0)
    for k, site in enumerate(sites):
        sites[site]["neurons"] = run.neurons[k].n.numel()
    return layers, sites, active


LAYER = """synops synops_graded macs eff_macs ann_macs ann_eff_macs spikes messages inputs outputs output_updates weights biases
    weight_bytes""".split()
SITE = "neurons neuron_updates spikes messages".split()
COMMON = {"weights", "biases", "weight_bytes"}


def compared(report, slows, snn, steps):
    """Every field of ``report`` against what ``slows``, one a sample, add up to; steps: of each sample."""
    n, mean = len(slows), lambda values: sum(values) / len(slows)
    layers = {name: {key: mean(s[0][name][key] for s in slows) for key in LAYER} for name in slows[0][0]}
    sites = {name: {key: mean(s[1][name][key] for s in slows) for key in SITE} for name in slows[0][1]}
    exact = lambda value: pytest.approx(value, rel=1e-9)
    assert sorted(row["layer"] for row in report.layers) == list(layers)
    for row in report.layers:
        for key in LAYER:
            assert row[key] == exact(layers[row["layer"]][key]), (row["layer"], key)
        assert set(row) == {"layer", "op", *LAYER}
    laws = [(p.neuron or count, p) for p in snn.params.values()]
    said = [costs_of(law, p, relu(), report.timesteps) for law, p in laws]
    for row, costs in zip(report.sites, said, strict=True):
        for key in SITE:
            assert row[key] == exact(sites[row["site"]][key]), (row["site"], key)
        assert row["sub_steps"] == exact(mean(t * costs.longest_burst for t in steps))
        assert {key: row[key] for key in costs._fields} == costs._asdict()
    for key in ("synops", "synops_graded", "macs", "eff_macs", "ann_macs", "ann_eff_macs", "weight_bytes"):
        assert getattr(report, key) == exact(sum(row[key] for row in layers.values())), key
    for key in SITE:
        assert getattr(report, key) == exact(sum(row[key] for row in sites.values())), key
    assert report.active_steps == exact(mean(s[2] for s in slows))
    assert report.sub_steps == exact(mean(steps) * max(costs.longest_burst for costs in said))
    assert report.message_bits == max(costs.message_bits for costs in said)
    assert report.values == max(costs.values for costs in said)
    pairs = list(zip(sites.values(), said))
    assert report.sent_bits == exact(sum(row["messages"] * costs.message_bits for row, costs in pairs))
    kept = sum(row["neurons"] * costs.state_bytes for row, costs in pairs)
    assert report.footprint_bytes == exact(report.weight_bytes + kept)


@pytest.mark.parametrize("name", METHODS)
def test_every_counter_equals_a_walk_over_events(name):
    snn, x = converted(name), pictures(5)
    snn(x)
    slows = [slow(snn, one, 4) for one in x.split(1)]
    compared(snn.report(), slows, snn, [4] * 5)
    by_layer = {row["layer"]: row for row in snn.report().layers}
    assert 0 < by_layer["0"]["eff_macs"] < by_layer["0"]["macs"] and by_layer["2"]["ann_eff_macs"] > 0
    assert by_layer["6"]["macs"] > 0 and by_layer["2"]["macs"] == by_layer["5"]["macs"] == by_layer["8"]["macs"] == 0
    if "differential" in name or name == "ours":
        assert snn.report().active_steps < 4, "a silent step is counted nowhere here"


def test_parts_that_several_processes_counted_add_up():
    snn, x = converted("ours"), pictures(5)
    snn(x, at=(1, 4))
    whole, parts = {t: snn.report(t) for t in (1, 4)}, []
    for some in x.split((2, 3)):
        snn.reset()
        snn(some, at=(1, 4))
        parts.append(snn.meter.sums)
    joined = Meter.of(parts)
    for t, report in whole.items():
        found = joined.report(t)
        for row, other in zip(found.layers + found.sites, report.layers + report.sites, strict=True):
            assert row == pytest.approx(other)
        for key in (*MEANS, "values", "message_bits", "ann_eff_macs"):
            assert getattr(found, key) == pytest.approx(getattr(report, key)), key


class Leaving(Exit):
    """Samples leave at given steps, whatever their scores."""

    def sure(self, scores, t):
        gone = self.at[self.here] <= t
        self.here = self.here[~gone]
        return gone


@pytest.mark.parametrize("name", ["adafire-uniform", "adafire-signed", "dcgs", "ours"])
def test_every_counter_pays_for_the_steps_of_each_sample(name):
    snn, x, steps = converted(name), pictures(6), [1, 3, 2, 4, 1, 2]
    snn.exit = Leaving(torch.zeros(4))
    snn.exit.at, snn.exit.here = torch.tensor(steps), torch.arange(6)
    snn(x)
    assert snn.report().exits == {1: 2, 2: 2, 3: 1, 4: 1}
    compared(snn.report(), [slow(snn, one, t, False) for one, t in zip(x.split(1), steps)], snn, steps)
