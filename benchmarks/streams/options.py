"""Options of tools/stream.py that go together, and those that do not: one that would be ignored is refused."""

from adafire.errors import InputError

GENERATED = ("speed", "rate", "pixels", "seconds", "video", "pan", "shake", "noise", "flicker")
RECORDINGS = ("every", "piece", "pieces")
OWN = ("folder", "file")


def check_together(given, events):
    """InputError for the first of ``given``, {name: how it is spelled}, that another makes meaningless. events: whether the task is
    one of recordings."""
    rules = [
        ("folder", ("file",), "a folder and a file are two streams; name one"),
        *((own, GENERATED, f"--{own} shows frames of your own; this is for generated videos") for own in OWN),
        ("rate", ("speed", "frames"), "--rate sets how far objects move and how many frames there are"),
        ("alone", ("save", "plot", "json"), "--alone times the stream and keeps no rows"),
    ]
    for name, others, why in rules:
        for other in others if name in given else ():
            if other in given:
                raise InputError(f"{given[other]} does not go with {given[name]}: {why}. Leave one of them out")
    for other in (*GENERATED, "frames") if events else RECORDINGS:
        if other in given:
            what = "recordings, and this is for videos" if events else "videos, and this is for recordings"
            raise InputError(f"{given[other]} does not apply: the task is one of {what}. Leave it out")
    for other in ("pixels", "seconds"):
        if other in given and "rate" not in given:
            raise InputError(f"{given[other]} does nothing without --rate; add --rate 15,30, or leave it out")
