"""Which class folder has which number: as the data's ``classes`` say, or in the order of their names.

Folders are numbered by the library that a network was trained with: torchvision orders names as strings (1, 10, 2), timm
by the numbers in them (class1, class2, class10) and without regard to case. Where these differ, nothing in the files says
which it was.
"""

import re
import unicodedata
from pathlib import Path
from typing import NamedTuple

from adafire.errors import InputError
from adafire.registry import near_names

from .asked import PROJECT


class Order(NamedTuple):
    """names: of all classes, by number; number_of: {folder: number}; doubtful: told, or more than one order is usual;
    notes: sentences for the record."""

    names: tuple
    number_of: dict
    doubtful: bool = False
    notes: tuple = ()


def by_name(folders):
    """Order of folders by name: by value where all are numbers, as strings otherwise."""
    names = tuple(sorted(folders, key=lambda name: (int(name), name) if name.isdecimal() else (0, name))
                  if all(map(str.isdecimal, folders)) else sorted(folders))
    others = {"torchvision": tuple(sorted(folders)), "timm": tuple(sorted(folders, key=_natural))}
    different = {library: order for library, order in others.items() if order != names}
    notes = [f"the {len(names)} class folders are numbered in the order {_shown(names)}; " + " and ".join(
        f"{library} takes {_shown(order, _first_difference(order, names))}" for library, order in different.items())
        + ": for a network that was trained in that order give data=dict(classes=[...]), the names in its order"]
    return Order(names, {name: k for k, name in enumerate(names)}, bool(different), tuple(notes if different else ()))


def _natural(name):
    """timm's key."""
    return [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", name.lower())]


def _first_difference(order, other):
    return next(k for k, (one, two) in enumerate(zip(order, other)) if one != two)


def _shown(names, upto=0):
    end = max(3, upto + 2)
    return ", ".join(names[:end] if end < 12 else ("...", *names[upto:end])) + ", ..." * (len(names) > end)


def told(folders, classes, root):
    """Order of ``folders`` by ``classes``: a list of names, or a text file with one name a line (relative to ``root``, here or
    the project; of ImageNet's 'n01440764 tench' lines the first words count). A class may be without a folder.

    InputError: no such file or list, a name twice, a folder that is no class.
    """
    names = _names_in(classes, Path(root)) if isinstance(classes, str) else classes
    if not isinstance(names, (list, tuple)) or not names or not all(isinstance(name, str) and name for name in names):
        raise InputError(f"data has classes={str(classes)[:80]!r}; expected the names of the class folders in the order of the "
                         "network's outputs, as a list, or a text file with one name a line")
    where = f"'{classes}'" if isinstance(classes, str) else "data=dict(classes=[...])"
    firsts = [name.split()[0] for name in names]
    if isinstance(classes, str) and not _same(folders) & _same(names) and _same(folders) <= _same(firsts):
        names = firsts
    number_of = {unicodedata.normalize("NFC", name): k for k, name in enumerate(names)}
    if len(number_of) < len(names):
        twice = next(name for name in names if sum(_same([name]) == _same([other]) for other in names) > 1)
        raise InputError(f"class {twice!r} stands in {where} more than once; expected every name once, in the order of the "
                         "network's outputs")
    unknown = sorted(folder for folder in folders if not _same([folder]) <= set(number_of))
    if unknown:
        more = f" (and {len(unknown) - 1} more)" if len(unknown) > 1 else ""
        raise InputError(f"class folder {unknown[0]!r}{more} in '{root}' is not among the {len(names)} names of {where}"
                         f"{near_names(unknown[0], names)} Expected the names of the folders")
    absent = [name for name in names if not _same([name]) & _same(folders)]
    notes = [f"{len(absent)} of the {len(names)} classes have no folder (the first: {absent[0]}); their outputs are always wrong"
             ] if absent else []
    return Order(tuple(names), {folder: number_of[unicodedata.normalize("NFC", folder)] for folder in folders}, True,
                 tuple(notes))


def _same(names):
    """Names as they are compared: macOS writes accents as characters of their own."""
    return {unicodedata.normalize("NFC", name) for name in names}


def _names_in(file, root):
    for path in (root / file if root.is_dir() else root.parent / file, Path(file), PROJECT / file):
        if path.is_file():
            try:
                lines = path.read_text(encoding="utf-8-sig").splitlines()
            except (OSError, UnicodeDecodeError) as error:
                raise InputError(f"the names of classes in '{path}' cannot be read ({error}); expected UTF-8 text with one name "
                                 "a line") from error
            return [line.strip() for line in lines if line.strip()]
    raise InputError(f"data has classes={file!r}, but there is no such file in '{root}', here or in the project; expected a "
                     "text file with one name a line, or a list of names")
