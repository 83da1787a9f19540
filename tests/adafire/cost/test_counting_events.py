"""What operators pass on, against a counter that sends every single spike alone through them and counts where it arrives."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import adafire
from adafire.graph.support import RULES
from adafire.simulation.loop import simulate
from adafire.simulation.state import Run

MASK = (torch.arange(6 * 5) % 3 != 0).float().view(6, 5)
PICK = torch.tensor([0, 2, 2, 1])
GRID = torch.arange(4 * 6 * 5).view(4, 6, 5) * 7 % 6

OPERATORS = {  # each as (name of its row, function of spikes [B, 4, 6, 5])
    "addition of a constant": ("add", lambda x: x + torch.ones(4, 6, 5)),
    "subtraction": ("sub", lambda x: 1 - x),
    "rsub": ("rsub", lambda x: torch.rsub(x, 1)),
    "neg": ("neg", lambda x: -x),
    "sum of two": ("add", lambda x: x[:, :2] + x[:, 2:]),
    "sum that spreads": ("add", lambda x: x[:, :2] + x[:, 2:].mean((2, 3), keepdim=True)),
    "cumsum": ("cumsum", lambda x: x.cumsum(2)),
    "mean of rows": ("mean", lambda x: x.mean(2, keepdim=True)),
    "sum of channels": ("sum", lambda x: x.sum(1, keepdim=True)),
    "mean": ("mean", lambda x: x.mean((2, 3))),
    "avg_pool1d": (
        "avg_pool1d",
        lambda x: F.avg_pool1d(x.flatten(2), 3, 2, 1, ceil_mode=True, count_include_pad=False),
    ),
    "avg_pool2d": ("avg_pool2d", lambda x: F.avg_pool2d(x, 3, 2, 1)),
    "overlapping": ("avg_pool2d", lambda x: F.avg_pool2d(x, (3, 2), (1, 2), (1, 0), True, False)),
    "gaps": ("avg_pool2d", lambda x: F.avg_pool2d(x, 2, 3, divisor_override=7)),
    "avg_pool3d": ("avg_pool3d", lambda x: F.avg_pool3d(x.unsqueeze(1), (2, 3, 2), 1).squeeze(1)),
    "adaptive 1d": ("adaptive_avg_pool1d", lambda x: F.adaptive_avg_pool1d(x.flatten(2), 7)),
    "adaptive 2d": ("adaptive_avg_pool2d", lambda x: F.adaptive_avg_pool2d(x, (4, 3))),
    "adaptive upwards": ("adaptive_avg_pool2d", lambda x: F.adaptive_avg_pool2d(x, (None, 8))),
    "adaptive 3d": ("adaptive_avg_pool3d", lambda x: F.adaptive_avg_pool3d(x.unsqueeze(1), (3, 4, 2)).squeeze(1)),
    "area": ("interpolate", lambda x: F.interpolate(x, (4, 3), mode="area")),
    "area upwards": ("interpolate", lambda x: F.interpolate(x, scale_factor=1.5, mode="area")),
    "nearest": ("interpolate", lambda x: F.interpolate(x, scale_factor=2)),
    "nearest downwards": ("interpolate", lambda x: F.interpolate(x, (4, 7), mode="nearest-exact")),
    "upsample": ("upsample", lambda x: F.upsample(x, scale_factor=2)),
    "scaled": ("mul", lambda x: x * torch.tensor([1.0, -2.0, 0.5, 3.0]).view(4, 1, 1)),
    "masked": ("mul", lambda x: x * MASK),
    "multiply": ("multiply", lambda x: torch.multiply(x, MASK)),
    "div": ("div", lambda x: x / 3),
    "true_divide": ("true_divide", lambda x: torch.true_divide(x, 3)),
    "outer product": ("mul", lambda x: x.mean((2, 3), keepdim=True) * torch.ones(6, 5)),
    "repeat": ("repeat", lambda x: x.repeat(1, 1, 2, 1)),
    "tile": ("tile", lambda x: x.tile(1, 1, 1, 2)),
    "repeat_interleave": ("repeat_interleave", lambda x: x.repeat_interleave(2, 2)),
    "expand": ("expand", lambda x: x[:, :, :1].expand(-1, -1, 4, -1)),
    "expand_as": ("expand_as", lambda x: x[:, :, :1].expand_as(x)),
    "pixel_shuffle": ("pixel_shuffle", lambda x: F.pixel_shuffle(x, 2)),
    "pixel_unshuffle": ("pixel_unshuffle", lambda x: F.pixel_unshuffle(x[:, :, :, :4], 2)),
    "channel_shuffle": ("channel_shuffle", lambda x: torch.channel_shuffle(x, 2)),
    "native_channel_shuffle": ("native_channel_shuffle", lambda x: torch.native_channel_shuffle(x, 2)),
    "unfold": ("unfold", lambda x: F.unfold(x, 3, padding=1)),
    "windows": ("unfold", lambda x: x.unfold(2, 3, 1)[..., 0]),
    "fold": ("fold", lambda x: F.fold(x.flatten(2)[:, :, :20], (5, 6), 2)),
    "index_select": ("index_select", lambda x: x.index_select(1, PICK)),
    "fancy": ("getitem", lambda x: x[:, :, PICK]),
    "gather": ("gather", lambda x: x.gather(2, GRID.expand(len(x), 4, 6, 5))),
    "take_along_dim": ("take_along_dim", lambda x: x.take_along_dim(GRID[None], 2)),
    "pad": ("pad", lambda x: F.pad(x, (1, 2, 0, 1))),
    "pad by ones": ("pad", lambda x: F.pad(x, (1, 1), value=1.0)),
    "reflect": ("pad", lambda x: F.pad(x, (1, 1, 1, 1), mode="reflect")),
    "tril": ("tril", lambda x: x.tril()),
    "triu": ("triu", lambda x: x.triu()),
    "diagonal": ("diagonal", lambda x: x.diagonal(0, 2, 3)),
    "roll": ("roll", lambda x: x.roll(1, 2)),
    "flip": ("flip", lambda x: x.flip(2)),
    "rot90": ("rot90", lambda x: x.rot90(1, (2, 3))),
    "cat": ("cat", lambda x: torch.cat([x, x[:, :1]], 1)),
    "concat": ("concat", lambda x: torch.concat([x, x], 2)),
    "concatenate": ("concatenate", lambda x: torch.concatenate([x, x], 2)),
    "stack": ("stack", lambda x: torch.stack([x, x], 2).flatten(2, 3)),
    "chunk": ("chunk", lambda x: x.chunk(2, 1)[1]),
    "split": ("split", lambda x: x.split(2, 1)[0]),
    "tensor_split": ("tensor_split", lambda x: x.tensor_split(2, 1)[0]),
    "unbind": ("unbind", lambda x: x.unbind(2)[3]),
    "select": ("select", lambda x: x.select(2, 1)),
    "narrow": ("narrow", lambda x: x.narrow(2, 1, 3)),
    "getitem": ("getitem", lambda x: x[:, 1:3, ::2]),
    "view": ("view", lambda x: x.contiguous().view(len(x), 8, 3, 5)),
    "reshape": ("reshape", lambda x: x.reshape(len(x), -1)),
    "flatten": ("flatten", lambda x: x.flatten(1)),
    "unflatten": ("unflatten", lambda x: x.unflatten(1, (2, 2)).flatten(1, 2)),
    "permute": ("permute", lambda x: x.permute(0, 2, 3, 1)),
    "transpose": ("transpose", lambda x: x.transpose(1, 2)),
    "swapaxes": ("swapaxes", lambda x: x.swapaxes(1, 2)),
    "movedim": ("movedim", lambda x: x.movedim(1, 3)),
    "mT": ("mT", lambda x: x.mT),
    "unsqueeze": ("unsqueeze", lambda x: x.unsqueeze(1).squeeze(1)),
    "squeeze": ("squeeze", lambda x: x[:, :1].squeeze(1)),
    "view_as": ("view_as", lambda x: x.view_as(x)),
    "reshape_as": ("reshape_as", lambda x: x.reshape_as(x)),
    "contiguous": ("contiguous", lambda x: x.contiguous()),
    "clone": ("clone", lambda x: x.clone()),
    "detach": ("detach", lambda x: x.detach()),
    "to": ("to", lambda x: x.to(x.device)),
    "dropout": ("dropout", lambda x: F.dropout(x, 0.5, False)),
    "dropout2d": ("dropout2d", lambda x: F.dropout2d(x, 0.5, False)),
    "broadcast_to": ("broadcast_to", lambda x: x[:, :, :1].broadcast_to(x.shape)),
    "broadcast_tensors": ("broadcast_tensors", lambda x: torch.broadcast_tensors(x[:, :, :1], x)[0]),
    "atleast_1d": ("atleast_1d", torch.atleast_1d),
    "atleast_2d": ("atleast_2d", torch.atleast_2d),
    "atleast_3d": ("atleast_3d", torch.atleast_3d),
    "hstack": ("hstack", lambda x: torch.hstack([x, x[:, :1]])),
    "vstack": (
        "vstack",
        lambda x: torch.vstack([x[:, :2], x[:, 2:]]).unflatten(0, (2, -1)).transpose(0, 1).flatten(1, 2),
    ),
    "dstack": ("dstack", lambda x: torch.dstack([x, x])),
    "hsplit": ("hsplit", lambda x: x.hsplit(2)[1]),
    "vsplit": ("vsplit", lambda x: x.transpose(0, 1).vsplit(2)[1].transpose(0, 1)),
    "dsplit": ("dsplit", lambda x: x.dsplit(3)[1]),
    "ravel": ("ravel", lambda x: x.ravel().view(x.shape)),
    "swapdims": ("swapdims", lambda x: x.swapdims(1, 2)),
    "moveaxis": ("moveaxis", lambda x: x.moveaxis(1, 3)),
    "adjoint": ("adjoint", lambda x: x.adjoint()),
    "fliplr": ("fliplr", torch.fliplr),
    "flipud": ("flipud", lambda x: x.transpose(0, 2).flipud().transpose(0, 2)),
    "fftshift": ("fftshift", lambda x: torch.fft.fftshift(x, (2, 3))),
    "ifftshift": ("ifftshift", lambda x: torch.fft.ifftshift(x, (2, 3))),
}
ELSEWHERE = set(
    """T t float half bfloat16 double type type_as identity real data requires_grad_ cpu cuda dropout1d dropout3d
    feature_dropout alpha_dropout feature_alpha_dropout as_tensor asarray conj resolve_conj imag view_as_real
    view_as_complex""".split()
)
"""Rows that change nothing but a type or a place, or are spellings of a tested one for other dimensions or for complex numbers."""


class Net(nn.Module):
    def __init__(self, operator):
        super().__init__()
        self.operator, self.a = operator, nn.Conv2d(1, 4, 3, padding=1)
        shape = operator(torch.zeros(1, 4, 6, 5)).shape
        self.weights = nn.Conv2d(shape[1], 3, 3, 2, 1) if len(shape) == 4 else nn.Linear(shape[-1], 3)
        self.out = nn.Linear(3, 2)

    def forward(self, x):
        y = F.relu(self.weights(self.operator(F.relu(self.a(x)))))
        return self.out(y.mean((2, 3)) if y.dim() == 4 else y)


def synapses(layer, arrived):
    """For each of ``arrived`` [N, ...], whose elements are 1 where an event arrives: synapses of the layer that it meets, [N]."""
    if isinstance(layer, nn.Linear):
        return arrived.flatten(1).sum(1) * layer.out_features
    ones = torch.ones(layer.out_channels, layer.in_channels, *layer.kernel_size)
    return F.conv2d(arrived, ones, None, layer.stride, layer.padding).flatten(1).sum(1)


def reached(operator, layer, shape):
    """Synapses that a spike of each neuron reaches, [*shape]: one spike alone at a time (no operator above leads
    from one neuron to one place by two ways, which would count as two)."""
    one_each = torch.eye(shape.numel()).view(-1, *shape)
    nothing = operator(torch.zeros(1, *shape))
    return synapses(layer, (operator(one_each) - nothing).abs().gt(1e-6).float()).view(shape)


@pytest.mark.parametrize("name", OPERATORS)
@pytest.mark.parametrize("method", ["adafire-signed", "ours"])
def test_operators_pass_every_spike_to_every_synapse_it_reaches(name, method):
    torch.manual_seed(0)
    operator = OPERATORS[name][1]
    network, x = Net(operator).eval(), torch.rand(3, 1, 6, 5) + 0.2
    snn = adafire.convert(network, x, method=method, timesteps=3, relays=False)
    snn(x)
    run = Run(snn.plan(x), snn.params, network, x, snn.call)
    list(simulate(run, (3,), 3))
    fan = reached(operator, network.weights, torch.Size((4, 6, 5)))
    row = next(row for row in snn.report().layers if row["layer"] == "weights")
    for key, counts in (("synops", run.neurons[0].events), ("synops_graded", run.neurons[0].graded)):
        assert row[key] * 3 == pytest.approx(float((counts * fan).sum()), rel=1e-6) and counts.sum() > 0, key
    assert row["macs"] == 0 and float(fan.sum()) > 0


def test_every_operator_that_passes_spikes_is_tested():
    rows = {
        name for name, rule in RULES.items() if rule.treatment in ("linear", "structure") and rule.counts == "through"
    }
    assert rows - ELSEWHERE <= {row for row, _ in OPERATORS.values()}, (
        rows - ELSEWHERE - {row for row, _ in OPERATORS.values()}
    )
