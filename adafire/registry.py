"""Names to objects, with an error that helps when a name is unknown.

>>> colours = Registry("colour")
>>> @colours.register("red")
... class Red: pass
>>> colours.get("red").__name__
'Red'
>>> colours.get("rde")
Traceback (most recent call last):
adafire.errors.InputError: unknown colour 'rde'; did you mean 'red'? Known: red
"""

import difflib

from .errors import InputError


def near_names(name, known):
    """'; did you mean 'x' or 'y'?' for the nearest known names, or an empty string."""
    near = difflib.get_close_matches(str(name), list(known), n=2, cutoff=0.5)
    return "; did you mean " + " or ".join(repr(n) for n in near) + "?" if near else "."


class Registry:
    """A dict from name to object; a second registration of a name is an error.

    ``kind`` is the word used in messages ('method', 'adapter', ...).
    """

    def __init__(self, kind):
        self.kind = kind
        self._entries = {}

    def register(self, name, entry=None):
        """Register ``entry`` under ``name``; without an entry, a decorator that does so."""
        if entry is None:
            return lambda obj: self.register(name, obj)
        if name in self._entries:
            raise ValueError(f"{self.kind} {name!r} is registered twice")
        self._entries[name] = entry
        return entry

    def get(self, name):
        """The object registered under ``name``; InputError with near names if there is none."""
        if name not in self._entries:
            raise InputError(
                f"unknown {self.kind} {name!r}{near_names(name, self._entries)} Known: {', '.join(self.names())}"
            )
        return self._entries[name]

    def names(self):
        """All registered names, in order of registration."""
        return list(self._entries)
