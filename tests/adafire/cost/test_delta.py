"""The delta network's own record: what it multiplies, reads and writes, against sums made by hand."""

import pytest
import torch
from torch import nn

import adafire
from adafire.cost import ENERGY_MODELS, EnergyModel, counters_of_delta

COUNTERS = {  # a convolution that sees the input, one that 20 bursts of 60 spikes arrive at, a sum of branches that 5 of 7 do
    "macs": 1000.0,
    "layers": [
        {
            **{"layer": "a", "op": "conv2d", "macs": 1000.0, "ann_macs": 1000.0, "synops": 0.0, "synops_graded": 0.0},
            **{"spikes": 0.0, "messages": 0.0, "inputs": 100.0, "outputs": 50.0, "output_updates": 50.0},
            **{"weights": 2000, "biases": 48},
        },
        {
            **{"layer": "b", "op": "conv2d", "macs": 0.0, "ann_macs": 1500.0, "synops": 600.0, "synops_graded": 200.0},
            **{"spikes": 60.0, "messages": 20.0, "inputs": 50.0, "outputs": 2048.0, "output_updates": 0.0},
            **{"weights": 8192, "biases": 0},
        },
        {
            **{"layer": "c", "op": "add", "macs": 0.0, "ann_macs": 0.0, "synops": 7.0, "synops_graded": 5.0},
            **{"spikes": 7.0, "messages": 5.0, "inputs": 0.0, "outputs": 0.0, "output_updates": 0.0},
            **{"weights": 0, "biases": 0},
        },
    ],
    "sites": [
        {
            **{"site": "s", "neurons": 50.0, "neuron_updates": 200.0, "spikes": 67.0, "messages": 25.0},
            **{"message_bits": 3, "spike_bits": 1, "longest_burst": 4, "state_bytes": 8},
        }
    ],
}
BY_HAND = {
    # 1000 MACs of what changed in the input, 200 of what neurons sent, 5 additions where branches meet
    "horowitz-45nm": 4.6 * 1200 + 0.9 * 5,
    "horowitz-45nm-int8": 0.23 * 1200 + 0.03 * 5,
    "horowitz-45nm-int8-acc32": 0.3 * 1200 + 0.1 * 5,
    # a weight of 4 bytes for each MAC, a bias for 50 outputs; 200 updates of 8 bytes, read and written
    "spikingjelly-simple": 4.6 * 1200 + 0.9 * 5 + 24.96 * (4 * 1200 + 4 * 50 + 2 * 8 * 200),
    # 'a' has 8192 bytes of parameters (10 pJ), 400 of inputs (0.48828125), 200 of outputs (0.244140625); 'b' 32768 (20 pJ), and
    # currents of 8192 (10 pJ); 'c' has none; queues of 4000 bytes 4.8828125 pJ; 50 neurons of 8 bytes 0.48828125 pJ an access
    "lemaire-45nm": (
        (3.2 * 1200 + 0.1 * (5 + 50 + 25))  # MACs, additions, biases, and what receivers know of each of 25 that sent
        + (0.1 * 205 + 0.1 * (100 + 50) + 2 * 3.2 * 20)  # addresses
        + (10 * (1000 + 50) + 20 * 200)  # weights and biases
        + (2 * 10 * 200 + 2 * 0.48828125 * 2 * 200)  # currents by changes, and by neurons: two words
        + (0.48828125 * 1000 + 0.244140625 * 50 + 4.8828125 * (25 + 25))  # inputs, outputs, queues at both ends
    ),
    # 25 messages of 3 bits
    "spyx-8bit-dram": 0.45625 * 1200 + 0.225 * 5 + 160 * 1200 + 2 * 2 * 2 * 200 + 3 * 75 + 2 * 100,
    "spyx-8bit-on-chip": 0.45625 * 1200 + 0.225 * 5 + 2 * 1200 + 2 * 2 * 2 * 200 + 3 * 75 + 2 * 100,
    "neuromc-32nm": (
        (1.36 * 1200 + 0.582 * 5)
        + (0.604 * 200 + 5.302 * 1200 + 2 * 92.683 / 16 * 2 * 200)
        + (5.302 * 100 + 5.793 * 50 + 2 * 0.4485 * 75)
    ),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_each_model_gives_what_a_sum_by_hand_gives(name):
    found = ENERGY_MODELS.get(name).energy_pj(counters_of_delta(COUNTERS))
    assert found == pytest.approx(BY_HAND[name], rel=1e-12)


def test_a_model_that_knows_no_multiplying_synapses_refuses_them():
    delta = counters_of_delta(COUNTERS)
    for model in (
        ENERGY_MODELS.get("loihi-1"),
        EnergyModel("mine", 1.0, 0.1, "a data sheet", parts=lambda model, counters, host: {"all": 1.0}),
        EnergyModel("adds", None, 0.1, "a data sheet"),
    ):
        with pytest.raises(adafire.InputError, match=f"energy model {model.name} adds at synapses, and 200 multiply"):
            model.energy_pj(delta, host="horowitz-45nm")
    known = {name for name in ENERGY_MODELS.names() if ENERGY_MODELS.get(name).multiplies} | set(BY_HAND)
    assert known == set(BY_HAND)


def test_the_stream_itself_is_as_it_was():
    before = {key: value for key, value in COUNTERS.items()}
    counters_of_delta(COUNTERS)
    assert before == COUNTERS and "multiplied" not in COUNTERS["layers"][1]


def test_of_a_stream_every_change_is_multiplied_once():
    """Three layers; in the second call the second input of two falls from 1 to 0.

    a: (1, 1), (0.5, 1) @ x: currents (2, 1.5), then (1, 0.5): both change, 2 products of the input that changed.
    b: 2 changes x 3 synapses. Its neurons: (2, 1.5, 3.5), then (1, 0.5, 1.5): 3 changes x 2 synapses of c."""
    a, b, c = nn.Linear(2, 2, bias=False), nn.Linear(2, 3, bias=False), nn.Linear(3, 2, bias=False)
    a.weight.data = torch.tensor([[1.0, 1.0], [0.5, 1.0]])
    b.weight.data = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    network, x = nn.Sequential(a, nn.ReLU(), b, nn.ReLU(), c).eval(), torch.tensor([[1.0, 1.0]])
    snn = adafire.convert(network, torch.cat([x, x / 2]), method="ours", timesteps=4)
    with snn.stream() as stream:
        stream(x)
        stream(x * torch.tensor([[1.0, 0.0]]))
        delta = counters_of_delta(stream.last().as_dict())
        stream(x * torch.tensor([[1.0, 0.0]]))
        assert stream.last().macs == stream.last().synops == 0  # inputs of zeros and ones: not told again, either
    assert (delta["macs"], delta["multiplied"], delta["synops"], delta["messages"]) == (2, 12, 12, 5)
    assert ENERGY_MODELS.get("horowitz-45nm").energy_pj(delta) == pytest.approx(4.6 * 14)
