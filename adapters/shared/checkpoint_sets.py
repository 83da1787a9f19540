"""Which weights of a checkpoint are meant, and under which names: files hold several sets, and names what wrapped the network.

Of raw and averaged weights (exponential moving average, stochastic weight averaging) the averaged ones are taken, as
timm does: they are what is published and evaluated. MMEngine puts the averaged ones under 'state_dict' when it saves.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

import torch

from adafire.errors import InputError

from .checkpoint_files import array_of
from .inert import Inert

KEYS = tuple("state_dict model net model_state_dict network weights params module model_state net_state_dict".split())
"""Where checkpoints keep their weights, most usual first; a single set under any other key is found as well."""
AVERAGED = {"ema", "swa", "averaged", "average", "avg", "shadow", "polyak"}
NO_WEIGHTS = set(  # words of keys that say what stands under them
    "optimizer optim optimizers scheduler scaler meta hyper hparams config cfg args callbacks loops message history rng "
    "loss metrics exp momentum grad grads".split()
)
DEEPEST = 4  # mappings in one another
WRAPPERS = ("module", "_orig_mod")  # DataParallel and its like; torch.compile
BOOKKEEPING = ("total_ops", "total_params", "n_averaged", "steps", "num_updates")  # thop; averaged models
STATISTICS = ("running_mean", "running_var", "num_batches_tracked")


class Found(NamedTuple):
    """weights: name -> tensor; key: where they stood, 'model.ema' for one in another, None at the top; notes: sentences."""

    weights: dict
    key: str | None = None
    notes: tuple = ()


def find(content, path, depth=0):
    """Found, of a checkpoint's content; None without weights. InputError: several sets, and none that is known to be meant."""
    if isinstance(content, torch.nn.Module):
        return Found(content.state_dict())
    if isinstance(content, (list, tuple)):  # (weights, number of updates)
        parts = [part for part in content if isinstance(part, (Mapping, torch.nn.Module))]
        return find(parts[0], path, depth) if len(parts) == 1 else None
    if not isinstance(content, Mapping) or depth > DEEPEST:
        return None
    sets = _sets(content, path, depth)
    if any(_known(key) for key in sets):
        return _chosen(sets, content, path)
    named = {
        k: v if array_of(v) is None else torch.from_numpy(array_of(v)) for k, v in content.items() if isinstance(k, str)
    }
    named = {k: v for k, v in named.items() if isinstance(v, torch.Tensor)}
    if named or not sets:
        return Found(unwrapped(named)) if named else None
    return _chosen(sets, content, path)


def _known(key):
    return key in KEYS or bool(_words(key) & AVERAGED)


def _sets(content, path, depth):
    """{key: Found} of what stands under the keys of a mapping."""
    sets = {}
    for key, value in content.items():
        if not isinstance(key, str) or isinstance(value, torch.Tensor) or _words(key) & NO_WEIGHTS:
            continue
        try:
            found = find(value, path, depth + 1)
        except InputError:  # several sets under a key that need not hold the network's
            if _known(key):
                raise
            continue
        if found and any(v.ndim for v in found.weights.values()):
            sets[key] = found._replace(weights=unwrapped(found.weights))
    return sets


def _words(key):
    """{'model', 'ema'} of 'model_ema', 'ModelEMA', 'model.ema'"""
    return set(re.findall(r"[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", key).lower()))


def _chosen(sets, content, path):
    """The one of ``sets`` {key: Found} that is meant."""
    averaged = [key for key in sets if _words(key) & AVERAGED]
    others = [key for key in sets if key not in averaged]
    raw = next((key for key in KEYS if key in others), others[0] if len(others) == 1 else None)
    if raw == "state_dict" and "ema_state_dict" in averaged and _by_mmengine(sets["ema_state_dict"].weights, content):
        averaged.remove("ema_state_dict")
    # What has no name in common is something else (an average of losses, say).
    averaged = [key for key in averaged if raw is None or set(_bare(sets[key].weights)) & set(_bare(sets[raw].weights))]
    _check_unnamed(content, averaged, raw, path)
    meant = averaged or ([raw] if raw else others)
    if any(not _same(sets[meant[0]], sets[key]) for key in meant[1:]):
        raise several(path, meant, "torch.load(FILE)[KEY]")
    found = sets[meant[0]]
    weights, notes = found.weights, list(found.notes)
    if averaged and raw and not _same(found, sets[raw]):
        last = sets[raw].weights if set(sets[raw].weights) & set(weights) else _bare(sets[raw].weights)
        missing = (
            {k: v for k, v in last.items() if k not in weights and k.endswith(STATISTICS)}
            if set(last) & set(weights)
            else {}
        )
        weights = {**weights, **missing}
        notes.append(
            f"the checkpoint holds raw weights under '{raw}' and averaged ones under '{meant[0]}': the averaged ones are "
            "taken" + f", with the batch norm statistics of '{raw}', as there are no averaged ones" * bool(missing)
        )
    beside = [
        key
        for key in others
        if not averaged and key != meant[0] and set(sets[key].weights) & set(weights) and not _same(sets[key], found)
    ]
    if beside:
        notes.append(
            f"the checkpoint holds other weights of the same names under '{beside[0]}'; those under '{meant[0]}' are "
            "taken"
        )
    return Found(weights, meant[0] if found.key is None else f"{meant[0]}.{found.key}", tuple(notes))


def _bare(weights):
    """``weights`` without what stands before every name."""
    while len({name.partition(".")[0] for name in weights}) == 1 and all("." in name for name in weights):
        weights = {name.partition(".")[2]: value for name, value in weights.items()}
    return weights


def _by_mmengine(averaged, content):
    meta = content.get("meta")
    return "steps" in averaged or "message_hub" in content or isinstance(meta, Mapping) and "mmengine_version" in meta


def _same(one, other):
    one, other = one.weights, other.weights
    return one.keys() == other.keys() and all(
        one[k].shape == other[k].shape and one[k].dtype == other[k].dtype and torch.equal(one[k], other[k]) for k in one
    )


def _check_unnamed(content, averaged, raw, path):
    """InputError where averaged weights are there in a form that cannot be read: a pickled network, a list without names."""
    for key, value in content.items() if raw and not averaged else ():
        if not isinstance(key, str) or not _words(key) & AVERAGED:
            continue
        inside = [value, *(value.values() if isinstance(value, Mapping) else value if isinstance(value, tuple) else ())]
        unnamed = [
            part
            for part in inside
            if isinstance(part, (list, tuple)) and sum(isinstance(v, torch.Tensor) for v in part) > 1
        ]
        if unnamed or any(isinstance(part, Inert) for part in inside):
            form = "list without names" if unnamed else "pickled network"
            mend = (
                "copy those into the network with the library that made them and save its state_dict()"
                if unnamed
                else "if you trust where it comes from, add --trust-checkpoint"
            )
            raise InputError(
                f"checkpoint '{path}' holds raw weights under '{raw}' and averaged ones under '{key}' as a {form}; "
                f"{mend}, or save the raw ones alone: torch.save(torch.load(FILE)['{raw}'], 'raw.pth')"
            )


def several(path, keys, how):
    """The InputError for a checkpoint with several sets of weights."""
    shown = ", ".join(f"'{key}'" for key in keys[:6]) + ", ..." * (len(keys) > 6)
    which = f"checkpoint '{path}'" if path else "the checkpoint"
    return InputError(
        f"{which} holds {len(keys)} sets of weights, {shown}; save the one that is meant alone, "
        f"torch.save({how}, 'one.pth'), and give that with --checkpoint one.pth"
    )


def unwrapped(weights):
    """``weights`` without 'module.' and '_orig_mod.' before the names, where they stand before every one."""
    while True:
        tops = {name.partition(".")[0] for name, value in weights.items() if not _counts(name, value)}
        if len(tops) != 1 or not tops <= set(WRAPPERS):
            return dict(weights)
        weights = {name.removeprefix(f"{min(tops)}."): value for name, value in weights.items()}


def _counts(name, value):
    return name.rpartition(".")[2] in BOOKKEEPING and value.numel() == 1


def fitted(weights, expected):
    """(weights under the names that a network expects, what stood before them in the file, notes).

    Taken off: counters of other tools; a second copy of each weight that MMCV 1 keeps, 'ema_' and the name with
    underscores (the plain names are the averaged ones when it saves); 'module.' and '_orig_mod.' within names; a prefix
    that every name has, or that one of several networks in the file has, if names fit then. Where nothing fits, the
    weights are left as they are. InputError: several networks that fit.
    """
    copies = {"ema_" + name.replace(".", "_") for name in weights}
    weights = {
        name: value
        for name, value in weights.items()
        if name in expected or not (_counts(name, value) or name in copies)
    }
    whole = {name for name in expected if not name.endswith("num_batches_tracked")}
    best, prefix = _cut(weights, expected)
    one = len({name.partition(".")[0] for name in weights}) < 2
    if one or whole <= set(best) <= set(expected):
        return best, prefix, []
    groups = {}
    for name, value in weights.items():
        top, _, rest = name.partition(".")
        groups.setdefault(top, {})[rest] = value
    cut = {top: _cut(group, expected) for top, group in groups.items()}
    complete = [top for top, (group, _) in cut.items() if whole <= set(group)] if whole else []
    if not complete:
        return best, prefix, []
    averaged = [top for top in complete if _words(top) & AVERAGED]
    plain = not prefix and whole <= set(best)  # the network's own names stand there as well
    meant = averaged or complete
    if len(meant) > 1 or plain and not averaged:
        raise several(
            "",
            [f"{top}." for top in meant] + [""] * plain,
            "{k[len(KEY):]: v for k, v in weights.items() if k.startswith(KEY)}",
        )
    top, others = meant[0], sorted(set(groups) - set(meant))
    chosen, inner = cut[top]
    note = (
        f"of the checkpoint's weights those whose names begin with '{top}.' are taken; left out: "
        + ", ".join(f"'{other}.'" for other in others[:4])
        + ", ..." * (len(others) > 4)
    )
    return chosen, f"{top}.{inner}", [note]


def _cut(weights, expected):
    """(weights, what was taken off): by the prefix of every name with which most names fit; the shortest of equals."""

    def clean(name):
        within = ".".join(part for part in name.split(".") if part not in WRAPPERS)
        return within if name not in expected and within in expected else name

    forms, prefix = [({clean(k): v for k, v in weights.items()}, "")], ""
    while len(tops := {name.partition(".")[0] for name in weights}) == 1 and all("." in name for name in weights):
        prefix += f"{min(tops)}."
        weights = {name.partition(".")[2]: value for name, value in weights.items()}
        forms.append(({clean(k): v for k, v in weights.items()}, prefix))
    return max(forms, key=lambda form: len(set(form[0]) & set(expected)))
