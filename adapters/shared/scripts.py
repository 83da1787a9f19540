"""How a data module ends that is run as a script (``python -m adapters...``)."""

import sys

from adafire.errors import AdafireError


def finished(made):
    """Print what ``made()`` gives, if anything. Exit status: 0, or 2 with the message of an error that a user can mend."""
    try:
        found = made()
    except AdafireError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    if found is not None:
        print(found)
    return 0
