"""Spiking modules made elsewhere, counted: against every single event, and against what a conversion of the same network counts."""

import pytest
import torch
from torch import nn

import adafire
from adafire.cost import Meter
from adafire.errors import InputError
from helpers.spiking_modules import Fire, Net, Stateful, at_rest, slow_arrivals

LAYERS = {"stem", "a", "b", "up", "fc"}


def rows(report):
    return {row["layer"]: row for row in report.layers}


@pytest.mark.parametrize("size, burst", [(1.0, 1), (0.375, 1), (0.1, 3), (1.0, 3)])
def test_arrivals_are_those_of_single_events(size, burst):
    module = Net(size=size, burst=burst).eval()
    x = torch.randint(0, 4, (3, 3, 10, 10)).float()
    sizes = {"a": size, "b": 2 * size / 4, "up": 1.0, "fc": 0.5}
    slow = slow_arrivals(module, x, 5, sizes)
    report = adafire.count(module, x, 5).report
    assert set(rows(report)) == LAYERS and report.samples == 3 and report.mean_timesteps == 5
    for name, (synops, graded) in slow.items():
        row = rows(report)[name]
        assert synops > 0 and row["synops"] * 3 == pytest.approx(synops, abs=1e-6), name
        graded = synops if name == "b" and burst == 1 else graded  # pooled spikes were sent one by one
        assert row["synops_graded"] * 3 == pytest.approx(graded, abs=1e-6) and row["macs"] == 0, name
    assert rows(report)["stem"]["macs"] == rows(report)["stem"]["ann_macs"] > 0 == rows(report)["stem"]["synops"]


def test_outputs_are_means_over_time_and_steps_what_the_module_put_out():
    module, x = Net().eval(), torch.randint(0, 4, (2, 3, 10, 10)).float()
    counted = adafire.count(module, x, 4, per_step=True)
    at_rest(module)
    with torch.no_grad():
        steps = [module(x) for _ in range(4)]
    assert len(counted.steps) == 4 and all(torch.equal(a, b) for a, b in zip(counted.steps, steps))
    assert torch.allclose(counted.outputs, sum(steps) / 4)
    at_rest(module)
    assert torch.equal(adafire.count(module, x, 4).outputs, counted.outputs)


def test_several_batches_are_counted_as_one_and_every_read_out_as_its_own_run():
    module, x = Net().eval(), torch.randint(0, 4, (5, 3, 10, 10)).float()
    whole, parts = adafire.count(module, x, 6), adafire.count(module, [x[:2], x[2:]], 6)
    assert torch.equal(torch.cat(parts.outputs), whole.outputs)
    for name, row in rows(whole.report).items():
        assert rows(parts.report)[name] == {
            key: value if key in ("layer", "op") else pytest.approx(value) for key, value in row.items()
        }
    assert parts.report.spikes == pytest.approx(whole.report.spikes) and parts.report.neurons == whole.report.neurons
    snn = adafire.ExternalSNN(module, 6)
    outputs = snn(x, at=(1, 3, 6))
    for t, y in zip((1, 3, 6), outputs):
        alone = adafire.count(module, x, t)
        assert torch.equal(y, alone.outputs)
        assert {k: v["synops"] for k, v in rows(snn.report(t)).items()} == {
            k: v["synops"] for k, v in rows(alone.report).items()
        }
    with pytest.raises(InputError, match="nothing was counted at T=2.*Counted: 1, 3, 6"):
        snn.report(2)
    with pytest.raises(InputError, match="4 steps are asked for after batches of 6; call reset"):
        snn(x, at=(4,))
    with pytest.raises(InputError, match="at=.3, 1.; expected ascending integers"):
        snn(x, at=(3, 1))
    snn.reset()
    snn(x, at=(4,))
    assert snn.report(4).samples == 5


def test_processes_that_share_the_samples_count_together():
    module, x = Net().eval(), torch.randint(0, 4, (5, 3, 10, 10)).float()
    parts = [adafire.ExternalSNN(module, 6) for _ in range(2)]
    for snn, rows_of in zip(parts, (slice(0, 2), slice(2, 5))):
        snn(x[rows_of], at=(3, 6))
    whole = adafire.ExternalSNN(module, 6)
    whole(x, at=(3, 6))
    parts[0].meter = Meter.of(snn.meter.sums for snn in parts)
    for t in (3, 6):
        one, two = whole.report(t), parts[0].report(t)
        assert one.synops == pytest.approx(two.synops) and one.spikes == pytest.approx(two.spikes)
        assert one.macs == pytest.approx(two.macs) and one.samples == two.samples == 5


@pytest.mark.parametrize("burst", [1, 3])
def test_a_report_is_that_of_a_conversion_whose_neurons_do_the_same(burst):
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(3, 6, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(6, 8, 3, stride=2),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
    )
    network = nn.Sequential(*network, nn.Linear(8, 4)).eval()
    for parameter in network.parameters():
        parameter.data = torch.randint(-2, 4, parameter.shape).float() / 4
    x = torch.randint(0, 8, (6, 3, 9, 9)).float() / 8
    snn = adafire.convert(network, x, method="rate", timesteps=8, per_channel=False, phi_plus=burst)
    theirs = []
    for site in snn.sites:
        params = snn.params[site.index]
        theta = 2.0 ** round(float(params.theta.log2().mean())) / (2 if burst > 1 else 1)
        snn.params[site.index] = params._replace(theta=torch.full_like(params.theta, theta))
        theirs.append((theta, float(params.v0.flatten()[0])))
    y = snn(x)

    class Unsigned(Fire):
        def __init__(self, threshold, v0):
            super().__init__(threshold, threshold, burst)
            self.v0 = v0

        def forward(self, z):
            self.v = torch.full_like(z, self.v0 * self.threshold) if self.v is None else self.v
            return super().forward(z)

    first, second = (Unsigned(*their) for their in theirs)
    module = nn.Sequential(network[0], first, network[2], second, *network[4:]).eval()
    counted = adafire.count(module, x, 8)
    ours, own = snn.report(), counted.report
    assert torch.allclose(counted.outputs, y, atol=1e-6)
    assert [row["layer"] for row in own.layers] == ["0", "2", "6"]
    for row in ours.layers:
        mine = rows(own)[row["layer"]]
        for key in set(row) - {"ann_eff_macs", "weight_bytes"}:
            assert mine[key] == (row[key] if key in ("layer", "op") else pytest.approx(row[key])), (row["layer"], key)
    for mine, theirs in zip(own.sites, ours.sites):
        for key in set(theirs) - {"site", "over_fired"}:
            assert mine[key] == pytest.approx(theirs[key]), (theirs["site"], key)
    for key in set(ours.as_dict()) - {"sites", "layers", "over_fired", "over_fired_sites", "fitted_for", "exits"}:
        assert getattr(own, key) == pytest.approx(getattr(ours, key)), key
    for model in adafire.ENERGY_MODELS.names():
        host = None if adafire.ENERGY_MODELS.get(model).mac_pj is not None else "horowitz-45nm"
        for reading in ("spike", "message")[
            : 1 if model.startswith("loihi") and burst > 1 else 2
        ]:  # it has unit spikes
            theirs = ours.energy_pj(model, reading=reading, host=host)
            assert own.energy_pj(model, reading=reading, host=host) == pytest.approx(theirs) and theirs > 0, model


def test_state_that_is_taken_and_returned():
    torch.manual_seed(1)
    module, x = Stateful().eval(), torch.rand(4, 6)
    counted = adafire.count(module, x, 5, per_step=True)
    state, spikes, fed, steps = None, torch.zeros(()), torch.zeros(()), []
    with torch.no_grad():
        for _ in range(5):
            spikes = spikes + (state[1].sum() if state is not None else 0)
            y, state = module(x, state)
            steps.append(y)
            fed = fed + state[1].sum()
    assert all(torch.equal(a, b) for a, b in zip(counted.steps, steps))
    assert rows(counted.report)["back"]["synops"] * 4 == float(spikes) * 8 > 0
    assert rows(counted.report)["last"]["synops"] * 4 == float(fed) * 3
    assert rows(counted.report)["first"]["macs"] == 6 * 8  # once: what is shown does not change
    by_function = adafire.count(module, x, 5, forward=lambda m, x, state: m(x, state))
    assert by_function.report == counted.report


def test_frames_are_spikes_where_they_are_and_numbers_at_every_step_where_not():
    layer = nn.Linear(5, 3).eval()
    events = (torch.rand(4, 6, 5) < 0.3).float()
    report = adafire.count(layer, adafire.Frames(events), 6).report
    assert report.synops * 4 == float(events.sum()) * 3 and report.macs == 0
    report = adafire.count(layer, adafire.Frames(torch.rand(4, 6, 5)), 6).report
    assert report.synops == 0 and report.macs == 5 * 3  # of the result itself: once, on the mean
    module = nn.Sequential(nn.Linear(5, 3), Fire()).eval()
    report = adafire.count(module, adafire.Frames(torch.rand(4, 6, 5)), 6).report
    assert report.synops == 0 and report.macs == 6 * 5 * 3


def test_a_constant_input_is_multiplied_once_and_accumulated_where_it_is_zeros_and_ones():
    module = nn.Sequential(nn.Conv2d(1, 2, 3), Fire()).eval()
    x = torch.rand(4, 1, 5, 5)
    x[2:] = (x[2:] < 0.5).float()
    report = adafire.count(module, x, 7).report
    slow = slow_arrivals(module, x[2:], 1, {"0": 1.0})["0"][0]
    assert report.macs == 2 * 9 * 9 / 2 and report.synops * 4 == slow > 0
    assert report.ann_macs == 2 * 9 * 9


def test_a_product_of_two_streams_adds_rows_where_one_is_spikes():
    class Attention(nn.Module):
        def __init__(self):
            super().__init__()
            self.q, self.k, self.fire = nn.Linear(4, 4, bias=False), nn.Linear(4, 4, bias=False), Fire(0.5)

        def forward(self, x):
            spikes = self.fire(self.q(x))
            return spikes @ self.k(x).transpose(1, 2) * 2

    module, x = Attention().eval(), torch.rand(3, 5, 4)
    counted, total = adafire.count(module, x, 4), 0
    at_rest(module)
    with torch.no_grad():
        for _ in range(4):
            total += float(module.fire(module.q(x)).sum())
    (row,) = [row for row in counted.report.layers if row["op"] == "matmul"]
    assert row["synops"] * 3 == total * 5 > 0 and row["macs"] == 0 and row["ann_macs"] == 5 * 5 * 4


def test_averages_over_windows_of_several_sizes_pass_spikes_on():
    class Pyramid(nn.Module):
        def __init__(self):
            super().__init__()
            self.stem, self.fire = nn.Conv2d(1, 2, 3, padding=1), Fire()
            self.pool, self.border = nn.AdaptiveAvgPool2d(3), nn.AvgPool2d(3, 2, 1, count_include_pad=False)
            self.a, self.b = nn.Conv2d(2, 3, 1), nn.Conv2d(2, 3, 1)

        def forward(self, x):
            x = self.fire(self.stem(x))
            return self.a(self.pool(x)).sum() + self.b(self.border(x)).sum()

    torch.manual_seed(2)
    module, x = Pyramid().eval(), torch.rand(3, 1, 7, 7) * 3
    report, sums = adafire.count(module, x, 4).report, {"a": 0.0, "b": 0.0}
    at_rest(module)
    with torch.no_grad():
        for _ in range(4):
            spikes = module.fire(module.stem(x))
            for i, j in ((i, j) for i in range(7) for j in range(7)):
                cells = lambda n: sum(k * 7 // 3 <= n < -((-(k + 1) * 7) // 3) for k in range(3))
                sums["a"] += float(spikes[:, :, i, j].sum()) * cells(i) * cells(j) * 3
                rows_of = lambda n: sum(2 * k - 1 <= n <= 2 * k + 1 for k in range(4))
                sums["b"] += float(spikes[:, :, i, j].sum()) * rows_of(i) * rows_of(j) * 3
    for name, total in sums.items():
        assert rows(report)[name]["synops"] * 3 == pytest.approx(total) and total > 0, name


def test_weights_made_in_the_step_are_weights():
    class Normed(nn.Module):
        def __init__(self):
            super().__init__()
            self.fire, self.weight = Fire(0.7), nn.Parameter(torch.randn(3, 6))

        def forward(self, x):
            return nn.functional.linear(self.fire(x), self.weight.sign())

    module, x = Normed().eval(), torch.rand(2, 6)
    report, total = adafire.count(module, x, 5).report, 0
    at_rest(module)
    with torch.no_grad():
        for _ in range(5):
            total += float(module.fire(x).sum())
    assert report.synops * 2 == total * 3 > 0 and report.macs == 0


def test_sites_are_what_arrives_counted_once_where_it_goes_two_ways():
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.stem, self.fire, self.a, self.b = nn.Linear(4, 6), Fire(0.4, 0.4, 2), nn.Linear(6, 3), nn.Linear(6, 3)

        def forward(self, x):
            x = self.fire(self.stem(x))
            return self.a(x) + self.b(x)

    torch.manual_seed(0)
    module, x = Two().eval(), torch.rand(5, 4)
    report = adafire.count(module, x, 6).report
    (site,) = report.sites
    assert site["neurons"] == report.neurons == 6 and site["phi_plus"] == 2 and site["phi_minus"] == 0
    assert site["threshold"] == pytest.approx(0.4) and site["spikes"] == report.spikes > 0
    assert report.firing_rate == pytest.approx(report.spikes / 36)
    assert rows(report)["a"]["synops"] == rows(report)["b"]["synops"] == pytest.approx(3 * report.spikes)
