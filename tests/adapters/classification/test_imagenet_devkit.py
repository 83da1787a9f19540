"""ImageNet's validation set in its authors' form: one folder of pictures and the development kit, or Kaggle's list."""

import shutil

import numpy as np
import pytest
from scipy.io import loadmat, savemat

from adafire.errors import InputError
from adapters.base import WorkloadOptions
from adapters.classification.data import image_sets
from helpers.programs import program
from layouts import imagenet, smaller

DATA = {"type": "imagefolder", "name": "ImageNet", "test": "val", "train": "train", "set_aside": 256}
KIT = "ILSVRC2012_devkit_t12/data"


@pytest.fixture(scope="module")
def kit(tmp_path_factory):
    return imagenet.official(tmp_path_factory.mktemp("official"), pictures=1)


@pytest.fixture
def copy(kit, tmp_path):
    """The same, with pictures that are links."""
    return shutil.copytree(kit, tmp_path / "set", copy_function=lambda a, b: shutil.os.link(a, b))


def read(root):
    return image_sets.read(DATA, WorkloadOptions(split="full", data_root=str(root)))


def test_both_lists_are_the_class_folders(kit, tmp_path):
    """The same ids, labels and classes as of val/<class>/<picture>, where the kit's 1,000 numbers are not in WordNet's order."""
    folders = tmp_path / "folders"
    truth = (kit / KIT / "ILSVRC2012_validation_ground_truth.txt").read_text().split()
    names = imagenet.classes()
    for k, number in enumerate(truth, 1):
        place = folders / "val" / (names[500:] + names[:500])[int(number) - 1]
        place.mkdir(parents=True, exist_ok=True)
        shutil.copy(kit / "val" / f"ILSVRC2012_val_{k:08d}.JPEG", place)
    expected, found = read(folders), read(kit)
    kaggle = read(imagenet.official(tmp_path / "kaggle", pictures=1, kaggle=True))
    for one in (found, kaggle):
        assert one.classes == expected.classes == tuple(names) and one.notes == expected.notes
        assert [(p.id, p.label) for p in one.test] == [(p.id, p.label) for p in expected.test]
    first = next(p for p in [*found.test, *found.candidates] if p.id.endswith("_00000001.JPEG"))
    assert truth[0] == "1" and first.label == 500 and first.id == f"{names[500]}/ILSVRC2012_val_00000001.JPEG"


def test_a_train_set_beside_it_calibrates(copy):
    imagenet.picture(copy / "train" / "n01440764" / "n01440764_18.JPEG", 20, 16)
    found = read(copy)
    assert len(found.test) == 1000 and [p.id for p in found.candidates] == ["train/n01440764/n01440764_18.JPEG"]


def rewritten(path, change):
    text = path.read_text()
    path.unlink()  # of links
    path.write_text(change(text))


def other_meta(path, **change):
    content = loadmat(path)["synsets"]
    for name, (row, value) in change.items():
        content[name][row, 0] = np.array(value, float) if not isinstance(value, str) else value
    path.unlink()
    savemat(path, {"synsets": content})


@pytest.mark.parametrize(
    "change, words",
    [
        (
            lambda f: shutil.rmtree(f / "ILSVRC2012_devkit_t12"),
            "nothing tells their classes; expected beside it the folder ILSVRC2012_dev",
        ),
        (
            lambda f: (f / KIT / "meta.mat").unlink(),
            "meta.mat' is not there; expected the meta.mat of ILSVRC2012_devkit_t12",
        ),
        (
            lambda f: rewritten(f / KIT / imagenet_truth, lambda text: text[: len(text) // 2].rpartition("\n")[0]),
            "says no class of",
        ),
        (
            lambda f: rewritten(f / KIT / imagenet_truth, lambda text: "1001\n" + text),
            "line 1 of .* has '1001'; expected a class of 1 to 1000",
        ),
        (lambda f: rewritten(f / KIT / imagenet_truth, lambda text: "cat\n" + text), "line 1 of .* has 'cat'"),
        (lambda f: other_meta(f / KIT / "meta.mat", num_children=(3, 2)), "has 999 classes without children"),
        (
            lambda f: other_meta(f / KIT / "meta.mat", WNID=(3, imagenet.classes()[504])),
            "has 999 classes without children",
        ),
        (
            lambda f: ((f / KIT / "meta.mat").unlink(), (f / KIT / "meta.mat").write_bytes(b"MATLAB 5.0" * 9)),
            "cannot be read",
        ),
    ],
)
def test_a_kit_that_does_not_fit_is_one_sentence(copy, change, words):
    change(copy)
    with pytest.raises(InputError, match=words) as told:
        read(copy)
    assert "\n" not in str(told.value)


def test_kaggles_list_that_is_none(copy):
    shutil.rmtree(copy / "ILSVRC2012_devkit_t12")
    (copy / "LOC_val_solution.csv").write_text("ImageId,PredictionString\nILSVRC2012_val_00000001,cat 1 2 3 4\n")
    with pytest.raises(InputError, match="line 2 of .*LOC_val_solution.csv' is .*; expected a picture and its class"):
        read(copy)


imagenet_truth = "ILSVRC2012_validation_ground_truth.txt"


@pytest.mark.slow
def test_a_task_of_imagenet_runs_on_the_official_files(copy, tmp_path, monkeypatch, capsys):
    from benchmarks.running import catalogue
    from benchmarks.running.task import load_task

    monkeypatch.setenv("ADAFIRE_CACHE", str(tmp_path / "cache"))
    chosen = load_task(catalogue.find_task("imagenet_resnet18")).variants["full"]
    for name in imagenet.classes(10):
        imagenet.picture(copy / "train" / name / f"{name}_18.JPEG", 20, 16)
    assert catalogue.data_state(chosen, str(copy)) == (True, "there")
    argv = [
        str(smaller.task_file("imagenet_resnet18", "full", chosen, tmp_path / "imagenet_resnet18.py")),
        "--trust-config",
    ]
    argv += [
        "--data-root",
        str(copy),
        "--checkpoint",
        "random",
        "--methods",
        "burst",
        "--timesteps",
        "1",
        "--no-rivals",
    ]
    assert program("run_bench").main([*argv, "--limit", "2", "--out", str(tmp_path / "runs")]) == 0, (
        capsys.readouterr().err
    )
