"""Multiply-accumulates whose operand is not 0: of constants, of inputs of zeros and ones, of averages, of the network itself."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import adafire
from adafire.simulation.loop import simulate
from adafire.simulation.state import Run
from helpers.counting import JOINS, POOLS, Joined, Net, Voxels, classifier, events_of_conv, voxels


def layers(snn, x):
    snn.reset()
    snn(x)
    return {row["layer"]: row for row in snn.report().layers}


def with_zeros(*shape):
    """Random numbers, about half of them 0."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(3)).clamp(min=0)


@pytest.mark.parametrize("join", [name for name in JOINS if name != "product"])
def test_constants_beside_spikes_that_are_not_zero_are_multiplied_once(join):
    function, channels, constant = JOINS[join]
    network, x = Joined(function, channels).eval(), with_zeros(2, 2, 7, 8)
    rows = layers(adafire.convert(network, x, method="adafire-signed", timesteps=3), x)
    held = torch.zeros(2, channels, *((3, 8) if join == "pooled" else (7, 8)))
    with torch.no_grad():
        values = {"cat": x, "pooled": F.avg_pool2d(x, (2, 1))}.get(join, network.side(x))
    held[:, constant] = (values != 0).float()
    assert rows["b"]["eff_macs"] * 2 == events_of_conv(held, network.b.weight, 2, 1, 1, 1) > 0
    assert rows["b"]["eff_macs"] <= rows["b"]["macs"]
    assert rows["a"]["eff_macs"] * 2 == events_of_conv((x != 0).float(), network.a.weight, 1, 1, 1, 1)


def test_ones_of_a_binary_input_are_messages_and_other_samples_are_multiplied():
    network, x = Voxels().eval(), voxels(4)
    x[1, 0, 2, 2] = 0.5
    row = layers(adafire.convert(network, x, method="ours", timesteps=2), x)["a"]
    assert row["spikes"] * 4 == row["messages"] * 4 == float(x[[0, 2, 3]].sum())
    assert row["eff_macs"] * 4 == events_of_conv((x[1:2] != 0).float(), network.a.weight, 1, 1, 1, 1) < row["macs"] * 4


@pytest.mark.parametrize("pool", POOLS)
def test_averages_that_are_not_zero_are_multiplied(pool):
    network, x = Net(POOLS[pool]).eval(), torch.rand(4, 2, 8, 8, generator=torch.Generator().manual_seed(1))
    network.a.bias.data[:3] -= 9  # channels that are silent
    snn = adafire.convert(network, x, method="rate-max", timesteps=8)
    snn(x)
    run = Run(snn.plan(x), snn.params, network, x, snn.call)
    list(simulate(run, (8,), 8))
    arriving = POOLS[pool](run.neurons[0].n)
    row, expected = classifier(snn), {"macs": 0, "eff_macs": 0, "messages": 0}
    for sample in range(4):
        if 4.6 * arriving[sample].numel() * 40 < 0.9 * float(run.neurons[0].events[sample].sum()) * 40:
            expected["macs"] += arriving[sample].numel() * 40
            expected["eff_macs"] += int((arriving[sample] != 0).sum()) * 40
        else:
            expected["messages"] += float(run.neurons[0].graded[sample].sum())
    assert {key: row[key] * 4 for key in expected} == pytest.approx(expected)
    assert row["macs"] == 0 or 0 < row["eff_macs"] < row["macs"]


class Attention(nn.Module):
    """Two products of activations, a layer that is called twice, and one whose rows are not samples."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.q, self.k, self.v, self.out = (nn.Linear(n, m) for n, m in ((4, 4), (4, 4), (4, 3), (3, 2)))

    def forward(self, x):
        q, k, v = (F.relu(layer(x)) for layer in (self.q, self.k, self.v))
        return self.out(F.relu(self.v(F.relu(self.q(q @ k.transpose(1, 2) @ torch.ones(5, 4)) - 1)) + v))


def test_the_ann_skips_what_is_zero_in_products_of_two_activations_too():
    network, x = Attention().eval(), with_zeros(3, 5, 4)
    rows = layers(adafire.convert(network, x, method="ann", timesteps=1), x)
    with torch.no_grad():
        q, k, v = (F.relu(layer(x)) for layer in (network.q, network.k, network.v))
        again = F.relu(network.q(q @ k.transpose(1, 2) @ torch.ones(5, 4)) - 1)
        last = F.relu(network.v(again) + v)
    product = sum(
        bool(q[b, i, n] != 0) and bool(k[b, j, n] != 0)
        for b in range(3)
        for i in range(5)
        for j in range(5)
        for n in range(4)
    )
    found = {name: row["eff_macs"] * 3 for name, row in rows.items()}
    assert found["network:matmul"] == product < rows["network:matmul"]["ann_macs"] * 3
    assert found["q"] == found["k"] == int((x != 0).sum()) * 4 and found["v"] == int((x != 0).sum()) * 3
    assert found["v[call 2]"] == int((again != 0).sum()) * 3 and found["out"] == int((last != 0).sum()) * 2
    assert all(row["ann_eff_macs"] == row["eff_macs"] for row in rows.values())
    bytes_of = {name: rows[name]["weight_bytes"] for name in ("q", "q[call 2]", "v", "v[call 2]")}
    assert bytes_of == {"q": 80, "q[call 2]": 0, "v": 60, "v[call 2]": 0}
    assert rows["q[call 2]"]["weights"] == 16 and rows["q[call 2]"]["biases"] == 4


def test_the_quantised_network_skips_what_it_rounds_to_zero():
    torch.manual_seed(0)
    network, x = nn.Sequential(nn.Linear(6, 30), nn.ReLU(), nn.Linear(30, 4)).eval(), torch.randn(20, 6)
    ann, snn = (adafire.convert(network, x, method=name, timesteps=1) for name in ("ann", "quantised"))
    whole, rounded = layers(ann, x)["2"], layers(snn, x)["2"]
    with torch.no_grad():
        z, p = network[0](x), snn.params[0]
        value, corrected = F.relu(z), F.relu(z + p.bias)
    assert whole["eff_macs"] * 20 == int((value != 0).sum()) * 4
    assert rounded["eff_macs"] * 20 == int((corrected / p.theta).round().count_nonzero()) * 4 < whole["eff_macs"] * 20
    assert rounded["macs"] == rounded["ann_macs"] == whole["macs"] == 120 and rounded["ann_eff_macs"] is None


def test_on_demand_an_snn_counts_what_its_ann_skips():
    network, x = Voxels().eval(), with_zeros(3, 2, 6, 6)
    ann, snn = (adafire.convert(network, x, method=name, timesteps=2) for name in ("ann", "ours"))
    assert layers(snn, x)["b"]["ann_eff_macs"] is None and snn.report().ann_eff_macs is None
    snn.counts_ann = True
    own, of_ann = layers(snn, x), layers(ann, x)
    assert {name: row["ann_eff_macs"] for name, row in own.items()} == {
        name: row["eff_macs"] for name, row in of_ann.items()
    }
    assert snn.report().ann_eff_macs == ann.report().eff_macs == ann.report().ann_eff_macs < ann.report().macs


def test_a_folded_norm_is_in_the_weights_of_its_layer():
    network = nn.Sequential(
        nn.Conv2d(2, 4, 3, bias=False), nn.BatchNorm2d(4), nn.ReLU(), nn.BatchNorm2d(4), nn.Conv2d(4, 3, 1)
    ).eval()
    rows = layers(
        adafire.convert(network, torch.randn(2, 2, 5, 5), method="ours", timesteps=2), torch.randn(2, 2, 5, 5)
    )
    assert {n: (r["weights"], r["biases"], r["weight_bytes"]) for n, r in rows.items() if r["weights"]} == {
        "0": (72, 4, 304),
        "3": (4, 4, 32),
        "4": (12, 3, 60),
    }
    runs = {name: row["output_updates"] / row["outputs"] for name, row in rows.items()}
    assert runs == {"0": 1, "3": 0, "4": 1}, "of the constant input; behind neurons, merged; read out"


def test_rows_that_are_no_samples_keep_the_sum():
    class Sequence(nn.Module):
        """[B, N, C] is turned to [N, B, C]: the rows of the second layer are positions."""

        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(3, 4), nn.Linear(4, 2)

        def forward(self, x):
            return self.b(F.relu(self.a(x.transpose(0, 1)))).transpose(0, 1)

    network, x = Sequence().eval(), with_zeros(2, 5, 3)
    row = layers(adafire.convert(network, x, method="rate-max", timesteps=2), x)["a"]
    assert row["eff_macs"] * 2 == pytest.approx(int((x != 0).sum()) * 4)


def test_frames_meet_weights_at_every_step_where_they_are_not_zero():
    network, frames = Voxels().eval(), with_zeros(2, 3, 2, 6, 6)
    row = layers(adafire.convert(network, adafire.Frames(frames), method="ours", timesteps=4), adafire.Frames(frames))[
        "a"
    ]
    shown = [(frames[:, t % 3] != 0).float() for t in range(4)]
    assert row["eff_macs"] * 2 == sum(events_of_conv(f, network.a.weight, 1, 1, 1, 1) for f in shown)
    assert row["macs"] == 4 * row["ann_macs"] > row["eff_macs"] and row["output_updates"] == 4 * row["outputs"]


def test_half_precision_counts_exactly():
    """A sum of 300 ones in bfloat16 would be 256 or 304."""
    torch.manual_seed(0)
    network, x = nn.Sequential(nn.Linear(300, 8), nn.ReLU(), nn.Linear(8, 2)).eval(), torch.rand(2, 300) + 0.5
    row = layers(adafire.convert(network, x, method="adafire-uniform", timesteps=2, precision="bf16"), x)["0"]
    assert row["eff_macs"] == row["macs"] == 2400 and row["weight_bytes"] == 2 * (2400 + 8)
