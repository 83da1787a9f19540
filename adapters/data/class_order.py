"""How class folders are numbered: in the order that the data's entry ``classes`` tells, otherwise in that of their names.

A network's outputs stand in the order that its training numbered the folders in, and trainers differ: 1, 10, 2 as strings
(torchvision), 1, 2, 10 by value (timm). Files do not tell, so the order that was taken is noted, and whether another was
possible.
"""

import re

from adafire.errors import InputError
from adafire.registry import near_names

SHOWN = 12  # classes of a long list


def numbered(folders, told, what, by_value=False):
    """(classes, notes) for the names of class folders found in ``what``.

    told: names of all classes in the order of the network's outputs, or None; some may have no folder. by_value: names
    that are all numbers go by their value where nothing is told. InputError: a folder that ``told`` does not name.
    """
    folders = sorted(folders)
    if told is not None:
        told = names_told(told)
        for name in folders:
            if name not in told:
                raise InputError(f"'{what}' has the class folder {name!r}, which classes= in the task's data does not name"
                                 f"{near_names(name, told)} Named: {_shown(told)}")
        return told, ()
    if by_value and all(map(str.isdecimal, folders)):
        folders.sort(key=int)
    note = f"classes are numbered in the order of their folders' names: {_shown(folders)}"
    others = [other for other in (sorted(folders), sorted(folders, key=_natural), sorted(folders, key=str.lower)) if other != folders]
    if others:
        note += f"; another order of them is {_shown(others[0])}: data=dict(classes=[...]) tells which the network was trained with"
    return tuple(folders), (note,)


def names_told(told):
    """Names of classes as a task gives them, a tuple; InputError unless they are a list of different names."""
    if not isinstance(told, (list, tuple)) or not told or not all(isinstance(name, str) for name in told):
        raise InputError(f"classes is {told!r}; expected the list of the class folders' names, in the order of the network's outputs")
    double = next((name for k, name in enumerate(told) if name in told[:k]), None)
    if double is not None:
        raise InputError(f"classes names {double!r} twice; expected every class once, in the order of the network's outputs")
    return tuple(told)


def _natural(name):
    return [int(part) if part.isdecimal() else part.lower() for part in re.split(r"(\d+)", name)]


def _shown(names):
    return ", ".join(names[:SHOWN]) + (f", ... ({len(names)})" if len(names) > SHOWN else "")
