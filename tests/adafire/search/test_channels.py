"""Levels by channel: tables, weights and costs against slow references; budgets; what is taken, and what is refused."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import adafire
from adafire.calibration.thresholds import Histogram
from adafire.cost import Meter
from adafire.search import channels
from adafire.search.allocation import Allocation, quantised_moments, thresholds
from adafire.search.importance import channel_weights, few, synapses
from adafire.search.site_weights import divergence
from adafire.simulation import advance_chunk
from helpers.networks import build


class Two(nn.Module):
    """Channels of very different size and weight between two layers."""

    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 6, 3, padding=1), nn.Conv2d(6, 4, 3, padding=1)
        self.out = nn.Linear(4, 5)
        with torch.no_grad():
            self.a.weight *= torch.tensor([0.1, 0.3, 1.0, 3.0, 6.0, 1.0])[:, None, None, None]
            self.b.weight *= torch.tensor([1.0, 1.0, 4.0, 0.2, 0.5, 0.0])[None, :, None, None]

    def forward(self, x):
        return self.out(F.relu(self.b(F.relu(self.a(x)))).mean((2, 3)))


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(3)
    return Two().eval()


@pytest.fixture(scope="module")
def inputs():
    return torch.randn(40, 3, 8, 8, generator=torch.Generator().manual_seed(5))


def histogram_of(values):
    found = Histogram(len(values))
    found.update(values.T[:, :, None], 1)
    return found


def test_moments_equal_the_rounded_values_themselves():
    values = torch.rand(3, 5000, generator=torch.Generator().manual_seed(0)) * torch.tensor([[1.0], [0.2], [7.0]])
    step, levels = torch.tensor([0.11, 0.05, 0.9]), 6
    error, count = quantised_moments(histogram_of(values), step, levels, 0.5)
    counts = (values / step[:, None] + 0.5).floor().clamp(0, levels)
    assert torch.allclose(count, counts.mean(1).double(), rtol=5e-3)
    assert torch.allclose(error, (values - counts * step[:, None]).square().mean(1).double(), rtol=2e-2)


def test_weights_are_what_an_error_of_a_channel_does_to_the_outputs(network, inputs):
    """Noise on one channel, alone, through the rest of the network, many times."""
    snn = adafire.convert(network, inputs, method="adafire-uniform", timesteps=2)
    plan, x = snn.plan(inputs[:16]), inputs[:16]
    weights, generator = {}, torch.Generator().manual_seed(0)
    for _ in range(100):
        found = channel_weights(plan, network, x, snn.call, 2, generator)
        weights = {i: weights.get(i, 0) + w / 100 for i, w in found.items()}
    with torch.no_grad():
        reference, a = network(x), F.relu(network.a(x))
        for c in range(6):
            sigma, total = 0.01 * float(a[:, c].std()), 0.0
            for _ in range(100):
                noisy = a.clone()
                noisy[:, c] += sigma * torch.randn(a[:, c].shape, generator=generator)
                out = network.out(F.relu(network.b(noisy)).mean((2, 3)))
                total += divergence(out, reference, "raw") / 100
            assert float(weights[0][c]) == pytest.approx(total / sigma**2, rel=0.2, abs=1e-9)
    assert weights[0][5] == 0  # whose weights behind are 0


def test_costs_are_what_the_meter_counts(network, inputs):
    snn = adafire.convert(network, inputs, method="adafire-uniform", timesteps=3)
    plan = snn.plan(inputs)
    reach = synapses(plan, snn.params, network, inputs, snn.call)
    run = snn.run(plan, inputs)
    advance_chunk(run, 3)
    modelled = sum(float((run.neurons[i].events.mean((0, 2, 3)) * reach[i]).sum()) for i in (0, 1))
    meter = Meter()
    meter.add(run)
    assert modelled == pytest.approx(meter.arrived(3), rel=0.01)  # a channel's spikes move between middle and border
    spikes = synapses(plan, snn.params, network, inputs, snn.call, spikes=True)
    assert spikes[0].tolist() == [64.0] * 6


@pytest.fixture()
def allocation():
    g = torch.Generator().manual_seed(1)
    found = {i: histogram_of(torch.rand(4, 3000, generator=g).pow(3) * (i + 1)) for i in range(3)}
    weights = {i: torch.rand(4, generator=g) for i in range(3)}
    costs = {i: torch.rand(4, generator=g) * 100 for i in range(3)}
    return Allocation(found, weights, costs, 16)


def test_choices_keep_their_bounds_and_no_other_choice_beats_them(allocation):
    cheapest, dearest = allocation.at_price(1e20), allocation.at_price(1e-40)
    for share in (0.1, 0.3, 0.6, 0.9):
        budget = cheapest[2] + share * (dearest[2] - cheapest[2])
        steps, error, cost = allocation.within_cost(budget)
        assert cost <= budget and allocation.total(steps) == pytest.approx((error, cost))
        g = torch.Generator().manual_seed(0)
        for _ in range(200):  # any other choice of the same table that costs no more has no smaller error
            other = {i: s * torch.exp(0.2 * torch.randn(s.shape, generator=g)) for i, s in steps.items()}
            loss, price = allocation.total(other)
            assert price > cost or loss > 0.97 * error  # between the points of the table there is a little
        back = allocation.within_error(error)
        assert back[1] <= error * (1 + 1e-9) and back[2] <= cost * (1 + 1e-9)
    errors = [allocation.within_cost(b)[1] for b in torch.linspace(cheapest[2], dearest[2], 9).tolist()]
    assert all(a >= b for a, b in zip(errors, errors[1:]))


def test_channels_without_weight_are_silent_and_silent_ones_get_a_threshold(allocation):
    allocation.weights[0][:] = 0
    found = Allocation(allocation.histograms, allocation.weights, allocation.synapses, 16).within_cost(1e9)[0]
    maximum = allocation.histograms[0].maximum
    assert torch.allclose(found[0].float(), 2.1 * maximum)
    assert thresholds({0: torch.tensor([0.0, 2.0, 4.0])}, 3)[0].tolist() == [6.0, 6.0, 12.0]


@pytest.mark.parametrize("steps, phi_minus", [(1, 0), (4, 0), (4, 4)])
def test_half_the_error_at_the_cost_of_the_uniform_limit(network, inputs, steps, phi_minus):
    x = torch.randn(200, 3, 8, 8, generator=torch.Generator().manual_seed(9))
    reference, found = network(x).detach(), {}
    for search in ("none", "channels"):
        snn = adafire.convert(network, inputs, method="adafire", timesteps=steps, phi_minus=phi_minus, search=search)
        snn.reset()
        found[search] = divergence(snn(x), reference, "raw"), snn.report().synops
        assert {p.phi_plus for p in snn.params.values()} == {4 if search == "none" else 16}
        assert all(p.phi_minus == (p.phi_plus if phi_minus else 0) for p in snn.params.values())
    assert found["channels"][0] < 0.7 * found["none"][0]
    assert found["channels"][1] <= 1.06 * found["none"][1]


def test_a_budget_below_the_uniform_cost_is_kept(network, inputs):
    cost = {}
    for budget in (1.0, 0.5):
        snn = adafire.convert(network, inputs, method="adafire", timesteps=2, budget=budget)
        snn(inputs)
        cost[budget] = snn.report().synops
        before, after = snn.found["search"]["modelled cost"]
        assert after <= budget * before
    assert cost[0.5] < 0.6 * cost[1.0]


def test_what_is_worse_on_unseen_samples_is_not_taken(inputs, monkeypatch):
    """A planted fault: only the channel counts whose weights behind are 0."""

    class Maps(Two):
        def forward(self, x):
            return self.b(F.relu(self.a(x)))

    torch.manual_seed(3)
    network, honest = Maps().eval(), channels.channel_weights
    good = adafire.convert(network, inputs, method="adafire", timesteps=1).found["search"]
    assert good["taken"] is True and good["disagreement"][1] < good["disagreement"][0]
    monkeypatch.setattr(channels, "channel_weights", lambda *a: {i: (w == 0).float() for i, w in honest(*a).items()})
    snn = adafire.convert(network, inputs, method="adafire", timesteps=1)
    uniform = adafire.convert(network, inputs, method="adafire-uniform", timesteps=1)
    assert snn.found["search"]["taken"] is False and any("uniform levels stay" in note for note in snn.notes)
    assert all(torch.equal(p.theta, uniform.params[i].theta) for i, p in snn.params.items())
    assert snn.found["search"]["disagreement"][1] > snn.found["search"]["disagreement"][0]
    cheap = adafire.convert(
        network, inputs, method=adafire.methods.get("adafire").with_options(budget=0.6), timesteps=1
    )
    before, after = cheap.found["search"]["modelled cost"]
    assert cheap.found["search"]["taken"] is True and after <= 0.6 * before  # what costs more is no way out
    assert any("uniform levels cost more than budget=0.6" in note for note in cheap.notes)


def test_the_order_and_the_batches_of_samples_change_nothing_that_matters(network, inputs):
    whole = adafire.convert(network, inputs, method="adafire", timesteps=2)
    parts = adafire.convert(network, list(inputs.split(7)), method="adafire", timesteps=2)
    x = inputs[:8]
    assert divergence(parts(x), network(x).detach(), "raw") == pytest.approx(
        divergence(whole(x), network(x).detach(), "raw"), rel=0.5, abs=1e-4
    )


def test_networks_whose_code_stops_derivatives_are_converted_all_the_same(inputs):
    class Stopped(Two):
        def forward(self, x):
            with torch.no_grad():
                return super().forward(x)

    torch.manual_seed(3)
    snn = adafire.convert(Stopped().eval(), inputs, method="adafire", timesteps=2)
    assert any("stops derivatives" in note for note in snn.notes) and snn.found["search"]["modelled error"][1] > 0


def test_derivatives_are_of_few_numbers():
    assert sum(len(x) for x in few([torch.zeros(50, 3, 4, 4)] * 3)) == 64
    assert [tuple(x.shape) for x in few([torch.zeros(2, 3, 2000, 2000)])] == [(1, 3, 2000, 2000)]


@pytest.mark.parametrize("steps, limit", [(1, 16), (2, 8), (4, 4), (16, 1)])
def test_sub_steps_set_both_limits(network, inputs, steps, limit):
    snn = adafire.convert(network, inputs, method="adafire", timesteps=steps, substeps=16)
    assert {(p.phi_plus, p.phi_minus) for p in snn.params.values()} == {(limit, 0)}
    uniform = adafire.convert(network, inputs, method="adafire-uniform", timesteps=steps, phi_plus=limit)
    plain = adafire.convert(network, inputs, method="adafire-uniform", timesteps=steps, substeps=16)
    assert all(torch.equal(p.theta, uniform.params[i].theta) for i, p in plain.params.items())
    signed = adafire.convert(network, inputs, method="adafire-signed", timesteps=steps, substeps=16)
    assert {(p.phi_plus, p.phi_minus) for p in signed.params.values()} == {(limit, limit)}


def test_compression_saves_within_its_budget():
    network, x = build("Residual"), torch.randn(48, 3, 16, 16, generator=torch.Generator().manual_seed(2))
    snn = adafire.convert(network, x, method="adafire+ssc", timesteps=4)
    found = snn.found["ssc"]
    assert found["divergence"][1] <= 1.5 * found["divergence"][0] and found["error"][1] <= 1.5 * found["error"][0]
    assert found["cost"][1] < 0.95 * found["cost"][0] and found["rounds"] <= 5


@pytest.mark.parametrize(
    "options, words",
    [
        (dict(search="all"), "one of none, channels, layers"),
        (dict(per_channel=False), "to every channel"),
        (dict(threshold="max"), "to every channel"),
        (dict(longest=2), "phi_plus=4 or more"),
        (dict(longest=0), "longest=0"),
        (dict(substeps=16, timesteps=3), "substeps=16 cannot be had in T=3"),
        (dict(substeps=4, timesteps=8), "cannot be had in T=8"),
    ],
)
def test_what_cannot_be_is_one_sentence(network, inputs, options, words):
    with pytest.raises(adafire.InputError, match=words):
        adafire.convert(network, inputs[:4], **{"method": "adafire", "timesteps": 4, **options})


def test_parameters_keep_what_records_have():
    """Rows that this file did not touch keep their keys; what is not used is not said."""
    get = adafire.methods.get
    assert get("adafire-uniform").parameters(4)["search"] is False and "longest" not in get(
        "adafire-uniform"
    ).parameters(4)
    assert get("adafire-layers").parameters(4)["search"] is True
    assert get("adafire").parameters(4)["search"] == "channels" and get("adafire").parameters(4)["longest"] == 16
    assert "candidates" not in get("adafire").parameters(4)
    in_sub_steps = get("adafire").with_options(substeps=16).parameters(4)
    assert in_sub_steps["substeps"] == 16 and "phi_plus" not in in_sub_steps and "longest" not in in_sub_steps
    assert math.isinf(channels.standard_error(torch.ones(1)))


def test_binary_bursts_cost_their_digits(network, inputs):
    """Modelled messages against those of a simulation in one step, and half the error at their cost."""
    x, found = torch.randn(200, 3, 8, 8, generator=torch.Generator().manual_seed(9)), {}
    reference = network(x).detach()
    for name in ("ours", "ours:search=channels", "ours:search=channels:budget=0.8"):
        snn = adafire.convert(network, inputs, method=adafire.methods.get(name), timesteps=1)
        snn(x)
        found[name] = divergence(snn(x), reference, "raw"), snn.report().synops
        if "search" in snn.found:
            budget = snn.method.budget
            before, after = snn.found["search"]["modelled cost"]
            assert after <= budget * before and snn.found["search"]["taken"] is True
            assert snn.report().synops == pytest.approx(
                budget * found["ours"][1], rel=0.1
            )  # of ten channels, each with one of 56 steps
            assert {p.neuron.levels for p in snn.params.values()} == {8}  # two more than 32 values take
    assert found["ours:search=channels"][0] < 0.6 * found["ours"][0]
    assert "search" not in adafire.methods.get("ours").parameters(4)
    assert adafire.methods.get("ours:search=channels").parameters(4)["search"] == "channels"


@pytest.mark.parametrize(
    "options",
    [dict(search="layers"), dict(search="channels", binary=False), dict(search="channels", per_channel=False)],
)
def test_binary_bursts_need_what_they_need(network, inputs, options):
    with pytest.raises(adafire.InputError, match="where bursts are binary"):
        adafire.convert(network, inputs[:4], method="ours", timesteps=1, **options)


def test_an_exit_judge_says_what_the_choice_is_judged_by(network, inputs):
    """Its decision here: whether the first output is above 0."""
    from adafire import ExitJudge

    above = lambda y: (y[:, 0] > 0).double()
    seen = []

    def share(outputs, final):
        seen.append(len(outputs))
        return (above(outputs) != above(final)).double()

    forward = lambda net, x: net(x)[:, :, None]  # no class scores, so that the judge is asked
    judge = ExitJudge(
        lambda y: y[:, 0, 0].sigmoid(),
        lambda a, b: share(a[..., 0], b[..., 0]) > 0,
        lambda a, b: share(a[..., 0], b[..., 0]),
    )
    snn = adafire.convert(network, [inputs], "adafire", 2, forward, exit_judge=judge)
    held = len(inputs) // 3
    assert seen == [held, held]  # the uniform setting and the choice
    assert all(0 <= value <= 1 for value in snn.found["search"]["disagreement"])
    plain = adafire.convert(network, [inputs], "adafire", 2, forward)
    assert plain.found["search"]["disagreement"] != snn.found["search"]["disagreement"]
