"""The command line: options, exit codes, messages, what is printed where, Ctrl-C."""

import io
import json
import os
import signal
import subprocess
import sys
import time

import pytest
import torch
from rich.console import Console

import adafire
from adapters.base import WorkloadOptions
from benchmarks.report import terminal
from benchmarks.running.progress import Bars, Lines
from benchmarks.running.store import Store
from benchmarks.running.task import PROJECT
from benchmarks.running.told import Event
from helpers.programs import program
from helpers.tables import JSON_KEYS
from helpers.task_files import lines
from helpers.toys import TASK, ToyWorkload

SCRIPT = PROJECT / "tools" / "run_bench.py"
run_bench = program("run_bench")


def task_file(folder, **changes):
    path = folder / "toy.py"
    path.write_text(lines({**TASK, "methods": ["adafire"], **changes}))
    return str(path)


@pytest.fixture
def bench(tmp_path, capsys, monkeypatch):
    """bench('--limit', '4', ...) runs the toy task in this process: (exit code, stdout, stderr)."""
    monkeypatch.delenv("ADAFIRE_DATA", raising=False)
    path = task_file(tmp_path)

    def call(*arguments, task=path, trust=True):
        argv = [
            *([task] if task else []),
            *(["--trust-config"] if trust else []),
            "--out",
            str(tmp_path / "out"),
            *arguments,
        ]
        try:
            code = run_bench.main(argv)
        except SystemExit as stop:
            code = stop.code
        return code, *capsys.readouterr()

    return call


def test_the_mini_of_a_task_without_one_is_anothers_and_says_so(bench, tmp_path):
    """No table calls Fashion-MNIST 'imagenet_resnet50'."""
    few = ("--split", "mini", "--limit", "4", "--methods", "quantised", "--timesteps", "2")
    code, out, err = bench(*few, task="imagenet_resnet50", trust=False)
    assert code == 0 and "imagenet" not in out and "fashion_resnet mini" in out
    assert err.count("imagenet_resnet50 has no mini of its own: this is that of fashion_resnet") == 1
    records, _ = Store(tmp_path / "out").load()
    assert {record.task for record in records} == {"fashion_resnet"}
    assert "### fashion_resnet mini (first 4)" in (tmp_path / "out" / "CLASSIFICATION.md").read_text()


def test_random_weights_in_a_mini_that_was_not_asked_for(bench, tmp_path):
    """Both the first time and when nothing is run again a user learns what was run, and that it says nothing."""
    few = ("--checkpoint", "random", "--limit", "12", "--methods", "burst", "--timesteps", "1")
    for _ in range(2):
        code, _, err = bench(*few, task="coco_yolo", trust=False)
        assert code == 0
        assert "note: coco_yolo: no data root is known, so --checkpoint random is for the mini network (mini)" in err
        assert "--split full or --variant yolov3" in err
        assert "coco_yolo mini: random weights: the scores mean nothing" in err and "points of the ANN" not in err
    page = (tmp_path / "out" / "README.md").read_text()
    assert (
        "No results yet" in page
        and "2 records with random weights are not shown" in page
        and "a page a family" not in page
    )
    for asked in (("--split", "mini"), ("--variant", "mini")):
        assert "no data root" not in bench(*few, *asked, task="coco_yolo", trust=False)[2]


def test_table_json_records_and_leaderboard(bench, tmp_path):
    code, out, err = bench("--methods", "quantised,adafire", "--timesteps", "4,1", "--json", str(tmp_path / "t.json"))
    assert code == 0
    rows = json.loads((tmp_path / "t.json").read_text())
    assert [(r["method"], r["timesteps"]) for r in rows] == [
        ("ann", None),
        ("quantised", 1),
        ("quantised", 4),
        ("adafire", 1),
        ("adafire", 4),
    ]
    assert all(JSON_KEYS <= set(row) for row in rows)
    assert {(r["task"], r["split"], r["family"], r["metric"], r["status"], r["samples"]) for r in rows} == {
        ("toy mini", "mini", "classification", "accuracy", "ok", 10)
    }
    assert out.count("toy mini") == 5 and "accuracy" in out and "horowitz-45nm" in out
    assert max(map(len, out.splitlines())) < 400, "no wider than its text"
    assert "toy mini: adafire, T = 4" in err and "\x1b" not in err, "plain lines where there is no terminal"
    assert len(Store(tmp_path / "out").load()[0]) == 3
    assert "[toy mini](CLASSIFICATION.md#toy-mini)" in (tmp_path / "out" / "README.md").read_text()
    said = [line for line in err.splitlines() if "points of the ANN" in line]
    assert len(said) == 1 and said[0].startswith("toy mini: within 0.5 points of the ANN: ")


def test_second_call_prints_the_same_table_and_runs_nothing(bench, tmp_path, monkeypatch):
    first = bench("--no-rivals", "--timesteps", "1")
    page = (tmp_path / "out" / "README.md").read_bytes()
    monkeypatch.setattr(ToyWorkload, "batches", lambda self: pytest.fail("it ran again"))
    second = bench("--no-rivals", "--timesteps", "1")
    assert second[:2] == first[:2] and second[2].count("done before") == 2
    assert (tmp_path / "out" / "README.md").read_bytes() == page


def test_networks_are_kept_and_come_back(bench, tmp_path):
    code, _, err = bench(
        "--methods",
        "burst,dcgs:relays=True,quantised",
        "--timesteps",
        "2,4",
        "--save-snn",
        str(tmp_path / "kept"),
    )
    assert code == 0 and "not saved" not in err
    names = sorted(path.name for path in (tmp_path / "kept").iterdir())
    assert names == [
        f"toy-mini-mini-{end}.safetensors"
        for end in ("burst-T4", "dcgs_relays=True-T4", "quantised-T2", "quantised-T4")
    ]
    workload, other = (ToyWorkload({"batch_size": 4}, WorkloadOptions()) for _ in range(2))
    snn = adafire.convert(
        workload.network, workload.calibration(), method="quantised", timesteps=2, forward=workload.forward
    )
    batch = next(iter(workload.batches()))
    loaded = adafire.load(tmp_path / "kept" / names[2], other.network, forward=other.forward)
    assert torch.equal(loaded(batch.inputs), snn(batch.inputs))
    (tmp_path / "kept" / names[0]).unlink()
    bench("--methods", "burst", "--timesteps", "2,4", "--save-snn", str(tmp_path / "kept"))
    assert not (tmp_path / "kept" / names[0]).exists(), "what is finished is not converted again"
    (tmp_path / "file").write_text("")
    code, _, err = bench(
        "--methods", "burst", "--timesteps", "2", "--rerun", "--save-snn", str(tmp_path / "file" / "below")
    )
    assert code == 2 and "a file, not a folder" in err


def test_failed_run_is_in_the_table_and_in_the_exit_code(bench, monkeypatch):
    def evaluate(self, predictions):
        evaluate.calls += 1
        if evaluate.calls == 2:
            raise MemoryError("no room for 3 GB")
        return real(self, predictions)

    real, evaluate.calls = ToyWorkload.evaluate, 0
    monkeypatch.setattr(ToyWorkload, "evaluate", evaluate)
    code, out, err = bench("--methods", "adafire,burst", "--timesteps", "2")
    assert code == 1 and "OutOfMemory: memory ran out in this run: no room for 3 GB" in out and "Traceback" not in err
    assert [word in out for word in ("burst", "failed", "reason")] == [True] * 3
    monkeypatch.undo()
    assert bench("--methods", "adafire,burst", "--timesteps", "2")[0] == 0, "tried again, and all is well"


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--methods", "adafir"], "did you mean 'adafire'"),
        (["--methods", ""], "names with commas"),
        (["--methods", "adafire,,burst"], "names with commas"),
        (["--methods", "burst,burst"], "twice"),
        (["--timesteps", "0"], "whole numbers of 1 or more"),
        (["--timesteps", "1,two"], "whole numbers of 1 or more"),
        (["--timesteps", "-1"], "--timesteps"),
        (["--timesteps", "1,2,1"], "1 stands twice"),
        (["--limit", "0"], "1 or more"),
        (["--limit", "1.5"], "whole number"),
        (["--seed", "-1"], "--seed"),
        (["--split", "huge"], "--split"),
        (["--precision", "fp64"], "--precision"),
        (["--device", "tpu"], "--device"),
        (["--variant", "min"], "did you mean 'mini'"),
        (["--variant", "mini", "--split", "full"], "mini split, but --split full"),
        (["--split", "full"], "no full split"),
        (["--data-root", "/nowhere"], "no full split"),
        (["--checkpoint", "nothing.pth"], "nothing.pth is missing"),
        (["--json", "/nowhere/t.json"], "--json"),
        (["--json", "/dev/null"], "--json"),
        (["--save-snn", "/dev/null"], "--save-snn"),
        (["--rrun"], "--rrun"),
    ],
)
def test_bad_options(bench, tmp_path, arguments, words):
    begin = time.monotonic()
    code, out, err = bench(*arguments)
    assert code == 2 and not out and words in err and err.startswith("error: ")
    assert err.count("\n") <= 5 and "Traceback" not in err and time.monotonic() - begin < 5
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "task, trust, words",
    [
        (None, True, "which task?"),
        ("coco_yoloo", True, "did you mean 'coco_yolo'"),
        ("missing/toy.py", True, "there is no task file 'missing/toy.py'"),
        ("toy", False, "--trust-config"),
    ],
)
def test_bad_tasks(bench, tmp_path, task, trust, words):
    code, out, err = bench(task=str(tmp_path / "toy.py") if task == "toy" else task, trust=trust)
    assert code == 2 and words in err and err.startswith("error: ") and not out
    assert not (tmp_path / "out").exists()


def test_results_folder_that_is_a_file(bench, tmp_path):
    (tmp_path / "out").write_text("")
    code, _, err = bench()
    assert code == 2 and "is a file" in err


def test_tracebacks_only_with_debug(bench, monkeypatch):
    assert "Traceback" in bench("--methods", "x", "--debug")[2]
    monkeypatch.setattr(ToyWorkload, "describe", lambda self: 1 / 0)
    code, _, err = bench()
    assert code == 2 and err.splitlines()[-2].startswith("error: ZeroDivisionError") and "Traceback" not in err
    assert "Traceback" in bench("--debug")[2]


def test_several_tasks_one_of_which_cannot_run(bench, tmp_path, monkeypatch):
    (tmp_path / "b").mkdir()
    second = task_file(
        tmp_path / "b", name="empty", variants={"mini": {**TASK["variants"]["mini"], "options": {"calibrated": False}}}
    )
    code, out, err = bench(second, "--timesteps", "1")
    assert code == 2 and "error: empty: " in err and "calibration set is empty" in err
    assert "toy mini" in out and "adafire" in out, "the other task ran"
    assert "given twice" in bench(str(tmp_path / "toy.py"))[2]


def test_damaged_record_is_reported(bench, tmp_path):
    bench("--timesteps", "1")
    (tmp_path / "out" / "records" / "toy-mini-mini" / "stray-0123.json").write_text("{}")
    code, _, err = bench("--timesteps", "1")
    assert code == 0 and "stray-0123.json: not used" in err


def test_list_names_tasks_variants_and_methods(bench):
    code, out, _ = bench("--list", task=None, trust=False)
    assert code == 0
    for word in ("coco_yolo", "yolov3", "mini", "--data-root", "adafire-signed", "quantised", "snn-calibration"):
        assert word in out


def test_list_of_one_variant(bench):
    code, out, _ = bench("--list", "--variant", "yolov3", task="coco_yolo", trust=False)
    assert code == 0 and "coco_yolo (yolov3, full)" in out and "fastestv2" not in out
    code, _, err = bench("--list", "--variant", "yolov4", task="coco_yolo", trust=False)
    assert code == 2 and "no variant 'yolov4'. There are mini, yolov3, yolo-fastestv2" in err


@pytest.mark.parametrize("tool", sorted(path.stem for path in (PROJECT / "tools").glob("*.py")))
def test_nothing_is_written_into_the_committed_results_unless_asked(tool, monkeypatch):
    """What a tool writes by default is below runs/; leaderboard.py is the one that renders the committed records."""
    module = program(tool)
    parsers = []
    monkeypatch.setattr(
        module.command if tool == "train_ann" else module, "run", lambda work, parser, *_: parsers.append(parser)
    )
    module.main([])
    for action in parsers[0]._actions:
        if "--out" in action.option_strings and tool != "leaderboard":
            assert "results" not in str(action.default) and (
                action.default is None or str(action.default).startswith("runs")
            )
            assert "default: results" not in action.help


def test_of_several_tasks_those_without_the_split_are_left_out(bench, tmp_path):
    """As in `tasks/*.py --split mini`: some benchmarks have no small split."""
    (tmp_path / "b").mkdir()
    full = {"full": {**TASK["variants"]["mini"], "split": "full", "checkpoint": "random"}}
    second = task_file(tmp_path / "b", name="whole", variants=full)
    code, out, err = bench(second, "--timesteps", "1", "--split", "mini")
    assert (
        code == 0
        and "note: whole is left out: it has no mini split" in err
        and "toy mini" in out
        and "whole" not in out
    )
    code, out, err = bench("--split", "mini", task=second)
    assert code == 2 and "task 'whole' has no mini split" in err
    assert bench(second, "--variant", "mini")[0] == 2, "a name is meant as it stands"


def test_help_is_quick_and_has_every_option(tmp_path):
    begin = time.monotonic()
    done = subprocess.run([sys.executable, SCRIPT, "--help"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0 and time.monotonic() - begin < 2 and "examples:" in done.stdout
    for option in (
        "methods",
        "timesteps",
        "split",
        "variant",
        "data-root",
        "checkpoint",
        "limit",
        "device",
        "precision",
        "seed",
        "out",
        "save-snn",
        "rerun",
        "list",
        "json",
        "trust-checkpoint",
        "trust-config",
        "debug",
    ):
        assert f"--{option}" in done.stdout


SLOW_ADAPTER = """
import os, time
from adapters.base import adapters
from helpers.toys import ToyWorkload

class Slow(ToyWorkload):
    passes = 0

    def batches(self):
        self.passes += 1
        if self.passes == int(os.environ["STOP_AT_PASS"]):
            time.sleep(60)
        return super().batches()

adapters.register("slow", Slow)
"""


@pytest.mark.slow
def test_ctrl_c_keeps_what_is_done_and_says_how_to_go_on(tmp_path):
    """A real process, a real signal, an adapter of one's own brought in by custom_imports, another working folder."""
    env = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(map(str, (tmp_path, PROJECT, PROJECT / "tests"))),
        "STOP_AT_PASS": "3",
    }
    (tmp_path / "slow_adapter.py").write_text(SLOW_ADAPTER)
    task_file(tmp_path, adapter="slow", custom_imports=dict(imports=["slow_adapter"]))
    command = [sys.executable, SCRIPT, "toy.py", "--trust-config", "--methods", "burst,adafire", "--timesteps", "1"]
    process = subprocess.Popen(
        command, cwd=tmp_path, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    for line in process.stderr:
        if "adafire, T = 1: 0 of 10 samples" in line:
            break
    process.send_signal(signal.SIGINT)
    begin = time.monotonic()
    out, err = process.communicate(timeout=20)
    assert process.returncode == 130 and time.monotonic() - begin < 10 and "Traceback" not in err
    assert "run_bench.py toy.py --trust-config --methods burst,adafire --timesteps 1" in err
    assert "burst" in out and "adafire" not in out
    assert {r.method for r in Store(tmp_path / "runs").load()[0]} == {"ann", "burst"}
    env["STOP_AT_PASS"] = "0"
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True)
    assert done.returncode == 0 and done.stderr.count("done before") == 2 and "adafire" in done.stdout, done.stderr
    assert not list(tmp_path.rglob("*.tmp"))


EVENTS = [
    Event("loading", "toy mini", text="mini"),
    Event("converting", "toy mini", "burst", (1, 2), 0, 8),
    Event("running", "toy mini", "burst", (1, 2), 0, 8),
    Event("running", "toy mini", "burst", (1, 2), 4, 8),
    Event("finished", "toy mini", "burst", text="2.0 s", total=8),
    Event("failed", "toy mini", "rate", text="RuntimeError: [bold]no[/bold]", total=8),
]


def test_plain_lines():
    stream = io.StringIO()
    with Lines(stream) as tell:
        for event in EVENTS:
            tell(event)
    assert stream.getvalue().splitlines() == [
        "toy mini: loading network and data (mini)",
        "toy mini: burst, T = 1, 2: converting",
        "toy mini: burst, T = 1, 2: 0 of 8 samples",
        "toy mini: burst: done in 2.0 s",
        "toy mini: rate: FAILED: RuntimeError: [bold]no[/bold]",
    ]


def test_bars_on_a_terminal():
    stream = io.StringIO()
    with Bars(Console(file=stream, force_terminal=True, width=100, highlight=False)) as tell:
        for event in EVENTS:
            tell(event)
            tell.progress.refresh()
    assert "None" not in stream.getvalue() and "converting" in stream.getvalue()
    assert "4 of 8 samples" in stream.getvalue() and "[bold]no[/bold]" in stream.getvalue()


@pytest.mark.parametrize("width", [60, 120, 300])
def test_table_on_a_terminal_leaves_out_what_does_not_fit(monkeypatch, width):
    stream = io.StringIO()
    monkeypatch.setattr(
        "rich.console.Console",
        lambda **options: Console(**{"file": stream, "force_terminal": True, "width": width, **options}),
    )
    headers = [
        "task",
        "method",
        "T",
        "values",
        "burst",
        "mAP",
        "95 % interval",
        "over-fired",
        "MACs left",
        "updates (M)",
    ]
    cells = ["toy mini", "adafire", "4", "16 (5 bits)", "4", "0.512", "0.400 to 0.600", "0.1", "3.0", "1"]
    terminal.print_table(headers, [cells])
    text = stream.getvalue()
    assert "0.512" in text and "toy mini" in text
    assert ("MACs left" in text) == (width > 60)
    terminal.print_table(headers, [cells], wide=True)
    assert all(header in stream.getvalue()[len(text) :] for header in headers), "--wide"


@pytest.mark.parametrize(
    "given, found", [((), True), (("--methods", "burst"), False), (("--methods", "burst", "--rivals"), True)]
)
def test_rivals_stand_beside_a_tasks_methods_and_beside_chosen_ones_if_asked(bench, tmp_path, given, found):
    code, *_ = bench("--timesteps", "1", "--json", str(tmp_path / "t.json"), *given)
    methods = {row["method"] for row in json.loads((tmp_path / "t.json").read_text())}
    assert code == 0 and any(name.startswith("integer:phi_plus=") for name in methods) == found
