"""Recordings as sliding windows: answers and counts are those of a stream told window after window, and what is refused."""

import numpy as np
import pytest
import torch

import adafire
from adafire.errors import InputError
from adapters.base import WorkloadOptions
from adapters.events.data.event_camera import EVENT
from adapters.events.data.event_frames import Representation
from adapters.events.data.event_sets import read
from adapters.events.data.sliding import sliding
from adapters.models.event_networks import conv4
from benchmarks.streams import recordings
from helpers.paths import SHARED
from layouts.event_files import aedat2 as aedat

FORM = Representation(bins=1, size=32, window_ms=50, clip=10, scale=2)
DATA = {
    "type": "recordings",
    "pattern": r"(?P<class>[ab])\d?\.aedat",
    "sample_ms": 50,
    "share": 0.5,
    "least": 10,
}


class Workload:
    prepare = FORM


def events(seed, length_us=420_000):
    g = np.random.default_rng(seed)
    made = np.zeros(1500, EVENT)
    made["t"] = np.sort(g.integers(0, length_us, 1500))
    made["t"][0], made["t"][-1] = 0, length_us - 1
    place = 20 + 60 * made["t"] / length_us  # something that moves
    for name in "xy":
        made[name] = (place + g.integers(0, 20, 1500)).astype(int)
    made["p"] = g.integers(0, 2, 1500)
    return made


@pytest.fixture
def folder(tmp_path):
    for k, name in enumerate(("a.aedat", "b.aedat", "b2.aedat")):
        (tmp_path / name).write_bytes(aedat(events(k)))
    return WorkloadOptions(split="full", data_root=str(tmp_path))


@pytest.fixture(scope="module")
def networks():
    torch.manual_seed(0)
    network = conv4(2).eval()
    x = torch.rand(16, 2, 32, 32, generator=torch.Generator().manual_seed(0)).mul(4).floor() / 2
    return adafire.convert(network, x, method="ours", timesteps=4), adafire.convert(
        network, x, method="ann", timesteps=1
    )


def test_pieces_are_of_what_is_scored(folder):
    told = recordings.pieces(Workload, DATA, folder, 25, 100)
    assert told.times.tolist() == [25_000, 50_000, 75_000, 100_000] and told.full.tolist() == [False, True, True, True]
    assert sorted(told.labels) == [0, 0, 1, 1, 1, 1]  # the second halves of 420 ms: two pieces of 100 ms each
    few = recordings.pieces(Workload, DATA, folder, 25, 100, limit=1)
    assert sorted(few.labels) == [0, 1]
    ((which, windows),) = told.load()
    windows = list(windows)
    assert which.tolist() == list(range(6)) and len(windows) == 4 and windows[0].shape == (6, 2, 32, 32)


def test_answers_and_counts_are_those_of_one_stream_after_the_other(folder, networks):
    snn, ann = networks
    told = recordings.pieces(Workload, DATA, folder, 25, 100)
    found = recordings.measured(snn, ann, told, 25)
    whole = read({**DATA, "sample_ms": 100}, folder)
    right = spikes = agree = 0
    for k, (r, those) in enumerate(zip(whole.test, whole.load(whole.test))):
        with snn.stream() as stream:
            for step, counts in enumerate(sliding(those, whole.sensor, FORM, r.begin_us, 100, 25)):
                x = FORM.inputs(torch.from_numpy(counts[None]))
                y, expected = stream(x).numpy()[0], ann(x).numpy()[0]
                assert np.allclose(found.outputs["ours"][k, step], y, atol=1e-5)
                assert np.allclose(found.outputs["ann"][k, step], expected, atol=1e-5)
                if told.full[step]:
                    right += y.argmax() == r.label
                    agree += y.argmax() == expected.argmax()
            spikes += stream.report().spikes * 4
    rows = {e.name: e for e in found.entries}
    assert (
        list(rows) == ["ann", "integer-sparse", "delta-ann", "ours, afresh", "ours, one read", "ours"]
        and found.windows == 18
    )
    assert rows["ours"].value == pytest.approx(right / 18) and rows["ours"].agreement == pytest.approx(agree / 18)
    assert rows["ours"].spikes == pytest.approx(spikes / 24) and rows["ours"].rate == 40
    assert rows["ours"].macs < rows["ours, afresh"].macs <= rows["ann"].macs and found.empty == 0
    assert [ms for ms, _ in found.after["ours"]] == [25, 50, 100]


def test_groups_of_pieces_make_no_difference(folder, networks, monkeypatch):
    told = recordings.pieces(Workload, DATA, folder, 50, 100)
    at_once = recordings.measured(*networks, told, 50)
    monkeypatch.setattr(recordings, "TOGETHER", 4)
    apart = recordings.measured(*networks, told, 50)
    assert np.allclose(at_once.outputs["ours"], apart.outputs["ours"], atol=1e-5)
    assert at_once.entries[-1].spikes == pytest.approx(apart.entries[-1].spikes)
    assert at_once.after == apart.after


def test_methods_without_a_law_have_no_delta(folder, networks):
    snn = adafire.convert(networks[0].network, torch.rand(8, 2, 32, 32), method="burst", timesteps=3)
    found = recordings.measured(snn, networks[1], recordings.pieces(Workload, DATA, folder, 50, 100, 1), 50)
    assert [e.name for e in found.entries] == ["ann", "integer-sparse", "burst"] and found.entries[-1].spikes > 0


@pytest.mark.parametrize("data", [{"type": "fashion_saccades"}, {"type": "recordings"}, None])
def test_what_does_not_slide_is_refused(data, folder):
    with pytest.raises(InputError, match="a stream of windows takes recordings that are cut into samples"):
        recordings.pieces(Workload, data, folder, 25)


def test_pieces_shorter_than_a_window_are_refused(folder):
    with pytest.raises(InputError, match="pieces of 40 ms are over before a window of 50 ms is full; make them longer"):
        recordings.pieces(Workload, DATA, folder, 10, 40)


def test_real_recordings_are_cut_as_the_task_scores_them():
    root = SHARED / "dvs128_objects"
    if not root.is_dir():
        pytest.skip("the real recordings (shared/data/dvs128_objects) are not on this machine")
    pattern = r"(?P<part>occasion1)_(?P<class>Caixa|Tesoura)\.aedat"
    data = {
        "type": "recordings",
        "pattern": pattern,
        "train": "occasion1",
        "test": "occasion1",
        "sample_ms": 50,
        "share": 0.7,
    }
    options = WorkloadOptions(split="full", data_root=str(root))
    told = recordings.pieces(Workload, data, options, 10, 500)
    assert len(told.labels) == 11 + 11 and len(told.times) == 50  # 5.5 s and 5.6 s
    which, windows = next(told.load())
    first = next(iter(windows))
    assert len(which) == 16 and first.shape == (16, 2, 32, 32) and first.sum() > 0
