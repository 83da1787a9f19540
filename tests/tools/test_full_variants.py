"""Every variant of split 'full' of every task runs from the command line on a fake of its data: layout, reader, network,
conversion, metric and record. Weights are random, samples two, pictures small; all else is as the task says."""

import gc
import json

import pytest

import layouts
from benchmarks.running import catalogue
from benchmarks.running.task import load_task
from helpers.programs import program
from layouts import cifar, smaller

FULL = [
    (path.stem, name)
    for path in catalogue.task_files()
    for name, variant in load_task(path).variants.items()
    if variant.split == "full"
]


@pytest.fixture(scope="module")
def fakes(tmp_path_factory):
    """key -> data root; each fake is written once."""
    made = {}

    def root(key):
        if key not in made:
            made[key] = layouts.make(key, tmp_path_factory.mktemp("fake"))
        return made[key]

    return root


@pytest.fixture
def no_garbage():
    """Networks of hundreds of megabytes are in cycles; they go before the next comes."""
    yield
    gc.collect()


@pytest.mark.slow
@pytest.mark.usefixtures("no_garbage")
@pytest.mark.parametrize("task, variant", FULL, ids=[f"{task} {variant}" for task, variant in FULL])
def test_a_full_variant_runs_on_its_fake(task, variant, fakes, tmp_path, monkeypatch, capsys):
    cifar.trust(monkeypatch)
    monkeypatch.setenv("ADAFIRE_CACHE", str(tmp_path / "cache"))
    chosen = load_task(catalogue.find_task(task)).variants[variant]
    file = smaller.task_file(task, variant, chosen, tmp_path / f"{task}.py")
    argv = [str(file), "--trust-config", "--variant", variant, "--data-root", str(fakes(layouts.key(chosen)))]
    argv += ["--checkpoint", "random", "--methods", "burst", "--timesteps", "1", "--no-rivals"]
    argv += ["--limit", str(smaller.samples(chosen))]
    code = program("run_bench").main([*argv, "--out", str(tmp_path / "runs")])
    assert code == 0, capsys.readouterr().err
    records = [json.loads(file.read_text()) for file in (tmp_path / "runs" / "records").rglob("*.json")]
    assert {record["method"] for record in records} == {"ann", "burst"}
    for record in records:
        assert record["status"] == "ok" and record["workload"]["weights"]["source"] == "random"
        assert record["samples"] == smaller.samples(chosen) and record["workload"]["calibration"]["overlap"] == 0


def test_what_has_no_fake_is_named(tmp_path):
    with pytest.raises(AssertionError, match="no fake of the data 'moon rocks': write one in tests/layouts/"):
        layouts.make("moon rocks", tmp_path)
