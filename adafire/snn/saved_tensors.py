"""Tensors of a saved SNN, read back: the network's weights and what was fitted, each checked against the network first (save.py)."""

import torch

from ..errors import InputError
from ..graph import specs_in
from ..neurons import NeuronParams, law_of
from ..simulation import Exit
from .fitted import TENSORS, check_values, params_of


def own_tensors(network):
    """(name, tensor) of every parameter and buffer, once each; buffers that no state_dict has, too."""
    return [*network.named_parameters(), *network.named_buffers()]


def load_weights(file, network, layouts):
    """Put the file's weights into the network; InputError that names the first that does not fit, before any is put there."""
    own = dict(own_tensors(network))
    names = {name.removeprefix("network.") for name in file.shapes if name.startswith("network.")}
    for name, tensor in own.items():
        dtype, shape = file.shapes.get(f"network.{name}", (None, None))
        if name not in names:
            raise InputError(f"this is another network: its weight '{name}' is not in the file")
        if (dtype, shape) != (tensor.dtype, tuple(tensor.shape)):
            raise InputError(
                f"this is another network: the weight '{name}' is {dtype} {list(shape)} in the file, and {tensor.dtype} "
                f"{list(tensor.shape)} in the network"
            )
    more = sorted(names - set(own))
    if more:
        raise InputError(f"this is another network: the file's weight '{more[0][:80]}' is none of its")
    for name, tensor in own.items():
        value = _in_layout(file.tensor(f"network.{name}"), layouts.get(f"network.{name}"))
        if tensor.layout == torch.strided and tensor.stride() == value.stride():
            tensor.data.copy_(value)
        else:
            tensor.data = value.to(tensor.device)


def read_fitted(file, terms, method, trace):
    """(params, exit, overrides) from the file's tensors, all of which are used."""
    names = [name for name in file.shapes if not name.startswith("network.")]
    tensors = {}
    for name in names:
        value = file.tensor(name)
        check_values(name, value)
        tensors[name] = _in_layout(value, terms["layouts"].get(name))
    used, params = set(), {}
    device = next((spec.device for call in trace.calls for spec in specs_in(call.template)), None)
    for site, said in zip(trace.sites, terms["sites"]):
        keys = [f"sites.{site.name}.{key}" for key in (*TENSORS, "limits")]
        if not any(key in tensors for key in keys) and method.kind == "ann":
            continue
        for key in keys:
            if key not in tensors:
                raise InputError(f"it lacks {key}")
            _check_shape(key, tensors[key], site.shape)
        used |= set(keys)
        placed = {key: tensors[key].to(device) for key in keys}
        params[site.index] = params_of(site.name, NeuronParams(None, None, None, 1, 0, law_of(said["law"])), placed)
    leave = None
    if terms["exit"] is not None:
        thresholds = tensors.get("exit.thresholds")
        if (
            thresholds is None
            or thresholds.shape != (terms["timesteps"],)
            or not thresholds.is_floating_point()
            or thresholds[-1] != 0
        ):
            raise InputError(
                "exit.thresholds is not there, or not one number for each of the timesteps, the last of them 0"
            )
        used, leave = used | {"exit.thresholds"}, Exit(thresholds, terms["exit"])
    overrides = _overrides(tensors, trace, device)
    used |= {
        f"fitted.{name}.{part}"
        for name, pair in overrides.items()
        for part, w in zip(("weight", "bias"), pair)
        if w is not None
    }
    odd = sorted(set(names) - used)
    if odd:
        raise InputError(f"it has a tensor that is of no use, '{odd[0][:80]}'")
    return params, leave, overrides


def _overrides(tensors, trace, device):
    """name of a call -> (weight, bias) of the layers that compute with others than the network's."""
    found = {}
    for call in trace.calls:
        weight = tensors.get(f"fitted.{call.name}.weight")
        if weight is None:
            continue
        _, args, kwargs = call.arguments
        layer = call.op.startswith("conv") or call.op == "linear"
        own = (args[1] if len(args) > 1 else kwargs.get("weight")) if layer else None
        channels = specs_in(call.template)[0].shape[-1 if call.op == "linear" else 1] if layer else 0
        bias = tensors.get(f"fitted.{call.name}.bias")
        if (
            not isinstance(own, torch.Tensor)
            or weight.shape != own.shape
            or weight.dtype != own.dtype
            or bias is not None
            and (bias.shape != (channels,) or not bias.is_floating_point())
        ):
            raise InputError(f"the calibrated weights of {call.name} are not of the shape of the network's")
        found[call.name] = weight.to(device), None if bias is None else bias.to(device)
    return found


def _check_shape(key, tensor, shape):
    """InputError unless a tensor of a site broadcasts against the site's neurons, one for all samples."""
    if key.endswith(".limits"):
        if tensor.dtype != torch.int64:
            raise InputError(f"{key} is {tensor.dtype}, expected int64")
    elif (
        tensor.dtype != torch.float32
        or tensor.dim() > len(shape)
        or any(n not in (1, m) for n, m in zip(reversed(tensor.shape), reversed((1, *shape[1:]))))
    ):
        raise InputError(
            f"{key} is {tensor.dtype} {list(tensor.shape)}; expected float32 that fits neurons of the shape {list(shape[1:])}"
        )


def packed(shape, strides):
    """Whether a tensor of these strides fills its memory without holes, in whatever order of dimensions."""
    if len(shape) != len(strides):
        return False
    size = 1
    for stride, length in sorted((stride, length) for stride, length in zip(strides, shape) if length != 1):
        if stride != size:
            return False
        size *= length
    return True


def _in_layout(tensor, strides):
    """The tensor with the strides that it had; contiguous where they are None."""
    if strides is None:
        return tensor
    if not packed(tensor.shape, strides):
        raise InputError(
            f"a layout in it is {str(strides)[:80]}, which a tensor of the shape {list(tensor.shape)} cannot have"
        )
    return torch.empty_strided(tensor.shape, strides, dtype=tensor.dtype).copy_(tensor)
