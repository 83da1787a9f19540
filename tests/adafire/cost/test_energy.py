"""Synaptic operations and MACs against slow per-event counters and hand-computed numbers."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import adafire
from adafire.cost.meter import Meter
from adafire.simulation.loop import simulate
from adafire.simulation.state import Run
from helpers.counting import events_of_conv
from helpers.networks import NETWORKS, build


@pytest.mark.parametrize(
    "stride,padding,dilation,groups,kernel",
    [
        (1, 0, 1, 1, 3),
        (1, 1, 1, 1, 3),
        (2, 1, 1, 1, 3),
        (1, 2, 2, 1, 3),
        (2, 2, 2, 2, 3),
        (3, 0, 1, 4, 2),
        (2, 3, 1, 1, 7),
        (1, 0, 1, 4, 1),
    ],
)
def test_synops_equal_the_per_event_counter(stride, padding, dilation, groups, kernel):
    conv1 = nn.Conv2d(2, 4, 3, padding=1)
    conv2 = nn.Conv2d(4, 8, kernel, stride, padding, dilation, groups)
    network = nn.Sequential(conv1, nn.ReLU(), conv2).eval()
    x = torch.randn(3, 2, 7, 6)
    snn = adafire.convert(network, x, method="burst", timesteps=5, phi_plus=3, phi_minus=2)
    snn.params = {0: snn.params[0]._replace(theta=snn.params[0].theta / 2)}
    snn(x)
    run = Run(snn.plan(x), snn.params, network, x, snn.call)
    list(simulate(run, (5,), 5))
    state = run.neurons[0]
    report = snn.report()
    for counts, reported in ((state.events, report.synops), (state.graded, report.synops_graded)):
        assert round(reported * 3) == events_of_conv(counts, conv2.weight, stride, padding, dilation, groups)
    assert state.events.sum() > state.graded.sum() > 0
    ones = torch.ones(1, 4, 7, 6)
    assert report.ann_macs == events_of_conv(ones, conv2.weight, stride, padding, dilation, groups) + events_of_conv(
        torch.ones(1, 2, 7, 6), conv1.weight, 1, 1, 1, 1
    )
    assert report.macs == events_of_conv(torch.ones(1, 2, 7, 6), conv1.weight, 1, 1, 1, 1)


def test_hand_computed_linear_chain():
    # 2 inputs -> 2 neurons -> 3 outputs. Inputs (1, 0.5), identity weights, theta 1, v0 0, T = 4:
    # neuron 1 fires at every step (4 spikes), neuron 2 at t = 2 and 4 (2 spikes): 6 spikes x 3 synapses = 18 synops.
    first, last = nn.Linear(2, 2, bias=False), nn.Linear(2, 3)
    first.weight.data = torch.eye(2)
    snn = adafire.convert(
        nn.Sequential(first, nn.ReLU(), last).eval(), torch.tensor([[1.0, 0.5]]), method="rate-max", timesteps=4
    )
    snn(torch.tensor([[1.0, 0.5]]))
    report = snn.report()
    assert (report.spikes, report.synops, report.macs, report.ann_macs) == (6, 18, 4, 10)
    assert report.firing_rate == 6 / 2 / 4
    assert report.energy_pj() == pytest.approx(4.6 * 4 + 0.9 * 18)
    assert report.energy_pj("horowitz-45nm-int8") == pytest.approx(0.23 * 4 + 0.03 * 18)
    assert report.ann_energy_pj() == pytest.approx(46.0)


def test_a_burst_counts_its_spikes_and_graded_counts_one():
    first, last = nn.Linear(1, 1, bias=False), nn.Linear(1, 5)
    first.weight.data = torch.tensor([[1.0]])
    snn = adafire.convert(
        nn.Sequential(first, nn.ReLU(), last).eval(), torch.tensor([[1.0]]), method="rate-max", timesteps=2, phi_plus=3
    )
    snn.params[0] = snn.params[0]._replace(theta=torch.tensor([[0.25]]))
    snn(torch.tensor([[1.0]]))  # asks for 4, 8 quarter spikes; at most 3 a step: 3 + 3
    assert (snn.report().spikes, snn.report().synops, snn.report().synops_graded) == (6, 30, 10)


def test_spikes_through_pooling_concatenation_and_addition():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b, self.c, self.d = (
                nn.Conv2d(i, o, 1, bias=False) for i, o in ((1, 2), (1, 2), (4, 3), (3, 2))
            )

        def forward(self, x):
            p, q = F.relu(self.a(x)), F.relu(self.b(x))
            z = self.c(torch.cat([F.max_pool2d(p, 2), F.avg_pool2d(q, 2)], 1))
            return self.d(F.relu(z + F.max_pool2d(p, 2)[:, :1]))

    network, x = Net().eval(), torch.rand(2, 1, 4, 4)
    network.a.weight.data.fill_(1.0)
    network.b.weight.data.fill_(1.0)
    snn = adafire.convert(network, x, method="rate-max", timesteps=4, v0=0.5)
    snn(x)
    run = Run(snn.plan(x), snn.params, network, x, snn.call)
    list(simulate(run, (4,), 2))
    p, q, r = (run.neurons[i].n for i in range(3))
    pooled = F.max_pool2d(p, 2)  # one threshold a channel, unsigned: pooled counts are maxima of counts
    synops = pooled.sum() * 3 + q.sum() * 3 + pooled[:, :1].sum() + r.sum() * 2
    assert snn.report().synops * 2 == float(synops)
    assert snn.report().macs == 16 * 4  # the two convolutions on the image, once


def test_analog_values_between_neurons_cost_macs_at_every_step():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b, self.c, self.d = (nn.Linear(3, 3, bias=False) for _ in range(4))

        def forward(self, x):
            y = F.relu(self.a(x))
            y = self.c(self.b(y))  # c multiplies a current, not spikes
            return self.d(F.relu(y))

    network, x = Net().eval(), torch.rand(4, 3)
    snn = adafire.convert(network, x, method="rate-max", timesteps=5)
    snn(x)
    assert snn.report().macs == 9 + 5 * 9 and snn.report().ann_macs == 36


@pytest.mark.parametrize("name", NETWORKS)
def test_batches_add_up(name):
    network, x = build(name), torch.randn(6, 3, 16, 16)
    snn = adafire.convert(network, x, method="burst", timesteps=4)
    snn(x)
    whole = snn.report()
    snn.reset()
    for part in x.split((4, 2)):
        snn(part)
    parts = snn.report()
    assert parts.samples == whole.samples == 6
    for field in ("spikes", "synops", "synops_graded", "macs", "ann_macs"):
        assert getattr(parts, field) == pytest.approx(getattr(whole, field), rel=1e-3), field


def test_ann_and_quantised_rows_count_every_mac_once():
    network, x = build("Residual"), torch.randn(2, 3, 16, 16)
    for method in ("ann", "quantised"):
        snn = adafire.convert(network, x, method=method, timesteps=4)
        snn(x)
        report = snn.report()
        assert report.macs == report.ann_macs > 0 and report.synops == 0


def test_meter_of_nothing_is_an_error_that_says_what_to_do():
    snn = adafire.convert(build("Residual"), torch.randn(2, 3, 16, 16), timesteps=4)
    with pytest.raises(adafire.InputError, match="nothing was counted at T=4"):
        snn.report()
    assert Meter().sums == {}
