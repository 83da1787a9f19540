"""What an SNN is as an ``nn.Module``: moved, copied, pickled, and given other weights, all of it or nothing (ours).

The network is a submodule, so its tensors go where every module's go. What was fitted lives beside it: thresholds, biases and
potentials of the sites, weights of calibrated layers, thresholds of early exit. Plans are never part of that: they hold
functions of the network's own, and weights that were made ready from it, so they are dropped and made again, and proved
again, where they are used.
"""

import copy
import pickle

import torch
from torch import nn

from ..errors import InputError
from ..graph import copied
from .fitted import fitted_tensors, with_tensors
from .summary import line_of_site, ran_by, summary, title


class SpikingModule(nn.Module):
    """Base of ``SNN``, which sets: network, plan, params, exit, exit_judge, call, method, timesteps.

    shared: 'copy' where the network is this SNN's alone, 'calibration' where it is one copy for all conversions of one
    ``Calibration`` (it gets its own before anything is changed), 'original' where the network could not be copied.
    """

    def __init__(self, shared="copy"):
        super().__init__()
        self.shared, self.training = shared, False

    def train(self, mode=True):
        """No effect: a conversion stays in eval mode, in which it was made."""
        return self

    # ---- moving

    def _apply(self, fn, recurse=True):
        """What ``to``, ``cuda``, ``cpu`` are made of. InputError for what gives other numbers: another type, or none at all."""
        for dtype, device in {(t.dtype, t.device) for t in (*self.network.parameters(), *self.network.buffers())}:
            moved = fn(torch.zeros(1, dtype=dtype, device=device))
            if moved.dtype != dtype:
                raise InputError(
                    f"thresholds were fitted for {_name(dtype)}, so that this SNN cannot become {_name(moved.dtype)}; "
                    "convert the network again, with precision='bf16' or 'fp16' for half the memory"
                )
            if moved.device.type == "meta":
                raise InputError(
                    "on the device 'meta' an SNN would lose its numbers; move it to one that holds them, such as 'cpu'"
                )

        def move(tensor):
            moved = fn(tensor)  # types are those of membranes, not of the network: only the place changes
            return moved if moved.dtype == tensor.dtype else tensor.to(moved.device)

        self._make_own()
        super()._apply(fn, recurse)
        self.params = {
            i: p._replace(theta=move(p.theta), bias=move(p.bias), v0=move(p.v0)) for i, p in self.params.items()
        }
        self.plan = self.plan.renewed(self.network, move)
        return self

    def _make_own(self):
        """Before the network changes: a copy of it, where other conversions have the same."""
        if self.shared == "original":
            raise InputError(
                "this network cannot be copied, so its SNN has no weights of its own to move or to load; change the "
                "network itself, and convert it again"
            )
        if self.shared == "calibration":
            self.network, self.shared = copied(self.network), "copy"
            self.plan = self.plan.renewed(self.network)

    # ---- state

    def _save_to_state_dict(self, destination, prefix, keep_vars):
        super()._save_to_state_dict(destination, prefix, keep_vars)
        destination.update((prefix + name, tensor) for name, tensor in fitted_tensors(self).items())

    def _load_from_state_dict(
        self, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs
    ):
        kept = fitted_tensors(self)
        given = {name: state_dict[prefix + name] for name in kept if prefix + name in state_dict}
        rest = {key: value for key, value in state_dict.items() if key.removeprefix(prefix) not in given}
        missing_keys += [prefix + name for name in kept if name not in given] if strict else []
        super()._load_from_state_dict(rest, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs)
        self._make_own()
        self.plan = self.plan.renewed(
            self.network
        )  # whatever comes next: the network's own tensors are loaded after this
        try:
            self.params, self.exit, self.plan.overrides = with_tensors(self, given)
        except InputError as error:
            error_msgs.append(str(error))

    # ---- copies

    def __deepcopy__(self, memo):
        """A copy with a network of its own; functions (``forward=``, ``exit_judge=``) are the same ones."""
        for function in (self.call, self.exit_judge):
            memo[id(function)] = function  # of a bound method, deepcopy would copy the object and its data
        new = memo[id(self)] = type(self).__new__(type(self))
        try:
            memo[id(self.network)] = copied(self.network, memo)
        except Exception as error:
            raise InputError(
                f"the network cannot be copied ({type(error).__name__}: {str(error)[:200]}), and no more can its SNN; use "
                "the one there is"
            ) from error
        vars(new).update({key: copy.deepcopy(value, memo) for key, value in vars(self).items()})
        new.shared = "copy"
        return new

    def __getstate__(self):
        """For pickle. InputError where a function that was given is none that pickle can name."""
        for name, function in (("forward", self.call), ("exit_judge", self.exit_judge)):
            try:
                pickle.dumps(function)
            except Exception as error:
                raise InputError(
                    f"{name}= is a function that pickle cannot name ({str(error)[:200]}); define it at the top of a module, "
                    "or use snn.save(), which keeps no functions"
                ) from error
        return {**vars(self), "shared": "copy"}

    # ---- words

    def extra_repr(self):
        """One line a site."""
        return "\n".join(line_of_site(self, site) for site in self.sites)

    def __repr__(self):
        lines = self.extra_repr().splitlines()
        lines += [f"simulated by: {ran_by(self)}"] if self.ran else []
        return f"SNN({title(self)}" + "".join(f"\n  {line}" for line in lines) + ("\n)" if lines else ")")

    def summary(self, at=None):
        """A table as text: the sites, the layers whose MACs remain, and every layer's share of the energy that was counted since
        ``reset()``, at read-out time ``at`` (default: timesteps)."""
        return summary(self, self.timesteps if at is None else at)


def _name(dtype):
    return str(dtype).removeprefix("torch.")
