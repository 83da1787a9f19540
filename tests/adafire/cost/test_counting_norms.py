"""Batch norm, scales and shifts of channels behind neurons: spikes pass, and what is pooled then is whole spikes."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import adafire
from adafire.simulation.loop import simulate
from adafire.simulation.state import Run
from helpers.networks import relative_error

METHODS = ["adafire-signed", "adafire-uniform", "dcgs", "ours"]


class Net(nn.Module):
    """Convolution, ReLU, ``order`` of norm and pool, convolution, ReLU, classifier."""

    def __init__(self, order, least=0.3, pool=lambda x: F.max_pool2d(x, 3, 2, 1)):
        super().__init__()
        torch.manual_seed(0)
        self.order, self.pool = order, pool
        self.a, self.norm, self.b, self.fc = nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4), nn.Conv2d(4, 5, 3), nn.Linear(5, 3)
        self.norm.weight.data = torch.tensor([least, 0.7, -least if least < 0 else 1.5, 1.0])
        self.norm.bias.data.normal_(0, 2), self.norm.running_mean.normal_(), self.norm.running_var.uniform_(0.5, 2)

    def spelled_out(self, x):
        scale = self.norm.weight / (self.norm.running_var + self.norm.eps).sqrt()
        return x * scale.view(1, -1, 1, 1) + (self.norm.bias - self.norm.running_mean * scale).view(-1, 1, 1)

    def forward(self, x):
        x = F.relu(self.a(x))
        for step in self.order:
            x = getattr(self, step)(x)
        return self.fc(F.relu(self.b(x)).mean((2, 3)))


def counted(network, name, x):
    snn = adafire.convert(network.eval(), x, method=name, timesteps=5)
    out = snn(x)
    return snn, out, {row["layer"]: row for row in snn.report().layers}


def pictures():
    return torch.rand(3, 2, 9, 9, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("name", METHODS)
def test_a_batch_norm_behind_neurons_costs_no_more_than_its_product_and_sum(name):
    (_, y, norm), (_, z, spelled) = (counted(Net(order), name, pictures()) for order in (("norm",), ("spelled_out",)))
    assert torch.allclose(y, z, atol=1e-5)
    assert norm["b"]["synops"] == pytest.approx(spelled["b"]["synops"], rel=1e-3) and norm["b"]["macs"] == 0
    assert norm["norm"]["macs"] == norm["norm"]["synops"] == 0


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("late", [("norm", "pool"), ("spelled_out", "pool")])
@pytest.mark.parametrize(
    "pool",
    [
        lambda x: F.max_pool2d(x, 3, 2, 1),
        lambda x: F.max_pool2d(x, 2, ceil_mode=True, dilation=1),
        lambda x: F.adaptive_max_pool2d(x, 3),
        lambda x: F.max_pool2d(x, 2, 1, return_indices=True)[0],
        lambda x: x.amax(3, keepdim=True).expand(-1, -1, -1, 4),
    ],
    ids=["padded", "ceil", "adaptive", "indices", "amax"],
)
def test_max_pooling_commutes_with_positive_scales(name, late, pool):
    x = pictures()
    (_, y, early), (_, z, behind) = (counted(Net(order, pool=pool), name, x) for order in (("pool", "norm"), late))
    assert torch.allclose(y, z, atol=1e-4)
    assert behind["b"]["macs"] == 0 < behind["b"]["synops"]
    for key in ("synops", "synops_graded"):
        assert behind["b"][key] == pytest.approx(early["b"][key], rel=2e-3), key


def test_under_a_negative_scale_the_fewest_spikes_are_pooled():
    network, x = Net(("norm", "pool"), least=-0.8).eval(), pictures()
    network.norm.weight.data[3] = 0.0  # passes none
    snn, _, rows = counted(network, "adafire-signed", x)
    run, before, events = Run(snn.plan(x), snn.params, network, x, snn.call), 0.0, 0.0
    for _ in simulate(run, range(1, 6), 1):
        n = run.neurons[0].n
        pooled = F.max_pool2d(n * network.norm.weight.sign().view(-1, 1, 1), 3, 2, 1)
        events, before = events + (pooled - before).abs(), pooled
    ones = torch.ones(1, 1, *events.shape[2:], requires_grad=True)
    (reach,) = torch.autograd.grad(F.conv2d(ones, torch.ones(1, 1, 3, 3)).sum(), ones)
    assert rows["b"]["synops"] * 3 == pytest.approx(float((events[:, :3] * reach).sum() * 5), rel=1e-6)
    assert rows["b"]["macs"] == 0


@pytest.mark.parametrize("name", METHODS)
def test_outputs_are_those_of_the_ann_as_T_grows(name):
    network, x = Net(("norm", "pool"), least=-0.8).eval(), pictures()
    with torch.no_grad():
        errors = [relative_error(adafire.convert(network, x, method=name, timesteps=t)(x), network(x)) for t in (4, 64)]
    assert errors[1] < 0.05 or name == "adafire-uniform" and errors[1] < errors[0]


def test_what_is_not_the_same_for_a_channel_is_a_number_behind_max_pooling():
    class Uneven(Net):
        def uneven(self, x):
            return F.pad(self.norm(x), (1, 1, 1, 1))  # its border holds 0, not the shift

    _, _, rows = counted(Uneven(("uneven", "pool")), "adafire-signed", pictures())
    assert rows["b"]["macs"] > 0 == rows["b"]["synops"]
