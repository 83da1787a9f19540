"""What is said of samples that are there more than once under different names."""

from collections import defaultdict


def repeated(what, ids, labels, digests):
    """Notes, one at most, on samples of the same content. digests: a hash of the content of each."""
    same = defaultdict(list)
    for name, label, digest in zip(ids, labels, digests, strict=True):
        same[digest].append((name, label))
    copies = [found for found in same.values() if len(found) > 1]
    if copies:
        torn = [found for found in copies if len({label for _, label in found}) > 1]
        first, second = (torn or copies)[0][:2]
        number = sum(map(len, copies)) - len(copies)
        labels = f", {len(torn)} of them with different labels" if torn else ""
        yield (
            f"{number} of the {len(ids)} {what} are copies of others under another name{labels} ('{first[0]}' and '{second[0]}'); "
            "each is scored"
        )
