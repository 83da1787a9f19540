"""Values of annotation files as strangers' tools write them: what plainly means a number, a flag or an id is read as
that, and anything else is refused with the value as it stands in the file.
"""

import math
import unicodedata

from adafire.errors import InputError

NO = ("", "0", "false", "no", "none", "null", "unspecified")
YES = ("1", "true", "yes")


def shown(value):
    """A value as it stands in the file (quotes are shown), not too long."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def number(value):
    """float of a number, or of a text that is one; None for anything else (a truth value, NaN, infinity, a list).

    >>> number("12.5"), number(7), number("1,5"), number(True)
    (12.5, 7.0, None, None)
    """
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def flag(value, what):
    """0 or 1 of what tools write into iscrowd and difficult (0, "0", 0.0, false, null, '', Unspecified, 1, "True", ...);
    InputError beginning with ``what`` for anything else."""
    plain = number(value)
    text = "" if value is None else str(value).strip().lower()
    for words, meant in ((NO, 0), (YES, 1)):
        if plain == meant or text in words:
            return meant
    raise InputError(f"{what} {shown(value)}; expected 0 or 1")


def name(value):
    """A name without blanks around it and in one spelling of its accents (Unicode's NFC), so that equal names are equal;
    None for what is none."""
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        return None
    return unicodedata.normalize("NFC", str(value)).strip() or None


def identity(value):
    """The text by which ids are compared: 7, 7.0 and "7" are one; None for what is no id (null, a list, true, 1.5)."""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else None
    return name(value)


def same_kind(texts, given):
    """{text: id} for ids ``given`` and their ``identity``: as given where all are whole numbers or all are texts, else as
    numbers if each is one, else as texts. Ids of one kind can be ordered."""
    kinds = {type(value) for value in given}
    if len(kinds) == 1 and kinds <= {int, str}:
        return dict(zip(texts, given))
    if all(text.lstrip("-").isdecimal() and str(int(text)) == text for text in texts):
        return {text: int(text) for text in texts}
    return {text: text for text in texts}
