"""Contact sheets and animations: which samples stand where, what every cell is drawn from, and what is refused."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from adafire.errors import InputError, UnsupportedError
from adapters.base import WorkloadOptions, adapters
from benchmarks.report import over_time, sheet
from benchmarks.running import methods
from benchmarks.running.schema import parse
from benchmarks.running.task import Task
from helpers import toys
from tools.show import main


class Noted(toys.ToyWorkload):
    """Notes what is drawn."""

    calls = []

    def draw(self, axes, sample_id, prediction):
        self.calls.append((sample_id, prediction))
        axes.imshow(np.full((4, 4), 0 if prediction is None else prediction), vmin=0, vmax=3)


if "noted" not in adapters.names():
    adapters.register("noted", Noted)
TASK = parse(Task, {**toys.TASK, "adapter": "noted"}, "task")


def watched(timesteps, one=False):
    workload = Noted({"batch_size": 1}, WorkloadOptions())
    return workload, over_time.Watched(workload, methods.get("adafire-uniform"), timesteps, one=one)


def test_samples_are_ranked_by_how_far_their_outputs_are_from_the_anns():
    workload, seen = watched([1, 4])
    batches = list(workload.batches())
    ranked = over_time.farthest_last(workload, seen, batches)
    network, snn = workload.network, seen.networks[-1][1]
    expected = {}
    for batch in batches:
        with torch.no_grad():
            wanted, found = network(batch.inputs), snn(batch.inputs, at=(4,))[0]
        expected[batch.ids[0]] = float((found - wanted).square().mean() / wanted.var(correction=0) / 2)
    assert [sample for _, sample, *_ in ranked] == sorted(expected, key=expected.get)
    assert [value for value, *_ in ranked] == pytest.approx(sorted(expected.values()), rel=1e-4)
    assert [one.timesteps for one in ranked[0][-1]] == [1, 4]


def test_spikes_are_of_this_sample_alone_and_grow():
    workload, seen = watched([1, 2, 4], one=True)
    first, second = list(workload.batches())[:2]
    assert len(seen.networks) == 1, "one simulation, read out as it goes on"
    alone = seen.look(second)[1]
    seen.look(first)
    again = seen.look(second)[1]
    assert [one.spikes for one in alone] == [one.spikes for one in again]
    for earlier, later in zip(alone, alone[1:]):
        assert all(later.spikes[site] >= earlier.spikes[site] for site in earlier.spikes)
    assert sum(alone[-1].spikes.values()) > 0


@pytest.mark.parametrize(
    "number, sizes", [(1, (1, 0, 0)), (2, (1, 0, 1)), (3, (1, 1, 1)), (7, (2, 2, 2)), (60, (2, 2, 2))]
)
def test_no_sample_stands_twice(number, sizes):
    parts = sheet.chosen(list(range(number)), 2)
    assert tuple(map(len, parts.values())) == sizes
    together = [entry for entries in parts.values() for entry in entries]
    assert together == sorted(set(together)) and together[0] == 0 and together[-1] == number - 1


def test_a_sheet_draws_truth_ann_and_every_t_of_the_chosen(tmp_path):
    Noted.calls = []
    path = tmp_path / "sheet.png"
    sheet.contact_sheet(TASK, "mini", "adafire-uniform", [1, 2], WorkloadOptions(), path, each=1, of=10)
    workload, seen = watched([1, 2])
    ranked = over_time.farthest_last(workload, seen, list(workload.batches()))
    parts = sheet.chosen(ranked, 1)
    expected = []
    for entries in parts.values():
        for _, sample, _, ann, predictions in entries:
            expected += [(sample, None), (sample, ann), *((sample, one.prediction) for one in predictions)]
    assert Noted.calls == expected and len(expected) == 12
    assert Image.open(path).size[0] > 500


@pytest.mark.parametrize("ending", sheet.MOVING)
def test_an_animation_has_a_frame_a_step_and_a_strip_that_grows(tmp_path, ending):
    path = tmp_path / f"sample{ending}"
    sheet.animation(TASK, "mini", "adafire-uniform", 3, WorkloadOptions(), path, "7")
    with Image.open(path) as moving:
        assert moving.n_frames == 3
        painted = []
        for k in range(3):
            moving.seek(k)
            pixels = np.asarray(moving.convert("RGB"))
            below = pixels[int(0.74 * len(pixels)) : int(0.85 * len(pixels)), 60:-120]
            painted.append((below.min(-1) < 250).mean())
    assert painted[0] < painted[1] < painted[2]


@pytest.mark.parametrize("ending, most", [(".png", 0), (".gif", 8)])
def test_an_animation_shows_the_frames_it_is_given_in_their_order(ending, most):
    """GIF has one palette for all frames: colours are near those that were given, also those that the first frame does not have."""
    ramp = np.arange(0, 256, 4).reshape(8, 8)
    shades = np.stack([np.stack([ramp] * 3, -1), np.stack([255 - ramp, 0 * ramp, 0 * ramp], -1)]).astype(np.uint8)
    frames = []
    for shade in shades:
        file = io.BytesIO()
        Image.fromarray(shade).save(file, "PNG")
        frames.append(file.getvalue())
    with Image.open(io.BytesIO(sheet.moving(frames, ending))) as moving:
        assert moving.n_frames == 2 and moving.size == (8, 8)
        for k, shade in enumerate(shades):
            moving.seek(k)
            found = np.asarray(moving.convert("RGB")).astype(int)
            assert abs(found - shade).max() <= most


def test_what_has_no_timesteps_or_no_counterpart_is_said():
    workload = Noted({"batch_size": 1}, WorkloadOptions())
    with pytest.raises(InputError, match="method ann has no timesteps to look at"):
        over_time.Watched(workload, methods.get("ann"), [1])
    workload, seen = watched([1])
    real = workload.simulate
    workload.simulate = lambda snn, batch, at: [(y, y) if snn is not seen.ann else y for y in real(snn, batch, at)]
    workload.predict = lambda outputs, batch: [0]
    with pytest.raises(UnsupportedError, match="choose samples yourself with --samples"):
        over_time.farthest_last(workload, seen, list(workload.batches()))


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--sheet", "my.png", "--animate", "my.gif"], "give one of them"),
        (["--sheet", "my.jpg"], "expected a file name that ends in .png"),
        (["--animate", "nowhere/my.gif"], "in a folder that exists"),
        (["--each", "3"], "--each is of contact sheets"),
        (["--sheet", "my.png", "--samples", "1"], "finds its samples itself"),
        (["--animate", "my.gif", "--samples", "1,2"], "found 2, expected one sample"),
    ],
)
def test_wrong_requests_are_one_line(arguments, words, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["fashion_resnet", *arguments]) == 2
    said = capsys.readouterr().err
    assert words in said and said.count("\n") <= 2 and not list(tmp_path.iterdir())
