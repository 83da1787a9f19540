"""ReLUs and pooling as modules, one for each call: what other libraries' converters look for (ours; outputs stay the same).

SpikingJelly refuses functions that it knows as modules; sinabs passes a ReLU by that is a function, and gives neurons of one state to a module
that is called twice.
"""

import torch
import torch.nn.functional as F
from torch import fx, nn

from ..graph import call_network

_RELUS = {torch.relu, torch.relu_, F.relu, F.relu_, "relu", "relu_"}
_AVERAGE = ("kernel_size", "stride", "padding", "ceil_mode", "count_include_pad", "divisor_override")
_POOLING = {
    F.max_pool2d: (nn.MaxPool2d, ("kernel_size", "stride", "padding", "dilation", "ceil_mode", "return_indices")),
    F.avg_pool2d: (nn.AvgPool2d, _AVERAGE),
    F.adaptive_avg_pool2d: (nn.AdaptiveAvgPool2d, ("output_size",)),
    F.max_pool1d: (nn.MaxPool1d, ("kernel_size", "stride", "padding", "dilation", "ceil_mode", "return_indices")),
    F.avg_pool1d: (nn.AvgPool1d, _AVERAGE[:-1]),
    F.adaptive_avg_pool1d: (nn.AdaptiveAvgPool1d, ("output_size",)),
}
"""{function: (module, names of its arguments after the input)}"""


def as_modules(network, x):
    """(``network`` with a module of its own for each call of a ReLU or of pooling, how many calls were none).

    Where torch.fx cannot follow the network, its ReLU modules alone are separated, by how often the input x calls them."""
    try:
        traced = fx.symbolic_trace(network)
    except Exception:  # whatever the network's own code says about a stand-in for its input
        return _own_modules(network, x)
    changed, seen = 0, set()
    for number, node in enumerate(list(traced.graph.nodes)):
        made = _module(traced, node, seen)
        if made is not None:
            name = f"{node.target if node.op == 'call_module' else node.name}_{number}"
            traced.add_submodule(name, made)
            source = node.args[0] if node.args else node.kwargs["input"]
            with traced.graph.inserting_before(node):
                node.replace_all_uses_with(traced.graph.call_module(name, (source,)))
            traced.graph.erase_node(node)
            changed += 1
    traced.recompile()
    return traced.eval(), changed


def _module(traced, node, seen):
    """A module to take a call's place, or None. seen: modules that were called before, to which this one is added."""
    if node.op == "call_module":
        again = node.target in seen and type(traced.get_submodule(node.target)) is nn.ReLU
        seen.add(node.target)
        return nn.ReLU() if again else None
    if node.op not in ("call_function", "call_method"):
        return None
    if node.target in _RELUS:
        return nn.ReLU()
    if node.op == "call_method" or node.target not in _POOLING:
        return None
    make, names = _POOLING[node.target]
    given = {**dict(zip(names, node.args[1:])), **{k: v for k, v in node.kwargs.items() if k != "input"}}
    computed = []
    fx.map_arg(tuple(given.values()), computed.append)
    return None if computed else make(**given)


def _own_modules(network, x):
    calls = {}
    counted = [
        (module, module.register_forward_pre_hook(lambda m, _: calls.update({m: calls.get(m, 0) + 1})))
        for module in network.modules()
        if type(module) is nn.ReLU
    ]
    call_network(network, x)
    for _, hook in counted:
        hook.remove()
    for parent in list(network.modules()):
        for name, child in list(parent.named_children()):
            if calls.get(child, 0) > 1:
                setattr(parent, name, _InTurn(calls[child]))
    return network, sum(n - 1 for n in calls.values())


class _InTurn(nn.Module):
    """ReLUs that are used one after the other, in every pass."""

    def __init__(self, count):
        super().__init__()
        self.parts, self.turn = nn.ModuleList(nn.ReLU() for _ in range(count)), 0

    def forward(self, x):
        part = self.parts[self.turn]
        self.turn = (self.turn + 1) % len(self.parts)
        return part(x)
