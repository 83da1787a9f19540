"""Tools as processes, for tests of what becomes of them (killed, interrupted, out of disk): what they say goes to files.

``Fresh`` is one from its first line on; ``Warm`` starts forks of a process that imported the libraries once, which takes seconds.
"""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from helpers.paths import ROOT

SERVER = """
import json, os, runpy, signal, sys, time
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

here = set()
for line in sys.stdin:
    wanted = json.loads(line)
    if "argv" in wanted:
        answer = os.fork()
        if not answer:
            child(**wanted)
            sys.exit(0)
        here.add(answer)
    else:
        answer = code(wanted["pid"], time.monotonic() + wanted["timeout"])
        here -= set() if answer is None else {wanted["pid"]}
    print(json.dumps(answer), flush=True)
for pid in here:
    os.kill(pid, signal.SIGKILL)
os._exit(0)
"""


class Process:
    """What came of a process so far; what it says goes to stdout.txt and stderr.txt in the folder ``said``."""

    returncode = None
    """Its exit code (minus a signal's number), once it was waited for."""

    def __init__(self, said):
        self._out, self._err = (Path(said) / name for name in ("stdout.txt", "stderr.txt"))
        self._out.touch()
        self._err.touch()

    def out(self):
        return self._out.read_text(encoding="utf-8")

    def err(self):
        return self._err.read_text(encoding="utf-8")

    def ended(self, timeout):
        """(exit code, stdout, stderr); AssertionError where it goes on."""
        code = self.wait(timeout)
        assert code is not None, f"it goes on after {timeout} s"
        return code, self.out(), self.err()

    def send_signal(self, number):
        """To it, if it is still there (until it is waited for, no other has its number)."""
        if self.returncode is None:
            os.kill(self.pid, number)

    def kill(self):
        self.send_signal(signal.SIGKILL)
        self.wait(60)


class Fresh(Process):
    """``python <argv>`` in ``folder``; more: of its environment."""

    def __init__(self, argv, folder, said, **more):
        super().__init__(said)
        env = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), **more}
        with self._out.open("w") as out, self._err.open("w") as err:
            line = [sys.executable, *map(str, argv)]
            self._process = subprocess.Popen(
                line, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=err
            )
        self.pid = self._process.pid

    def wait(self, timeout):
        """Its exit code, or None where it goes on."""
        try:
            self.returncode = self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            pass
        return self.returncode


class Forked(Process):
    """A fork of ``warm``'s process."""

    def __init__(self, warm, argv, folder, said):
        super().__init__(said)
        self._warm = warm
        files = {"out": str(self._out), "err": str(self._err)}
        self.pid = warm.ask(argv=[str(part) for part in argv], folder=str(folder), **files)

    def wait(self, timeout):
        """Its exit code, or None where it goes on."""
        if self.returncode is None:
            self.returncode = self._warm.ask(pid=self.pid, timeout=timeout)
        return self.returncode


class Warm:
    """The process that imported, and is asked for forks; used as a context, behind which none of them is left."""

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
        """The server's answer: a number of a process, or what it ended with."""
        self._server.stdin.write(json.dumps(wanted) + "\n")
        self._server.stdin.flush()
        return json.loads(self._server.stdout.readline())

    def start(self, argv, folder, said):
        """A ``Forked`` that runs the program argv[0] in ``folder``."""
        return Forked(self, argv, folder, said)
