"""Bias correction by channel means: what it needs of the ANN, and that it is what the elementwise difference gives."""

import pytest
import torch

import adafire
from adafire.calibration import corrections
from adafire.calibration.corrections import calibrate, correct_bias
from adafire.calibration.fitting import Fitting
from adafire.frames import Frames
from adafire.graph import call_network
from adafire.methods import get
from helpers.networks import build


def fitted(name, timesteps=4):
    x = torch.rand(12, 3, 16, 16, generator=torch.Generator().manual_seed(2))
    calibration = adafire.Calibration(list(x.split(5)))
    fitting = Fitting(build("Residual"), get(name), timesteps, call_network, 0.5, calibration)
    get(name).fit_thresholds(fitting)
    return fitting


@pytest.mark.parametrize("name", ["adafire-signed", "ours", "quantised"])
def test_known_means_give_the_correction_that_a_pass_of_the_ann_gives(name):
    fitting, method = fitted(name), get(name)
    given = (fitting.plan, fitting.params, fitting.network, fitting.inputs, call_network, 4, correct_bias)
    how = {"first": 0, "spiking": method.kind != "quantised"}
    means = {i: histogram.means for i, histogram in fitting.statistics().items()}
    passed, known = calibrate(*given, **how), calibrate(*given, **how, means=means)
    moved = [float((passed[i].bias - p.bias).abs().max() / p.theta.max()) for i, p in fitting.params.items()]
    apart = [float((passed[i].bias - known[i].bias).abs().max() / passed[i].theta.max()) for i in passed]
    assert apart[0] < 1e-6 < moved[0]  # rounding alone: before the first site nothing can flip
    assert max(apart) < 0.1 * max(moved)


@pytest.mark.parametrize("name", ["adafire-signed", "ours", "quantised"])
def test_a_conversion_runs_the_ann_over_the_samples_once(name, monkeypatch):
    passes = []
    plain = corrections.plain
    monkeypatch.setattr(corrections, "plain", lambda plan, *a, **k: passes.append(plan) or plain(plan, *a, **k))
    fitted(name).calibrate_bias()
    assert len(passes) == (3 if name == "quantised" else 0)  # of the quantised network itself, a batch at a time


def test_moving_inputs_that_are_corrected_for_fewer_steps_run_it_again(monkeypatch):
    passes = []
    monkeypatch.setattr(corrections, "plain", lambda *a, **k: passes.append(1) or plain(*a, **k))
    plain = adafire.calibration.fitting.plain
    x = Frames(torch.rand(6, 4, 3, 16, 16))
    fitting = Fitting(build("Residual"), get("adafire-signed"), 4, call_network, 0.5, adafire.Calibration(x))
    get("adafire-signed").fit_thresholds(fitting)
    fitting.calibrate_bias()
    assert not passes
    fitting.calibrate_bias(2)
    assert len(passes) == 1
