"""How class folders are numbered: in the order that the data's entry ``classes`` tells, otherwise in that of their names.

A network's outputs stand in the order that its training numbered the folders in, and trainers differ: 1, 10, 2 as strings
(torchvision), 1, 2, 10 by value (timm). Files do not tell, so the order that was taken is noted, and whether another was
possible.
"""

import re
import unicodedata
from pathlib import Path

from adafire.errors import InputError
from adafire.registry import near_names

from .asked import PROJECT
from .text_files import read_text

SHOWN = 40  # classes of a long list


def numbered(folders, told, root, by_value=False, also=()):
    """(classes, notes) for the names of class folders with samples to score in ``root``, in one spelling of accents.

    told: names of all classes in the order of the network's outputs, or a text file of them, or None; some may have no
    folder. by_value: names that are all numbers go by their value where nothing is told. also: class folders to train on; a
    class that only they have counts where they have all the others, too. InputError: a folder that ``told`` does not name,
    no such file.
    """
    folders, also = ({one_spelling(name) for name in names} for names in (folders, also))
    scored, folders = folders, sorted(also if folders < also else folders)
    if told is not None:
        return _as_told(sorted(scored), told, root)
    if by_value and all(map(str.isdecimal, folders)):
        folders.sort(key=int)
    note = f"classes are numbered in the order of their folders' names: {shown(folders)}"
    others = [
        other
        for other in (sorted(folders), sorted(folders, key=_natural), sorted(folders, key=str.lower))
        if other != folders
    ]
    if others:
        note += f"; another order of them is {shown(others[0])}: data=dict(classes=[...]) tells which the network was trained with"
    absent = [name for name in folders if name not in scored]
    unscored = (
        (
            f"{len(absent)} of the {len(folders)} classes have nothing to score (the first: {absent[0]}): the score is of the others",
        )
        if absent
        else ()
    )
    return tuple(folders), (note, *unscored)


def _as_told(folders, told, root):
    classes = names_told(names_in_file(told, root, folders) if isinstance(told, str) else told)
    for name in folders:
        if name not in classes:
            raise InputError(
                f"'{root}' has the class folder {name!r}, which classes= in the task's data does not name"
                f"{near_names(name, classes)} Named: {shown(classes)}"
            )
    notes = (
        (f"classes are numbered in the order of '{Path(told).name}': {shown(classes)}",)
        if isinstance(told, str)
        else ()
    )
    absent = [name for name in classes if name not in folders]
    if absent:
        notes += (
            f"{len(absent)} of the {len(classes)} classes have no folder (the first: {absent[0]}); who predicts them is "
            "wrong",
        )
    return classes, notes


def names_told(told):
    """Names of classes as a task gives them, a tuple; InputError unless they are a list of different names."""
    if not isinstance(told, (list, tuple)) or not told or not all(isinstance(name, str) for name in told):
        raise InputError(
            f"classes is {told!r}; expected the list of the class folders' names, in the order of the network's outputs"
        )
    told = [one_spelling(name) for name in told]
    double = next((name for k, name in enumerate(told) if name in told[:k]), None)
    if double is not None:
        raise InputError(
            f"classes names {double!r} twice; expected every class once, in the order of the network's outputs"
        )
    return tuple(told)


def names_in_file(file, root, folders):
    """Names of classes in a text file, one a line; relative to ``root``, here or the project. Where the folders are called by
    the first words of lines, as in ImageNet's 'n01440764 tench, Tinca tinca', these are the names. InputError: no such file."""
    path = next(
        (p for p in (Path(root) / file, Path(root).parent / file, Path(file), PROJECT / file) if p.is_file()), None
    )
    if path is None:
        raise InputError(
            f"data has classes={file!r}, but there is no such file in '{root}', here or in the project; expected a "
            "text file with the name of one class a line, or a list of names"
        )
    lines = read_text(path, "list of classes", "expected the name of one class a line").splitlines()
    names = [line.strip() for line in lines if line.strip()]
    firsts = [name.split()[0] for name in names]
    return firsts if not set(folders) & set(names) and set(folders) <= set(firsts) else names


def one_spelling(name):
    """A name with accents as one character each; macOS writes them as characters of their own."""
    return unicodedata.normalize("NFC", name)


def _natural(name):
    return [int(part) if part.isdecimal() else part.lower() for part in re.split(r"(\d+)", name)]


def shown(names):
    """Names in a sentence, the first of many."""
    return ", ".join(names[:SHOWN]) + (f", ... ({len(names)})" if len(names) > SHOWN else "")
