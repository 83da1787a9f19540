"""A conversion on disk: ``snn.save(path)`` and ``adafire.load(path, network)``, the same bits, nothing pickled (ours).

The file (tensors_file.py) holds the network's weights, what was fitted (fitted.py), and JSON that names the method, its
options, the sites and the structure of the input. Architecture is code, and no code is in the file: the caller brings the
network, and functions that were given (``forward=``, ``exit_judge=``). What a file says is believed only as far as the network
agrees: a dry run must find the same sites, weights must have the same names, shapes and types, and, on a made-up input, the
network must give the outputs that it gave when it was saved.
"""

import json
from types import SimpleNamespace

import torch

from .calls import specs_in
from .convert import SNN, _check_weights, _normal_mode, call_network
from .errors import AdafireError, InputError
from .exit import Exit
from .fitted import TENSORS, check_values, fitted_tensors, params_of
from .neuron import NeuronParams
from .passes import map_tensors
from .plans import Plans
from .precision import PRECISIONS, dtype_of
from .saved_terms import FORMAT, check_sites, law_of, method_of, method_terms, parsed, site_terms
from .snapshot import Snapshot
from .template import make
from .tensors_file import TensorsFile, write
from .trace import record
from .verify import _digest, own_outputs
from .weights import LAYERS

KEY = "adafire"
_SAME = {"fp32": 0.01, "bf16": 0.1, "fp16": 0.1}
"""Largest relative difference of outputs on a made-up input, between the machine that saved and the one that loads."""


@_normal_mode
def save(snn, path):
    """Write ``snn`` to ``path``: whole, or not at all. InputError for what no file can name: a method that is not registered, a
    law of neurons or a kind of tensor of one's own."""
    tensors = {**{f"network.{name}": tensor for name, tensor in _own_tensors(snn.network)}, **fitted_tensors(snn)}
    x = _made_up(snn.template, snn.network, snn._cast)
    outputs = None if x is None else _outputs(snn.network, x, snn.call)
    try:
        found = json.loads(json.dumps(snn.found, allow_nan=False))
    except (TypeError, ValueError):  # a method of one's own may keep what it likes
        found = {}
    terms = {"format": FORMAT, "method": method_terms(snn.method), "timesteps": snn.timesteps, "memory_gb": snn.memory_gb,
             "most_at_once": snn.most_at_once, "relays": snn.plan.relays, "verified": snn.plan.verified,
             "precision": next(name for name, (dtype, _) in PRECISIONS.items() if dtype == (snn._cast or torch.float32)),
             "reference": snn.plan.base is not None, "forward": snn.call is not call_network, "exit_judge": snn.exit_judge is not None,
             "exit": None if snn.exit is None else snn.exit.rule,
             "sites": [site_terms(site, snn.params.get(site.index)) for site in snn.sites],
             "input": None if outputs is None else snn.template, "outputs": outputs, "found": found, "notes": list(snn.notes),
             "layouts": {name: list(t.stride()) for name, t in tensors.items()
                         if t.layout == torch.strided and not t.is_contiguous() and _packed(t.shape, t.stride())}}
    write(path, tensors, {KEY: json.dumps(terms, allow_nan=False)})


@_normal_mode
def load(path, network, forward=None, exit_judge=None, inputs=None, verify=True):
    """The SNN that ``snn.save(path)`` wrote, with the same bits; ``network`` has the architecture, and stays as it is.

    network: as it was given to ``convert``; its weights may be any, those of the file are taken. forward, exit_judge: as they
    were given to ``convert``, where they were. inputs: one input as at the conversion, for structures that the file cannot
    describe (then it says so). verify: compare outputs on a made-up input with those of the network that was saved.
    Raises InputError in one sentence: no such file, damaged, of another program or a later format, another architecture (with
    the first site or weight that differs), numbers that no conversion gives. Nothing in a file is executed.
    """
    file = TensorsFile(path)
    if KEY not in file.metadata:
        raise file.unusable("no SNN of adafire is in it; it may be a checkpoint of another program, whose weights go into the network "
                            "before convert()")
    try:
        return _loaded(file, network, forward, exit_judge, inputs, verify)
    except AdafireError as error:
        if str(error).startswith(f"'{path}'"):
            raise
        raise file.unusable(str(error)) from error


def _loaded(file, network, forward, exit_judge, inputs, verify):
    terms = parsed(file.metadata[KEY])
    method = method_of(terms["method"])
    for name, given, kept in (("forward", forward, terms["forward"]), ("exit_judge", exit_judge, terms["exit_judge"])):
        if kept and given is None:
            raise InputError(f"it was converted with {name}=, a function, which no file holds; give the same {name}= again")
    call = forward or call_network
    snapshot = Snapshot(network)
    if not snapshot.copied:
        raise InputError(f"its weights need a copy of the network to go into, and {snapshot.notes[0].partition(':')[0]}")
    cast = None if terms["precision"] == "fp32" else dtype_of(terms["precision"])
    own = snapshot.network if cast is None else snapshot.network.to(cast)
    trace = _dry_run(own, terms, call, inputs, cast)
    check_sites(terms["sites"], trace.sites)
    _load_weights(file, own, terms["layouts"])
    _check_weights(own)
    params, leave, overrides = _fitted(file, terms, method, trace)
    if verify and terms["outputs"] is not None and inputs is None:
        _check_outputs(terms, own, _made_up(terms["input"], own, cast), call)
    base = Plans(own, call, None, terms["relays"], True) if terms["reference"] else None
    plan = Plans(own, call, overrides, terms["relays"], terms["verified"], base)
    plan.know(trace.sites)
    snn = SNN(SimpleNamespace(network=own, method=method, timesteps=terms["timesteps"], forward=call, memory_gb=terms["memory_gb"],
                              params=params, found=terms["found"], plan=plan, spared_s=0.0, exit=leave, exit_judge=exit_judge,
                              notes=list(terms["notes"]), copied=True, template=terms["input"]))
    snn._cast, snn.most_at_once, snn.shared = cast, terms["most_at_once"], "copy"
    return snn


def _own_tensors(network):
    """(name, tensor) of every parameter and buffer, once each; buffers that no state_dict has, too."""
    return [*network.named_parameters(), *network.named_buffers()]


def _made_up(template, network, cast):
    """An input of the structure ``template`` where the network is, or None."""
    if template is None:
        return None
    device = next((t.device for _, t in _own_tensors(network)), "cpu")
    x = make(template, device)
    return x if cast is None else map_tensors(lambda t: t.to(cast) if t.is_floating_point() else t, x)


def _outputs(network, x, call):
    """A few numbers for each tensor that the network gives for ``x``; None where it takes no made-up input."""
    try:
        found = [[list(shape), projection, norm] for shape, projection, norm in _digest(own_outputs(network, x, call))]
        json.dumps(found, allow_nan=False)
    except Exception:
        return None
    return found


def _check_outputs(terms, network, x, call):
    then, now, bound = terms["outputs"], _outputs(network, x, call), _SAME[terms["precision"]]
    try:
        same = now is not None and len(then) == len(now) and all(
            a[0] == b[0] and abs(a[1] - b[1]) <= bound * b[2] and abs(a[2] - b[2]) <= bound * b[2] for a, b in zip(then, now))
    except (TypeError, IndexError):
        raise InputError("the outputs in it are no numbers") from None
    if not same:
        raise InputError("this is another network: with the file's weights it gives other outputs than the one that was saved, though its "
                         "sites are the same (another pooling, another constant?); verify=False loads it all the same")


def _dry_run(network, terms, call, inputs, cast):
    if inputs is None and terms["input"] is None:
        raise InputError("it cannot describe the structure of its input; give inputs=, one input as at the conversion")
    if inputs is None:
        x = _made_up(terms["input"], network, cast)
    else:
        x = inputs if cast is None else map_tensors(lambda t: t.to(cast) if t.is_floating_point() else t, inputs)
    try:
        return record(network, x, call, terms["relays"])
    except AdafireError:
        raise
    except Exception as error:
        raise InputError(f"this is another network, or forward= another function: on the input of the conversion it fails with "
                         f"{type(error).__name__}: {str(error)[:300]}") from error


def _load_weights(file, network, layouts):
    """Put the file's weights into the network; InputError that names the first that does not fit, before any is put there."""
    own = dict(_own_tensors(network))
    names = {name.removeprefix("network.") for name in file.shapes if name.startswith("network.")}
    for name, tensor in own.items():
        dtype, shape = file.shapes.get(f"network.{name}", (None, None))
        if name not in names:
            raise InputError(f"this is another network: its weight '{name}' is not in the file")
        if (dtype, shape) != (tensor.dtype, tuple(tensor.shape)):
            raise InputError(f"this is another network: the weight '{name}' is {dtype} {list(shape)} in the file, and {tensor.dtype} "
                             f"{list(tensor.shape)} in the network")
    more = sorted(names - set(own))
    if more:
        raise InputError(f"this is another network: the file's weight '{more[0][:80]}' is none of its")
    for name, tensor in own.items():
        value = _in_layout(file.tensor(f"network.{name}"), layouts.get(f"network.{name}"))
        if tensor.layout == torch.strided and tensor.stride() == value.stride():
            tensor.data.copy_(value)
        else:
            tensor.data = value.to(tensor.device)


def _fitted(file, terms, method, trace):
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
        if thresholds is None or thresholds.shape != (terms["timesteps"],) or not thresholds.is_floating_point() or thresholds[-1] != 0:
            raise InputError("exit.thresholds is not there, or not one number for each of the timesteps, the last of them 0")
        used, leave = used | {"exit.thresholds"}, Exit(thresholds, terms["exit"])
    overrides = _overrides(tensors, trace, device)
    used |= {f"fitted.{name}.{part}" for name, pair in overrides.items() for part, w in zip(("weight", "bias"), pair) if w is not None}
    odd = sorted(set(names) - used)
    if odd:
        raise InputError(f"it has a tensor that is of no use, '{odd[0][:80]}'")
    return params, leave, overrides


def _overrides(tensors, trace, device):
    """name of a call -> (weight, bias) of the layers that the method calibrated."""
    found = {}
    for call in trace.calls:
        weight = tensors.get(f"fitted.{call.name}.weight")
        own = call.arguments[1][1] if call.op in LAYERS and len(call.arguments[1]) > 1 else None
        if weight is None:
            continue
        bias = tensors.get(f"fitted.{call.name}.bias")
        if not isinstance(own, torch.Tensor) or weight.shape != own.shape or weight.dtype != own.dtype \
                or bias is not None and (bias.shape != weight.shape[:1] or not bias.is_floating_point()):
            raise InputError(f"the calibrated weights of {call.name} are not of the shape of the network's")
        found[call.name] = weight.to(device), None if bias is None else bias.to(device)
    return found


def _check_shape(key, tensor, shape):
    """InputError unless a tensor of a site broadcasts against the site's neurons, one for all samples."""
    if key.endswith(".limits"):
        if tensor.dtype != torch.int64:
            raise InputError(f"{key} is {tensor.dtype}, expected int64")
    elif tensor.dtype != torch.float32 or tensor.dim() > len(shape) or any(
            n not in (1, m) for n, m in zip(reversed(tensor.shape), reversed((1, *shape[1:])))):
        raise InputError(f"{key} is {tensor.dtype} {list(tensor.shape)}; expected float32 that fits neurons of the shape {list(shape[1:])}")


def _packed(shape, strides):
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
    if not _packed(tensor.shape, strides):
        raise InputError(f"a layout in it is {str(strides)[:80]}, which a tensor of the shape {list(tensor.shape)} cannot have")
    return torch.empty_strided(tensor.shape, strides, dtype=tensor.dtype).copy_(tensor)
