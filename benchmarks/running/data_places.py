"""Where a user's data sets lie: a file with one line a set, so that --data-root need not be given each time.

    # ~/.config/adafire/data.toml ($XDG_CONFIG_HOME/adafire/data.toml, where that is set)
    [data]
    coco = "/data/coco"
    ImageNet = "~/imagenet"        # relative paths begin at this file's folder

Names are those of data_sources.py, as --list shows them; case, blanks and dashes do not matter.
"""

import difflib
import functools
import os
import sys
from pathlib import Path

from adafire.errors import InputError
from adafire.registry import near_names

from .data_sources import SOURCES, name_of

VARIABLE = "ADAFIRE_DATA"

EXPECTED = 'expected a table [data] of lines such as coco = "/data/coco"'


def file():
    """Path of the file, whether it is there or not."""
    home = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(home) / "adafire" / "data.toml"


def plain(name):
    """A set's name without what does not matter.

    >>> plain("N-Caltech 101")
    'ncaltech101'
    """
    return "".join(filter(str.isalnum, name)).lower()


def places():
    """{plain name: folder} of the file; {} without one. InputError: no TOML, something else than folders in it, one set twice."""
    path = file()
    if not path.exists():
        return {}
    try:
        found = _toml().loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:  # TOMLDecodeError and UnicodeDecodeError are ValueErrors
        raise InputError(f"'{path}' cannot be read as TOML ({error}); {EXPECTED}") from error
    unknown = [key for key in found if key != "data"]
    table = found.get("data", {})
    if unknown or not isinstance(table, dict):
        raise InputError(f"'{path}' has {unknown[0] if unknown else 'data'!r} at its top; {EXPECTED}")
    folders = {}
    for name, folder in table.items():
        if not isinstance(folder, str) or not folder:
            raise InputError(f"'{path}': {name} is {folder!r}; expected the path of a folder, in quotes")
        if plain(name) in folders:
            raise InputError(f"'{path}' has the set {name!r} twice; expected one line a set")
        folders[plain(name)] = path.parent / Path(folder).expanduser()
    return folders


def place(name):
    """Folder of the set ``name``; None where the file has none. A line of no known set is told on stderr, once: where it looks like a
    known one's, or the set has no line. InputError as ``places``."""
    found, known = places(), {plain(one) for one in SOURCES}
    for other in sorted(set(found) - known - {plain(name)}):
        near = difflib.get_close_matches(other, sorted(known), 1, 0.75)
        if near or plain(name) not in found:
            meant = f"; did you mean {near[0]}?" if near else ""
            _say(f"{file()} has the line {other!r}, which is no set that this project knows{meant}")
    return found.get(plain(name))


@functools.cache
def _say(words):
    """A note on stderr, each once a process."""
    print(f"note: {words}", file=sys.stderr)


def origin(variant, data_root=None):
    """What names the data folder of a full variant: '--data-root', '$ADAFIRE_DATA', or the line of data.toml."""
    if data_root:
        return "--data-root"
    if os.environ.get(VARIABLE):
        return f"${VARIABLE}"
    return f"the line {name_in_toml(name_of(variant))} in {file()}"


def hint(name):
    """Words that say which line is wanted, and whether there is one that looks like it."""
    others = set(places()) - {plain(known) for known in SOURCES}
    near = near_names(plain(name), sorted(others)) if others else ""
    return f'or a line {name_in_toml(name)} = "DIR" in {file()}{near.rstrip(".")}'


def name_in_toml(name):
    """A set's name as TOML takes it for a key."""
    bare = all(c.isascii() and (c.isalnum() or c in "-_") for c in name)
    return name if bare else f'"{name}"'


def _toml():
    try:
        import tomllib

        return tomllib
    except ImportError:  # Python 3.10
        try:
            import tomli
        except ImportError as error:
            raise InputError(f"reading '{file()}' needs tomli on Python 3.10 ({error}); pip install tomli") from error
        return tomli
