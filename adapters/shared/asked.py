"""What a task's ``data`` dict asks for: its reader, its keys, and the folder of the user's that it lies in."""

from pathlib import Path

from adafire.errors import InputError
from adafire.registry import near_names

PROJECT = Path(__file__).resolve().parents[2]


def read(registry, data, options):
    """What the registered reader gives for ``data``, {'type': name, ...}; InputError for what is unknown."""
    if not isinstance(data, dict) or "type" not in data:
        raise InputError(f"data is {data!r}; expected a dict with a type of {', '.join(registry.names())}")
    return registry.get(data["type"])({k: v for k, v in data.items() if k != "type"}, options)


def take(data, kind, **defaults):
    """The values of ``data`` for the keys of ``defaults``, in their order; InputError for other keys."""
    for key in data:
        if key not in defaults:
            raise InputError(
                f"unknown key of data {kind!r}: {key!r}{near_names(key, defaults)} "
                f"Known: {', '.join(('type', *defaults))}"
            )
    return [data.get(key, value) for key, value in defaults.items()]


def root_folder(options, data_root, wanted):
    """The folder (or archive) given with --data-root, or by the task relative to the project; InputError that says what
    it should hold."""
    root = options.data_root or data_root and PROJECT / data_root
    if not root:
        raise InputError(f"this variant wants data of yours: give the folder that holds {wanted} with --data-root DIR")
    if not Path(root).exists():
        raise InputError(f"data folder '{root}' is not there; expected a folder with {wanted} (--data-root DIR)")
    return Path(root)


def check_keys(given, known, what):
    """InputError for a key of ``given`` that is not among ``known``."""
    for key in given:
        if key not in known:
            raise InputError(f"unknown {what} {key!r}{near_names(key, known)} Known: {', '.join(known)}")


def whole(value, what, least=1):
    """``value``; InputError unless it is a whole number of ``least`` or more."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise InputError(f"{what} is {value!r}; expected a whole number of {least} or more")
    return value


def amounts(settings, options, samples=64, batch_size=8):
    """(calibration samples, batch size, limit or None) that a variant's settings and the command line ask for; InputError for
    what is no whole number of 1 or more."""
    return (
        whole(settings.get("calibration", {}).get("samples", samples), "calibration samples"),
        whole(settings.get("batch_size", batch_size), "batch_size"),
        None if options.limit is None else whole(options.limit, "limit"),
    )


def config_and_weights(settings, options, library):
    """(config, checkpoint) of a variant on MMDetection or MMSegmentation (``library``: 'mmdet' or
    'mmseg'); InputError where one is not given."""
    config, checkpoint = settings.get("config"), options.checkpoint or settings.get("checkpoint")
    if not config or not checkpoint:
        raise InputError(
            f"no {'config' if not config else 'checkpoint'} is given; expected config='{library}::folder/name'"
            " or a file, and checkpoint= (--checkpoint) a file, a URL or 'random'"
        )
    return config, checkpoint
