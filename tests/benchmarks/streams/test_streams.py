"""Streams against their rivals: prices by hand, the order of costs that must be, sentences, pictures, and what is refused."""

from types import SimpleNamespace

import pytest
from PIL import Image

import adafire
from adafire.errors import InputError
from adapters.base import WorkloadOptions
from adapters.detection.data.fashion_scenes import split_objects
from adapters.detection.data.moving_scenes import Motion, write
from benchmarks.running.request import find_adapter
from benchmarks.running.task import TASKS, load_task
from benchmarks.streams import measuring, showing
from benchmarks.streams.measuring import MODELS, Entry

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def detector():
    variant = load_task(TASKS / "coco_yolo.py").variants["mini"]
    workload = find_adapter("mmdetection")(variant.settings(), WorkloadOptions(variant="mini", split="mini"))
    inputs = workload.calibration()[:1]
    make = lambda method, t: adafire.convert(
        workload.network, inputs, method=method, timesteps=t, forward=workload.forward
    )
    return workload, make


@pytest.fixture(scope="module")
def found(detector, tmp_path_factory):
    workload, make = detector
    frames = write(tmp_path_factory.mktemp("video"), split_objects("test"), 0, 3, Motion(2.0))
    seen = []
    entries = measuring.measured(workload, make("ours", 4), frames, 2.0, see=lambda *words: seen.append(words))
    return {e.name: e for e in entries}, seen


@pytest.mark.slow
def test_every_rival_is_there_and_priced_by_hand(found):
    entries, seen = found
    assert list(entries) == ["ann", "integer-sparse", "delta-ann", "ours, afresh", "ours"]
    for e in entries.values():
        pj = 4.6 * e.macs + 0.9 * e.synops  # Horowitz, 45 nm, float32
        assert e.energy_pj["horowitz-45nm"] == pytest.approx(pj)
        assert e.share["horowitz-45nm"] == pytest.approx(pj / (4.6 * entries["ann"].macs))
    assert entries["ann"].share == dict.fromkeys(MODELS, 1.0) and entries["ann"].synops == 0
    assert entries["integer-sparse"].macs < entries["ann"].macs
    assert (
        entries["ours"].macs < entries["ours, afresh"].macs and entries["ours"].spikes < entries["ours, afresh"].spikes
    )
    assert entries["ours"].macs < entries["delta-ann"].macs < entries["ann"].macs
    assert "lemaire-45nm" not in entries["delta-ann"].energy_pj
    assert len(seen) == 3 and seen[0][2].spikes > seen[1][2].spikes > 0
    assert sum(report.spikes for *_, report in seen) / 3 == pytest.approx(entries["ours"].spikes)


@pytest.mark.slow
def test_the_score_is_that_of_frame_by_frame(found):
    entries, _ = found
    assert abs(entries["ours"].value - entries["ann"].value) <= 0.02 and entries["ours"].agreement > 0.95


@pytest.mark.slow
def test_methods_without_a_streaming_law_run_afresh(detector, tmp_path):
    workload, make = detector
    frames = write(tmp_path, split_objects("test"), 0, 2, Motion(0.0))
    entries = measuring.measured(workload, make("adafire-signed", 2), frames, 0.0)
    assert [e.name for e in entries] == ["ann", "integer-sparse", "adafire-signed"]
    assert entries[-1].spikes > 0
    with pytest.raises(InputError, match="no streaming law"):
        measuring.measured(workload, make("adafire-signed", 2), frames, 0.0, zone=1.0)


def entry(speed, name, share):
    return Entry(speed, name, 0.5, None, {m: share for m in MODELS}, {m: share for m in MODELS}, None, 1e6, 2e6, None)


def test_sentences_say_where_a_stream_pays():
    entries = [entry(0, "ann", 1.0), entry(0, "ours", 0.1), entry(4, "ann", 1.0), entry(4, "ours", 1.2)]
    entries += [entry(s, "delta-ann", 2.0) for s in (0, 4)] + [entry(s, "integer-sparse", 0.05) for s in (0, 4)]
    said = showing.crossings(entries, "ours")
    assert "float32: ours costs less than ann at 0 pixels a frame, not at 4" in said
    assert "int8: ours costs less than delta-ann at every speed" in said
    assert "memories: ours costs less than integer-sparse at no speed" in said
    headers, lines = showing.table(entries, "mAP")
    assert lines[1][:3] == ["0", "ours", "0.500"] and lines[1][-1] == "0.100" and len(headers) == len(lines[0])
    assert showing.plot(entries).startswith(b"\x89PNG")


def test_an_animation_has_a_picture_a_frame(tmp_path):
    frames = write(tmp_path, split_objects("test"), 0, 3, Motion(2.0))
    workload = SimpleNamespace(annotations=frames, category_ids=sorted(frames.categories))
    animation = showing.Animation(workload)
    boxes = {"boxes": [[10.0, 10.0, 50.0, 60.0]], "scores": [0.9], "labels": [3]}
    for k in (1, 2, 3):
        animation.see(k, boxes, SimpleNamespace(spikes=100.0 * k))
    animation.save(tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.n_frames == 3 and picture.size == (384, 384 + 48)
        assert (230, 116, 12) in picture.convert("RGB").getdata()


def test_a_folder_of_frames(tmp_path):
    for name, size in (("b.png", (20, 16)), ("a.png", (20, 16)), ("c.txt", None)):
        (tmp_path / name).write_text("x") if size is None else Image.new("RGB", size).save(tmp_path / name)
    found = measuring.folder_frames(tmp_path, {1: "cat"})
    assert [v["file_name"] for v in found.images.values()] == ["a.png", "b.png"] and found.images[1]["width"] == 20
    Image.new("RGB", (8, 8)).save(tmp_path / "d.png")
    with pytest.raises(InputError, match=r"frame d.png has 8 x 8 pixels, a.png has 20 x 16"):
        measuring.folder_frames(tmp_path, {})
    (tmp_path / "d.png").write_bytes(
        (tmp_path / "a.png").read_bytes()[:40]
    )  # a video that ends in the middle of a frame
    with pytest.raises(InputError, match=r"d.png' (does not decode|is not an image)"):
        measuring.folder_frames(tmp_path, {})
    with pytest.raises(InputError, match="no such folder"):
        measuring.folder_frames(tmp_path / "none", {})
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "film.mp4").write_text("x")
    with pytest.raises(InputError, match="ffmpeg -i VIDEO"):
        measuring.folder_frames(tmp_path / "one", {})
