"""The dry run: treatments, what is refused and how it is said, and the pre-flight check."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import adafire
from adafire.graph import support as ops
from helpers.networks import NETWORKS, build


def net(body, **modules):
    """A network around a function of (self, x) with a convolution before and after."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.last = nn.Conv2d(2, 4, 3, padding=1), nn.Conv2d(4, 2, 1)
            for name, module in modules.items():
                setattr(self, name, module)

        def forward(self, x):
            return self.last(F.relu(body(self, F.relu(self.first(x)))))

    return Net().eval()


X = torch.randn(2, 2, 8, 8)


def setitem(self, x):
    y = torch.zeros_like(x)
    y[:, :2] = x[:, :2]
    return y


def setitem_then_sum(self, x):
    x[:, :2] = x[:, :2] * 2
    return x + 1


def branch(self, x):
    return x if x.max() > 0 else -x


REFUSED = {
    "setitem": (setitem, "torch.cat"),
    "setitem, then more": (setitem_then_sum, "'setitem' before a neuron writes into a tensor in place"),
    "control flow": (branch, "hands values that depend on spikes to Python"),
    "argmax": (lambda self, x: x.gather(1, x.argmax(1, keepdim=True).expand_as(x)), "integers that depend"),
    "random": (lambda self, x: x * torch.rand_like(x), "random"),
    "comparison": (lambda self, x: (x > 0).float() * (x > 0.5), "feeds integers or booleans|product"),
}


@pytest.mark.parametrize("case", [k for k in REFUSED if k != "comparison"])
def test_refused_with_place_and_reason(case):
    body, reason = REFUSED[case]
    with pytest.raises(adafire.UnsupportedError, match=reason):
        adafire.check(net(body), X)


def test_shapes_as_tensors_depend_on_no_spikes():
    def halves(self, x):
        height, width = torch._shape_as_tensor(x)[-2:]
        assert height == width
        return x.split([int(height) // 2, int(height) // 2], 2)[0]

    network = net(halves)
    assert len(adafire.check(network, X).sites) == 2
    snn = adafire.convert(network, X, method="ours", timesteps=64)
    assert float((snn(X) - network(X)).norm() / network(X).norm()) < 0.05


def test_training_mode_norm_and_dropout_are_refused():
    with pytest.raises(adafire.UnsupportedError, match="norm.*: batch norm in training mode.*eval"):
        adafire.check(net(lambda self, x: self.norm(x), norm=nn.BatchNorm2d(4)).train(), X)
    with pytest.raises(adafire.UnsupportedError, match="dropout in training mode"):
        adafire.check(net(lambda self, x: F.dropout(x, 0.5), norm=nn.Identity()), X)


def test_nothing_to_spike_is_refused():
    with pytest.raises(adafire.UnsupportedError, match="nothing would spike"):
        adafire.check(nn.Sequential(nn.Conv2d(2, 4, 3), nn.Flatten()), X)


def test_output_without_tensor_is_refused():
    class Strings(nn.Module):
        def forward(self, x):
            return "a"

    with pytest.raises(adafire.UnsupportedError, match="returned no tensor"):
        adafire.check(Strings(), X)


def test_calls_that_change_between_passes_are_named():
    class Moody(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b, self.calls = nn.Conv2d(2, 4, 1), nn.Conv2d(4, 2, 1), 0

        def forward(self, x):
            self.calls += 1
            x = F.relu(self.a(x))
            return self.b(x if self.calls < 2 else torch.exp(x))

    with pytest.raises(adafire.UnsupportedError, match="calls changed between passes.*'exp'.*'conv2d' at b"):
        adafire.convert(Moody().eval(), X, timesteps=2, verify=False)
    with pytest.raises(adafire.UnsupportedError, match="other outputs when it is run again.*a counter"):
        adafire.convert(Moody().eval(), X, timesteps=2)


@pytest.mark.parametrize("name", NETWORKS)
def test_check_lists_every_operator(name):
    report = adafire.check(build(name), torch.randn(2, 3, 16, 16))
    text = str(report)
    assert f"{len(report.sites)} sites become neurons" in text and len(report.sites) > 0
    assert all(row.operator in text and row.note for row in report.rows)


def test_spelled_out_silu_is_one_site():
    kinds = [s.activation.kind for s in adafire.check(build("Modern"), torch.randn(1, 3, 16, 16)).sites]
    assert kinds[:6] == ["leaky_relu", "silu", "silu", "gelu", "hardswish", "sigmoid"]


def test_activation_on_the_output_belongs_to_the_read_out():
    network = nn.Sequential(nn.Conv2d(2, 4, 3), nn.ReLU(), nn.Conv2d(4, 1, 1), nn.Sigmoid()).eval()
    report = adafire.check(network, X)
    assert [s.name for s in report.sites] == ["1"]
    assert any(r.operator == "sigmoid" and r.status == "read-out" for r in report.rows)


def test_ignored_result_of_an_in_place_relu():
    class Old(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Conv2d(2, 4, 1), nn.Conv2d(4, 2, 1)

        def forward(self, x):
            x = self.a(x)
            F.relu_(x)
            return self.b(x)

    network = Old().eval()
    snn = adafire.convert(network, X, method="burst", timesteps=128, threshold="max", phi_plus=4)
    assert torch.allclose(snn(X), network(X), atol=0.05)


def test_table_rows_have_known_treatments():
    assert {row[1] for row in ops.table()} == {"activation", "linear", "structure", "rate", "unsupported"}
    assert all(row[4] for row in ops.table())


BAD = {
    "unknown method": (dict(method="adafrie"), "did you mean 'adafire'"),
    "unknown option": (dict(phi_pls=3), "did you mean 'phi_plus'"),
    "T zero": (dict(timesteps=0), "timesteps=0; expected an integer of 1 or more"),
    "bad phi": (dict(phi_plus=0), "phi_plus=0; expected an integer of 1"),
    "bad precision": (dict(precision="fp8"), "Known: fp32, bf16, fp16"),
    "empty set": (dict(calibration=[]), "calibration set is empty"),
    "empty batch": (dict(calibration=torch.zeros(0, 3, 16, 16)), "calibration set is empty"),
    "no memory": (dict(memory_gb=0), "memory_gb=0"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_clear_error(case):
    options, message = BAD[case]
    options = {"calibration": torch.randn(2, 3, 16, 16)} | options
    with pytest.raises(adafire.AdafireError, match=message):
        adafire.convert(build("Residual"), **options)


def test_nan_weights_and_nan_activations():
    network = build("Residual")
    network.c.weight.data[0, 0] = float("nan")
    with pytest.raises(adafire.InputError, match="'c.weight' holds NaN"):
        adafire.convert(network, torch.randn(2, 3, 16, 16))
    with pytest.raises(adafire.InputError, match="NaN or infinite activations"):
        adafire.convert(build("Residual"), torch.full((2, 3, 16, 16), float("nan")))
