"""Cards of tasks: no task without the licence and the citation of its data and the licence of its weights."""

import re

import pytest

from benchmarks.report.task_card import card, measured
from benchmarks.running import catalogue, data_sources, data_terms
from benchmarks.running.task import load_task
from helpers import records

TASKS = [load_task(path) for path in catalogue.task_files()]
A_WORK = re.compile(r"\b(19|20)\d\d$|https://|CITATION\.cff")


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_every_task_says_the_terms_of_its_data_and_weights(task):
    for variant in task.variants.values():
        terms = data_terms.terms_of(variant)
        assert len(terms.licence) > 2 and A_WORK.search(terms.cite), data_sources.name_of(variant)
        assert data_terms.weights_licence(variant)
    text = "\n".join(card(task, []))
    sets = {data_sources.name_of(variant) for variant in task.variants.values()}
    for words in ("* Licence of the data: ", "* To cite: ", "* Known differences: "):
        assert text.count(words) == len(sets)
    rows = [line for line in text.splitlines() if line.startswith("| ")][1:]
    assert len(rows) == len(task.variants) and all(row.count(" | ") == 6 for row in rows)


def test_every_public_set_has_terms_and_no_terms_are_of_a_set_that_nothing_reads():
    read = {data_sources.name_of(variant) for task in TASKS for variant in task.variants.values()}
    assert set(data_sources.SOURCES) <= set(data_terms.TERMS) <= set(data_sources.SOURCES) | read


def test_a_set_or_weights_without_terms_are_an_error():
    variant = next(iter(TASKS[0].variants.values()))
    with pytest.raises(KeyError, match="my_set"):
        data_terms.terms_of(variant.model_copy(update={"data": {"type": "my_set"}}))
    with pytest.raises(KeyError, match="no licence of the weights https://example.org/a.pth"):
        data_terms.weights_licence(variant.model_copy(update={"checkpoint": "https://example.org/a.pth"}))


def test_whose_the_weights_are():
    licence = {(t.name, n): data_terms.weights_licence(v) for t in TASKS for n, v in t.variants.items()}
    assert licence["cifar10_resnet20", "full"] == "BSD-2-Clause"
    assert licence["coco_yolo", "yolo-fastestv2"] == data_terms.NONE
    assert licence["fashion_resnet", "mini"].startswith("Apache-2.0") and licence["drive_unet", "full"] == "yours"
    assert licence["imagenet_vit", "s16"] != licence["imagenet_vit", "b16"]


def test_what_is_measured_is_of_the_most_samples():
    task = next(task for task in TASKS if task.name == "coco_yolo")

    def record(samples, value):
        rows = [records.make_row(None, value)]
        return records.of_set("coco", samples, rows=rows, task="coco_yolo").model_copy(update={"variant": "yolov3"})

    few, many = record(50, 0.25), record(5000, 0.125)
    assert measured(task, "yolov3", [few, many]) == "0.125 (full: 5,000 samples)"
    assert measured(task, "yolov3", [few]) == "0.250 (part: 50 of 5,000 samples)"
    assert measured(task, "yolo-fastestv2", [few, many]) == "-"
