"""Points as tables: text with blanks, commas or semicolons between, and numpy arrays.

x, y, z are the columns of these names where a head line or the array's fields name them, otherwise the first three.
Decimal commas are refused: '0,5,1,5' could be two numbers or four.
"""

import re

import numpy as np

from adafire.errors import InputError

ENCODINGS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}  # by the mark in front, as Windows may save text
COMMENTS = ("#", "//", "%", "!")
MOST_COLUMNS = 64
POINTS_MUST = "save the table with decimal points and blanks between"


def text_table(path):
    """float64 [rows, columns], x, y, z first; InputError names the file and the line."""
    try:
        content = path.read_bytes()
        rows, names = _rows(content.decode(ENCODINGS.get(content[:2], "utf-8-sig"), "replace"))
        if not rows:
            raise ValueError("it holds no points")
        return columns(np.array(rows, np.float64), path, names)
    except (ValueError, OSError) as error:
        raise InputError(
            f"'{path}' is no table of numbers ({str(error)[:200]}); expected a point a line: x y z"
        ) from error


def is_prose(path, most=4096):
    """Whether the first ``most`` bytes are text, and no line begins with three numbers or names columns x, y, z."""
    with path.open("rb") as file:
        content = file.read(most)
    lines = content.decode(ENCODINGS.get(content[:2], "utf-8-sig"), "replace").splitlines()
    words = [re.split(r"[\s,;]+", line.strip()) for line in lines]
    return (
        any(word.isalpha() for line in words for word in line)
        and not any(len(line) > 2 and all(map(_is_number, line[:3])) for line in words)
        and not any(map(_names, lines))
    )


def _rows(text):
    """([[word]] of the lines with numbers, names of the columns or None)."""
    names, declared, rows, begin = None, None, [], 0
    for k, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if not line:
            continue
        if line.startswith(COMMENTS):
            names = names or _names(line)
            continue
        if not rows and not any(map(_is_number, re.split(r"[\s,;]+", line))):
            names = _names(line)
            if not names:
                raise ValueError(f"line {k} {line[:60]!r} is neither numbers nor names of columns with x, y, z")
            continue
        words = _words(line, k)
        if not rows and declared is None and len(words) == 1 and words[0].isdecimal():
            declared = int(words[0])  # in .pts the number of points stands in front
            continue
        if rows and len(words) != len(rows[0]):
            raise ValueError(f"line {k} has {len(words)} columns, and line {begin} has {len(rows[0])}: {line[:60]!r}")
        begin = begin or k
        rows.append(words)
    if declared is not None and declared != len(rows):
        raise ValueError(
            f"it begins with the number {declared:,}, and {len(rows):,} points are there: it was cut off; copy or export "
            "it again"
        )
    _refuse_decimal_commas(rows, "," in text)
    return rows, names


def _is_number(word):
    try:
        float(word)
        return True
    except ValueError:
        return False


def _names(line):
    """Names of columns in a head line, if x, y and z are among them; such as '//X Y Z' or 'x [m], y [m], z [m]'."""
    line = re.sub(r"\[[^\]]*\]|\([^)]*\)|[\"']", "", line.lstrip("#/%! \t"))
    found = re.split(r"[\s,;]+", line.lower().strip(" ,;"))
    return found if all(found.count(axis) == 1 for axis in "xyz") else None


def _words(line, number):
    """The words of a line: between semicolons, else between commas, else between blanks."""
    mark = next((mark for mark in ";," if mark in line), None)
    words = line.split() if mark is None else [word.strip() for word in line.rstrip(mark).split(mark)]
    if mark and any("," in word or len(word.split()) > 1 for word in words):
        raise ValueError(
            f"line {number} {line[:60]!r} has decimal commas, or more than one mark between numbers; {POINTS_MUST}"
        )
    return words


def _refuse_decimal_commas(rows, commas):
    """'0,063,1,250' has four columns: every second one is digits alone, and some begin with 0, as no whole number does."""
    if not commas or len(rows[0]) % 2 if rows else True:
        return
    fractions = [word for row in rows for word in row[1::2]]
    if any("." in word for row in rows for word in row) or not all(
        re.fullmatch(r"\d+([eE][+-]?\d+)?", w) for w in fractions
    ):
        return
    if any(len(w) > 1 and w[0] == "0" for w in fractions) or any(word == "-0" for row in rows for word in row[::2]):
        raise ValueError(f"its numbers have decimal commas ({','.join(rows[0])[:60]!r}); {POINTS_MUST}")


def columns(table, path, names=None):
    """float64 [points, columns] of an array, x, y, z first. names: of its columns, if known; else its fields' names count."""
    if table.dtype.names:
        names = [name.lower() for name in table.dtype.names]
        if not {"x", "y", "z"} <= set(names):
            raise InputError(f"'{path}' holds the fields {', '.join(names)}; expected x, y, z among them")
        table = (
            np.stack([table[name].ravel() for name in table.dtype.names], -1)
            if table.size
            else np.zeros((0, len(names)))
        )
    if table.dtype.kind not in "fiu":
        raise InputError(f"'{path}' holds an array of {table.dtype}; expected numbers, [points, 3]")
    if table.ndim != 2 or table.shape[1] < 3:
        raise InputError(f"'{path}' holds an array of shape {list(table.shape)}; expected [points, 3 or more columns]")
    if not len(table):
        raise InputError(f"'{path}' holds no points (an array of shape {list(table.shape)}); copy or export it again")
    if len(table) < 10 <= table.shape[1]:
        raise InputError(
            f"'{path}' holds an array of shape {list(table.shape)}; expected [points, 3 or more columns]: if these are "
            f"{table.shape[1]:,} points, save the array's transpose (.T)"
        )
    if table.shape[1] > MOST_COLUMNS:
        raise InputError(
            f"'{path}' holds an array of shape {list(table.shape)}; expected [points, columns] with x, y, z first, at most "
            f"{MOST_COLUMNS} columns"
        )
    if names and len(names) == table.shape[1]:
        first = [names.index(axis) for axis in "xyz"]
        table = table[:, first + [k for k in range(len(names)) if k not in first]]
    elif names and names[:3] != ["x", "y", "z"]:
        raise InputError(
            f"'{path}' has {table.shape[1]} columns and {len(names)} names of them ({' '.join(names)[:80]}); expected one each"
        )
    return table.astype(np.float64)
