"""The speed benchmark: both sides compute the same, times are paired, records and the table say what was measured."""

import subprocess
import sys

import pytest
import torch
from torch import nn

from adafire.simulation.plan import CHUNK
from benchmarks.speed import measures, page, records
from benchmarks.speed.ann import best_layout
from benchmarks.speed.cases import LIGHT, Case, call, load
from benchmarks.speed.grid import grid
from benchmarks.speed.timing import interleaved, ratio
from helpers.networks import build, relative_error
from helpers.paths import ROOT


def small(name="Residual"):
    return Case(name, build(name), torch.randn(2, 3, 16, 16), call)


@torch.no_grad()
def test_the_ann_in_its_best_layout_is_the_same_network():
    case = small()
    network, folded, x = best_layout(*case[1:])
    assert folded == 2 and not any(isinstance(m, nn.BatchNorm2d) for m in network.modules())
    assert x.is_contiguous(memory_format=torch.channels_last)
    assert relative_error(network(x), case.network(case.x)) < 1e-5
    assert any(isinstance(m, nn.BatchNorm2d) for m in case.network.modules())


@torch.no_grad()
def test_norms_of_an_mmdetection_network_fold():
    case = load("mini-yolo")
    case = case._replace(x=case.x[:1, :, :64, :64])
    network, folded, x = best_layout(*case[1:])
    assert folded == 32
    assert relative_error(case.forward(network, x), case.forward(case.network, case.x)) < 1e-4


def test_rounds_are_paired_and_warm_up_does_not_count():
    log, now = [], iter(range(1000))
    times = interleaved({"a": lambda: log.append("a"), "b": lambda: (log.append("b"), next(now))}, 3, lambda: next(now))
    assert log == ["a", "b"] * 5
    assert times["a"].seconds == (1, 1, 1) and times["b"].seconds == (2, 2, 2)
    assert ratio(times["b"], times["a"]) == (2, 2, 2)


def test_records_and_table(tmp_path):
    made = measures.simulation(small(), 4, 1, ("fp32", "bf16")) + measures.curve(small(), 4, 1)
    assert [r.measure for r in made] == [
        "simulation fp32",
        "simulation bf16",
        "curve at 1,2,4",
        "curve at every T to 4",
    ]
    assert all(r.taken > 0 and r.reference > 0 and r.low <= r.ratio <= r.high for r in made)
    assert made[0].ratio == pytest.approx(made[0].taken / made[0].reference)
    for record in made:
        records.save(record, tmp_path)
    records.save(made[0], tmp_path)  # measured again: replaced
    found = records.load_all(tmp_path)
    assert sorted(r.measure for r in found) == sorted(r.measure for r in made)
    text = page.page(found)
    assert all(f"**{r.ratio:.2f}**" in text and r.over in text for r in made)


def test_the_page_is_written_beside_its_records(tmp_path):
    made = measures.simulation(small(), 4, 1, ("fp32",))
    records.save(made[0], tmp_path / "speed")
    page.write_page(tmp_path)
    text = (tmp_path / "SPEED.md").read_text(encoding="utf-8")
    assert f"{tmp_path.as_posix()}/speed/" in text and f"**{made[0].ratio:.2f}**" in text


def test_the_grid_has_every_method_with_and_without_counting(tmp_path):
    made = list(
        grid(
            small(),
            1,
            methods=("burst", "ours"),
            timesteps=(1, 2),
            wanted=("grid", "parts"),
            have=lambda measure, t: measure.startswith("parts") and t == 1,
        )
    )
    assert [r.measure for r in made[:2]] == ["grid: burst", "grid, outputs only: burst"] and len(made) == 10
    assert [(r.measure, r.timesteps) for r in made if r.parts] == [("parts: burst", 2), ("parts: ours", 2)]
    for record in made:
        records.save(record, tmp_path / "speed")
    assert len(records.load_all(tmp_path / "speed")) == 10
    page.write_page(tmp_path)
    text = (tmp_path / "SPEED.md").read_text(encoding="utf-8")
    whole, plain = (
        next(r for r in made if r.measure == f"{m}: ours" and r.timesteps == 2) for m in ("grid", "grid, outputs only")
    )
    line = next(line for line in text.splitlines() if line.startswith("| Residual | ours |"))
    assert line.split("|")[5].strip() == f"{whole.ratio:.2f} [{whole.low:.2f}, {whole.high:.2f}] ({plain.ratio:.2f})"
    assert (tmp_path / "speed" / f"grid-{whole.threads}.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("name", [name for name in LIGHT if name.startswith(("unet", "yolo", "vit"))])
@torch.no_grad()
def test_light_networks_of_the_grid_run(name):
    case = load(name)
    assert case.forward(case.network, case.x[:1]) is not None


def test_spikingjelly_simulates_the_same_network():
    pytest.importorskip("spikingjelly", reason="spikingjelly is not installed; pip install 'adafire[speed]'")
    from torchvision.models import resnet18

    from benchmarks.speed.peers import spikingjelly

    torch.manual_seed(0)
    case = Case("resnet18", resnet18(weights=None).eval(), torch.randn(2, 3, 64, 64), call)
    with torch.no_grad():
        expected = case.network(case.x)
    few, many = (relative_error(spikingjelly(case, t)(), expected) for t in (4, 32))
    assert many < few and many < 0.5
    assert relative_error(spikingjelly(case, 4, torch.channels_last)(), spikingjelly(case, 4)()) < 0.05


def test_chunk_follows_from_the_memory_budget():
    snn = measures.conversion(small(), 4)
    plan = snn.plan(torch.randn(2, 3, 16, 16))
    assert plan.chunk(1.0) == CHUNK and plan.chunk(1e-9) == 1
    assert plan.chunk(3 * 1.5 * plan.step_bytes / 1e9 + 1e-9) == 3


@pytest.mark.slow
def test_256_timesteps_need_hardly_more_memory_than_8():
    (before, few, chunk), (_, many, _) = measures.peak_bytes("mini-yolo", 8), measures.peak_bytes("mini-yolo", 64)
    assert chunk == CHUNK and few > before and many <= 1.2 * few


@pytest.mark.parametrize(
    "arguments,message",
    [
        (["--only", "simulatoin"], "did you mean 'simulation'"),
        (["--without", "fp16"], "Known: bf16"),
        (["--only", "grid", "--methods", "oursx"], "did you mean 'ours'"),
        (["--only", "growth", "--axes", "pixel"], "did you mean 'pixels'"),
        (["mini-yolo", "--threads", "0"], "from 1 to 1024"),
    ],
)
def test_bad_arguments(arguments, message):
    done = subprocess.run([sys.executable, "tools/run_speed.py", *arguments], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2 and message in done.stderr and "Traceback" not in done.stderr
