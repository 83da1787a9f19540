"""Operations of matrix products that a dry run counts, by shapes or by torch's counter: the same numbers."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from adafire.graph import call_network
from adafire.graph.recorder import record


class Product(nn.Module):
    """A ReLU and one product behind it."""

    def __init__(self, function):
        super().__init__()
        self.function, self.w, self.b = function, nn.Parameter(torch.rand(5, 5)), nn.Parameter(torch.rand(5))

    def forward(self, x):
        return self.function(F.relu(x), self.w, self.b)


PRODUCTS = {
    "linear": lambda x, w, b: F.linear(x, w, b),
    "linear of sequences": lambda x, w, b: F.linear(x[:, None].expand(-1, 3, -1), w),
    "matmul": lambda x, w, b: x @ w,
    "matmul with a vector": lambda x, w, b: torch.matmul(x, b)[:, None],
    "mm": lambda x, w, b: x.mm(w),
    "addmm": lambda x, w, b: torch.addmm(b, x, w),
    "bmm": lambda x, w, b: torch.bmm(x[:, None], w.expand(len(x), 5, 5)),
    "baddbmm": lambda x, w, b: torch.baddbmm(b, x[:, None], w.expand(len(x), 5, 5)),
    "stacks": lambda x, w, b: x[:, None, None].expand(-1, 2, 3, -1) @ w,
    "einsum": lambda x, w, b: torch.einsum("bi,ij->bj", x, w),
}


@pytest.mark.parametrize("name", PRODUCTS)
@torch.no_grad()
def test_counts_are_those_of_torch(name):
    network, x = Product(PRODUCTS[name]).eval(), torch.rand(4, 5)
    with FlopCounterMode(display=False) as counter:
        network(x)
    assert sum(call.flops for call in record(network, x, call_network).calls) == counter.get_total_flops()
