"""One variant of a task with its workload, built once, and the records of methods on it as they come."""

import time
from collections import deque
from datetime import datetime, timezone
from pathlib import Path

import adafire
from adafire.errors import InputError
from adafire.simulation import memory
from adapters.shared.checkpoints import loaded

from ..text import placeless
from . import alone, environment, methods, opening, trained
from .expected import surprise
from .identity import common_fields, reference
from .keep import keep
from .measure import measure, parameters, plain
from .record import Description, Record, Row, key_of
from .schema import parse
from .task import PROJECT, task_label
from .team import Alone
from .told import Event


class Session:
    """One variant with its workload, built once; ``records`` by method as they come, ``cached`` keys among them."""

    def __init__(self, task, variant, timesteps, options, store, tell, team=Alone()):
        self.task, self.variant, self.name = task, task.variants[variant], variant
        self.timesteps, self.options, self.store, self.tell, self.team = timesteps, options, store, tell, team
        wanted = opening.located(task, variant, options.workload)
        self.workload = opening.workload(task, variant, options.workload)
        here = trained.notes(wanted.checkpoint or self.variant.checkpoint)
        self.workload.notes = [*loaded(self.workload.network).notes, *here, *self.workload.notes]
        if len(self.workload) < 1:
            raise InputError(f"task {task.name!r}, variant {variant!r}: no test samples")
        if not (inputs := list(self.workload.calibration())):
            raise InputError(f"task {task.name!r}, variant {variant!r}: the calibration set is empty")
        self.calibration = adafire.Calibration(inputs)  # measured once for all methods and T
        if self.workload.metric != task.metric:
            raise InputError(
                f"task {task.name!r}: metric is {task.metric!r}, but adapter {task.adapter!r} gives "
                f"{self.workload.metric!r}"
            )
        described = plain(self.workload.describe())
        parse(Description, described, f"adapter {task.adapter!r}, what it says of data and weights")
        if not self.variant.alone:  # the library's own refusals (an operator, a NaN weight, ...) come out here, not as a failure of every method
            adafire.convert(
                self.workload.network,
                self.calibration,
                method="ann",
                timesteps=1,
                forward=self.workload.forward,
                precision=options.precision,
            )
        self.common = common_fields(task, variant, options, described)
        self.surroundings = {
            "versions": environment.versions(),
            "git": environment.git(),
            "hardware": environment.hardware(options.workload.device),
        }
        self.places = {str(PROJECT): ".", f"{Path.home()}/": "~/"}  # what the command line calls DIR and FILE
        for given, called in (
            (wanted.data_root, "DIR"),
            (options.workload.data_root, "DIR"),
            (wanted.checkpoint, "FILE"),
        ):
            if given:
                self.places.update({path: called for path in (str(given), str(Path(given).resolve()))})
        self.records, self.cached, self.told = {}, set(), set(self.workload.notes)
        self.methods = {}
        for note in self.workload.notes:
            self._tell("note", "data", text=note)

    def method(self, name):
        """A method as it is on this variant. InputError where the variant lacks what it needs."""
        if name not in self.methods:
            alone.check(self.task, self.name, name)
            self.methods[name] = methods.bound(methods.get(name), self.variant, self.workload)
        return self.methods[name]

    def work(self, names, timesteps=None):
        """Find or make the record of every method, at ``timesteps`` (None: the session's). One that another process is at goes
        to the end of the queue; when only such are left, wait for the first."""
        todo, put_back = deque(names), 0
        while todo:
            name = todo.popleft()
            if self._find_or_run(name, put_back > len(todo), timesteps):
                put_back = 0
            else:
                todo.append(name)
                put_back += 1
                if put_back == 1:
                    self._tell("waiting", name, text="another run is at it")

    def missing(self, names):
        """Those of ``names`` that have no good record yet."""
        return [name for name in names if not self._is_there(self._fields(self.method(name)))]

    def write_failure(self, name, reason):
        """Write the record of a run that died without one; a good record that stands stays."""
        method = self.method(name)
        record = self._record(self._fields(method), [], reason, 0.0)
        self.store.write(record)
        return record

    def _fields(self, method, timesteps=None):
        timesteps = [] if method.kind == "ann" else timesteps or self.timesteps
        fields = {
            **self.common,
            "method": method.name,
            "kind": method.kind,
            "anytime": method.anytime,
            "timesteps": timesteps,
            "parameters": parameters(method, max(timesteps, default=None)),
        }
        return {**fields, "key": key_of(fields)}

    def _record(self, fields, rows, reason, wall_s, notes=()):
        return Record(
            **fields,
            **self.surroundings,
            rows=rows,
            status="failed" if reason else "ok",
            reason=reason and placeless(reason, self.places),
            notes=[placeless(note, self.places) for note in notes],
            ann=None if fields["kind"] == "ann" else reference(self.records.get("ann")),
            samples=len(self.workload),
            data_form=self.workload.data_form,
            expected=self.variant.expected,
            wall_s=round(wall_s, 3),
            date=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        )

    def _find_or_run(self, name, wait, timesteps):
        method = self.method(name)
        fields = self._fields(method, timesteps)
        if not self.team.leads:
            return self._follow(method, fields)
        if self._is_there(fields):
            self.team.decide(self.records[name])
            return True
        with self.store.lock(fields["key"][:12], wait) as mine:
            if mine and not self._is_there(fields):  # it may have been written while we waited
                self.team.decide("run")
                self._run(method, fields)
            else:
                self.team.decide(self.records[name] if mine else "wait")
            return mine

    def _follow(self, method, fields):
        """As the process that leads decided: run it with the others, take its record, or leave it for later."""
        decision = self.team.decide(None)
        if decision == "run":
            self._run(method, fields)
        elif decision != "wait":
            self.records[fields["method"]] = decision
            self.cached.add(decision.key)
        return decision != "wait"

    def _is_there(self, fields):
        if self.options.rerun:
            return False
        name = fields["method"]
        record, problem = self.store.find(fields, fields["key"])
        if problem and problem not in self.told:
            self.told.add(problem)
            self._tell("note", name, text=problem)
        if record is None or record.status != "ok":
            return False
        self.records[name] = record
        self.cached.add(record.key)
        self._tell("cached", name)
        return True

    def _run(self, method, fields):
        begin, rows, notes, error = time.perf_counter(), [], [], None
        ann = self.records.get("ann")
        keep = self._keep if self.options.save_snn and self.team.leads else None
        if keep and method.kind == "external":
            self._tell("note", method.name, text="not saved: other code runs it")
            keep = None
        try:
            if ann is not None and ann.status == "failed":
                raise RuntimeError(f"not run, because the ANN failed on the same samples ({ann.reason})")
            with memory.told("in this run", "a smaller batch_size in the task, or more memory, helps"):
                for row in measure(
                    self.workload,
                    self.calibration,
                    method,
                    fields["timesteps"] or [None],
                    self.options.precision,
                    self.options.workload.seed,
                    lambda t, done: self._tell("converting" if done is None else "running", method.name, t, done or 0),
                    self.team,
                    notes,
                    keep,
                    not self.variant.alone,
                ):
                    rows.append(parse(Row, row, f"result at T={row['timesteps']}"))
        except Exception as problem:  # whatever went wrong belongs to this run; the others go on
            error = problem
        reason = error and f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
        record = self._record(
            fields,
            rows,
            reason,
            time.perf_counter() - begin,
            [*self.workload.notes, *self._surprise(method, rows), *notes],
        )
        if self.team.leads:
            self.store.write(record, self.options.rerun)
        self.records[method.name] = record
        for note in record.notes:
            if note not in self.told:
                self._tell("note", method.name, text=note)
        self._tell("failed" if error else "finished", method.name, text=reason or f"{record.wall_s:.1f} s", error=error)

    def _keep(self, snn):
        """Write a conversion into the folder that was asked for. Where that cannot be, it is said, and enters no record: paths are
        of this machine."""
        problem = keep(snn, self.options.save_snn, self.task.name, self.variant.split, self.name)
        if problem:
            self._tell("note", snn.method.name, text=problem)

    def _surprise(self, method, rows):
        """A note if the ANN is not what the task expects of it."""
        if method.kind != "ann" or not rows:
            return []
        row, own = rows[0], self.options.workload
        metric, samples = self.task.metric, len(self.workload)
        words = surprise(self.variant.expected, metric, row.metrics[metric], row.low, row.high, samples, own.limit)
        weights = "the weights of --checkpoint are others" if own.checkpoint else "other data or weights"
        return [f"{words}: {weights}, or they are read wrongly"] if words else []

    def _tell(self, kind, method, timesteps=(), done=0, text="", error=None):
        self.tell(
            Event(
                kind,
                task_label(self.task.name, self.variant.split),
                method,
                tuple(timesteps),
                done,
                len(self.workload),
                text,
                error,
            )
        )
