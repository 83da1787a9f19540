"""Recordings in files and folders: each layout read back, and what is wrong with one is said in one line."""

import sys
import zipfile

import numpy as np
import pytest

from adafire.errors import InputError
from adapters.base import WorkloadOptions
from adapters.events.data import published_events  # noqa: F401
from adapters.events.data.event_camera import EVENT
from adapters.events.data.event_sets import read as read_set
from adapters.events.data.recording_splits import by_class, split
from adapters.events.data.recordings import read
from benchmarks.running.task import TASKS, load_task
from helpers.paths import SHARED
from layouts.event_files import aedat2 as aedat
from layouts.event_files import atis_bin as atis
from layouts.event_files import prophesee_dat as dat
from layouts.event_files import put

FOUR = np.array([(10, 1, 2, 1), (20, 127, 0, 0), (20, 0, 127, 1), (9000, 5, 6, 0)], EVENT)


def write(folder, name, content):
    return put(folder / name, content)


def table(events):
    return np.stack([events[name] for name in "txyp"], 1).astype(np.int64)


@pytest.mark.parametrize(
    "name,content",
    [("a.aedat", aedat(FOUR)), ("a.bin", atis(FOUR)), ("a.npy", FOUR), ("b.npy", table(FOUR)), ("a.dat", dat(FOUR))],
)
def test_every_layout_is_read_back(tmp_path, name, content):
    assert np.array_equal(read(write(tmp_path, name, content), size=(128, 128)), FOUR)


def test_what_else_layouts_hold(tmp_path):
    overflow = bytes([0, 240, 0, 0, 0])
    found = read(write(tmp_path, "a.bin", atis(FOUR[:1]) + overflow + atis(FOUR[1:2])))
    assert found["t"].tolist() == [10, 20 + 2**13] and len(found) == 2
    davis = np.array([[2 << 22 | 3 << 12 | 1 << 11, 7], [1 << 31, 8], [2 << 22 | 1 << 10, 9]], ">u4").tobytes()
    found = read(write(tmp_path, "b.aedat", b"#!AER-DAT2.0\n" + davis), "davis346")  # a frame and a gyroscope besides
    assert found.tolist() == [(7, 345 - 3, 259 - 2, 1)]


BACK = FOUR[[0, 3, 1]]


@pytest.mark.parametrize(
    "name,content,words",
    [
        ("a.aedat", aedat(FOUR[:0]), "holds no events"),
        ("a.aedat", b"", "holds no events"),
        ("a.bin", b"", "holds no events"),
        ("a.npy", FOUR[:0], "holds no events"),
        ("a.aedat", aedat(FOUR)[:-3], "ends within an event.*cut off"),
        ("a.bin", atis(FOUR)[:-1], "ends within an event"),
        ("a.dat", dat(FOUR)[:-1], "ends within an event"),
        ("a.aedat", b"#!AER-DAT2.0\r\n# cut", "within its header"),
        ("a.aedat", aedat(BACK), "run backwards 1 times, first at event 2: 20 us after 9000 us"),
        ("a.npy", BACK, "run backwards"),
        ("a.bin", atis(BACK), "run backwards"),
        ("a.aedat", aedat(FOUR, "3.0"), "version 3.0; expected 2.0 or 3.1"),
        ("a.aedat", b"abc", "no .aedat file"),
        ("a.npy", b"no array", "no array that can be read"),
        ("a.npy", np.zeros((3, 3)), r"shape \[3, 3\]"),
        ("a.npy", np.zeros(3, [("t", int), ("x", int)]), "expected t, x, y, p"),
        ("a.npy", np.array([(0, 200, 0, 1)], EVENT), "1 events off the sensor of 128 x 128"),
        ("a.h5", b"x", "unknown extension '.h5'; expected one of .aedat, .bin, .npy, .dat, .raw"),
    ],
)
def test_a_bad_recording_is_one_line(tmp_path, name, content, words):
    path = write(tmp_path, name, content)
    with pytest.raises(InputError, match=words) as caught:
        read(path, size=(128, 128))
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_a_pickled_array_is_not_executed(tmp_path):
    path = tmp_path / "a.npy"
    np.save(path, np.array([{}], object), allow_pickle=True)
    with pytest.raises(InputError, match="Python objects"):
        read(path)


def options(root):
    return WorkloadOptions(split="full", data_root=str(root))


def fill(root, *names):
    for name in names:
        write(root, name, aedat(FOUR))
    return root


def test_folder_by_parts_and_classes(tmp_path):
    fill(tmp_path, *(f"{part}/{c}/{k}.aedat" for part in ("train", "test") for c in "ab" for k in range(2)))
    found = read_set({"type": "recordings"}, options(tmp_path))
    assert found.classes == ("a", "b") and len(found.test) == len(found.candidates) == 4
    assert {r.id.split("/")[0] for r in found.test} == {"test"} and all("ab"[r.label] in r.id for r in found.test)
    assert np.array_equal(next(iter(found.load(found.test))), FOUR)


def test_folder_by_classes_scores_a_fifth_of_each(tmp_path):
    fill(tmp_path, *(f"{c}/{k}.aedat" for c in "ab" for k in range(10)))
    found = read_set({"type": "recordings"}, options(tmp_path))
    assert sorted(r.label for r in found.test) == [0, 0, 1, 1] and len(found.candidates) == 16
    assert not {r.id for r in found.test} & {r.id for r in found.candidates}


def test_samples_of_a_share_in_a_zip(tmp_path):
    long = np.zeros(100, EVENT)
    long["t"] = np.arange(100) * 1000 + 5
    with zipfile.ZipFile(tmp_path / "all.zip", "w", zipfile.ZIP_LZMA) as archive:
        for name in ("day1_a.aedat", "day1_b.aedat", "day2_a.aedat", "notes.txt"):
            archive.writestr(name, aedat(long))
    data = {
        "type": "recordings",
        "pattern": r"(?P<part>day\d)_(?P<class>.)\.aedat",
        "train": "day1",
        "test": "day1",
        "sample_ms": 10,
        "share": 0.7,
    }
    found = read_set(data, options(tmp_path / "all.zip"))
    assert [r.id for r in found.test] == [r.id for r in read_set(data, options(tmp_path)).test]
    assert len(found.test) == 2 * 2 and len(found.candidates) == 2 * 6  # 99 ms: 69.3 and 29.7 in whole samples of 10
    assert max(r.end_us for r in found.candidates) <= min(r.begin_us for r in found.test)
    assert [len(events) for events in found.load(found.test)] == [10] * 4


@pytest.mark.parametrize(
    "make,data,words",
    [
        (
            lambda r: fill(r, "a/1.aedat", "a/2.aedat", "b/1.aedat", "b/2.aedat") and (r / "c").mkdir(),
            {},
            "class folder '.*c' holds no recording",
        ),
        (lambda r: fill(r, "a/1.aedat", "a/2.aedat", "b/1.aedat"), {}, "class 'b' .* has 1 recording"),
        (lambda r: fill(r, "a/1.aedat", "a/2.aedat"), {}, "1 classes with recordings"),
        (lambda r: None, {}, "is empty"),
        (lambda r: fill(r, "1.aedat"), {}, "no recording that fits"),
        (lambda r: fill(r, "a/1.aedat"), {"layout": "dvs64"}, "unknown camera 'dvs64'"),
        (lambda r: fill(r, "a/1.aedat"), {"share": 0.7}, "share is 0.7 and sample_ms None"),
        (lambda r: fill(r, "a/1.aedat"), {"shre": 0.7}, "unknown key .*'share'"),
        (lambda r: fill(r, "x_a/1.aedat"), {"pattern": "(?P<part>.)_(?P<class>.)/.*"}, "has no part 'test'"),
    ],
)
def test_a_bad_folder_is_one_line(tmp_path, make, data, words):
    make(tmp_path)
    with pytest.raises(InputError, match=words):
        read_set({"type": "recordings", **data}, options(tmp_path))


def test_no_folder():
    with pytest.raises(InputError, match="--data-root DIR"):
        read_set({"type": "recordings"}, WorkloadOptions(split="full"))
    with pytest.raises(InputError, match="is not there"):
        read_set({"type": "recordings"}, options("/nowhere"))


@pytest.mark.parametrize("kind", ["cifar10dvs", "ncaltech101", "dvsgesture", "nmnist"])
def test_without_tonic_it_is_named(kind, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "tonic.datasets", None)
    monkeypatch.setitem(sys.modules, "tonic", None)
    with pytest.raises(InputError, match=r"pip install 'adafire\[events\]'"):
        read_set({"type": kind}, options(tmp_path))


@pytest.mark.parametrize(
    "kind,title",
    [
        ("cifar10dvs", "CIFAR10-DVS"),
        ("ncaltech101", "N-Caltech101"),
        ("dvsgesture", "DVS128 Gesture"),
        ("nmnist", "N-MNIST"),
    ],
)
def test_tonic_downloads_nothing_unasked(kind, title, monkeypatch, tmp_path):
    pytest.importorskip("tonic", reason="tonic is not installed (pip install 'adafire[events]')")
    import tonic.datasets

    for name in ("CIFAR10DVS", "NCALTECH101", "DVSGesture", "NMNIST"):
        monkeypatch.setattr(getattr(tonic.datasets, name), "download", lambda self: pytest.fail("download"))
    with pytest.raises(InputError, match=f"{title} is neither in .* nor in .*download=True"):
        read_set({"type": kind}, options(tmp_path))


def test_tonic_sets_in_their_place(monkeypatch, tmp_path):
    pytest.importorskip("tonic", reason="tonic is not installed (pip install 'adafire[events]')")
    import tonic.datasets

    for name in ("NMNIST", "NCALTECH101", "DVSGesture"):
        monkeypatch.setattr(getattr(tonic.datasets, name), "_check_exists", lambda self: True)
    for part, most in (("Train", 3), ("Test", 2)):
        for digit in "01":
            for k in range(most):
                write(
                    tmp_path,
                    f"NMNIST/{part}/{digit}/{k}.bin",
                    atis(FOUR[[0, 3]] if part == "Test" else FOUR[[0, 3, 3]]),
                )
    found = read_set({"type": "nmnist"}, options(tmp_path))
    assert sorted(r.label for r in found.test) == [0, 0, 1, 1] and sorted(r.label for r in found.candidates) == [
        0,
        0,
        0,
        1,
        1,
        1,
    ]
    assert all(np.array_equal(events, FOUR[[0, 3]]) for events in found.load(found.test))  # of tonic's own test share
    assert all(np.array_equal(events, FOUR[[0, 3, 3]]) for events in found.load(found.candidates))
    for name in ("ant", "bear"):
        for k in range(10):
            write(tmp_path, f"NCALTECH101/Caltech101/{name}/{k}.bin", atis(FOUR[[0, 3]]))
    found = read_set({"type": "ncaltech101"}, options(tmp_path))
    assert found.classes == ("ant", "bear") and sorted(r.label for r in found.test) == [0, 0, 1, 1]  # a fifth of each
    assert len(found.candidates) == 16 and not {r.id for r in found.test} & {r.id for r in found.candidates}
    gesture = np.array([[3, 4, 1, 0.009], [5, 6, 0, 0.02]])  # x, y, polarity, ms, as tonic keeps them
    for part in ("Train", "Test"):
        for label in range(11):
            write(tmp_path, f"DVSGesture/ibmGesture{part}/user{1 + (part == 'Test')}_lab/{label}.npy", gesture)
    found = read_set({"type": "dvsgesture"}, options(tmp_path))
    assert sorted(r.label for r in found.test) == list(range(11)) and found.classes[7] == "Arm roll"
    assert all("ibmGestureTest/user2" in r.id for r in found.test) and all(
        "ibmGestureTrain/user1" in r.id for r in found.candidates
    )
    assert next(found.load(found.test)).tolist() == [(9, 3, 4, 1), (20, 5, 6, 0)]


def test_ncars_and_actions_as_published(tmp_path):
    for part in ("n-cars_test", "n-cars_train"):
        for name in ("cars", "background"):
            write(tmp_path / "cars", f"{part}/{name}/obj_1_td.dat", dat(FOUR[[0, 3]]))
    found = read_set({"type": "ncars"}, options(tmp_path / "cars"))
    assert found.classes == ("background", "cars") and len(found.test) == 2 and len(next(found.load(found.test))) == 2
    davis = b"#!AER-DAT2.0\n" + np.array([[2 << 22 | 3 << 12, 7]], ">u4").tobytes()
    for name in published_events.ACTIONS:
        for k in range(2):
            write(tmp_path / "act", f"{name}/{k}.aedat", davis)
    found = read_set({"type": "action"}, options(tmp_path / "act"))
    assert found.sensor == (346, 260) and len(found.test) == 10 and next(found.load(found.test))["x"][0] == 342
    write(tmp_path / "act", "sleeping/1.aedat", davis)
    write(tmp_path / "act", "sleeping/2.aedat", davis)
    with pytest.raises(InputError, match="has 10 classes"):
        read_set({"type": "action"}, options(tmp_path / "act"))


def test_real_dvs128_recordings():
    root = SHARED / "dvs128_objects"
    if not root.is_dir():
        pytest.skip("the real recordings (shared/data/dvs128_objects) are not on this machine")
    data = {
        "type": "recordings",
        "pattern": r"(?P<part>occasion1)_(?P<class>Caixa|Tesoura)\.aedat",
        "train": "occasion1",
        "test": "occasion1",
        "sample_ms": 50,
        "share": 0.7,
    }
    found = read_set(data, options(root))
    assert found.classes == ("Caixa", "Tesoura") and found.sensor == (128, 128)
    assert len(found.test) == 110 + 112 and len(found.candidates) == 258 + 262  # 18.49 s and 18.76 s
    assert all((np.diff(events["t"]) >= 0).all() and np.ptp(events["t"]) < 50_000 for events in found.load(found.test))


@pytest.mark.parametrize("variant", ["objects", "occasions"])
def test_the_task_on_them_has_as_many_classes_as_its_network(variant):
    root = SHARED / "dvs128_objects"
    if not root.is_dir():
        pytest.skip("the real recordings (shared/data/dvs128_objects) are not on this machine")
    chosen = load_task(TASKS / "dvs128_objects.py").variants[variant].settings()
    data, (archive,) = chosen["data"], root.glob("*.zip")
    found = by_class(archive, data["pattern"], data["test"], data["train"])
    _, classes, _ = split(found, data.get("share"), data["test"], data["train"], archive, None)
    assert len(classes) == chosen["model"]["num_classes"]
