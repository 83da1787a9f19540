"""Pictures of samples: what is drawn where, which samples, and what cannot be drawn."""

import numpy as np
import pytest
import torch
from PIL import Image

from adafire.errors import InputError, UnsupportedError
from adapters.base import WorkloadOptions, adapters
from benchmarks.report.show import picture, predict, show
from benchmarks.running.request import find_adapter
from benchmarks.running.schema import parse
from benchmarks.running.task import PROJECT, Task, load_task
from helpers import toys
from tools.show import main


class Drawn(toys.ToyWorkload):
    """Notes what is drawn; class k is a uniform picture of level k."""

    calls = []

    def draw(self, axes, sample_id, prediction):
        self.calls.append(("truth" if prediction is None else "prediction", sample_id, prediction))
        axes.imshow(np.full((4, 4), 0 if prediction is None else prediction), vmin=0, vmax=3)

    def draw_error(self, axes, sample_id, prediction):
        self.calls.append(("error", sample_id, prediction))


if "drawn" not in adapters.names():
    adapters.register("drawn", Drawn)
TASK = parse(Task, {**toys.TASK, "adapter": "drawn"}, "task")


def test_every_panel_is_drawn_once_with_what_the_network_says(tmp_path):
    Drawn.calls = []
    paths = show(TASK, "mini", "adafire-uniform", [1, 64], WorkloadOptions(), ["7", "2"], tmp_path)
    assert [p.name for p in paths] == ["toy-mini-adafire-uniform-7.png", "toy-mini-adafire-uniform-2.png"]
    network = Drawn(toys.TASK["variants"]["mini"], WorkloadOptions())
    for sample in (7, 2):
        kinds = [kind for kind, i, _ in Drawn.calls if i == sample]
        assert kinds == ["truth", "prediction", "error", "prediction", "error", "prediction", "error"]
        said = [p for kind, i, p in Drawn.calls if i == sample and kind == "prediction"]
        assert said[0] == said[-1] == network.labels[sample]  # the ANN, and T = 64
    image = np.asarray(Image.open(paths[0]))
    assert image.shape[1] > image.shape[0] > 200 and len(np.unique(image)) > 20


def test_predictions_are_those_of_the_runner():
    workload = Drawn({"batch_size": 1}, WorkloadOptions())
    batches = list(workload.batches())
    panels = predict(workload, workload.calibration(), "adafire-uniform", [1, 2], batches)
    assert [title for title, _ in panels] == ["ANN", "T=1", "T=2"]
    together = predict(
        workload,
        workload.calibration(),
        "adafire-uniform",
        [2],
        [b for b in Drawn({"batch_size": 10}, WorkloadOptions()).batches()],
    )
    assert panels[2][1] == together[1][1] and panels[0][1] == dict(enumerate(workload.labels))


def test_three_dimensional_axes():
    workload = Drawn({"batch_size": 1}, WorkloadOptions())
    workload.projection, seen = "3d", []
    workload.draw = lambda axes, *_: seen.append(axes.name)
    workload.draw_error = None
    assert picture(workload, 0, [("ANN", 1)], "label").startswith(b"\x89PNG") and seen == ["3d", "3d"]


def test_what_cannot_be_drawn(tmp_path):
    with pytest.raises(InputError, match="no test sample '70'; it has 10, such as 0, 1, 2"):
        show(TASK, "mini", "adafire", [1], WorkloadOptions(), ["3", "70"], tmp_path)
    with pytest.raises(UnsupportedError, match="ToyWorkload workloads cannot be drawn"):
        show(parse(Task, toys.TASK, "task"), "mini", "adafire", [1], WorkloadOptions(), ["3"], tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="choose another folder"):
        show(TASK, "mini", "adafire", [1], WorkloadOptions(), ["3"], tmp_path / "file")


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["fashion_resnet", "--timesteps", "1,x"], "--timesteps: found '1,x', expected whole numbers"),
        (["fashion_resnet", "--samples", "1,,2"], "--samples: found '1,,2', expected names"),
        (["fashion_resnet", "--method", "adafir"], "did you mean 'adafire'"),
        (["fashion_resnett"], "did you mean 'fashion_resnet'"),
        (["fashion_resnet", "--out", __file__], "a file, not a folder"),
    ],
)
def test_wrong_requests_are_one_line(capsys, arguments, words):
    assert main(arguments) == 2
    err = capsys.readouterr().err
    assert words in err and err.count("\n") <= 2


def test_a_classifier_writes_its_class_below_the_picture():
    from matplotlib.figure import Figure

    task = load_task(PROJECT / "tasks" / "fashion_resnet.py")
    workload = find_adapter("classification")(task.variants["mini"].settings(), WorkloadOptions(limit=1))
    batch = next(workload.batches())
    axes = Figure().add_subplot()
    workload.draw(axes, batch.ids[0], None)
    assert axes.get_xlabel() == workload.classes[batch.context[0]] and axes.images
    with torch.no_grad():
        workload.draw(axes, batch.ids[0], workload.predict(workload.network(batch.inputs), batch)[0])
    assert axes.get_xlabel() in workload.classes
