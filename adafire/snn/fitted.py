"""Tensors that a conversion fitted, under names that last: of a state_dict, and of a file (save.py).

sites.NAME.theta, .bias, .v0    as in ``NeuronParams``, float32
sites.NAME.limits               [phi_plus, phi_minus], int64
fitted.NAME.weight, .bias       of a layer that the method calibrated, in place of the network's
exit.thresholds                 [T], of early exit
"""

import torch

from ..errors import InputError

TENSORS = ("theta", "bias", "v0")
MOST = 2**24
"""Spikes in a step beyond which float32 counts them no more."""


def fitted_tensors(snn):
    """{name: tensor} of everything that ``snn`` has beside its network."""
    names, found = {site.index: site.name for site in snn.sites}, {}
    for index, p in sorted(snn.params.items()):
        found.update({f"sites.{names[index]}.{key}": getattr(p, key) for key in TENSORS})
        found[f"sites.{names[index]}.limits"] = torch.tensor([p.phi_plus, p.phi_minus])
    for name, pair in snn.plan.overrides.items():
        found.update(
            {f"fitted.{name}.{key}": value for key, value in zip(("weight", "bias"), pair) if value is not None}
        )
    if snn.exit is not None:
        found["exit.thresholds"] = snn.exit.thresholds
    return found


def with_tensors(snn, given):
    """(params, exit, overrides) of ``snn`` with the tensors ``given`` by name in place of its own; ``snn`` stays as it is.
    InputError that names the tensor where it is of another shape, or no number that it can be."""
    kept, fresh = fitted_tensors(snn), {}
    for name, old in kept.items():
        new = given.get(name, old)
        if not isinstance(new, torch.Tensor) or new.shape != old.shape:
            raise InputError(
                f"{name}: found {list(new.shape) if isinstance(new, torch.Tensor) else type(new).__name__}, expected "
                f"the shape {list(old.shape)}"
            )
        check_values(name, new)
        fresh[name] = old if new is old else _like(new, old)
    names = {site.index: site.name for site in snn.sites}
    params = {i: params_of(names[i], p, fresh) for i, p in snn.params.items()}
    leave = None if snn.exit is None else snn.exit._replace(thresholds=fresh["exit.thresholds"])
    overrides = {
        name: (fresh[f"fitted.{name}.weight"], fresh.get(f"fitted.{name}.bias")) for name in snn.plan.overrides
    }
    return params, leave, overrides


def params_of(name, params, tensors):
    """NeuronParams of the site ``name`` with what ``tensors`` has of it."""
    limits = [int(n) for n in tensors[f"sites.{name}.limits"]]
    return params._replace(
        phi_plus=limits[0], phi_minus=limits[1], **{key: tensors[f"sites.{name}.{key}"] for key in TENSORS}
    )


def check_values(name, tensor):
    """InputError that names a fitted tensor which holds what no conversion gives."""
    kind = name.rpartition(".")[2]
    if not tensor.is_floating_point():
        if kind == "limits" and (tensor.shape != (2,) or not 1 <= tensor[0] <= MOST or not 0 <= tensor[1] <= MOST):
            raise InputError(
                f"{name}: found {tensor.flatten()[:4].tolist()}; expected phi_plus from 1 and phi_minus from 0 to {MOST}"
            )
    elif not bool(torch.isfinite(tensor).all()):
        raise InputError(f"{name}: it holds NaN or infinity")
    elif kind == "theta" and not bool((tensor > 0).all()):
        raise InputError(f"{name}: found a threshold of {float(tensor.min()):g}; expected numbers above 0")
    elif kind == "v0" and not bool((tensor.abs() < MOST).all()):
        raise InputError(
            f"{name}: found a potential of {float(tensor.abs().max()):g} thresholds; expected less than {MOST}"
        )


def _like(new, old):
    """A copy of ``new`` with the type, the place and the memory layout of ``old``."""
    made = (
        torch.empty_strided(old.shape, old.stride(), dtype=old.dtype, device=old.device)
        if _dense(old)
        else torch.empty_like(old)
    )
    return made.copy_(new)


def _dense(tensor):
    """Whether no two elements of a tensor share memory, as those of an expanded one do."""
    return all(stride for stride, size in zip(tensor.stride(), tensor.shape) if size > 1)
