"""YOLOv2: its layers and its decoding against loops, Darknet's files, convergence, and boxes and scores on VOC's layout."""

import math
import struct

import numpy as np
import pytest
import torch
from mmengine.config import Config
from torch import nn

from adafire.errors import InputError
from adapters.base import WorkloadOptions, adapters
from adapters.detection import mmdetection  # noqa: F401 - registers the adapter
from adapters.detection.networks import build_detector
from adapters.shared.checkpoints import load_state_dict
from helpers import voc
from helpers.workloads import exact_bursts

ZOO = "benchmarks/zoo/yolov2"
EIGHTH = dict(backbone=dict(width=0.125), bbox_head=dict(in_channels=128))
NARROW = {
    "config": {**EIGHTH, "neck": dict(in_channels=(64, 128), out_channels=128, passed=8)},
    "config_tiny": {**EIGHTH, "neck": dict(in_channels=[128], out_channels=128)},
}
"""By config: an eighth of the channels."""


@pytest.fixture(scope="module", params=NARROW)
def config(request, tmp_path_factory):
    cfg = Config.fromfile(f"{ZOO}/{request.param}.py")
    cfg.merge_from_dict({"model": NARROW[request.param]})
    file = tmp_path_factory.mktemp("yolov2") / f"{request.param}.py"
    cfg.dump(file)
    return str(file)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name, size",
    [
        ("config", 202_704_260),
        ("config_tiny", 63_471_556),
        ("config_coco", 203_934_260),
        ("config_tiny_coco", 44_948_596),
    ],
)
def test_the_published_networks_have_as_many_numbers_as_their_files(name, size):
    """Bytes of the files, behind a head of 16."""
    network, _ = build_detector(f"{ZOO}/{name}.py")
    state = {k: v for k, v in network.state_dict().items() if not k.endswith("num_batches_tracked")}
    assert 4 * sum(v.numel() for v in state.values()) + 16 == size
    with torch.no_grad():
        ((outputs,),) = network(torch.zeros(1, 3, 64, 64), mode="tensor")
    assert outputs.shape == (1, 5 * (5 + (80 if "coco" in name else 20)), 2, 2)


def test_reorganised_is_darknets_loop():
    from adapters.models.yolo_v2 import reorganised

    x = torch.randn(2, 8, 4, 6)
    flat, out = x.flatten().tolist(), [0.0] * x.numel()
    c, h, w, stride = 8, 4, 6, 2
    for b in range(2):
        for k in range(c):
            for j in range(h):
                for i in range(w):
                    c2, offset = k % (c // 4), k // (c // 4)
                    w2, h2 = i * stride + offset % stride, j * stride + offset // stride
                    source = w2 + w * stride * (h2 + h * stride * (c2 + c // 4 * b))
                    out[i + w * (j + h * (k + c * b))] = flat[source]
    assert torch.equal(reorganised(x), torch.tensor(out).view(2, 4 * c, h // 2, w // 2))


def test_pooling_with_stride_1_looks_right_and_down():
    from adapters.models.yolo_v2 import SameMaxPool

    x = torch.randn(1, 2, 3, 4)
    pooled = SameMaxPool()(x)
    for y in range(3):
        for z in range(4):
            assert torch.equal(pooled[:, :, y, z], x[:, :, y : y + 2, z : z + 2].amax((2, 3)))


def test_decoding_equals_loops_over_cells_and_anchors(config):
    head = build_detector(config)[0].bbox_head
    torch.manual_seed(1)
    outputs = torch.randn(2, 125, 3, 4)
    boxes, scores = head._decode(outputs)
    sigmoid, row = lambda v: 1 / (1 + math.exp(-float(v))), 0
    for y in range(3):
        for x in range(4):
            for a, (width, height) in enumerate(head.anchors):
                for b in range(2):
                    t = outputs[b, 25 * a : 25 * a + 25, y, x].tolist()
                    cx, cy = (sigmoid(t[0]) + x) * 32, (sigmoid(t[1]) + y) * 32
                    w, h = math.exp(t[2]) * width * 32, math.exp(t[3]) * height * 32
                    expected = [cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2]
                    assert boxes[b, row].tolist() == pytest.approx(expected, rel=1e-4, abs=1e-2)
                    e = [math.exp(v) for v in t[5:]]
                    assert scores[b, row].tolist() == pytest.approx([sigmoid(t[4]) * v / sum(e) for v in e], abs=1e-6)
                row += 1


def darknet_file(network, path, version, cut=0):
    """Write a network's weights as Darknet does: in the order of its layers, variances that its own normalisation wants."""
    layers = [m for part in (network.backbone, network.neck, network.bbox_head) for m in part.modules()]
    layers = [m for m in layers if isinstance(m, (nn.Conv2d, nn.BatchNorm2d))]
    numbers = []
    for conv, norm in zip(layers, [*layers[1:], None]):
        if isinstance(conv, nn.BatchNorm2d):
            continue
        if conv.bias is None:
            var = ((norm.running_var.double() + norm.eps).sqrt() - 1e-6) ** 2
            numbers += [norm.bias, norm.weight, norm.running_mean, var]
        else:
            numbers += [conv.bias]
        numbers += [conv.weight]
    body = b"".join(n.detach().flatten().numpy().astype("<f4").tobytes() for n in numbers)
    head = struct.pack("<3i", *version) + (struct.pack("<q", 7) if version[1] >= 2 else struct.pack("<i", 7))
    path.write_bytes((head + body)[: len(head + body) - cut])


def live(network, seed=3):
    """Random weights and statistics at which signals neither vanish nor explode."""
    torch.manual_seed(seed)
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, a=0.1)
        elif isinstance(module, nn.BatchNorm2d):
            module.weight.data.uniform_(0.5, 1.5)
            module.bias.data.normal_(0, 0.1)
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 2)
    return network


@pytest.mark.parametrize("version", ((0, 1, 0), (0, 2, 0), (0, 2, 5)))
def test_a_darknet_file_is_the_network(config, tmp_path, version):
    network, x = live(build_detector(config)[0]), torch.rand(1, 3, 64, 64)
    darknet_file(network, tmp_path / "net.weights", version)
    loaded, _ = build_detector(config, tmp_path / "net.weights")
    with torch.no_grad():
        one, other = (n(x, mode="tensor")[0][0] for n in (network, loaded))
    assert torch.allclose(one, other, rtol=1e-4, atol=1e-5) and one.std() > 0.1
    torch.save({"state_dict": network.state_dict()}, tmp_path / "net.pth")
    assert torch.equal(build_detector(config, tmp_path / "net.pth")[0](x, mode="tensor")[0][0], one)


def test_a_darknet_file_that_is_cut_or_of_another_network_is_told(config, tmp_path):
    network = build_detector(config)[0]
    darknet_file(network, tmp_path / "cut.weights", (0, 2, 0), cut=3)
    with pytest.raises(InputError, match="is truncated: after its head of 20 bytes"):
        load_state_dict(tmp_path / "cut.weights")
    darknet_file(network, tmp_path / "short.weights", (0, 2, 0), cut=400)
    with pytest.raises(InputError, match="not of this network: it has .* numbers, the network .*tiny or not"):
        build_detector(config, tmp_path / "short.weights")


def test_raw_outputs_converge(config):
    forward = lambda net, x: net(x, mode="tensor")
    network, x = live(build_detector(config)[0]), torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        expected = forward(network, x)[0][0]
    snn = exact_bursts(network, x, forward, False)
    errors = [float((y[0][0] - expected).norm() / (expected - expected.mean()).norm()) for y in snn(x, at=(4, 16, 64))]
    assert errors[1] < 0.5 * errors[0] and errors[2] < 0.5 * errors[1] and errors[2] < 0.05, errors


@torch.no_grad()
def test_boxes_and_score_on_vocs_layout(config, tmp_path):
    voc.make(tmp_path / "VOC2007", {"test": ["000001", "000002", "000003"], "trainval": ["000005", "000007"]}, (80, 60))
    settings = {
        "config": config,
        "checkpoint": "random",
        "data": {"type": "voc", "year": 2007},
        "calibration": {"samples": 2},
    }
    subject = adapters.get("mmdetection")(settings, WorkloadOptions(split="full", data_root=str(tmp_path)))
    live(subject.network)
    found = {}
    for batch in subject.batches():
        assert batch.inputs.shape[2:] == (416, 416)
        mine = subject.predict(subject.forward(subject.network, batch.inputs), batch)
        for one, other in zip(mine, subject.network(batch.inputs, batch.context, mode="predict"), strict=True):
            assert 5 < len(one["boxes"]) and np.allclose(one["boxes"], other.pred_instances.bboxes, atol=1e-4)
            assert (one["boxes"][:, 2] <= 80.01).all() and (one["boxes"][:, 3] <= 60.01).all()
        found.update(zip(batch.ids, mine))
    assert subject.metric == "mAP50_11point" and 0 <= subject.evaluate(found).metrics["mAP50_11point"] < 0.5
