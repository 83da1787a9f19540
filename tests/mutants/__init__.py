"""Faults made by hand that some test must notice: one file a room, with a list MUTANTS."""

from typing import NamedTuple


class Mutant(NamedTuple):
    """``old`` stands in ``file`` once and becomes ``new``; one of ``tests`` (arguments of pytest) must fail then."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple
