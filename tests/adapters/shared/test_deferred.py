"""Deferred packages: not imported until something in them is called, and then the real ones; nothing is left behind."""

import subprocess
import sys

import pytest

from adapters.shared.deferred import deferred
from helpers.paths import ROOT


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package 'heavy' with the modules 'heavy.tools' and 'heavy.other', and a module 'user' that imports from it."""
    (tmp_path / "heavy").mkdir()
    (tmp_path / "heavy" / "__init__.py").write_text("loaded = True\n")
    (tmp_path / "heavy" / "tools.py").write_text("class Kind:\n    most = 3\ndef double(x):\n    return 2 * x\n")
    (tmp_path / "heavy" / "other.py").write_text("from heavy.tools import double\nsix = double(3)\n")
    (tmp_path / "user.py").write_text(
        "import heavy.tools as tools\nfrom heavy.tools import Kind, double\ndef use(): return double(tools.double(1)), Kind().most\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for name in [n for n in sys.modules if n.split(".")[0] in ("heavy", "user")]:
        del sys.modules[name]


def there():
    return sorted(n for n in sys.modules if n.startswith("heavy"))


def test_a_deferred_package_is_imported_at_its_first_call(package):
    with deferred("heavy", "heavy.tools"):
        import user
    assert there() == []
    assert user.use() == (4, 3)
    assert there() == ["heavy", "heavy.tools"]


def test_what_is_imported_of_it_in_earnest_brings_the_real_one(package):
    with deferred("heavy", "heavy.tools"):
        import heavy.other
    assert heavy.other.six == 6 and heavy.loaded and there() == ["heavy", "heavy.other", "heavy.tools"]


def test_what_is_imported_already_or_not_installed_is_left_alone(package):
    import heavy.tools

    before = sys.modules["heavy.tools"]
    with deferred("heavy", "heavy.tools", "not_installed_at_all"):
        assert sys.modules["heavy.tools"] is before
        with pytest.raises(ModuleNotFoundError):
            import not_installed_at_all  # noqa: F401


def modules_of(command, names):
    """Which of ``names`` a command line of the project imports."""
    code = (
        "import sys; from tools.run_bench import main\n"
        "try: main(sys.argv[2:])\nexcept SystemExit: pass\n"
        "print('found:', *[n for n in sys.argv[1].split(',') if n in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, ",".join(names), *command], cwd=ROOT, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.rsplit("found:", 1)[1].split()


HEAVY = ["torch._dynamo", "sympy", "scipy", "sklearn", "pandas", "matplotlib", "timm", "transformers"]


def test_help_imports_nothing_that_takes_time():
    assert modules_of(["--help"], ["torch", "numpy", "mmengine", "pydantic", "rich", *HEAVY]) == []


@pytest.mark.parametrize("task", ["fashion_resnet", "modelnet40_pointnet"])
def test_a_mini_run_imports_no_compiler_and_no_framework(task, tmp_path):
    command = [task, "--methods", "burst", "--timesteps", "1", "--limit", "8", "--out", str(tmp_path)]
    assert modules_of(command, [*HEAVY, "mmcv", "mmdet", "mmseg", "open3d"]) == []


@pytest.mark.slow
@pytest.mark.parametrize("task", ["coco_yolo", "voc12_fcn"])
def test_a_mini_run_of_a_framework_does_without_what_it_does_not_need(task, tmp_path):
    command = [
        task,
        "--variant",
        "mini",
        "--methods",
        "burst",
        "--timesteps",
        "1",
        "--limit",
        "8",
        "--out",
        str(tmp_path),
    ]
    assert (
        modules_of(
            command, ["torch._dynamo", "scipy.optimize", "scipy.stats", "sklearn", "pandas", "matplotlib", "timm"]
        )
        == []
    )
