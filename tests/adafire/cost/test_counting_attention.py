"""Products of attention are counted whatever operator PyTorch does them by: as matrices, fused, or within multi-head attention."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import adafire

TOKENS, WIDTH, HEADS = 17, 24, 3


class Attention(nn.Module):
    """ReLU, attention of a given kind, a linear layer."""

    def __init__(self, kind):
        super().__init__()
        self.kind, self.first, self.last = kind, nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, 2)
        self.heads = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True)

    def forward(self, x):
        h = torch.relu(self.first(x))
        if self.kind.startswith("heads"):
            return self.last(self.heads(h, h, h, need_weights=self.kind == "heads, weights")[0])
        q = h.unflatten(-1, (HEADS, -1)).transpose(1, 2)
        if self.kind == "fused":
            found = F.scaled_dot_product_attention(q, q, q)
        else:
            found = torch.softmax(q @ q.transpose(-1, -2) * q.shape[-1] ** -0.5, -1) @ q
        return self.last(found.transpose(1, 2).flatten(2))


@pytest.mark.parametrize("kind", ("matrices", "fused", "heads", "heads, weights"))
def test_macs_are_those_of_the_formula(kind):
    torch.manual_seed(0)
    network, x = Attention(kind).eval(), torch.randn(2, TOKENS, WIDTH)
    snn = adafire.convert(network, x, method="adafire-signed", timesteps=4)
    snn(x)
    rows = [row for row in snn.report().layers if row["op"] not in ("linear",)]
    products = 2 * TOKENS * TOKENS * WIDTH  # q k and the sum over v, of one sample
    projections = 4 * TOKENS * WIDTH**2 if kind.startswith("heads") else 0
    assert sum(row["ann_macs"] for row in rows) == products + projections
    assert sum(row["macs"] for row in rows) == products + projections  # after the last neuron: once, for the read-out
