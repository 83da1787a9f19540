"""Which recordings of a folder are of which class, which are scored and which are trained on, and which pieces of them."""

import re

import numpy as np

from adafire.errors import InputError

from ...shared.class_order import numbered, one_spelling
from ...shared.draws import by_hash
from ...shared.stray_files import is_stray, is_words
from . import recordings

PATTERNS = (r"(?P<part>[^/]+)/(?P<class>[^/]+)/.+", r"(?P<class>[^/]+)/.+")


def by_class(root, pattern, test, train):
    """{part: {class: {path: source}}}; InputError for what is no recording, and for classes without one."""
    there = recordings.files_below(root)
    files = {
        path: s for path, s in there.items() if s.name.lower().endswith(tuple(recordings.READERS)) or not is_words(path)
    }
    if there and not files:
        raise InputError(
            f"'{root}' holds no recording, but files such as {next(iter(there))}; expected <class>/<recording> with "
            f"{', '.join(recordings.READERS)}"
        )
    if not files:
        raise InputError(f"'{root}' is empty; expected <class>/<recording> with {', '.join(recordings.READERS)}")
    parted = pattern is None and all(any(path.startswith(f"{part}/") for path in files) for part in (test, train))
    form = re.compile(pattern or PATTERNS[0 if parted else 1])
    found = {}
    for path, source in files.items():
        match = form.fullmatch(path)
        if match:
            groups = match.groupdict()
            found.setdefault(groups.get("part"), {}).setdefault(one_spelling(groups["class"]), {})[path] = source
    if not found:
        raise InputError(
            f"'{root}' has no recording that fits {form.pattern!r} (it has {next(iter(files))}, ...); "
            "expected <class>/<recording>, or give data=dict(pattern=...)"
        )
    for place in [root / part for part in (test, train)] if parted else [root]:
        for entry in sorted(place.iterdir()) if pattern is None and place.is_dir() else ():
            known = found.get(place.name if parted else None, {})
            if entry.is_dir() and not is_stray(entry.name) and one_spelling(entry.name) not in known:
                raise InputError(
                    f"class folder '{entry}' holds no recording; expected files of "
                    f"{', '.join(recordings.READERS)}, or remove the folder"
                )
    return found


def split(found, share, test, train, root, told, scored=0.2):
    """([{path: source} of each class] to score, the same to train on), the names of the classes, and notes. scored: the
    share of each class's recordings that is scored where there are no parts."""
    if share is not None or None not in found:
        parts = [found.get(part, found.get(None)) for part in (test, train)]
        for part, there in zip((test, train), parts):
            if there is None:
                raise InputError(f"'{root}' has no part {part!r}; it has {', '.join(map(str, found))}")
    else:
        parts = [{}, {}]
        for name, files in found[None].items():
            order = by_hash(files)
            cut = max(1, int(len(order) * scored + 1e-9))
            for part, paths in zip(parts, (order[:cut], order[cut:])):
                part[name] = {path: files[path] for path in paths}
                if not paths:
                    raise InputError(
                        f"class {name!r} of '{root}' has {len(order)} recording; expected 2 or more, one to "
                        "score and one to calibrate on"
                    )
    either = set(parts[0]) | set(parts[1])
    classes, notes = numbered(parts[0] if told is None else either, told, root, also=either)
    if len(classes) < 2:
        raise InputError(f"'{root}' has {len(classes)} classes with recordings; expected 2 or more")
    untrained = [name for name in classes if name not in parts[1]]
    if untrained:
        notes += (
            f"{len(untrained)} of the {len(classes)} classes have no recordings to train and to calibrate on (the first: {untrained[0]})",
        )
    return [[part.get(name, {}) for name in classes] for part in parts], classes, notes


def pieces(events, sample_ms, least, share, side):
    """[(begin, end)] in microseconds of the samples of one recording that are scored (side 0) or trained on (1)."""
    length, first, last = int(sample_ms * 1000), int(events["t"][0]), int(events["t"][-1]) + 1
    if share is not None:
        border = first + int((last - first) * share)
        first, last = (border, last) if side == 0 else (first, border)
    edges = np.arange(first, last - length + 1, length)
    counts = np.diff(np.searchsorted(events["t"], np.stack([edges, edges + length], 1)), axis=1)[:, 0]
    return [(int(begin), int(begin) + length) for begin, count in zip(edges, counts) if count >= least]
