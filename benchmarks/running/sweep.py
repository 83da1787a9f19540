"""Many runs on many processes or machines, by Ray: one process a job, a job being one method on one variant of a task.

What is finished is found by its record and not run again, so a sweep that was killed is finished by calling it again. A job
whose process dies (out of memory, killed) leaves a failed record like any other failure; the others go on. On a cluster the
results folder, the data and this project must be at the same paths on every machine.
"""

import os
from typing import NamedTuple

from adafire.errors import AdafireError, InputError

from . import catalogue, runner
from .task import PROJECT, load_task, task_label


class Job(NamedTuple):
    """One method on one variant; ``given`` names the task as the command line does."""

    given: str
    variant: str
    method: str
    label: str


class Done(NamedTuple):
    """What became of a job: 'finished', 'cached' or 'failed', and words."""

    job: Job
    kind: str
    text: str


def plan(requests, methods, timesteps, options, out, trust_config=False):
    """({(task as given, variant): open session}, {the same: methods without 'ann'}) of (task, variant) pairs; InputError
    for what cannot be run, before any job starts."""
    sessions, wanted = {}, {}
    for given, variant in requests:
        task = load_task(catalogue.find_task(given), trust_config)
        catalogue.check_ready(task, variant, options.workload.data_root, options.workload.checkpoint)
        own, steps = runner.check_request(task, methods, timesteps, options)
        sessions[given, variant] = runner.open_session(task, variant, steps, options, out)
        wanted[given, variant] = own
    return sessions, wanted


def sweep(
    requests,
    methods,
    timesteps,
    options,
    out,
    address=None,
    jobs=None,
    gpus=0,
    trust_config=False,
    on_done=lambda done, number, total: None,
):
    """[Done] of all jobs. address: of a Ray cluster; None: this machine, ``jobs`` processes at a time. on_done hears of
    every job when it is over. The ANN of a task runs first: the others quote it."""
    ray = _ray()
    sessions, wanted = plan(requests, methods, timesteps, options, out, trust_config)
    total, found = sum(map(len, wanted.values())) + len(sessions), []

    def tell(job, kind, text):
        found.append(Done(job, kind, text))
        on_done(found[-1], len(found), total)

    ready, later = [], {}
    for place, session in sessions.items():
        label = task_label(session.task.name, session.variant.split)
        everything = [
            Job(*place, method, label) for method in (*([] if session.variant.alone else ["ann"]), *wanted[place])
        ]
        missing = set(session.missing([job.method for job in everything]))
        for job in everything:
            if job.method not in missing:
                tell(job, "cached", "done before")
        waiting = [job for job in everything if job.method in missing]
        ready += waiting[:1] if "ann" in missing else waiting
        later[place] = waiting[1:] if "ann" in missing else []
    if not ready:
        return found
    try:
        ray.init(
            address=address,
            num_cpus=None if address else jobs or os.cpu_count(),
            include_dashboard=False,
            log_to_driver=False,
            logging_level="ERROR",
            runtime_env={"env_vars": _environment()},
        )
    except Exception as error:  # Ray raises bare exceptions: no cluster there, or no room to start one
        raise InputError(
            f"Ray does not start: {' '.join(str(error).split())[:300]}; give a running cluster with --address, or "
            "try again when the machine is quieter"
        ) from error
    try:
        remote = ray.remote(max_calls=1, max_retries=0, num_cpus=1, num_gpus=gpus)(_work)
        running = {}

        def start(job):
            steps = sessions[job.given, job.variant].timesteps
            running[
                remote.remote(tuple(job), steps, options._asdict(), options.workload._asdict(), str(out), trust_config)
            ] = job

        for job in ready:
            start(job)
        while running:
            (over,), _ = ray.wait(list(running), num_returns=1)
            job = running.pop(over)
            session = sessions[job.given, job.variant]
            try:
                kind, text = ray.get(over)
            except Exception as error:  # the process died, or Ray lost it
                kind, text = "failed", f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
                session.write_failure(job.method, text)
            tell(job, kind, text)
            if job.method == "ann":
                session.missing(["ann"])  # the record is now known here
                for next_job in later[job.given, job.variant]:
                    start(next_job)
    finally:
        ray.shutdown()
    return found


def _work(job, timesteps, options, workload, out, trust_config):
    """In a process of its own: (kind, words) of one job."""
    from adapters.base import WorkloadOptions

    job, heard = Job(*job), {}
    options = runner.RunOptions(**{**options, "workload": WorkloadOptions(**workload)})

    def listen(event):
        if event.method == job.method and event.kind in ("finished", "cached", "failed"):
            heard["last"] = event.kind, event.text

    task = load_task(catalogue.find_task(job.given), trust_config)
    try:
        runner.run(task, job.variant, [job.method], timesteps, options, out, listen)
    except AdafireError as error:
        return "failed", str(error)
    return heard.get("last", ("failed", "interrupted"))


def _environment():
    """PYTHONPATH as here, so that a worker sees this project; one thread a job unless asked otherwise."""
    path = os.pathsep.join(p for p in (str(PROJECT), os.environ.get("PYTHONPATH")) if p)
    return {"PYTHONPATH": path, "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1")}


def _ray():
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    os.environ.setdefault("RAY_worker_niceness", "0")  # the jobs are the work, not a background to it
    os.environ.setdefault(
        "RAY_task_oom_retries", "0"
    )  # a job that was killed for memory has failed; do not try for ever
    try:
        import ray
    except ImportError as error:
        raise InputError("tools/sweep.py needs Ray: pip install -e '.[sweep]'") from error
    return ray
