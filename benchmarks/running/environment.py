"""Where a run happened: versions, hardware, commit. None of it enters a record's key."""

import ctypes
import platform
import subprocess
from importlib import metadata

from .task import PROJECT

PACKAGES = (
    "adafire",
    "torch",
    "torchvision",
    "numpy",
    "mmengine",
    "mmcv",
    "mmcv-lite",
    "mmdet",
    "mmsegmentation",
    "pycocotools",
)


def keep_memory():
    """Ask the C library to keep freed memory: fresh pages for every activation cost a tenth of a simulation on the CPU.

    Does nothing where the C library is not glibc.
    """
    try:
        libc = ctypes.CDLL("libc.so.6")
        libc.mallopt(-3, 1 << 30)  # M_MMAP_THRESHOLD: largest block served from the heap
        libc.mallopt(-1, (1 << 31) - 1)  # M_TRIM_THRESHOLD: free memory kept at the top of the heap
    except (OSError, AttributeError):
        pass


class PeakMemory:
    """The most memory since it was made: resident memory of the whole process, on a GPU what torch has allocated there.

    ``read_mb()`` is None where the system does not tell (the kernel resets its mark only on Linux).
    """

    def __init__(self, device="cpu"):
        self.device = device
        if device == "cuda":
            import torch

            torch.cuda.reset_peak_memory_stats()
        try:
            with open("/proc/self/clear_refs", "w") as file:
                file.write("5")  # the mark falls to what is resident now
            self.known = True
        except OSError:
            self.known = False

    def read_mb(self):
        """Megabytes (10 ** 6 bytes)."""
        if self.device == "cuda":
            import torch

            return torch.cuda.max_memory_allocated() / 1e6
        if self.known:
            with open("/proc/self/status", encoding="utf-8") as file:
                for line in file:
                    if line.startswith("VmHWM:"):
                        return int(line.split()[1]) * 1024 / 1e6
        return None


def versions():
    """{'python': ..., package: version for every one of PACKAGES that is installed}"""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def hardware(device="cpu"):
    """{'cpu': model name, 'threads': of torch, 'device': 'cpu' or the name of the GPU}"""
    import torch

    name = torch.cuda.get_device_name() if device == "cuda" else "cpu"
    return {"cpu": _cpu_model(), "threads": torch.get_num_threads(), "device": name}


def git():
    """{'commit': hash, 'dirty': are tracked files changed, results aside}; both None outside a checkout."""
    commit = _git("rev-parse", "HEAD")
    changes = _git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!results")
    return {"commit": commit or None, "dirty": None if commit is None or changes is None else bool(changes)}


def knows_commit(commit):
    """Is a commit (hex) in this checkout's history? None where that cannot be told: no checkout, or one without its past."""
    if (
        _git("merge-base", "--is-ancestor", commit, "HEAD") is not None
    ):  # an object that is only still there is in no clone
        return True
    return False if _git("rev-parse", "--is-shallow-repository") == "false" else None


def unchanged_since(commit, *folders):
    """Are files in ``folders`` what they were at a commit, untracked ones aside? False where that cannot be told."""
    return bool(commit) and _git("diff", "--quiet", commit, "--", *folders) is not None


def _git(*arguments):
    try:
        done = subprocess.run(["git", *arguments], cwd=PROJECT, capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _cpu_model():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine() or "unknown"
