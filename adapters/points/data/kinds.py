"""Kinds of generated shapes by name (furniture.py, objects.py)."""

KINDS = {}
"""name -> (function, part labels in order)."""


def kind(*parts):
    def add(function):
        KINDS[function.__name__] = (function, parts)
        return function

    return add
