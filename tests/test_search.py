"""Pareto frontier against brute force, tables from shared prefixes against full simulations, searches against uniform limits."""

import itertools

import pytest
import torch

import adafire
from adafire.pareto import best, frontier
from adafire.simulate import Run, advance_chunk, read_out
from adafire.sensitivity import divergence, tables
from networks import build


def brute_force(losses, costs, budget):
    """Least loss of all assignments within the budget."""
    inside = [sum(l[k] for l, k in zip(losses, pick)) for pick in itertools.product(*(range(len(c)) for c in costs))
              if sum(c[k] for c, k in zip(costs, pick)) <= budget]
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


@pytest.mark.parametrize("steps,phi_minus", [(2, 0), (4, 0), (4, 4)])
@pytest.mark.parametrize("kind", ["limits", "ratios"])
def test_tables_equal_full_simulations_of_every_pair(steps, phi_minus, kind):
    network = build("Residual")
    x = torch.randn(48, 3, 16, 16)
    calibration = adafire.Calibration(x)
    snn = adafire.convert(network, calibration, method="adafire-uniform", timesteps=steps, phi_plus=4, phi_minus=phi_minus)
    plan, params = snn.plan(x), snn.params
    options = {}
    for i, p in params.items():
        if kind == "ratios":
            options[i] = [p._replace(theta=p.theta * rho) for rho in (1.0, 1.5, 2.0, 3.0, 4.0)]
        else:
            options[i] = [p._replace(theta=p.theta * 4 / phi, phi_plus=phi, phi_minus=phi if phi_minus else 0)
                          for phi in (1, 2, 3, 4, 8)]
    sensitivity, _ = tables(plan, params, options, network, x, snn.forward, steps)
    with torch.no_grad():
        reference = network(x)
    estimated, exhaustive = [], []
    for i in options:
        for v, option in enumerate(options[i]):
            run = Run(plan, {**params, i: option}, network, x, snn.forward)
            advance_chunk(run, steps)
            exhaustive.append(divergence(read_out(run), reference))
            estimated.append(sensitivity[i][v])
    assert estimated == pytest.approx(exhaustive, rel=1e-3, abs=1e-9)


@pytest.mark.parametrize("steps", [2, 4])
def test_search_holds_its_budget_and_is_no_worse_than_uniform(steps):
    network, x = build("Residual"), torch.randn(48, 3, 16, 16)
    snn = adafire.convert(network, x, method="adafire", timesteps=steps)
    found = snn.found["search"]
    assert set(found["limits"]) == {s.name for s in snn.sites}
    assert found["divergence"][1] <= found["divergence"][0] and found["cost"][1] <= found["cost"][0] * 1.005
    assert found["simulations"] <= 25


def test_ssc_saves_within_its_budget_in_the_order_of_the_sites():
    network, x = build("Residual"), torch.randn(48, 3, 16, 16)
    calibration = adafire.Calibration(x)
    plain = adafire.convert(network, calibration, method="adafire", timesteps=4)
    snn = adafire.convert(network, calibration, method="adafire+ssc", timesteps=4)
    found = snn.found["ssc"]
    assert found["divergence"][1] <= 1.5 * found["divergence"][0] and found["cost"][1] < found["cost"][0]
    for site in snn.sites:
        ratio = snn.params[site.index].theta / plain.params[site.index].theta
        assert torch.allclose(ratio, torch.full_like(ratio, found["ratios"][site.name]))


def test_cost_table_is_what_the_meter_counts():
    network, x = build("Residual"), torch.randn(8, 3, 16, 16)
    snn = adafire.convert(network, x, method="adafire-uniform", timesteps=4)
    _, cost = tables(snn.plan(x), snn.params, {i: [p] for i, p in snn.params.items()}, network, x, snn.forward, 4)
    snn.reset()
    snn(x)
    assert sum(row[0] for row in cost.values()) == pytest.approx(snn.report().synops, rel=0.02)  # pooling is approximated


def test_a_budget_that_cannot_be_is_refused():
    with pytest.raises(adafire.InputError, match="budget"):
        adafire.convert(build("Residual"), torch.randn(4, 3, 16, 16), method="adafire", budget=0)
