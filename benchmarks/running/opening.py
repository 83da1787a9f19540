"""The workload of a task's variant, on the data and the weights that the command line, the environment or data.toml name."""

import re
from contextlib import contextmanager

from adafire.errors import InputError

from . import alone, data_places
from .catalogue import data_folder
from .request import find_adapter


def located(task, name, options):
    """WorkloadOptions with what the adapter reads of them filled in: variant, split, and the folder of a full split's data."""
    variant = task.variants[name]
    folder = data_folder(variant, options.data_root) if variant.split == "full" else None
    return options._replace(variant=name, split=variant.split, data_root=str(folder) if folder else None)


def workload(task, name, options, **settings):
    """The Workload of the variant ``name``; settings: what of the variant's own is replaced. InputError, whatever cannot be read; of
    a data folder it says where that came from."""
    with origin_told(task.variants[name], options.data_root):
        return find_adapter(task.adapter)(
            {**alone.settings_of(task.variants[name]), **settings}, located(task, name, options)
        )


@contextmanager
def origin_told(variant, data_root=None):
    """Inside, an InputError about the data folder of a full variant says in which line of data.toml, or in which variable, it stands."""
    try:
        yield
    except InputError as error:
        folder = data_folder(variant, data_root) if variant.split == "full" else None
        said = data_places.origin(variant, data_root)
        if (
            folder is None
            or not re.search(rf"(?<![\w.]){re.escape(str(folder))}(?![\w.=])", str(error))
            or said in str(error)
        ):
            raise
        raise InputError(f"{error} (the folder is that of {said})") from error
