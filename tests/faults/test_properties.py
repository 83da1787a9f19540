"""Laws that hold for every input (hypothesis): the neuron, thresholds, the Pareto search, energy."""

import itertools
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from adafire.calibration.thresholds import Histogram, alive, balanced, maximum, mmse, percentile
from adafire.cost.energy import ENERGY_MODELS, arithmetic_models
from adafire.cost.tally import Tally
from adafire.graph.activations import activation_of
from adafire.graph.calls import Site
from adafire.neurons import kernels as fused
from adafire.neurons.count import NeuronParams, initial_state, scan
from adafire.search.pareto import best, frontier

QUICK = settings(max_examples=80, deadline=None)
RELU = activation_of("relu", None, (None,), {})
currents = st.lists(st.lists(st.integers(-24, 24), min_size=3, max_size=3), min_size=1, max_size=9)
limits = st.tuples(st.integers(1, 5), st.integers(0, 5))


def by_events(currents, theta, phi_plus, phi_minus):
    """Net counts after every step by exact integers: one neuron, one unit spike at a time. v0 is half a threshold."""
    total, count, counts = 0, 0, []
    for current in currents:
        total += current
        want = (2 * max(total, 0) + theta) // (2 * theta)
        for _ in range(phi_plus):
            count += count < want
        if count > want:
            for _ in range(phi_minus):
                count -= count > want
        counts.append(count)
    return counts


@QUICK
@given(currents, st.integers(1, 9), limits)
def test_neuron_equals_events_one_by_one_whole_and_in_chunks(steps, theta, limit):
    z = torch.tensor(steps, dtype=torch.float32)[:, None]  # [T, B=1, C=3]
    params = NeuronParams(torch.full((1, 3), float(theta)), torch.zeros(1, 3), torch.full((1, 3), 0.5), *limit)
    out, state = scan(z, 0, len(steps), params, initial_state(z[0], params), RELU)
    expected = torch.tensor([by_events(column, theta, *limit) for column in zip(*steps)]).T
    assert torch.equal(out.cumsum(0)[:, 0] / theta, expected.float())
    assert torch.equal(state.n[0], expected[-1].float()) and bool((state.n >= 0).all())
    emitted = out / theta
    assert emitted.max() <= limit[0] and emitted.min() >= -limit[1]
    assert torch.equal(state.events, emitted.abs().sum(0)) and torch.equal(state.graded, (emitted != 0).float().sum(0))
    cut = len(steps) // 2
    parts, carried = [], initial_state(z[0], params)
    for start, length in ((0, cut), (cut, len(steps) - cut)):
        if length:
            part, carried = scan(z[start : start + length], start, length, params, carried, RELU)
            parts.append(part)
    assert torch.equal(torch.cat(parts), out) and torch.equal(carried.n, state.n)


@pytest.mark.skipif(fused.library() is None, reason="no C compiler: only the reference runs here")
@QUICK
@given(
    currents, st.floats(0.015625, 30, width=32), limits, st.floats(0, 0.984375, width=32), st.floats(-2, 2, width=32)
)
def test_compiled_neuron_has_the_bits_of_the_reference(steps, theta, limit, v0, bias):
    z = torch.tensor(steps, dtype=torch.float32)[:, None] * 0.37
    params = NeuronParams(torch.full((1, 3), theta), torch.full((1, 3), bias), torch.full((1, 3), v0), *limit)
    site = Site(0, 0, "relu", RELU, (1, 3), 1, 0)
    slow, state = scan(z, 0, len(steps), params, initial_state(z[0], params), RELU)
    fast, fused_state = fused.scan(z, 0, len(steps), params, initial_state(z[0], params), site)
    assert torch.equal(slow, fast) and torch.equal(state.n, fused_state.n)
    assert torch.equal(state.events, fused_state.events)


@QUICK
@given(
    st.lists(
        st.floats(0, 50, width=32, allow_subnormal=False).filter(lambda v: not 0 < v < 1e-30), min_size=1, max_size=60
    ),
    st.integers(1, 4),
    st.integers(1, 16),
    st.floats(0.125, 8, width=32),
)  # without denormals, which count as nothing
def test_thresholds_follow_the_scale_and_stay_within_the_data(values, phi, timesteps, scale):
    def fitted(a):
        histogram = Histogram(1)
        histogram.update(a[None], 0)
        return histogram, mmse(histogram, phi, phi * timesteps)

    a = torch.tensor(values)
    histogram, theta = fitted(a)
    assert 0 <= theta <= maximum(histogram) / phi * (1 + 1e-6) and maximum(histogram) == a.max()
    _, scaled = fitted(a * scale)
    if a.max() > 1e-3:
        assert float(scaled) == pytest.approx(float(theta) * scale, rel=0.05)
    at = [float(percentile(histogram, q)) for q in (1, 50, 99, 100)]
    assert at == sorted(at) and at[-1] <= float(a.max())
    grown = [float(balanced(histogram, torch.zeros(1), n)) for n in (1, 4, 16)]
    assert grown == sorted(grown) and grown[-1] <= float(a.max()) * 2.01 + 1e-6, "a step of 2 ends at twice the maximum"


@QUICK
@given(st.lists(st.floats(0, 100, width=32), min_size=1, max_size=20))
def test_dead_channels_get_a_usable_threshold(values):
    theta = alive(torch.tensor(values))
    assert bool((theta > 0).all()) and bool(torch.isfinite(theta).all())
    live = [v for v in values if v > 0]
    if live:
        assert float(theta.max()) == max(live)


tables = st.integers(1, 4).flatmap(
    lambda sites: st.lists(
        st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), min_size=1, max_size=4),
        min_size=sites,
        max_size=sites,
    )
)


@QUICK
@given(tables, st.integers(0, 80))
def test_pareto_choice_equals_trying_everything(table, room):
    losses, costs = ([[float(entry[k]) for entry in row] for row in table] for k in (0, 1))
    totals = [
        (sum(losses[i][k] for i, k in enumerate(choice)), sum(costs[i][k] for i, k in enumerate(choice)))
        for choice in itertools.product(*(range(len(row)) for row in table))
    ]
    feasible = [total for total in totals if total[1] <= room]
    if not feasible:
        return
    choice = best(losses, costs, room)
    loss = sum(losses[i][k] for i, k in enumerate(choice))
    cost = sum(costs[i][k] for i, k in enumerate(choice))
    assert cost <= room and loss == min(feasible)[0]
    points = [(point[0], point[1]) for point in frontier(losses, costs, room)]
    for one, other in itertools.permutations(points, 2):
        assert one[0] < other[0] or one[1] < other[1], "a point of the frontier is beaten by none"


@QUICK
@given(st.floats(0, 1e12), st.floats(0, 1e12), st.floats(0, 1e6))
def test_energy_is_linear_and_never_falls_with_work(macs, synops, more):
    for name in arithmetic_models():
        model = ENERGY_MODELS.get(name)
        energy = model.energy_pj(macs, synops)
        assert energy == pytest.approx(model.mac_pj * macs + model.ac_pj * synops)
        assert model.energy_pj(macs + more, synops) >= energy <= model.energy_pj(macs, synops + more)


SPENT = "macs eff_macs synops synops_graded spikes messages output_updates".split()
LAID = "inputs outputs weights biases".split()
rows = st.fixed_dictionaries({key: st.integers(0, 10**6) for key in (*SPENT, *LAID)})
sites = st.fixed_dictionaries(
    {
        **{key: st.integers(0, 10**6) for key in ("neurons", "neuron_updates", "spikes", "messages")},
        **{"message_bits": st.integers(1, 12), "spike_bits": st.integers(1, 5), "longest_burst": st.integers(1, 9)},
        "state_bytes": st.sampled_from([4, 8]),
    }
)


@QUICK
@given(
    st.lists(rows, min_size=1, max_size=3),
    st.lists(sites, max_size=3),
    st.sampled_from(["spike", "message"]),
    st.booleans(),
)
def test_under_every_model_energy_grows_with_everything_that_is_done(layers, sites, reading, skipping):
    """Twice as much of all that was done is twice the energy; more of any one counter is never less."""
    op = {"op": "conv2d", "ann_macs": 10**6}
    counters = {"layers": [{**op, **row} for row in layers], "sites": sites}
    done = (*SPENT, "neuron_updates")
    grown = lambda keys, times: {
        kind: [{k: v * times if k in keys else v for k, v in row.items()} for row in found]
        for kind, found in counters.items()
    }
    for name in ENERGY_MODELS.names():
        options = {"reading": reading, "zero_skipping": skipping, "host": "horowitz-45nm"}
        if name == "loihi-1" and any(site["message_bits"] > 1 for site in sites):
            options["reading"] = "spike"
        price = lambda found: ENERGY_MODELS.get(name).energy_pj(found, **options)
        energy = price(counters)
        assert energy >= 0 and price(grown(done, 2)) == pytest.approx(2 * energy)
        for key in done:
            assert price(grown({key}, 3)) >= energy * (1 - 1e-12), (name, key)


@QUICK
@given(
    st.lists(st.lists(st.integers(0, 9), min_size=4, max_size=4), min_size=1, max_size=5),
    st.lists(st.integers(0, 9), min_size=4, max_size=4),
    st.integers(1, 64),
)
def test_synaptic_operations_equal_a_walk_over_every_spike(counts, reach, factor):
    walked = sum(reach[position] for row in counts for position, n in enumerate(row) for _ in range(n)) * factor
    tally = Tally()
    assert (
        tally.synops(torch.tensor(counts, dtype=torch.float32), torch.tensor(reach, dtype=torch.float32), factor)
        == walked
    )
    assert tally.total(torch.tensor(counts, dtype=torch.float32)) == sum(map(sum, counts))
    assert not math.isnan(walked)
