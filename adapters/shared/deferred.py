"""Packages that a library imports and few of its networks use, imported when something in them is first called.

``with deferred("scipy", "scipy.optimize"): import mmdet.models`` is the import without SciPy: what mmdet takes from the module is in its
place an object that imports it when it is called or looked into. Only imports inside see it, and a package of which something
else is imported there is imported in earnest.
"""

import importlib
import sys
import types
from contextlib import contextmanager
from importlib.util import find_spec

UNUSED = (
    *("scipy", "scipy.linalg", "scipy.ndimage", "scipy.optimize", "scipy.sparse", "scipy.sparse.csgraph"),
    *("matplotlib", "matplotlib.patches", "matplotlib.pyplot", "timm"),
    *("sklearn", "sklearn.gaussian_process", "sklearn.gaussian_process.kernels", "sklearn.mixture"),
)
"""By the trackers, the Hungarian assigner, some losses and the plots of MMDetection and MMSegmentation: two seconds, of no use to a network
that predicts."""
OF_TORCHVISION = ("torch._dynamo", "torch._dynamo.utils")
"""torch's compiler, which torchvision asks about GPUs when it differentiates roi_align."""


class _Later:
    """Something in a module, which is imported when this is called or looked into."""

    def __init__(self, place, name):
        self.__dict__.update(_place=place, _name=name)

    def _found(self):
        return getattr(self._place.in_earnest(), self._name)

    def __call__(self, *args, **kwargs):
        return self._found()(*args, **kwargs)

    def __getattr__(self, name):
        if name.startswith("__"):  # what Python asks of everything
            raise AttributeError(name)
        return getattr(self._found(), name)


class _Place(types.ModuleType):
    """In the place of a module. together: the places that are taken away with this one."""

    def __init__(self, name, together):
        super().__init__(name)
        self.__dict__["_together"] = together

    def in_earnest(self):
        """The module itself."""
        _withdraw(self._together)
        return importlib.import_module(self.__name__)

    def __getattr__(self, name):
        if name == "__path__":
            return _Path(self)
        if name.startswith("__"):
            raise AttributeError(name)
        return self._together.get(f"{self.__name__}.{name}") or _Later(self, name)


class _Path:
    """Where the modules of a package are: who looks through it imports another one of them."""

    def __init__(self, place):
        self.place = place

    def __iter__(self):
        return iter(self.place.in_earnest().__path__)


def _withdraw(places):
    for name, place in places.items():
        if sys.modules.get(name) is place:
            del sys.modules[name]


@contextmanager
def deferred(*names):
    """Inside, importing one of the modules ``names``, packages before what is in them, costs nothing. What is imported already, or
    not installed, is left alone."""
    places, packages = {}, {}
    for name in names:
        package = next((p for p in packages if name.startswith(f"{p}.")), name)
        if package not in packages:
            packages[package] = None if package in sys.modules or find_spec(package) is None else {}
        if packages[package] is not None:
            places[name] = packages[package][name] = _Place(name, packages[package])
    sys.modules.update(places)
    try:
        yield
    finally:
        _withdraw(places)
