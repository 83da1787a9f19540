"""A checkpoint by file or URL; what is downloaded is kept in torch's own cache and downloaded once.

A download that broke off goes on where it ended, and its file has its name only when it is whole: as long as the server said, and with
the sha256 that begins as its name says (resnet18-f37072fd.pth).
"""

import hashlib
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

PROJECT = Path(__file__).resolve().parents[2]
TIMES, TIMEOUT_S, BLOCK = 3, 30, 2**18


class Broken(OSError):
    """A download that cannot be had, or ended early."""


def checkpoint_file(checkpoint):
    """Path of a checkpoint: a file (relative to here or to the project) or a URL.

    A hash in the URL's file name, as in resnet18-f37072fd.pth, is checked. InputError: not there, no network, another hash.
    """
    name = Path(urlparse(str(checkpoint)).path).name
    cached = Path(torch.hub.get_dir()) / "checkpoints" / name
    is_url = bool(re.match(r"https?://", str(checkpoint)))
    for path in (cached,) if is_url else (Path(checkpoint), PROJECT / checkpoint):
        if path.is_file():
            return path
    if not is_url:
        raise InputError(f"checkpoint '{checkpoint}' is not there; put it there, or give one with --checkpoint FILE")
    digest = re.search(r"-([a-f0-9]{8,64})\.", name)
    try:
        cached.parent.mkdir(parents=True, exist_ok=True)
        download(str(checkpoint), cached, digest and digest[1])
    except (OSError, ValueError) as error:  # no network, no such file, no room
        raise InputError(
            f"checkpoint '{name}' is not on this machine and cannot be downloaded ({error}); get "
            f"{checkpoint} and place it at '{cached}', or give it with --checkpoint FILE"
        ) from error
    return cached


def download(url, target, digest=None):
    """Bring ``url`` to the file ``target``; digest: what its sha256 (hex) begins with. What came before it broke off stays in
    <target>.part, and the next call goes on there. Broken: no such file, no network, ended early; InputError: another digest."""
    part = target.with_name(f"{target.name}.part")
    for left in reversed(range(TIMES)):
        try:
            _fetch(url, part)
            break
        except (OSError, http.client.HTTPException) as error:
            status = getattr(error, "code", None)
            if status == 416:  # nothing is left to send: what is here is whole, or of another file
                if digest and _sha256(part).startswith(digest):
                    break
                part.unlink(missing_ok=True)
            elif not left or status and status < 500:
                kept = f"; {part.stat().st_size:,} bytes are kept, the same command goes on there" * part.is_file()
                raise Broken(f"{error}{kept}") from error
    else:
        raise Broken("the server sends nothing of it")
    found = _sha256(part)
    if digest and not found.startswith(digest):
        part.unlink()
        raise InputError(
            f"what {url} sent is not '{target.name}': its sha256 begins with {found[: len(digest)]}, expected {digest} as its name "
            "says; it was removed, try again, or get the file elsewhere and give it with --checkpoint FILE"
        )
    os.replace(part, target)


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


def _sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()
