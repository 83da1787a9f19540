"""Spiking modules of other libraries, and their converters: counted as their own counters count where these are right, and their page."""

import doctest
import importlib.util
import re

import pytest
import torch
from torch import nn

import adafire
from adafire.errors import InputError, UnsupportedError
from adafire.external import CONVERTERS, convert
from helpers.paths import ROOT

PAGE = ROOT / "docs" / "external.md"
NEEDS = {"SpikingJelly": "spikingjelly", "snnTorch": "snntorch", "Norse": "norse", "sinabs": "sinabs"}
SECTIONS = re.split(r"^#{1,3} ", PAGE.read_text(), flags=re.M)


def need(package):
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed (pip install -e '.[test]')")


@pytest.mark.parametrize("section", [s for s in SECTIONS if ">>>" in s], ids=lambda s: s.split("\n")[0])
def test_the_examples_of_the_page(section):
    title = section.split("\n")[0].removeprefix("With ")
    if title in NEEDS:
        need(NEEDS[title])
    names = {
        "torch": torch,
        "nn": nn,
        "adafire": adafire,
        "x": torch.rand(4, 8, generator=torch.Generator().manual_seed(0)) * 4,
    }
    text = "".join(re.findall(r"```python\n(.*?)```", section, flags=re.S))
    test = doctest.DocTestParser().get_doctest(text, names, title, str(PAGE), 0)
    result = doctest.DocTestRunner(verbose=False).run(test)
    assert result.attempted and not result.failed


def test_every_library_has_an_example():
    assert {s.split("\n")[0] for s in SECTIONS if ">>>" in s} >= {*NEEDS, "With SpikingJelly", "With sinabs"}


def binary_network(layer, neuron):
    torch.manual_seed(0)
    return nn.Sequential(
        layer.Conv2d(2, 4, 3, stride=2, padding=1, bias=False),
        neuron.IFNode(),
        layer.Flatten(),
        layer.Linear(64, 5, bias=False),
    ).eval()


def test_one_layer_of_spikingjelly_by_hand_and_by_its_own_counter():
    need("spikingjelly")
    from spikingjelly.activation_based import functional, layer, neuron
    from spikingjelly.activation_based.op_counter import DispatchCounterMode, SynOpCounter

    torch.manual_seed(0)
    net, x = nn.Sequential(neuron.IFNode(), layer.Linear(7, 5)).eval(), torch.rand(3, 7)
    counted, potential, spikes = adafire.count(net, x, 6), torch.zeros(3, 7), torch.zeros(())
    for _ in range(6):  # its IFNode: hard reset to 0 at a threshold of 1
        potential = potential + x
        fired = potential >= 1
        spikes, potential = spikes + fired.sum(), potential * ~fired
    assert counted.report.synops * 3 == float(spikes) * 5 > 0 and counted.report.spikes * 3 == float(spikes)
    theirs = SynOpCounter()
    functional.reset_net(net)
    with torch.no_grad(), DispatchCounterMode([theirs]):
        for _ in range(6):
            net(x)
    assert theirs.get_total() == counted.report.synops * 3


def test_a_convolution_of_spikingjelly_by_its_own_counter():
    need("spikingjelly")
    from spikingjelly.activation_based import functional, layer, neuron
    from spikingjelly.activation_based.op_counter import DispatchCounterMode, SynOpCounter

    net, x = binary_network(layer, neuron), torch.rand(3, 2, 8, 8) * 3
    report, theirs = adafire.count(net, x, 5).report, SynOpCounter()
    functional.reset_net(net)
    with torch.no_grad(), DispatchCounterMode([theirs]):
        for _ in range(5):
            net(x)
    assert theirs.get_total() == report.synops * 3 > 0


def test_one_layer_of_sinabs_by_hand_and_by_its_own_counter():
    need("sinabs")
    import sinabs.hooks
    import sinabs.layers as sl

    torch.manual_seed(0)
    net = nn.Sequential(sl.IAFSqueeze(num_timesteps=1), nn.Linear(7, 5, bias=False)).eval()
    x = torch.rand(3, 7) * 3
    counted, potential, spikes = adafire.count(net, x, 6), torch.zeros(3, 7), torch.zeros(())
    for _ in range(6):  # its IAF: as many spikes as whole thresholds of 1, which are subtracted
        potential = potential + x
        fired = potential.floor()
        spikes, potential = spikes + fired.sum(), potential - fired
    assert counted.report.synops * 3 == float(spikes) * 5 > 0 and counted.report.spikes * 3 == float(spikes)
    sinabs.hooks.register_synops_hooks(net)
    net[0].reset_states()
    theirs = 0.0
    with torch.no_grad():
        for _ in range(6):
            net(x)
            theirs += float(sinabs.hooks.get_hook_data_dict(net[1])["layer_synops_per_timestep"])
    assert theirs == pytest.approx(counted.report.synops)  # a sample


def test_sinabs_counts_the_same_synaptic_operations():
    need("sinabs")
    import sinabs.hooks
    import sinabs.layers as sl

    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Conv2d(1, 4, 3, bias=False),
        sl.IAFSqueeze(num_timesteps=1),
        nn.Conv2d(4, 3, 3, stride=2, padding=1, bias=False),
        sl.IAFSqueeze(num_timesteps=1),
        nn.Flatten(),
        nn.Linear(27, 2, bias=False),
    ).eval()
    x = torch.rand(5, 1, 8, 8) * 6
    report = adafire.count(net, x, 4).report
    sinabs.hooks.register_synops_hooks(net)
    theirs = {"2": 0.0, "5": 0.0}
    with torch.no_grad():
        for _ in range(4):
            net(x)
            for name in theirs:
                theirs[name] += float(sinabs.hooks.get_hook_data_dict(net[int(name)])["layer_synops_per_timestep"])
    for row in report.layers[1:]:
        assert row["synops"] == pytest.approx(theirs[row["layer"]]) and row["synops"] > 0, row


def _spikingjelly():
    from spikingjelly.activation_based import layer, neuron

    return nn.Sequential(layer.Linear(8, 16), neuron.LIFNode(), layer.Linear(16, 3)).eval()


def _snntorch():
    import snntorch

    inner = nn.Sequential(
        nn.Linear(8, 16), snntorch.Synaptic(0.8, 0.9, init_hidden=True)
    )  # nested: its own utils.reset passes it by
    return nn.Sequential(inner, nn.Linear(16, 3)).eval()


def _norse():
    import norse.torch as norse

    return norse.SequentialState(norse.LIFRecurrentCell(8, 16), nn.Linear(16, 3), norse.LICell()).eval()


def _sinabs():
    import sinabs.layers as sl

    return nn.Sequential(nn.Linear(8, 16), sl.IAFSqueeze(num_timesteps=1), nn.Linear(16, 3)).eval()


MAKERS = {"spikingjelly": _spikingjelly, "snntorch": _snntorch, "norse": _norse, "sinabs": _sinabs}


@pytest.mark.parametrize("library", MAKERS)
def test_state_is_reset_between_batches(library):
    need(library)
    module, batches = MAKERS[library](), [torch.rand(n, 8) * 4 for n in (4, 2, 5)]
    many = adafire.count(module, batches, 6)
    assert many.report.synops > 0
    for x, y in zip(batches, many.outputs):
        assert torch.equal(adafire.count(module, x, 6).outputs, y)


def test_all_timesteps_at_once_are_refused():
    need("spikingjelly")
    from spikingjelly.activation_based import functional

    net = _spikingjelly()
    functional.set_step_mode(net, "m")
    with pytest.raises(InputError, match=r"'0' takes all timesteps at once .*set_step_mode\(module, 's'\)"):
        adafire.count(net, torch.rand(5, 4, 8), 5)


class Small(nn.Module):
    """A shared ReLU, batch norm, a residual, average pooling."""

    def __init__(self):
        super().__init__()
        self.a, self.norm, self.relu = nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU()
        self.b, self.fc = nn.Conv2d(4, 4, 3, padding=1), nn.Linear(4, 3)

    def forward(self, x):
        x = self.relu(self.norm(self.a(x)))
        return self.fc(self.relu(self.b(x) + x).mean((2, 3)))


@pytest.mark.parametrize(
    "converter, options",
    [("spikingjelly", {}), ("spikingjelly", {"recipe": "local_threshold_balancing"}), ("sinabs", {})],
)
def test_converters_of_others_come_close_and_cost_spikes(converter, options):
    need(converter)
    torch.manual_seed(0)
    network, x = Small().eval(), torch.rand(8, 1, 8, 8) * 4
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    snn = convert(network, [x], converter, timesteps=64, **options)
    early, late = snn(x, at=(2, 64))
    with torch.no_grad():
        true = network(x)
    error = lambda y: float((y - true).norm() / true.norm())
    assert error(late) < error(early) and error(late) < 0.1
    assert all(torch.equal(before[name], tensor) for name, tensor in network.state_dict().items())
    (b,) = [row for row in snn.report(64).layers if row["layer"] == "b"]
    assert b["synops"] > 0 == b["macs"] and 0 < snn.report(2).synops < snn.report(64).synops
    assert snn.report(64).macs <= snn.report(64).ann_macs and snn.made_by.startswith(converter)


@pytest.mark.parametrize("converter", ["spikingjelly", "sinabs"])
def test_what_a_converter_refuses_is_its_own_message(converter):
    need(converter)
    network = nn.Sequential(nn.Linear(8, 4), nn.SiLU(), nn.Linear(4, 2)).eval()
    with pytest.raises(UnsupportedError, match=f"^{converter} [0-9.]+ ") as caught:
        convert(network, [torch.rand(4, 8)], converter)
    assert "SiLU" in str(caught.value) or "found none" in str(caught.value)


def test_an_absent_package_and_an_unknown_converter(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "sinabs", None)
    with pytest.raises(InputError, match=r"needs the package sinabs .*pip install 'adafire\[sinabs\]'"):
        convert(nn.Sequential(nn.Linear(8, 4), nn.ReLU()).eval(), [torch.rand(4, 8)], "sinabs")
    with pytest.raises(InputError, match="unknown converter 'sinab'; did you mean 'sinabs'"):
        convert(nn.Linear(8, 4).eval(), [torch.rand(4, 8)], "sinab")
    assert CONVERTERS.names() == ["spikingjelly", "sinabs"]


class Functional(nn.Module):
    """ReLUs and pooling as functions and methods, and one module twice."""

    def __init__(self):
        super().__init__()
        self.a, self.b, self.c, self.fc = (
            nn.Conv2d(1, 4, 3),
            nn.Conv2d(4, 4, 3, padding=1),
            nn.Conv2d(4, 4, 1),
            nn.Linear(16, 3),
        )
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x):
        x = nn.functional.max_pool2d(self.relu(self.a(x)), 3, 2, padding=1, ceil_mode=True)
        x = nn.functional.avg_pool2d(torch.relu(self.b(x)) + x, kernel_size=2, stride=1)
        x = self.relu(self.c(x)).relu_() + nn.functional.relu(x, inplace=True)
        return self.fc(nn.functional.adaptive_avg_pool2d(x, (2, 2)).flatten(1))


class Untraceable(nn.Module):
    """What torch.fx cannot follow: its ReLU module, called three times."""

    def __init__(self):
        super().__init__()
        self.a, self.relu = nn.Linear(5, 5), nn.ReLU()

    def forward(self, x):
        for _ in range(3 if float(x.sum()) > -1e9 else 0):
            x = self.relu(self.a(x))
        return x


@pytest.mark.parametrize("make, shape, changed", [(Functional, (3, 1, 10, 10), 7), (Untraceable, (3, 5), 2)])
def test_functions_are_made_modules_and_outputs_stay(make, shape, changed):
    from adafire.external.as_modules import as_modules

    torch.manual_seed(0)
    network, x = make().eval(), torch.rand(shape)
    with torch.no_grad():
        true = network(x.clone())
        other, count = as_modules(network, x)
        assert torch.equal(other(x.clone()), true) and torch.equal(other(x.clone()), true) and count == changed
    calls = []
    for module in other.modules():
        if type(module) is nn.ReLU:
            module.register_forward_hook(lambda m, *_: calls.append(m))
    other(x)
    assert len(calls) == len(set(calls)) and len(calls) == (5 if make is Functional else 3)


@pytest.mark.parametrize("converter", ["spikingjelly", "sinabs"])
def test_functions_become_neurons(converter):
    need(converter)
    torch.manual_seed(0)
    network, x = Functional().eval(), torch.rand(4, 1, 10, 10)
    snn = convert(network, [x], converter, timesteps=8)
    snn(x)
    rows = {row["layer"]: row for row in snn.report().layers}
    assert rows["b"]["synops"] > 0 == rows["b"]["macs"] and "made modules" in snn.made_by
