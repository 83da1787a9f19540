"""Stages and errors of a conversion: by hand, as sums, on two tasks, and what the tool says of bad arguments."""

import pytest
import torch
from torch import nn

import adafire
from adafire.diagnose import ERRORS, STAGES, Diagnosis, decompose
from adafire.errors import InputError
from adafire.graph.interception import tensors_in
from adapters.base import WorkloadOptions
from benchmarks.report.diagnose import diagnose, plot, text
from benchmarks.running.task import Task
from helpers.networks import build
from helpers.programs import program
from helpers.toys import TASK

tool = program("diagnose")
SPIKING = [
    name
    for name in adafire.methods.names()
    if name != "rate" and adafire.methods.get(name).kind == "snn" and adafire.methods.get(name).neuron() is None
]


def chain():
    """One neuron, weight 2, one neuron: every number can be followed by hand."""
    network = nn.Sequential(nn.Linear(1, 1), nn.ReLU(), nn.Linear(1, 1), nn.ReLU(), nn.Linear(1, 1)).eval()
    for layer, weight in zip(network[::2], (1.0, 2.0, 1.0)):
        nn.init.constant_(layer.weight, weight)
        nn.init.zeros_(layer.bias)
    return network


def with_thresholds(snn, theta, **changes):
    snn.params = {i: p._replace(theta=torch.full_like(p.theta, theta), **changes) for i, p in snn.params.items()}
    return snn


def test_errors_of_two_neurons_by_hand():
    """T = 4, theta = 1, v0 = 1/2, single spikes.

    x = 0.4: the first neuron spikes at steps 2 and 4, mean 0.5. The second is sent 0, 2, 0, 2 (mean 1), may spike once
    a step: 0, 1, 1, 1, mean 0.75; the ANN has 0.8. x = 1.3: the first spikes at every step; the second is sent 2 and
    emits 1; the ANN has 2.6.
    """
    network, x = chain(), torch.tensor([[0.4], [1.3]])
    snn = with_thresholds(adafire.convert(network, x, method="opi", timesteps=4), 1.0)
    expected = [
        {
            "inherited": [0.0, 0.0],
            "clipping": [0.0, -0.3],
            "quantisation": [0.1, 0.0],
            "unevenness": [0.0, 0.0],
            "total": [0.1, -0.3],
        },
        {
            "inherited": [0.2, -0.6],
            "clipping": [0.0, -1.0],
            "quantisation": [0.0, 0.0],
            "unevenness": [-0.25, 0.0],
            "total": [-0.05, -1.6],
        },
    ]
    diagnosis = Diagnosis(snn)
    found = diagnosis.outputs(x, count=True)
    for site, want in zip(diagnosis.sites, expected):
        for name in ERRORS:
            assert site.mean(name) == pytest.approx(sum(want[name]) / 2, abs=1e-6), (site.name, name)
            assert site.squares[name] == pytest.approx(sum(e * e for e in want[name]), abs=1e-6)
    first, second = diagnosis.sites
    assert first.relative("clipping") == pytest.approx((0.09 / (0.16 + 1.69)) ** 0.5)
    assert (first.firing_rate, second.firing_rate) == (6 / 8, 7 / 8) and diagnosis.firing_rate == 13 / 16
    assert diagnosis.over_fired == 0 and diagnosis.worst("clipping", 1) == [second]
    values = {stage: output.flatten().tolist() for stage, output in found.items()}
    assert values["ann"] == pytest.approx([0.8, 2.6]) and values["clipped"] == pytest.approx([0.8, 1.0])
    assert values["quantised"] == pytest.approx([1.0, 1.0]) and values["snn"] == pytest.approx([0.75, 1.0])
    assert diagnosis.output_error("ann") == 0
    assert diagnosis.output_error("snn") == pytest.approx(((0.05**2 + 1.6**2) / (0.8**2 + 2.6**2)) ** 0.5)


def test_bias_current_belongs_to_the_input_and_early_spikes_to_over_firing():
    """A second neuron that is sent +1 at step 1 and -1 at step 2 keeps a spike that its mean input does not ask for."""
    network = nn.Sequential(nn.Linear(1, 2), nn.ReLU(), nn.Linear(2, 1), nn.ReLU(), nn.Linear(1, 1)).eval()
    for layer, weight in zip(network[::2], ([[1.0], [0.4]], [[1.0, -2.0]], [[1.0]])):
        layer.weight.data, layer.bias.data = torch.tensor(weight), torch.zeros_like(layer.bias)
    x = torch.tensor([[1.0]])
    snn = with_thresholds(adafire.convert(network, x, method="opi", timesteps=2), 1.0)
    diagnosis = Diagnosis(snn)
    diagnosis.outputs(x, count=True)
    second = diagnosis.sites[1]
    assert second.mean("unevenness") == 0.5 and second.over == 1  # 1 spike in 2 steps; the mean input is 0
    assert second.mean("inherited") == pytest.approx(-0.2)  # the ANN has 1 - 0.8
    snn.params = {i: p._replace(bias=torch.full_like(p.bias, 0.5)) for i, p in snn.params.items()}
    diagnosis = Diagnosis(snn)
    diagnosis.outputs(x, count=True)
    first = diagnosis.sites[0]  # driven by 1.5 and 0.9: emits 1 (limit) and 1
    assert first.mean("inherited") == pytest.approx(0.5) and first.mean("clipping") == pytest.approx(-0.25)
    assert first.mean("quantisation") == pytest.approx(0.05) and first.mean("unevenness") == 0


@pytest.mark.parametrize("method", SPIKING)
def test_errors_add_up_at_every_site_for_every_method(method):
    network = build("Residual")
    x = torch.rand(8, 3, 12, 12)
    options = {"exit_drop": 0.1} if "iat" in method else {}
    snn = adafire.convert(network, x, method=method, timesteps=4, **options)
    plan, ann, run = snn.plan(x), {}, snn.run(snn.plan(x), x)
    adafire.simulation.loop.plain(plan, network, x, snn.call, lambda s, z: ann.setdefault(s.index, s.activation.f(z)))
    list(adafire.simulation.loop.simulate(run, (4,), 4))
    for site in plan.trace.sites:
        p, state = run.params[site.index], run.neurons[site.index]
        errors = decompose(site, p, state, ann[site.index], 4)
        total = sum(errors[name] for name in ERRORS[:-1])
        assert torch.allclose(total, errors["total"], atol=1e-5 * float(p.theta.max() + ann[site.index].max()))
        assert torch.allclose(errors["total"], state.n * p.theta / 4 - ann[site.index], atol=1e-6)
    diagnosis = Diagnosis(snn)
    found = diagnosis.outputs(x, count=True)
    assert torch.allclose(found["ann"], network(x), atol=1e-4)
    if method != "snn-calibration-advanced":  # its potentials may lie outside [0, 1): then they take steps to act
        assert diagnosis.sites[0].squares["unevenness"] == 0  # the first site's input is constant
    for site in diagnosis.sites:
        assert site.mean("total") == pytest.approx(sum(map(site.mean, ERRORS[:-1])), abs=1e-5)


@pytest.mark.parametrize("name", ["Pyramid", "Modern"])
def test_stages_approach_the_network_as_t_grows(name):
    network, x, found = build(name), torch.rand(4, 3, 12, 12), []
    for t in (2, 64):
        diagnosis = Diagnosis(adafire.convert(network, x, method="adafire-signed", timesteps=t))
        outputs = diagnosis.outputs(x, count=True)
        assert list(outputs) == list(STAGES) and len(tensors_in(outputs["snn"])) == len(tensors_in(network(x)))
        found.append([diagnosis.output_error(stage) for stage in STAGES])
    assert found[0][0] == found[1][0] == 0
    assert found[1][2] < found[0][2] / 4 and found[1][3] < found[0][3] / 4


def test_report_and_picture_of_a_toy_task(tmp_path):
    task = Task(**TASK)
    report = diagnose(task, "mini", "rate-max", 2, WorkloadOptions(), samples=9, limit=6)
    assert (report.samples, report.scored) == (4, 6) and "calibration set has 4" in report.notes[0]
    assert report.scores["ann"][0] == 1.0
    words = text(report)
    assert "toy mini, rate-max, T=2" in words and "over-fired" in words and "first 6 test samples" in words
    for name in ("a.png", "b.svg"):
        plot(report, tmp_path / name)
        assert (tmp_path / name).stat().st_size > 5000
    unscored = diagnose(task, "mini", "burst", 2, WorkloadOptions(), samples=3, limit=0)
    assert unscored.scored == 0 and not unscored.scores and unscored.samples == 3 and "accuracy" not in text(unscored)
    plot(unscored, tmp_path / "c.png")


@pytest.mark.parametrize("method", ["ann", "quantised"])
def test_methods_without_such_errors_are_refused(method):
    with pytest.raises(InputError, match="expected"):
        diagnose(Task(**TASK), "mini", method, 2, WorkloadOptions())


@pytest.mark.parametrize(
    "arguments,message",
    [
        (["fashion_resnet", "--method", "adafir"], "did you mean 'adafire'"),
        (["fashion_resnets"], "did you mean 'fashion_resnet'"),
        (["fashion_resnet", "--method", "ann"], "no spikes to look at"),
        (["fashion_resnet", "--timesteps", "0"], "1 or more"),
        (["fashion_resnet", "--samples", "0"], "--samples: found '0'"),
        (["fashion_resnet", "--limit", "-1"], "--limit: found '-1'"),
        (["fashion_resnet", "--worst", "0"], "--worst: found '0'"),
        (["fashion_resnet", "--out", "picture.bmp"], "ends in .png"),
        (["fashion_resnet", "--out", "no/such/folder/a.png"], "make it first"),
        (["fashion_resnet", "--variant", "large"], "no variant 'large'"),
        (["fashion_resnet", "--checkpoint", "none.pth"], "none.pth is missing"),
    ],
)
def test_bad_arguments_are_one_message(arguments, message, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ADAFIRE_DATA", raising=False)
    for option, value in (("--method", "adafire"), ("--timesteps", "4")):
        if option not in arguments:
            arguments = [*arguments, option, value]
    assert tool.main(arguments) == 2
    out, err = capsys.readouterr()
    assert not out and err.startswith("error: ") and message in err and len(err.strip().splitlines()) <= 2
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
@pytest.mark.parametrize("task,metric", [("fashion_resnet", "accuracy"), ("coco_yolo", "mAP")])
def test_tool_on_mini_tasks(task, metric, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert (
        tool.main(
            [
                task,
                "--method",
                "adafire-uniform",
                "--timesteps",
                "2",
                "--split",
                "mini",
                "--samples",
                "4",
                "--limit",
                "8",
            ]
        )
        == 0
    )
    out, _ = capsys.readouterr()
    assert f"{task} mini, adafire-uniform, T=2" in out and f"{metric} on the first 8 test samples" in out
    for word in ("ANN", "clipped", "quantised", "SNN", "clipping", "unevenness", "rate", "over-fired"):
        assert word in out
    assert (tmp_path / "runs" / "diagnose" / f"{task}-mini-adafire-uniform-T2.png").stat().st_size > 10000


@pytest.mark.parametrize("name,t,most", [("ours", 4, 8.0), ("dcgs", 4, 1 + 1 / 2 + 1 / 3 + 1 / 4)])
def test_laws_of_their_own_have_these_errors_too(name, t, most):
    """By hand: what one spike a step, the s-th of weight theta / s on the mean, or a burst of up to 8 at the first, reaches."""
    network = nn.Sequential(nn.Linear(1, 3, bias=False), nn.ReLU(), nn.Linear(3, 1)).eval()
    network[0].weight.data = torch.tensor([[0.7], [-1.0], [100.0]])
    x = torch.tensor([[1.0]])
    snn = adafire.convert(network, x, method=name, timesteps=t)
    snn.params = {
        i: p._replace(theta=torch.ones_like(p.theta), bias=torch.zeros_like(p.bias)) for i, p in snn.params.items()
    }
    diagnosis = Diagnosis(snn)
    diagnosis.outputs(x, count=True)
    (site,) = diagnosis.sites
    clip = 8.0 if name == "dcgs" else most * t  # a burst of each step: the mean moves by 8 at every one of 4
    clip = most if name == "dcgs" else clip
    assert site.sums["clipping"] == pytest.approx(clip - 100.0, abs=1e-4)
    assert site.sums["inherited"] == pytest.approx(0, abs=1e-5)
    assert site.sums["unevenness"] == pytest.approx(0, abs=1e-4)  # the current is constant
    assert abs(site.sums["quantisation"]) < 0.3
    total = sum(site.sums[e] for e in ("inherited", "clipping", "quantisation", "unevenness"))
    assert site.sums["total"] == pytest.approx(total, abs=1e-4)


@pytest.mark.parametrize("name", ["ours", "dcgs", "adafire-differential"])
def test_stages_of_laws_of_their_own_come_to_the_ann(name):
    network, x = build("Residual"), torch.randn(4, 3, 12, 12, generator=torch.Generator().manual_seed(0))
    errors = []
    for t in (2, 64):
        diagnosis = Diagnosis(adafire.convert(network, x, method=name, timesteps=t))
        diagnosis.outputs(x, count=True)
        errors.append([diagnosis.output_error(stage) for stage in STAGES])
    assert errors[1][2] < 0.02 and errors[1][3] < 0.1 and errors[1][0] == 0 and errors[1][1] < 1e-3, errors
