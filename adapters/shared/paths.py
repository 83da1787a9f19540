"""File names that strangers wrote into lists and annotations: they stay below the folder that the list belongs to."""

from pathlib import PurePosixPath, PureWindowsPath

from adafire.errors import InputError


def leaves(name):
    """Whether a file name, as a POSIX or a Windows system reads it, could lead out of the folder that it is relative to."""
    parts = PurePosixPath(name).parts + PureWindowsPath(name).parts
    return PurePosixPath(name).is_absolute() or PureWindowsPath(name).is_absolute() or ".." in parts or "\0" in name


def below(folder, name, what):
    """``folder`` / ``name``; InputError if that leaves the folder. what: who says the name, for the message."""
    if leaves(str(name)):
        raise InputError(f"{what} names {str(name)[:80]!r}, which leaves its folder; expected a path below '{folder}'")
    return folder / name
