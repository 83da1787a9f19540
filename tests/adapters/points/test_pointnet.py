"""PointNets: networks, public checkpoints' names, T-Net products, maximum over points, shapes, metrics, the
workload."""

import json

import numpy as np
import pytest
import torch
from torch import nn

import adafire
from adafire.errors import InputError
from adafire.graph.calls import Call
from adafire.graph.support import rule_for
from adafire.neurons import kernels as fused
from adafire.neurons import pool_kernels
from adafire.simulation.loop import simulate
from adafire.simulation.running_mean import advance
from adafire.simulation.state import Run
from adapters.base import Batch, WorkloadOptions
from adapters.models.pointnet import pointnet, pointnet_parts
from adapters.models.pointnet_names import renamed
from adapters.points import part_metrics
from adapters.points.data import shapes
from adapters.points.data.solids import bar, sample_surface, solid
from adapters.points.pointnet import build_pointnet, workload
from helpers.networks import relative_error
from helpers.paths import ROOT
from helpers.pointnets import SMALL, TNETS, alive

# ---- networks


@pytest.mark.parametrize("arguments", [{}, TNETS, dict(last_relu=False), dict(pool="mean"), dict(TNETS, pool="mean")])
@torch.no_grad()
def test_points_have_no_order_and_samples_do_not_mix(arguments):
    network, x = alive(pointnet(**SMALL, **arguments)), torch.randn(3, 3, 20)
    y = network(x)
    assert y.shape == (3, 4)
    torch.testing.assert_close(network(x[..., torch.randperm(20)]), y)
    torch.testing.assert_close(network(x[1:2]), y[1:2])


@torch.no_grad()
def test_mean_over_points_does_not_change_when_points_are_doubled_nor_does_the_maximum():
    for pool in ("max", "mean"):
        network, x = alive(pointnet(**SMALL, pool=pool)), torch.randn(2, 3, 9)
        torch.testing.assert_close(network(torch.cat([x, x], 2)), network(x))
    with pytest.raises(InputError, match="expected 'max' or 'mean'"):
        pointnet(pool="median")
    with pytest.raises(InputError, match="feature_transform is 5"):
        pointnet(feature_transform=5)


@torch.no_grad()
def test_input_transform_multiplies_points_as_row_vectors():
    network, x = alive(pointnet(**SMALL, **TNETS)), torch.randn(2, 3, 5)
    matrix = network.feat.stn(x)
    seen = []
    network.feat.conv1.register_forward_pre_hook(lambda module, args: seen.append(args[0]))
    network(x)
    expected = torch.stack([torch.stack([x[b, :, n] @ matrix[b] for n in range(5)], 1) for b in range(2)])
    torch.testing.assert_close(seen[0], expected)


@torch.no_grad()
def test_parts_network_takes_the_class_where_it_has_categories():
    network = alive(
        pointnet_parts(
            parts=5,
            widths=(6, 8, 10),
            hidden=(8,),
            local=(1, 3),
            categories=2,
            feature_transform=2,
            tnet=TNETS["tnet"],
            local_first=True,
        )
    )
    x, one_hot = torch.randn(2, 3, 7), torch.eye(2)
    assert network(x, one_hot).shape == (2, 5, 7)
    assert not torch.allclose(network(x, one_hot), network(x, one_hot.flip(0)))


# ---- checkpoints

LEARNING3D = lambda name: name.replace("feat.", "feature_model.").replace("fc", "linear")
BARE = lambda name: (
    {"feat": name[5:]}.get(name[:4]) or name.replace("fc", "linear").replace("bn1", "bn6").replace("bn2", "bn7")
)
YANX_PARTS = lambda name: name[5:] if name.startswith("feat.") else name.replace("conv", "convs").replace("bn", "bns")


@pytest.mark.parametrize(
    "public,make",
    [
        (lambda name: name, lambda: pointnet(**SMALL, **TNETS)),
        (LEARNING3D, lambda: pointnet(classes=4, widths=(8, 8, 8, 8, 16), hidden=(12, 8))),
        (BARE, lambda: pointnet(classes=4, widths=(8, 8, 8, 8, 16), hidden=(12, 8))),
        (
            YANX_PARTS,
            lambda: pointnet_parts(
                parts=5,
                widths=(8, 8, 8, 8, 16),
                hidden=(12, 8, 8),
                local=(1, 2),
                input_transform=True,
                feature_transform=3,
                tnet=TNETS["tnet"],
            ),
        ),
    ],
    ids=["fxia22", "learning3d", "bare", "yanx27-parts"],
)
@torch.no_grad()
def test_public_names_load(public, make, tmp_path):
    network, other, x = alive(make(), 1), alive(make(), 2), torch.randn(2, 3, 11)
    state = {public(name): value for name, value in network.state_dict().items()}
    assert len(state) == len(network.state_dict())
    other.load_state_dict(renamed(state, other))
    torch.testing.assert_close(other(x), network(x), rtol=0, atol=0)


@torch.no_grad()
def test_a_convolution_kept_as_2d_or_without_bias_loads():
    network, x = alive(pointnet(**SMALL)), torch.randn(2, 3, 11)
    network.feat.conv2.bias.zero_()
    state = network.state_dict()
    del state["feat.conv2.bias"]
    state["feat.conv1.weight"] = state["feat.conv1.weight"].unsqueeze(-1)
    other = alive(pointnet(**SMALL), 3)
    other.load_state_dict(renamed(state, other))
    torch.testing.assert_close(other(x), network(x))


def test_a_foreign_checkpoint_is_refused(tmp_path):
    torch.save({"encoder.weight": torch.zeros(3)}, tmp_path / "a.pth")
    with pytest.raises(InputError, match="not of this network"):
        build_pointnet({"name": "adapters.models.pointnet:pointnet", **SMALL}, str(tmp_path / "a.pth"))
    with pytest.raises(InputError, match="no checkpoint is given"):
        build_pointnet("adapters.models.pointnet:pointnet", None)


# ---- the product with a T-Net's matrix


class _Stub:
    """What ``advance`` reads of a run and of a call."""

    def __init__(self, **fields):
        self.__dict__.update(fields)


def spike_trains(values, steps, rng):
    """Spikes [T, ...] whose number up to t is floor(value t + phase): unit spikes with random phases."""
    phase = rng.random(values.shape)
    counts = np.floor(values * np.arange(steps + 1).reshape(-1, *[1] * values.ndim) + phase)
    return torch.from_numpy(np.diff(counts, axis=0)).float()


@pytest.mark.parametrize("chunk", [1, 7, 256])
def test_the_t_net_product_follows_the_means_of_random_streams_as_one_over_t(chunk):
    rng, steps = np.random.default_rng(0), 256
    points, matrix = rng.random((2, 10, 4)), rng.random((2, 4, 4))
    streams = spike_trains(points, steps, rng), spike_trains(matrix, steps, rng)
    run = _Stub(t=0, rates={}, params={}, plan=_Stub(tapped=()))
    call = Call(0, "torch.bmm", "bmm", rule_for("bmm", 2), "bmm", (), None, ())
    found = []
    for start in range(0, steps, chunk):
        parts = [s[start : start + chunk] for s in streams]
        found.append(advance(run, call, lambda x, m: (torch.bmm(x, m),), parts, [True, True], len(parts[0]))[0])
        run.t += len(parts[0])
    sent = torch.cat(found)
    error = lambda y, t: float(np.abs(y[:t].double().mean(0).numpy() - points @ matrix).max())
    # the definition, slowly: mean of what was sent = product of the running means, at every t
    for t in (1, 2, 5, 64, 256):
        slow = torch.bmm(streams[0][:t].mean(0), streams[1][:t].mean(0))
        torch.testing.assert_close(sent[:t].mean(0), slow, rtol=1e-3, atol=1e-3)
    errors = {t: error(sent, t) for t in (4, 16, 64, 256)}
    assert all(t * errors[t] < 8 for t in errors), errors  # 4 products, each off by at most 2/t
    assert errors[256] < errors[64] / 2 < errors[16] / 4, errors
    naive = torch.bmm(streams[0].flatten(0, 1), streams[1].flatten(0, 1)).view_as(sent)
    assert error(naive, 256) > 4 * errors[256]  # multiplying step by step does not get there


@pytest.mark.parametrize(
    "make",
    [
        lambda: pointnet(**SMALL),
        lambda: pointnet(**SMALL, **TNETS),
        lambda: pointnet(**SMALL, **TNETS, last_relu=False),
        lambda: pointnet(**SMALL, pool="mean"),
        lambda: pointnet_parts(parts=5, widths=(8, 8, 16), hidden=(12, 8), local=(1, 2), **TNETS),
    ],
    ids=["plain", "tnets", "fxia22", "mean", "parts"],
)
@torch.no_grad()
def test_pointnets_converge_to_their_ann(make):
    network, x = alive(make()), torch.randn(4, 3, 24)
    snn = adafire.convert(network, x, method="burst", timesteps=256, threshold="max", phi_plus=2, phi_minus=2, v0=0.5)
    errors = [relative_error(y, network(x)) for y in snn(x, at=(4, 16, 64, 256))]
    assert errors[1] < 0.6 * errors[0] and errors[2] < 0.45 * errors[1] and errors[3] < 0.45 * errors[2], errors
    assert errors[3] < 0.02, errors


# ---- the maximum over points


@pytest.mark.parametrize("method", ["burst", "ours", "dcgs"])
@pytest.mark.parametrize("form", [lambda x: x.amax(-1), lambda x: x.amax(2, keepdim=True).flatten(1)])
@torch.no_grad()
def test_fused_maximum_equals_the_rate_operator(form, method, monkeypatch):
    if fused.library() is None:
        pytest.skip("no C compiler on this machine: the reference is used everywhere")

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b, self.c = nn.Conv1d(3, 5, 1), nn.Linear(5, 6), nn.Linear(6, 2)

        def forward(self, x):
            return self.c(torch.relu(self.b(form(torch.relu(self.a(x))))))

    network, x = Net().eval(), torch.randn(3, 3, 37)
    options = dict(phi_plus=3, phi_minus=2) if method == "burst" else {}
    snn = adafire.convert(network, x, method=method, timesteps=6, **options)
    plan, results, used = snn.plan(x), [], []
    kernel, peak = pool_kernels.row_max, Run.peak
    monkeypatch.setattr(pool_kernels, "row_max", lambda *args: used.append(kernel(*args)) or used[-1])
    if method == "burst":  # laws of their own have no path by the largest counts
        monkeypatch.setattr(Run, "peak", lambda *args: used.append(peak(*args)) or used[-1])
    for on in (True, False):
        monkeypatch.setattr(fused, "enabled", on)
        run = Run(plan, snn.params, network, x, snn.call)
        outputs = [y for _, y in simulate(run, (1, 4, 6), 2)]
        ((_, totals, size, active),) = run.rates.values()
        results.append((outputs, totals[0], size, active))
        assert all(u is not None for u in used) == on and used
        used.clear()
    for a, b in zip(*results):
        torch.testing.assert_close(torch.stack(list(a)), torch.stack(list(b)), atol=1e-6, rtol=1e-6)


@torch.no_grad()
def test_what_the_maximum_sends_is_counted_as_spikes():
    network, x = alive(pointnet(**SMALL)), torch.randn(2, 3, 16)
    snn = adafire.convert(network, x, method="burst", timesteps=6, phi_plus=2, v0=0.5)
    snn(x)
    report = snn.report()
    run, previous, sent, counts = Run(snn.plan(x), snn.params, network, x, snn.call), 0.0, 0.0, None
    for t in range(1, 7):  # event by event: the maximum of the cumulative counts grows by so many spikes
        list(simulate(run, (t,), 1))
        theta = run.params[2].theta
        total = (run.neurons[2].n * theta).amax(-1)
        sent = sent + ((total - previous).abs() / theta.squeeze(-1)).round().sum()
        previous, counts = total, [state.n for state in run.neurons.values()]
    layers = {layer["layer"]: layer for layer in report.layers}
    assert layers["fc1"]["synops"] * 2 == float(sent) * 12
    assert layers["feat.conv2"]["synops"] * 2 == float(counts[0].sum()) * 8
    assert layers["feat.conv3"]["synops"] * 2 == float(counts[1].sum()) * 16
    assert report.macs == 3 * 8 * 16  # the first convolution, once; the maximum and what follows it cost none
    assert report.ann_macs == 16 * (3 * 8 + 8 * 8 + 8 * 16) + 16 * 12 + 12 * 4


@torch.no_grad()
def test_a_t_net_costs_macs_at_every_step():
    network, x = alive(pointnet(**SMALL, **TNETS)), torch.randn(2, 3, 16)
    snn = adafire.convert(network, x, method="burst", timesteps=4, phi_plus=2, v0=0.5)
    snn(x, at=(1, 4))
    one, four = ({layer["layer"]: layer for layer in snn.report(at=t).layers} for t in (1, 4))
    products = [name for name in one if "bmm" in name]
    assert len(products) == 2 and all(four[name]["macs"] == 4 * one[name]["macs"] > 0 for name in products)
    assert sum(one[name]["macs"] for name in products) == 16 * 3 * 3 + 16 * 8 * 8


# ---- generated shapes


def test_surface_samples_are_spread_by_area_and_lie_on_it():
    vertices = np.array([[0, 0, 0], [3, 0, 0], [0, 2, 0], [0, 0, 1], [1, 0, 1], [0, 2, 1]], np.float64)
    triangles = np.array([[0, 1, 2], [3, 4, 5]])  # areas 3 and 1
    points, chosen = sample_surface(vertices, triangles, 4000, np.random.default_rng(0))
    assert abs((chosen == 0).mean() - 0.75) < 0.03
    assert np.allclose(points[:, 2], chosen) and (points[:, :2] >= 0).all()
    assert abs(points[chosen == 0].mean(0)[0] - 1.0) < 0.05  # centroid of the larger: x = 3/3


def test_solids_have_their_size_place_and_axis():
    box = solid("box", "a", (1, 2, 3), (5, 5, 5))
    assert np.allclose(box.vertices.min(0), [4.5, 4, 3.5]) and np.allclose(box.vertices.max(0), [5.5, 6, 6.5])
    cone = solid("cone", "a", (2, 3, 2), (0, 0, 0))
    assert np.allclose(cone.vertices[cone.vertices[:, 1].argmax()], [0, 1.5, 0])
    along = solid("cylinder", "a", (1, 4, 1), (0, 0, 0), "x").vertices
    assert np.allclose(np.ptp(along, 0), [4, 1, 1])
    rod = bar("a", 0.1, (0, 0, 0), (3, 0, 4)).vertices
    assert abs((rod @ [0.6, 0, 0.8]).max() - 5) < 1e-9


def test_every_kind_is_a_pure_function_with_all_its_parts():
    assert len(shapes.CLASSES) == 16 and len(shapes.PARTS) == 44
    for number in range(16):
        points, label, parts = shapes.cloud("train", number)
        again = shapes.cloud("train", number)
        assert label == number and all(np.array_equal(a, b) for a, b in zip((points, label, parts), again))
        assert set(parts) <= set(shapes.PARTS_OF[shapes.CLASSES[label]]) and len(set(parts)) > 1
        radius = np.linalg.norm(points * shapes.GRID, axis=1)
        assert abs(radius.max() - 1) < 1e-3 and points.shape == (1024, 3)
    with pytest.raises(InputError, match="did you mean 'train'"):
        shapes.clouds("trian")


def test_splits_do_not_overlap_and_are_those_that_the_networks_were_trained_and_scored_on():
    found = {split: shapes.clouds(split, 64) for split in shapes.SPLITS}
    digests = [cloud.tobytes() for split in found for cloud in found[split].points]
    assert len(set(digests)) == len(digests) == 4 * 64
    recipes = sorted((ROOT / "benchmarks" / "zoo").glob("pointnet_*/recipe.json"))
    assert recipes
    for recipe in recipes:
        data = json.loads(recipe.read_text())["data"]
        assert data["test"]["fingerprint"] == shapes.fingerprint(shapes.clouds("test"))
        assert len({phase["fingerprint"] for phase in data.values()}) == 3


# ---- metrics


def test_part_iou_by_hand():
    # Two classes with parts (0, 1) and (2, 3, 4). First object: 4 points, part 0 found 2 of 3 (and nothing else): 2/3;
    # part 1: truth 1, found 2, one in common: 1/2. Second: part 4 in neither: 1; part 2: 1/1 ... of 2 points.
    scores = np.zeros((2, 5, 4))
    for n, part in enumerate((0, 0, 1, 1)):
        scores[0, part, n] = 1
    scores[0, 4] = 9  # another class's part does not count
    for n, part in enumerate((2, 2, 3, 3)):
        scores[1, part, n] = 1
    rows = part_metrics.predictions(scores, [0, 1], np.array([[0, 0, 0, 1], [2, 2, 3, 3]]), [(0, 1), (2, 3, 4)])
    assert rows[0].ious == (2 / 3, 1 / 2) and rows[0].right == 3 and rows[1].ious == (1.0, 1.0, 1.0)
    found = part_metrics.evaluate(
        {"b": rows[0], "a": rows[1], "c": rows[1]},
        ["mug", "cup"],
        ["mug body", "mug handle", "cup body", "cup rim", "cup foot"],
    )
    first = (2 / 3 + 1 / 2) / 2
    assert found.metrics["instance_miou"] == pytest.approx((first + 2) / 3)
    assert found.metrics["class_miou"] == pytest.approx((first + 1) / 2)
    assert found.metrics["iou mug handle"] == 0.5 and found.metrics["iou cup foot"] == 1.0
    assert found.metrics["point_accuracy"] == 11 / 12
    assert found.low < found.metrics["instance_miou"] < found.high
    assert found.evidence["miou"] == [1.0, round(first, 6), 1.0]  # in the order a, b, c


def test_part_metrics_refuse_nan_and_parts_of_another_class():
    with pytest.raises(InputError, match="NaN"):
        part_metrics.predictions(np.full((1, 2, 3), np.nan), [0], np.zeros((1, 3), int), [(0, 1)])
    with pytest.raises(InputError, match="points of part 2"):
        part_metrics.predictions(np.zeros((1, 3, 3)), [0], np.array([[0, 1, 2]]), [(0, 1), (2,)])
    with pytest.raises(InputError, match="no predictions"):
        part_metrics.evaluate({}, ["mug"], ["mug body"])


# ---- the workload

MINI = dict(
    model=dict(name="adapters.models.pointnet:pointnet", classes=16, widths=(8, 16), hidden=(8,)),
    checkpoint="random",
    data=dict(type="shapes"),
    calibration=dict(samples=4),
    batch_size=3,
    points=256,
)
PARTS = dict(
    MINI,
    model=dict(name="adapters.models.pointnet:pointnet_parts", parts=44, widths=(8, 16), hidden=(8,)),
    target="parts",
)


@pytest.mark.parametrize("settings", [MINI, PARTS], ids=["class", "parts"])
def test_workload_predicts_scores_describes_and_draws(settings):
    from matplotlib.figure import Figure

    made = workload(settings, WorkloadOptions(limit=7))
    batches, found = list(made.batches()), {}
    assert len(made) == 7 and [len(b.ids) for b in batches] == [3, 3, 1]
    assert batches[0].inputs.shape == (3, 3, 256) and sum(len(x) for x in made.calibration()) == 4
    with torch.no_grad():
        for batch in batches:
            found.update(zip(batch.ids, made.predict(made.forward(made.network, batch.inputs), Batch(*batch))))
    scores = made.evaluate(found)
    assert 0 <= scores.low <= scores.metrics[made.metric] <= scores.high <= 1
    about = made.describe()
    assert about["calibration"]["overlap"] == 0 and about["data"]["samples"] == 7
    assert about == workload(settings, WorkloadOptions(limit=7)).describe()
    axes = Figure().add_subplot(projection="3d")
    for prediction in (None, found[batches[0].ids[0]]):
        made.draw(axes, batches[0].ids[0], prediction)
    assert axes.collections


@pytest.mark.parametrize(
    "change,words",
    [
        (dict(target="part"), "did you mean 'parts'"),
        (dict(points=0), "points is 0"),
        (dict(sampling="fsp"), "did you mean 'fps'"),
        (dict(poins=3), "did you mean 'points'"),
        (dict(points=4096), "1024 points, 4096 are asked for"),
        (dict(model=dict(name="adapters.models.pointnet:pointnet", classes=40)), "the data have 16 classes"),
        (dict(data=dict(type="shape")), "did you mean 'shapes'"),
        (dict(calibration=dict(samples=999)), "999 calibration clouds"),
    ],
)
def test_wrong_settings_are_refused(change, words):
    with pytest.raises(InputError, match=words):
        workload({**MINI, **change}, WorkloadOptions(limit=3))


@pytest.mark.slow
def test_the_real_modelnet40_network_reads_the_clouds_as_it_was_trained(shared_data):
    settings = dict(
        model=dict(name="adapters.models.pointnet:pointnet", classes=40),
        batch_size=20,
        points=1024,
        checkpoint=str(shared_data / "pointnet_modelnet40" / "pointnet_cls_modelnet40.t7"),
        data=dict(type="arrays", file="sh3d_359.npz"),
        calibration=dict(samples=4),
    )
    right = {}
    for turn in (180, 0):
        made = workload(
            dict(settings, turn_y=turn),
            WorkloadOptions(split="full", data_root=str(shared_data / "sweethome3d_pointclouds"), limit=100),
        )
        with torch.no_grad():
            found = {i: p for b in made.batches() for i, p in zip(b.ids, made.predict(made.network(b.inputs), b))}
        right[turn] = made.evaluate(found).metrics["accuracy"]
    assert right[180] > 0.5 and right[180] > right[0], right
