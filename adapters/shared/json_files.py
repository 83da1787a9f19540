"""JSON that strangers wrote: bounded in size and depth, with one error for whatever is wrong with a file."""

import json
from pathlib import Path

from adafire.errors import InputError

LARGEST_BYTES = 2**30  # COCO's instances_train2017.json has 0.45 GB


def read_json(file, what, expected):
    """The content of a JSON file. InputError: it cannot be read, is larger than LARGEST_BYTES, is no JSON, or is nested
    deeper than Python's parser goes. what: how to call the file; expected: what the reader should have given."""
    file = Path(file)
    try:
        size = file.stat().st_size
        if size > LARGEST_BYTES:
            raise InputError(
                f"{what} '{file}' has {size / 2**30:.1f} GiB; files of up to {LARGEST_BYTES / 2**30:.0f} GiB are read"
            )
        return json.loads(file.read_bytes())  # UTF-8, 16 or 32, with or without a byte order mark
    except OSError as error:
        raise InputError(f"cannot read {what} '{file}' ({error.strerror}); {expected}") from error
    except RecursionError as error:
        raise InputError(f"{what} '{file}' is nested too deeply to be what it should be; {expected}") from error
    except ValueError as error:
        raise InputError(f"{what} '{file}' is not JSON ({error}); copy or download it again") from error
