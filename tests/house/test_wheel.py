"""The wheel is the library alone: what it holds, that it works where nothing of the suite is, and the command in it."""

import os
import shutil
import subprocess
import sys
import zipfile

import pytest

import adafire
from adafire import command
from helpers.paths import ROOT

PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input"]
ROOMS = ("adapters", "benchmarks", "tasks", "tools")
SUITE = {
    "torchvision",
    "mmengine",
    "mmcv",
    "mmdet",
    "mmseg",
    "pycocotools",
    "open3d",
    "filelock",
    "PIL",
    "pydantic",
    "rich",
    "matplotlib",
    "ray",
    "nir",
    "timm",
    "h5py",
    "av",
    *ROOMS,
}
CONVERTS = """
import torch, adafire
net = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(144, 2)).eval()
snn = adafire.convert(net, torch.rand(4, 3, 8, 8), method="adafire-signed", timesteps=4)
import adapters
print(adafire.__version__, tuple(snn(torch.rand(2, 3, 8, 8)).shape), adafire.__file__, adapters.MINE)
"""


def python(*arguments, path="", cwd=None):
    """What a fresh interpreter did that sees ``path`` first, and not the folder it is called in."""
    env = {**os.environ, "PYTHONPATH": str(path), "OMP_NUM_THREADS": "1", "PYTHONSAFEPATH": "1"}
    return subprocess.run(
        [sys.executable, *map(str, arguments)], env=env, cwd=cwd, capture_output=True, text=True, timeout=300
    )


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """[source archive, wheel] as `python -m build` makes them, the wheel of the archive, from a copy of the project: a build leaves
    folders."""
    pytest.importorskip("build", reason="needs the extra test")
    copy, out = tmp_path_factory.mktemp("project") / "adafire", tmp_path_factory.mktemp("wheel")
    shutil.copytree(
        ROOT,
        copy,
        ignore=shutil.ignore_patterns(
            ".*",
            "__pycache__",
            "*.egg-info",
            "build",
            "dist",
            "runs",
            "results",
            "work_dirs",
            "*.pth",
            "*.png",
            "*.min.js",
        ),
    )
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(copy)],
        check=True,
        capture_output=True,
        timeout=300,
    )
    return sorted(out.iterdir(), key=lambda path: path.suffix)


@pytest.fixture(scope="module")
def wheel(built):
    return built[1]


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """A folder with the wheel installed, beside another project's package that is called as one of our rooms."""
    target = tmp_path_factory.mktemp("site")
    (target / "adapters").mkdir()
    (target / "adapters" / "__init__.py").write_text("MINE = 'of another project'\n")
    subprocess.run(
        [*PIP, "install", "--quiet", "--no-deps", "--no-index", "--target", str(target), str(wheel)],
        check=True,
        timeout=300,
    )
    return target


@pytest.mark.slow
def test_the_wheel_holds_the_library_and_nothing_else(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    about = f"adafire-{adafire.__version__}.dist-info"
    assert {name.split("/")[0] for name in names} == {"adafire", about}
    expected = {path.relative_to(ROOT).as_posix() for path in (ROOT / "adafire").rglob("*.py")}
    assert {name for name in names if name.startswith("adafire/")} == expected | {
        "adafire/neurons/kernels.c",
        "adafire/py.typed",
    }
    assert f"{about}/licenses/LICENSE" in names and wheel.name.endswith("-py3-none-any.whl")


@pytest.mark.slow
def test_an_index_would_take_what_is_built(built):
    """Names, metadata, and a description that renders."""
    pytest.importorskip("twine", reason="needs the extra test")
    assert [path.name for path in built] == [
        f"adafire-{adafire.__version__}.tar.gz",
        f"adafire-{adafire.__version__}-py3-none-any.whl",
    ]
    line = [sys.executable, "-m", "twine", "check", "--strict", *map(str, built)]
    done = subprocess.run(line, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and done.stdout.count("PASSED") == 2, done.stdout + done.stderr


@pytest.mark.slow
def test_what_the_wheel_asks_for(wheel):
    text = zipfile.ZipFile(wheel).read(f"adafire-{adafire.__version__}.dist-info/METADATA").decode()
    fields = [line.partition(": ") for line in text.split("\n\n")[0].splitlines()]
    needs = [value for key, _, value in fields if key == "Requires-Dist" and "extra ==" not in value]
    assert {need.split("<")[0].split(">")[0] for need in needs} == {"torch", "numpy", "safetensors"}
    assert ("Requires-Python", ": ", ">=3.10") in fields and ("License-Expression", ": ", "Apache-2.0") in fields
    extras = {value for key, _, value in fields if key == "Provides-Extra"}
    assert extras == set(
        "suite test sweep nir keras events video points timm speed spikingjelly sinabs docs all".split()
    )


@pytest.mark.slow
def test_installed_it_converts_and_takes_no_other_projects_name(installed, tmp_path):
    done = python("-c", CONVERTS, path=installed, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (
        done.stdout.split("\n")[0]
        == f"{adafire.__version__} (2, 2) {installed / 'adafire' / '__init__.py'} of another project"
    )
    assert not {path.name for path in installed.iterdir()} & {*ROOMS} - {"adapters"}


@pytest.mark.slow
def test_outside_a_clone_the_command_says_where_the_suite_is(installed, tmp_path):
    script = installed / "bin" / "adafire"
    for name in command.TOOLS:
        done = python(
            script, name, "torchvision::resnet18", path=installed, cwd=ROOT
        )  # called in a clone, but not its own
        assert done.returncode == 2 and not done.stdout and done.stderr.count("\n") == 1, done.stderr
        assert f"adafire {name} is part of the benchmark suite" in done.stderr and "clone" in done.stderr
    assert (
        python("-m", "adafire", "--version", path=installed, cwd=tmp_path).stdout == f"adafire {adafire.__version__}\n"
    )


@pytest.mark.slow
def test_importing_the_library_imports_nothing_of_the_suite():
    code = (
        "import sys, warnings, logging, torch, numpy, safetensors; before = list(warnings.filters); import adafire; "
        "assert warnings.filters == before and not logging.getLogger().handlers; print(*{m.split('.')[0] for m in sys.modules})"
    )
    done = python("-c", code, path=ROOT)
    assert done.returncode == 0, done.stderr
    assert not SUITE & set(done.stdout.split())


def test_in_a_clone_the_command_is_the_tool(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stop:
        command.main(["report", "--out", str(tmp_path)])
    assert stop.value.code == 2 and "has no folder records/" in capsys.readouterr().err
    with pytest.raises(SystemExit) as stop:
        command.main(["check", "--help"])
    assert stop.value.code == 0 and "usage: adafire check" in capsys.readouterr().out


def test_a_clone_with_the_library_alone_says_what_to_install(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "torchvision", None)  # as if it were not installed
    with pytest.raises(SystemExit) as stop:
        command.main(["check", "torchvision::resnet18"])
    said = capsys.readouterr().err
    assert stop.value.code == 2 and "needs the package torchvision" in said and "pip install -e '.[suite]'" in said


@pytest.mark.parametrize(
    "argv, code, words",
    [
        (["--help"], 0, "adafire check torchvision::resnet18"),
        (["--version"], 0, f"adafire {adafire.__version__}"),
        ([], 2, "required: COMMAND"),
        (["chekc"], 2, "invalid choice: 'chekc'"),
    ],
)
def test_the_command_itself(argv, code, words, capsys):
    assert command.main(argv) == code
    said = capsys.readouterr()
    assert words in said.out + said.err
