"""Inputs that change in time: against a step-by-step reference, chunk parity, convergence, what is computed how often."""

import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

import adafire
from adafire import Frames
from adafire.calibration.data import Calibration
from adafire.graph.interception import tensors_in
from adafire.simulation.loop import simulate
from adafire.simulation.state import Run
from helpers.networks import NETWORKS, build, integer_network, relative_error
from helpers.references import step_by_step


class Convolutions(TorchDispatchMode):
    """Counts the pictures that go through convolutions, by the number of their input channels."""

    def __init__(self):
        super().__init__()
        self.pictures = {}

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        if "convolution" in str(func):
            self.pictures[args[0].shape[1]] = self.pictures.get(args[0].shape[1], 0) + len(args[0])
        return func(*args, **(kwargs or {}))


def test_frames_are_shown_in_order_and_then_again_or_held():
    values = torch.arange(6.0).reshape(1, 3, 2)
    assert Frames(values).steps(1, 4)[:, 0, 0].tolist() == [2.0, 4.0, 0.0, 2.0]
    assert Frames(values, after="hold").steps(1, 4)[:, 0, 0].tolist() == [2.0, 4.0, 4.0, 4.0]
    assert Frames(values).mean(4)[0].tolist() == [1.5, 2.5]  # (0 + 2 + 4 + 0) / 4
    assert Frames(values, after="hold").mean(4, start=2)[0].tolist() == [4.0, 5.0]
    with pytest.raises(adafire.InputError, match="expected 'repeat' or 'hold'"):
        Frames(values, after="stop")
    with pytest.raises(adafire.InputError, match="at least one frame"):
        Frames(torch.zeros(2, 0, 3))


@pytest.mark.parametrize(
    "method,phi,minus,after", [("rate-max", 1, 0, "repeat"), ("burst", 3, 0, "hold"), ("burst", 4, 4, "repeat")]
)
@torch.no_grad()
def test_simulation_equals_step_by_step_integers(method, phi, minus, after):
    network, values = integer_network(), torch.randint(-3, 4, (3, 4, 3, 12, 12)).float()
    clip = Frames(values, after)
    snn = adafire.convert(network, clip, method=method, timesteps=6, phi_plus=phi, phi_minus=minus, v0=0.5)
    snn.params = {i: p._replace(theta=torch.full_like(p.theta, 64.0)) for i, p in snn.params.items()}
    order = [0, 1, 2, 3, 0, 1] if after == "repeat" else [0, 1, 2, 3, 3, 3]
    expected, state = step_by_step(network.double(), [values[:, k].double() for k in order], 64.0, 6, phi, minus)
    network.float()
    run = Run(snn.plan(clip), snn.params, network, clip, snn.call)
    ((_, got),) = simulate(run, (6,), 6)
    for name, site in zip(("stem", "a", "b", "c"), run.plan.trace.sites):
        assert torch.equal(run.neurons[site.index].n.double(), state[name][1]), name
        assert state[name][1].abs().sum() > 0
    assert torch.allclose(got.double(), expected, atol=1e-6 * float(expected.abs().max()))


@pytest.mark.parametrize("name", NETWORKS)
def test_chunk_sizes_give_identical_spikes(name):
    network, clip = build(name), Frames(torch.randn(2, 5, 3, 16, 16))
    snn = adafire.convert(network, clip, method="burst", timesteps=7, phi_plus=3, phi_minus=3)
    results = []
    for chunk in (1, 3, 7):
        run = Run(snn.plan(clip), snn.params, network, clip, snn.call)
        outputs = [tensors_in(y) for _, y in simulate(run, (2, 7), chunk)]
        results.append(([s.n for s in run.neurons.values()], outputs))
    for counts, outputs in results[1:]:
        same = sum(int((a == b).sum()) for a, b in zip(counts, results[0][0])) / sum(c.numel() for c in counts)
        assert same > 0.999
        assert relative_error(outputs, results[0][1]) < 1e-2


@pytest.mark.parametrize("name", NETWORKS)
def test_tends_to_the_network_on_the_mean_frame(name):
    network, values = build(name), torch.randn(2, 4, 3, 16, 16)
    clip = Frames(values)
    with torch.no_grad():
        wanted = tensors_in(network(values.mean(1)))
    ann = adafire.convert(network, clip, method="ann")
    assert relative_error(tensors_in(ann(clip)), wanted) < 1e-5
    errors = []
    for steps in (4, 16, 64):
        snn = adafire.convert(network, clip, method="adafire-signed", timesteps=steps)
        errors.append(relative_error(tensors_in(snn(clip)), wanted))
    assert errors[2] < errors[0] / 4 and errors[2] < 0.1, errors


def test_frames_that_are_all_the_same_are_a_constant_input():
    network, x = integer_network(), torch.randint(-3, 4, (2, 3, 12, 12)).float()
    clip = Frames(torch.stack([x, x], 1))
    for method in ("adafire+iat", "dcgs", "snn-calibration-advanced"):
        results = []
        for given in (x, clip):
            inputs = [given, given]
            torch.manual_seed(0)
            snn = adafire.convert(network, inputs, method=method, timesteps=4)
            results.append((snn(given), snn.report().synops))
        assert torch.allclose(results[0][0], results[1][0], atol=1e-4 * float(results[0][0].abs().max())), method
        assert results[0][1] == pytest.approx(results[1][1], rel=1e-3), method


def test_every_step_computes_the_first_layer_for_frames_and_one_does_for_a_constant():
    network, x = build("Residual"), torch.randn(2, 3, 16, 16)
    for given, times in ((x, 1), (Frames(torch.stack([x, x.flip(0)], 1)), 6)):
        snn = adafire.convert(network, given, method="burst", timesteps=6)
        for memory_gb in (0.5, 1e-9):  # in one chunk, and step by step
            snn.memory_gb = memory_gb
            snn.reset()
            with Convolutions() as convolutions:
                snn(given)
            assert convolutions.pictures[3] == times * len(x)  # 3 channels: the first layer alone
            assert convolutions.pictures[16] == 6 * len(x)
            report = snn.report()
            first = next(layer for layer in report.layers if layer["layer"] == "stem")
            assert first["macs"] == times * first["ann_macs"] and first["synops"] == 0


class Beside(nn.Module):
    """A frame, and what stays the same beside it; what comes first reaches the read-out, too."""

    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = nn.Linear(4, 8), nn.Linear(3, 8), nn.Linear(8, 2)
        self.d = nn.Linear(4, 2)

    def forward(self, frame, beside):
        return self.c(torch.relu(self.a(frame) + self.b(beside))) + self.d(frame)


def test_a_constant_beside_frames_is_computed_once():
    network, frames, beside = Beside().eval(), Frames(torch.randn(5, 3, 4)), torch.randn(5, 3)
    snn = adafire.convert(network, [(frames, beside)], method="burst", timesteps=3, phi_plus=8, phi_minus=8)
    regions = {call.name: call.region for call in snn.plan((frames, beside)).trace.calls if call.op == "linear"}
    assert regions == {"a": "steps", "b": "prefix", "c": "readout", "d": "readout"}
    long = adafire.convert(network, [(frames, beside)], method="burst", timesteps=300, phi_plus=8, phi_minus=8)
    with torch.no_grad():
        assert relative_error([long((frames, beside))], [network(frames.values.mean(1), beside)]) < 0.02


def test_a_constant_of_the_same_shape_is_another_input():
    network, values = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2)).eval(), torch.randn(5, 3, 4)
    snn = adafire.convert(network, Frames(values), method="burst")
    assert snn.plan(Frames(values)) is not snn.plan(values)
    assert snn(Frames(values)).shape == (5, 2) and snn(values).shape == (5, 3, 2)


def test_a_frame_cannot_steer_python():
    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(4, 2)

        def forward(self, x):
            return self.layer(torch.relu(x * (2 if bool(x.sum() > 0) else 1)))

    with pytest.raises(adafire.UnsupportedError, match="depend on spikes or frames to Python"):
        adafire.convert(Network().eval(), Frames(torch.randn(2, 3, 4)), method="burst")


def test_reference_of_a_short_simulation_is_what_it_was_shown():
    network, clip = build("Residual"), Frames(torch.randn(4, 8, 3, 16, 16))
    short = adafire.convert(network, Calibration(clip), method="quantised", timesteps=2, phi_plus=4096)
    with torch.no_grad():
        assert relative_error([short(clip)], [network(clip.values[:, :2].mean(1))]) < 0.01
