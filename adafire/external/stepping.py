"""A module of any library, called once a timestep: where its state is, and how it is reset between batches."""

import importlib
import inspect
import random

import numpy as np
import torch

from ..errors import AdafireError, InputError
from ..graph import call_network, map_tensors

_STATES = ("state", "hidden", "hx", "mem", "syn", "spk", "carry")
_STATE_LETTERS = {"h", "s", "v", "u"}


class Stepper:
    """``module`` from its rest on: ``begin()``, then ``step(x)`` for every timestep.

    The state is in the module and reset by ``resets``, or, where forward has an argument for it, taken and returned:
    (x, state) -> (y, state), from None or its default value on; (x, a, b) -> (y, a, b) and (x, y, b) -> (y, b) likewise.
    forward(module, x): how it is called; forward(module, x, state): with its state.
    """

    def __init__(self, module, forward=None):
        self.module, self.forward = module, forward
        _check(module)
        self.resets = tuple(resets(module))

    def begin(self):
        """At rest, whatever was called before."""
        self.state = None
        for name, reset in self.resets:
            try:
                reset()
            except AdafireError:
                raise
            except Exception as error:
                raise InputError(f"{name} of the module fails: {type(error).__name__}: {error}") from error

    def step(self, x):
        """Outputs of one timestep."""
        taken = self._state_arguments(x)
        if not taken:
            return self.forward(self.module, x) if self.forward else call_network(self.module, x)
        none = (None,) * sum(p.default is inspect.Parameter.empty for p in taken)
        given = none if self.state is None else self.state
        if self.forward:
            out = self.forward(self.module, x, *given)
        else:
            out = self.module(*(x if isinstance(x, (tuple, list)) else (x,)), *given)
        returned = len(out) if isinstance(out, tuple) and not hasattr(out, "_fields") else 0
        if returned not in (len(taken) + 1, len(taken)) or returned < 2:
            names = ", ".join(p.name for p in taken)
            raise InputError(
                f"{type(self.module).__name__} takes a state ({names}) and returns {_words(out)}; expected a tuple of its output and "
                f"its state, such as forward(x, state) -> (y, state)"
            )
        self.state = out[1:] if returned == len(taken) + 1 else out
        return out[0]

    def _state_arguments(self, x):
        """Parameters of the call that are its state."""
        call = self.forward or self.module.forward
        inputs = 2 if self.forward else len(x) if isinstance(x, (tuple, list)) else 1
        if isinstance(x, dict) and not self.forward:
            return []
        try:
            parameters = list(inspect.signature(call).parameters.values())
        except (TypeError, ValueError):
            return []
        places = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
        rest = [p for p in parameters if p.kind in places][inputs:]
        if self.forward:
            return [p for p in rest if p.default is inspect.Parameter.empty]
        return [p for p in rest if p.name in _STATE_LETTERS or p.name.startswith(_STATES)]


def resets(module):
    """(name, function) of everything that resets a module's state, the library's own way."""
    parts = list(module.modules())
    homes = {type(part).__module__.split(".")[0] for part in parts}
    if "spikingjelly" in homes:
        functional = importlib.import_module("spikingjelly.activation_based.functional")
        yield "spikingjelly's functional.reset_net", lambda: functional.reset_net(module)
    for part in parts:
        home = type(part).__module__.split(".")[0]
        for name in ("reset_mem", "reset_states", "reset_state", "reset"):
            method = getattr(type(part), name, None)
            if home in ("spikingjelly", "torch") or not callable(method) or not _without_arguments(method):
                continue
            yield f"{type(part).__name__}.{name}()", getattr(part, name)


def same_draws(seed, devices=()):
    """Context in which whatever draws random numbers draws those of ``seed``; the caller's own go on as if it had not been."""
    return _SameDraws(seed, devices)


class _SameDraws:
    def __init__(self, seed, devices):
        self.seed, self.torch = seed, torch.random.fork_rng(devices=list(devices))

    def __enter__(self):
        self.kept = random.getstate(), np.random.get_state()
        self.torch.__enter__()
        torch.manual_seed(self.seed)
        random.seed(self.seed)
        np.random.seed(self.seed % 2**32)

    def __exit__(self, *error):
        random.setstate(self.kept[0])
        np.random.set_state(self.kept[1])
        return self.torch.__exit__(*error)


def own_copy(x):
    """An input of its own for one step: a module may write into it."""
    return map_tensors(torch.clone, x)


def _check(module):
    """InputError for what is no module that can be stepped and looked into."""
    if not isinstance(module, torch.nn.Module):
        raise InputError(f"found {type(module).__name__}; expected a torch.nn.Module that computes one timestep")
    if isinstance(module, torch.jit.ScriptModule):
        raise InputError(
            "the module is TorchScript, which cannot be looked into; give the nn.Module that it was made from"
        )
    if module.training:
        raise InputError("the module is in training mode; call module.eval() first")
    folded = [name for name, part in module.named_modules() if getattr(part, "step_mode", "s") != "s"]
    if folded:
        raise InputError(
            f"'{folded[0] or type(module).__name__}' takes all timesteps at once (step_mode='m'); call spikingjelly's "
            "functional.set_step_mode(module, 's') first"
        )


def _without_arguments(method):
    try:
        parameters = list(inspect.signature(method).parameters.values())[1:]
    except (TypeError, ValueError):
        return False
    variable = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return all(p.default is not inspect.Parameter.empty or p.kind in variable for p in parameters)


def _words(out):
    return f"a tuple of {len(out)}" if isinstance(out, tuple) else f"a {type(out).__name__}"
