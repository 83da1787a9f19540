"""docs/reproduce.md is what its tables say, and names every table, task and training."""

from benchmarks.report.reproduction import TABLES
from benchmarks.training import page, recipes
from helpers.paths import ROOT


def test_the_page_is_made_of_the_tables(tmp_path, monkeypatch):
    """python -m benchmarks.training.page > docs/reproduce.md writes it anew."""
    monkeypatch.chdir(tmp_path)  # no weights that were trained on this machine
    text = (ROOT / "docs" / "reproduce.md").read_text(encoding="utf-8")
    assert text == page.page()
    for name, table in TABLES.items():
        assert f"python tools/reproduce.py {name} --data-root DIR" in text and table.title in text
    for e in recipes.table():
        assert f"python tools/train_ann.py {e.task} --variant {e.variant} --data-root DIR" in text
        assert e.literature in text
    assert (
        "reproduce.md" in (ROOT / "README.md").read_text()
        and "reproduce.md" in (ROOT / "docs" / "index.md").read_text()
    )
