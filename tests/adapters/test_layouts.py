"""Readers on sets in their authors' layouts (tests/layouts): the forms that no task's fake has, half a set, another set's folder."""

import shutil

import pytest

import layouts
from adafire.errors import InputError
from adapters.base import WorkloadOptions
from adapters.classification.data import image_sets
from adapters.detection import voc
from adapters.detection.data import coco_annotations
from adapters.events.data import event_sets as event_readers
from adapters.events.data import published_events  # noqa: F401  registers its sets
from adapters.points.data import cloud_sets, modelnet, shapenet  # noqa: F401
from adapters.segmentation.data import drive as drive_reader
from layouts import cifar, clouds, event_files, event_sets


def full(root):
    return WorkloadOptions(split="full", data_root=str(root))


def refused(call, *words):
    """The message of an InputError: one sentence or two, with the words in it."""
    with pytest.raises(InputError) as told:
        call()
    message = str(told.value)
    assert "\n" not in message and all(word in message for word in words), message


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("ADAFIRE_CACHE", str(tmp_path / "cache"))


@pytest.mark.parametrize(
    "kind, write",
    [("modelnet40", clouds.modelnet_hdf5), ("modelnet40", clouds.modelnet_text), ("shapenetpart", clouds.parts_hdf5)],
)
def test_clouds_in_other_layouts(tmp_path, kind, write):
    found = cloud_sets.read({"type": kind}, full(write(tmp_path / "set")))
    assert {item.label for item in found.test} == set(range(len(found.classes)))
    loaded = cloud_sets.load(found.test[:3], 64)
    assert loaded.points.shape == (3, 64, 3) and (loaded.parts is not None) == (kind == "shapenetpart")


def test_parts_with_and_without_normals_are_the_same_parts(tmp_path):
    plain = cloud_sets.read({"type": "shapenetpart"}, full(clouds.parts(tmp_path / "plain")))
    normals = cloud_sets.read({"type": "shapenetpart"}, full(clouds.parts(tmp_path / "normals", normals=True)))
    assert [item.id for item in plain.test] == [item.id for item in normals.test]
    one, other = (cloud_sets.load(found.test[:8], clouds.POINTS, "first") for found in (plain, normals))
    assert (one.parts == other.parts).all() and abs(one.points - other.points).max() < 1e-4


def events_of(kind, root, **data):
    return event_readers.read({"type": kind, **data}, full(root))


def test_n_mnist_and_n_caltech_are_the_same_by_their_layout_and_by_tonics(tmp_path):
    pytest.importorskip("tonic", reason="tonic is not installed (pip install 'adafire[events]')")
    for kind, write, place in (
        ("nmnist", event_sets.nmnist, "NMNIST"),
        ("ncaltech101", event_sets.ncaltech101, "NCALTECH101"),
    ):
        published = events_of(kind, layouts.make(kind, tmp_path / kind))
        of_tonic = events_of(kind, write(tmp_path / f"{kind} of tonic", place))
        assert published.classes == of_tonic.classes and published.sensor == of_tonic.sensor
        assert sorted(r.label for r in published.test) == sorted(r.label for r in of_tonic.test)
    names = {r.id for r in published.test}
    assert len(published.classes) == 101 and len(names) == 101 and not names & {r.id for r in published.candidates}


def test_cifar10_dvs_scores_a_tenth(tmp_path):
    root = tmp_path / "set"
    for k in range(20):
        for name in image_sets.CIFAR10:
            event_files.put(
                root / name / f"cifar10_{name}_{k}.aedat", event_files.aedat2(event_files.recording(k, 128, 128))
            )
    found = events_of("cifar10dvs", root)
    assert found.classes == image_sets.CIFAR10 and len(found.test) == 20 and len(found.candidates) == 180
    assert len(next(found.load(found.test))) == 400
    refused(lambda: events_of("recordings", root, scored=2), "scored is 2; expected the share")


def test_gestures_are_cut_where_their_tables_say(tmp_path):
    root = layouts.make("dvsgesture", tmp_path / "set") / "DvsGesture"
    found = events_of("dvsgesture", root)
    assert (
        len(found.test) == 22
        and len(found.candidates) == 44
        and sorted({r.label for r in found.test}) == list(range(11))
    )
    for recording, events in zip(found.test[:5], found.load(found.test[:5])):
        whole = event_files.recording(event_sets.hash_of(recording.source.stem, 0), 128, 128, 1_200_000, 2400)
        begin = 100_000 * (recording.label + 1)
        assert (events == whole[(whole["t"] >= begin) & (whole["t"] < begin + 95_000)]).all() and len(events) > 100
    table = root / "user24_natural_labels.csv"
    text = table.read_text()
    for content, words in (
        (text.replace("11,", "12,"), ("has class 12", "expected a class of 1 to 11")),
        (text.replace("startTime", "begin"), ("is no table of gestures", "class,startTime_usec,endTime_usec")),
        (text + "3,9000000,9100000\n", None),
    ):
        table.write_text(content)
        if words:
            refused(lambda: events_of("dvsgesture", root), *words)
    found = events_of("dvsgesture", root)
    refused(lambda: list(found.load(found.test)), "has no events from 9000000 to 9100000 us")
    (root / "user24_natural.aedat").unlink()
    refused(lambda: events_of("dvsgesture", root), "names 'user24_natural.aedat', which is not beside it")


def test_gestures_as_tonic_keeps_them(tmp_path):
    pytest.importorskip("tonic", reason="tonic is not installed (pip install 'adafire[events]')")
    found = events_of("dvsgesture", event_sets.dvsgesture_of_tonic(tmp_path))
    assert len(found.test) == len(found.candidates) == 11 and len(next(found.load(found.test))) == 400


@pytest.mark.parametrize("cut, words", [(-5, "within a packet"), (60, "within its header"), (1000, "within")])
def test_a_recording_of_packets_that_is_cut_off(tmp_path, cut, words):
    from adapters.events.data.recordings import read

    whole = event_files.aedat3(event_files.recording(0, 128, 128))
    path = event_files.put(tmp_path / "a.aedat", whole)
    assert (read(path) == event_files.recording(0, 128, 128)).all()
    path.write_bytes(whole[:cut])
    refused(lambda: read(path), "a.aedat", words, "copy it again")


# ---- half a set, another set's folder, a wrong number of classes


def test_half_of_cifar(tmp_path, monkeypatch):
    root = layouts.make("cifar10", tmp_path / "set")
    call = lambda: image_sets.read({"type": "cifar10"}, full(root))
    refused(
        call, "is incomplete or damaged", "expected the eight files of cifar-10-python.tar.gz"
    )  # not the published bytes
    cifar.trust(monkeypatch)
    assert len(call().test) == 20
    (root / "cifar-10-batches-py" / "data_batch_3").unlink()
    refused(call, "is incomplete or damaged", "copy or download them again")


def test_half_of_coco_voc_and_drive(tmp_path):
    root = layouts.make("coco", tmp_path / "coco")
    found = coco_annotations.read(root / "annotations" / "instances_val2017.json", root / "val2017")
    assert len(found.categories) == 80 and len(found.objects) == 9 and sum(o["iscrowd"] for o in found.objects) == 3
    (root / "annotations" / "instances_val2017.json").unlink()
    refused(
        lambda: coco_annotations.read(root / "annotations" / "instances_val2017.json", root / "val2017"),
        "expected a folder with annotations/instances_val2017.json and val2017/",
    )
    root = layouts.make("voc", tmp_path / "voc")
    folder = voc.find_folder(root, 2012, "val")
    boxes = [o["bbox"] for o in voc.read(folder, "val").objects if o["image_id"] == "2008_000001"]
    assert boxes == [
        [2, 3, 27, 21],
        [0, 0, 63, 47],
        [7, 7, 32, 25],
    ]  # fractions are cut off; a person's head is no object
    (folder / "Annotations" / "2008_000002.xml").unlink()
    refused(lambda: voc.read(folder, "val"), "2008_000002.xml", "the split's list names it")
    refused(lambda: voc.find_folder(tmp_path / "coco", 2007, "test"), "holds no VOC2007 with the list 'test'")
    root = layouts.make("drive", tmp_path / "drive")
    (root / "test" / "1st_manual" / "02_manual1.gif").unlink()
    refused(lambda: drive_reader.read(root), "has no file for picture 02_test.tif (1 of 3 lack one)")


@pytest.mark.parametrize(
    "kind, read",
    [
        ("cifar10", image_sets.read),
        ("cifar100", image_sets.read),
        ("modelnet40", cloud_sets.read),
        ("shapenetpart", cloud_sets.read),
        ("cifar10dvs", event_readers.read),
        ("ncaltech101", event_readers.read),
        ("ncars", event_readers.read),
        ("action", event_readers.read),
        ("dvsgesture", event_readers.read),
        ("nmnist", event_readers.read),
    ],
)
def test_another_sets_folder(tmp_path, kind, read):
    root = layouts.make("drive", tmp_path / "drive")
    refused(lambda: read({"type": kind}, full(root)), str(root))
    refused(lambda: read({"type": kind}, full(tmp_path / "none")), "none")


def test_a_set_that_lacks_a_class(tmp_path):
    root = layouts.make("modelnet40", tmp_path / "modelnet")
    shutil.rmtree(root / "ModelNet40" / "xbox")
    refused(lambda: cloud_sets.read({"type": "modelnet40"}, full(root)), "'xbox' is missing")
    root = layouts.make("cifar10dvs", tmp_path / "dvs")
    shutil.rmtree(root / "frog")
    found = events_of("cifar10dvs", root)
    assert len(found.classes) == 10 and any("no folder" in note or "nothing" in note for note in found.notes)
    root = layouts.make("action", tmp_path / "action")
    shutil.rmtree(root / "walking")
    refused(lambda: events_of("action", root), "has 10 classes", "found 9")
