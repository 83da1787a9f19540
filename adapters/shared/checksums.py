"""Which sha256 the checkpoint at an address has: as this project knows it, as it was when this user first had it, or as its name begins.

Trust on first use: what is known by the 8 digits of its name alone, or not at all, is kept whole in ~/.config/adafire/checkpoints.sha256
($XDG_CONFIG_HOME/adafire, where that is set), and a file that is another one later is refused. Lines are "SHA256  ADDRESS".
"""

import functools
import hashlib
import os
import re
import sys
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlparse

from adafire.errors import InputError

KNOWN = Path(__file__).with_name("checkpoints.sha256")
"""Of files that this project has had in its hands."""
WHOLE = 64  # hexadecimal digits
BLOCK = 2**20


class Expected(NamedTuple):
    """digits: what a file's sha256 (hex) begins with; by: who says so, in words."""

    digits: str
    by: str


def lock():
    """Path of the user's list, whether it is there or not."""
    home = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(home) / "adafire" / "checkpoints.sha256"


def expected(url):
    """Expected of the file at an address; None where nothing is known of it."""
    name = Path(urlparse(url).path).name
    for file, by in ((KNOWN, "as this project knows it"), (lock(), f"as it was when it was first had ({lock()})")):
        digits = _read(file).get(url)
        if digits:
            return Expected(digits, by)
    digits = re.search(r"-([a-f0-9]{8,64})\.", name)
    return Expected(digits[1], "as its name says") if digits else None


def check(path, url):
    """InputError unless the file ``path`` is what is expected of ``url``; its sha256 is kept where it was not known whole."""
    wanted, found = expected(url), sha256(path)
    if wanted and not found.startswith(wanted.digits):
        raise InputError(
            f"'{path}' is not the file of {url}: its sha256 begins with {found[: min(16, len(wanted.digits))]}, expected "
            f"{wanted.digits[:16]} {wanted.by}; remove it to download it again, or give the file with --checkpoint FILE"
        )
    if "://" in url and (not wanted or len(wanted.digits) < WHOLE):
        _keep(url, found, wanted)


def sha256(path):
    """The digest of a file (hex), computed once for each state of it."""
    state = os.stat(path)
    return _sha256(str(path), state.st_size, state.st_mtime_ns)


@functools.lru_cache(maxsize=32)
def _sha256(path, size, changed):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _read(file):
    """{address: digest} of a list, empty where it is not there. InputError: a line that is none, by which nothing could be told."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    except ValueError as error:
        raise InputError(
            f"'{file}' is no text ({error}); expected lines 'SHA256  ADDRESS': mend it, or move it away to trust files anew"
        ) from error
    found = {}
    for number, line in enumerate(lines, 1):
        one = re.fullmatch(r"([a-f0-9]{64})\s+(\S+)", line.strip())
        if one:
            found[one[2]] = one[1]
        elif line.strip() and not line.lstrip().startswith("#"):
            raise InputError(
                f"'{file}', line {number}: found {line[:90]!r}, expected 'SHA256  ADDRESS' with 64 digits 0-9a-f; mend it, or remove "
                "the line to trust its file anew"
            )
    return found


def _keep(url, digest, wanted):
    """Add a line to the user's list, and say so; without a place to write in, say that."""
    known = f"the {len(wanted.digits)} digits in its name fit" if wanted else "nothing was known of it before"
    try:
        lock().parent.mkdir(parents=True, exist_ok=True)
        with lock().open("a", encoding="utf-8") as file:
            file.write(f"{digest}  {url}\n")
        kept = f"kept in {lock()}, and another file there will be refused"
    except OSError as error:
        kept = f"not kept, as {lock()} cannot be written ({error.strerror})"
    name = Path(urlparse(url).path).name
    print(f"note: '{name}' is trusted on first use: {known}; its sha256 {digest} is {kept}", file=sys.stderr)
