"""Calls made again without the network, additions inside neurons, spikes in the place of currents: the same bits."""

import pytest
import torch

import adafire
from adafire.graph.activations import activation_of
from adafire.graph.calls import Site
from adafire.graph.interception import tensors_in
from adafire.neurons import kernels as fused
from adafire.neurons.count import NeuronParams, initial_state, scan
from adafire.simulation.loop import simulate
from adafire.simulation.plan import Plan
from helpers.networks import NETWORKS, build


def results(snn, x, chunk, fuse):
    run = snn.run(snn.plan(x), x)
    run.fuse = fuse
    outputs = [t for _, y in simulate(run, (2, 6), chunk) for t in tensors_in(y)]
    snn.meter.add(run)
    states = [getattr(run.neurons[i], f) for i in sorted(run.neurons) for f in ("x", "n", "events", "graded")]
    return outputs + states, snn.report(6).as_dict()


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("minus", [0, 2])
def test_replay_and_fusion_change_no_bit(name, minus, monkeypatch):
    network, x = build(name), torch.randn(2, 3, 16, 16)
    snn = adafire.convert(network, x, method="burst", timesteps=6, phi_plus=3, phi_minus=minus)
    plan, found = snn.plan(x), []
    assert name != "Residual" or plan.joined and plan.owned
    for replayed, fuse in ((True, True), (True, False), (False, True)):
        with monkeypatch.context() as patch:
            if not replayed:
                patch.setattr(Plan, "program", lambda self, *regions: None)
            snn.reset()
            found.append(results(snn, x, 4, fuse))
    for tensors, report in found[1:]:
        assert all(torch.equal(a, b) for a, b in zip(tensors, found[0][0], strict=True)) and report == found[0][1]


def test_a_network_that_writes_in_place_is_not_replayed():
    class Writes(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = torch.nn.Conv2d(3, 4, 3), torch.nn.Conv2d(4, 2, 1)

        def forward(self, x):
            y = self.b(torch.relu(self.a(x)))
            y[:, 0] = 1.0
            return y

    network, x = Writes().eval(), torch.randn(2, 3, 6, 6)
    snn = adafire.convert(network, x, method="burst", timesteps=64, threshold="max", phi_plus=2, phi_minus=2)
    assert snn.plan(x).program("steps") is None
    with torch.no_grad():
        assert torch.allclose(snn(x), network(x), atol=0.05)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("constant", [False, True])
@pytest.mark.parametrize("layout", ["contiguous", "channels_last"])
def test_kernel_with_two_currents_equals_reference(dtype, constant, layout):
    if fused.library() is None:
        pytest.skip("no C compiler on this machine: the reference is used everywhere")
    torch.manual_seed(0)
    activation, steps = activation_of("relu", None, (None,), {}), 5
    z, more = torch.randn(steps, 2, 7, 19, 13).to(dtype), torch.randn(2, 7, 19, 13).to(dtype)
    if not constant:
        more = torch.randn(steps, 2, 7, 19, 13).to(dtype)
    if layout == "channels_last":
        z = z.permute(0, 1, 3, 4, 2).contiguous().permute(0, 1, 4, 2, 3)
    theta = (torch.rand(1, 7, 1, 1) + 0.1).to(torch.bfloat16).float()
    p = NeuronParams(theta, torch.randn(1, 7, 1, 1) * 0.1, torch.rand(1, 7, 1, 1), 2, 1)
    site = Site(0, 0, "site", activation, (2, 7, 19, 13), 1)
    expected, want = scan(z.float() + more.float(), 3, steps, p, initial_state(z[0], p), activation)
    out, got = fused.scan(z, 3, steps, p, None, site, more, overwrite=True)
    assert out.dtype == dtype and torch.equal(out.float(), expected) and out.data_ptr() == z.data_ptr()
    assert all(torch.equal(a, b) for a, b in zip(got[:4], want[:4]))
