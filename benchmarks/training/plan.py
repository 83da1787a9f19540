"""What makes a table of the paper: for each of its tasks a training, where weights are missing, and a measuring, as commands."""

import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from adafire.errors import InputError
from adafire.registry import near_names

from ..running import catalogue, data_places, trained
from ..running.task import PROJECT, load_task
from . import recipes, session, shortened


class Job(NamedTuple):
    """A task of a table and the variant that is run, with the folder of its data (None: of a mini, or not told); given: what
    --data-root said of it."""

    task: object
    variant: str
    data_root: str | None
    given: str | None = None

    def reloaded(self):
        """The same with the weights that are there now."""
        return self._replace(task=load_task(catalogue.find_task(self.task.name)))

    @property
    def entry(self):
        """The recipe's Entry of this variant, or None."""
        return recipes.entry(self.task.name, self.variant)

    @property
    def lacks_weights(self):
        """Whether there are no weights: neither published ones, nor some that were trained here."""
        return not catalogue.weights_state(self.task.variants[self.variant])[0]


def roots(given, tasks):
    """{task: folder} of --data-root DIR, or TASK=DIR for a set that lies elsewhere; InputError for a task that the table lacks."""
    named = dict(value.split("=", 1) for value in given if "=" in value)
    unnamed = [value for value in given if "=" not in value]
    for name in named:
        if name not in tasks:
            raise InputError(
                f"--data-root {name}={named[name]}: the table has no task {name!r}{near_names(name, tasks)} It has {', '.join(tasks)}"
            )
    if len(unnamed) > 1:
        raise InputError(
            f"--data-root is given twice ({' and '.join(unnamed[:2])}); of several folders say whose they are: --data-root TASK=DIR"
        )
    return {task: named.get(task, unnamed[0] if unnamed else None) for task in tasks}


def jobs(tasks, mini, folders):
    """[Job] of the tasks by name; mini: of their mini splits."""
    found = []
    for name in tasks:
        task = load_task(catalogue.find_task(name))
        task, variant = catalogue.choose_variant(task, None, "mini" if mini else "full", folders[name])
        folder = None if mini else catalogue.data_folder(task.variants[variant], folders[name])
        found.append(Job(task, variant, folder and str(folder), folders[name]))
    return found


def check_data(job):
    """InputError where a job's folder holds nothing that looks like its data, by names of files alone."""
    own = job.task.variants[job.variant]
    ready, found = catalogue.data_state(own, job.given)
    if not ready:
        raise InputError(
            f"task {job.task.name!r}: {found} (the folder is that of {data_places.origin(own, job.given)})"
        )


def training(job, epochs=None, device="auto"):
    """The command that trains a job's network, as a list; it goes on with a training that was begun."""
    command = ["tools/train_ann.py", job.task.name, "--variant", job.variant, "--data-root", job.data_root or "DIR"]
    command += ["--epochs", str(epochs)] if epochs else []
    command += ["--device", device] if device != "auto" else []
    return command + (["--resume"] if session.begun(job.task.name, job.variant) else [])


def measuring(job, methods, timesteps, device="auto", out="runs"):
    """The command that converts and measures, as a list."""
    of_place = ["--data-root", job.data_root or "DIR"] if job.task.variants[job.variant].split == "full" else []
    command = ["tools/run_bench.py", job.task.name, "--variant", job.variant, *of_place]
    command += ["--methods", ",".join(methods), "--timesteps", ",".join(map(str, timesteps))]
    command += ["--device", device] if device != "auto" else []
    return command + (["--out", out] if out != "runs" else [])


def words(command):
    """A command as it is typed."""
    return shlex.join(["python", *command])


def hours_of(entry):
    """How long a training takes, in words that say what they are."""
    return f"about {entry.hours:g} h on one GPU, estimated"


def hours(job):
    """The same of a job's network."""
    return hours_of(job.entry)


def weights_from(task, variant):
    """Where the weights of a variant come from, in words; what was trained here aside."""
    own, found = task.variants[variant], recipes.entry(task.name, variant)
    published = own.checkpoint not in (None, str(trained.weights_file(task.name, variant)))
    if published or catalogue.weights_state(own.model_copy(update={"checkpoint": None}))[0]:
        return "published" + (f", or by recipe {found.recipe}" if found else "")
    return f"by recipe {found.recipe} ({hours_of(found)})" if found else "yours (--checkpoint FILE)"


def needed(found, train, epochs=None, if_shortened="refuse"):
    """The jobs whose networks are to be trained first. InputError for one without weights where no training was asked for, or
    where there is no recipe, and for one that was trained here otherwise than its recipe says (epochs: asked for in its place),
    unless ``if_shortened`` is 'take', or 'retrain' with ``train``."""
    lacking = [job for job in found if job.lacks_weights]
    for job in lacking:
        label = f"task {job.task.name!r}, variant {job.variant!r}"
        if job.entry is None:
            raise InputError(
                f"{label}: there are no weights, and no recipe to train some; run it alone with weights of yours: "
                f"{words(['tools/run_bench.py', job.task.name, '--data-root', job.data_root or 'DIR', '--checkpoint', 'FILE'])}"
            )
        if not train:
            raise InputError(
                f"{label}: there are no weights; add --train to train them first ({hours(job)}), or run it alone with weights "
                "of yours (tools/run_bench.py --checkpoint FILE)"
            )
    again = [job for job in found if shortened_words(job, epochs)] if if_shortened != "take" else []
    if if_shortened == "retrain" and not train:
        raise InputError("--if-shortened retrain trains networks again; add --train")
    for job in again if if_shortened == "refuse" else ():
        had, way_out = "the weights that were trained here are", "--if-shortened take to measure with them"
        if job in lacking:
            had, way_out = "a training was begun that is", "give the --epochs that it was begun with to go on"
        raise InputError(
            f"task {job.task.name!r}, variant {job.variant!r}: {had} not what {'--epochs' if epochs else 'the recipe'} says "
            f"({shortened_words(job, epochs)}); add --if-shortened retrain to train anew (with --train), or {way_out}"
        )
    return [job for job in found if job in lacking or job in again]


def shortened_words(job, epochs=None):
    """How what was trained here for a job, to its end or not, is not as its recipe says; '' where it is, or there is nothing."""
    own = job.task.variants[job.variant]
    if job.entry is None or own.checkpoint not in (None, str(trained.weights_file(job.task.name, job.variant))):
        return ""
    look = shortened.of_training if job.lacks_weights else shortened.of_weights
    return look(job.task.name, job.variant, epochs)


def run(command):
    """Run a training to its end, in a process of its own; what it says goes to stderr. InputError where it fails."""
    place = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, (str(PROJECT), os.environ.get("PYTHONPATH"))))}
    done = subprocess.run([sys.executable, str(PROJECT / command[0]), *command[1:]], stdout=2, env=place)
    if done.returncode == 130:
        raise KeyboardInterrupt
    if done.returncode:
        raise InputError(
            f"the training stopped with exit code {done.returncode}, for the reason above; alone: {words(command)}"
        )


def status(task):
    """Where the weights of a task's first full variant come from, in words."""
    path = catalogue.TASKS / f"{task}.py"
    if not Path(path).is_file():
        return "no task file"
    loaded = load_task(path)
    variant = next((name for name, own in loaded.variants.items() if own.split == "full"), None)
    if variant is None:
        return "no full variant"
    there = ", trained here" if trained.weights_file(task, variant).is_file() else ""
    return f"weights {weights_from(loaded, variant)}{there}"
