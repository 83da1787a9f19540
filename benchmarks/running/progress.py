"""What a person sees while methods run: bars on a terminal, a line now and then anywhere else. Both go to stderr."""

import sys
import time

QUIET_S = 20  # plain lines: not more often than this while one method runs


def reporter(stream=None):
    """A context manager that gives the on_progress function for `runner.run`."""
    from rich.console import Console

    console = Console(file=stream or sys.stderr, highlight=False)
    return Bars(console) if console.is_terminal else Lines(console.file)


def title(event):
    """'coco_yolo mini: adafire, T = 1, 2, 4'"""
    steps = ", ".join(str(t) for t in event.timesteps if t)
    return f"{event.task}: {event.method}" + (f", T = {steps}" if steps else "")


class Lines:
    """For pipes and log files: plain lines."""

    def __init__(self, stream):
        self.stream, self.last, self.shown = stream, 0.0, None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def __call__(self, event):
        if event.kind != "running":
            return self._line(_sentence(event))
        now, fresh = time.monotonic(), self.shown != (event.task, event.method, event.timesteps)
        if fresh or event.done and now - self.last >= QUIET_S:
            self.shown, self.last = (event.task, event.method, event.timesteps), now
            self._line(f"{title(event)}: {event.done} of {event.total} samples")

    def _line(self, text):
        print(text, file=self.stream, flush=True)


class Bars:
    """For terminals: one bar for what runs now, a line for what is done."""

    def __init__(self, console):
        from rich import progress

        self.console = console
        self.progress = progress.Progress(
            progress.TextColumn("{task.description}", markup=False),
            progress.BarColumn(),
            progress.TextColumn("{task.fields[count]}"),
            progress.TimeElapsedColumn(),
            progress.TimeRemainingColumn(),
            console=console,
            transient=True,
        )
        self.bar, self.shown = None, None

    def __enter__(self):
        self.progress.start()
        return self

    def __exit__(self, *_):
        self.progress.stop()

    def __call__(self, event):
        self._sweep(event)
        if event.kind not in ("converting", "running"):
            return self.console.print(_sentence(event), markup=False, highlight=False, soft_wrap=True)
        converting = event.kind == "converting"
        count = "converting" if converting else f"{event.done} of {event.total} samples"
        if self.bar is None:  # a bar without a total swings to and fro
            self.bar = self.progress.add_task(title(event), total=None if converting else event.total, count=count)
        self.progress.update(self.bar, completed=event.done, count=count)

    def _sweep(self, event):
        """Take away the bar of what is over."""
        shows = (event.kind, event.method, event.timesteps)
        if self.bar is not None and self.shown != shows:
            self.progress.remove_task(self.bar)
            self.bar = None
        self.shown = shows


def _sentence(event):
    if event.kind == "loading":
        return f"{event.task}: loading network and data ({event.text})"
    words = {
        "converting": "converting",
        "cached": "done before, not run again (--rerun does)",
        "finished": f"done in {event.text}",
        "failed": f"FAILED: {event.text}",
        "waiting": f"waiting: {event.text}",
        "note": f"note: {event.text}",
    }
    return f"{title(event)}: {words[event.kind]}"
