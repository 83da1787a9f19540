"""A checkpoint by file or URL; what is downloaded is kept in torch's own cache and downloaded once."""

import re
import socket
import sys
from pathlib import Path
from urllib.parse import urlparse

import torch

from adafire.errors import InputError

PROJECT = Path(__file__).resolve().parents[2]


def checkpoint_file(checkpoint):
    """Path of a checkpoint: a file (relative to here or to the project) or a URL.

    A hash in the URL's file name, as in resnet18-f37072fd.pth, is checked. InputError: not there, no network.
    """
    name = Path(urlparse(str(checkpoint)).path).name
    cached = Path(torch.hub.get_dir()) / "checkpoints" / name
    is_url = bool(re.match(r"https?://", str(checkpoint)))
    for path in (cached,) if is_url else (Path(checkpoint), PROJECT / checkpoint):
        if path.is_file():
            return path
    if not is_url:
        raise InputError(f"checkpoint '{checkpoint}' is not there; put it there, or give one with --checkpoint FILE")
    timeout = socket.getdefaulttimeout()
    try:
        socket.setdefaulttimeout(30)
        cached.parent.mkdir(parents=True, exist_ok=True)
        digest = re.search(r"-([a-f0-9]{8,})\.", name)
        torch.hub.download_url_to_file(checkpoint, str(cached), digest and digest[1], sys.stderr.isatty())
    except (OSError, RuntimeError) as error:  # no network, no such file, a wrong hash
        raise InputError(
            f"checkpoint '{name}' is not on this machine and cannot be downloaded ({error}); get "
            f"{checkpoint} and place it at '{cached}', or give it with --checkpoint FILE"
        ) from error
    finally:
        socket.setdefaulttimeout(timeout)
    return cached
