"""Tools as processes that begin with their libraries imported: forks of one that imports them once. For tests of what becomes of a
process in its work (killed, interrupted, out of disk); of a process from its first line on, there is subprocess."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from helpers.paths import ROOT

SERVER = """
import json, os, runpy, sys, time
from adapters.shared import mmcv_ops
mmcv_ops.register()
import torchvision.models, mmdet.models, mmseg.models
from adafire.neurons import compiled
from benchmarks.report import rendering
from benchmarks.running import runner, store
compiled.library()

def child(argv, folder, out, err):
    os.chdir(folder)
    for name, number in ((os.devnull, 0), (out, 1), (err, 2)):
        os.dup2(os.open(name, os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666), number)
    sys.argv = argv
    runpy.run_path(argv[0], run_name="__main__")

def code(pid, until):
    while True:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > until:
            return None
        time.sleep(0.005)

for line in sys.stdin:
    wanted = json.loads(line)
    if "argv" not in wanted:
        answer = code(wanted["pid"], time.monotonic() + wanted["timeout"])
    else:
        answer = os.fork()
        if not answer:
            child(**wanted)
            sys.exit(0)
    print(json.dumps(answer), flush=True)
"""


class Warm:
    """The process that imported, and its forks; used as a context, at whose end none is left."""

    def __init__(self):
        self._server = subprocess.Popen(
            [sys.executable, "-c", SERVER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)},
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.stdin.close()
        self._server.wait(60)
        self._server.stdout.close()

    def ask(self, **wanted):
        """The server's answer."""
        self._server.stdin.write(json.dumps(wanted) + "\n")
        self._server.stdin.flush()
        return json.loads(self._server.stdout.readline())

    def start(self, argv, folder, said):
        """A ``Forked`` that runs the program argv[0] in ``folder``; what it says goes to files in the folder ``said``."""
        out, err = (Path(said) / name for name in ("out", "err"))
        pid = self.ask(argv=[str(part) for part in argv], folder=str(folder), out=str(out), err=str(err))
        return Forked(self, pid, out, err)


class Forked:
    """What tests need of subprocess.Popen."""

    def __init__(self, warm, pid, out, err):
        self.pid, self.returncode = pid, None
        self._warm, self._out, self._err = warm, out, err

    def poll(self):
        return self.wait(0)

    def wait(self, timeout):
        """Its exit code (minus a signal's number), or None where it goes on."""
        if self.returncode is None:
            self.returncode = self._warm.ask(pid=self.pid, timeout=timeout)
        return self.returncode

    def ended(self, timeout):
        """(exit code, stdout, stderr); AssertionError where it goes on."""
        code = self.wait(timeout)
        assert code is not None, f"it goes on after {timeout} s"
        return code, self.out(), self.err()

    def out(self):
        return self._out.read_text() if self._out.exists() else ""

    def err(self):
        return self._err.read_text() if self._err.exists() else ""

    def send_signal(self, number):
        """To it, if it is still there (until it is waited for, no other has its number)."""
        if self.returncode is None:
            os.kill(self.pid, number)

    def kill(self):
        self.send_signal(signal.SIGKILL)
        self.wait(60)
