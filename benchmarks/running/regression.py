"""The regression gate: a small fixed subset of every family, run anew and compared with committed expectations.

What is compared, and how closely (stated in `TOLERANCE`; counts differ between processors by what rounding flips):
  * the metric: inside the 95 % interval that was accepted;
  * spikes (in total and of every site), synaptic operations under both burst conventions, MACs, energy: relative;
  * the names of the sites: exactly.
A figure outside, in either direction, is a regression until somebody accepts it with a reason: a drop of energy can be a
synapse that is no longer counted. Times are reported as the ratio of simulation to ANN on the same machine, and not judged.
"""

import json
import tempfile
from datetime import datetime, timezone
from pathlib import Path
from typing import NamedTuple

from adafire.errors import InputError
from adapters.base import WorkloadOptions

from . import catalogue, environment, runner
from .record import ENERGY_MODEL
from .store import write_whole
from .task import load_task

EXPECTATIONS = Path(__file__).resolve().parent / "expectations.json"
TOLERANCE = {"macs": 1e-6, "site": 0.03, "other": 0.01}
"""Relative: MACs are counted, not measured; spikes of one site; everything else."""
FIGURES = ("spikes", "synops", "synops_graded", "macs", "energy_pj")


class Case(NamedTuple):
    """One variant of a task, on its first ``limit`` samples, by ``methods`` at T."""

    task: str
    variant: str
    methods: tuple
    timesteps: int
    limit: int

    @property
    def name(self):
        """'fashion_resnet mini, first 100, T=4'"""
        return f"{self.task} {self.variant}, first {self.limit}, T={self.timesteps}"


CASES = (
    Case("fashion_resnet", "mini", ("snn-calibration", "adafire-uniform", "adafire-signed", "dcgs", "ours"), 4, 200),
    Case("fashion_resnet", "mini", ("adafire", "adafire-layers"), 2, 200),
    Case("modelnet40_pointnet", "mini", ("adafire-uniform", "adafire-signed"), 4, 50),
    Case("shapenetpart_pointnet", "mini", ("ours",), 4, 16),
    Case("fashion_events", "mini", ("snn-calibration", "adafire-signed"), 4, 50),
    Case("coco_yolo", "mini", ("adafire-uniform", "adafire-signed"), 4, 16),
    Case("voc12_fcn", "mini", ("adafire-uniform", "adafire-signed"), 4, 16),
    Case("drive_unet", "mini", ("ours",), 4, 4),
)
"""One or more a family, and one with a search (`adafire`), on the network whose search is the shortest: a choice that flips on
another processor moves every count of its row, so its expectations are of the machine that accepted them."""


class Moved(NamedTuple):
    """A figure that is not what was accepted."""

    where: str
    figure: str
    expected: object
    found: object
    allowed: str


def measure(cases=CASES, tell=None):
    """{case: {method: figures}} of fresh runs; InputError if one fails."""
    found = {}
    for case in cases:
        task = load_task(catalogue.find_task(case.task))
        options = runner.RunOptions(WorkloadOptions(limit=case.limit))
        with tempfile.TemporaryDirectory() as out:
            outcome = runner.run(task, case.variant, list(case.methods), [case.timesteps], options, out, tell)
        if outcome.interrupted:
            raise KeyboardInterrupt
        for record in outcome.records:
            if record.status == "failed":
                raise InputError(f"{case.name}, {record.method}: {record.reason}")
        ann = outcome.records[0].rows[0]
        found[case.name] = {r.method: figures(r.rows[0], r.metric, ann) for r in outcome.records}
    return found


def figures(row, metric, ann):
    """What is compared of a record's row. time_ratio: simulation over the ANN on the same samples."""
    return {
        "metric": metric,
        "value": row.metrics[metric],
        "low": row.low,
        "high": row.high,
        **{name: getattr(row, name) for name in FIGURES[:-1]},
        "energy_pj": row.energy_pj[ENERGY_MODEL],
        "sites": {site["site"]: site["spikes"] for site in row.sites},
        "time_ratio": round((row.time_s - row.convert_s) / max(ann.time_s - ann.convert_s, 1e-9), 3),
    }


def compare(expected, found):
    """[Moved] of measured figures against accepted ones; a case or method on one side only has moved too."""
    moved = []
    for case in {**expected, **found}:
        methods = {**expected.get(case, {}), **found.get(case, {})}
        for method in methods:
            was, now = expected.get(case, {}).get(method), found.get(case, {}).get(method)
            if was is None or now is None:
                moved.append(
                    Moved(
                        f"{case}, {method}",
                        "result",
                        "none" if was is None else "one",
                        "none" if now is None else "one",
                        "the accepted cases",
                    )
                )
            else:
                moved += _compare(f"{case}, {method}", was, now)
    return moved


def _compare(where, was, now):
    if not was["low"] <= now["value"] <= was["high"]:
        yield Moved(where, was["metric"], was["value"], now["value"], f"{was['low']:.4f} to {was['high']:.4f}")
    for name in FIGURES:
        bound = TOLERANCE.get(name, TOLERANCE["other"])
        if _apart(was[name], now[name], bound):
            yield Moved(where, name, was[name], now[name], f"+- {100 * bound:g} %")
    if list(was["sites"]) != list(now["sites"]):
        odd = sorted(set(was["sites"]) ^ set(now["sites"])) or ["their order"]
        yield Moved(
            where, "sites", len(was["sites"]), len(now["sites"]), f"the same names; differs: {', '.join(odd[:3])}"
        )
        return
    for site, spikes in was["sites"].items():
        if _apart(spikes, now["sites"][site], TOLERANCE["site"]):
            yield Moved(where, f"spikes of {site}", spikes, now["sites"][site], f"+- {100 * TOLERANCE['site']:g} %")


def _apart(was, now, bound):
    if was is None or now is None:
        return was is not now
    return abs(now - was) > bound * abs(was) + 1e-9


def load(path=None):
    """What was accepted: {'accepted': [{date, commit, reason}], 'cases': {case: {method: figures}}}."""
    path = path or EXPECTATIONS
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
        content["cases"], content["accepted"]
        return content
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"no expectations in {path} ({type(error).__name__}: {error}); make them with "
            "python tools/regress.py --accept REASON"
        ) from error


def accept(found, reason, path=None):
    """Write what was found as what is expected, with the reason, the date and the commit."""
    if not reason.strip():
        raise InputError(
            "--accept: found no reason; say why the figures moved, such as --accept 'light calibration twice'"
        )
    path = path or EXPECTATIONS
    history = load(path)["accepted"] if Path(path).exists() else []
    entry = {
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "commit": environment.git()["commit"],
        "cpu": environment.hardware()["cpu"],
        "reason": reason.strip(),
    }
    write_whole(Path(path), json.dumps({"accepted": [*history, entry], "cases": found}, indent=1) + "\n")
