"""A checkpoint by file or URL; what is downloaded is kept in torch's own cache and downloaded once.

A download that broke off goes on where it ended, and its file has its name only when it is whole: as long as the server said, and with
the sha256 that is expected of it (checksums.py). $ADAFIRE_MIRROR names places that are asked first.
"""

import http.client
import os
import re
import sys
import urllib.request
from pathlib import Path
from urllib.parse import urlparse

import torch
from torch.hub import tqdm

from adafire.errors import InputError

from . import checksums

PROJECT = Path(__file__).resolve().parents[2]
TIMES, TIMEOUT_S, BLOCK = 3, 30, 2**18
MIRROR = "ADAFIRE_MIRROR"
"""Variable that names places to look for checkpoints at first."""


class Broken(OSError):
    """A download that cannot be had, or ended early."""


def checkpoint_file(checkpoint):
    """Path of a checkpoint: a file (relative to here or to the project) or a URL, whose file is what checksums.py expects of it.

    InputError: not there, no network, another file than expected.
    """
    name = Path(urlparse(str(checkpoint)).path).name
    cached = Path(torch.hub.get_dir()) / "checkpoints" / name
    is_url = bool(re.match(r"https?://", str(checkpoint)))
    if is_url and cached.is_file():
        checksums.check(cached, str(checkpoint))
        return cached
    for path in () if is_url else (Path(checkpoint), PROJECT / checkpoint):
        if path.is_file():
            return path
    if not is_url:
        raise InputError(f"checkpoint '{checkpoint}' is not there; put it there, or give one with --checkpoint FILE")
    try:
        cached.parent.mkdir(parents=True, exist_ok=True)
        _from_first(sources(str(checkpoint)), cached, checksums.expected(str(checkpoint)))
    except (OSError, ValueError) as error:  # no network, no such file, no room
        raise InputError(
            f"checkpoint '{name}' is not on this machine and cannot be downloaded ({error}); get "
            f"{checkpoint} and place it at '{cached}', or give it with --checkpoint FILE; ${MIRROR} names other places to look"
        ) from error
    checksums.check(cached, str(checkpoint))
    return cached


def sources(url):
    """Addresses that a file is looked for at, in order: below those of $ADAFIRE_MIRROR (blanks between; folders, too) by its name
    alone, then its own."""
    name = Path(urlparse(url).path).name
    mirrors = []
    for place in os.environ.get(MIRROR, "").split():
        folder = Path(place).expanduser().absolute()
        if "://" not in place and not folder.is_dir():
            print(f"note: ${MIRROR} names {place}, and there is no such folder: passed over", file=sys.stderr)
            continue
        mirrors.append(place if "://" in place else folder.as_uri())
    return [*(f"{place.rstrip('/')}/{name}" for place in mirrors), url]


def _from_first(addresses, target, wanted):
    """Bring the file of the first address that has it; OSError with what each said where none does."""
    said = []
    for address in addresses:
        if said and not wanted:  # nothing would tell that one file began here and another there
            _part(target).unlink(missing_ok=True)
        try:
            return download(address, target, *(wanted or ()))
        except (OSError, ValueError) as error:
            said.append(f"{address}: {error}" if len(addresses) > 1 else str(error))
    raise Broken("; ".join(said))


def download(url, target, digest=None, by="as its name says"):
    """Bring ``url`` to the file ``target``; digest: what its sha256 (hex) begins with, ``by`` whom. What came before it broke off stays in
    <target>.part, and the next call goes on there. Broken: no such file, no network, ended early; InputError: another digest."""
    part = _part(target)
    for left in reversed(range(TIMES)):
        try:
            _fetch(url, part)
            break
        except (OSError, http.client.HTTPException) as error:
            status = getattr(error, "code", None)
            if status == 416:  # nothing is left to send: what is here is whole, or of another file
                if digest and checksums.sha256(part).startswith(digest):
                    break
                part.unlink(missing_ok=True)
            elif not left or status and status < 500:
                kept = f"; {part.stat().st_size:,} bytes are kept, the same command goes on there" * part.is_file()
                raise Broken(f"{error}{kept}") from error
    else:
        raise Broken("the server sends nothing of it")
    found = checksums.sha256(part)
    if digest and not found.startswith(digest):
        part.unlink()
        raise InputError(
            f"what {url} sent is not '{target.name}': its sha256 begins with {found[: min(16, len(digest))]}, expected {digest[:16]} {by}; "
            "it was removed, try again, or get the file elsewhere and give it with --checkpoint FILE"
        )
    os.replace(part, target)


def _part(target):
    """Where what has come of a file lies until it is whole."""
    return target.with_name(f"{target.name}.part")


def _fetch(url, part):
    """Append to ``part`` what is missing of it; Broken if it ended early."""
    have = part.stat().st_size if part.is_file() else 0
    headers = {"User-Agent": "adafire", **({"Range": f"bytes={have}-"} if have else {})}
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=TIMEOUT_S) as answer:
        have = have if answer.status == 206 else 0  # a server that cannot go on sends all
        length = answer.headers.get("Content-Length")
        whole = have + int(length) if length else None
        shown = tqdm(total=whole, initial=have, disable=not sys.stderr.isatty(), unit="B", unit_scale=True)
        with open(part, "r+b" if have else "wb") as file, shown as bar:
            file.seek(have)
            while block := answer.read(BLOCK):
                file.write(block)
                have += len(block)
                bar.update(len(block))
    if whole is not None and have < whole:
        raise Broken(f"it ended after {have:,} of {whole:,} bytes")
