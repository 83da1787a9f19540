"""Neurons that emitted more than they were asked for: the kernel finds what the reference finds, for every law."""

import pytest
import torch
import torch.nn.functional as F

from adafire.graph.activations import activation_of, identity
from adafire.graph.calls import Site
from adafire.neurons import (
    DifferentialBurst,
    Digits,
    Harmony,
    MultiThreshold,
    PhasedSpikes,
    SigmaDelta,
    asked_for,
    number_over_fired,
    over_fired,
)
from adafire.neurons import count as count_form
from adafire.neurons.count import NeuronParams

ACTIVATIONS = {
    "relu": activation_of("relu", F.relu, (None,), {}),
    "leaky_relu": activation_of("leaky_relu", F.leaky_relu, (None, 0.1), {}),
    "relu6": activation_of("relu6", F.relu6, (None,), {}),
    "silu": activation_of("silu", F.silu, (None,), {}),
    "identity": identity(),
}
LAWS = {
    "count": None,
    "differential": DifferentialBurst(levels=6),
    "multi-threshold": MultiThreshold(4),
    "harmony": Harmony(3),
    "phased": PhasedSpikes(4),
    "digits": Digits(4),
    "sigma-delta": SigmaDelta(5),
}
CHECKED = {"count", "multi-threshold", "harmony"}  # laws that over-fire on the currents below


@pytest.mark.parametrize("memory", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("law", LAWS)
def test_the_kernel_finds_what_the_reference_finds(law, name, memory, monkeypatch):
    torch.manual_seed(len(law) + len(name))
    channels, neuron = 70, LAWS[law]
    z = torch.randn(5, 3, channels, 5, 4)
    z[0] += 2.0  # much at first, little afterwards: an early excess stays
    z = torch.stack([step.contiguous(memory_format=memory) for step in z])
    theta, bias = torch.rand(1, channels, 1, 1) + 0.3, torch.randn(1, channels, 1, 1) / 4
    plus, minus = (1, 0) if law in ("multi-threshold", "phased", "digits") else (3, 0)
    p = NeuronParams(theta, bias, torch.full_like(theta, 0.5), plus, minus, neuron)
    made, activation = neuron or count_form, ACTIVATIONS[name]
    _, state = made.scan(z, 0, 5, p, made.initial_state(z[0].contiguous(memory_format=memory), p), activation)
    site = Site(0, 0, "s", activation, tuple(z[0].shape), 1)
    expected = over_fired(state, 5, p, activation)
    assert expected.shape == state.n.shape and expected.dtype == torch.bool
    found = number_over_fired(state, 5, p, site)
    assert type(found) is int and found == int(expected.sum())
    assert (found > 0) or law not in CHECKED or activation.kind == "silu" or (law, name) == ("harmony", "identity")
    monkeypatch.setattr(asked_for, "_by_kernel", lambda *_: None)
    assert number_over_fired(state, 5, p, site) == found


@pytest.mark.parametrize("threads", [1, 3])
def test_by_hand_and_by_threads(threads):
    # theta 2, v0 1/2: of x = 5, 1 with limits 4 the counts asked for are floor(5/2 + 1/2) = 3 and 1; 3 and 2 were sent
    p = NeuronParams(torch.tensor(2.0), torch.tensor(0.0), torch.tensor(0.5), 4, 0)
    x = torch.tensor([5.0, 1.0]).repeat(5000).view(1, 1, -1)
    state = count_form.NeuronState(x, torch.tensor([3.0, 2.0]).repeat(5000).view(1, 1, -1), None, None)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        assert number_over_fired(state, 4, p, Site(0, 0, "s", ACTIVATIONS["relu"], (1, 1, 10000), 1)) == 5000
    finally:
        torch.set_num_threads(before)
