"""What installed packages of others bring: objects under entry points, loaded one by one, each failure one sentence.

    [project.entry-points."adafire.methods"]          in the pyproject.toml of such a package
    their-method = "their_package.module:method"

Groups: 'adafire.methods', 'adafire.energy_models', 'adafire.converters' (registries of the library) and 'adafire.tasks' (``tasks`` here).
"""

import re
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from .errors import InputError

NAME = re.compile(r"[A-Za-z0-9_][\w+.-]*")


class Plugin(NamedTuple):
    """An entry point. value: 'package.module:object'; distribution: 'their-package 1.2'."""

    name: str
    value: str
    distribution: str
    point: metadata.EntryPoint

    def load(self):
        """The object. InputError with what went wrong in its own code."""
        if not NAME.fullmatch(self.name):
            raise InputError("expected a name of letters, digits and _ + . -")
        try:
            return self.point.load()
        except (Exception, SystemExit) as error:
            said = " ".join(str(error).split())
            raise InputError(f"{type(error).__name__}{': ' + said if said else ''}") from error

    def __str__(self):
        return f"{self.distribution} ({self.value})"


def entry_points(group):
    """Every ``Plugin`` of a group, each once (a distribution may be on the path twice), in the order of names."""
    found = {}
    for point in metadata.entry_points(group=group):
        about = point.dist
        distribution = f"{about.metadata['Name']} {about.version}" if about is not None else "an unknown package"
        found.setdefault((point.name, point.value, distribution), Plugin(point.name, point.value, distribution, point))
    return [found[key] for key in sorted(found)]


def task_file(name, entry):
    """The config file that a task's entry point means: a path, or a module that is one. InputError for anything else."""
    path = Path(str(entry.__file__ if isinstance(entry, ModuleType) else entry))
    if not isinstance(entry, (ModuleType, str, Path)) or path.suffix != ".py" or not path.is_file():
        raise InputError(f"found {entry!r}; expected the path of a task's .py file, or the module that is one")
    return path
