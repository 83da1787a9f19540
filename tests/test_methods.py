"""Every registered method on a network with everything real ones have; a new method is tested by existing."""

import pytest
import torch

import adafire
from adafire import methods
from adafire.simulation.loop import simulate
from adafire.simulation.state import Run
from networks import build, relative_error
from test_energy import events_of_conv

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


def test_options_in_a_name(case):
    network, calibration, x, _ = case
    named = adafire.convert(network, calibration, method="burst:v0=0.25:phi_plus=3", timesteps=4)
    given = adafire.convert(network, calibration, method="burst", timesteps=4, phi_plus=3, v0=0.25)
    assert torch.equal(named(x), given(x)) and named.method.name == "burst:phi_plus=3:v0=0.25"
    assert methods.get("rate:percentile=99").name == "rate-percentile:percentile=99"
    assert methods.get("adafire:search=False").parameters(4) == methods.get("adafire-uniform").parameters(4)


@pytest.mark.parametrize(
    "name,words",
    [
        ("bursts:phi_plus=3", "unknown method 'bursts'; did you mean 'burst'"),
        ("burst:phi_pluss=3", "method burst has no option 'phi_pluss'; did you mean 'phi_plus'"),
        ("burst:phi_plus", "found 'phi_plus', expected option=value"),
        ("burst:", "found '', expected option=value"),
        ("burst:phi_plus=2:phi_plus=3", "found 'phi_plus=3', expected option=value, each once"),
        ("burst:phi_plus=2.5", "phi_plus=2.5; expected an integer"),
        ("adafire:search=perhaps", "search='perhaps'; expected bool, such as True"),
        ("adafire:search=1", "search=1; expected bool"),
    ],
)
def test_wrong_options_in_a_name(name, words):
    with pytest.raises(adafire.InputError, match=words):
        methods.get(name)
