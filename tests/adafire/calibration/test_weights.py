"""Weight calibration: lower error, weights of one conversion's plans only, deterministic."""

import pytest
import torch

import adafire
from adafire.calibration.data import Calibration
from adafire.calibration.layer_weights import calibrated_plans, feeding_layers
from adafire.methods import get
from adafire.simulation.loop import advance_chunk, plain
from helpers.networks import build, relative_error


@pytest.fixture(scope="module")
def case():
    network = build("Residual")
    x = torch.randn(40, 3, 16, 16, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        return network, x[:24], x[24:], network(x[24:])


def converted(network, calibration, timesteps=4, **options):
    return adafire.convert(network, calibration, method="snn-calibration-advanced", timesteps=timesteps, **options)


def test_it_is_declared():
    assert get("snn-calibration-advanced").uses_gradients and not get("snn-calibration").uses_gradients
    assert get("burst").with_options(correction="advanced").uses_gradients
    assert not get("snn-calibration-advanced").anytime
    assert "weight_steps" not in get("burst").parameters()


def test_layers_that_reach_a_neuron_through_norms_and_additions(case):
    network, calibration, *_ = case
    plan = adafire.convert(network, calibration, method="ann").plan(calibration)
    assert [[c.name for c in calls] for calls in feeding_layers(plan).values()] == [["stem"], ["a"], ["b"], ["c"]]


@pytest.mark.parametrize("timesteps", [4, 8])
def test_error_falls(case, timesteps):
    network, calibration, x, expected = case
    plain, weights = (
        relative_error(converted(network, calibration, timesteps, correction=c)(x), expected)
        for c in ("none", "advanced")
    )
    assert weights < plain


def test_fitted_weights_bring_activations_closer_where_there_is_something_to_gain(case):
    """Thresholds that clip half of the range: the layer behind can make up for a part of it. No other correction."""
    network, calibration, *_ = case
    errors = []
    for fitted in (False, True):
        snn = converted(network, calibration, correction="none", threshold="percentile", percentile=60.0)
        if fitted:
            snn.plan = calibrated_plans(snn.plan, snn.params, network, [calibration], snn.call, 4, 100, 0.01)
        seen = {}
        plain(
            adafire.convert(network, calibration, method="ann").plan(calibration),
            network,
            calibration,
            snn.call,
            lambda site, z: seen.setdefault(site.index, site.activation.f(z)),
        )
        run = snn.run(snn.plan(calibration), calibration)
        advance_chunk(run, 4)
        errors.append([relative_error(run.neurons[i].n * snn.params[i].theta / 4, seen[i]) for i in sorted(seen)])
    assert sum(errors[1]) < 0.95 * sum(errors[0]), errors


def test_network_and_other_conversions_are_untouched(case):
    network, inputs, x, expected = case
    before = {k: v.clone() for k, v in network.state_dict().items()}
    shared = Calibration(inputs)
    other = adafire.convert(network, shared, method="snn-calibration", timesteps=4)
    first = other(x)
    advanced = converted(network, shared)
    folded, own = other.plan(inputs).folded, advanced.plan(inputs).folded
    assert folded.keys() == own.keys() and any(not torch.equal(folded[k][0], own[k][0]) for k in folded)
    assert torch.equal(other(x), first)
    assert torch.equal(adafire.convert(network, shared, method="snn-calibration", timesteps=4)(x), first)
    ann = adafire.convert(network, shared, method="ann")(x)
    assert relative_error(ann, expected) < 1e-5
    assert all(torch.equal(before[k], v) for k, v in network.state_dict().items())
    assert all(p.grad is None and p.requires_grad for p in network.parameters())


def test_weights_go_along_with_other_shapes_batches_and_bf16(case):
    network, calibration, x, expected = case
    snn = converted(network, calibration)
    whole = snn(x)
    assert torch.allclose(torch.cat([snn(part) for part in x.split(5)]), whole, atol=1e-5)
    layers = [c for calls in feeding_layers(snn.plan(x)).values() for c in calls]
    assert all(torch.equal(snn.plan(x[:3]).folded[c.index][0], snn.plan.overrides[c.name][0]) for c in layers)
    half = converted(network, calibration, precision="bf16")
    assert relative_error(half(x), expected) < 0.1
    assert torch.equal(
        half.plan(x.bfloat16()).folded[layers[0].index][0], snn.plan.overrides[layers[0].name][0].bfloat16()
    )


def test_the_seed_draws_and_the_global_generator_neither_matters_nor_moves(case):
    network, calibration, x, _ = case
    torch.manual_seed(1)
    first, state = converted(network, calibration)(x), torch.get_rng_state()
    torch.manual_seed(2)
    assert torch.equal(first, converted(network, calibration)(x)) and not torch.equal(
        first, converted(network, calibration, seed=5)(x)
    )
    torch.manual_seed(1)
    assert torch.equal(torch.get_rng_state(), state)


def test_batches_of_different_sizes_end_with_the_bias(case):
    network, calibration, x, expected = case
    inputs = [calibration[:12], calibration[12:, :, :12, :12]]
    with pytest.raises(adafire.InputError, match="inputs of one size"):
        converted(network, inputs, correction="potential")
    snn = converted(network, inputs)
    assert all(float(p.bias.abs().max()) > 0 and float(p.v0.max()) == 0.5 for p in snn.params.values())
    assert relative_error(snn(x), expected) < 0.05


def test_networks_with_linear_layers_and_any_activation():
    for name in ("Modern", "Pyramid", "Shuffle"):
        network, x = build(name), torch.randn(8, 3, 16, 16)
        with torch.no_grad():
            expected = network(x)
        plain, weights = (
            relative_error(converted(network, x, correction=c)(x), expected) for c in ("none", "advanced")
        )
        assert weights < plain * 1.05, name


@pytest.mark.parametrize("wrong", [{"weight_steps": 0}, {"weight_steps": 2.5}, {"weight_rate": 0.0}])
def test_wrong_options(case, wrong):
    network, calibration, *_ = case
    with pytest.raises(adafire.InputError, match=next(iter(wrong))):
        converted(network, calibration, **wrong)
