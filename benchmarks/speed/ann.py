"""The network that a simulation is compared with, in its best layout: batch norms folded into the layers before them, weights
and inputs in channels_last. Eager torch otherwise, like the simulation."""

import copy
import types

import torch
from torch import nn

from adafire.graph.interception import map_tensors
from adafire.graph.recorder import record
from adafire.simulation.plan import Plan
from adafire.simulation.repeatable import conv1d


@torch.no_grad()
def best_layout(network, x, forward):
    """(copy of ``network`` in channels_last without the batch norms that fold, number of norms folded, ``x`` likewise)."""
    network = copy.deepcopy(network)
    plan = Plan(record(network, x, forward))
    owners = {id(m.weight): m for m in network.modules() if getattr(m, "weight", None) is not None}
    parents = {id(child): (parent, name) for parent in network.modules() for name, child in parent.named_children()}
    folded = set()
    for index in plan.skipped:
        norm_call = plan.trace.calls[index]
        conv_call = plan.trace.calls[norm_call.inputs[0]]
        conv, norm = owners[id(_named(conv_call, 1, "weight"))], owners[id(_named(norm_call, 3, "weight"))]
        if norm in folded:
            continue
        weight, bias = plan.folded[conv_call.index]
        conv.weight, conv.bias = nn.Parameter(weight), nn.Parameter(bias)
        parent, name = parents[id(norm)]
        setattr(parent, name, nn.Identity())
        folded.add(norm)
    network = network.to(memory_format=torch.channels_last)
    for module in network.modules():
        if isinstance(module, nn.Conv1d) and module.padding_mode == "zeros":  # faster; the simulation does the same
            module.forward = types.MethodType(_as_pictures, module)
    return network, len(folded), map_tensors(_channels_last, x)


def _as_pictures(self, x):
    return conv1d(x, self.weight, self.bias, self.stride[0], self.padding[0], self.dilation[0], self.groups)


def _channels_last(tensor):
    return tensor.to(memory_format=torch.channels_last) if tensor.dim() == 4 else tensor


def _named(call, position, name):
    _, args, kwargs = call.arguments
    return args[position] if len(args) > position else kwargs[name]
