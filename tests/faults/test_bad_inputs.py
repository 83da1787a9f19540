"""Every tool on what strangers give it, a row each: exit code 2, one message of at most five lines that says what is wrong,
no traceback unless --debug is given, within five seconds of processor time, and no file written."""

import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from adapters.shared import mmcv_ops
from benchmarks.running.task import PROJECT
from helpers import strangers as s
from helpers.programs import program

pytestmark = pytest.mark.filterwarnings("ignore")
TOOLS = sorted(path.stem for path in (PROJECT / "tools").glob("*.py"))
SECONDS = 5


def bench(task, make=None, *more):
    """Arguments of run_bench on a data root that ``make`` fills."""
    return lambda f: [
        task,
        *(["--data-root", make(f), "--checkpoint", "random"] if make else []),
        *more,
        "--out",
        f / "out",
    ]


def weights(task, make):
    return lambda f: [task, "--checkpoint", make(f), "--out", f / "out"]


def foreign(*more, content=None, **changes):
    return lambda f: [s.task(f, content, **changes), *more, "--out", f / "out"]


def segmenter(*arguments):
    return lambda f: [
        s.segmentation_task(f),
        "--data-root",
        s.masks(f, *arguments),
        "--trust-config",
        "--out",
        f / "out",
    ]


def plain(*arguments):
    return lambda f: list(arguments)


def occupied(f):
    s.text(f, "out")
    return ["fashion_resnet", "--out", f / "out"]


def drive(f):
    root = f / "data" / "test"
    for name in ("images/01_test.png", "1st_manual/01_manual1.png", "mask/01_test_mask.png"):
        s.picture(root / name)
    return ["drive_unet", "--data-root", f / "data", "--checkpoint", s.text(f, "net.h5"), "--out", f / "out"]


ROWS = [  # name, tool, arguments, words of the message
    # names, options, figures
    ("no task", "run_bench", bench("coco_yoloo"), "did you mean 'coco_yolo'"),
    ("no method", "run_bench", bench("coco_yolo", None, "--methods", "adafir"), "did you mean 'adafire'"),
    ("no variant", "run_bench", bench("coco_yolo", None, "--variant", "yolov"), "did you mean 'yolov3'"),
    ("no option", "run_bench", bench("coco_yolo", None, "--timestep", "1"), "did you mean --timesteps?"),
    ("T = 0", "run_bench", bench("coco_yolo", None, "--timesteps", "0"), "whole numbers of 1 or more"),
    ("T < 0", "run_bench", bench("coco_yolo", None, "--timesteps=-4"), "whole numbers of 1 or more"),
    ("T absurd", "run_bench", bench("coco_yolo", None, "--timesteps", "1,999999999"), "65536 timesteps or fewer"),
    ("limit 0", "run_bench", bench("coco_yolo", None, "--limit", "0"), "1 or more"),
    ("no data root", "run_bench", bench("coco_yolo", lambda f: f / "none"), "no such folder"),
    ("results are a file", "run_bench", occupied, "is a file, not a folder"),
    ("json nowhere", "run_bench", lambda f: ["coco_yolo", "--json", f / "no" / "t.json", "--out", f / "out"], "--json"),
    # task files
    ("foreign task", "run_bench", foreign(), "add --trust-config"),
    ("task that raises", "run_bench", foreign("--trust-config", content="1 / 0"), "ZeroDivisionError"),
    ("task that exits", "run_bench", foreign("--trust-config", content="raise SystemExit(0)"), "SystemExit"),
    ("task with a wrong key", "run_bench", foreign("--trust-config", timestep=[1]), "unknown key 'timestep'"),
    (
        "task of no adapter",
        "run_bench",
        foreign("--trust-config", adapter="clasification"),
        "did you mean 'classification'",
    ),
    ("task of another metric", "run_bench", foreign("--trust-config", metric="mIoU"), "metric is 'mIoU'"),
    # checkpoints of the five families
    *[
        (f"{task}: text as weights", "run_bench", weights(task, s.text), "not a PyTorch checkpoint")
        for task in s.WEIGHTS
    ],
    *[
        (
            f"{task}: half the weights",
            "run_bench",
            weights(task, lambda f, task=task: s.truncated(f, task)),
            "truncated",
        )
        for task in s.WEIGHTS
    ],
    *[
        (f"{task}: NaN weights", "run_bench", weights(task, lambda f, task=task: s.with_nan(f, task)), "is not finite")
        for task in s.WEIGHTS
    ],
    *[
        (
            f"{task}: weights of {other}",
            "run_bench",
            weights(task, lambda f, other=other: s.WEIGHTS[other]),
            "not of this network",
        )
        for task, other in zip(s.WEIGHTS, [*list(s.WEIGHTS)[1:], *s.WEIGHTS])
    ],
    ("pickle with code", "run_bench", weights("fashion_resnet", s.with_code), "--trust-checkpoint"),
    # classification
    ("empty folder", "run_bench", bench("cifar10_resnet20", lambda f: f), "no CIFAR-10 in"),
    (
        "class missing",
        "run_bench",
        bench("cifar10_resnet20", lambda f: s.cifar(f, classes=s.TEN[:9])),
        "'truck' is missing",
    ),
    (
        "picture cut off",
        "run_bench",
        bench("cifar10_resnet20", lambda f: s.cifar(f, lambda r: s.half(r / "test" / "cat" / "0000.png"))),
        "does not decode",
    ),
    ("picture of another size", "run_bench", bench("cifar10_resnet20", lambda f: s.cifar(f, side=31)), "not 32 x 32"),
    ("archive that leaves", "run_bench", bench("cifar10_resnet20", s.cifar_zip), "leaves its folder"),
    ("huge picture", "run_bench", bench("imagenet_resnet18", lambda f: s.imagenet(f, s.huge)), "pixels, more than"),
    (
        "no picture",
        "run_bench",
        bench("imagenet_resnet18", lambda f: s.imagenet(f, lambda p: p.write_text("x"))),
        "not a picture",
    ),
    # point clouds
    ("mesh without faces", "run_bench", bench("modelnet40_pointnet", s.meshes), "has no faces"),
    (
        "cloud with NaN",
        "run_bench",
        bench("modelnet40_pointnet", lambda f: s.arrays(f, s.with_nan_point), "--variant", "sweethome3d"),
        "NaN or infinite coordinates",
    ),
    (
        "label beyond the classes",
        "run_bench",
        bench("modelnet40_pointnet", lambda f: s.arrays(f, lambda x, y: (x, y + 1)), "--variant", "sweethome3d"),
        "from 1 to 40",
    ),
    (
        "labels of others",
        "run_bench",
        bench("modelnet40_pointnet", lambda f: s.arrays(f, lambda x, y: (x, y[:9])), "--variant", "sweethome3d"),
        "expected one a cloud",
    ),
    ("too few points", "run_bench", bench("modelnet40_pointnet", lambda f: s.clouds(f, points=9)), "9 points, 1024"),
    (
        "cloud list that leaves",
        "run_bench",
        bench("modelnet40_pointnet", lambda f: s.clouds(f, "chair_/../../../x")),
        "leaves its folder",
    ),
    (
        "part labels of others",
        "run_bench",
        bench("shapenetpart_pointnet", s.parts),
        "2048 points, but its label file has 100",
    ),
    (
        "deep list",
        "run_bench",
        bench("shapenetpart_pointnet", lambda f: s.parts(f, listed=b"[" * 99999)),
        "nested too deeply",
    ),
    # events
    (
        "recording cut off",
        "run_bench",
        bench("dvs128_objects", lambda f: s.recordings(f, lambda p: p.write_bytes(p.read_bytes()[:-3]))),
        "it was cut off",
    ),
    (
        "time runs backwards",
        "run_bench",
        bench("dvs128_objects", lambda f: s.recordings(f, change=s.backwards)),
        "run backwards",
    ),
    (
        "no recording",
        "run_bench",
        bench("dvs128_objects", lambda f: s.recordings(f, lambda p: p.write_text("x"))),
        "no .aedat file",
    ),
    ("events archive that leaves", "run_bench", bench("dvs128_objects", s.recordings_zip), "leaves its folder"),
    # detection
    (
        "annotations are no JSON",
        "run_bench",
        bench("coco_yolo", lambda f: s.text((s.coco(f) / "annotations"), "instances_val2017.json", "{").parents[1]),
        "is not JSON",
    ),
    ("annotations without images", "run_bench", bench("coco_yolo", lambda f: s.coco(f, images=[])), "lists no images"),
    (
        "picture outside",
        "run_bench",
        bench("coco_yolo", lambda f: s.coco(f, images={"file_name": "../../secret.png"})),
        "leaves the image folder",
    ),
    (
        "box of no size",
        "run_bench",
        bench("coco_yolo", lambda f: s.coco(f, annotations={"bbox": [1, 2, -3, 4]})),
        "has bbox",
    ),
    (
        "classes of others",
        "run_bench",
        bench(
            "coco_yolo", lambda f: s.coco(f, categories=[{"id": 1, "name": "tumour"}]), "--variant", "yolo-fastestv2"
        ),
        "it lacks",
    ),
    (
        "COCO picture cut off",
        "run_bench",
        bench("coco_yolo", lambda f: s.coco(f, s.half), "--variant", "yolo-fastestv2"),
        "does not decode",
    ),
    (
        "COCO picture huge",
        "run_bench",
        bench("coco_yolo", lambda f: s.coco(f, s.huge), "--variant", "yolo-fastestv2"),
        "pixels, more than",
    ),
    (
        "VOC with entities",
        "run_bench",
        bench("voc_yolo", lambda f: s.voc(f, "<!DOCTYPE a [<!ENTITY b 'c'>]><annotation/>")),
        "declares a document type",
    ),
    (
        "VOC list that leaves",
        "run_bench",
        bench("voc_yolo", lambda f: s.voc(f, name="../../secret")),
        "expected bare image names",
    ),
    # segmentation
    (
        "mask of another size",
        "run_bench",
        segmenter(lambda r: Image.new("L", (9, 9)).save(r / "masks" / "p1.png")),
        "9 x 9 pixels",
    ),
    (
        "mask with colours",
        "run_bench",
        segmenter(lambda r: Image.new("RGB", (44, 44)).save(r / "masks" / "p1.png")),
        "is a colour picture",
    ),
    (
        "mask of other labels",
        "run_bench",
        segmenter(lambda r: Image.new("L", (44, 44), 9).save(r / "masks" / "p1.png")),
        "holds the value 9",
    ),
    ("mask missing", "run_bench", segmenter(lambda r: (r / "masks" / "p1.png").unlink()), "is missing"),
    ("huge mask", "run_bench", segmenter(lambda r: s.huge(r / "masks" / "p1.png")), "pixels, more than"),
    ("huge picture with mask", "run_bench", segmenter(lambda r: s.huge(r / "images" / "p1.jpg")), "pixels, more than"),
    ("split that leaves", "run_bench", segmenter(lambda r: None, "p0\n../../secret\n"), "leaves its folder"),
    ("no Keras weights", "run_bench", drive, "no Keras weights file"),
    # the other tools
    ("check: no model", "check", plain("torchvision::resnet19"), "'resnet18'"),
    ("check: no config", "check", plain("mmdet::retinanet/retinanet_r18_fpn_1x_cocoo.py"), "did you mean"),
    (
        "check: foreign config",
        "check",
        lambda f: [s.text(f, "config.py", f"open({str(f / 'ran')!r}, 'w')")],
        "--trust-config",
    ),
    (
        "check: broken config",
        "check",
        lambda f: [s.text(f, "config.py", "x = ("), "--trust-config"],
        "cannot be read: SyntaxError",
    ),
    ("check: size 0", "check", plain("torchvision::resnet18", "--size", "0"), "from 1 to 8192"),
    (
        "check: NaN",
        "check",
        lambda f: ["torchvision::resnet18", "--checkpoint", s.with_nan(f, "coco_yolo")],
        "is not finite",
    ),
    ("diagnose: no spikes", "diagnose", plain("fashion_resnet", "--method", "ann", "--timesteps", "4"), "no spikes"),
    (
        "diagnose: no picture",
        "diagnose",
        plain("fashion_resnet", "--method", "burst", "--timesteps", "4", "--out", "a.bmp"),
        ".png",
    ),
    (
        "diagnose: text as weights",
        "diagnose",
        lambda f: ["fashion_resnet", "--method", "burst", "--timesteps", "4", "--checkpoint", s.text(f)],
        "not a PyTorch checkpoint",
    ),
    (
        "show: no sample",
        "show",
        lambda f: ["fashion_resnet", "--samples", "none", "--out", f / "out"],
        "no test sample 'none'",
    ),
    ("show: a file", "show", occupied, "a file, not a folder"),
    ("compare: no record", "compare", lambda f: [f / "a.json", f / "b.json"], "no record file"),
    (
        "compare: cut off",
        "compare",
        lambda f: [s.text(f, "a.json", '{"task": '), "adafire", "--task", "coco_yolo"],
        "not used",
    ),
    ("compare: no method", "compare", plain("adafir", "adafire", "--task", "coco_yolo"), "did you mean 'adafire'"),
    ("leaderboard: no records", "leaderboard", lambda f: ["--out", f], "has no folder records/"),
    (
        "leaderboard: changed by hand",
        "leaderboard",
        lambda f: s.result(f, lambda c: c.update(seed=3)) and ["--out", f / "out"],
        "changed after it was written",
    ),
    (
        "leaderboard: corrupt",
        "leaderboard",
        lambda f: s.result(f, lambda c: c.clear()) and ["--out", f / "out"],
        "is missing",
    ),
    (
        "submit: corrupt",
        "submit",
        lambda f: ["check", s.result(f, lambda c: c["rows"][0].update(spikes="many"))],
        "found 'many'",
    ),
    (
        "submit: NaN",
        "submit",
        lambda f: ["check", s.result(f, lambda c: c["rows"][0].update(low=float("nan")))],
        "finite",
    ),
    ("submit: deep", "submit", lambda f: ["check", s.text(f, "deep.json", "[" * 99999)], "not used"),
    ("submit: a folder", "submit", lambda f: ["check", f], "not used"),
    ("sweep: no method", "sweep", bench("fashion_resnet", None, "--methods", "adafir"), "did you mean 'adafire'"),
    ("sweep: no jobs", "sweep", bench("fashion_resnet", None, "--jobs", "0"), "1 or more"),
    ("export: foreign task", "export", lambda f: [s.task(f)], "add --trust-config"),
    (
        "export: bursts",
        "export",
        lambda f: ["cifar10_resnet20", "--method", "adafire-uniform", "--out", f / "a.nir"],
        "NIR",
    ),
    ("export: no folder", "export", lambda f: ["fashion_resnet", "--out", f / "no" / "a.nir"], "make it first"),
    ("train: no config", "train_ann", plain("nowhere.py"), "does not exist"),
    (
        "train: foreign config",
        "train_ann",
        lambda f: [s.text(f, "config.py", f"open({str(f / 'ran')!r}, 'w')")],
        "--trust-config",
    ),
    ("train: no model", "train_ann", lambda f: [s.text(f, "config.py", "x = 1"), "--trust-config"], "lacks model"),
    ("train: no epochs", "train_ann", plain("benchmarks/zoo/resnet_fashion/config.py", "--epochs", "0"), "1 or more"),
    ("reproduce: no table", "reproduce", plain("cifar11"), "did you mean 'cifar10'"),
    ("reproduce: T", "reproduce", plain("cifar10", "--timesteps", "4,x"), "whole numbers"),
    ("regress: no task", "regress", plain("--only", "coco_yol"), "did you mean 'coco_yolo'"),
    ("regress: no reason", "regress", plain("--accept", " "), "takes a reason"),
    ("codes: no records", "codes", lambda f: ["coco_yoloo", "--out", f], "did you mean 'coco_yolo'"),
    ("codes: a model", "codes", lambda f: ["--model", "lemaire-45", "--out", f], "did you mean 'lemaire-45nm'"),
    ("energy_saved: no task", "energy_saved", lambda f: ["coco_yoloo", "--out", f], "did you mean 'coco_yolo'"),
    (
        "energy_saved: no reference",
        "energy_saved",
        plain("fashion_resnet", "--reference", "rate"),
        "no record of 'rate'",
    ),
    (
        "calibration_size: a source",
        "calibration_size",
        plain("fashion_resnet", "--sources", "own,othr"),
        "expected some of own, other, noise",
    ),
    ("calibration_size: no T", "calibration_size", plain("fashion_resnet", "--methods", "ours"), "such as adafire@4"),
    ("event_time: no events", "event_time", plain("fashion_resnet"), "has no event time"),
    ("event_time: no bins", "event_time", plain("fashion_events", "--bins", "99", "--limit", "2"), "1 to 9"),
    ("stream: no detector", "stream", plain("fashion_resnet"), "streams take a detector, such as coco_yolo"),
    ("stream: speeds", "stream", plain("coco_yolo", "--speed", "1,-2"), "different numbers from 0 to 64"),
    ("stream: zone", "stream", plain("coco_yolo", "--zone", "-1"), "finest levels, 0 or more"),
    ("stream: no folder", "stream", lambda f: ["coco_yolo", "--folder", f / "none"], "no such folder"),
    ("stream: no picture", "stream", plain("coco_yolo", "--save", "a.gif"), "ending in .png"),
    (
        "stream: no video",
        "stream",
        lambda f: ["scenes_video_fpn", "--file", f / "a.mp4"],
        "is not there; give the file of a",
    ),
    ("stream: rates", "stream", plain("scenes_video_yolo", "--rate", "0,15"), "different numbers above 0, up to 10000"),
    ("stream: boxes of nothing", "stream", plain("coco_yolo", "--annotations", "a.json"), "with --folder or --file"),
    (
        "stream: plot of a folder",
        "stream",
        plain("coco_yolo", "--folder", ".", "--plot", "a.png"),
        "--plot is of energy",
    ),
    ("stream: no weights", "stream", lambda f: ["dvs128_stream", "--data-root", f], "with --checkpoint FILE"),
    ("stream: no method", "stream", plain("coco_yolo", "--method", "our"), "did you mean 'ours'"),
    ("run_speed: no case", "run_speed", plain("mini-yol"), "did you mean 'mini-yolo'"),
    ("run_speed: no threads", "run_speed", plain("--threads", "0"), "from 1 to 1024"),
    ("run_speed: no T", "run_speed", plain("--timesteps", "4,x"), "whole numbers"),
    ("run_speed: no method", "run_speed", plain("--only", "grid", "--methods", "brust"), "did you mean 'burst'"),
    ("run_speed: nothing grows", "run_speed", plain("--only", "growth", "--axes", "batsch"), "did you mean 'batch'"),
    ("run_speed: clock", "run_speed", plain("--cpu-time", "--threads", "2"), "expected --threads 1 with it"),
    ("run_speed: a peer's parts", "run_speed", plain("--only", "parts", "--methods", "spikingjelly"), "--only grid"),
    ("run_speed: no earlier", "run_speed", lambda f: ["--render", "--against", f / "none"], "no such folder"),
    ("run_speed: empty", "run_speed", lambda f: ["--render", "--against", f], "no records of the grid are in it"),
    ("support_table: no option", "support_table", plain("--chek"), "did you mean --check?"),
    (
        "fit_few_spikes: no moves",
        "fit_few_spikes",
        plain("silu", "--moves", "0"),
        "expected --restarts and --moves of 1 or more",
    ),
]
SUBPROCESSES = {
    "run_bench": "coco_yolo: text as weights",
    "check": "check: no config",
    "sweep": "sweep: no method",
    "event_time": "event_time: no bins",
    "show": "show: a file",
}
"""The row that is called as a process of its own, where it is not the tool's first."""


@pytest.fixture(scope="module")
def tools():
    """name -> main(argv) of every tool, with everything that they import at hand."""
    mmcv_ops.register()
    import mmdet.models  # noqa: F401
    import mmseg.models  # noqa: F401

    return {name: program(name).main for name in TOOLS}


def files(*folders):
    """{path: (size, time of the last change)} of what lies below."""
    return {
        path: (path.stat().st_size, path.stat().st_mtime_ns) for folder in folders for path in Path(folder).rglob("*")
    }


def judge(code, err, words):
    """One message of at most five lines."""
    assert code == 2, err
    message = err[err.index("error: ") :] if "error: " in err else ""
    assert (
        words in message and len(message.splitlines()) <= 5 and "Traceback" not in err and "not foreseen" not in err
    ), err
    assert len(message) < 1500 and len(err.splitlines()) <= 6, err


def test_there_are_enough_and_every_tool_has_some():
    names = [name for name, *_ in ROWS]
    assert len(names) == len(set(names)) >= 60
    assert {tool for _, tool, *_ in ROWS} == set(TOOLS)


@pytest.mark.parametrize("tool, arguments, words", [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_bad_input(tool, arguments, words, tools, tmp_path, monkeypatch, capfd):
    monkeypatch.delenv("ADAFIRE_DATA", raising=False)
    argv = [str(argument) for argument in arguments(tmp_path)]
    monkeypatch.chdir(PROJECT if argv[0].startswith("benchmarks/") else tmp_path)
    capfd.readouterr()
    before, begin = files(tmp_path, PROJECT / "results", PROJECT / "runs"), time.process_time()
    code = tools[tool](argv)
    first, begin = time.process_time() - begin, time.process_time()
    judge(code, capfd.readouterr().err, words)
    assert files(tmp_path, PROJECT / "results", PROJECT / "runs") == before, "nothing was written, nothing was run"
    assert tools[tool]([*argv, "--debug"]) == 2 and "Traceback" in capfd.readouterr().err
    seconds = min(first, time.process_time() - begin)  # the first call may import a framework
    assert seconds < SECONDS, f"{seconds:.1f} s"


def _seconds(command, **options):
    """(What came of a process, its processor time in seconds.)"""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"}, **options
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return done, after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime


@pytest.fixture(scope="module")
def libraries_s():
    """Processor time of importing torch and torchvision, which this machine takes in any case."""
    return max(_seconds([sys.executable, "-c", "import torch, torchvision.models"])[1] for _ in range(2))


@pytest.mark.slow
@pytest.mark.parametrize("tool", TOOLS)
def test_bad_input_as_a_process(tool, tmp_path, libraries_s):
    _, _, arguments, words = next(row for row in ROWS if row[1] == tool and row[0] == SUBPROCESSES.get(tool, row[0]))
    argv = [str(argument) for argument in arguments(tmp_path)]
    before = files(tmp_path)
    done, seconds = _seconds([sys.executable, str(PROJECT / "tools" / f"{tool}.py"), *argv], cwd=tmp_path)
    judge(done.returncode, done.stderr, words)
    assert seconds < max(SECONDS, 1.7 * libraries_s)
    assert files(tmp_path) == before


def test_a_reader_that_has_enough_is_no_fault():
    """`tools/check.py ... | head`: silence, and the exit code that shells give to what a closed pipe ended."""
    tool = subprocess.Popen(
        [sys.executable, str(PROJECT / "tools" / "check.py"), "torchvision::resnet18", "--size", "32"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    tool.stdout.close()
    assert tool.stderr.read() == b"" and tool.wait() == 141
