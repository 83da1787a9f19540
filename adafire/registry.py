"""Names to objects, with an error that helps when a name is unknown; packages of others add to them by entry points.

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
import logging
import sys

from . import plugins
from .errors import InputError

_LOG = logging.getLogger(__name__)
_HELPERS = {__name__, "adafire.methods.base", "adafire.external.registered"}
"""Modules that register what others hand to them."""


def near_names(name, known):
    """'; did you mean 'x' or 'y'?' for the nearest known names, or an empty string."""
    near = difflib.get_close_matches(str(name), list(known), n=2, cutoff=0.5)
    return "; did you mean " + " or ".join(repr(n) for n in near) + "?" if near else "."


class Registry:
    """A dict from name to object; a second registration of a name is an error.

    kind: the word used in messages ('method', 'adapter', ...). group: entry point group by which installed packages add entries; they are
    loaded when a name is asked for that is not here, or all names are. check(name, object): the entry that a plug-in's object
    is; raises InputError with what is wrong. A plug-in that cannot be used is left out with a warning in the log, and an InputError where it
    is asked for by name; nothing of it takes the place of what is registered here.
    """

    def __init__(self, kind, group=None, check=lambda name, entry: entry):
        self.kind, self.group, self.check = kind, group, check
        self._entries, self._origins, self._problems, self._loaded = {}, {}, {}, group is None

    def register(self, name, entry=None):
        """Register ``entry`` under ``name``; without an entry, a decorator that does so."""
        if entry is None:
            return lambda obj: self.register(name, obj)
        if name in self._entries:
            raise ValueError(f"{self.kind} {name!r} is registered twice")
        self._entries[name], self._origins[name] = entry, _package_of_caller()
        return entry

    def get(self, name):
        """The object registered under ``name``; InputError with near names if there is none, or why it cannot be had."""
        if name not in self._entries:
            self._load()
        if name not in self._entries:
            raise InputError(
                self._problems.get(name)
                or f"unknown {self.kind} {name!r}{near_names(name, self._entries)} Known: {', '.join(self.names())}"
            )
        return self._entries[name]

    def names(self):
        """All registered names, in order of registration."""
        self._load()
        return list(self._entries)

    def origin(self, name):
        """Where an entry came from: 'adafire' or another package that registered it, and for a plug-in the distribution with its
        version ('their-methods 1.2')."""
        self.get(name)
        return self._origins[name]

    def _load(self):
        if self._loaded:
            return
        self._loaded = True  # before what follows: plug-ins may ask for names, too
        found, here = plugins.entry_points(self.group), set(self._entries)
        for name in sorted({plugin.name for plugin in found}):
            alike = [plugin for plugin in found if plugin.name == name]
            problem = self._add(name, alike, name in here)
            if problem:
                self._problems[name] = problem
                _LOG.warning("%s", problem)

    def _add(self, name, alike, here):
        """Why the plug-ins of one name were not added, or None. here: there is one of that name, which is no plug-in's."""
        if here:
            return f"{self.kind} {name!r} exists twice: that of {alike[0]} is left out, that of {self._origins[name]} stays; rename it"
        if len(alike) > 1:
            return f"{self.kind} {name!r} exists twice: in {' and in '.join(map(str, alike))}; uninstall one of them"
        (plugin,) = alike
        try:
            entry = self.check(name, plugin.load())
        except InputError as error:
            return f"{self.kind} {name!r} of {plugin} cannot be used: {error}"
        known = self._entries.get(name)  # its module may have registered it itself
        if known is not None and known is not entry:
            return f"{self.kind} {name!r} of {plugin} registers something else under that name"
        self._entries[name], self._origins[name] = entry, plugin.distribution
        return None


def _package_of_caller():
    """First name of the module that registers something."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__") in _HELPERS:
        frame = frame.f_back
    return str(frame.f_globals.get("__name__", "")).partition(".")[0]
