"""What the command lines of tools/ share: how options are read, how an error is told, exit codes, --debug, Ctrl-C.

Nothing that takes time is imported here: --help and a wrong option are answered at once.
"""

import argparse
import difflib
import errno
import os
import shlex
import signal
import socket
import sys
import threading
import traceback
from contextlib import contextmanager
from pathlib import Path

from .text import visible

PATIENCE_S = 1.0
"""How long after Ctrl-C the program may still take to end in good order."""
INTERRUPTED = 130
"""Exit code after Ctrl-C, as of a process that the signal ended."""
MOST_LINES = 5
"""Of an error message."""


FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
"""Errors of a disk, or of a user's share of it, that is full."""


class WrongOption(Exception):
    """The command line cannot be understood."""


class Parser(argparse.ArgumentParser):
    """argparse with the project's form of an error (one message, without the whole usage), and --debug."""

    def __init__(self, description, examples=None, **more):
        super().__init__(
            description=description,
            epilog=examples,
            allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            **more,
        )
        self.add_argument("--debug", action="store_true", help="show tracebacks")

    def error(self, message):
        unknown = [word.partition("=")[0] for word in message.split() if word.startswith("-")]
        if message.startswith("unrecognized") and unknown:
            near = difflib.get_close_matches(unknown[0], self._option_string_actions, n=1)
            message += f"; did you mean {near[0]}?" if near else ""
        raise WrongOption(f"{message}\n(--help shows all options)")

    def add_trust(self):
        """--trust-checkpoint and --trust-config, for tools that open what strangers made."""
        self.add_argument(
            "--trust-checkpoint",
            action="store_true",
            help="unpickle a checkpoint that cannot be read as plain weights; it can then run any code",
        )
        self.add_argument(
            "--trust-config",
            action="store_true",
            help="execute a task or config file from outside this project (it is Python)",
        )

    def add_json(self, what):
        """--json FILE; what: what is written there. The folder is looked for before any work."""
        self.add_argument("--json", type=new_file, metavar="FILE", help=f"write {what}, as JSON")


def new_file(text):
    """Type of an option: a file that can be written, in a folder that exists."""
    path = Path(text).absolute()
    if path.exists() and not path.is_file() or not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        raise argparse.ArgumentTypeError(
            f"found {text}, expected a file name in a folder that exists and can be written in"
        )
    return path


def names(text):
    """'a,b' -> ['a', 'b']"""
    found = [part.strip() for part in text.split(",")]
    if not all(found):
        raise argparse.ArgumentTypeError(f"found {text!r}, expected names with commas between, none of them empty")
    return found


def numbers(text):
    """'1,2,4' -> [1, 2, 4]"""
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isascii() and part.isdigit() and int(part) > 0 for part in parts):
        raise argparse.ArgumentTypeError(
            f"found {text!r}, expected whole numbers of 1 or more with commas between, such as 1,2,4,8"
        )
    values = [int(part) for part in parts]
    for value in values:
        if values.count(value) > 1:
            raise argparse.ArgumentTypeError(f"{value} stands twice in {text!r}")
    return values


def whole(least, most=10**9):
    """Type of an option: a whole number from ``least`` to ``most``."""

    def convert(text):
        if not (text.isascii() and text.isdigit() and len(text) < 20 and least <= int(text) <= most):
            limits = f"of {least} or more" if most == 10**9 else f"from {least} to {most}"
            raise argparse.ArgumentTypeError(f"found {text!r}, expected a whole number {limits}")
        return int(text)

    return convert


def run(work, parser, argv=None, again=None):
    """Exit code of ``work(options)``: its own (None: 0), 2 after any error, which is told in few lines, 130 after Ctrl-C.

    argv: what ``parser`` reads the options from (None: the command line); they may stand anywhere. again: the command that
    goes on where Ctrl-C stopped, if what was done is kept (see ``same_again``).
    """
    try:
        args = parser.parse_intermixed_args(argv)
    except SystemExit as stop:  # --help
        return stop.code
    except WrongOption as error:
        return complain(error, "--debug" in (sys.argv if argv is None else argv))
    farewell = f"Interrupted; what is done is kept. To go on: {again}" if again else "interrupted"
    with ends_soon(farewell):
        try:
            code = work(args) or 0
            sys.stdout.flush()
            return code
        except KeyboardInterrupt:
            print(farewell, file=sys.stderr)
            return INTERRUPTED
        except BrokenPipeError:  # who read our output has enough, as `head` has
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 128 + getattr(signal, "SIGPIPE", 13)  # Windows has none
        except Exception as error:
            return complain(error, args.debug)


def leave(code):
    """End the program with the exit code ``code``: after Ctrl-C at once, without the second that taking down the libraries
    can last; what was to be kept is on the disk."""
    if code == INTERRUPTED:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def same_again(script, argv):
    """The command line that calls ``script`` with ``argv`` from here."""
    try:
        script = os.path.relpath(script)
    except ValueError:  # on another drive of Windows than here
        pass
    return shlex.join(["python", str(script), *argv])


def complain(error, debug=False, where=""):
    """Tell an error, after the words ``where``; the exit code 2. One that was not foreseen is told as such; both without a
    traceback unless ``debug``."""
    if debug:
        traceback.print_exception(error)
    if os.environ.get("RANK", "0") == "0":  # of several processes that stop for one reason, one says so
        known = sys.modules.get("adafire.errors")
        if isinstance(error, MemoryError):
            error = WrongOption(
                "memory ran out before any work: more is needed to load the libraries alone (ulimit -v counts "
                "4 GB of them; ulimit -d counts what is really used)"
            )
        if isinstance(error, OSError) and error.errno in FULL:
            place = f" of '{error.filename}'" if error.filename else ""
            error = WrongOption(
                f"no room is left on the disk{place} ({error.strerror}); make some, and call the same command again"
            )
        lacking = error.name or "" if isinstance(error, ModuleNotFoundError) else ""
        if lacking and lacking.partition(".")[0] not in ("adafire", "adapters", "benchmarks"):
            error = WrongOption(
                f"this needs the package {lacking}, which is not installed. All that the suite needs, from the "
                "clone's folder: pip install -e '.[suite]'"
            )
        if isinstance(error, WrongOption) or known is not None and isinstance(error, known.AdafireError):
            print(f"error: {where}{short(error)}", file=sys.stderr)
        else:
            print(
                f"error: {where}{type(error).__name__}: {' '.join(str(error).split())[:500]}\n"
                "(not foreseen, so a fault in the program: --debug shows where)",
                file=sys.stderr,
            )
    return 2


def short(error):
    """The message of an error in at most MOST_LINES lines, as text that no terminal obeys; what is quoted in it can be longer."""
    lines = [line for line in visible(error).split("\n") if line.strip()]
    return "\n".join(lines if len(lines) <= MOST_LINES else [*lines[: MOST_LINES - 2], "...", lines[-1]])


@contextmanager
def ends_soon(farewell):
    """While inside, the process ends at the latest PATIENCE_S after Ctrl-C, wherever it is: Python raises KeyboardInterrupt
    only between two of its own steps, and one convolution can take seconds.

    The system's handler writes a byte, which a thread waits for. Ending at once loses nothing: records appear whole or not
    at all, and locks are the system's, which lets them go.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ear, mouth = socket.socketpair()
    mouth.setblocking(False)

    def wait():
        heard = next((byte for byte in iter(lambda: ear.recv(1), b"") if byte[0] in (0, signal.SIGINT)), b"\0")
        if heard[0] and not left.wait(PATIENCE_S):
            show_cursor = "\x1b[?25h" if sys.stderr.isatty() else ""  # progress bars hide it
            print(f"{show_cursor}{farewell}", file=sys.stderr, flush=True)
            os._exit(INTERRUPTED)

    left = threading.Event()
    thread = threading.Thread(target=wait, name="ends soon", daemon=True)
    before = signal.set_wakeup_fd(mouth.fileno(), warn_on_full_buffer=False)
    thread.start()
    try:
        yield
    finally:
        left.set()
        signal.set_wakeup_fd(before)
        mouth.send(b"\0")
        thread.join(1)
        ear.close()
        mouth.close()
