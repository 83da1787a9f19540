"""A table of the paper from nothing at toy size: weights trained, networks converted and measured, nothing done twice."""

import pytest

from helpers.programs import program
from layouts import cifar


@pytest.fixture
def reproduce(tmp_path, monkeypatch):
    """The tool in a folder of its own, with CIFAR-10's public ResNet-20 (random weights) where downloads are kept."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ADAFIRE_DATA", raising=False)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    return program("reproduce").main


@pytest.mark.slow
def test_a_table_from_nothing(reproduce, tmp_path, monkeypatch, capfd):
    """On CIFAR-10 as it is published, of 300 train pictures and 20 test pictures."""
    import torch

    from adapters.models import build

    cifar.trust(monkeypatch)
    monkeypatch.setattr("adapters.shared.checksums.check", lambda path, url: None)  # the weights are random ones
    cifar.trust_in_processes(monkeypatch, tmp_path)
    (tmp_path / "data").mkdir()
    cifar.cifar10(tmp_path / "data", train=60)  # more than the task calibrates on
    kept = tmp_path / "torch" / "hub" / "checkpoints"
    kept.mkdir(parents=True)
    weights = build("adapters.models.resnet_cifar:resnet20").state_dict()
    torch.save({"state_dict": weights}, kept / "resnet20-12fca82f.th")
    again = ["cifar10", "--data-root", "data", "--train", "--epochs", "1", "--timesteps", "2", "--methods", "burst"]
    again += ["--limit", "2", "--device", "cpu"]
    assert reproduce(again) == 0
    out, err = capfd.readouterr()
    assert "python tools/train_ann.py cifar10_vgg16 --variant full --data-root data --epochs 1" in err
    assert err.count("tools/train_ann.py cifar10") == 1, "the public weights of ResNet-20 are there"
    assert "weights trained here, recipe cifar-vgg: 1 epochs of the recipe's 200" in err
    for words in ("cifar10_resnet20 part: resnet20", "cifar10_vgg16 part: vgg16", "paper: accuracy", "QCFS"):
        assert words in out
    assert reproduce(again) == 0
    out, err = capfd.readouterr()
    assert "train_ann.py" not in err and err.count("done before") == 4 and "cifar10_vgg16 part: vgg16" in out
    whole = [word for word in again if word not in ("--epochs", "1")]
    assert reproduce(whole) == 2
    assert (
        "not what the recipe says (1 epochs of the recipe's 200); add --if-shortened retrain" in capfd.readouterr().err
    )
    assert reproduce([*whole, "--if-shortened", "take"]) == 0
    assert reproduce([*whole, "--dry-run", "--if-shortened", "retrain"]) == 0
    assert "python tools/train_ann.py cifar10_vgg16 --variant full --data-root data" in capfd.readouterr().out


def test_the_plan_is_printed_and_nothing_is_run(reproduce, capsys, tmp_path):
    assert reproduce(["cifar100", "--dry-run", "--data-root", "my_data"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1:3] for line in lines[:-1]] == [
        [f"tools/{tool}.py", f"cifar100_{net}"] for net in ("resnet20", "vgg16") for tool in ("train_ann", "run_bench")
    ]
    assert "# about 0.7 h on one GPU, estimated" in lines[0] and "trainings: 1.6 h on one GPU" in lines[-1]
    assert all("--data-root my_data" in line for line in lines[:-1]) and not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "more, words",
    [
        (["--train"], "where are the data of cifar10_resnet20? Give their folder: --data-root DIR"),
        (["--train", "--split", "mini"], "a mini split has its weights"),
        (["--data-root", "."], "there are no weights; add --train to train them first (about 0.9 h"),
        (["--data-root", "x=y"], "the table has no task 'x'"),
        (["--data-root", ".", "--data-root", "."], "say whose they are: --data-root TASK=DIR"),
        (["--data-root", "nowhere", "--train"], "no such folder"),
    ],
)
def test_wrong_requests_are_told_in_one_sentence(reproduce, more, words, capsys):
    assert reproduce(["cifar10", *more]) == 2
    err = capsys.readouterr().err
    assert words in err and err.count("\n") == 1


def test_one_folder_can_lie_elsewhere(reproduce, capsys):
    assert reproduce(["events", "--dry-run", "--data-root", "my_data", "--data-root", "action_vgg11=my_actions"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert {line.split("--data-root ")[1].split()[0] for line in out if "action_vgg11" in line} == {"my_actions"}
    assert {line.split("--data-root ")[1].split()[0] for line in out if "ncars" in line} == {"my_data"}


def test_a_mini_that_was_not_asked_for_is_said(reproduce, capsys):
    few = ["cifar10", "--methods", "burst", "--timesteps", "2", "--limit", "4"]
    assert reproduce(few) == 0
    out, err = capsys.readouterr()
    assert "no --data-root, so this measures fashion_resnet" in err and "MINI" in out.splitlines()[0]
    assert reproduce([*few, "--split", "mini"]) == 0
    assert "no --data-root" not in capsys.readouterr().err
