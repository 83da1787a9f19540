"""What can go wrong for a user, as exceptions that carry the whole explanation.

A message says what was found, what was expected and what to do next; command lines print it without a traceback.
"""


class AdafireError(Exception):
    """Base of every error that a user can mend."""


class InputError(AdafireError):
    """A file, an option or data that cannot be used as given."""


class UnsupportedError(AdafireError):
    """A network that cannot be converted as it is; the message names the call and the way out."""
