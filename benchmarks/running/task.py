"""A benchmark task: one Python config file, read with mmengine's Config and checked against the schema below.

tasks/coco_yolo.py is the example to copy. A task file is code, so only the files in this project's own tasks/ folder
are executed without asking.
"""

import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from adafire.errors import InputError
from adapters.shared.model_zoo import address

from .schema import Closed, Finite, Positive, parse
from .trained import weights_file

PROJECT = Path(__file__).resolve().parents[2]
TASKS = PROJECT / "tasks"
MOST_TIMESTEPS = 2**16

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_+-]*$", max_length=120)]  # names become folder and file names
Family = Literal["classification", "pointcloud", "events", "detection", "segmentation"]


def task_label(name, split):
    """What stands in the task column: the task's name, and 'mini' or 'part' (splits.py) if that is what was run."""
    return name if split == "full" else f"{name} {split}"


def check_timesteps(values):
    """The list itself if it holds whole numbers from 1 to MOST_TIMESTEPS, each once, at least one; ValueError otherwise."""
    if not values:
        raise ValueError("at least one number of timesteps")
    for value in values:
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise ValueError(f"whole numbers of 1 or more, not {value!r}")
        if value > MOST_TIMESTEPS:
            raise ValueError(f"{MOST_TIMESTEPS} timesteps or fewer, not {value}: each costs a pass through the network")
        if values.count(value) > 1:
            raise ValueError(f"every number of timesteps once, {value} stands there twice")
    return values


def _with_type(data):
    if not isinstance(data.get("type"), str):
        raise ValueError("a dict with the kind of data under 'type', e.g. dict(type='coco')")
    return data


def _with_samples(calibration):
    samples = calibration.get("samples")
    if isinstance(samples, bool) or not isinstance(samples, int) or samples < 1:
        raise ValueError(f"a dict with the number of calibration samples, 1 or more, under 'samples', not {samples!r}")
    return calibration


def _with_names(snn):
    named = {"snn": snn} if isinstance(snn, str) or "name" in snn else snn
    for key, spec in named.items():
        if not re.fullmatch("[a-z0-9][a-z0-9_-]*", key):
            raise ValueError(f"names of lower-case letters, digits, _ and - for several modules, not {key!r}")
        if not isinstance(spec["name"] if isinstance(spec, dict) and "name" in spec else spec, str):
            raise ValueError(f"'package.module:function', or a dict with 'name' and its arguments, not {spec!r}")
    return snn


class Expected(Closed):
    """The ANN's score in the task's metric on all samples, and how far from it is still right. samples: how many test
    samples the score is of, where that is known (a data root can hold fewer)."""

    ann: Finite
    tolerance: Annotated[Finite, Field(gt=0)]
    samples: Positive | None = None


class Variant(Closed):
    """One network on one split of the task's data. What the adapter does not know of is: split, needs, expected."""

    split: Literal["mini", "full"]
    description: str = ""
    config: str | None = None
    """A framework's config: a file, or 'mmdet::name'."""
    model: str | dict[str, Any] | None = None
    """A network by name, or name and arguments, where the framework has no config files. 'snn': none but the module of ``snn``."""
    checkpoint: str | None = None
    """Weights: a file, a URL, the file name of one of the framework's own (both are downloaded), or 'random'."""
    snn: Annotated[str | dict[str, Any] | None, AfterValidator(lambda snn: snn and _with_names(snn))] = None
    """A spiking module of other code as a row beside this network's conversions, for method ``external``: 'package.module:function', or a
    dict of 'name', its arguments and a 'checkpoint'; a dict {name: such} for several. No other row depends on it."""
    data: Annotated[dict[str, Any], AfterValidator(_with_type)]
    calibration: Annotated[dict[str, Any], AfterValidator(_with_samples)]
    batch_size: Positive = 8
    options: dict[str, Any] = {}
    """Whatever else this adapter takes."""
    needs: list[str] = []
    """Files that must be there: below --data-root for a full split, below the project for a mini split."""
    expected: Expected | None = None

    @model_validator(mode="after")
    def _named(self):
        if self.alone and (not self.snn or self.config or self.checkpoint):
            raise ValueError(
                "model='snn' with a module, snn='package.module:function', and no config or checkpoint beside it"
            )
        return self

    def settings(self):
        """The dict that the adapter gets: config, model, checkpoint (where given), data, calibration, batch_size, and
        the entries of ``options``."""
        own = self.model_dump(
            include={"config", "model", "checkpoint", "data", "calibration", "batch_size"}, exclude_none=True
        )
        return {**self.options, **own}

    @property
    def alone(self):
        """Whether a spiking module is all there is: no network to convert, no ANN to compare with (alone.py)."""
        return self.model == "snn"

    def modules(self):
        """{name: specification} of what ``snn`` names; one alone is called 'snn'."""
        alone = isinstance(self.snn, str) or self.snn and "name" in self.snn
        return {"snn": self.snn} if alone else self.snn or {}


class Task(Closed):
    """A task as its file states it."""

    name: Name
    version: Positive
    """Raise it when results before and after a change of the file cannot be compared."""
    family: Family
    metric: str
    """Primary metric; higher is better."""
    adapter: str
    methods: list[str] = Field(min_length=1)
    timesteps: Annotated[list[int], AfterValidator(check_timesteps)]
    draws: Annotated[int, Field(ge=1)] = 1
    """Choices of calibration samples that every method is run on."""
    variants: dict[Name, Variant] = Field(min_length=1)
    mini: Name | None = None
    """Task whose mini split is run for this one, where it has none of its own kind: no copies, so that a record carries the
    name of what was run."""
    description: str = ""


def load_task(path, trust_config=False):
    """Task in the file ``path``. InputError if the file lies outside the project's tasks/ folder and ``trust_config``
    is not given, if it cannot be executed, or if it does not fit the schema."""
    path = Path(path).resolve()
    if not path.is_file():
        raise InputError(f"no task file {path}; python tools/run_bench.py --list shows the tasks")
    if path.suffix != ".py":
        raise InputError(
            f"task file {path.name}: found a file of kind {path.suffix or 'none'!r}, expected a Python "
            "config file (.py) such as tasks/coco_yolo.py"
        )
    check_trusted(path, trust_config, TASKS)
    entries = {key: value for key, value in _execute(path).items() if not key.startswith("_")}
    entries.pop("custom_imports", None)  # mmengine has imported them: the way to bring an adapter of one's own
    if isinstance(entries.get("variants"), dict):  # None: a variant of the _base_ that this task does not have
        entries["variants"] = {name: variant for name, variant in entries["variants"].items() if variant is not None}
    task = parse(Task, entries, f"task file {path.name}")
    bases = [PROJECT] if TASKS in path.parents else [path.parent, PROJECT]
    variants = {
        name: _with_trained(task.name, name, _with_paths(variant, bases)) for name, variant in task.variants.items()
    }
    return task.model_copy(update={"variants": variants})


def check_trusted(path, trust_config=False, home=PROJECT):
    """InputError unless a file that will be executed lies below ``home`` (a folder of the project), or is trusted."""
    path = Path(path).resolve()
    if home not in path.parents and not trust_config:
        place = f"this project's {home.name}/ folder" if home != PROJECT else "this project"
        raise InputError(
            f"{path} is not in {place}. A task or config file is Python and runs with your rights when it is read; "
            "look at it, then add --trust-config to read it"
        )


def _execute(path):
    from mmengine.config import Config  # here, so that --help does not wait for it

    try:
        config = Config.fromfile(path, lazy_import=False)
        return config._cfg_dict.to_dict()
    except (KeyboardInterrupt, MemoryError):
        raise
    except BaseException as error:  # the file is a stranger's code: anything can come out of it, SystemExit too
        reason = " ".join(str(error).split())[:200]
        raise InputError(f"task file {path.name} cannot be read: {type(error).__name__}: {reason}") from error


def _with_paths(variant, bases):
    """Paths in a task file are relative to the project, or to the file itself when it lies elsewhere; the file name of a
    framework's own checkpoint, which is none of theirs, becomes its address."""
    update = {key: _placed(getattr(variant, key), bases, key == "checkpoint") for key in ("config", "checkpoint")}
    update["snn"] = {
        key: {**spec, "checkpoint": _placed(spec["checkpoint"], bases)}
        if isinstance(spec, dict) and "checkpoint" in spec
        else spec
        for key, spec in variant.modules().items()
    }
    return variant.model_copy(update=update)


def _with_trained(task, name, variant):
    """A full variant without weights takes those that were trained for it here, if there are any."""
    found = weights_file(task, name)
    wants = variant.split == "full" and variant.checkpoint is None and not variant.alone
    return variant.model_copy(update={"checkpoint": str(found)}) if wants and found.is_file() else variant


def _placed(value, bases, has_address=True):
    """A path as it is from here."""
    if not value or value == "random" or "::" in value or "://" in value:
        return value
    found = [base / value for base in bases if (base / value).exists()]
    url = address(value) if has_address and not found else None
    return url or str(found[0] if found else bases[0] / value)
