"""What is told of a run while it goes on."""

from typing import NamedTuple


class Event(NamedTuple):
    """What on_progress hears. kind: 'loading', 'converting', 'running' (a batch is done), 'waiting' (another process
    runs it), 'finished', 'cached', 'failed' or 'note'; done, total: samples; timesteps: those simulated together."""

    kind: str
    task: str
    method: str = ""
    timesteps: tuple = ()
    done: int = 0
    total: int = 0
    text: str = ""
    error: BaseException | None = None
