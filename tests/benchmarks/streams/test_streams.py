"""Streams against their rivals: prices by hand, the order of costs that must be, on boxes and on masks, and methods without a law."""

import pytest

from adafire.cost import ENERGY_MODELS
from adafire.errors import InputError
from adapters.base import WorkloadOptions
from adapters.detection.data.fashion_scenes import split_objects
from adapters.detection.data.moving_scenes import Motion
from benchmarks.running import methods
from benchmarks.running.request import find_adapter
from benchmarks.running.task import TASKS, load_task
from benchmarks.streams import films, measuring
from benchmarks.streams.named import NAMED
from benchmarks.streams.pricing import MODELS, Seen, entries
from helpers.workloads import Few

pytestmark = pytest.mark.filterwarnings("ignore")
NAMES = ["ann", "integer-sparse", "delta-ann", "ours, afresh", "ours, one read", "ours"]


def made(name):
    named = NAMED[name]
    variant = load_task(TASKS / f"{named.task}.py").variants[named.variant]
    options = WorkloadOptions(variant=named.variant, split="mini")
    return find_adapter(load_task(TASKS / f"{named.task}.py").adapter)(variant.settings(), options)


@pytest.fixture(scope="module")
def detector():
    return made("scenes_video_yolo")


def few_networks(workload, method, timesteps):
    return measuring.networks(Few(workload), methods.get(method), timesteps)


@pytest.fixture(scope="module")
def found(detector, tmp_path_factory):
    film = films.generated(
        tmp_path_factory.mktemp("video"), "detection", split_objects("test"), 0, 3, Motion(2.0), 30.0
    )
    seen = []
    rows = measuring.measured(detector, *few_networks(detector, "ours", 4), film, 2.0, rate=30.0, tell=seen.append)
    return {e.name: e for e in rows}, seen


@pytest.mark.slow
def test_every_rival_is_there_and_priced_by_hand(found):
    rows, seen = found
    assert list(rows) == NAMES
    for e in rows.values():
        pj = 4.6 * e.macs + 0.9 * e.synops  # Horowitz, 45 nm, float32
        assert e.energy_pj["horowitz-45nm"] == pytest.approx(pj)
        assert e.share["horowitz-45nm"] == pytest.approx(pj / (4.6 * rows["ann"].macs))
        assert e.power_uw("horowitz-45nm") == pytest.approx(30 * pj / 1e6)
        assert set(e.energy_pj) == set(rows["ann"].energy_pj) >= {*MODELS, "spikingjelly-simple", "neuromc-32nm"}
    assert set(rows["ann"].share.values()) == {1.0} and rows["ann"].synops == 0
    assert rows["integer-sparse"].macs < rows["ann"].macs
    assert rows["ours"].macs < rows["ours, afresh"].macs and rows["ours"].spikes < rows["ours, afresh"].spikes
    assert rows["ours"].macs < rows["delta-ann"].macs < rows["ann"].macs
    for model in MODELS[
        2:
    ]:  # a weight and a current for each change, where the stream has as many for each of its spikes
        assert rows["delta-ann"].energy_pj[model] < rows["ann"].energy_pj[model]
    assert len(seen) == 3 and seen[0].report.spikes > seen[1].report.spikes > 0
    assert sum(now.report.spikes for now in seen) / 3 == pytest.approx(rows["ours"].spikes)
    assert [now.done for now in seen] == [1, 2, 3] and all(0.9 < now.alike <= 1 for now in seen)


@pytest.mark.slow
def test_the_score_is_that_of_frame_by_frame(found):
    rows, _ = found
    assert abs(rows["ours"].value - rows["ann"].value) <= 0.02 and rows["ours"].agreement > 0.95


@pytest.mark.slow
def test_methods_without_a_streaming_law_run_afresh(detector, tmp_path):
    film = films.generated(tmp_path, "detection", split_objects("test"), 0, 2, Motion(0.0))
    snn, ann = few_networks(detector, "adafire-signed", 2)
    rows = measuring.measured(detector, snn, ann, film, 0.0)
    assert [e.name for e in rows] == ["ann", "integer-sparse", "adafire-signed"]
    assert rows[-1].spikes > 0
    with pytest.raises(InputError, match="no streaming law"):
        measuring.measured(detector, snn, ann, film, 0.0, zone=1.0)


@pytest.mark.slow
def test_masks_of_a_video_are_scored_frame_by_frame(tmp_path):
    """mIoU against the classes known, and against the ANN's; frames that nobody has labelled: the latter alone."""
    workload = made("scenes_video_fpn")
    film = films.generated(tmp_path, "segmentation", split_objects("test"), 0, 2, Motion(1.0))
    snn, ann = few_networks(workload, "ours", 4)
    rows = measuring.measured(workload, snn, ann, film, 1.0)
    assert [e.name for e in rows] == NAMES
    by_name = {e.name: e for e in rows}
    assert 0.2 < by_name["ann"].value < 1 and abs(by_name["ours"].value - by_name["ann"].value) < 0.02
    assert by_name["ours"].agreement > 0.95
    blind = measuring.measured(workload, snn, ann, film._replace(masks=None), 1.0)
    assert {e.value for e in blind} == {None} and blind[-1].agreement == pytest.approx(by_name["ours"].agreement)


class Told:
    """A report of two layers: 10 products remain, 4 messages of 6 spikes at synapses."""

    def __init__(self, **changes):
        layer = {"layer": "b", "op": "linear", "macs": 0.0, "eff_macs": 0.0, "ann_macs": 20.0, "synops": 6.0}
        layer |= {"synops_graded": 4.0, "spikes": 3.0, "messages": 2.0, "inputs": 5.0, "outputs": 4.0}
        layer |= {"output_updates": 0.0, "weights": 20, "biases": 0, "ann_eff_macs": None}
        self.counted = {
            "macs": 10.0,
            "eff_macs": 8.0,
            "synops": 6.0,
            "synops_graded": 4.0,
            "spikes": 3.0,
            "messages": 2.0,
        }
        self.counted |= {"layers": [layer], "sites": [], **changes}

    def as_dict(self):
        return self.counted


def test_rows_by_hand_without_a_network():
    """ANN: 30 MACs, 20 of them with an operand; the stream above; afresh 12 spikes. Float arithmetic: 4.6 a MAC, 0.9 an addition."""
    plain = Told(macs=30.0, eff_macs=20.0, synops=0.0, layers=[], spikes=0.0)
    rows = entries(
        "ours",
        Seen(plain, 0.9),
        Seen(Told(), 0.8, 0.95),
        Seen(Told(spikes=9.0, synops=12.0), 0.85, 0.97),
        7.0,
        speed=1.0,
    )
    found = {e.name: e for e in rows}
    assert list(found) == NAMES
    model = "horowitz-45nm"
    pj = {name: e.energy_pj[model] for name, e in found.items()}
    assert pj == pytest.approx(
        {
            "ann": 4.6 * 30,
            "integer-sparse": 4.6 * 20,
            "delta-ann": 4.6 * 14,
            "ours, afresh": 4.6 * 10 + 0.9 * 12,
            "ours, one read": 4.6 * 10 + 0.9 * 6,
            "ours": 4.6 * 10 + 0.9 * 6,
        }
    )
    assert found["ours"].share[model] == pytest.approx((46 + 5.4) / 138) and found["ours"].fps == 7.0
    once, each = (found[name].energy_pj["spikingjelly-simple"] for name in ("ours, one read", "ours"))
    assert each - once == pytest.approx(24.96 * 4 * (6 - 4))  # weights of 4 bytes: 6 spikes at synapses, 4 messages
    assert found["delta-ann"][2:4] == (0.8, 0.95) and found["ann"].agreement is None
    assert [found[name].value for name in ("ann", "integer-sparse", "ours, afresh")] == [0.9, 0.9, 0.85]
    assert [e.name for e in entries("burst", Seen(plain, 0.9), Seen(Told(), 0.8, 0.95))] == [
        "ann",
        "integer-sparse",
        "burst",
    ]
    assert "loihi-1" in ENERGY_MODELS.names() and "loihi-1" not in found["ours"].energy_pj  # it has no MACs
