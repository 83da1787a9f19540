"""An SNN is a module: moved, copied, pickled, given a state, it is the same one, bit by bit; what it cannot be is said."""

import copy
import pickle
import threading

import pytest
import torch
from torch import nn

import adafire
from adafire import methods
from adafire.graph.interception import tensors_in
from adafire.neurons import compiled, kernels
from helpers.networks import build


@pytest.fixture(scope="module")
def case():
    network, x = build("Residual"), torch.randn(20, 3, 16, 16, generator=torch.Generator().manual_seed(1))
    return network, x[:12], x[12:]


def convert(case, method="ours", **options):
    return adafire.convert(case[0], case[1], **{"method": method, "timesteps": 3, **options})


def through_state(snn, case):
    """Another conversion, of other data, with the state of this one."""
    other = adafire.convert(case[0], case[1] * 2, method=snn.method, timesteps=snn.timesteps)
    assert not other.params or not torch.equal(other.params[0].theta, snn.params[0].theta)
    assert other.load_state_dict(snn.state_dict()).missing_keys == []
    return other


WAYS = {
    "deepcopy": lambda snn, case: copy.deepcopy(snn),
    "pickle": lambda snn, case: pickle.loads(pickle.dumps(snn)),
    "to": lambda snn, case: copy.deepcopy(snn).to("cpu"),
    "share_memory": lambda snn, case: copy.deepcopy(snn).share_memory(),
    "state": through_state,
}


@pytest.mark.parametrize("method", methods.names())
def test_every_method_is_the_same_after_every_way(method, case):
    snn, x = convert(case, method), case[2]
    expected, report = snn(x), snn.report()
    for name, way in WAYS.items():
        other = way(snn, case)
        other.reset()
        assert torch.equal(other(x), expected), name
        assert other.report() == report and repr(other) == repr(snn), name
        assert torch.equal(snn(x), expected), name


@pytest.mark.parametrize("way", [way for way in WAYS if way != "state"])
def test_in_half_precision(way, case):
    snn = convert(case, "adafire-signed", precision="bf16")
    assert torch.equal(WAYS[way](snn, case)(case[2]), snn(case[2]))
    assert snn.bfloat16() is snn and snn.params[0].theta.dtype == torch.float32


def test_it_owns_its_network(case):
    network, kept = copy.deepcopy(case[0]), adafire.Calibration(case[1])
    one, two = (adafire.convert(network, kept, method="ours", timesteps=3) for _ in range(2))
    expected = one(case[2])
    network.fc.weight.data.zero_()
    changed = {
        key: value * 2 for key, value in one.state_dict().items() if value.is_floating_point() and "network" in key
    }
    one.load_state_dict(changed, strict=False)
    assert not torch.equal(one(case[2]), expected) and torch.equal(two(case[2]), expected)
    one.to("cpu")
    assert all(a is not b for a, b in zip(one.parameters(), two.parameters()))


def test_other_weights_reach_what_layers_compute_with(case):
    """Weights that plans made ready (folded norms) are not those of before."""
    other = build("Residual", seed=5)
    first, second = (adafire.convert(n, case[1], method="dcgs", timesteps=3) for n in (case[0], other))
    x = case[2]
    assert not torch.equal(first(x), second(x))
    first.load_state_dict(second.state_dict())
    assert torch.equal(first(x), second(x))
    first.load_state_dict(convert(case, "dcgs").state_dict(), assign=True)
    assert torch.equal(first(x), convert(case, "dcgs")(x))


def test_state_dict_names_what_it_holds(case):
    state = convert(case, "snn-calibration-advanced").state_dict()
    assert {
        "network.stem.weight",
        "sites.relu[call 2].theta",
        "sites.network:relu.bias",
        "sites.relu.v0",
        "sites.relu.limits",
        "fitted.a.weight",
        "fitted.a.bias",
    } <= set(state)
    assert "exit.thresholds" in convert(case, "adafire+iat").state_dict() and state["sites.relu.limits"].tolist() == [
        1,
        0,
    ]


@pytest.mark.parametrize(
    "name,value,message",
    [
        ("sites.relu.theta", float("nan"), "sites.relu.theta: it holds NaN"),
        ("sites.relu.theta", -1.0, "a threshold of -1"),
        ("sites.relu.limits", -1, "expected phi_plus from 1"),
        ("sites.relu.bias", float("inf"), "infinity"),
    ],
)
def test_a_state_that_no_conversion_gives(name, value, message, case):
    snn = convert(case)
    before, state = snn(case[2]), copy.deepcopy(snn.state_dict())
    state[name].fill_(value)
    with pytest.raises(RuntimeError, match=message):
        snn.load_state_dict(state)
    assert torch.equal(snn(case[2]), before)
    with pytest.raises(RuntimeError, match=r"Missing key.*sites.relu.theta"):
        snn.load_state_dict({key: v for key, v in snn.state_dict().items() if key != "sites.relu.theta"})
    with pytest.raises(RuntimeError, match=r"sites.relu.theta: found \[3\], expected the shape \[1, 8, 1, 1\]"):
        snn.load_state_dict({**snn.state_dict(), "sites.relu.theta": torch.ones(3)})
    with pytest.raises(RuntimeError, match="Unexpected key.*sites.other.theta"):
        snn.load_state_dict({**snn.state_dict(), "sites.other.theta": torch.ones(3)})
    assert torch.equal(snn(case[2]), before)


@pytest.mark.parametrize(
    "move,message",
    [
        (lambda s: s.to(torch.float64), "cannot become float64"),
        (lambda s: s.half(), "cannot become float16"),
        (lambda s: s.double(), "float64"),
        (lambda s: s.to("meta"), "on the device 'meta'"),
    ],
)
def test_moves_that_would_give_other_numbers(move, message, case):
    snn = convert(case)
    expected = snn(case[2])
    with pytest.raises(adafire.InputError, match=message) as refused:
        move(snn)
    assert "\n" not in str(refused.value) and torch.equal(snn(case[2]), expected)
    with pytest.raises(adafire.InputError, match=message):
        move(nn.Sequential(snn, nn.Softmax(1)))


def test_a_part_of_other_modules(case):
    snn, x = convert(case), case[2]
    whole = nn.Sequential(snn, nn.Softmax(1)).train()
    assert torch.equal(whole(x), snn(x).softmax(1)) and not snn.training and not any(m.training for m in snn.modules())
    assert {f"0.{key}" for key in snn.state_dict()} == set(whole.state_dict())
    other = nn.Sequential(
        adafire.convert(build("Residual", seed=4), case[1], method="ours", timesteps=3), nn.Softmax(1)
    )
    other.load_state_dict(whole.state_dict())
    assert torch.equal(other(x), whole(x)) and torch.equal(copy.deepcopy(whole)(x), whole(x))
    assert "theta" in repr(whole) and snn.eval() is snn
    seen = []
    snn.register_forward_hook(lambda module, args, output: seen.append(output))
    assert seen == [] and torch.equal(snn(x), seen[0])


def test_words(case):
    snn = convert(case, "adafire-uniform")
    lines = repr(snn).splitlines()
    assert lines[0] == "SNN(adafire-uniform, fitted for T=3, of Residual" and len(lines) == len(snn.sites) + 2
    assert lines[1].startswith("  relu: 8 x 16 x 16, relu, burst, theta 0.") and lines[1].endswith("limits +4")
    assert "Nothing was counted at T=3" in snn.summary()
    snn(case[2])
    text = snn.summary()
    rows = {line.split()[0]: line for line in text.splitlines() if line}
    report = snn.report()
    share = next(row for row in report.layers if row["layer"] == "stem")["macs"] * 4.6 / report.energy_pj()
    assert f"{share:.1%}" in rows["stem"] and "fitted for T=3" in text and "horowitz-45nm" in text
    assert repr(convert(case, "ann")).startswith("SNN(ann, of Residual")


def own_call(network, x):
    return [network(x)]


def test_functions_that_pickle_cannot_name(case):
    snn = adafire.convert(case[0], case[1], method="burst", timesteps=2, forward=lambda network, x: [network(x)])
    with pytest.raises(adafire.InputError, match="forward= is a function that pickle cannot name.*snn.save"):
        pickle.dumps(snn)
    assert torch.equal(copy.deepcopy(snn)(case[2])[0], snn(case[2])[0])
    named = adafire.convert(case[0], case[1], method="burst", timesteps=2, forward=own_call)
    assert torch.equal(pickle.loads(pickle.dumps(named))(case[2])[0], named(case[2])[0])


def test_a_network_that_cannot_be_copied(case):
    network = copy.deepcopy(case[0])
    network.lock = threading.Lock()
    snn = adafire.convert(network, case[1], method="burst", timesteps=2)
    for attempt in (lambda: snn.to("cpu"), lambda: copy.deepcopy(snn), lambda: snn.load_state_dict(snn.state_dict())):
        with pytest.raises(adafire.InputError, match="cannot be copied"):
            attempt()
    assert snn.network is network


@pytest.mark.parametrize(
    "given,message",
    [
        (lambda x: x.to("meta"), "the input is on meta and the network on cpu"),
        (lambda x: x.half(), "float16"),
        (lambda x: x.double(), "float64"),
        (lambda x: x[0], "no batch dimension|network itself fails"),
    ],
)
@pytest.mark.parametrize("verify", [True, False])
def test_inputs_of_another_kind(given, message, verify, case):
    snn = convert(case, verify=verify)
    with pytest.raises(adafire.InputError, match=message):
        snn(given(case[2]))
    with pytest.raises(adafire.InputError, match=message):
        adafire.convert(case[0], given(case[1]), timesteps=2, verify=verify)


@pytest.mark.parametrize("method", ["ours", "adafire+iat", "snn-calibration-advanced", "quantised", "ann"])
def test_a_batch_of_none_and_of_one(method, case):
    snn, x = convert(case, method), case[2]
    assert snn(x[:0]).shape == (0, 5)
    one = copy.deepcopy(snn)(x[:1])
    assert one.shape == (1, 5) and torch.allclose(one, snn(x)[:1], atol=1e-4)


def test_what_the_other_way_round_is_not(case):
    """A copy in which no plan is made yet refuses an input at which the network calls other activations."""

    class Longer(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(4, 4), nn.Linear(4, 2)

        def forward(self, x):
            y = torch.relu(self.a(x))
            return self.b(torch.relu(self.a(y)) if len(x) > 3 else y)

    snn = adafire.convert(Longer().eval(), torch.randn(2, 4), method="burst", timesteps=2)
    with pytest.raises(adafire.UnsupportedError, match="calls other activations"):
        copy.deepcopy(snn)(torch.randn(5, 4))
    assert [tensor.shape for tensor in tensors_in(snn(torch.randn(2, 4)))] == [(2, 2)]


def test_words_say_what_simulated_the_neurons(case, monkeypatch):
    snn = convert(case, "adafire-uniform")
    assert snn.ran == {} and "simulated by" not in repr(snn)
    monkeypatch.setattr(kernels, "enabled", False)
    snn(case[2])
    assert set(snn.ran) >= {site.name for site in snn.sites} and set(snn.ran.values()) == {"reference"}
    assert repr(snn).splitlines()[-2] == f"  simulated by: torch's operators ({len(snn.ran)})"
    if compiled.library() is not None:
        monkeypatch.setattr(kernels, "enabled", True)
        snn(case[2])
        assert "compiled kernels" in repr(snn).splitlines()[-2]
