"""Relay neurons: what would meet weights as numbers is sent as spikes, for every method that is asked to."""

import pytest
import torch
import torch.nn.functional as F

import adafire
from adafire import methods
from adafire.neurons import kernels as fused
from adafire.simulation.loop import simulate
from adafire.simulation.state import Run
from helpers.counting import events_of_conv
from helpers.networks import NETWORKS, build, relative_error

SNN = [name for name in methods.names() if methods.get(name).kind == "snn"]
RELAYS = ["norm_depth", "network:add", "squeeze"]


@pytest.fixture(scope="module")
def case():
    network = build("Bottleneck")
    x = torch.randn(24, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        return network, x[:16], x[16:], network(x[16:])


def converted(case, name="ours", timesteps=4, **options):
    return adafire.convert(case[0], case[1], method=name, timesteps=timesteps, relays=True, **options)


def test_they_stand_where_numbers_would_meet_weights(case):
    sites = converted(case).sites
    assert [s.name for s in sites if s.relay] == RELAYS and len(sites) == len(RELAYS) + 3
    assert [s.channel_axis for s in sites if s.relay] == [1, 1, 1]
    plain = adafire.convert(case[0], case[1], method="ours", timesteps=4, relays=False)
    assert not any(s.relay for s in plain.sites) and len(plain.sites) == 3


@pytest.mark.parametrize("name", [n for n in NETWORKS if n not in ("Bottleneck", "Pyramid", "Shuffle", "Modern")])
def test_none_where_spikes_arrive_everywhere(name):
    x = torch.randn(4, 3, 12, 12)
    assert not any(s.relay for s in adafire.convert(build(name), x, method="ours", timesteps=2, relays=True).sites)


@pytest.mark.parametrize("name", SNN)
def test_error_falls_as_T_grows(name, case):
    errors = [relative_error(converted(case, name, t)(case[2]), case[3]) for t in (2, 8, 32)]
    if methods.get(name).converges:
        assert errors[2] < errors[0] and errors[2] < 0.5, errors
    else:
        assert max(errors) < 0.5, errors


@pytest.mark.parametrize("name", ["ours", "adafire-uniform", "burst"])
def test_energy_equals_the_slow_counter(name, case):
    network, x = case[0], case[2][:2]
    snn = converted(case, name)
    snn(x)
    run = Run(snn.plan(x), snn.params, network, x, snn.call)
    list(simulate(run, (4,), 4))
    sites = {s.name: run.neurons[s.index].events for s in snn.sites}
    layers = {row["layer"]: row for row in snn.report().layers}
    for layer, counts, weight, padding, groups in (
        ("point", sites["norm_depth"], network.point.weight, 0, 1),
        ("out", sites["network:add"], network.out.weight, 1, 1),
    ):
        slow = events_of_conv(counts, weight, 1, padding, 1, groups)
        assert layers[layer]["synops"] * 2 == pytest.approx(slow) and slow > 0
    assert layers["fc"]["synops"] * 2 == float(sites["squeeze"].sum()) * 2  # two outputs
    assert {name for name, row in layers.items() if row["macs"]} == {"stem"}


def test_depth_wise_convolutions_count_what_arrives_at_them(case):
    network, x = case[0], case[2][:1]
    snn = converted(case, "adafire-uniform")
    snn(x)
    row = next(row for row in snn.report().layers if row["layer"] == "depth")
    assert row["synops"] > 0 and row["macs"] == 0


@pytest.mark.parametrize("name", ["ours", "adafire-signed", "dcgs"])
def test_the_same_bits_by_kernel_and_reference_and_in_chunks(name, case, monkeypatch):
    expected = converted(case, name)(case[2])
    assert torch.equal(converted(case, name, memory_gb=1e-9)(case[2]), expected)
    monkeypatch.setattr(fused, "enabled", False)
    assert torch.equal(converted(case, name)(case[2]), expected)


@pytest.mark.parametrize("name", ["adafire", "adafire-layers", "adafire+ssc", "snn-calibration-advanced"])
def test_searches_and_weight_calibration_see_them(name, case):
    network, calibration, x, expected = case
    before = {k: v.clone() for k, v in network.state_dict().items()}
    snn = converted(case, name)
    if name == "adafire-layers":
        assert set(RELAYS) <= set(snn.found["search"]["limits"])
    assert relative_error(snn(x), expected) < 0.3
    assert all(torch.equal(before[k], v) for k, v in network.state_dict().items())


def test_weight_calibration_fits_the_layer_before_a_relay(case):
    from adafire.calibration.layer_weights import feeding_layers

    plan = converted(case, "snn-calibration").plan(case[1])
    names = {plan.trace.calls[k].name: [call.name for call in layers] for k, layers in feeding_layers(plan).items()}
    assert names["norm_depth"] == ["depth"] and names["squeeze"] == ["squeeze"] and names["network:add"] == ["lateral"]


def test_one_calibration_serves_methods_with_and_without(case):
    shared = adafire.Calibration(case[1])
    first = adafire.convert(case[0], shared, method="ours", timesteps=4)
    second = adafire.convert(case[0], shared, method="adafire-signed", timesteps=4)
    assert len(first.sites) == len(RELAYS) + 3 and len(second.sites) == 3
    assert torch.equal(first(case[2]), converted(case)(case[2]))


def test_the_check_says_how_many(case):
    report = adafire.check(case[0], case[1])
    assert report.relays == RELAYS
    assert f"3 sites become neurons; relays=True adds {len(RELAYS)}, the first at norm_depth" in str(report)
    assert adafire.check(build("Residual"), case[1]).relays == []


def test_what_a_read_out_may_do_is_not_refused_for_them():
    class Masked(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b, self.c = (torch.nn.Conv2d(3, 3, 3, padding=1) for _ in range(3))

        def forward(self, x):
            y = self.a(x).relu()
            y = self.b(y)
            y[:, 0] = 0  # in place: only after the last neuron
            return self.c(y)

    network, x = Masked().eval(), torch.randn(4, 3, 6, 6)
    assert adafire.check(network, x).relays == []
    with torch.no_grad():
        assert relative_error(adafire.convert(network, x, method="ours", timesteps=8)(x), network(x)) < 0.05


def test_only_true_or_false(case):
    with pytest.raises(adafire.InputError, match="relays='yes'; expected True or False"):
        methods.get("adafire").with_options(relays="yes")


class Between(torch.nn.Module):
    """Two layers, and ``between`` them what leaves numbers or many spikes."""

    def __init__(self, between):
        super().__init__()
        torch.manual_seed(0)
        self.between, self.a = between, torch.nn.Conv2d(3, 6, 3, padding=1)
        self.down, self.up = torch.nn.Conv2d(6, 3, 1), torch.nn.Conv2d(3, 6, 1)
        self.b, self.fc = torch.nn.Conv2d(6, 5, 3, padding=1), torch.nn.Linear(5, 2)

    def excited(self, x):
        return x * torch.sigmoid(self.up(F.relu(self.down(x.mean((2, 3), keepdim=True)))))

    def forward(self, x):
        return self.fc(F.relu(self.b(self.between(self, F.relu(self.a(x))))).mean((2, 3)))


BETWEEN = {  # (function, where relays stand)
    "squeeze and excite": (lambda net, x: net.excited(x), ["network:mean", "network:mul"]),
    "clamp": (lambda net, x: x.clamp(0.1, 0.4), ["network:clamp"]),
    "average, then maximum": (lambda net, x: F.max_pool2d(F.avg_pool2d(x, (1, 2)), 2), ["network:max_pool2d"]),
    "large average": (lambda net, x: F.avg_pool2d(x, 3, 1, 1), ["network:avg_pool2d"]),
    "average, then a scale": (lambda net, x: F.avg_pool2d(x, 2) * 3, ["network:avg_pool2d"]),
    "small average": (lambda net, x: F.avg_pool2d(x, (1, 3)), []),
    "softmax": (lambda net, x: x.softmax(1), []),
    "nothing": (lambda net, x: x, []),
}


@pytest.mark.parametrize("name", BETWEEN)
def test_they_stand_behind_products_bounds_pooled_averages_and_averages_of_many(name):
    function, expected = BETWEEN[name]
    network = Between(function).eval()
    x = torch.rand(8, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    snn = adafire.convert(network, x, method="ours", timesteps=4)
    assert [s.name for s in snn.sites if s.relay] == expected
    snn(x)
    assert {row["layer"] for row in snn.report().layers if row["macs"]} <= {
        "a",
        "fc",
        *(["b"] if name == "softmax" else []),
    }
    assert adafire.check(network, x).relays == [s.name for s in snn.sites if s.relay]
    plain = adafire.convert(network, x, method="ours", timesteps=4, relays=False)
    plain(x)
    cheaper = snn.report().energy_pj() < plain.report().energy_pj()
    assert cheaper if expected else snn.report().energy_pj() == plain.report().energy_pj()


@pytest.mark.parametrize("method", ["ours", "dcgs", "adafire-signed"])
@pytest.mark.parametrize("name", BETWEEN)
def test_behind_them_the_error_falls_as_T_grows_too(name, method):
    network = Between(BETWEEN[name][0]).eval()
    x = torch.rand(8, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        errors = [
            relative_error(adafire.convert(network, x, method=method, timesteps=t, relays=True)(x), network(x))
            for t in (4, 64)
        ]
    assert errors[1] < max(0.02, errors[0] / 2), errors
