"""The notebooks of docs/notebooks run from their first cell to their last, and what is committed of them is small."""

import re

import pytest

from helpers.paths import ROOT

nbformat = pytest.importorskip("nbformat", reason="the notebooks need the extra test")
NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))
MOST_BYTES = 150_000


def outputs(cell):
    """Kinds of what a cell puts out, text that comes in parts being one."""
    return sorted({output.output_type for output in cell.get("outputs", [])})


def words(notebook):
    """Everything that the outputs say."""
    found = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return "\n".join(output.get("text") or output.get("data", {}).get("text/plain", "") for output in found)


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_and_puts_out_what_is_committed(path, monkeypatch):
    """The same kinds of outputs, and the same words but for figures: those depend on the machine's arithmetic."""
    client = pytest.importorskip("nbclient", reason="the notebooks need the extra test")
    pytest.importorskip("ipykernel", reason="the notebooks need the extra test")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    committed, run = (nbformat.read(path, as_version=4) for _ in range(2))
    client.NotebookClient(
        run, timeout=180, kernel_name="python3", resources={"metadata": {"path": path.parent}}
    ).execute()
    assert [outputs(cell) for cell in run.cells] == [outputs(cell) for cell in committed.cells]
    assert re.findall(r"[A-Za-z]{4,}", words(run)) == re.findall(r"[A-Za-z]{4,}", words(committed))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_what_is_committed_is_small_whole_and_of_no_machine(path):
    text = path.read_text(encoding="utf-8")
    assert len(text) < MOST_BYTES and not re.search(r'[" (](/home|/work|/tmp|/root)/', text)
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert "error" not in {kind for cell in code for kind in outputs(cell)} and words(notebook)


def test_there_are_three_and_the_site_has_them():
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    assert len(NOTEBOOKS) == 3 and all(f"notebooks/{path.name}" in index for path in NOTEBOOKS)
