"""kernels.c as a loaded library, compiled on first use, where there is a C compiler.

No build step at installation (a wheel stays pure Python), the same bits as the reference in count.py (no contraction, no
reciprocal), and torch's own OpenMP runtime (a second one would fight it for the cores).
"""

import ctypes
import functools
import hashlib
import logging
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import torch

_LOG = logging.getLogger(__name__)
_SOURCE = Path(__file__).with_name("kernels.c")
_FLAGS = [
    "-O3",
    "-march=native",
    "-ffp-contract=off",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-fPIC",
    "-shared",
    "-fopenmp",
]


@functools.lru_cache(maxsize=1)
def library():
    """The compiled kernels, or None; compiled once and kept in the user's cache folder."""
    compiler = os.environ.get("CC") or shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if not compiler:
        _LOG.info("no C compiler was found: neurons are simulated by torch's operators, the same bits in more time")
        return None
    cache = Path(os.environ.get("ADAFIRE_CACHE", Path.home() / ".cache" / "adafire"))
    host = Path("/proc/cpuinfo").read_text()[:3000] if os.path.exists("/proc/cpuinfo") else os.uname().machine
    flags_line = next((line for line in host.splitlines() if line.startswith("flags")), host)
    key = hashlib.sha256((_SOURCE.read_text() + " ".join(_FLAGS) + compiler + flags_line + torch.__version__).encode())
    path = cache / f"kernels-{key.hexdigest()[:16]}.so"
    if not path.exists():
        try:
            cache.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=cache) as folder:
                built = Path(folder) / "kernels.so"
                _compile(compiler, built)
                os.replace(built, path)
        except (OSError, subprocess.SubprocessError) as error:
            _LOG.info(
                "kernels.c was not compiled (%s): neurons are simulated by torch's operators, the same bits in more time",
                error,
            )
            return None
    try:
        loaded = ctypes.CDLL(str(path))
    except OSError:
        return None
    p, i, f, n = ctypes.c_void_p, ctypes.c_long, ctypes.c_float, ctypes.c_int
    loaded.adafire_scan.argtypes = [p, i, p, i, n, i, i, i, i, *[p] * 7, f, f, i, n, f, f, p, p, i, n, n, p, n]
    loaded.adafire_scan.restype = None
    loaded.adafire_differential.argtypes = [
        p,
        i,
        i,
        i,
        i,
        i,
        *[p] * 9,
        n,
        f,
        f,
        n,
        i,
        n,
        f,
        f,
        p,
        n,
        p,
        p,
        p,
        p,
        f,
        i,
        n,
    ]
    loaded.adafire_differential.restype = None
    loaded.adafire_code.argtypes = [p, i, i, i, i, i, *[p] * 8, n, n, n, f, f, p, n, p, n]
    loaded.adafire_code.restype = None
    loaded.adafire_over.argtypes = [p, p, i, i, i, p, p, p, f, f, f, f, n, f, f, n]
    loaded.adafire_over.restype = i
    loaded.adafire_pool.argtypes = [p, n, *[i] * 13, f, p, p, p, p, p, n, p, p, n, i, n, n]
    loaded.adafire_pool.restype = None
    loaded.adafire_row_max.argtypes = [p, i, i, i, f, p, p, p, p, p, n, p, p, n, i, n, n]
    loaded.adafire_row_max.restype = None
    return loaded


def _compile(compiler, target):
    runtime = sorted(Path(torch.__file__).parent.glob("lib/libgomp*.so*")) + sorted(
        Path(torch.__file__).parent.parent.glob("torch.libs/libgomp*.so*")
    )
    if runtime:  # compile with OpenMP, link to the runtime that torch has loaded
        with tempfile.TemporaryDirectory(dir=target.parent) as folder:
            obj = os.path.join(folder, "kernels.o")
            flags = [f for f in _FLAGS if f != "-shared"]
            subprocess.run(
                [compiler, *flags, "-c", str(_SOURCE), "-o", obj], check=True, capture_output=True, timeout=120
            )
            subprocess.run(
                [compiler, "-shared", obj, "-o", str(target), str(runtime[0]), "-lm"],
                check=True,
                capture_output=True,
                timeout=120,
            )
    else:
        subprocess.run(
            [compiler, *_FLAGS, str(_SOURCE), "-o", str(target), "-lm"], check=True, capture_output=True, timeout=120
        )
