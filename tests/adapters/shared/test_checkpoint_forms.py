"""Weights as files hold them: raw and averaged, under prefixes, beside counters, in other file forms; right or refused."""

import io
import json
import pickle
import tarfile
import zipfile

import numpy as np
import pytest
import torch
from torch import nn

from adafire.errors import InputError
from adapters.shared.checkpoints import describe_weights, fingerprint, load_into, load_state_dict, loaded


def network(seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Conv2d(4, 2, 1)).eval()


GOOD = {k: v.clone() for k, v in network(1).state_dict().items()}
RAW = {k: v.clone() for k, v in network(2).state_dict().items()}
FEW = {k: v for k, v in GOOD.items() if "running" not in k and "tracked" not in k}  # parameters, no statistics


def put(prefix, state):
    return {prefix + k: v for k, v in state.items()}


def load(tmp_path, content, trust=False, target=None):
    """The network that a file with this content gives."""
    path = tmp_path / "w.pth"
    torch.save(content, path)
    return load_into(target or network(), load_state_dict(path, trust)[0])


def holds(found, state=GOOD):
    return fingerprint(found) == fingerprint(state)


# Raw and averaged weights


@pytest.mark.parametrize(
    "content, key",
    [
        ({"model": RAW, "ema": GOOD}, "ema"),
        ({"state_dict": RAW, "state_dict_ema": GOOD}, "state_dict_ema"),
        ({"state_dict": RAW, "model_ema": GOOD}, "model_ema"),
        ({"model": RAW, "ema_state_dict": GOOD}, "ema_state_dict"),
        ({"net": RAW, "net_ema": GOOD}, "net_ema"),
        ({"params": RAW, "params_ema": GOOD}, "params_ema"),
        ({"model": RAW, "ModelEMA": GOOD}, "ModelEMA"),
        ({"model": RAW, "shadow": GOOD}, "shadow"),
        ({"model": RAW, "swa_model": {"n_averaged": torch.tensor(3), **put("module.", GOOD)}}, "swa_model"),
        ({"model": put("module.", RAW), "ema": GOOD}, "ema"),
        ({"state_dict": put("model.", RAW), "ema": GOOD}, "ema"),
        ({"model": RAW, "ema": {"decay": 0.99, "num_updates": torch.tensor(3), "shadow": GOOD}}, "ema.shadow"),
        ({"model": RAW, "ema": {"module": GOOD}}, "ema.module"),
        ({"model": RAW, "ema": (GOOD, 1000)}, "ema"),
        ({"model": {"state_dict": RAW, "ema": GOOD}}, "model.ema"),
        ({"weights": RAW, "weights_ema": GOOD}, "weights_ema"),
        ({"state_dict": {**put("model.", RAW), **put("ema.", GOOD)}}, "state_dict.ema"),
        ({"state_dict": {**put("model.", RAW), **put("ema_model.module.", GOOD)}}, "state_dict.ema_model"),
        ({**RAW, **put("ema.", GOOD)}, "ema"),
    ],
)
def test_averaged_weights_are_taken_and_the_note_says_so(tmp_path, content, key):
    found = load(tmp_path, content)
    assert holds(found) and not holds(found, RAW)
    assert loaded(found).key == key == describe_weights("w.pth", found)["key"]
    assert len(loaded(found).notes) == 1 and key.rpartition(".")[2] in loaded(found).notes[0] + "ema.shadow, ema.module"


def test_averaged_parameters_alone_go_with_the_statistics_of_the_raw_weights(tmp_path):
    found = load(tmp_path, {"model": RAW, "ema": FEW})
    assert holds(found, {**RAW, **FEW}) and "with the batch norm statistics of 'model'" in loaded(found).notes[0]


@pytest.mark.parametrize("mark", [{"meta": {"mmengine_version": "0.10"}}, {"message_hub": {}}, {}])
def test_mmengine_swaps_the_two_when_it_saves(tmp_path, mark):
    last = {"steps": torch.tensor(3), **put("module.", RAW)}
    found = load(tmp_path, {"state_dict": GOOD, "ema_state_dict": last, **mark})
    assert holds(found) and loaded(found) == ("state_dict", ())


def test_mmcv_1_keeps_a_second_copy_beside(tmp_path):
    copies = {"ema_" + k.replace(".", "_"): v for k, v in RAW.items()}
    assert holds(load(tmp_path, {"state_dict": {**GOOD, **copies}}))


@pytest.mark.parametrize(
    "content",
    [
        {"model": GOOD, "ema": None},
        {"model": GOOD, "ema_decay": 0.99},
        {"model": GOOD, "avg_loss": {"total": torch.ones(3)}},
        {"model": GOOD, "optimizer": {"exp_avg": put("", RAW)}},
        {"model": GOOD, "exp_avg": RAW},
        {"model": GOOD, "ema": GOOD},
    ],
)
def test_what_is_called_an_average_and_holds_no_other_weights(tmp_path, content):
    found = load(tmp_path, content)
    assert holds(found) and not loaded(found).notes


@pytest.mark.parametrize(
    "content, words",
    [
        (
            {"student": RAW, "teacher": GOOD},
            "2 sets of weights, 'student', 'teacher'; save the one.*--checkpoint one.pth",
        ),
        ({"model": RAW, "ema_fast": GOOD, "ema_slow": FEW}, "2 sets of weights, 'ema_fast', 'ema_slow'"),
        (
            {"model": RAW, "ema": {"decay": 0.9, "shadow_params": list(FEW.values())}},
            "under 'ema' as a list without names",
        ),
        (
            {"state_dict": {**put("student.", RAW), **put("teacher.", GOOD)}},
            "2 sets of weights, 'student.', 'teacher.'",
        ),
    ],
)
def test_what_cannot_be_decided_is_asked(tmp_path, content, words):
    with pytest.raises(InputError, match=words):
        load(tmp_path, content)


def test_averaged_weights_of_a_pickled_network_ask_for_trust(tmp_path):
    averaged = network()
    averaged.load_state_dict(GOOD)
    with pytest.raises(InputError, match="under 'ema' as a pickled network.*--trust-checkpoint"):
        load(tmp_path, {"model": RAW, "ema": averaged})
    assert holds(load(tmp_path, {"model": RAW, "ema": averaged}, trust=True))


def test_other_weights_of_the_same_names_are_noted(tmp_path):
    found = load(tmp_path, {"state_dict": GOOD, "teacher": RAW})
    assert holds(found) and "other weights of the same names under 'teacher'" in loaded(found).notes[0]


# Keys and prefixes


@pytest.mark.parametrize("key", ["network", "weights", "teacher", "ema", "params_ema", "model_ema", "generator", "net"])
def test_the_only_set_is_found_under_any_key(tmp_path, key):
    found = load(tmp_path, {key: GOOD, "epoch": 3, "optimizer": {"state": {0: {"m": torch.ones(3)}}}})
    assert holds(found) and loaded(found).key == key and not loaded(found).notes


@pytest.mark.parametrize(
    "prefix",
    [
        "module.",
        "_orig_mod.",
        "module._orig_mod.",
        "model.",
        "backbone.",
        "model._orig_mod.",
        "module.model.",
        "network.module.",
        "a.b.c.",
    ],
)
def test_a_prefix_of_every_name_is_taken_off(tmp_path, prefix):
    state = {
        "n_averaged": torch.tensor(1),
        "total_ops": torch.zeros(1),
        **put(prefix, GOOD),
        prefix + "0.total_params": torch.zeros(1),
    }
    assert holds(load(tmp_path, {"state_dict": state})) and holds(load(tmp_path, state))


def test_wrappers_within_names_and_networks_in_one_another(tmp_path):
    outer = nn.Sequential()
    outer.features, outer.model = network(), nn.Sequential(network())
    outer.model.model = network()
    state = {k: torch.randn_like(v) if v.is_floating_point() else v for k, v in outer.state_dict().items()}
    wrapped = {
        k.replace("features.", "features.module.").replace("model.0.", "model.0._orig_mod."): v
        for k, v in state.items()
    }
    assert holds(load(tmp_path, wrapped, target=outer), state)
    assert holds(load(tmp_path, put("model.", state), target=outer), state)


def test_one_of_several_networks_in_the_file(tmp_path):
    found = load(
        tmp_path,
        {"state_dict": {**put("model.", GOOD), "criterion.weight": torch.ones(3), "metric.0.sum": torch.ones(2)}},
    )
    assert holds(found) and loaded(found).key == "state_dict.model"
    assert "begin with 'model.' are taken; left out: 'criterion.', 'metric.'" in loaded(found).notes[0]


def test_a_file_of_another_network_is_refused_under_its_own_names(tmp_path):
    for content in ({**GOOD, "extra.weight": torch.ones(2)}, put("model.", {**GOOD, "extra.weight": torch.ones(2)})):
        with pytest.raises(InputError, match="not of this network.*1 unexpected"):
            load(tmp_path, content)
    with pytest.raises(InputError, match="4 missing.*4 unexpected"):
        load(tmp_path, put("model.", {k.replace("1.", "7."): v for k, v in GOOD.items()}))


def test_counters_of_another_shape_do_not_count(tmp_path):
    assert holds(load(tmp_path, {**GOOD, "1.num_batches_tracked": torch.tensor([5])}))


# Kinds of numbers


def test_narrow_floats_are_widened(tmp_path):
    for dtype in (torch.float16, torch.bfloat16, torch.float8_e4m3fn, torch.float64):
        narrow = {k: v.to(dtype) if v.is_floating_point() else v for k, v in GOOD.items()}
        found = load(tmp_path, {"state_dict": narrow})
        assert holds(found, {k: v.float() if v.is_floating_point() else v for k, v in narrow.items()})


@pytest.mark.parametrize(
    "change, words",
    [
        (lambda v: (v * 100).to(torch.int8), "'0.weight' of the checkpoint is of torch.int8; expected floating-point"),
        (lambda v: v.to(torch.complex64), "is of torch.complex64"),
        (lambda v: torch.quantize_per_tensor(v, 0.1, 0, torch.qint8), "'0.weight'.*quantised"),
        (lambda v: v.to("meta"), "'0.weight'.*empty"),
        (lambda v: (v * float("inf")).to(torch.float8_e5m2), "'0.weight'.*not finite"),
    ],
)
def test_numbers_that_are_no_weights_are_refused(tmp_path, change, words):
    with pytest.raises(InputError, match=words):
        load(tmp_path, {"state_dict": {**GOOD, "0.weight": change(GOOD["0.weight"])}})


def test_sparse_tensors(tmp_path):
    assert holds(load(tmp_path, {**GOOD, "2.weight": GOOD["2.weight"].to_sparse()}))
    with pytest.raises(InputError, match="1 unexpected .'graph' found .3, 3"):
        load(tmp_path, {**GOOD, "graph": torch.eye(3).to_sparse()})


# File forms


def arrays(state):
    return {k: v.numpy() for k, v in state.items()}


def swapped(state):
    return {k: v.numpy().astype(v.numpy().dtype.newbyteorder(">")) for k, v in state.items()}


def npz(content):
    file = io.BytesIO()
    np.savez(file, **content)
    return file.getvalue()


@pytest.mark.filterwarnings("error::UserWarning")
@pytest.mark.parametrize(
    "make",
    [
        lambda: pickle.dumps(arrays(GOOD)),
        lambda: pickle.dumps({"model": arrays(GOOD), "__author__": "x"}, protocol=2),
        lambda: pickle.dumps(arrays(GOOD), protocol=5),
        lambda: pickle.dumps(swapped(GOOD)),
        lambda: pickle.dumps(GOOD),
        lambda: pickle.dumps(network(1).state_dict()),
        lambda: npz(arrays(GOOD)),
    ],
)
def test_arrays_and_pickles_by_other_means(tmp_path, make):
    path = tmp_path / "w.pkl"
    path.write_bytes(make())
    assert holds(load_into(network(), load_state_dict(path)[0]))


def test_safetensors(tmp_path):
    from safetensors.torch import save_file

    save_file(put("model.", GOOD), tmp_path / "w.safetensors")
    assert holds(load_into(network(), load_state_dict(tmp_path / "w.safetensors")[0]))
    save_file(GOOD, tmp_path / "w.pth")  # by its content, whatever its name
    assert holds(load_into(network(), load_state_dict(tmp_path / "w.pth")[0]))
    content = (tmp_path / "w.pth").read_bytes()
    for broken in (content[:-20], content[:300]):
        (tmp_path / "w.pth").write_bytes(broken)
        with pytest.raises(InputError, match="truncated or damaged"):
            load_state_dict(tmp_path / "w.pth")


class Runs:
    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return open, (str(self.mark), "w")


def test_a_hostile_pickle_runs_nothing(tmp_path):
    for protocol in (2, 4, 5):
        (tmp_path / "w.pkl").write_bytes(pickle.dumps({"model": arrays(GOOD), "x": Runs(tmp_path / "ran")}, protocol))
        assert holds(load_into(network(), load_state_dict(tmp_path / "w.pkl")[0]))
        inner = io.BytesIO()  # within what stands for a tensor's bytes
        torch.save(Runs(tmp_path / "ran"), inner)
        code = (
            b"\x80\x02ctorch.storage\n_load_from_bytes\nB"
            + len(inner.getvalue()).to_bytes(4, "little")
            + inner.getvalue()
        )
        (tmp_path / "w.pkl").write_bytes(code + b"\x85R.")
        with pytest.raises(InputError):
            load_state_dict(tmp_path / "w.pkl")
    objects = npz({"w": np.array([Runs(tmp_path / "ran")], dtype=object)})
    (tmp_path / "w.npz").write_bytes(objects)
    with pytest.raises(InputError, match="allow_pickle"):
        load_state_dict(tmp_path / "w.npz")
    assert not (tmp_path / "ran").exists()


def packed(kind):
    """A checkpoint within an archive, as bytes."""
    inner, outer = io.BytesIO(), io.BytesIO()
    torch.save(GOOD, inner)
    if kind == "tar":
        with tarfile.open(fileobj=outer, mode="w") as archive:
            info = tarfile.TarInfo("w.pth")
            info.size = len(inner.getvalue())
            archive.addfile(info, io.BytesIO(inner.getvalue()))
    else:
        with zipfile.ZipFile(outer, "w") as archive:
            archive.writestr("folder/w.pth", inner.getvalue())
    return outer.getvalue()


@pytest.mark.parametrize(
    "content, words",
    [
        (lambda: packed("tar"), "a tar archive: unpack it"),
        (lambda: packed("zip"), r"zip archive of 1 files \(folder/w.pth\).*unpack"),
        (lambda: b"\x1f\x8b" + b"x" * 100, "gzip: unpack it"),
        (lambda: b"\x89HDF\r\n\x1a\n" + b"x" * 100, "an HDF5 file"),
        (lambda: b"\x08\x07\x12\x07pytorch" + b"x" * 100, "an ONNX graph; give the PyTorch checkpoint"),
        (lambda: b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
        (lambda: json.dumps({"metadata": {}, "weight_map": {}}).encode(), "not a PyTorch checkpoint: it starts with"),
    ],
)
def test_other_files_are_named(tmp_path, content, words):
    (tmp_path / "w.pth").write_bytes(content())
    with pytest.raises(InputError, match=words) as caught:
        load_state_dict(tmp_path / "w.pth")
    assert "damaged" not in str(caught.value) and "download" not in str(caught.value)


@pytest.mark.filterwarnings("ignore:.*torch.jit:FutureWarning", "ignore::DeprecationWarning", "ignore::UserWarning")
def test_torchscript_is_named_and_read_with_trust(tmp_path):
    made = network()
    made.load_state_dict(GOOD)
    torch.jit.save(torch.jit.script(made), str(tmp_path / "w.pth"))
    with pytest.raises(InputError, match="a TorchScript archive.*torch.jit.load.*state_dict.*--trust-checkpoint"):
        load_state_dict(tmp_path / "w.pth")
    assert holds(load_into(network(), load_state_dict(tmp_path / "w.pth", trust=True)[0]))
