"""What a saved SNN says of itself beside its tensors: methods, laws and sites to JSON and back (save.py).

What comes back is made from registered names and checked numbers alone. Whatever else a file says is an InputError.
"""

import json
from dataclasses import fields

from .. import methods
from ..errors import InputError
from ..neurons import law_terms, shown
from ..simulation import CHUNK, PRECISIONS

FORMAT = 1
MOST_STEPS = 2**24
KEYS = {
    "format": int,
    "method": dict,
    "timesteps": int,
    "memory_gb": (int, float),
    "most_at_once": int,
    "precision": str,
    "relays": bool,
    "verified": bool,
    "reference": bool,
    "forward": bool,
    "exit_judge": bool,
    "exit": (str, type(None)),
    "sites": list,
    "input": (dict, type(None)),
    "layouts": dict,
    "outputs": (list, type(None)),
    "found": dict,
    "notes": list,
}
"""key -> type of what a file says; all of them are there, and no others."""
_SITE = {"name", "shape", "channel_axis", "relay", "activation", "law"}


def parsed(text):
    """The JSON of a file, its keys and types checked, its format one that is known here."""
    try:
        found = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise InputError("what it says of its SNN is no JSON") from None
    if not isinstance(found, dict):
        raise InputError("what it says of its SNN is no JSON object")
    if type(found.get("format")) is int and found["format"] > FORMAT:
        raise InputError(
            f"its format is {found['format']}, and this version of adafire reads up to {FORMAT}; update adafire"
        )
    odd = sorted(set(found) ^ set(KEYS))
    if odd:
        raise InputError(f"it {'lacks' if odd[0] in KEYS else 'has an unknown key,'} {shown(odd[0])}")
    for key, kind in KEYS.items():
        if not isinstance(found[key], kind) or isinstance(found[key], bool) and kind is not bool:
            raise InputError(f"its {key} is {shown(found[key])}, which it cannot be")
    for key, sound in (
        ("format", found["format"] == FORMAT),
        ("timesteps", 1 <= found["timesteps"] <= MOST_STEPS),
        ("memory_gb", 0 < found["memory_gb"] < 2**40),
        ("most_at_once", 1 <= found["most_at_once"] <= CHUNK),
        ("precision", found["precision"] in PRECISIONS),
        ("exit", found["exit"] in (None, "fitted", "paper")),
        ("notes", all(isinstance(note, str) for note in found["notes"])),
        ("layouts", all(_whole(strides) for strides in found["layouts"].values())),
    ):
        if not sound:
            raise InputError(f"its {key} is {shown(found[key])}, which it cannot be")
    return found


def _refuse(constant):
    raise ValueError(constant)


def _whole(values):
    return isinstance(values, list) and all(type(n) is int and 0 <= n < 2**63 for n in values)


# ---- methods


def method_terms(method):
    """A registered method with its options. InputError for one that no name leads to."""
    options = {f.name: getattr(method, f.name) for f in fields(method) if f.name not in ("name", "source", "kind")}
    terms = {"name": method.name, "options": json.loads(json.dumps(options))}
    try:
        again = method_of(terms)
    except InputError as error:
        raise InputError(f"method {method.name} cannot be saved: {error}") from error
    if again != method or type(again) is not type(method):
        raise InputError(f"method {method.name} cannot be saved: another one is registered under this name")
    return terms


def method_of(terms):
    """The method that ``method_terms`` described."""
    name, options = terms.get("name"), terms.get("options")
    if set(terms) != {"name", "options"} or not isinstance(name, str) or not isinstance(options, dict):
        raise InputError(f"its method is {shown(terms)}, which it cannot be")
    base = methods.methods.get(name.partition(":")[0])
    known = {f.name: getattr(base, f.name) for f in fields(base) if f.name not in ("name", "source", "kind")}
    for key, value in options.items():
        if key in known and not _same_kind(value, known[key]):
            raise InputError(f"method {base.name}: {key}={shown(value)}, which it cannot be")
    made = base.with_options(
        **{key: tuple(value) if isinstance(value, list) else value for key, value in options.items()}
    )
    if ":" in name:
        made = methods.get(name).with_options(
            **{f.name: getattr(made, f.name) for f in fields(made) if f.name in known}
        )
    missing = [key for key in known if key not in options]
    if missing:
        raise InputError(f"method {base.name}: its option {missing[0]} is not there")
    return made


def _same_kind(value, example):
    if isinstance(example, tuple):
        return isinstance(value, list) and 0 < len(value) <= 1000 and all(_same_kind(part, 1.0) for part in value)
    if isinstance(example, float):
        return type(value) in (int, float) and abs(value) < 1e300  # neither NaN nor infinity
    return type(value) is type(example) and (type(value) is not int or abs(value) < 2**63)


# ---- sites


def site_terms(site, params):
    """A site as a dry run finds it, and the law of its neurons."""
    return {
        "name": site.name,
        "shape": list(site.shape),
        "channel_axis": site.channel_axis,
        "relay": site.relay,
        "activation": [site.activation.kind, *(json.loads(json.dumps(site.activation.code)) or [])],
        "law": None if params is None else law_terms(params.neuron),
    }


def check_sites(found, sites):
    """InputError that names the first of a network's ``sites`` that is another than the file ``found``. The number of samples
    may be another."""
    for terms in found:
        if (
            not isinstance(terms, dict)
            or set(terms) != _SITE
            or not isinstance(terms["name"], str)
            or not terms["name"].isprintable()
            or not _whole(terms["shape"])
        ):
            raise InputError(f"a site of it is {shown(terms)}, which it cannot be")
    for position, (terms, site) in enumerate(zip(found, sites), 1):
        own = site_terms(site, None)
        for key, what in (
            ("name", "name"),
            ("activation", "activation"),
            ("relay", "relay"),
            ("channel_axis", "channel axis"),
            ("shape", "shape"),
        ):
            one, two = (t[key][1:] if key == "shape" else t[key] for t in (terms, own))
            if one != two:
                raise InputError(
                    f"this is another network: at {shown(terms['name'])} (site {position} of {len(found)}) the file has the "
                    f"{what} {shown(one)}, the network {shown(two)}"
                )
    if len(found) != len(sites):
        more = sites[len(found)].name if len(sites) > len(found) else found[len(sites)]["name"]
        raise InputError(
            f"this is another network: the file has {len(found)} sites and the network {len(sites)}; the first that is "
            f"in one of them only is {shown(more)}"
        )
