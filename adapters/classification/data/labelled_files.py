"""Pictures in a folder or a zip archive whose classes stand in a CSV file: listed and matched, without decoding one."""

import csv
import io
import zipfile
from collections import Counter
from pathlib import Path, PurePosixPath

from adafire.errors import InputError
from adafire.registry import near_names

from ...shared.images import SUFFIXES, Member
from ...shared.paths import below
from ...shared.stray_files import is_left_behind
from ...shared.text_files import read_text


def labelled_files(root, pictures, labels, columns, first):
    """([(id, label, source)], notes): every row of the table ``labels`` with the picture that it names.

    pictures: a folder or a zip archive below ``root``, of any depth; labels: the table below ``root``; columns: (of the
    pictures' names, with or without suffix; of their classes, whole numbers of which ``first`` is the network's output 0).
    InputError: a file, a column or a picture that is not there, a name given twice, a class that is no number.
    """
    found = _pictures(Path(root) / pictures)
    rows, seen = [], set()
    for line, (name, label) in enumerate(_rows(Path(root) / labels, columns), 2):
        source = found.get(name)
        if source is None:
            raise InputError(
                f"line {line} of '{Path(root) / labels}' names the picture {name!r}, which '{Path(root) / pictures}' does not "
                f"hold; expected one of its {len(set(map(str, found.values())))} pictures, with or without suffix"
            )
        if str(source) in seen:
            raise InputError(
                f"line {line} of '{Path(root) / labels}' names the picture {name!r} again; expected each once"
            )
        seen.add(str(source))
        try:
            rows.append((Path(name).stem, int(label) - first, source))
        except ValueError:
            raise InputError(
                f"line {line} of '{Path(root) / labels}' has {columns[1]} {label!r}; expected a whole number, the class"
            ) from None
    more = len(set(map(str, found.values())) - seen)
    return rows, [f"{more} pictures without a row in '{labels}' are left out"] * bool(more)


def _rows(table, columns):
    """(name, class) of each row of a CSV file with a head line."""
    text = read_text(table, "table of labels", f"expected a CSV file with the columns {' and '.join(columns)}")
    reader = csv.DictReader(io.StringIO(text))
    for column in columns:
        if column not in (reader.fieldnames or ()):
            raise InputError(
                f"table of labels '{table}' has no column {column!r}{near_names(column, reader.fieldnames or ())} "
                f"It has {', '.join(reader.fieldnames or ['none'])}; data=dict(columns=(NAMES, CLASSES)) names them"
            )
    rows = [tuple((row[column] or "").strip() for column in columns) for row in reader]
    if not rows:
        raise InputError(f"table of labels '{table}' has no rows; expected one a picture")
    return rows


def _pictures(place):
    """{file name, and its stem where only one file has it: source} of the pictures in a folder or a zip archive."""
    if place.is_dir():
        named = [(path.relative_to(place), path) for path in sorted(place.rglob("*")) if path.is_file()]
    elif place.is_file():
        try:
            archive = zipfile.ZipFile(place)
        except (OSError, zipfile.BadZipFile) as error:
            raise InputError(
                f"'{place}' cannot be read as a zip archive ({error}); copy or download it again"
            ) from error
        infos = [info for info in archive.infolist() if not info.is_dir()]
        for info in infos:
            below(place, info.filename, f"archive '{place}'")
        named = [(PurePosixPath(info.filename), Member(archive, info)) for info in infos]
    else:
        raise InputError(f"'{place}' is not there; expected a folder or a zip file of pictures below --data-root DIR")
    named = [(path, f) for path, f in named if path.suffix.lower() in SUFFIXES and not is_left_behind(path.as_posix())]
    twice = Counter(path.name for path, _ in named)
    double = next((name for name, number in twice.items() if number > 1), None)
    if double:
        raise InputError(f"'{place}' holds {twice[double]} files called {double!r}; expected each name once")
    if not named:
        raise InputError(
            f"'{place}' holds no picture ({', '.join(SUFFIXES[:3])}, ...); expected the set's pictures there"
        )
    stems = Counter(path.stem for path, _ in named)
    return {
        **{path.stem: source for path, source in named if stems[path.stem] == 1},
        **{path.name: source for path, source in named},
    }
