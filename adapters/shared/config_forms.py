"""The ways in which configs of MMDetection and MMSegmentation say one thing, brought to one."""

from pathlib import Path

WEIGHTS = ("pretrained", "teacher_ckpt")
"""Keys of a model whose values are weights, or say that there are some."""


def without_pretrained(node):
    """Take weights that are downloaded out of a model config, in place: a checkpoint brings all weights, and random ones
    are random. As ``pretrained=...``, ``teacher_ckpt=...``, and as an initialisation by a checkpoint: alone, in a list, or
    in another's ``override``."""
    for key, value in list(node.items() if isinstance(node, dict) else enumerate(node)):
        if key in WEIGHTS or key in ("init_cfg", "override") and _of_checkpoint(value) or _of_type(value):
            node[key] = None
        elif key in ("init_cfg", "override") and isinstance(value, (list, tuple)):
            node[key] = [entry for entry in value if not _of_checkpoint(entry)] or None
            without_pretrained(node[key] or [])
        elif isinstance(value, (dict, list)):
            without_pretrained(value)
        elif isinstance(value, tuple) and any(isinstance(entry, (dict, list, tuple)) for entry in value):
            node[key] = list(value)
            without_pretrained(node[key])


def _of_type(value):
    kind = value.get("type") if isinstance(value, dict) else None
    kind = kind if isinstance(kind, str) else getattr(kind, "__name__", "")
    return kind.rpartition(".")[2].lower() in ("pretrained", "pretrainedinit", "pretrained_part")


def _of_checkpoint(value):
    return _of_type(value) or isinstance(value, dict) and "checkpoint" in value


def without_scope(node):
    """A copy of a config's dict, list or value without the ``_scope_`` that MMEngine writes into what it inherits from
    another library."""
    if isinstance(node, dict):
        return {key: without_scope(value) for key, value in node.items() if key != "_scope_"}
    return type(node)(map(without_scope, node)) if type(node) in (list, tuple) else node


def with_names(dataset):
    """A copy of a dataset's dict whose metainfo names the classes as a tuple under 'classes': a string is one class, or a
    file of names, one a line, as MMEngine reads it; 'CLASSES' is the name of the same before version 3."""
    metainfo = dataset.get("metainfo")
    if not isinstance(metainfo, dict):
        return dict(dataset)
    found = {key.lower() if key in ("CLASSES", "PALETTE") else key: value for key, value in metainfo.items()}
    if found.get("classes") is not None:
        found["classes"] = names(found["classes"])
    return {**dataset, "metainfo": found}


def names(classes):
    """Class names as a tuple; see ``with_names``.

    >>> names("bag"), names(["bag", "coat"])
    (('bag',), ('bag', 'coat'))
    """
    if not isinstance(classes, str):
        return tuple(classes)
    if Path(classes).is_file():
        return tuple(
            line.strip() for line in Path(classes).read_text(encoding="utf-8-sig").splitlines() if line.strip()
        )
    return (classes,)
