"""Damage for files: small random changes of JSON-able data and of text, the same for the same seed."""

import copy
import random

STRANGE = (
    None,
    True,
    False,
    0,
    -1,
    1,
    2**70,
    1e308,
    -0.5,
    float("nan"),
    float("inf"),
    "",
    "x",
    "../../etc",
    "4",
    "\x00",
    "a" * 5000,
    [],
    [[]],
    {},
    {"a": 1},
    [1, 2],
    ["a"],
    [None],
    {"": None},
)


def places(data, path=()):
    """Every place in nested dicts and lists: tuples of keys and indices."""
    entries = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in entries:
        yield (*path, key)
        yield from places(value, (*path, key))


def mutated(data, seed):
    """A copy of ``data`` with one to three changes: an entry replaced, removed, renamed, doubled or moved."""
    draw, data = random.Random(seed), copy.deepcopy(data)
    for _ in range(draw.choice((1, 1, 2, 3))):
        everywhere = list(places(data))
        if not everywhere:
            break
        *parents, last = draw.choice(everywhere)
        holder = data
        for key in parents:
            holder = holder[key]
        change = draw.choice(("replace", "replace", "replace", "remove", "rename", "double", "nest"))
        if change == "replace":
            holder[last] = copy.deepcopy(draw.choice(STRANGE))
        elif change == "remove":
            del holder[last]
        elif change == "rename" and isinstance(holder, dict):
            holder[f"{last}{draw.choice(('s', '_', ' '))}"] = holder.pop(last)
        elif change == "double" and isinstance(holder, list):
            holder.insert(last, copy.deepcopy(holder[last]))
        else:
            holder[last] = [holder[last]]
    return data


def scratched(text, seed):
    """``text`` with one to three scratches: a piece cut out, doubled or overwritten, or the end torn off."""
    draw = random.Random(seed)
    for _ in range(draw.choice((1, 1, 2, 3))):
        start = draw.randrange(len(text) or 1)
        end = min(len(text), start + draw.choice((1, 1, 2, 5, 30)))
        change = draw.choice(("cut", "double", "overwrite", "overwrite", "tear"))
        if change == "cut":
            text = text[:start] + text[end:]
        elif change == "double":
            text = text[:end] + text[start:]
        elif change == "overwrite":
            text = (
                text[:start]
                + "".join(draw.choice("0123456789abcXYZ{}[]()\"',:=.-_ \n\\\x00é") for _ in range(end - start))
                + text[end:]
            )
        else:
            text = text[:start]
    return text
