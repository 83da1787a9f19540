"""Pictures in one folder a class, in a folder or a zip archive: listed, without reading one."""

import os
import zipfile
from collections import Counter
from pathlib import Path

from adafire.errors import InputError

from ...shared.draws import by_hash
from ...shared.images import SUFFIXES, Member
from ...shared.paths import below
from ...shared.stray_files import is_left_behind


class Folders(dict):
    """{class: {file name: source}}; left_out: number of files by suffix that are no pictures by their name."""

    def __init__(self):
        super().__init__()
        self.left_out = Counter()


def class_folders(root, split, most=None):
    """Folders of ``split``/<class>/<picture> below a folder or in a zip file; None without it.

    most: keep so many pictures of each class, by hash. A folder around everything in a zip is looked through. Files
    that are no pictures by their name are left out, and counted unless a system put them there.
    InputError: no class folders, a class without pictures, a zip that cannot be read.
    """
    found = _in_zip(root, split) if Path(root).is_file() else _in_folder(Path(root) / split)
    if found is None:
        return None
    if not found:
        raise InputError(
            f"'{root}' has a folder '{split}', but no class folders in it; expected "
            f"{split}/<class>/<picture>.jpg (or .png, ...), one folder a class"
        )
    for name, files in found.items():
        if not files:
            raise InputError(
                f"class '{name}' of '{root}' is empty: {split}/{name} holds no picture "
                f"({', '.join(SUFFIXES[:3])}, ...); copy its pictures there, or remove the folder"
            )
        found[name] = {file: files[file] for file in by_hash(files)[:most]}
    return found


def left_out(*folders):
    """A sentence on the files that ``Folders`` left out, in a tuple; empty without any."""
    counted = sum((found.left_out for found in folders if found), Counter())
    shown = ", ".join(f"{number} {suffix or 'without a suffix'}" for suffix, number in counted.most_common(4))
    many = f"files in the class folders are left out, as they are no pictures by their names: {shown}"
    return (f"{counted.total()} {many}",) if counted else ()


def _add(found, kind, name, source):
    """Put a file into ``found``, if it is a picture."""
    suffix = Path(name).suffix.lower()
    if suffix in SUFFIXES:
        found[kind][name] = source
    else:
        found.left_out[suffix] += 1


def _in_folder(folder):
    if not folder.is_dir():
        return None
    found = Folders()
    for entry in sorted(p for p in folder.iterdir() if p.is_dir() and not is_left_behind(p.name)):
        found[entry.name] = {}
        for place, folders, names in os.walk(entry, followlinks=True):
            folders[:] = [name for name in folders if not is_left_behind(name)]
            below = Path(place).relative_to(entry)
            for name in names:
                if not is_left_behind(name):
                    _add(found, entry.name, (below / name).as_posix(), entry / below / name)
    return found


def _in_zip(path, split):
    try:
        archive = zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile) as error:
        raise InputError(f"'{path}' cannot be read as a zip archive ({error}); copy or download it again") from error
    for info in archive.infolist():
        below(Path(path), info.filename, f"archive '{path}'")
    entries = {tuple(info.filename.strip("/").split("/")): info for info in archive.infolist()}
    entries = {key: info for key, info in entries.items() if not any(map(is_left_behind, key))}
    depth = 0
    while len(tops := {key[depth] for key in entries if len(key) > depth}) == 1 and split not in tops:
        depth += 1
    inside = {key[depth + 1 :]: info for key, info in entries.items() if split in key[depth : depth + 1]}
    if not inside:
        return None
    found = Folders()
    for key, info in sorted(inside.items()):
        if len(key) > 1 or key and info.is_dir():
            found.setdefault(key[0], {})
        if len(key) > 1 and not info.is_dir():
            _add(found, key[0], "/".join(key[1:]), Member(archive, info))
    return found
