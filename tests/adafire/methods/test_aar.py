"""AAR's neuron: step by step in integers, and SpikingJelly's own; the offset that makes means equal, by hand."""

import importlib.util

import pytest
import torch
from torch import nn

import adafire
from adafire.calibration import Histogram, unbiased
from adafire.errors import InputError
from adafire.graph.activations import relu
from adafire.methods import get
from adafire.neurons import NeuronParams
from adafire.neurons.count import initial_state, scan


def published(currents, threshold, offset):
    """Spikes of one neuron, in whole numbers, as the authors write it."""
    potential, spikes = 0, []
    for current in currents:
        potential += current
        fired = potential + offset - threshold >= 0
        potential -= threshold if fired else 0
        spikes.append(int(fired))
    return spikes


@pytest.mark.parametrize("threshold, offset", [(8, 0), (8, 3), (5, 4), (16, 15)])
def test_the_neuron_is_one_that_begins_at_its_offset(threshold, offset):
    currents = torch.randint(0, 12, (40, 3, 2), generator=torch.Generator().manual_seed(threshold + offset))
    whole = lambda value: torch.full((1, 1), float(value))
    p = NeuronParams(whole(threshold), whole(0), whole(offset / threshold), 1, 0)
    spikes, _ = scan(currents.float(), 0, 40, p, initial_state(currents[0].float(), p), relu())
    for i, j in ((i, j) for i in range(3) for j in range(2)):
        expected = published(currents[:, i, j].tolist(), threshold, offset)
        assert (spikes[:, i, j] / threshold).tolist() == expected and sum(expected) > 0


def test_the_neuron_is_spikingjellys():
    if importlib.util.find_spec("spikingjelly") is None:
        pytest.skip("spikingjelly is not installed (pip install -e '.[test]')")
    from spikingjelly.activation_based import neuron

    if not hasattr(neuron, "ActivationAwareIFNode"):
        pytest.skip("this spikingjelly has no ActivationAwareIFNode")
    threshold, offset = torch.tensor([1.0, 2.0, 4.0]), torch.tensor([0.25, 0.0, 3.0])
    theirs = neuron.ActivationAwareIFNode(v_threshold=threshold, v_offset=offset, channel_dim=1)
    currents = torch.randint(0, 9, (30, 4, 3), generator=torch.Generator().manual_seed(0)) / 4
    p = NeuronParams(threshold[None], torch.zeros(1, 3), (offset / threshold)[None], 1, 0)
    ours, _ = scan(currents, 0, 30, p, initial_state(currents[0], p), relu())
    assert torch.equal(torch.stack([theirs(z) for z in currents]), ours / threshold) and ours.any()


def histogram_of(values):
    histogram = Histogram(len(values))
    histogram.update(torch.tensor(values).T, 1)
    return histogram


def test_the_offset_by_hand():
    """theta 4 in 4 steps of 1: 0.7 and 1.7 are 0 and 1 without an offset, 1 and 2 from 0.3 on, where 2.2, 3.2 stay what they are.
    Of 0.7, 1.7 and 2.2, 3.2 the sum is 7.8; 0 + 1 + 2 + 3 = 6 is less, 1 + 2 + 2 + 3 = 8 the first that is not."""
    found = unbiased(histogram_of([[0.7, 1.7, 2.2, 3.2]]), torch.tensor([4.0]), 4)
    assert found.item() == pytest.approx(0.3, abs=0.01)


def test_offsets_that_no_mean_asks_for_stay_at_the_borders():
    silent, clipped = [0.0, 0.0, 0.0, 0.0], [9.0, 9.0, 9.0, 9.0]
    found = unbiased(histogram_of([silent, clipped]), torch.tensor([4.0, 4.0]), 4)
    assert found[0] < 1e-6 and found[1] == 63 / 64


@pytest.mark.parametrize("per_channel", [True, False])
def test_means_of_the_first_layer_are_the_anns(per_channel):
    torch.manual_seed(0)
    network, x = nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 2)).eval(), torch.randn(400, 6)
    snn = adafire.convert(network, x, method="aar:offset=unbiased", timesteps=4, per_channel=per_channel)
    p, a = snn.params[0], network[:2](x).detach()
    rounded = lambda v0: ((a * 4 / p.theta + v0).floor().clamp(0, 4) * p.theta / 4).mean(0)
    error = lambda v0: (rounded(v0) - a.mean(0)).abs().sum()
    assert p.v0.shape == p.theta.shape and len(p.v0.unique()) == (5 if per_channel else 1)
    assert error(p.v0) < error(0.5) / 3 if per_channel else error(p.v0) < error(0.5) * 1.2
    half = adafire.convert(network, x, method="aar", timesteps=4)
    same = adafire.convert(network, x, method="snn-calibration", timesteps=4, correction="none")
    assert torch.equal(half(x), same(x))


@pytest.mark.parametrize("options", [{"offset": "mean"}, {"phi_plus": 2}, {"v0": 0.25}, {"correction": "potential"}])
def test_options_that_make_no_sense_are_refused(options):
    with pytest.raises(InputError, match=f"method aar: {next(iter(options))}="):
        get("aar").with_options(**options)
