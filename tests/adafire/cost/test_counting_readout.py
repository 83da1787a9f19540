"""A classifier behind a global pooling: the pooled average times the weights once, or every spike at every synapse."""

import pytest
import torch

import adafire
from adafire.cost.energy import ENERGY_MODELS
from adafire.simulation.loop import simulate
from adafire.simulation.state import Run
from helpers.counting import POOLS, Net, classifier


def pictures():
    """Two that drive the neurons, and two that leave nearly all of them silent."""
    x = torch.rand(4, 2, 8, 8, generator=torch.Generator().manual_seed(1))
    return x * torch.tensor([1.0, 1.0, 0.0, 0.0]).view(4, 1, 1, 1)


@pytest.mark.parametrize("name", ["adafire-signed", "ours", "dcgs", "rate-max"])
@pytest.mark.parametrize("pool", POOLS)
def test_the_cheaper_is_counted_for_every_sample(name, pool):
    network, x = Net(POOLS[pool]).eval(), pictures()
    network.a.bias.data = -network.a.bias.data.abs()
    network.a.bias.data[0] = 0.01  # a few spikes even where the picture is dark
    snn = adafire.convert(network, x, method=name, timesteps=4)
    snn(x)
    run = Run(snn.plan(x), snn.params, network, x, snn.call)
    list(simulate(run, (4,), 4))
    spikes, each = run.neurons[0].events.flatten(1).sum(1), {"synops": 0.0, "synops_graded": 0.0, "macs": 0.0}
    dense, model = network.fc.in_features * 40, ENERGY_MODELS.get("horowitz-45nm")
    for sample, count in enumerate(spikes.tolist()):
        if model.mac_pj * dense < model.ac_pj * count * 40:
            each["macs"] += dense
        else:
            each["synops"] += count * 40
            each["synops_graded"] += float(run.neurons[0].graded[sample].sum()) * 40
    for key, value in each.items():
        assert classifier(snn)[key] * 4 == pytest.approx(value, rel=1e-6), key
    assert (each["macs"] > 0 or pool == "average") and classifier(snn)["ann_macs"] == dense


def test_what_is_not_pooled_counts_every_spike():
    network, x = Net(lambda x: x.flatten(1)).eval(), pictures()
    snn = adafire.convert(network, x, method="rate-max", timesteps=16)
    snn(x)
    assert classifier(snn)["macs"] == 0 < classifier(snn)["synops"]


def test_a_search_weighs_every_spike_as_before():
    network, x = Net(POOLS["mean"]).eval(), pictures()
    snn = adafire.convert(network, x, method="adafire-signed", timesteps=4)
    snn(x)
    assert snn.meter.arrived(4) * 4 == pytest.approx(snn.report().spikes * 4 * 40)
