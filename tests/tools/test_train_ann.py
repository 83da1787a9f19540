"""tools/train_ann.py: options that do nothing where they are given are refused before any work."""

import pytest

from helpers.programs import program

CONFIG = """
model = dict(type='Nothing')
train_dataloader = val_dataloader = dict(batch_size=1)
train_cfg = dict(by_epoch=True, max_epochs=1)
val_evaluator = dict(type='Nothing')
"""


@pytest.mark.parametrize("more", [["--workers", "2"], ["--fashion-mnist", "."], ["--download"]])
def test_options_on_generated_data_are_refused_where_none_are_made(more, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.py").write_text(CONFIG)
    for given, words in (
        (["cifar10_vgg16", "--data-root", "."], "task 'cifar10_vgg16' is trained on data of --data-root"),
        (["own.py", "--trust-config"], "own.py has none"),
    ):
        assert program("train_ann").main([*given, *more]) == 2
        err = capsys.readouterr().err
        assert f"{more[0]} is for a config whose data are generated" in err and words in err and err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["own.py"]
