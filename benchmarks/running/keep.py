"""Conversions that a run made, kept as files for ``adafire.load`` (--save-snn)."""

import re
from pathlib import Path

from adafire.errors import AdafireError


def keep(snn, folder, task, split, variant):
    """Write ``snn`` to ``folder``/TASK-SPLIT-VARIANT-METHOD-T.safetensors, in the place of what is there. None, or a sentence on
    why that could not be: what is measured does not depend on it."""
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        snn.save(Path(folder) / file_of(snn, task, split, variant))
    except (AdafireError, OSError) as error:
        return f"the network of {snn.method.name} at T={snn.timesteps} was not saved: {error}"
    return None


def file_of(snn, task, split, variant):
    """Name of its file, of characters that every file system takes.

    >>> from types import SimpleNamespace as N
    >>> file_of(N(method=N(name="dcgs:relays=True"), timesteps=4, precision="fp32"), "toy", "mini", "mini")
    'toy-mini-mini-dcgs_relays=True-T4.safetensors'
    """
    kind = "" if snn.precision == "fp32" else f"-{snn.precision}"
    name = f"{task}-{split}-{variant}-{snn.method.name}-T{snn.timesteps}{kind}"
    return re.sub(r"[^A-Za-z0-9+=._-]", "_", name) + ".safetensors"
