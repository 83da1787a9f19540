"""tools/check.py: the size and the channels that a network is made for, and what does not run named."""

import pytest
from mmengine.config import Config

import adapters.models
from adapters.classification import classification
from tools import check


@pytest.mark.parametrize(
    "config, channels, sizes",
    [
        ("mmdet::yolof/yolof_r50-c5_8xb8-1x_coco.py", 3, [(320, 320)]),
        ("mmdet::ssd/ssd512_coco.py", 3, [(320, 320), (512, 512)]),
        ("mmseg::mae/mae-base_upernet_8xb2-amp-160k_ade20k-512x512.py", 3, [(512, 512)]),
        ("mmseg::swin/swin-tiny-patch4-window7_upernet_1xb8-20k_levir-256x256.py", 6, [(320, 320), (256, 256)]),
    ],
)
def test_what_a_config_says_of_its_input(config, channels, sizes):
    from adapters.shared.mm_networks import find_config

    assert check.input_of(Config.fromfile(find_config(config, config.partition("::")[0]))) == (channels, sizes)


def test_a_network_of_one_size_is_checked_at_it(capsys):
    assert check.main(["torchvision::vit_b_16"]) == 0
    assert "input [1, 3, 224, 224]" in capsys.readouterr().out
    assert check.main(["torchvision::vit_b_16", "--size", "64"]) == 2
    said = capsys.readouterr().err
    assert "does not run on an input of [1, 3, 64, 64]" in said and "--size 224" in said and "not foreseen" not in said


def test_whatever_a_task_takes_is_checked(capsys, monkeypatch):
    """A network by the function that makes it; timm's by the input that it states (here a stand-in: timm is optional)."""
    assert check.main(["adapters.models.resnet_cifar:resnet20", "--size", "32"]) == 0
    assert "input [1, 3, 32, 32]" in capsys.readouterr().out
    assert check.main(["adapters.models.resnet_cifar:resnet21"]) == 2
    assert "has no function 'resnet21'; did you mean" in capsys.readouterr().err
    network = adapters.models.build("adapters.models.resnet_cifar:resnet20")
    network.pretrained_cfg = {"input_size": (3, 40, 48)}
    assert check.wanted(network) == (3, (40, 48))
    monkeypatch.setattr(classification, "build", lambda *arguments, **more: network)
    assert check.main(["timm::resnet18"]) == 0
    assert "input [1, 3, 40, 48]" in capsys.readouterr().out


def test_tasks_are_checked_by_name(capsys):
    """The network of a variant, at the input that its task gives it."""
    for arguments, shape in (
        (["cifar100_resnet20"], "[1, 3, 32, 32]"),
        (["dvs128_objects", "--variant", "objects"], "[1, 2, 64, 64]"),
        (["tasks/shapenetpart_pointnet.py", "--variant", "mini"], "[1, 3, 512]"),
    ):
        assert check.main(arguments) == 0
        assert f"input {shape}" in capsys.readouterr().out
    for arguments, words in (
        (["cifar100_resnet20", "--variant", "fulll"], "has no variant 'fulll'; it has full"),
        (["drive_unet"], "names no network of its own: its weights bring it"),
        (["torchvision::resnet18", "--variant", "full"], "is of a task, and 'torchvision::resnet18' is none"),
        (
            ["torchvision::resnet18", "--checkpoint", "IMAGENET1K_V3"],
            "resnet18 has no weights 'IMAGENET1K_V3'; did you",
        ),
        (["hf_hub:resnet18"], "is no name of the Hub's"),
    ):
        assert check.main(arguments) == 2
        assert words in capsys.readouterr().err


def test_a_config_of_one_folder_needs_no_folder():
    from adafire.errors import InputError
    from adapters.shared.mm_networks import find_config

    assert find_config("mmdet::retinanet_r18_fpn_1x_coco").parts[-2:] == ("retinanet", "retinanet_r18_fpn_1x_coco.py")
    assert find_config("mmseg::fcn_r18-d8_4xb2-80k_cityscapes-512x1024.py", "mmseg").parent.name == "fcn"
    with pytest.raises(InputError, match="did you mean 'mmdet::retinanet/retinanet_r18_fpn_1x_coco'"):
        find_config("mmdet::fcos/retinanet_r18_fpn_1x_coco")


SIX = """
model = dict(
    type='EncoderDecoder', data_preprocessor=dict(type='SegDataPreProcessor', size=(48, 64)),
    backbone=dict(type='ResNet', depth=18, base_channels=4, in_channels=6, strides=(1, 2, 1, 1), dilations=(1, 1, 2, 4)),
    decode_head=dict(type='FCNHead', in_index=3, in_channels=32, channels=8, num_convs=1, num_classes=3),
    test_cfg=dict(mode='whole'))
default_scope = 'mmseg'
"""


def test_a_network_of_six_channels_gets_them(tmp_path, capsys):
    (tmp_path / "six.py").write_text(SIX)
    assert check.main([str(tmp_path / "six.py"), "--trust-config", "--size", "32"]) == 0
    assert "input [1, 6, 32, 32]" in capsys.readouterr().out
    (tmp_path / "head.py").write_text(SIX.replace("in_channels=32", "in_channels=31"))
    assert check.main([str(tmp_path / "head.py"), "--trust-config"]) == 2
    said = capsys.readouterr().err
    assert "does not run on an input of [1, 6, 48, 64]" in said and "not foreseen" not in said


def test_detectors_whose_proposals_come_from_elsewhere_are_refused(capsys):
    assert check.main(["mmdet::fast_rcnn/fast-rcnn_r50_fpn_1x_coco.py"]) == 2
    assert "FastRCNN has no RPN: its proposals come from elsewhere" in capsys.readouterr().err


def test_a_function_in_a_file_says_how_it_is_named(tmp_path, capsys):
    (tmp_path / "own.py").write_text("def make(): ...")
    assert check.main([f"{tmp_path}/own.py:make"]) == 2
    assert f"is 'own:make', with PYTHONPATH={tmp_path}. Expected" in capsys.readouterr().err


@pytest.mark.parametrize(
    "name, near",
    [
        ("resnet18", "did you mean torchvision::resnet18?"),
        ("cifar10_resnet21", "did you mean cifar10_resnet20"),
        ("tasks/coco_ylo.py", "did you mean coco_yolo"),
        ("retinanet_r18_fpn_1x_coco", "did you mean mmdet::retinanet/retinanet_r18_fpn_1x_coco?"),
        ("torchvison::resnet18", "did you mean torchvision::resnet18?"),
        ("hfhub:timm/resnet18", "did you mean hf_hub:timm/resnet18?"),
        ("qqqqqq", "here. Expected"),
    ],
)
def test_a_name_of_nothing_lists_what_names_there_are(name, near, capsys):
    assert check.main([name]) == 2
    said = capsys.readouterr().err
    assert near in said and said.count("\n") == 1
    for kind in (
        "a config file",
        "a task",
        "torchvision::",
        "timm::",
        "hf_hub:",
        "mmdet::",
        "mmseg::",
        "package.module:function",
    ):
        assert kind in said
