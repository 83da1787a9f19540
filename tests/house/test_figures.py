"""No figure in a page is typed: tables come from results/ (benchmarks/report/page_tables.py), and what else has a decimal is
named here, with the reason why it is no measurement."""

import re

import pytest

from adafire.errors import InputError
from benchmarks.report import page_tables
from helpers.paths import ROOT

GENERATED = ("docs/operators.md", "docs/energy_models.md", "docs/tasks.md", "docs/reproduce.md")
"""Written whole by tools/support_table.py and benchmarks/training/page.py, each with a test of its own."""
NO_MEASUREMENT = (
    ("README.md", "Python 3.10", "a version"),
    ("README.md", "Apache-2.0", "a licence"),
    ("docs/detection.md", "IoU 0.5:", "the metric's own"),
    ("docs/detection.md", "below 0.05 left out", "a constant of the exit rule"),
    ("docs/detection.md", "score 0.5 or more", "a constant of the exit rule"),
    ("docs/detection.md", "IoU of 0.5 or more", "a constant of the exit rule"),
    ("docs/energy.md", "NeuroBench 2.3", "a version"),
    ("docs/energy.md", "(4.6 pJ a MAC, 0.9 pJ an addition)", "constants of an energy model"),
    ("docs/energy.md", "(0.23 and 0.03)", "constants of an energy model"),
    ("docs/energy.md", "0.2 + 0.1 and 0.1", "constants of an energy model"),
    ("docs/events.md", "(0.3, 3 % spread", "a constant of the camera's model"),
    ("docs/events.md", "AER-DAT 2.0", "a version"),
    ("docs/events.md", "AEDAT 3.1", "a version"),
    ("docs/events.md", "37.5 ms a step", "an eighth of a recording of 300 ms"),
    ("docs/external.md", "99.9 %, a threshold a channel", "a default of SpikingJelly"),
    ("docs/methods.md", "(0.6, 0.4 for CIFAR; 0.995, 0.005 for ImageNet)", "constants of the released code"),
    ("docs/methods.md", "99.9th percentile", "a constant of the authors' code"),
    ("docs/release.md", "Python 3.11, the library from 3.10 on", "versions"),
    ("docs/rivals.md", "0.9, 7 batches of 128", "an option of the authors' script"),
    ("docs/segmentation.md", "0.5 GB by default", "an option's default"),
    ("docs/speed.md", "compute capability 9.0", "a version"),
)
"""(page, words, why): words with a decimal that is a constant, an option, or of somebody else."""
PAGES = [page for page in ("README.md", *(f"docs/{p.name}" for p in sorted((ROOT / "docs").glob("*.md"))))]
NOT_PROSE = re.compile(
    r"<!-- (?P<mark>[\w ]+?)(: [^\n]*)? -->\n.*?<!-- end of (?P=mark) -->"  # written from results/
    r"|^( *)```.*?^\3```$|^    .*?$|`[^`]+`"  # code
    r"|\]\([^)]*\)|<!--.*?-->|arXiv \d{4}\.\d+",  # links, remarks, papers
    re.DOTALL | re.MULTILINE,
)
FIGURE = re.compile(r"(?<![\w.])\d+\.\d+(?!\.?\d)")
"""A number with a decimal point; 1.2.3 is a version."""


def typed(text):
    """[(line, figure)] of the numbers with decimals in the prose and the typed tables of a page."""
    plain = NOT_PROSE.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)
    return [(plain.count("\n", 0, found.start()) + 1, found[0]) for found in FIGURE.finditer(plain)]


def without_allowed(name, text):
    for page, words, _ in NO_MEASUREMENT:
        if page == name:
            text = text.replace(words, re.sub(r"[^\n]", " ", words))
    return text


@pytest.mark.parametrize("name", [page for page in PAGES if page not in GENERATED])
def test_no_figure_is_typed(name):
    found = typed(without_allowed(name, (ROOT / name).read_text(encoding="utf-8")))
    lines = "\n".join(f"{name}:{line}: {figure}" for line, figure in found[:10])
    assert not found, (
        f"{len(found)} figures are typed:\n{lines}\n"
        "say it without the figure, or write <!-- scores: ... --> or <!-- measured: ... --> and run "
        "python tools/leaderboard.py --pages; what is no measurement goes into NO_MEASUREMENT, with the reason"
    )


def test_what_is_allowed_is_still_there():
    for page, words, why in NO_MEASUREMENT:
        assert why and typed(words) and words in (ROOT / page).read_text(encoding="utf-8"), (page, words)


def test_tables_in_pages_are_what_results_say():
    assert page_tables.stale() == [], "run python tools/leaderboard.py --pages and commit what it writes"


def test_typed_figures_are_found():
    """By hand: prose and typed tables count; versions, papers, code, links, and what is written from results/ do not."""
    text = """A 0.5, 12.25 and
| 0.75 |
version 1.2.3, arXiv 2408.17245, `0.1`, [a](b0.1.md), v1.5, -0.5
```python
x = 0.1
```
    indented 0.2

<!-- measured: a 2 -->
| 0.3 |
<!-- end of measured -->
<!-- headline -->
0.4
<!-- end of headline -->
3.5
"""
    assert typed(text) == [(1, "0.5"), (1, "12.25"), (2, "0.75"), (3, "0.5"), (15, "3.5")]
