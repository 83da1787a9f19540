"""One JSON file a run: what was run, on what, with which result. Tables and plots are functions of these files alone.

A record's key is the hash of everything that determines the result (`IDENTITY`), so a result is found again exactly
when a new run would repeat it, and never when data, weights, parameters or the version of the code differ.
"""

import hashlib
import json
import re
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from .row import Hash, Json, NotNegative, Reference, Row, SafeName
from .schema import Closed, Positive
from .task import Expected, Family, Name

SCHEMA_VERSION = 1
"""Raise it when a field changes its meaning; records of another version are reported and left out."""
METHOD_VERSION = 1
"""Raise it when a change of the library or the runner changes results; finished runs are then run again."""

IDENTITY = tuple(
    "schema_version method_version task task_version variant split settings workload method parameters timesteps precision "
    "seed limit device_type".split()
)
SPIKING = ("snn", "external")
"""Kinds of methods whose results are spiking networks: converted here, or made by other code."""
ENERGY_MODEL = "horowitz-45nm"
"""The energy model that tables print; a record holds every named model."""


def _iso(text):
    datetime.fromisoformat(text)  # ValueError for what is no date
    return text


class _Open(BaseModel):
    """Part of an adapter's description: the fields named here, typed, and whatever the adapter adds."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True)


class Data(_Open):
    name: str
    split: str
    samples: Positive
    fingerprint: str


class CalibrationSet(_Open):
    samples: Positive
    fingerprint: str
    overlap: Literal[0]
    """Samples that are also scored; a calibration set that holds any is refused before the run."""


class Weights(_Open):
    """``key``, where there is one, says where in the file the weights stood; ``sha256`` is what they are."""

    source: str
    sha256: str | None


class Description(_Open):
    """What Workload.describe() says."""

    data: Data
    calibration: CalibrationSet
    weights: Weights
    network: str


class Hardware(Closed):
    cpu: str
    threads: Positive
    device: str


class Git(Closed):
    commit: Hash | None
    dirty: bool | None


class Record(Closed):
    """One (task, method, parameters, T list)."""

    schema_version: Literal[1] = SCHEMA_VERSION
    method_version: Positive = METHOD_VERSION
    key: str = ""
    task: Name
    task_version: Positive
    family: Family
    metric: SafeName
    variant: Name
    split: Literal["mini", "full"]
    settings: Json
    """The variant's own settings, without its paths: what they point to is in ``workload``, by hash."""
    workload: Description
    samples: Positive
    data_form: str | None = None
    """In which form the data lay there ('3000 JPEG files'), where the adapter says; their content is in ``workload``."""
    expected: Expected | None = None
    """What the task's file expected of the ANN when this was run."""
    method: SafeName
    kind: Literal["ann", "quantised", "snn", "external"]
    anytime: bool
    parameters: Json
    timesteps: list[Positive]
    """Empty for the ANN."""
    precision: Literal["fp32", "bf16", "fp16"]
    seed: int
    draw: Annotated[int, Field(ge=0)] = 0
    """Which choice of calibration samples; ``workload.calibration`` has the hash of what they are."""
    limit: Positive | None
    device_type: Literal["cpu", "cuda"]
    versions: dict[str, str]
    hardware: Hardware
    git: Git
    date: Annotated[str, AfterValidator(_iso)]
    """UTC, ISO 8601."""
    wall_s: NotNegative
    status: Literal["ok", "failed"]
    reason: str | None
    """Why it failed; None when it did not."""
    notes: list[str]
    ann: Reference | None
    """None in the ANN's own record, and where the ANN failed."""
    rows: list[Row]

    @model_validator(mode="after")
    def _consistent(self):
        """Derived fields are recomputed and cross-checked: a record that was edited by hand does not pass."""
        key = key_of(self.model_dump(mode="json", include=set(IDENTITY)))
        if not self.key:
            object.__setattr__(self, "key", key)  # frozen for users; this is still construction
        elif self.key != key:
            raise ValueError(
                f"key {key[:12]}... for what the record says, found {self.key[:12]}...: "
                "it was changed after it was written"
            )
        have = [row.timesteps for row in self.rows]
        want = self.timesteps or [None]
        if have != want if self.status == "ok" else have != want[: len(have)]:
            raise ValueError(f"rows for T = {want}, found rows for T = {have}")
        if (self.status == "ok") != (self.reason is None):
            raise ValueError("a reason when, and only when, the run failed")
        for row in self.rows:
            if self.metric not in row.metrics:
                raise ValueError(f"the primary metric {self.metric!r} in every row, found {', '.join(row.metrics)}")
        return self

    @property
    def name(self):
        """File name, and the folder it stands in, below results/records."""
        return file_name(self.task, self.split, self.variant, self.method, self.key)


def key_of(identity):
    """SHA-256 (hex) of the fields in `IDENTITY`, given as JSON-able values, without the weights' place in their file."""
    known = {name: identity[name] for name in IDENTITY}
    if isinstance(known["workload"], dict):
        weights = {key: value for key, value in known["workload"]["weights"].items() if key != "key"}
        known["workload"] = {**known["workload"], "weights": weights}
    text = json.dumps(known, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def file_name(task, split, variant, method, key):
    """'<task>-<split>-<variant>/<method>-<first 12 of the key>.json', of characters that every file system takes"""
    return f"{task}-{split}-{variant}/{re.sub('[^A-Za-z0-9+=._-]', '_', method)}-{key[:12]}.json"


def to_json(record):
    """The file's text: one field a line, one row a line, so that a change shows in a diff where it happened."""
    fields = record.model_dump(mode="json")
    rows = [json.dumps(row, allow_nan=False) for row in fields.pop("rows")]
    lines = [f"{json.dumps(name)}: {json.dumps(value, allow_nan=False)}" for name, value in fields.items()]
    lines.append('"rows": [' + "".join(f"\n{row}," for row in rows).removesuffix(",") + "]")
    return "{\n" + ",\n".join(lines) + "\n}\n"
