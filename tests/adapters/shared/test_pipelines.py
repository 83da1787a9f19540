"""Test pipelines: run transform by transform, what is random refused, what fails named, what is left out filled in."""

import random

import numpy as np
import pytest
import torch
from PIL import Image

from adafire.errors import InputError
from adapters.shared import chance, mmcv_ops
from adapters.shared.config_forms import with_names, without_pretrained, without_scope
from adapters.shared.pipelines import Pipeline, extremes, size_of

mmcv_ops.register()
LOAD, RESIZE, PACK = (
    dict(type="LoadImageFromFile"),
    dict(type="Resize", scale=(48, 48), keep_ratio=True),
    dict(type="PackDetInputs"),
)
NEEDED = ("ori_shape", "img_shape", "scale_factor")


@pytest.fixture(scope="module", autouse=True)
def imported():
    """The transforms of both libraries."""
    import mmdet.datasets.transforms  # noqa: F401
    import mmseg.datasets.transforms  # noqa: F401


@pytest.fixture
def picture(tmp_path):
    """A file of 60 x 40 pixels."""
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (40, 60, 3), dtype=np.uint8)).save(tmp_path / "p.png")
    return {"img_id": 7, "img_path": str(tmp_path / "p.png"), "seg_map_path": None, "instances": []}


def pipeline(*steps, scope="mmdet", needed=NEEDED):
    return Pipeline({"pipeline": list(steps)}, "my.py", scope, needed)


FIXED = [
    dict(type="RandomFlip", prob=0.0),
    dict(type="RandomFlip", prob=1.0),
    dict(type="mmseg.RandomFlip", prob=0.0),
    dict(type="RandomCrop", crop_size=(200, 200)),  # larger than the picture: nothing to choose
    dict(type="RandomApply", transforms=[dict(type="RandomFlip", prob=1.0)], prob=1.0),
    dict(type="RandomChoice", transforms=[[dict(type="RandomFlip", prob=0.0)]]),
    dict(type="RandomChoiceResize", scales=[(40, 40)], keep_ratio=True),
    dict(type="Pad", size_divisor=32),
]
RANDOM = [
    (dict(type="RandomFlip", prob=0.5), r"RandomFlip\(prob=0.5\)"),
    (dict(type="RandomFlip", prob=0.001), "RandomFlip"),  # 64 draws show nothing of it
    (dict(type="RandomFlip", prob=[0.3, 0.2], direction=["horizontal", "vertical"]), "RandomFlip"),
    (dict(type="RandomFlip", prob=1.0, direction=["horizontal", "vertical"]), "RandomFlip"),
    (dict(type="PhotoMetricDistortion"), "PhotoMetricDistortion"),
    (dict(type="RandomCrop", crop_size=(16, 16)), "RandomCrop"),
    (dict(type="RandomResize", scale=(48, 48), ratio_range=(0.5, 2.0), keep_ratio=True), "RandomResize"),
    (dict(type="RandomChoiceResize", scales=[(40, 40), (50, 50)], keep_ratio=True), "RandomChoiceResize"),
    (dict(type="RandomApply", transforms=[dict(type="RandomFlip", prob=1.0)], prob=0.01), r"RandomApply\(prob=0.01\)"),
    (
        dict(type="RandomApply", transforms=[dict(type="RandomFlip", prob=0.002)], prob=1.0),
        r"RandomFlip\(prob=0.002\) in RandomApply",
    ),
    (
        dict(
            type="RandomChoice", transforms=[[dict(type="RandomFlip", prob=1.0)], [dict(type="RandomFlip", prob=0.0)]]
        ),
        "RandomChoice",
    ),
    (
        dict(type="RandomChoice", transforms=[[dict(type="RandomFlip", prob=1.0)], []], prob=[0.999, 0.001]),
        "RandomChoice",
    ),
]


@pytest.mark.parametrize("step", FIXED, ids=lambda s: s["type"])
def test_what_draws_without_effect_is_not_random(picture, step):
    chance.check_fixed(pipeline(LOAD, step, PACK), picture)


@pytest.mark.parametrize("step, words", RANDOM, ids=lambda s: s["type"] if isinstance(s, dict) else None)
def test_random_transforms_are_refused_by_name(picture, step, words):
    before = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state()
    with pytest.raises(InputError, match=f"config 'my.py': its test pipeline is random: {words}.*prob to 0.0"):
        chance.check_fixed(pipeline(LOAD, RESIZE, step, PACK), picture)
    after = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state()
    assert before[:2] == after[:2] and torch.equal(before[2], after[2])


def test_random_segmentation_pipelines_are_refused_as_well(picture):
    steps = [LOAD, dict(type="RandomCrop", crop_size=(16, 16)), dict(type="PackSegInputs")]
    with pytest.raises(InputError, match="RandomCrop gives other pictures"):
        chance.check_fixed(
            pipeline(*steps, scope="mmseg", needed=()), dict(picture, gt_seg_map=np.zeros((40, 60)), seg_fields=[])
        )


def test_generators_of_a_transforms_own_are_seen_too(picture):
    own, state = np.random.default_rng(), []
    noisy = pipeline(LOAD, PACK)
    noisy.transforms.insert(1, lambda results: {**results, "img": results["img"] + own.integers(0, 99, (40, 60, 1))})
    with pytest.raises(InputError, match="<lambda> gives other pictures"):
        chance.check_fixed(noisy, picture)
    counting = pipeline(LOAD, PACK)
    counting.transforms.insert(1, lambda results: {**results, "img": results["img"] + [state.append(1) or len(state)]})
    with pytest.raises(InputError, match="gives other pictures"):
        chance.check_fixed(counting, picture)


@pytest.mark.parametrize(
    "keys",
    [
        (),
        ("img_path",),
        ("img_id", "img_path", "ori_shape", "img_shape"),
        ("img_id", "img_path", "img_shape", "scale_factor"),
    ],
)
def test_what_the_packing_leaves_out_is_kept(picture, keys):
    meta = pipeline(LOAD, RESIZE, dict(PACK, meta_keys=keys))(picture)["data_samples"].metainfo
    whole = pipeline(LOAD, RESIZE, PACK)(picture)["data_samples"].metainfo
    assert {**whole, **meta} == meta and meta["ori_shape"] == (40, 60) and meta["img_shape"] == (32, 48)
    assert meta["scale_factor"] == (0.8, 0.8) and meta["img_id"] == 7


def test_pictures_as_they_are_or_padded_have_a_scale_of_one(picture):
    for steps in ([LOAD, PACK], [LOAD, dict(type="Pad", size_divisor=32), PACK]):
        assert pipeline(*steps)(picture)["data_samples"].metainfo["scale_factor"] == (1.0, 1.0)
    halved = pipeline(LOAD, PACK)
    halved.transforms.insert(1, lambda results: {**results, "img": results["img"][::2, ::2]})
    with pytest.raises(InputError, match="no transform of its test pipeline says 'scale_factor'"):
        halved(picture)


@pytest.mark.parametrize(
    "steps, words",
    [
        ([LOAD, dict(type="MyContrast", gain=1.2), PACK], "cannot be built: MyContrast: KeyError.*custom_imports"),
        ([LOAD, dict(type="RandomFlip", probability=0.0), PACK], "cannot be built: RandomFlip: .*probability"),
        ([LOAD, dict(scale=3), PACK], "cannot be built"),
        ([LOAD, 3, PACK], "cannot be built"),
    ],
)
def test_what_cannot_be_built_is_named(steps, words):
    with pytest.raises(InputError, match=f"config 'my.py': its test pipeline .*{words}"):
        pipeline(*steps)


@pytest.mark.parametrize(
    "steps, words",
    [
        ([LOAD, dict(type="FilterAnnotations", min_gt_bbox_wh=(1, 1)), PACK], "FilterAnnotations: "),
        ([dict(LOAD, backend_args=dict(backend="petrel")), PACK], "LoadImageFromFile: .*petrel"),
        (
            [LOAD, dict(type="Resize", scale=(300, 1), keep_ratio=True), dict(type="Resize", scale_factor=0.01), PACK],
            "Resize",
        ),
        ([LOAD, dict(type="TestTimeAug", transforms=[[dict(type="RandomFlip", prob=1.0)], [PACK]])], "TestTimeAug"),
        ([LOAD, RESIZE], "ends with Resize, which gives no single picture"),
    ],
)
def test_what_cannot_be_run_is_named_with_the_picture(picture, steps, words):
    with pytest.raises(InputError, match=f"config 'my.py': its test pipeline .*{words}") as caught:
        pipeline(*steps)(picture)
    assert "\n" not in str(caught.value)


def test_the_picture_that_no_scale_fits_is_named_with_its_size(picture, tmp_path):
    Image.new("RGB", (2000, 3)).save(tmp_path / "thin.png")
    with pytest.raises(
        InputError, match="picture '.*thin.png': Resize: OpenCV: \\(-215.*the picture has 2000 x 3 pixels"
    ):
        pipeline(LOAD, RESIZE, PACK)({**picture, "img_path": str(tmp_path / "thin.png")})


def test_the_extremes_are_among_any_number(tmp_path):
    sizes = {
        "a": (30, 30),
        "b": (40, 20),
        "wide": (90, 4),
        "tall": (4, 80),
        "small": (9, 9),
        "large": (90, 90),
        "c": (31, 30),
    }
    for name, size in sizes.items():
        Image.new("L", size).save(tmp_path / f"{name}.png")
    (tmp_path / "none.png").write_bytes(b"")
    chosen = extremes([(name, tmp_path / f"{name}.png") for name in [*sizes, "none"]])
    assert [name for name, _ in chosen] == ["large", "small", "wide", "tall"] and extremes([]) == []
    tags = Image.Exif()
    tags[0x0112] = 6
    Image.new("L", (40, 20)).save(tmp_path / "turned.jpg", exif=tags)
    assert size_of(tmp_path / "turned.jpg") == (20, 40)


def test_weights_that_would_be_downloaded_are_taken_out():
    weights = dict(type="Pretrained", checkpoint="https://nowhere.invalid/r18.pth")
    plain = dict(type="Kaiming", layer="Conv2d")
    model = dict(
        pretrained="torchvision://resnet50",
        teacher_ckpt="https://nowhere.invalid/t.pth",
        backbone=dict(init_cfg=dict(checkpoint="https://nowhere.invalid/pvt.pth"), depth=18),
        neck=[
            dict(init_cfg=[plain, weights]),
            dict(init_cfg=(weights,)),
            dict(init_cfg=dict(weights, type="mmengine.Pretrained")),
        ],
        head=dict(
            init_cfg=dict(plain, override=[dict(weights, name="last"), dict(type="Normal", name="first", std=0.01)])
        ),
        stem=(dict(pretrained=True), 3),
    )
    without_pretrained(model)
    assert "nowhere" not in str(model) and "torchvision" not in str(model)
    assert model["backbone"] == dict(init_cfg=None, depth=18) and model["neck"][0]["init_cfg"] == [plain]
    assert (
        model["neck"][1]["init_cfg"] is None
        and model["neck"][2]["init_cfg"] is None
        and not model["stem"][0]["pretrained"]
    )
    assert model["head"]["init_cfg"]["override"] == [dict(type="Normal", name="first", std=0.01)]


def test_names_of_classes_in_every_spelling(tmp_path):
    (tmp_path / "names.txt").write_text("bag\ncoat\n\n")
    for given, expected in (
        ("bag", ("bag",)),
        (["bag", "coat"], ("bag", "coat")),
        (str(tmp_path / "names.txt"), ("bag", "coat")),
    ):
        for key in ("classes", "CLASSES"):
            assert with_names(dict(metainfo={key: given}))["metainfo"] == {"classes": expected}
    assert with_names(dict(type="CocoDataset")) == dict(type="CocoDataset")


def test_scopes_are_taken_out_at_any_depth():
    node = dict(
        _scope_="mmseg",
        type="A",
        pipeline=[dict(_scope_="mmseg", type="B")],
        data_prefix=dict(_scope_="mmseg", img="x"),
        size=(3, 4),
    )
    assert without_scope(node) == dict(type="A", pipeline=[dict(type="B")], data_prefix=dict(img="x"), size=(3, 4))
