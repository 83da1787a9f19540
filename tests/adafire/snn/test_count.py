"""snn(x, count=False): the same outputs, and nothing is counted; every method."""

import pytest
import torch

import adafire
from adafire import methods
from adafire.errors import InputError
from helpers.networks import build


@pytest.mark.parametrize("name", methods.names())
def test_the_same_outputs_and_an_empty_report(name):
    network, x = build("Residual"), torch.rand(3, 3, 8, 8)
    snn = adafire.convert(network, x, method=name, timesteps=2)
    wanted = snn(x)
    before = snn.report().as_dict()
    assert torch.equal(snn(x, count=False), wanted)
    assert snn.report().as_dict() == before
    snn.reset()
    snn(x, count=False)
    with pytest.raises(InputError, match="nothing was counted at T=2"):
        snn.report()
    snn(x)
    assert snn.report().as_dict() == before


def test_early_exit_counts_nothing_either(monkeypatch):
    """Runs of the samples that stay are made anew: they inherit that nothing is counted."""
    from adafire.simulation import steps

    network, x = build("Residual"), torch.rand(12, 3, 8, 8)
    snn = adafire.convert(network, x, method="adafire+iat", timesteps=4)
    wanted = snn(x)
    monkeypatch.setattr(steps, "nonzero", lambda *_: pytest.fail("operands were counted"))
    monkeypatch.setattr(steps, "nonzero_of", lambda *_, **__: pytest.fail("operands were counted"))
    assert torch.equal(snn(x, count=False), wanted)
