"""Transformers: attention, layer norm and softmax act on running means, GELU through the neuron."""

import pytest
import torch

import adafire
from helpers.networks import relative_error


@pytest.mark.slow
@torch.no_grad()
@pytest.mark.parametrize("relays", (False, True))
def test_vit_b_16_passes_the_check_converts_and_converges(relays):
    from torchvision.models import vit_b_16

    torch.manual_seed(0)
    network, x = vit_b_16(weights=None, image_size=32).eval(), torch.randn(2, 3, 32, 32)
    torch.nn.init.normal_(network.heads.head.weight, std=0.05)  # torchvision starts it at zero
    report = adafire.check(network, x)
    found = {row.operator: row.status for row in report.rows if row.region == "steps"}
    assert len(report.sites) == 12 and found["gelu"] == "neurons" and found["layer_norm"] == "analog"
    assert found["multi_head_attention_forward"] == "analog"
    snn = adafire.convert(
        network, x, method="burst", threshold="max", phi_plus=8, phi_minus=8, v0=0.5, timesteps=64, relays=relays
    )
    expected = network(x)
    errors = [relative_error(y, expected) for y in snn(x, at=(4, 16, 64))]
    assert errors[1] < 0.5 * errors[0] and errors[2] < 0.5 * errors[1] and errors[2] < 0.05, errors
    assert snn.report(at=64).macs > snn.report(at=4).macs > 0  # attention multiplies at every step, and is counted


def test_the_product_of_two_streams_converges_as_one_over_t():
    from torch import nn

    class Product(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b, self.c = nn.Linear(6, 8), nn.Linear(6, 8), nn.Linear(4, 3)

        def forward(self, x):
            left, right = torch.relu(self.a(x)).view(-1, 2, 4), torch.relu(self.b(x)).view(-1, 4, 2)
            return self.c(torch.relu(left @ right).flatten(1))

    network, x = Product().eval(), torch.randn(8, 6)
    snn = adafire.convert(network, x, method="burst", threshold="max", phi_plus=2, phi_minus=2, v0=0.5, timesteps=128)
    errors = [relative_error(y, network(x)) for y in snn(x, at=(8, 32, 128))]
    assert errors[1] < 0.45 * errors[0] and errors[2] < 0.45 * errors[1], errors
