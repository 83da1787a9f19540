"""Constants beside spikes, and inputs of zeros and ones: what of the weights is multiplied, and what is added up."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import adafire
from adafire.simulation.loop import simulate
from adafire.simulation.state import Run
from helpers.counting import JOINS, Joined, Voxels, events_of_conv, voxels
from helpers.networks import relative_error

METHODS = ["adafire-signed", "ours", "dcgs", "rate-max"]


def layers_of(network, x, name, T=4):
    snn = adafire.convert(network.eval(), x, method=name, timesteps=T)
    out = snn(x)
    run = Run(snn.plan(x), snn.params, network, x, snn.call)
    list(simulate(run, (T,), T))
    return {row["layer"]: row for row in snn.report().layers}, run, out


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("join", JOINS)
def test_constants_beside_spikes_are_multiplied_once(name, join):
    function, channels, constant = JOINS[join]
    network, x = Joined(function, channels), torch.rand(2, 2, 7, 8) + 0.1
    rows, run, _ = layers_of(network, x, name)
    size = (3, 8) if join == "pooled" else (7, 8)
    held, counts = torch.zeros(1, channels, *size), torch.zeros(2, channels, *size)
    held[:, constant] = 1
    spikes = run.neurons[0].events
    at = {"cat, in front, of a layer": 3}.get(join, 0)
    counts[:, at : at + 3] = F.avg_pool2d(spikes, (2, 1), divisor_override=1) if join == "pooled" else spikes
    assert rows["b"]["macs"] == events_of_conv(held, network.b.weight, 2, 1, 1, 1)
    assert (
        rows["b"]["synops"] * 2 == pytest.approx(events_of_conv(counts, network.b.weight, 2, 1, 1, 1))
        and spikes.sum() > 0
    )


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("join", JOINS)
def test_they_are_exact(name, join):
    function, channels, _ = JOINS[join]
    network, x = Joined(function, channels).eval(), torch.rand(2, 2, 7, 8) + 0.1
    with torch.no_grad():
        assert relative_error(adafire.convert(network, x, method=name, timesteps=128)(x), network(x)) < 0.06


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("moved", [lambda x: x, lambda x: x.transpose(2, 3).flip(1)], ids=["as it is", "moved"])
def test_the_weights_of_zeros_and_ones_are_added_up(name, moved):
    network, x = Voxels(moved), voxels(3)
    rows, _, _ = layers_of(network, x, name)
    slow = events_of_conv(moved(x), network.a.weight, 1, 1, 1, 1)
    dense = events_of_conv(torch.ones(1, 2, 6, 6), network.a.weight, 1, 1, 1, 1)
    assert (rows["a"]["synops"] * 3, rows["a"]["macs"], rows["a"]["ann_macs"]) == (pytest.approx(slow), 0, dense)
    assert rows["a"]["synops_graded"] == rows["a"]["synops"]


def test_each_sample_is_judged_by_itself():
    network, x = Voxels(), voxels(4)
    x[1, 0, 2, 2], x[3] = 0.5, 1.0  # of ones alone nothing says that it is a pattern of events
    rows, _, _ = layers_of(network, x, "ours")
    dense = events_of_conv(torch.ones(1, 2, 6, 6), network.a.weight, 1, 1, 1, 1)
    assert rows["a"]["synops"] * 4 == pytest.approx(events_of_conv(x[[0, 2]], network.a.weight, 1, 1, 1, 1))
    assert rows["a"]["macs"] * 4 == 2 * dense


def test_what_was_scaled_is_multiplied():
    rows, _, _ = layers_of(Voxels(lambda x: x * 2 - 1), voxels(2), "ours")
    assert rows["a"]["macs"] == rows["a"]["ann_macs"] and rows["a"]["synops"] == 0


def test_two_inputs_are_judged_by_themselves():
    class Two(Voxels):
        def __init__(self):
            super().__init__()
            self.c = nn.Conv2d(2, 3, 1)

        def forward(self, x, y):
            return self.b(F.relu(self.a(x) + self.c(y)))

    rows, _, _ = layers_of(Two(), (voxels(2), torch.randn(2, 2, 6, 6)), "adafire-signed")
    assert rows["a"]["macs"] == 0 < rows["a"]["synops"] and rows["c"]["macs"] == rows["c"]["ann_macs"]
