"""Text that other systems wrote: byte order marks, UTF-16, and the encoding that an XML file declares."""

import codecs
import re
from pathlib import Path

from adafire.errors import InputError

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)
DECLARED = re.compile(rb"""^\s*<\?xml[^>]*\bencoding\s*=\s*["']([A-Za-z0-9._:-]+)["']""")


def read_text(file, what, expected):
    """The text of a file: as its byte order mark says, else as an XML declaration says, else UTF-8.

    InputError: it cannot be read, or is not text of that encoding. what: how to call the file; expected: what the reader
    should have given.
    """
    file = Path(file)
    try:
        content = file.read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise InputError(f"cannot read {what} '{file}' ({getattr(error, 'strerror', error)}); {expected}") from error
    declared = DECLARED.match(content)
    encoding = declared[1].decode() if declared else "utf-8"
    if encoding.lower().replace("_", "-").startswith(("utf-16", "utf-32", "ucs")):  # a declaration of one byte a letter
        encoding = "utf-8"
    encoding = next((name for mark, name in MARKS if content.startswith(mark)), encoding)
    try:
        return content.decode(encoding)
    except LookupError:
        raise InputError(
            f"{what} '{file}' declares the encoding '{encoding}', which is not known; save it as UTF-8"
        ) from None
    except UnicodeError as error:
        raise InputError(
            f"{what} '{file}' is not text in {encoding} (byte {getattr(error, 'start', 0)}); save it as UTF-8"
            + ("" if declared else ", or declare its encoding")
        ) from None
