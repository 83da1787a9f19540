"""What can go wrong for a user, as exceptions that carry the whole explanation.

A message says what was found, what was expected and what to do next; command lines print it without a traceback.
"""

LONGEST = 1200  # characters of a message: a file may hold a key or a value of any length


class AdafireError(Exception):
    """Base of every error that a user can mend. A long message loses its middle: what matters stands at its ends."""

    def __init__(self, message=""):
        text = str(message)
        half = LONGEST // 2
        super().__init__(text if len(text) <= LONGEST else f"{text[:half]} ... {text[-half:]}")


class InputError(AdafireError):
    """A file, an option or data that cannot be used as given."""


class UnsupportedError(AdafireError):
    """A network that cannot be converted as it is; the message names the call and the way out."""
