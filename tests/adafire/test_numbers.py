"""Where numbers meet weights at every timestep, the check says so; early exit is refused before any search."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import adafire
from adafire.search import channels


class Net(nn.Module):
    def __init__(self, between):
        super().__init__()
        self.between, self.a, self.b, self.fc = between, nn.Conv2d(2, 4, 3), nn.Conv2d(4, 4, 1), nn.Linear(4, 3)
        self.norm = nn.BatchNorm2d(4)

    def forward(self, x):
        return self.fc(F.relu(self.b(self.between(self, F.relu(self.a(x))))).mean((2, 3)))


def said(between):
    return adafire.check(Net(between).eval(), torch.randn(2, 2, 8, 8))


@pytest.mark.parametrize(
    "operator,between",
    [
        ("interpolate", lambda net, x: F.interpolate(x, scale_factor=2, mode="bilinear")),
        ("softmax", lambda net, x: x.softmax(1)),
        ("batch_norm", lambda net, x: net.norm(F.interpolate(x, scale_factor=2, mode="bilinear"))),
        ("mul", lambda net, x: x * x.mean((2, 3), keepdim=True)),
        ("max_pool2d", lambda net, x: F.max_pool2d(F.avg_pool2d(x, 2), 2)),
        ("conv2d", lambda net, x: F.conv2d(x, torch.ones(4, 4, 1, 1)).transpose(2, 3)),
    ],
)
def test_the_check_names_the_layer_and_where_its_numbers_come_from(operator, between):
    report = said(between)
    layer, found, name = report.numbers[-1]
    assert (layer, found) == ("b", operator)
    assert f"numbers meet weights at every timestep (MACs): from '{operator}' at {name} they arrive at b" in str(report)


@pytest.mark.parametrize(
    "between",
    [
        lambda net, x: x,
        lambda net, x: net.norm(x),
        lambda net, x: F.max_pool2d(net.norm(x), 2),
        lambda net, x: F.interpolate(x, scale_factor=2, mode="area"),
    ],
)
def test_where_spikes_arrive_there_is_nothing_to_say(between):
    report = said(between)
    assert report.numbers == [] and "numbers meet weights" not in str(report)


def test_early_exit_on_other_outputs_is_refused_before_the_search(monkeypatch):
    class Two(Net):
        def forward(self, x):
            return super().forward(x), x

    def long_work(*_):
        raise AssertionError("the search was made before the outputs were looked at")

    monkeypatch.setattr(channels, "channel_thresholds", long_work)
    monkeypatch.setattr("adafire.calibration.fitting.Fitting.statistics", long_work)
    with pytest.raises(adafire.UnsupportedError, match=r"one tensor \[B, K\]; found \(2, 3\), \(2, 2, 8, 8\)"):
        adafire.convert(Two(lambda net, x: x).eval(), torch.randn(3, 2, 8, 8), method="adafire+iat", timesteps=4)
