"""8-bit weights: against a slow rounding of every channel, in every kind of layer, saved and kept, for every kind of method."""

import pytest
import torch
from torch import nn

import adafire
from adafire.calibration.rounded_weights import rounded
from adafire.errors import InputError


def slowly(channel, most=127):
    """One output channel's weights, number by number."""
    largest = max(abs(float(v)) for v in channel.flatten())
    step = largest / most if largest else 1.0
    return torch.tensor([max(-most, min(most, round(float(v) / step))) * step for v in channel.flatten()]).view(
        channel.shape
    )


@pytest.mark.parametrize("shape", [(5, 4), (6, 3, 3), (4, 2, 3, 3), (3, 2, 2, 2, 2), (1, 7)])
def test_every_output_channel_has_its_own_scale(shape):
    weight = torch.randn(shape, generator=torch.Generator().manual_seed(len(shape))) * torch.logspace(
        -3, 2, shape[0]
    ).view(-1, *[1] * (len(shape) - 1))
    found = rounded(weight)
    torch.testing.assert_close(found, torch.stack([slowly(channel) for channel in weight]), rtol=1e-5, atol=0)
    assert all(len(channel.unique()) <= 255 for channel in found)
    torch.testing.assert_close(rounded(found), found, rtol=1e-6, atol=0)  # rounded once is rounded


def test_groups_of_a_transposed_convolution_have_channels_of_their_own():
    weight = torch.randn(
        6, 2, 3, 3, generator=torch.Generator().manual_seed(1)
    )  # [in, out / groups, ...], 3 groups: 6 outputs
    found = rounded(weight, axis=1, groups=3)
    for group in range(3):
        for out in range(2):
            channel = weight[2 * group : 2 * group + 2, out]
            torch.testing.assert_close(found[2 * group : 2 * group + 2, out], slowly(channel), rtol=1e-5, atol=0)


def test_zeros_stay_zeros():
    assert rounded(torch.zeros(3, 4)).eq(0).all()


class Layers(nn.Module):
    """A folded batch norm, a depth-wise and a transposed convolution, a layer used twice, a linear layer."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(3)
        self.first, self.norm = nn.Conv2d(3, 6, 3, padding=1), nn.BatchNorm2d(6)
        self.depthwise, self.up = (
            nn.Conv2d(6, 6, 3, padding=1, groups=6),
            nn.ConvTranspose2d(6, 4, 2, stride=2, groups=2),
        )
        self.twice, self.head = nn.Conv2d(4, 4, 1), nn.Linear(4, 5)
        self.norm.running_var.uniform_(0.5, 2)
        self.norm.running_mean.normal_()

    def forward(self, x):
        x = torch.relu(self.depthwise(torch.relu(self.norm(self.first(x)))))
        x = torch.relu(self.twice(torch.relu(self.twice(torch.relu(self.up(x))))))
        return self.head(x.mean((2, 3)))


def by_hand(network):
    """The same network with the weights rounded in it; the norm is folded first."""
    import copy

    net = copy.deepcopy(network)
    scale = net.norm.weight / (net.norm.running_var + net.norm.eps).sqrt()
    net.first.bias.data = (net.first.bias - net.norm.running_mean) * scale + net.norm.bias
    net.first.weight.data = net.first.weight * scale.view(-1, 1, 1, 1)
    net.norm = nn.Identity()
    for layer in (net.first, net.depthwise, net.twice, net.head):
        layer.weight.data = torch.stack([slowly(channel) for channel in layer.weight])
    for group in range(2):
        rows = slice(3 * group, 3 * group + 3)
        for out in range(2):
            net.up.weight.data[rows, out] = slowly(network.up.weight[rows, out])
    return net.eval()


@pytest.fixture(scope="module")
def layers():
    network = Layers().eval()
    return network, torch.rand(8, 3, 8, 8, generator=torch.Generator().manual_seed(5))


def test_the_plan_computes_what_a_network_of_rounded_weights_computes(layers):
    network, x = layers
    kept = [p.clone() for p in network.parameters()]
    with torch.no_grad():
        expected, found = by_hand(network)(x), adafire.convert(network, x, method="ann", timesteps=1, weights="int8")(x)
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
        assert (found - network(x)).abs().max() > 1e-4  # it is not the network itself
    assert all(torch.equal(a, b) for a, b in zip(kept, network.parameters()))


@pytest.mark.parametrize(
    "method", ["adafire", "adafire-signed", "dcgs", "ours", "snn-calibration", "burst", "quantised"]
)
def test_methods_convert_the_rounded_network(layers, method):
    network, x = layers
    ann = by_hand(network)
    snn = adafire.convert(network, x, method=method, timesteps=32, weights="int8")
    exact = adafire.convert(ann, x, method=method, timesteps=32)
    with torch.no_grad():
        assert (snn(x) - exact(x)).norm() / exact(x).norm() < 0.02  # the same conversion, of the same weights
        again = adafire.convert(network, x, method=method, timesteps=32)
        assert not torch.equal(again(x), snn(x))
    assert snn.method.parameters(32)["weights"] == "int8" and "weights" not in again.method.parameters(32)


def test_saved_and_loaded_it_is_the_same(layers, tmp_path):
    network, x = layers
    snn = adafire.convert(network, x, method="ours", timesteps=4, weights="int8")
    snn.save(tmp_path / "net.safetensors")
    assert torch.equal(adafire.load(tmp_path / "net.safetensors", network)(x), snn(x))


def test_one_calibration_keeps_both_apart(layers, tmp_path):
    network, x = layers
    shared = adafire.Calibration(x, cache=tmp_path)
    found = [
        adafire.convert(network, shared, method="burst", timesteps=4, weights=w)(x)
        for w in ("float", "int8", "float", "int8")
    ]
    assert torch.equal(found[0], found[2]) and torch.equal(found[1], found[3]) and not torch.equal(found[0], found[1])
    fresh = adafire.Calibration(x, cache=tmp_path)  # from the folder
    assert torch.equal(adafire.convert(network, fresh, method="burst", timesteps=4, weights="int8")(x), found[1])


def test_products_of_other_kinds_are_said():
    class Product(nn.Module):
        def __init__(self):
            super().__init__()
            self.w, self.layer = nn.Parameter(torch.randn(4, 4)), nn.Linear(4, 4)

        def forward(self, x):
            return torch.relu(self.layer(x)) @ self.w

    snn = adafire.convert(Product().eval(), torch.rand(6, 4), method="burst", timesteps=4, weights="int8")
    assert any("keep theirs as they are" in note and "matmul" in note for note in snn.notes)


def test_bad_requests_are_one_sentence(layers):
    network, x = layers
    with pytest.raises(InputError, match="weights='int4'; expected one of float, int8"):
        adafire.convert(network, x, method="ours", timesteps=2, weights="int4")
    with pytest.raises(InputError, match="fits weights"):
        adafire.convert(network, x, method="snn-calibration-advanced", timesteps=2, weights="int8")


@pytest.mark.parametrize("values", [3, 15, 255])
def test_the_integer_network_by_hand(values):
    """Two linear layers: weights and activations rounded by hand give what the method gives."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3)).eval()
    x = torch.rand(32, 6)
    snn = adafire.convert(net, x, method="integer", timesteps=1, phi_plus=values, correction="none")
    with torch.no_grad():
        hidden = torch.relu(x @ torch.stack([slowly(r) for r in net[0].weight]).T + net[0].bias)
        theta = snn.params[snn.sites[0].index].theta.view(-1)
        hidden = (hidden / theta).round().clamp(0, values) * theta
        expected = hidden @ torch.stack([slowly(r) for r in net[2].weight]).T + net[2].bias
        torch.testing.assert_close(snn(x), expected, rtol=1e-4, atol=1e-5)
