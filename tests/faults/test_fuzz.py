"""Damaged task files, records and annotations, 1,000 of each: an InputError or a correct reading, never anything else."""

import json

import pytest

from adafire.errors import InputError
from adapters.detection import coco
from benchmarks.running.record import IDENTITY, Record, key_of, to_json
from benchmarks.running.schema import parse
from benchmarks.running.store import read_record
from benchmarks.running.task import TASKS, Task, load_task
from helpers.mutations import mutated, scratched
from helpers.records import make
from helpers.task_files import GOOD

MUTATIONS = range(1000)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::SyntaxWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]  # of scratched Python


def short(error):
    """The message of an InputError is one for people."""
    text = str(error)
    assert text and text.count("\n") <= 5 and len(text) < 2500, text
    return True


def says(read, given):
    """``read`` holds all of ``given`` unchanged, and besides it only entries that stand for absent ones."""
    if isinstance(given, dict):
        return isinstance(read, dict) and all(key in read and says(read[key], value) for key, value in given.items())
    if isinstance(given, list):
        return isinstance(read, list) and len(read) == len(given) and all(map(says, read, given))
    return type(read) is type(given) and read == given or isinstance(read, float) and float(given) == read


def test_damaged_records_are_refused_or_read_as_they_are(tmp_path):
    good = make()
    data, accepted = json.loads(to_json(good)), 0
    path = tmp_path / "toy-mini-mini" / "record.json"
    path.parent.mkdir()
    for seed in MUTATIONS:
        text = json.dumps(mutated(data, seed)) if seed % 2 else scratched(to_json(good), seed)
        path.write_text(text)
        try:
            record = read_record(path)
        except InputError as error:
            assert short(error)
            continue
        accepted += 1
        read = json.loads(to_json(record))
        assert says(read, json.loads(text)), "nothing was converted or dropped"
        assert record.key == key_of(record.model_dump(mode="json", include=set(IDENTITY)))
        assert Record.model_validate_json(to_json(record)) == record
        for row in record.rows:
            assert all(v >= 0 for v in row.energy_pj.values()) and row.convert_s >= 0 and record.metric in row.metrics
    assert 0 < accepted < len(MUTATIONS) / 2, accepted


def test_damaged_task_dicts_are_refused_or_read_as_they_are():
    accepted = 0
    for seed in MUTATIONS:
        data = mutated(GOOD, seed)
        try:
            task = parse(Task, data, "toy")
        except InputError as error:
            assert short(error)
            continue
        accepted += 1
        assert says(task.model_dump(), data)
        assert all(isinstance(t, int) and t >= 1 for t in task.timesteps) and len(set(task.timesteps)) == len(
            task.timesteps
        )
        for variant in task.variants.values():
            assert isinstance(variant.data["type"], str) and variant.calibration["samples"] >= 1
    assert 0 < accepted < len(MUTATIONS) / 2, accepted


def test_scratched_task_files_are_refused_or_are_tasks(tmp_path):
    text, path, accepted = (TASKS / "coco_yolo.py").read_text(), tmp_path / "task.py", 0
    text = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    for seed in MUTATIONS:
        path.write_text(scratched(text, seed))
        try:
            task = load_task(path, trust_config=True)
        except InputError as error:
            assert short(error)
            continue
        accepted += 1
        assert Task.model_validate(task.model_dump()) == task
    assert 0 < accepted < len(MUTATIONS), accepted


def test_damaged_annotations_are_refused_or_consistent(tmp_path):
    good = {
        "images": [{"id": k, "file_name": f"{k}.jpg", "width": 9, "height": 8} for k in (1, 2)],
        "categories": [{"id": 3, "name": "cat"}, {"id": 4, "name": "dog"}],
        "annotations": [
            {"id": 1, "image_id": 1, "category_id": 3, "bbox": [0, 0, 2, 3], "area": 6, "iscrowd": 0},
            {"id": 2, "image_id": 2, "category_id": 4, "bbox": [1.5, 0, 2, 3]},
        ],
    }
    file, accepted = tmp_path / "instances.json", 0
    for seed in MUTATIONS:
        file.write_text(json.dumps(mutated(good, seed)))
        try:
            found = coco.read(file, tmp_path)
        except InputError as error:
            assert short(error)
            continue
        accepted += 1
        for entry in found.objects:
            assert entry["image_id"] in found.images and entry["category_id"] in found.categories
            assert min(entry["bbox"][2:]) >= 0 and entry["area"] >= 0
        for number in found.images:
            assert tmp_path in found.path(number).parents
    assert 0 < accepted < len(MUTATIONS), accepted


@pytest.mark.parametrize("text", ["[" * 100_000, "[" * 100_000 + "]" * 100_000, '{"a":' * 50_000])
def test_depth_of_json_is_bounded(tmp_path, text):
    (tmp_path / "deep.json").write_text(text)
    for read in (read_record, lambda file: coco.read(file, tmp_path)):
        with pytest.raises(InputError) as error:
            read(tmp_path / "deep.json")
        assert short(error.value)
