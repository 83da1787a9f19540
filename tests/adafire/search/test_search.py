"""Pareto frontier against brute force, tables from shared prefixes against full simulations, searches against uniform limits."""

import itertools

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

import adafire
from adafire.calibration.fitting import Fitting
from adafire.search import channels
from adafire.search.measuring import Bench, Table
from adafire.search.pareto import best, frontier
from adafire.search.sensitivity import tables
from adafire.search.site_weights import Measuring, divergence, site_weights
from adafire.simulation.loop import advance_chunk, plain, read_out
from helpers.networks import build


def brute_force(losses, costs, budget):
    """Least loss of all assignments within the budget."""
    inside = [
        sum(l[k] for l, k in zip(losses, pick))
        for pick in itertools.product(*(range(len(c)) for c in costs))
        if sum(c[k] for c, k in zip(costs, pick)) <= budget
    ]
    return min(inside)


@pytest.mark.parametrize("seed", range(20))
def test_frontier_is_exact(seed):
    g = torch.Generator().manual_seed(seed)
    losses, costs = (torch.rand(5, 4, generator=g).tolist() for _ in range(2))
    budget = 1.2 + seed * 0.05
    if sum(map(min, costs)) > budget:
        with pytest.raises(adafire.InputError, match="no choice fits the budget"):
            best(losses, costs, budget)
        return
    points = frontier(losses, costs, budget)
    assert points[-1][0] == pytest.approx(brute_force(losses, costs, budget))
    for loss, cost, choices in points:
        assert loss == pytest.approx(sum(l[k] for l, k in zip(losses, choices)))
        assert cost == pytest.approx(sum(c[k] for c, k in zip(costs, choices))) and cost <= budget * (1 + 1e-9)
    assert all(a[0] > b[0] and a[1] < b[1] for a, b in zip(points, points[1:]))


def test_thinned_frontier_stays_near_the_exact_one():
    g = torch.Generator().manual_seed(0)
    losses, costs = (torch.rand(12, 6, generator=g).tolist() for _ in range(2))
    exact, thin = frontier(losses, costs, 4.0), frontier(losses, costs, 4.0, most_points=200)
    assert thin[-1][0] <= exact[-1][0] * 1.02


def test_divergence_is_the_symmetric_kl_and_never_nan():
    a, b = torch.tensor([[0.0, 1.0]]), torch.tensor([[1.0, 0.0]])
    p = torch.softmax(a, 1)
    assert divergence(a, b) == pytest.approx(float((p[0, 1] - p[0, 0]) * 1.0))
    assert divergence(torch.tensor([[1e4, 0.0]]), torch.tensor([[0.0, 1e4]])) == pytest.approx(1e4)


def options_around(params, kind, phi_minus):
    if kind == "ratios":
        return {i: [p] + [p._replace(theta=p.theta * rho) for rho in (1.5, 2.0, 3.0, 4.0)] for i, p in params.items()}
    return {
        i: [
            p if phi == 4 else p._replace(theta=p.theta * 4 / phi, phi_plus=phi, phi_minus=phi if phi_minus else 0)
            for phi in (1, 2, 3, 4, 8)
        ]
        for i, p in params.items()
    }


def simulated(snn, params, x, steps):
    run = Measuring(snn.plan(x), params, snn.network, x, snn.call)
    advance_chunk(run, steps)
    return run


@pytest.mark.parametrize("steps,phi_minus", [(2, 0), (4, 4)])
@pytest.mark.parametrize("kind", ["limits", "ratios"])
@pytest.mark.parametrize("weighed", [True, False])
def test_tables_equal_full_simulations_of_every_pair(steps, phi_minus, kind, weighed):
    network, x = build("Residual"), torch.randn(24, 3, 16, 16)
    snn = adafire.convert(network, x, method="adafire-uniform", timesteps=steps, phi_plus=4, phi_minus=phi_minus)
    plan, params = snn.plan(x), snn.params
    options = options_around(params, kind, phi_minus)
    weights = site_weights(plan, params, network, x, snn.call, steps) if weighed else None
    sensitivity, _ = tables(plan, params, options, network, x, snn.call, steps, weights)
    with torch.no_grad():
        reference = network(x)
    for i in options:
        for v, option in enumerate(options[i]):
            run = simulated(snn, {**params, i: option}, x, steps)
            whole = (
                sum(w * run.errors[j] for j, w in weights.items()) if weighed else divergence(read_out(run), reference)
            )
            assert sensitivity[i][v] == pytest.approx(whole, rel=1e-3, abs=1e-9), (i, v)


def test_a_sites_weight_is_what_its_own_error_does_to_the_network():
    network, x = build("Residual"), torch.randn(6, 3, 16, 16)
    snn = adafire.convert(network, x, method="adafire-uniform", timesteps=3)
    weights = site_weights(snn.plan(x), snn.params, network, x, snn.call, 3)
    run = simulated(snn, snn.params, x, 3)
    last = len(snn.sites) - 1  # behind it: the mean and the linear layer
    with torch.no_grad():
        own = {}
        plain(snn.plan(x), network, x, snn.call, lambda s, z: own.setdefault(s.index, s.activation.f(z)))
        n, theta = run.neurons[last].n, run.params[last].theta
        error = n * theta / 3 - Spikeless(run, last).mean_activation
        error -= error.mean((0, 2, 3), keepdim=True)
        changed = network.fc((own[last] + error).mean((2, 3)))
        expected = divergence(changed, network(x), "raw") / float(error.square().mean())
    assert weights[last] == pytest.approx(expected, rel=1e-3)


class Spikeless:
    """The activation of the mean current that reached a site in a finished run."""

    def __init__(self, run, index):
        site, state, params = run.plan.trace.sites[index], run.neurons[index], run.params[index]
        self.mean_activation = site.activation.f(state.x / run.t)


def test_the_model_ranks_as_the_exhaustive_table_and_adds_up():
    """Every pair, and choices at every site at once, simulated in full on many samples: rank correlation with the model."""
    steps, network = 4, build("Residual")
    x = torch.randn(192, 3, 16, 16, generator=torch.Generator().manual_seed(5))
    snn = adafire.convert(network, x, method="adafire-uniform", timesteps=steps)
    options = options_around(snn.params, "limits", 0)
    few = x[:24]
    weights = site_weights(snn.plan(few), snn.params, network, few, snn.call, steps)
    model, _ = tables(snn.plan(few), snn.params, options, network, few, snn.call, steps, weights)
    with torch.no_grad():
        reference = network(x)

    def error(params):
        return divergence(read_out(simulated(snn, params, x, steps)), reference, "raw")

    pairs = [(i, v) for i in options for v in range(len(options[i]))]
    exhaustive = [error({**snn.params, i: options[i][v]}) for i, v in pairs]
    assert rank_correlation([model[i][v] for i, v in pairs], exhaustive) > 0.9
    g, present = torch.Generator().manual_seed(0), model[0][3]
    choices = [[int(torch.randint(1, 5, (), generator=g)) for _ in options] for _ in range(16)]
    added = [present + sum(model[i][k] - present for i, k in enumerate(choice)) for choice in choices]
    assert rank_correlation(added, [error({i: options[i][k] for i, k in enumerate(c)}) for c in choices]) > 0.9


def rank_correlation(a, b):
    ranks = torch.stack([torch.tensor(v).argsort().argsort().double() for v in (a, b)])
    return float(torch.corrcoef(ranks)[0, 1])


@pytest.mark.parametrize("steps", [2, 4])
def test_search_holds_its_budget_and_is_no_worse_than_uniform(steps):
    network, x = build("Residual"), torch.randn(48, 3, 16, 16)
    snn = adafire.convert(network, x, method="adafire-layers", timesteps=steps)
    found = snn.found["search"]
    assert set(found["limits"]) == {s.name for s in snn.sites}
    assert found["divergence"][1] <= found["divergence"][0] and found["cost"][1] <= found["cost"][0]
    assert found["error"][1] <= found["error"][0]
    snn.reset()
    with torch.no_grad():
        assert divergence(snn(x), network(x)) == pytest.approx(found["divergence"][1], rel=1e-3)
    assert snn.meter.arrived(steps) == pytest.approx(found["cost"][1], rel=1e-3)  # every spike, the classifier's too


def test_a_wrong_model_is_repaired_or_let_go(monkeypatch):
    """With tables that call the worst the best, what is simulated still decides."""
    network, x = build("Residual"), torch.randn(32, 3, 16, 16)
    honest = Bench.tables

    def wrong(bench, params, options):
        table = honest(bench, params, options)
        return table._replace(loss=[[-v for v in row] for row in table.loss])

    monkeypatch.setattr(Bench, "tables", wrong)
    found = adafire.convert(network, x, method="adafire-layers", timesteps=4).found["search"]
    assert found["rounds"] > 2 and found["simulations"] <= 25
    assert found["divergence"][1] <= found["divergence"][0] and found["cost"][1] <= found["cost"][0]


def test_moves_change_single_sites_within_the_budget_best_first():
    table = Table([0, 1], 1.0, [[0.5, 0.0, -0.2], [0.1, 0.0, -0.1]], [[1.0, 2.0, 3.0], [1.0, 2.0, 4.0]])
    assert table.next_move([1, 1], 5.0, {(1, 1)}) == [2, 1]  # there is room for it
    assert table.next_move([1, 1], 4.0, {(1, 1)}) == [2, 0]  # paid for by the other site: -0.2 + 0.1
    assert table.next_move([1, 1], 4.0, {(1, 1), (2, 0)}) == [1, 0]
    assert table.next_move([0, 0], 2.0, {(0, 0)}) is None


class Chain(nn.Module):
    """33 sites."""

    def __init__(self):
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv2d(3 if i == 0 else 4, 4, 3, padding=1) for i in range(33))
        self.fc = nn.Linear(4, 3)

    def forward(self, x):
        for i, conv in enumerate(self.convs):
            x = F.relu(conv(x) if i == 0 else x + 0.5 * conv(x))
        return self.fc(x.mean((2, 3)))


class Products(TorchDispatchMode):
    """Counts the multiplications of matrix products and convolutions that are really carried out."""

    total = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        if func._overloadpacket in flop_registry:
            self.total += flop_registry[func._overloadpacket](*args, **(kwargs or {}), out_val=out)
        return out


@pytest.mark.slow
@pytest.mark.parametrize("steps", [1, 4])
def test_33_sites_and_8_candidates_cost_at_most_25_simulations(steps):
    """The multiplications that are really done, counted below everything, over those of one simulation."""
    torch.manual_seed(0)
    network, x = Chain().eval(), torch.randn(128, 3, 6, 6)

    def flops(method):
        with Products() as counter:
            snn = adafire.convert(network, x, method=method, timesteps=steps)
        return counter.total, snn

    (whole, snn), (uniform, plain_snn) = flops("adafire-layers"), flops("adafire-uniform")
    with Products() as counter:
        run = plain_snn.run(plain_snn.plan(x), x)
        advance_chunk(run, steps)
    spent = (whole - uniform) / counter.total
    found = snn.found["search"]
    assert len(snn.sites) == 33 and len(snn.method.candidates) == 8
    assert spent <= 25 and found["simulations"] <= 25
    assert found["simulations"] == pytest.approx(spent, rel=0.15)


def test_faithful_is_one_switch_for_the_released_codes_choices():
    network, x = build("Residual"), torch.randn(24, 3, 16, 16)
    snn = adafire.convert(network, x, method="adafire", timesteps=4, faithful=True)
    method, found = snn.method, snn.found["search"]
    assert (method.objective, method.shift, method.refit, method.weigh) == ("floor", True, False, "spikes")
    assert found["rounds"] <= 1  # the additive model is trusted
    assert snn.params[0].v0.abs().max() == 0  # the shift stands in for it
    snn.reset()
    snn(x)
    assert snn.report().spikes == pytest.approx(found["cost"][1], rel=1e-3)
    recorded = adafire.methods.get("adafire").with_options(faithful=True).parameters(4)
    assert recorded["faithful"] is True and "faithful" not in adafire.methods.get("adafire").parameters(4)


def test_ssc_saves_within_its_budget_in_the_order_of_the_sites():
    network, x = build("Residual"), torch.randn(48, 3, 16, 16)
    calibration = adafire.Calibration(x)
    plain = adafire.convert(network, calibration, method="adafire-layers", timesteps=4)
    snn = adafire.convert(network, calibration, method="adafire-layers", timesteps=4, ssc=True)
    found = snn.found["ssc"]
    assert found["divergence"][1] <= 1.5 * found["divergence"][0] and found["cost"][1] < found["cost"][0]
    for site in snn.sites:
        ratio = snn.params[site.index].theta / plain.params[site.index].theta
        assert torch.allclose(ratio, torch.full_like(ratio, found["ratios"][site.name]))


def test_cost_table_is_what_the_meter_counts():
    network, x = build("Residual"), torch.randn(8, 3, 16, 16)
    snn = adafire.convert(network, x, method="adafire-uniform", timesteps=4)
    _, cost = tables(snn.plan(x), snn.params, {i: [p] for i, p in snn.params.items()}, network, x, snn.call, 4)
    snn.reset()
    snn(x)
    assert sum(row[0] for row in cost.values()) == pytest.approx(
        snn.report().synops, rel=0.02
    )  # pooling is approximated


def test_a_budget_that_cannot_be_is_refused():
    with pytest.raises(adafire.InputError, match="budget"):
        adafire.convert(build("Residual"), torch.randn(4, 3, 16, 16), method="adafire", budget=0)


def test_a_search_is_made_once_for_all_methods_that_share_it(monkeypatch):
    network, x, made = build("Residual"), torch.randn(24, 3, 16, 16), []
    honest = channels.channel_thresholds
    monkeypatch.setattr(channels, "channel_thresholds", lambda *a: made.append(1) or honest(*a))
    calibration, names = adafire.Calibration(x), ("adafire", "adafire+ssc", "adafire+iat", "adafire+ssc+iat")
    shared = [adafire.convert(network, calibration, method=name, timesteps=2) for name in names]
    assert len(made) == 2  # early exit holds samples out: another search
    assert [snn.spared_s > 0 for snn in shared] == [False, True, False, True]
    for name, snn in zip(names, shared):
        alone = adafire.convert(network, x, method=name, timesteps=2)
        assert snn.found == alone.found and alone.spared_s == 0
        assert all(
            torch.equal(snn.params[i].theta, p.theta)
            and torch.equal(snn.params[i].bias, p.bias)
            and snn.params[i].phi_plus == p.phi_plus
            for i, p in alone.params.items()
        )
    made.clear()
    adafire.convert(network, calibration, method="adafire", timesteps=2, budget=0.8)
    adafire.convert(network, calibration, method="adafire", timesteps=3)
    adafire.convert(build("Residual"), calibration, method="adafire", timesteps=3)
    assert len(made) == 3


class Mask(nn.Module):
    """A map of scores for every pixel."""

    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1)
        self.out = nn.Conv2d(4, 2, 1)

    def forward(self, x):
        return self.out(F.relu(self.b(F.relu(self.a(x)))))


@pytest.mark.parametrize("size, least", [(32, 8), (128, 8), (256, 4), (512, 1)])
def test_few_large_masks_are_enough(size, least):
    x = torch.randn(12, 3, size, size)
    method = adafire.methods.get("adafire")
    fitting = Fitting(Mask().eval(), method, 1, lambda n, x: n(x), 0.5, adafire.Calibration(list(x.split(3))))
    fitting.fit_thresholds(method)
    bench = Bench(fitting, method)
    assert bench.least == least
    assert sum(len(part) for part in bench._part(0.01, 1)) == least
