"""What recordings hold, in every form that files have it in: units of time, polarity, order of columns, the sensor's size; and what
cannot be told from a file is asked for, never guessed."""

import numpy as np
import pytest

from adafire.errors import InputError
from adapters.base import WorkloadOptions, adapters
from adapters.events import events as _events  # noqa: F401  (registers the adapter)
from adapters.events.data.event_camera import EVENT
from adapters.events.data.event_sets import read as read_set
from adapters.events.data.event_values import Polarity, check_duration
from adapters.events.data.recordings import read


def made(seed=0, count=60, lasts=200_000):
    """A recording of 34 x 34 pixels: all corners, both polarities, ascending times."""
    rng = np.random.default_rng(seed)
    events = np.empty(count, EVENT)
    events["t"] = np.sort(rng.integers(0, lasts, count))
    events["t"][-1] = lasts
    events["x"], events["y"], events["p"] = (
        rng.integers(0, 34, count),
        rng.integers(0, 34, count),
        rng.integers(0, 2, count),
    )
    events[["x", "y"]][0], events["x"][1], events["y"][1], events["p"][:2] = (0, 0), 33, 33, (0, 1)
    return events


WHOLE = made()


def columns(events, order, kind=np.int64):
    return np.stack([events[name] for name in order], 1).astype(kind)


def fields(events, **changed):
    return np.rec.fromarrays([changed.get(name, events[name]) for name in "txyp"], names="t,x,y,p")


def save(folder, array, name="a.npy"):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, array)
    return path


def folder(root, form=lambda events: events, classes="ab", number=3):
    for c, kind in enumerate(classes):
        for part in ("test", "train"):
            for k in range(number):
                save(root, form(made(100 * c + 10 * k + (part == "test"))), f"{part}/{kind}/{k}.npy")
    return root


def workload(root, window_ms=300, **data):
    settings = {
        "model": {
            "name": "adapters.models.event_networks:resnet_small",
            "widths": [4, 8],
            "channels": 2,
            "num_classes": 2,
        },
        "checkpoint": "random",
        "calibration": {"samples": 2},
        "representation": {"bins": 1, "size": 34, "window_ms": window_ms},
        "data": {"type": "recordings", "size": (34, 34), **data},
    }
    return adapters.get("events")(settings, WorkloadOptions(split="full", data_root=str(root)))


@pytest.mark.parametrize(
    "form,told",
    [
        (lambda e: fields(e, p=e["p"].astype(bool)), {}),
        (lambda e: fields(e, p=e["p"] * 2 - 1), {}),
        (lambda e: fields(e, p=e["p"] + 1), {}),
        (lambda e: fields(e, p=e["p"].astype(float)), {}),
        (lambda e: fields(e, p=255 * e["p"].astype(int)), {"polarity": Polarity((0, 255))}),
        (lambda e: fields(e, p=1 - e["p"]), {"polarity": Polarity((1, 0))}),
        (lambda e: fields(e, t=e["t"] / 1e6), {"unit": "s"}),
        (lambda e: fields(e, t=e["t"] / 1e3), {"unit": "ms"}),
        (lambda e: fields(e, t=e["t"] * 1000), {"unit": "ns"}),
        (lambda e: fields(e, t=e["t"] * 100), {"unit": 0.01}),
        (lambda e: fields(e, t=e["t"].astype(np.uint64)), {}),
        (lambda e: e.astype(EVENT.newbyteorder(">")), {}),
        (lambda e: columns(e, "txyp"), {}),
        (lambda e: columns(e, "txyp", np.float32), {}),
        (lambda e: columns(e, "xytp"), {"columns": "xytp"}),
        (lambda e: columns(e, "xypt"), {"columns": "x, y, p, t"}),
        (lambda e: columns(e, "ptyx"), {"columns": ["p", "t", "y", "x"]}),
        (lambda e: e[::-1], {"sort": True}),
        (lambda e: np.rec.fromarrays([e["x"], e["y"], e["t"], e["p"]], names="x,y,timestamp,polarity"), {}),
    ],
)
def test_one_recording_in_every_form(tmp_path, form, told):
    found = read(save(tmp_path, form(WHOLE)), size=(34, 34), **told)
    assert np.array_equal(found["t"], WHOLE["t"]) and (told.get("sort") or np.array_equal(found, WHOLE))
    assert sorted(found.tolist()) == sorted(WHOLE.tolist())


@pytest.mark.parametrize("dtype", [np.uint32, np.int32, np.int64])
def test_counters_that_wrap_go_on(tmp_path, dtype):
    times = (WHOLE["t"] + 2**32 - 100_000) % 2**32
    found = read(save(tmp_path, fields(WHOLE, t=times.astype(np.uint32).astype(dtype))))
    assert np.array_equal(found["t"] - found["t"][0], WHOLE["t"] - WHOLE["t"][0])
    signed = (WHOLE["t"] + 2**31 - 100_000).astype(np.uint32).view(np.int32)  # a signed counter
    found = read(save(tmp_path, fields(WHOLE, t=signed)))
    assert np.array_equal(found["t"] - found["t"][0], WHOLE["t"] - WHOLE["t"][0])


def replaced(name, value, kind=float):
    values = WHOLE[name].astype(kind)
    values[7] = value
    return fields(WHOLE, **{name: values})


@pytest.mark.parametrize(
    "array,words",
    [
        (replaced("t", np.nan), "1 events whose t is NaN or infinite, first event 7"),
        (replaced("x", np.nan), "whose x is NaN"),
        (replaced("p", np.inf), "whose p is NaN or infinite"),
        (replaced("y", 3.25), "the y 3.25 .event 7.; expected whole numbers"),
        (replaced("x", 34), "1 events off the sensor of 34 x 34, first event 7"),
        (replaced("y", -1), "off the sensor"),
        (replaced("x", 70000, int), "off the sensor"),
        (replaced("p", 3, int), "polarities 0, 1, 3; expected 0 and 1, -1 and 1, or 1 and 2"),
        (replaced("p", -1, int), "polarities -1, 0, 1"),
        (fields(WHOLE, p=255 * WHOLE["p"].astype(int)), "polarities 0, 255"),
        (fields(WHOLE, p=WHOLE["p"].astype("U1")), "p of type <U1"),
        (columns(WHOLE, "xytp"), "look like x, y, t, p. Say their order"),
        (columns(WHOLE, "xypt"), "look like x, y, p, t. .*columns='txyp'"),
        (columns(WHOLE, "txyp", float) * np.nan, "column 1 is NaN"),
        (columns(WHOLE, "txyp").T, r"shape \[4, 60\]"),
    ],
)
@pytest.mark.parametrize("sort", [False, True])
def test_what_is_no_event_is_named(tmp_path, array, words, sort):
    with pytest.raises(InputError, match=words) as caught:
        read(save(tmp_path, array), size=(34, 34), sort=sort)
    assert str(tmp_path / "a.npy") in str(caught.value)


@pytest.mark.parametrize(
    "told,words",
    [
        (dict(unit="sec"), "unit is 'sec'; expected"),
        (dict(unit=-1), "unit is -1"),
        (dict(columns="txy"), "columns is 'txy'"),
        (dict(polarity=(1, 1)), "polarity is .1, 1."),
        (dict(polarity="01"), "polarity is '01'"),
        (dict(size=34), "size is 34; expected .width, height."),
        (dict(size=(34, 0)), "size is"),
        (dict(size=None), "reach to x = 33, y = 33.*size=.width, height"),
    ],
)
def test_what_is_told_wrongly(tmp_path, told, words):
    with pytest.raises(InputError, match=words):
        found = read_set(
            {"type": "recordings", "size": (34, 34), **told},
            WorkloadOptions(split="full", data_root=str(folder(tmp_path))),
        )
        list(found.load(found.test))


@pytest.mark.parametrize("scale,unit", [(1e-6, "s"), (1e-3, "ms"), (1e3, "ns")])
def test_times_of_another_unit_are_asked_for(tmp_path, scale, unit):
    """The whole recording counts the same when its unit is told; untold it is named with how long it would last."""
    counts = {s.id: s.counts.tolist() for s in workload(folder(tmp_path / "us")).test}
    root = folder(tmp_path / "other", lambda e: fields(e, t=e["t"] * scale))
    with pytest.raises(
        InputError, match=rf"recording 'test/./..npy' lasts .* with its 60 events.*window_ms is 300.*unit='{unit}'"
    ):
        workload(root)
    assert {s.id: s.counts.tolist() for s in workload(root, unit=unit).test} == counts
    if unit != "ns":
        with pytest.raises(InputError, match="from 1 ms to 1 hour"):
            workload(root, window_ms=None)


@pytest.mark.parametrize(
    "lasts,window,right",
    [
        (300_000, 300, True),
        (300_000, None, True),
        (999, None, False),
        (1000, None, True),
        (3600_000_000, None, True),
        (3600_000_001, None, False),
        (31_000_000, 300, False),
        (29_000_000, 300, True),
        (2_999, 300, False),
        (3_000, 300, True),
    ],
)
def test_how_long_recordings_last(lasts, window, right):
    events = np.array([(5, 0, 0, 1), (5 + lasts, 0, 0, 0)], EVENT)
    if right:
        check_duration(events, window, "a")
    else:
        with pytest.raises(InputError, match="recording 'a' lasts"):
            check_duration(events, window, "a")


def test_a_unit_that_is_told_wrongly_is_noted(tmp_path):
    root = folder(tmp_path)
    assert not any("unit" in note for note in workload(root, unit="us").notes)
    (note,) = [note for note in workload(root, unit="ms", classes=["a", "b"]).notes]
    assert (
        note.startswith("6 of 6 recordings last as none does: 'test/")
        and "lasts 19" in note
        and "is the unit of time" in note
    )


def test_long_recordings_that_are_cut(tmp_path):
    root = folder(tmp_path, lambda e: fields(e, t=e["t"] * 50_000))  # nearly three hours
    with pytest.raises(InputError, match="lasts 2.7 hours"):
        workload(root, window_ms=50, sample_ms=50)


def test_a_recording_of_one_polarity_among_those_that_count_from_one(tmp_path):
    root = folder(tmp_path, lambda e: fields(e, p=e["p"] + 1))
    want = [s.counts.tolist() for s in workload(root).test]
    save(root, fields(WHOLE, p=np.ones(60, int)), "test/a/9.npy")
    with pytest.raises(InputError, match="polarity=.1, 2."):
        workload(root)
    found = workload(root, polarity=(1, 2)).test
    assert [s.counts.tolist() for s in found if s.id != "test/a/9.npy"] == want
    assert not next(s for s in found if s.id == "test/a/9.npy").counts[:, 1].any()  # all darker


def test_a_sensor_that_is_said_larger_than_its_events(tmp_path):
    root = folder(tmp_path)
    assert not any("sensor" in note for note in workload(root).notes)
    assert any(
        "within 34 x 34 pixels of a sensor of 346 x 260" in note for note in workload(root, size=(346, 260)).notes
    )


def test_classes_of_recordings_in_the_order_that_is_told(tmp_path):
    root = folder(tmp_path)
    plain = workload(root)
    assert plain.classes == ("a", "b") and any("order of their folders' names: a, b" in note for note in plain.notes)
    turned = workload(root, classes=["b", "a"])
    assert {s.id: 1 - s.label for s in turned.test} == {s.id: s.label for s in plain.test} and not turned.notes
    with pytest.raises(InputError, match="class folder 'b', which classes="):
        workload(root, classes=["a", "c"])
    save(root, made(7), "test/c/1.npy")  # nothing to train on
    found = read_set({"type": "recordings", "size": (34, 34)}, WorkloadOptions(split="full", data_root=str(root)))
    assert found.classes == ("a", "b", "c")
    assert any(
        "1 of the 3 classes have no recordings to train and to calibrate on (the first: c)" in n for n in found.notes
    )
    save(root, made(8), "train/d/1.npy")  # nothing to score
    found = read_set({"type": "recordings", "size": (34, 34)}, WorkloadOptions(split="full", data_root=str(root)))
    assert found.classes == ("a", "b", "c", "d") and any(
        "1 of the 4 classes have nothing to score (the first: d)" in n for n in found.notes
    )


def test_copies_are_noted(tmp_path):
    root = folder(tmp_path)
    save(root, made(1), "test/b/copy.npy")
    assert any(
        note.startswith(
            "1 of the 7 recordings are copies of others under another name, 1 of them with different labels"
        )
        for note in workload(root).notes
    )


def test_what_is_no_recording_is_left_out(tmp_path):
    root = folder(tmp_path)
    want = [s.id for s in workload(root).test]
    for name in (
        "test/a/readme.txt",
        "test/a/._0.npy",
        "test/a/Thumbs.db",
        "test/a/preview.png",
        "test/README",
        "__MACOSX/test/a/._0.npy",
        "test/.cache/0.npy",
        "test/__MACOSX/0.npy",
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"\0\5\x16\7")
    assert [s.id for s in workload(root).test] == want
    (root / "test" / "a" / "0.rec").write_bytes(b"x")  # a recording of a kind that is not read
    with pytest.raises(InputError, match="unknown extension '.rec'"):
        workload(root)
    for path in root.rglob("*.npy"):
        path.rename(path.with_suffix(".txt"))
    (root / "test" / "a" / "0.rec").unlink()
    with pytest.raises(InputError, match="holds no recording, but files such as"):
        workload(root)


@pytest.mark.parametrize(
    "layout,head,address,words",
    [
        (
            "dvs128",
            b"# AEChip: eu.seebetter.ini.chips.davis.Davis346B\r\n",
            3 << 1,
            "names the camera davis346.*layout='davis346'",
        ),
        ("davis240", b"# AEChip: ch.unizh.ini.jaer.chip.retina.DVS128\r\n", 3 << 22, "names the camera dvs128"),
        ("dvs128", b"", 2 << 22 | 3 << 12, "more than 16 bits"),
        ("davis346", b"", 3 << 8, "addresses of 16 bits, as a dvs128"),
    ],
)
def test_a_camera_that_is_another_one(tmp_path, layout, head, address, words):
    path = tmp_path / "a.aedat"
    path.write_bytes(b"#!AER-DAT2.0\r\n" + head + np.array([[address, 7], [address, 9]], ">u4").tobytes())
    with pytest.raises(InputError, match=words):
        read(path, layout)
