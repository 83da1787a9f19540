"""Every registered method on a network with everything real ones have; a new method is tested by existing."""

import pytest
import torch

import adafire
from adafire import methods
from adafire.simulation.loop import simulate
from adafire.simulation.state import Run
from helpers.counting import events_of_conv
from helpers.networks import build, relative_error

SNN = [name for name in methods.names() if methods.get(name).kind == "snn"]


@pytest.fixture(scope="module")
def case():
    network = build("Residual")
    x = torch.randn(24, 3, 16, 16, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        return network, x[:16], x[16:], network(x[16:])


@pytest.mark.parametrize("name", methods.names())
def test_error_falls_as_T_grows(name, case):
    network, calibration, x, expected = case
    errors = [
        relative_error(adafire.convert(network, calibration, method=name, timesteps=t)(x), expected) for t in (2, 8, 32)
    ]
    if methods.get(name).kind == "ann":
        assert max(errors) < 1e-5
    elif methods.get(name).converges:
        assert errors[2] < errors[0] and errors[2] < 0.5, errors
    else:
        assert max(errors) < 0.5, errors


@pytest.mark.parametrize("name", SNN)
def test_energy_equals_the_slow_counter(name, case):
    network, calibration, x, _ = case
    snn = adafire.convert(network, calibration, method=name, timesteps=4)
    snn.exit = None  # every sample to the end, as the counter below has it
    snn(x[:2])
    run = Run(snn.plan(x[:2]), snn.params, network, x[:2], snn.call)
    list(simulate(run, (4,), 4))
    layer = next(row for row in snn.report().layers if row["layer"] == "b")
    slow = events_of_conv(run.neurons[1].events, network.b.weight, 1, 1, 1, 2)
    assert layer["synops"] * 2 == pytest.approx(slow) and slow > 0


@pytest.mark.parametrize("name", methods.names())
def test_deterministic_and_leaves_the_network_alone(name, case):
    network, calibration, x, _ = case
    before = {k: v.clone() for k, v in network.state_dict().items()}
    first, second = (adafire.convert(network, calibration, method=name, timesteps=3)(x) for _ in range(2))
    assert torch.equal(first, second)
    assert all(torch.equal(before[k], v) for k, v in network.state_dict().items())


@pytest.mark.parametrize("name", methods.names())
def test_anytime_is_what_it_says(name, case):
    network, calibration, x, _ = case
    if methods.get(name).anytime:
        snn = adafire.convert(network, calibration, method=name, timesteps=8)
        early = adafire.convert(network, calibration, method=name, timesteps=2)(x)
        assert relative_error(snn(x, at=(2, 8))[0] + 1, early + 1) < 1e-5
    else:
        snn = adafire.convert(network, calibration, method=name, timesteps=8)
        with pytest.raises(adafire.InputError, match="fitted for T=8"):
            snn(x, at=(2, 9))


@pytest.mark.parametrize("name", methods.names())
def test_declares_its_source_and_parameters(name):
    method = methods.get(name)
    assert method.source and isinstance(method.parameters(4), dict)


@pytest.mark.parametrize("correction", ["light", "potential"])
def test_calibration_lowers_the_error_of_single_spikes(correction, case):
    network, calibration, x, expected = case
    plain, corrected = (
        relative_error(
            adafire.convert(network, calibration, method="snn-calibration", timesteps=4, correction=c)(x), expected
        )
        for c in ("none", correction)
    )
    assert corrected < plain


def test_quantised_is_the_ceiling_of_signed_bursts(case):
    network, calibration, x, expected = case
    quantised = relative_error(adafire.convert(network, calibration, method="quantised", timesteps=4)(x), expected)
    signed = relative_error(adafire.convert(network, calibration, method="adafire-signed", timesteps=4)(x), expected)
    assert quantised < signed * 1.2


@pytest.mark.parametrize("phi", [1, 4])
def test_the_quantised_network_is_corrected_on_itself(phi, case):
    network, calibration, x, expected = case
    errors = []
    for correction in ("none", "light"):
        snn = adafire.convert(
            network, calibration, method="quantised", timesteps=2, phi_plus=phi, correction=correction
        )
        errors.append(relative_error(snn(x), expected))
        biases = torch.cat([p.bias.flatten() for p in snn.params.values()])
        assert bool(biases.any()) == (correction == "light")
    assert errors[1] < errors[0] and errors[1] < errors[0] * (0.9 if phi == 1 else 1)
    assert methods.get("quantised").correction == "light"


def test_the_correction_of_the_quantised_network_against_hooks():
    """One layer after the other, channel by channel: what rounding takes from the mean, the bias gives back."""
    torch.manual_seed(0)
    network = torch.nn.Sequential(
        torch.nn.Linear(4, 5), torch.nn.ReLU(), torch.nn.Linear(5, 3), torch.nn.ReLU(), torch.nn.Linear(3, 2)
    ).eval()
    x = torch.randn(200, 4)
    snn = adafire.convert(network, x, method="quantised", timesteps=2, phi_plus=2)
    value, reference = x, x
    with torch.no_grad():
        for k, site in ((0, 0), (2, 1)):
            theta, bias = snn.params[site].theta.flatten(), torch.zeros(len(snn.params[site].theta.flatten()))
            reference = network[k](reference).relu()
            z = network[k](value)
            rounded = lambda b: ((z + b).relu() / (theta / 2)).round().clamp(max=4) * (theta / 2)
            for _ in range(2):
                bias = bias - (rounded(bias) - reference).mean(0)
            assert torch.allclose(snn.params[site].bias.flatten(), bias, atol=1e-5)
            value = rounded(bias)
        assert torch.allclose(snn(x), network[4](value), atol=1e-4)


def test_every_method_without_a_correction_has_a_twin():
    plain = [name for name in SNN if methods.get(name).correction == "none" and name != "rate"]  # of another name
    assert methods.methods.twins() == [f"{name}+bias" for name in plain] and len(plain) > 5
    for name in plain:
        own, other = methods.get(name), methods.get(f"{name}+bias")
        assert other.parameters(4) == {**own.parameters(4), "correction": "light"} and type(other) is type(own)
        assert other.name == f"{own.name}+bias" and other.source.startswith(own.source) and "ours" in other.source


@pytest.mark.parametrize("name", methods.methods.twins())
def test_a_twin_is_nearer_to_the_network(name, case):
    network, calibration, x, expected = case
    plain, twin = (
        sum(relative_error(adafire.convert(network, calibration, method=m, timesteps=t)(x), expected) for t in (2, 4))
        for m in (name.removesuffix("+bias"), name)
    )
    assert twin < max(plain, 0.02)  # where nothing is lost there is nothing to give back
    with pytest.raises(adafire.InputError, match="fitted for T=2"):  # whatever the method, its correction is for one T
        adafire.convert(network, calibration, method=name, timesteps=2)(x, at=(3,))


def test_options_in_a_name(case):
    network, calibration, x, _ = case
    named = adafire.convert(network, calibration, method="burst:v0=0.25:phi_plus=3", timesteps=4)
    given = adafire.convert(network, calibration, method="burst", timesteps=4, phi_plus=3, v0=0.25)
    assert torch.equal(named(x), given(x)) and named.method.name == "burst:phi_plus=3:v0=0.25"
    assert methods.get("rate:percentile=99").name == "rate-percentile:percentile=99"
    twin = methods.get("burst+bias:phi_plus=3")
    assert (twin.name, twin.phi_plus, twin.correction) == ("burst+bias:phi_plus=3", 3, "light")
    assert methods.get("adafire:search=none").parameters(4) == methods.get("adafire-uniform").parameters(4)


@pytest.mark.parametrize(
    "name,words",
    [
        ("bursts:phi_plus=3", "unknown method 'bursts'; did you mean 'burst'"),
        ("burst:phi_pluss=3", "method burst has no option 'phi_pluss'; did you mean 'phi_plus'"),
        ("bursts+bias", "unknown method 'bursts'; did you mean 'burst'"),
        ("ours+bias", "there is no method ours.bias: ours has correction='light'; expected a spiking method"),
        ("ann+bias", "there is no method ann.bias: ann has no spikes"),
        ("burst:phi_plus", "found 'phi_plus', expected option=value"),
        ("burst:", "found '', expected option=value"),
        ("burst:phi_plus=2:phi_plus=3", "found 'phi_plus=3', expected option=value, each once"),
        ("burst:phi_plus=2.5", "phi_plus=2.5; expected an integer"),
        ("adafire:ssc=perhaps", "ssc='perhaps'; expected bool, such as False"),
        ("adafire:ssc=1", "ssc=1; expected bool"),
        ("ours+exit:exit_drop=half", "exit_drop='half'; expected a number, such as 0.005"),
        ("burst:v0=True", "v0=True; expected a number, such as 0.0"),
        ("burst:percentile=1e999", "percentile=inf; expected a number"),
        ("adafire:candidates=4", "candidates=4; expected numbers, such as"),
        ("adafire:ratios=(1.0,'x')", "expected numbers, such as"),
    ],
)
def test_wrong_options_in_a_name(name, words):
    with pytest.raises(adafire.InputError, match=words):
        methods.get(name)
