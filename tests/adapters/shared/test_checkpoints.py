"""Checkpoints: read without running code, refused with one clear error, loaded into the network they belong to."""

import collections
import os
import pathlib
import pickle
import zipfile

import numpy as np
import pytest
import torch
from torch import nn

from adafire.errors import InputError
from adapters.shared.checkpoints import Inert, fingerprint, load_into, load_state_dict
from helpers.checkpoints import Calls
from helpers.paths import SHARED


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Conv2d(4, 2, 1))


def save(tmp_path, content, **options):
    path = tmp_path / "weights.pth"
    torch.save(content, path, **options)
    return path


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[k], other[k]) for k in one)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda s: s,
        lambda s: {"state_dict": s, "epoch": 3},
        lambda s: {"model": s},
        lambda s: {"state_dict_ema": s},
        lambda s: {"model": {"state_dict": s}},
        lambda s: {"module." + k: v for k, v in s.items()},
    ],
)
@pytest.mark.parametrize("zipped", [True, False])
def test_usual_layouts_and_both_formats(tmp_path, wrap, zipped):
    expected = network().state_dict()
    weights, meta = load_state_dict(save(tmp_path, wrap(expected), _use_new_zipfile_serialization=zipped))
    assert same(weights, dict(expected)) and meta.get("epoch", 3) == 3


def test_mmengine_checkpoint_needs_no_trust(tmp_path):
    from mmengine.logging import HistoryBuffer as history

    buffer = history([1.0, 2.0], [1, 1])
    expected = network().state_dict()
    path = save(
        tmp_path,
        {
            "meta": {
                "epoch": 12,
                "mAP": np.float64(0.25),
                "iters": np.int64(7),
                "dataset_meta": {"classes": ("a", "b")},
                "curve": np.arange(6, dtype=">i4").reshape(2, 3, order="F"),
            },
            "state_dict": expected,
            "message_hub": {"log_scalars": {"loss": buffer}, "method": buffer.mean},
            "optimizer": collections.defaultdict(dict, {"state": {}}),
            "where": pathlib.PurePosixPath("/a/b"),
        },
    )
    with pytest.raises(pickle.UnpicklingError):
        torch.load(path, weights_only=True)
    weights, meta = load_state_dict(path)
    assert same(weights, dict(expected))
    assert meta == {
        "epoch": 12,
        "mAP": 0.25,
        "iters": 7,
        "dataset_meta": {"classes": ["a", "b"]},
        "curve": [[0, 2, 4], [1, 3, 5]],
    }


def test_numpy_weights_become_tensors(tmp_path):
    weights, _ = load_state_dict(save(tmp_path, {"w": np.ones((2, 3), np.float32)}))
    assert torch.equal(weights["w"], torch.ones(2, 3))


HOSTILE = {
    "os.system": lambda mark: Calls(os.system, f"touch {mark}"),
    "eval": lambda mark: Calls(eval, f"open({str(mark)!r}, 'w')"),
    "exec": lambda mark: Calls(exec, f"open({str(mark)!r}, 'w')"),
    "getattr": lambda mark: Calls(getattr, Calls(__import__, "pathlib"), "Path"),
    "open": lambda mark: Calls(open, str(mark), "w"),
    "build": lambda mark: Calls(collections.UserDict, state={"data": {}, "__setstate__": Calls(eval, "1")}),
    "slots": lambda mark: Calls(pathlib.PurePath, state=(None, {"__class__": Calls(open, str(mark), "w")})),
    "library": lambda mark: Calls(np.ones(2).tofile, str(mark)),
}


def refused_or_inert(path):
    """Loads the weights and nothing else, or says that it would take trust."""
    try:
        weights, _ = load_state_dict(path)
    except InputError as error:
        assert "--trust-checkpoint" in str(error)
    else:
        assert torch.equal(weights["w"], torch.ones(2))


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("zipped", [True, False])
def test_hostile_files_run_nothing(tmp_path, name, zipped):
    mark = tmp_path / "ran"
    path = save(
        tmp_path, {"state_dict": {"w": torch.ones(2)}, "x": HOSTILE[name](mark)}, _use_new_zipfile_serialization=zipped
    )
    refused_or_inert(path)
    assert not mark.exists()


def test_a_call_of_the_result_of_a_call_runs_nothing(tmp_path):
    """Python's own pickler does not write getattr(__import__('os'), 'system')('touch mark'); an attacker can."""

    def text(value):
        return b"X" + len(value).to_bytes(4, "little") + value.encode()

    mark = tmp_path / "ran"
    code = (
        b"\x80\x02}"
        + text("x")
        + b"cbuiltins\ngetattr\n(cbuiltins\n__import__\n"
        + text("os")
        + b"\x85R"
        + text("system")
        + b"tR"
        + text(f"touch {mark}")
        + b"\x85Rs."
    )
    path = tmp_path / "nested.pth"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in (("data.pkl", code), ("version", b"3\n"), ("byteorder", b"little")):
            archive.writestr(f"archive/{name}", content)
    with pytest.raises(InputError, match="--trust-checkpoint"):
        load_state_dict(path)
    assert not mark.exists()
    pickle.loads(code)  # the same bytes do run where unpickling is not restricted
    assert mark.exists()


def test_placeholders_take_any_call_and_state():
    thing = Inert(1, key=2)
    thing.__setstate__({"__class__": int})
    assert type(thing) is Inert and not vars(thing)


class OldBox:
    """A class of 'somebody's project' in a checkpoint."""


def test_old_format_with_foreign_classes_needs_trust(tmp_path):
    path = save(tmp_path, {"state_dict": {"w": torch.ones(2)}, "x": OldBox()}, _use_new_zipfile_serialization=False)
    with pytest.raises(InputError, match="OldBox.*--trust-checkpoint"):
        load_state_dict(path)
    assert torch.equal(load_state_dict(path, trust=True)[0]["w"], torch.ones(2))


def test_whole_pickled_network_needs_trust(tmp_path):
    path = save(tmp_path, {"model": network()})
    with pytest.raises(InputError, match="--trust-checkpoint"):
        load_state_dict(path)
    assert same(load_state_dict(path, trust=True)[0], dict(network().state_dict()))


def test_trust_reports_what_still_fails(tmp_path):
    path = save(tmp_path, {"w": torch.ones(2), "x": OldBox()}, _use_new_zipfile_serialization=False)
    path.write_bytes(path.read_bytes().replace(b"OldBox", b"OldFox"))
    with pytest.raises(InputError, match="cannot read checkpoint.*OldFox"):
        load_state_dict(path, trust=True)


@pytest.mark.parametrize(
    "content, message",
    [
        (b"", "it is empty"),
        (b"<html>not found</html>", "not a PyTorch checkpoint.*<html>"),
        (pickle.dumps([1, 2], protocol=2), "damaged|no weights"),
        (b"\x80\x02garbage", "damaged"),
    ],
)
def test_not_a_checkpoint(tmp_path, content, message):
    path = tmp_path / "weights.pth"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        load_state_dict(path)


def test_another_zip_is_not_a_checkpoint(tmp_path):
    path = tmp_path / "weights.pth"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "hello")
    with pytest.raises(InputError, match="not a PyTorch checkpoint"):
        load_state_dict(path)


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("keep", [0.1, 0.5, 0.95])
def test_truncated(tmp_path, zipped, keep):
    path = save(tmp_path, {"w": torch.randn(10000)}, _use_new_zipfile_serialization=zipped)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * keep)])
    with pytest.raises(InputError, match="truncated.*again"):
        load_state_dict(path)


def test_missing_file_and_folder(tmp_path):
    with pytest.raises(InputError, match="No such file.*--checkpoint"):
        load_state_dict(tmp_path / "absent.pth")
    with pytest.raises(InputError, match="cannot read checkpoint"):
        load_state_dict(tmp_path)


@pytest.mark.parametrize("content", [{"epoch": 3}, {"state_dict": {}}, [1, 2], {"optimizer": {"state": {}}}])
def test_without_weights(tmp_path, content):
    with pytest.raises(InputError, match="no weights in checkpoint.*state_dict, model.* averaged ones under ema"):
        load_state_dict(save(tmp_path, content))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weight_that_is_not_finite_is_named(tmp_path, value):
    weights = network().state_dict()
    weights["2.weight"][0, 1] = value
    with pytest.raises(InputError, match="'2.weight'.*not finite: . NaN and . infinite of 8"):
        load_state_dict(save(tmp_path, weights))


def test_load_into_copies_and_widens_half_precision():
    source = network().half().state_dict()
    del source["1.num_batches_tracked"]
    target = load_into(nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Conv2d(4, 2, 1)), source)
    assert target[0].weight.dtype == torch.float32
    assert torch.equal(target[0].weight, network()[0].weight.half().float())


def test_load_into_names_the_first_mismatches():
    source = network().state_dict()
    source["2.weight"] = torch.zeros(5, 4, 1, 1)
    source["9.weight"] = source.pop("0.bias")
    with pytest.raises(InputError) as caught:
        load_into(network(), source)
    message = str(caught.value)
    assert "1 of another shape ('2.weight' expected [2, 4, 1, 1], found [5, 4, 1, 1])" in message
    assert "1 missing ('0.bias' expected [4])" in message and "1 unexpected ('9.weight' found [4])" in message


def test_load_into_another_architecture_counts_and_shortens():
    with pytest.raises(InputError, match=r"8 missing \('0.weight'.*, \.\.\.\).*1 unexpected \('fc.weight'"):
        load_into(network(), {"fc.weight": torch.zeros(3)})


def test_fingerprint_depends_on_the_weights_only():
    weights = dict(network().state_dict())
    same_order = {k: weights[k] for k in reversed(weights)}
    same_order["1.num_batches_tracked"] = torch.tensor(99)
    assert fingerprint(weights) == fingerprint(same_order) == fingerprint(network())
    changed = {k: v.clone() for k, v in weights.items()}
    changed["0.weight"].view(-1)[5] += 1e-6
    assert fingerprint(changed) != fingerprint(weights)
    assert len(fingerprint({"w": torch.ones(3, dtype=torch.bfloat16), "s": torch.tensor(1.0)})) == 64


@pytest.mark.parametrize(
    "name, weights",
    [
        ("cifar10_resnet20/resnet20-12fca82f.th", "conv1.weight"),
        ("coco_detector_weights/Yolo-FastestV2_coco.pth", "backbone.first_conv.0.weight"),
    ],
)
def test_real_checkpoints(name, weights):
    if not (SHARED / name).exists():
        pytest.skip(f"{name}: the real checkpoint is not on this machine")
    found, _ = load_state_dict(SHARED / name)
    assert weights in found and not any(k.startswith("module.") for k in found)
