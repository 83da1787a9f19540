"""What is told of a state that is not kept is what the state itself would have told: over every method."""

import pytest
import torch
from torch import nn

import adafire
from adafire.neurons import kernels
from adafire.snn import network as snn_module

SPIKING = [name for name in adafire.methods.names() if adafire.methods.get(name).kind == "snn"]


class Kinds(nn.Module):
    """Activations that the kernels know, and ones that they do not; pooling; a sum; rows that do not follow each other in memory."""

    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList(nn.Conv2d(i, o, 3, padding=1) for i, o in ((3, 8), (8, 8), (8, 8), (8, 6)))
        self.head = nn.Linear(6, 4)

    def forward(self, x):
        first = nn.functional.max_pool2d(self.layers[0](x).relu(), 2)
        second = nn.functional.silu(self.layers[1](first))
        third = nn.functional.gelu(self.layers[2](second)) + first
        last = nn.functional.relu6(self.layers[3](third))
        turned = last.flatten(2).permute(2, 0, 1).contiguous().permute(1, 2, 0)  # in memory, positions come first
        return self.head(torch.relu(turned - 0.1).mean(2))


@pytest.mark.parametrize("timesteps", [1, 4])
@pytest.mark.parametrize("method", SPIKING)
def test_a_state_that_is_not_kept_is_counted_as_one_that_is(method, timesteps, monkeypatch):
    if kernels.library() is None:
        pytest.skip("no C compiler on this machine: all states are kept")
    torch.manual_seed(0)
    network, x = Kinds().eval(), torch.randn(6, 3, 12, 12)
    try:
        snn = adafire.convert(network, x, method=method, timesteps=timesteps)
    except adafire.InputError as error:
        assert "timesteps" in str(error) or "T" in str(error)
        pytest.skip(f"{method} is not for T={timesteps}: {error}")
    real, found = snn_module.simulate, []
    for ends in (True, False):
        monkeypatch.setattr(snn_module, "simulate", lambda *given, **options: real(*given, **{**options, "ends": ends}))
        snn.reset()
        found.append((snn(3 * x), snn.report().as_dict()))
    (fast, told), (slow, kept) = found
    assert torch.equal(fast, slow)
    assert told == kept
