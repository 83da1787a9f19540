"""The results folder: records written all or nothing, read with validation, one lock a key.

    runs/records/<task>-<split>-<variant>/<method>-<key>.json         what runs leave
    results/records/...                                               the same, committed
    runs/.locks/                                                      empty files, safe to remove when nothing runs

Any number of processes can share a folder: who holds a key's lock may run and write it, the others find it done.
"""

import os
from contextlib import contextmanager
from pathlib import Path

import filelock
from pydantic import ValidationError

from adafire.errors import InputError

from .record import Record, file_name, to_json
from .schema import explain
from .task import PROJECT

LARGEST_RECORD = 64 * 2**20  # bytes; a record of 5,000 images is a few hundred kB


class Store:
    """Records below ``out`` (a folder that need not exist: nothing is created before the first lock)."""

    def __init__(self, out):
        self.out = Path(out)
        self.records = self.out / "records"

    def find(self, identity, key):
        """(record or None, problem or None) for a key; ``identity`` holds task, split, variant and method."""
        path = self.records / file_name(
            identity["task"], identity["split"], identity["variant"], identity["method"], key
        )
        if not path.exists():
            return None, None
        try:
            return read_record(path), None
        except InputError as error:
            return None, str(error)

    def load(self, task=None):
        """(records, problems): every readable record, of ``task`` alone if one is named, in order of file name, and a
        line for every file that is not."""
        records, problems = [], []
        for path in sorted(self.records.glob(f"{task or ''}*/*.json")):
            try:
                record = read_record(path)
                if f"{path.parent.name}/{path.name}" != record.name:
                    raise InputError(f"{path.parent.name}/{path.name}: not used: it should be called {record.name}")
                if task in (None, record.task):
                    records.append(record)
            except InputError as error:
                problems.append(str(error))
        return records, problems

    def write(self, record, rerun=False):
        """Write ``record`` unless a good one stands under its key; with ``rerun`` a good one replaces a good one.
        A failed run never replaces a good record. True if it was written."""
        standing, _ = self.find(record.model_dump(include={"task", "split", "variant", "method"}), record.key)
        if standing is not None and standing.status == "ok" and not (rerun and record.status == "ok"):
            return False
        write_whole(self.records / record.name, to_json(record))
        return True

    @contextmanager
    def lock(self, name, wait=True):
        """Hold the lock ``name`` over all processes that use this folder: yields True, or False at once when another
        holds it and ``wait`` is False."""
        folder = self.out / ".locks"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if not (folder / ".gitignore").exists():
                (folder / ".gitignore").write_text("*\n")
            lock = filelock.FileLock(folder / f"{name}.lock", timeout=-1 if wait else 0)
            try:
                lock.acquire()
            except filelock.Timeout:
                yield False
                return
        except OSError as error:
            raise InputError(
                f"results folder {self.out} cannot be used: {error.strerror or error}; choose another with --out DIR"
            ) from error
        try:
            yield True
        finally:
            lock.release()


def places(out=None):
    """Folders where finished records are looked for: ``out``, or where runs leave them, and then the committed ones."""
    return [Path(out)] if out else [Path("runs"), PROJECT / "results"]


def load_all(out=None, task=None):
    """Every readable record in ``places(out)``, of ``task`` alone if one is named; of one in both, that of the first."""
    found = {}
    for place in places(out):
        for record in Store(place).load(task)[0]:
            found.setdefault(record.key, record)
    return list(found.values())


def read_record(path):
    """Record in a file; InputError that names the file if it is no record of this schema, or was changed."""
    label = f"{path.parent.name}/{path.name}: not used"
    try:
        if path.stat().st_size > LARGEST_RECORD:
            raise InputError(f"{label}: larger than any record ({path.stat().st_size} bytes)")
        return Record.model_validate_json(path.read_bytes())
    except OSError as error:
        raise InputError(f"{label}: {error.strerror}") from error
    except ValidationError as error:
        raise InputError(explain(error, label)) from None


def write_whole(path, text):
    """Write a file (text, or bytes) so that a reader, or a crash at any moment, sees the old text or the new, never a part.

    The temporary name is the same each time: what a killed process left is overwritten by whoever does its work again.
    """
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with open(temporary, "wb") as file:
                file.write(text if isinstance(text, bytes) else text.encode())
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror or error}; nothing that was there is lost") from error
    _sync_folder(path.parent)


def _sync_folder(folder):
    """Let a rename in ``folder`` survive a power cut, where the system can: Windows opens no folder, some network file
    systems sync none. The file itself is whole by then, so nothing is lost where it cannot."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        pass
    finally:
        os.close(handle)
