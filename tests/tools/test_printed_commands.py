"""Every command that README, docs, task files and --help print is started: it works, or it names the one thing of the user's
that is not here. Work that takes long is done on two samples, at T = 1, once a network; everything before it is done as printed."""

import importlib
import importlib.util
import json
import os
import re
import sys
from itertools import islice
from pathlib import Path

import pytest

from helpers.printed_commands import ROOT, arguments, commands
from helpers.programs import program as loaded
from helpers.workloads import Few

STAND_INS = {
    "TASK": "fashion_resnet",
    "M": "burst",
    "CONFIG": "benchmarks/zoo/yolo_fashion/config.py",
    "benchmarks/zoo/NAME/config.py": "benchmarks/zoo/resnet_fashion/config.py",
}
"""What a reader puts in the place of such a word. DIR, FILE and RECORD stay: they are not here, which must be said."""
YOURS = ("--data-root", "--checkpoint", "--address")
ALL = commands()


def distinct():
    """[Printed], each command once: ``place`` tells all of its places. Those of one tool and task stand side by side, so that the
    processes that share the tests share what is kept for the next (``run_before``)."""
    found = {}
    for command in ALL:
        program, argv = arguments(command.words, STAND_INS)
        of_task = re.sub(r"tasks/(\w+)\.py", r"\1", argv[0]) if argv else ""
        key = (program, of_task, tuple(argv))
        found[key] = command._replace(place=f"{found[key].place}, {command.place}" if key in found else command.place)
    return [found[key] for key in sorted(found)]


ONCE = distinct()


class Reached(Exception):
    """The work itself began."""


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A working folder that shows the project's folders; what is written into it is the test's."""
    for name in ("tasks", "tools", "adapters", "benchmarks", "docs"):
        (tmp_path / name).symlink_to(ROOT / name, target_is_directory=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ADAFIRE_DATA", raising=False)
    return tmp_path


@pytest.fixture(scope="module")
def untouched():
    """[of_project()] as the last command left it."""
    return [of_project()]


@pytest.fixture(scope="session")
def run_before():
    """(task's settings) -> records: a network that was run for one command is not run for the next."""
    return {}


@pytest.fixture(scope="session")
def finished(made_records, tmp_path_factory):
    """A folder with the records made here, and with the same as records of the other tasks that commands name."""
    from benchmarks.running.record import Record
    from benchmarks.running.store import Store

    out = tmp_path_factory.mktemp("finished") / "results"
    for record in Store(made_records).load()[0]:
        Store(out).write(record)
        for task in ("cifar10_resnet20", "coco_yolo"):
            method = "adafire-signed" if record.method == "burst" else record.method
            Store(out).write(Record.model_validate({**record.model_dump(), "task": task, "method": method, "key": ""}))
    return out


@pytest.fixture
def small(monkeypatch, run_before, finished, here):
    """Long work made small; what comes before and after it is left as it is."""
    from adapters import setups
    from adapters.detection.data import moving_scenes
    from benchmarks.report import diagnose, event_time, rendering, sheet, show
    from benchmarks.running import calibration_size, catalogue, regression, runner, store, sweep
    from benchmarks.speed import measures
    from benchmarks.streams import films, measuring, session

    write, write_masks = moving_scenes.write, films.write_masks
    monkeypatch.setattr(moving_scenes, "write", lambda at, objects, k, n, motion: write(at, objects, k, 2, motion))
    monkeypatch.setattr(films, "write_masks", lambda at, objects, k, n, motion: write_masks(at, objects, k, 2, motion))
    real_networks, real_shown = measuring.networks, session.shown

    def networks(workload, method, timesteps, seed):
        key = (workload.family, method.name, timesteps)
        if key not in run_before:
            run_before[key] = real_networks(Few(workload), method, timesteps, seed)
        return run_before[key]

    monkeypatch.setattr(measuring, "networks", networks)
    monkeypatch.setattr(session, "shown", lambda *given: islice(real_shown(*given), 1))  # one film does
    (here / "runs").symlink_to(finished, target_is_directory=True)
    monkeypatch.setattr(store, "places", lambda out=None: [Path(out)] if out else [finished])
    real_build, real_points = calibration_size.build, calibration_size.points
    real_run, real_show, real_diagnose, real_time = runner.run, show.show, diagnose.diagnose, event_time.event_time

    def of_two(options):
        return options._replace(workload=options.workload._replace(limit=2))

    def run(task, variant, methods=None, timesteps=None, options=runner.RunOptions(), out="runs", tell=None, team=None):
        methods, timesteps = runner.check_request(task, methods, timesteps, options)
        chosen = task.variants[variant]
        key = json.dumps([task.adapter, chosen.settings(), chosen.split], sort_keys=True, default=str)
        if options.workload.data_root or key not in run_before:  # with a data root it must fail before the first sample
            cheap = next((name for name in methods if name in ("burst", "rate-max", "quantised")), "burst")
            run_before[key] = real_run(task, variant, [cheap], [1], of_two(options), here / "out")
        return run_before[key]

    def check_only(requests, methods, timesteps, options, *rest):
        for given, variant in requests:
            task = runner_task(given)
            catalogue.check_ready(task, variant, options.workload.data_root)
            runner.check_request(task, methods, timesteps, options)
        return []

    def runner_task(given):
        from benchmarks.running.task import load_task

        return load_task(catalogue.find_task(given))

    monkeypatch.setattr(runner, "run", run)
    monkeypatch.setattr(sweep, "sweep", check_only)
    monkeypatch.setattr(
        show,
        "show",
        lambda task, variant, method, timesteps, options, samples, *rest: real_show(
            task, variant, "burst", [1], options, samples and samples[:1], *rest
        ),
    )
    real_sheet, real_animation = sheet.contact_sheet, sheet.animation
    monkeypatch.setattr(
        sheet,
        "contact_sheet",
        lambda task, variant, method, times, options, path, **_: real_sheet(
            task, variant, "burst", [1], options, path, 1, 2
        ),
    )
    monkeypatch.setattr(
        sheet,
        "animation",
        lambda task, variant, method, most, options, path, *rest: real_animation(
            task, variant, "burst", 2, options, path, *rest
        ),
    )
    monkeypatch.setattr(
        calibration_size,
        "build",
        lambda task, variant, options, *rest: real_build(task, variant, options._replace(limit=2), 4),
    )
    monkeypatch.setattr(
        calibration_size,
        "points",
        lambda task, variant, workload, *rest: real_points(task, variant, workload, [("burst", 1)], [2], 1, ["own"]),
    )
    monkeypatch.setattr(
        diagnose,
        "diagnose",
        lambda task, variant, method, timesteps, options, samples, limit, *rest: real_diagnose(
            task, variant, "burst", 1, options, 2, 2, *rest
        ),
    )
    monkeypatch.setattr(
        event_time,
        "event_time",
        lambda task, variant, methods, bins, timesteps, options, *rest: real_time(
            task, variant, ["burst"], bins[:1] or [1], 1, options._replace(limit=2), *rest
        ),
    )
    monkeypatch.setattr(
        regression,
        "measure",
        lambda cases, tell=None: {case.name: regression.load()["cases"].get(case.name, {}) for case in cases},
    )
    monkeypatch.setattr(regression, "accept", lambda found, reason: None)
    monkeypatch.setattr(rendering, "stale", lambda out, wanted=None: [])
    monkeypatch.setattr(rendering, "write", lambda out: [])
    for name in ("simulation", "curve", "memory", "search"):
        monkeypatch.setattr(measures, name, lambda *_: [])
    for name in ("grid", "growth"):
        monkeypatch.setattr(f"benchmarks.speed.{name}.{name}", lambda *_: [])
    monkeypatch.setattr(setups, "set_up", lambda config, options: {})


def load(program):
    """The module behind tools/X.py or 'adapters.segmentation.vessels'."""
    if not program.endswith(".py"):
        return importlib.import_module(program)
    return loaded(Path(program).stem)


def prepared(module, program, monkeypatch, here, argv):
    """What is long, or writes into the project, in the tool's own file; the arguments that it gets."""
    if program == "tools/train_ann.py":

        def train(*_):
            raise Reached

        monkeypatch.setattr("benchmarks.training.loop.train", train)
    elif program == "tools/support_table.py":
        (here / "docs").unlink()
        (here / "docs").mkdir()
        for page in ("operators.md", "energy_models.md", "tasks.md"):
            (here / "docs" / page).write_text((ROOT / "docs" / page).read_text())
        monkeypatch.setattr(module, "ROOT", here)
    elif program == "tools/calibration_size.py":
        page = ROOT / "docs" / "calibration.md"
        (here / page.name).write_text(page.read_text(encoding="utf-8"), encoding="utf-8")
        monkeypatch.setattr("benchmarks.report.calibration_table.PAGE", here / page.name)
    elif program == "tools/run_speed.py":
        monkeypatch.setattr("benchmarks.speed.cases.load", lambda name: None)
        monkeypatch.setattr("torch.set_num_threads", lambda number: None)
    elif program == "tools/check.py" and argv:
        argv = [*argv, "--size", "224" if "imagenet_vit" in argv else "64"]  # small, or the one that a network takes
    elif program == "tools/export.py":
        argv = [*argv, "--timesteps", "1"]
    return argv or ["--help"]  # a tool that is only named


def missing(argv):
    """Things of the user's that a command names: what stands behind --data-root, --checkpoint; files and methods of theirs."""
    found = [value for option, value in zip(argv, argv[1:]) if option in YOURS]
    return found + [
        part
        for part in argv
        if part.startswith(("my_", "mine", "runs/records/", "data_setup.data.root"))
        or part in ("DIR", "FILE", "RECORD")
        or "records/" in part
        or "mine" in re.split("[,:]", part)
    ]


def of_project():
    """{file: time of its last change} of everything that a command could dirty."""
    found = {}
    for name in ("results", "docs", "tasks", "tools", "benchmarks"):
        for folder, _, files in os.walk(ROOT / name):
            if Path(folder).name not in (
                "__pycache__",
                "cards",
            ):  # docs/cards are made for the site, by a test of its own
                found.update((path := os.path.join(folder, file), os.stat(path).st_mtime_ns) for file in files)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("command", ONCE, ids=[f"{c.words[:90]} ({c.place})" for c in ONCE])
def test_what_is_printed_works_or_names_what_is_missing(command, small, here, untouched, monkeypatch, capsys):
    program, argv = arguments(command.words, STAND_INS)
    assert (ROOT / program).is_file() or importlib.util.find_spec(program), "it names a program of the project"
    module = load(program)
    argv = prepared(module, program, monkeypatch, here, argv)
    monkeypatch.setattr(sys, "argv", [program, *argv])
    try:
        code = module.main(argv)
    except SystemExit as stop:
        code = stop.code
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    before, untouched[:] = untouched[0], [of_project()]
    assert untouched == [before], "nothing of the project changed"
    if program == "tools/train_ann.py" and "Reached" in err:
        return
    if code == 2:
        yours = missing(argv)
        named = [part for part in yours if part in err or Path(part).name in err]
        named += [option for option in argv if option in YOURS and option in err]
        named += ["RECORD"] if "required: RECORD" in err else []  # a tool that is only named
        refused = program == "tools/export.py" and "NIR cannot say" in err  # its list is the answer
        needs_extra = re.search(r"needs \w+: pip install|is not installed|Fashion-MNIST's file \S+ is not in", err)
        lacks_gpu = "--device" in argv and "cuda" in err
        assert named or refused or needs_extra or lacks_gpu, f"{argv}: exit 2, and names nothing of {yours}: {err}"
        assert err.count("\n") <= 8
    else:
        assert code == 0 or code == 1 and program == "tools/leaderboard.py", f"exit {code}: {err}"


def test_every_printed_command_is_tried_once():
    found = [(place, *arguments(c.words, STAND_INS)) for c in ONCE for place in c.place.split(", ")]
    wanted = [(c.place, *arguments(c.words, STAND_INS)) for c in ALL]
    assert all(one in found for one in wanted) and len(found) == len(wanted) > len(ONCE)


def test_the_documents_print_commands_for_every_tool():
    shown = {command.words.split()[1] for command in ALL}
    assert {f"tools/{path.name}" for path in (ROOT / "tools").glob("*.py")} <= shown and len(ALL) > 100
    assert {command.place for command in ALL} >= {f"tasks/{path.name}" for path in (ROOT / "tasks").glob("*.py")}


@pytest.mark.parametrize(
    "words, expected",
    [
        ("python tools/x.py TASK [--checkpoint a.pth]", ("tools/x.py", ["fashion_resnet", "--checkpoint", "a.pth"])),
        ("torchrun --nproc-per-node 2 tools/x.py TASK --launcher pytorch", ("tools/x.py", ["fashion_resnet"])),
        (
            "python -m adapters.segmentation.vessels --data-root DIR",
            ("adapters.segmentation.vessels", ["--data-root", "DIR"]),
        ),
        ("adafire report --check", ("tools/leaderboard.py", ["--check"])),
        ("python tools/regress.py --accept 'a b'", ("tools/regress.py", ["--accept", "a b"])),
    ],
)
def test_how_a_printed_command_is_read(words, expected):
    assert arguments(words, STAND_INS) == expected
