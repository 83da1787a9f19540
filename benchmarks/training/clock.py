"""How long a training took, over all calls that it was made in: kept beside its checkpoints after every epoch."""

import json
import time
from pathlib import Path

from mmengine.hooks import Hook

FILE = "wall_time.json"


class Clock(Hook):
    """MMEngine hook that keeps the seconds of every call in ``work_dir``; a call that is killed counts up to its last epoch's end.
    resume: earlier calls count too."""

    priority = "LOWEST"

    def __init__(self, work_dir, resume):
        self.file, self.began = Path(work_dir) / FILE, time.monotonic()
        self.before = calls(work_dir) if resume else []

    def stop(self):
        """Keep what this call took until now."""
        said = {"calls_s": [*self.before, round(time.monotonic() - self.began, 1)]}
        beside = self.file.with_name(f".{FILE}.tmp")
        beside.write_text(json.dumps(said))
        beside.replace(self.file)

    def after_train_epoch(self, runner):
        self.stop()


def calls(work_dir):
    """[seconds of each call] of the training in ``work_dir``, in order; [] where none are known."""
    try:
        return [float(seconds) for seconds in json.loads((Path(work_dir) / FILE).read_text())["calls_s"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def told(work_dir):
    """What a recipe file says of it: wall_time_s of all calls together, and how many there were."""
    seconds = calls(work_dir)
    return {"wall_time_s": round(sum(seconds)), "calls": len(seconds)}
