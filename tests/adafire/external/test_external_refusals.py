"""What a spiking module cannot be counted for is one sentence, and numbers are never taken for spikes."""

import pytest
import torch
from torch import nn

import adafire
from adafire.errors import InputError
from adafire.external.scales import FINEST, MOST, Scale
from helpers.networks import build
from helpers.spiking_modules import Fire, Net


class Growing(nn.Module):
    """Spikes of a size that changes from step to step: not by whole multiples (0.9), or by them (0.5)."""

    def __init__(self, factor):
        super().__init__()
        self.stem, self.fc, self.factor, self.t = nn.Linear(6, 40), nn.Linear(40, 3), factor, 0

    def reset(self):
        self.t = 0

    def forward(self, x):
        self.t += 1
        return self.fc((self.stem(x) * self.t > 0.3).float() * self.factor**self.t)


class Forgetful(nn.Module):
    """State that nobody can reset."""

    def __init__(self):
        super().__init__()
        self.fc, self.v = nn.Linear(6, 3), torch.zeros(())

    def forward(self, x):
        self.v = self.v + self.fc(x)
        spikes = (self.v > 1).float()
        self.v = self.v - spikes
        return spikes


@pytest.mark.parametrize("factor", [0.9, 1.1, 0.5, 2.0])
def test_spikes_of_changing_scale(factor):
    module, x = Growing(factor).eval(), torch.rand(8, 6)
    with torch.no_grad():
        each = [float((module.stem(x) * t > 0.3).sum()) for t in range(1, 5)]
    with pytest.raises(
        InputError,
        match=r"arrives at 'fc' are spikes of changing scale: of .* in step 1, of .* in step 2.*scale='step'",
    ):
        adafire.count(module, x, 4)
    report = adafire.count(module, x, 4, scale="step").report
    assert report.synops * 8 == sum(each) * 3 > 0 and report.synops_graded == report.synops
    assert report.spikes * 8 == sum(each) and report.macs == module.stem.weight.numel()


def test_a_scale_that_doubles_may_be_bursts():
    module, x = Growing(2.0).eval(), torch.rand(8, 6)
    with torch.no_grad():
        each = [float((module.stem(x) * t > 0.3).sum()) for t in range(1, 4)]
    with pytest.raises(InputError, match="or, where a value of k scales is k spikes, scale='layer'"):
        adafire.count(module, x, 3)
    report = adafire.count(module, x, 3, scale="layer").report
    assert report.synops * 8 == 3 * (each[0] + 2 * each[1] + 4 * each[2]) and report.synops_graded * 8 == 3 * sum(each)
    with pytest.raises(InputError, match="changing scale"):  # no burst has 0.9 of another's spikes
        adafire.count(Growing(0.93).eval(), x, 4, scale="layer")


def test_state_that_stays_between_samples():
    with pytest.raises(
        InputError, match="same samples give something else.*keeps state between samples; give it a method reset"
    ):
        adafire.count(Forgetful().eval(), torch.rand(4, 6), 3)


def test_what_the_module_draws_is_no_state():
    class Poisson(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(6, 3)

        def forward(self, x):
            return self.fc((torch.rand_like(x) < x).float())

    torch.manual_seed(7)
    module, x = Poisson().eval(), torch.rand(4, 6)
    before = torch.get_rng_state()
    one, two = adafire.count(module, x, 5), adafire.count(module, x, 5, seed=1)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(one.outputs, adafire.count(module, x, 5).outputs)
    assert not torch.equal(one.outputs, two.outputs) and one.report.macs == 0 < one.report.synops


@pytest.mark.parametrize(
    "make, arguments, message",
    [
        (lambda: Net(), {}, "in training mode; call module.eval"),
        (lambda: nn.Linear(6, 3).eval(), {"timesteps": 0}, "timesteps=0; expected an integer"),
        (lambda: nn.Linear(6, 3).eval(), {"scale": "layers"}, "scale='layers'; expected None, 'layer', 'step'"),
        (
            lambda: torch.jit.trace(nn.Linear(6, 3).eval(), torch.rand(2, 6)),
            {},
            "TorchScript, which cannot be looked into",
        ),
        (lambda: lambda x: x, {}, "found function; expected a torch.nn.Module"),
        (lambda: nn.Linear(6, 3).eval(), {"inputs": torch.rand(0, 6)}, "the input holds no samples"),
        (
            lambda: nn.Conv1d(6, 3, 1).eval(),
            {"inputs": torch.rand(6, 4)},
            "sees one sample of shape .6, 4. without a batch",
        ),
        (
            lambda: _with_state(lambda x, state=None: x),
            {},
            "takes a state .state. and returns a Tensor; expected a tuple",
        ),
        (
            lambda: _with_state(lambda x, mem=None, syn=None: (x, 1, 2, 3)),
            {},
            "takes a state .mem, syn. and returns a tuple of 4",
        ),
        (lambda: _failing_reset(), {}, "Failing.reset.. of the module fails: ValueError: not today"),
    ],
)
def test_what_cannot_be_counted_is_one_sentence(make, arguments, message):
    with pytest.raises(InputError, match=message) as caught:
        adafire.count(make(), **{"inputs": torch.rand(4, 6), "timesteps": 2, **arguments})
    assert "\n" not in str(caught.value)


def _with_state(function):
    module = nn.Identity().eval()
    module.forward = function
    return module


def _failing_reset():
    class Failing(nn.Linear):
        def reset(self):
            raise ValueError("not today")

    return Failing(6, 3).eval()


def test_products_out_of_sight_are_refused():
    class Hidden(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.rand(6, 3))

        def forward(self, x):
            return _scripted(x, self.weight)

    with pytest.raises(InputError, match="Hidden multiplies matrices out of sight"):
        adafire.count(Hidden().eval(), torch.rand(4, 6), 2)


@torch.jit.script
def _scripted(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    return torch.mm(x, weight)


@pytest.mark.parametrize("name", ["Residual", "Pyramid", "Shuffle", "Modern", "Bottleneck"])
@pytest.mark.parametrize("samples", [1, 3])
@pytest.mark.parametrize("form", ["floats", "bytes", "same"])
def test_numbers_are_no_spikes(name, samples, form):
    """A network without a spike, of changing and of constant inputs, costs its multiplications."""
    network, shape = build(name), (samples, 2, 3, 16, 16)
    x = torch.rand(shape) if form == "floats" else torch.randint(0, 256, shape) / 255
    x = x[:1].expand(shape).clone() if form == "same" else x
    once, changing = adafire.count(network, x[:, 0], 2).report, adafire.count(network, adafire.Frames(x), 2).report
    assert once.synops == changing.synops == 0 and once.spikes == changing.spikes == 0
    assert once.macs == pytest.approx(once.ann_macs) == changing.ann_macs
    last = [row["ann_macs"] for row in once.layers]
    assert once.ann_macs < changing.macs <= 2 * once.ann_macs and changing.macs >= 2 * (once.ann_macs - max(last))


def test_scales_of_random_spikes_are_found():
    generator = torch.Generator().manual_seed(3)
    for _ in range(50):
        size = float(torch.rand((), generator=generator) * 10 + 1e-3)
        counts = torch.randint(-MOST, MOST + 1, (4, 5, 6), generator=generator).float()
        counts[0, :, 0], scale = 1.0, Scale(axis=1)
        found, finer = scale.count(counts * size)
        assert torch.equal(found, counts) and finer is None and scale.unit == pytest.approx(torch.full((5,), size))
        assert scale.one_for_all().tolist() == [1.0] * 5


def test_a_scale_is_made_finer_and_what_was_counted_with_it():
    scale, total = Scale(), 0.0
    for values in ([3.0, 6.0], [1.5], [2.25], [0.75, 9.0]):
        counts, finer = scale.count(torch.tensor(values))
        total = total * (1 if finer is None else float(finer)) + float(counts.sum())
    assert float(scale.unit) == 0.75 and total == (3 + 6 + 1.5 + 2.25 + 0.75 + 9) / 0.75
    assert scale.count(torch.tensor([0.75 * (MOST + 1)])) is None  # too many for one value
    assert Scale().count(torch.tensor([1.0, 1.0 + 1 / (FINEST + 1)])) is None


def test_channels_have_scales_of_their_own():
    sizes = torch.tensor([0.3, 1.7, 0.091, 5.0])
    spikes = (torch.rand(6, 4, 5, 5) < 0.3).float()
    module = nn.Sequential(Fire(0.5), nn.Identity(), nn.Conv2d(4, 2, 3, padding=1)).eval()
    module[1].forward = lambda x: x * sizes.view(-1, 1, 1)
    frames = adafire.Frames((spikes * 0.5)[:, None].repeat(1, 4, 1, 1, 1))
    report = adafire.count(module, frames, 4).report
    one = adafire.count(nn.Sequential(Fire(0.5), nn.Conv2d(4, 2, 3, padding=1)).eval(), frames, 4).report
    assert report.synops == one.synops > 0 and report.macs == 0
