"""Typed, closed schemas for what is read from files: task files and records.

pydantic does the checking; this file turns its findings into one InputError of a few lines that says what was found,
what was expected and, for an unknown key, which known one is near.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from adafire.errors import InputError
from adafire.registry import near_names

MOST_SHOWN = 4  # findings named in one message; a file of another kind would give hundreds

Finite = Annotated[float, Field(allow_inf_nan=False)]
Positive = Annotated[int, Field(ge=1)]


class Closed(BaseModel):
    """A pydantic model that takes no unknown key, converts no type ('8' is not 8) and cannot be changed afterwards."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _known_keys(cls, data):
        unknown = [key for key in data if key not in cls.model_fields] if isinstance(data, dict) else []
        if unknown:
            raise PydanticCustomError(
                "unknown_key",
                "{found}",
                {
                    "found": "; ".join(
                        f"unknown key {key!r}{near_names(key, cls.model_fields)} Known: {', '.join(cls.model_fields)}"
                        for key in unknown[:1]
                    )
                },
            )
        return data


def parse(model, data, where):
    """``model`` from a dict; InputError that begins with ``where`` when the data do not fit."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise InputError(explain(error, where)) from None


def explain(error, where):
    """The findings of a ValidationError in at most five lines."""
    findings = [_finding(entry) for entry in error.errors()]
    lines = findings[: MOST_SHOWN - 1] if len(findings) > MOST_SHOWN else findings
    if len(findings) > len(lines):
        lines.append(f"and {len(findings) - len(lines)} more")
    return f"{where}: " + (lines[0] if len(lines) == 1 else "".join("\n  " + line for line in lines))


def _finding(entry):
    place = ".".join(str(part) for part in entry["loc"])
    if entry["type"] == "unknown_key":
        return f"{place}: {entry['msg']}" if place else entry["msg"]
    if entry["type"] == "missing":
        return f"key {place!r} is missing"
    found = repr(entry["input"])
    found = found if len(found) <= 60 else found[:57] + "..."
    kind = type(entry["input"]).__name__
    expected = entry["msg"].removeprefix("Input should be ").removeprefix("Value error, ")
    return f"{place}: found {found} ({kind}), expected {expected}" if place else f"found {found} ({kind}), {expected}"
