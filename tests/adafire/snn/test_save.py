"""A saved SNN comes back with the same bits; a damaged, foreign, hostile file or another architecture is one sentence."""

import copy
import doctest
import json
import math
import os
import pickle
import random
import struct
import subprocess
import sys

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import nn

import adafire
from adafire import methods, tensors_file
from adafire.frames import Frames
from adafire.graph.interception import tensors_in
from adafire.graph.template import describe, make
from adafire.methods import Method
from adafire.simulation.exit import ExitJudge
from helpers.networks import build
from helpers.paths import ROOT


@pytest.fixture(scope="module")
def case():
    network, x = build("Residual"), torch.randn(20, 3, 16, 16, generator=torch.Generator().manual_seed(1))
    return network, x[:12], x[12:]


@pytest.fixture(scope="module")
def saved(case, tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "net.safetensors"
    adafire.convert(case[0], case[1], method="ours", timesteps=3).save(path)
    return path


def same(one, two):
    one, two = tensors_in(one), tensors_in(two)
    return len(one) == len(two) and all(map(torch.equal, one, two))


def everywhere(snn, network, x, path, **functions):
    """The SNN after each way of keeping it, one after the other; ``network`` has other weights."""
    expected = snn(x)
    before = [t.clone() for t in network.state_dict().values()]
    snn.save(path)
    loaded = adafire.load(path, network, **functions)
    for name, other in (("load", loaded), ("deepcopy", copy.deepcopy(loaded)), ("to", copy.deepcopy(loaded).to("cpu"))):
        assert same(other(x), expected), name
    assert all(map(torch.equal, before, network.state_dict().values())) and same(snn(x), expected)
    return loaded


@pytest.mark.parametrize("method", [*methods.names(), "dcgs:relays=True", "adafire:search=none:phi_plus=8"])
def test_every_method_comes_back(method, case, tmp_path):
    snn = adafire.convert(case[0], case[1], method=method, timesteps=3)
    loaded = everywhere(snn, build("Residual", seed=7), case[2], tmp_path / "net.safetensors")
    assert (
        loaded.method == snn.method
        and loaded.found == snn.found
        and loaded.notes == snn.notes
        and repr(loaded) == repr(snn)
    )
    first = (tmp_path / "net.safetensors").read_bytes()
    loaded.save(tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == first and sorted(os.listdir(tmp_path)) == [
        "again.safetensors",
        "net.safetensors",
    ]
    assert same(pickle.loads(pickle.dumps(loaded))(case[2]), snn(case[2]))


@pytest.mark.parametrize("name", ["Pyramid", "Modern", "Shuffle", "Bottleneck"])
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_other_networks_and_half_precision(name, precision, case, tmp_path):
    snn = adafire.convert(build(name), case[1], method="ours", timesteps=3, precision=precision)
    everywhere(snn, build(name, seed=7), case[2], tmp_path / "net.safetensors")


@pytest.mark.slow
def test_in_another_process(case, saved):
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT / 'tests')!r}); import torch, adafire; from helpers.networks import build\n"
        f"x = torch.randn(20, 3, 16, 16, generator=torch.Generator().manual_seed(1))[12:]\n"
        f"print(adafire.load({str(saved)!r}, build('Residual', seed=9))(x).double().flatten().tolist())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    expected = adafire.load(saved, case[0])(case[2]).double().flatten().tolist()
    assert json.loads(done.stdout) == expected, done.stderr


def raw(network, x):
    return network(x, mode="tensor")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("method", ["ours", "dcgs", "adafire+ssc+iat"])
def test_a_detector(method, tmp_path):
    from adapters.detection.networks import build_detector

    networks = [build_detector("benchmarks/zoo/yolo_fashion/config.py", seed=seed)[0] for seed in (0, 1)]
    judge = (
        ExitJudge(
            lambda y: tensors_in(y)[0].sigmoid().flatten(1).amax(1),
            lambda y, z: tensors_in(y)[0].flatten(1).argmax(1) != tensors_in(z)[0].flatten(1).argmax(1),
        )
        if "iat" in method
        else None
    )
    x = torch.randn(5, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    snn = adafire.convert(
        networks[0],
        x[:3],
        method=method,
        timesteps=3,
        forward=raw,
        exit_judge=judge,
        **{"search": "none"} if "iat" in method else {},
    )
    path = tmp_path / "net.safetensors"
    loaded = everywhere(snn, networks[1], x[3:], path, forward=raw, exit_judge=judge)
    assert same(pickle.loads(pickle.dumps(loaded))(x[3:]), snn(x[3:])) if judge is None else True
    with pytest.raises(adafire.InputError, match="converted with forward=, a function"):
        adafire.load(path, networks[1])
    if judge is not None:
        with pytest.raises(adafire.InputError, match="converted with exit_judge=, a function"):
            adafire.load(path, networks[1], forward=raw)


@pytest.mark.parametrize("method", ["ours", "snn-calibration-advanced", "adafire+iat"])
def test_a_point_net(method, tmp_path):
    from adapters.models.pointnet import pointnet
    from helpers.pointnets import SMALL, TNETS, alive

    x = torch.randn(12, 3, 20, generator=torch.Generator().manual_seed(0))
    snn = adafire.convert(alive(pointnet(**SMALL, **TNETS)), x[:8], method=method, timesteps=3)
    everywhere(snn, alive(pointnet(**SMALL, **TNETS), seed=3), x[8:], tmp_path / "net.safetensors")


class Structured(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(6, 8), nn.Linear(8, 3)
        self.register_buffer("mask", torch.triu(torch.full((3, 3), float("-inf")), 1), persistent=False)

    def forward(self, x, *, scale, which=None):
        return {"y": self.b(torch.relu(self.a(x * scale["by"])))[:, :2] + self.mask[0, 0], "which": which}


@pytest.mark.parametrize(
    "x",
    [
        lambda: {"x": torch.rand(4, 6), "scale": {"by": torch.rand(4, 1)}, "which": "a"},
        lambda: {"x": Frames(torch.rand(4, 3, 6), after="hold"), "scale": {"by": 2}, "which": None},
    ],
)
def test_structured_inputs_and_buffers_that_no_state_dict_has(x, tmp_path):
    x, network, other = x(), Structured().eval(), Structured().eval()
    other.mask += 1
    snn = adafire.convert(network, x, method="adafire-signed", timesteps=3)
    assert torch.equal(everywhere(snn, other, x, tmp_path / "net.safetensors").network.mask, network.mask)


class Mine(dict):
    """A structure that a file cannot describe."""


def test_an_input_that_json_cannot_describe(tmp_path):
    from torch.utils import _pytree

    if Mine not in _pytree.SUPPORTED_NODES:
        _pytree.register_pytree_node(
            Mine, lambda d: (list(d.values()), list(d)), lambda values, keys: Mine(zip(keys, values))
        )
    network, x = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)).eval(), Mine(x=torch.rand(4, 3))
    call = lambda network, x: network(x["x"])
    snn, path = adafire.convert(network, x, method="burst", timesteps=2, forward=call), tmp_path / "net.safetensors"
    snn.save(path)
    with pytest.raises(adafire.InputError, match="cannot describe the structure of its input; give inputs="):
        adafire.load(path, network, forward=call)
    assert same(adafire.load(path, network, forward=call, inputs=x)(x), snn(x))


def test_memory_layouts_are_kept(case, tmp_path):
    network = build("Residual").to(memory_format=torch.channels_last)
    network.fc.weight.data = network.fc.weight.data.t().contiguous().t()
    snn = adafire.convert(network, case[1], method="snn-calibration-advanced", timesteps=3)
    loaded = everywhere(snn, build("Residual", seed=3), case[2], tmp_path / "net.safetensors")
    assert {k: v.stride() for k, v in loaded.state_dict().items()} == {
        k: v.stride() for k, v in snn.state_dict().items()
    }


def test_tied_weights(tmp_path):
    def tied(seed):
        torch.manual_seed(seed)
        network = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2)).eval()
        network[2].weight = network[0].weight
        return network

    x, path = torch.randn(8, 4), tmp_path / "net.safetensors"
    loaded = everywhere(adafire.convert(tied(0), x, method="ours", timesteps=2), tied(1), x, path)
    assert loaded.network[0].weight is loaded.network[2].weight
    loose = tied(1)
    loose[2].weight = nn.Parameter(loose[2].weight.clone())
    with pytest.raises(adafire.InputError, match="its weight '2.weight' is not in the file"):
        adafire.load(path, loose)


# ---- other architectures


def changed(**layers):
    network = build("Residual")
    for name, layer in layers.items():
        setattr(network, name, layer)
    return network.eval()


@pytest.mark.parametrize(
    "network,message",
    [
        (
            lambda: changed(relu=nn.LeakyReLU(0.1)),
            r"at 'relu' \(site 1 of 4\) the file has the activation \['relu', .*\['leaky_relu', 1, 0.1",
        ),
        (
            lambda: changed(stem=nn.Conv2d(3, 8, 3, stride=2, padding=1, bias=False)),
            r"at 'relu' .* the shape \[8, 16, 16\], the network \[8, 8, 8\]",
        ),
        (
            lambda: changed(c=nn.Conv2d(16, 14, 3, 2, 2, 2), fc=nn.Linear(14, 5)),
            r"at 'relu\[call 3\]' \(site 4 of 4\) .*\[12, 4, 4\], the network \[14, 4, 4\]",
        ),
        (lambda: changed(pool=nn.Sequential(nn.MaxPool2d(2), nn.ReLU())), "another network"),
        (
            lambda: changed(fc=nn.Linear(12, 6)),
            r"the weight 'fc.weight' is torch.float32 \[5, 12\] in the file, and torch.float32 \[6, 12\]",
        ),
        (lambda: changed(fc=nn.Linear(12, 5, bias=False)), "the file's weight 'fc.bias' is none of its"),
        (lambda: changed(fc=nn.Sequential(nn.Linear(12, 5))), "its weight 'fc.0.weight' is not in the file"),
        (lambda: build("Residual").double(), "another network"),
        (lambda: changed(norm=nn.BatchNorm2d(8, eps=2.0)), r"gives other outputs than the one that was saved"),
        (lambda: nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2)).eval(), "fails with RuntimeError"),
        (lambda: build("Modern"), "this is another network: at 'relu'"),
        (lambda: build("Bottleneck"), "this is another network"),
    ],
)
def test_another_architecture_is_refused_where_it_differs(network, message, saved):
    with pytest.raises(adafire.AdafireError, match=message) as refused:
        adafire.load(saved, network())
    assert "\n" not in str(refused.value)


# ---- files that are none


def rewritten(saved, path, change=None, tensors=None):
    """A copy of a saved file with changes of what it says of itself, and of tensors."""
    with safe_open(saved, "pt") as file:
        terms, kept = json.loads(file.metadata()["adafire"]), load_file(saved)
    terms = change(terms) or terms if change else terms
    save_file({**kept, **(tensors or {})}, path, {"adafire": terms if isinstance(terms, str) else json.dumps(terms)})
    return path


def put(*keys, value):
    def change(terms):
        at = terms
        for key in keys[:-1]:
            at = at[key]
        at[keys[-1]] = value

    return change


HOSTILE = {
    "code for a method": (put("method", "name", value="__import__('os')"), {}, "unknown method"),
    "code for an option": (put("method", "name", value="ours:values=__import__('os')"), {}, "values=.__import__"),
    "code for a law": (put("sites", 0, "law", value={"name": "os.system", "levels": 1}), {}, "the law of its neurons"),
    "endless levels": (put("sites", 0, "law", "levels", value=10**9), {}, "the law of its neurons"),
    "weights of a law": (put("sites", 0, "law", "weights", value=[0.3]), {}, "the law of its neurons"),
    "an option of another type": (put("method", "options", "phi_plus", value="8"), {}, "phi_plus='8'"),
    "a limit below 0": (put("method", "options", "phi_plus", value=-1), {}, "phi_plus=-1"),
    "an unknown option": (put("method", "options", "run", value="x"), {}, "no option 'run'"),
    "an option too few": (
        lambda t: t["method"]["options"].pop("phi_plus") and None,
        {},
        "option phi_plus is not there",
    ),
    "an unknown key": (put("hook", value="x"), {}, "unknown key, 'hook'"),
    "a key too few": (lambda t: t.pop("sites") and None, {}, "lacks 'sites'"),
    "a later format": (put("format", value=99), {}, "its format is 99, and this version of adafire reads up to 1"),
    "a later format with more keys": (lambda t: t.update(format=2, more=1), {}, "its format is 2"),
    "a format that is none": (put("format", value=True), {}, "its format is True"),
    "timesteps below 1": (put("timesteps", value=0), {}, "its timesteps is 0"),
    "memory that is no number": (put("memory_gb", value="all"), {}, "its memory_gb is 'all'"),
    "a huge input": (
        put("input", value={"tensor": [10**6, 10**6, 10**6], "dtype": "float32"}),
        {},
        "asks for more than",
    ),
    "an input of no type": (put("input", value={"tensor": [2], "dtype": "os"}), {}, "description of the input"),
    "a deep input": (
        lambda t: json.dumps(t).replace(
            '"input": {', '"input": {"tuple": [' + '{"tuple": [' * 5000 + '"x"' + "]}" * 5000 + "], ", 1
        ),
        {},
        "no JSON|nested too deeply|description of the input",
    ),
    "a huge site": (put("sites", 0, "shape", value=[10**12] * 4), {}, "another network: at 'relu'"),
    "a site that is none": (put("sites", 0, value=7), {}, "a site of it is 7"),
    "sites too few": (lambda t: t["sites"].pop() and None, {}, "the file has 3 sites and the network 4"),
    "a name with an escape": (put("sites", 0, "name", value="\x1b[2J\n"), {}, "a site of it is"),
    "a layout with holes": (put("layouts", value={"sites.relu.theta": [1, 10**12, 1, 1]}), {}, "a layout in it"),
    "outputs that are none": (
        put("outputs", value=[["a", "b", "c"]]),
        {},
        "outputs in it are no numbers|gives other outputs",
    ),
    "a number too large": (put("memory_gb", value=10**400), {}, "its memory_gb is 1000"),
    "an option too large": (put("method", "options", "percentile", value=10**400), {}, "percentile=1000"),
    "outputs too large": (put("outputs", value=[[[12, 5], 10**400, 1.0]]), {}, "outputs in it are no numbers"),
    "no JSON": (lambda t: "{", {}, "is no JSON"),
    "no numbers in JSON": (lambda t: json.dumps({**t, "memory_gb": float("nan")}), {}, "is no JSON"),
    "no object": (lambda t: "[1]", {}, "no JSON object"),
    "NaN for a threshold": (
        None,
        {"sites.relu.theta": torch.full((1, 8, 1, 1), float("nan"))},
        "sites.relu.theta: it holds NaN",
    ),
    "a threshold below 0": (
        None,
        {"sites.relu.theta": -torch.ones(1, 8, 1, 1)},
        "sites.relu.theta: found a threshold of -1",
    ),
    "limits below 0": (None, {"sites.relu.limits": torch.tensor([4, -1])}, r"sites.relu.limits: found \[4, -1\]"),
    "limits of another type": (
        None,
        {"sites.relu.limits": torch.tensor([4.0, 1.0])},
        "sites.relu.limits is torch.float32, expected int64",
    ),
    "a potential too large": (
        None,
        {"sites.relu.v0": torch.full((1, 8, 1, 1), 1e30)},
        "sites.relu.v0: found a potential",
    ),
    "thresholds of another shape": (
        None,
        {"sites.relu.theta": torch.ones(1, 3, 1, 1)},
        r"sites.relu.theta is torch.float32 \[1, 3, 1, 1\]",
    ),
    "a tensor of no use": (None, {"more": torch.ones(1)}, "of no use, 'more'"),
    "weights of no layer": (None, {"fitted.other.weight": torch.ones(1)}, "of no use, 'fitted.other.weight'"),
    "weights of another shape": (None, {"fitted.a.weight": torch.ones(1)}, "calibrated weights of a are not"),
    "NaN for a weight": (None, {"network.fc.bias": torch.full((5,), float("nan"))}, "weight 'fc.bias' holds NaN"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files(name, case, saved, tmp_path):
    change, tensors, message = HOSTILE[name]
    path = rewritten(saved, tmp_path / "bad.safetensors", change, tensors)
    before = {k: v.clone() for k, v in case[0].state_dict().items()}
    with pytest.raises(adafire.InputError, match=message) as refused:
        adafire.load(path, case[0])
    text = str(refused.value)
    assert (
        "\n" not in text and len(text) < 700 and all(torch.equal(before[k], v) for k, v in case[0].state_dict().items())
    )


def test_a_file_that_was_not_changed_is_read(case, saved, tmp_path):
    path = rewritten(saved, tmp_path / "same.safetensors")
    assert same(adafire.load(path, case[0])(case[2]), adafire.load(saved, case[0])(case[2]))


def with_header(header, data=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


class Bomb:
    def __reduce__(self):
        return os.system, ("touch executed",)


F = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
DAMAGED = {
    "empty": b"",
    "short": b"1234",
    "a pickle": pickle.dumps(Bomb()),
    "text": b"hello, this is no file of tensors" * 9,
    "a header longer than the file": struct.pack("<Q", 10**6) + b"{}",
    "a huge header": struct.pack("<Q", 2**63) + b"{}" * 99,
    "no JSON": with_header(b"{"),
    "a list": with_header([]),
    "not UTF-8": with_header(b"\xff\xfe"),
    "deep": with_header(b"[" * 10**5),
    "a type that is none": with_header({"a": {**F, "dtype": "os"}}, bytes(8)),
    "a negative size": with_header({"a": {**F, "shape": [-2]}}, bytes(8)),
    "a shape too large": with_header({"a": {**F, "shape": [2**62, 2**62]}}, bytes(8)),
    "no end": with_header({"a": {**F, "data_offsets": [0]}}, bytes(8)),
    "backwards": with_header({"a": {**F, "data_offsets": [8, 0]}}, bytes(8)),
    "too little": with_header({"a": F}, bytes(7)),
    "too much": with_header({"a": F}, bytes(9)),
    "a name with a line break": with_header({"a\nb": F}, bytes(8)),
    "overlapping": with_header({"a": F, "b": F}, bytes(8)),
    "an entry that is none": with_header({"a": 3}),
    "metadata that is none": with_header({"__metadata__": {"a": 1}}),
    "another program's": with_header({"a": F, "__metadata__": {"format": "pt"}}, bytes(8)),
    "nothing": with_header({}),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_and_foreign_files(name, case, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.safetensors").write_bytes(DAMAGED[name])
    with pytest.raises(adafire.InputError, match="'net.safetensors' cannot be loaded: ") as refused:
        adafire.load("net.safetensors", case[0])
    assert "\n" not in str(refused.value) and os.listdir(tmp_path) == ["net.safetensors"]


def test_a_file_cut_off_anywhere(case, saved, tmp_path):
    whole = saved.read_bytes()
    for length in [*range(0, 4000, 97), *range(4000, len(whole), 1999), len(whole) - 1]:
        (tmp_path / "cut.safetensors").write_bytes(whole[:length])
        with pytest.raises(adafire.InputError, match="cannot be loaded"):
            adafire.load(tmp_path / "cut.safetensors", case[0])


def test_any_byte_may_be_another(case, saved, tmp_path):
    """What comes of it is an SNN or an InputError, never another exception."""
    whole, path, kinds = saved.read_bytes(), tmp_path / "odd.safetensors", set()
    end, draw = 8 + int.from_bytes(whole[:8], "little"), random.Random(0)
    for _ in range(300):
        odd = bytearray(whole)
        for _ in range(draw.choice((1, 1, 2, 5))):
            odd[draw.randrange(end if draw.random() < 0.9 else len(whole))] = draw.choice(
                b'0129-.,:[]{}"axe\\ \x00\xff'
            )
        path.write_bytes(odd)
        try:
            adafire.load(path, case[0])
            kinds.add(None)
        except adafire.InputError as error:
            assert "\n" not in str(error)
            kinds.add(str(error).split(": ")[1][:20])
    assert len(kinds) > 5


def test_places(case, saved, tmp_path):
    snn = adafire.load(saved, case[0])
    with pytest.raises(adafire.InputError, match="cannot be read: No such file"):
        adafire.load(tmp_path / "none.safetensors", case[0])
    with pytest.raises(adafire.InputError, match="cannot be read: Is a directory"):
        adafire.load(tmp_path, case[0])
    with pytest.raises(adafire.InputError, match="cannot write .*No such file"):
        snn.save(tmp_path / "no folder" / "net.safetensors")


def test_saving_is_whole_or_not_at_all(case, saved, tmp_path, monkeypatch):
    snn, path = adafire.load(saved, case[0]), tmp_path / "net.safetensors"
    path.write_bytes(b"what was there")

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(tensors_file.os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        snn.save(path)
    assert os.listdir(tmp_path) == ["net.safetensors"] and path.read_bytes() == b"what was there"


def test_what_no_file_can_name(case, tmp_path):
    own = adafire.convert(case[0], case[1], method=Method("mine", "a test"), timesteps=2)
    with pytest.raises(adafire.InputError, match="method mine cannot be saved: unknown method 'mine'"):
        own.save(tmp_path / "net.safetensors")
    network = build("Residual")
    network.register_buffer("odd", torch.eye(3).to_sparse())
    with pytest.raises(adafire.InputError, match="'network.odd' is of the kind sparse_coo"):
        adafire.convert(network, case[1], method="burst", timesteps=2).save(tmp_path / "net.safetensors")
    assert os.listdir(tmp_path) == []


# ---- the format, against the library that defines it


def test_files_are_those_of_the_safetensors_library(tmp_path):
    tensors = {
        "a": torch.randn(3, 4),
        "half": torch.randn(5).bfloat16(),
        "n": torch.tensor(7),
        "none": torch.empty(0, 3),
        "b": torch.tensor([True, False]),
        "t": torch.randn(4, 3).t(),
        "i8": torch.arange(3, dtype=torch.int8),
        "z": torch.randn(2, dtype=torch.complex64),
    }
    tensors_file.write(tmp_path / "ours", tensors, {"k": "ü"})
    theirs = load_file(tmp_path / "ours")
    save_file({k: v.contiguous() for k, v in tensors.items()}, tmp_path / "theirs", {"k": "ü"})
    ours = tensors_file.TensorsFile(tmp_path / "theirs")
    assert ours.metadata == {"k": "ü"} and set(theirs) == set(tensors) == set(ours.shapes)
    for name, tensor in tensors.items():
        assert (
            torch.equal(theirs[name], tensor)
            and torch.equal(ours.tensor(name), tensor)
            and ours.tensor(name).dtype == tensor.dtype
        )


def test_structures_of_inputs():
    x = {
        "a": (torch.zeros(2, 3), [torch.zeros(2, dtype=torch.int64), None]),
        "b": Frames(torch.zeros(2, 4, 1), "hold"),
        "c": 1.5,
    }
    described = json.loads(json.dumps(describe(x)))
    made = make(described)
    assert (
        describe(made) == described
        and made["a"][1][0].tolist() == [0, 0]
        and float(made["a"][0].std()) > 0.1
        and made["c"] == 1.5
    )
    assert torch.equal(make(described)["a"][0], made["a"][0])
    for odd in (object(), {1: torch.zeros(2)}, torch.zeros(2, dtype=torch.complex64), math.nan):
        assert describe(odd) is None
    assert describe(torch.zeros(1).expand(2**29)) is None


def test_the_page_about_it_does_what_it_prints():
    done = doctest.testfile(str(ROOT / "docs" / "snn.md"), module_relative=False, optionflags=doctest.ELLIPSIS)
    assert done.attempted > 15 and not done.failed
