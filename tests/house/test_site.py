"""The site of `make docs`: built without a warning, without a network, with a card for every method and task."""

import re
import subprocess
import sys

import pytest

from adafire import methods
from helpers.paths import ROOT

pytest.importorskip("sphinx", reason="the site needs the extra docs")
pytest.importorskip("myst_parser", reason="the site needs the extra docs")


@pytest.mark.slow
def test_the_site(tmp_path):
    """One test, since tests of one file may run in two processes, and each would build it."""
    line = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html", "-c", "docs", ".", str(tmp_path)]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr[-3000:]
    _every_page_is_there_and_every_method_and_task_has_a_card(tmp_path)
    _nothing_is_fetched_from_elsewhere(tmp_path)


def _every_page_is_there_and_every_method_and_task_has_a_card(site):
    for page in (ROOT / "docs").glob("*.md"):
        assert (site / "docs" / f"{page.stem}.html").exists(), page.name
    text = (ROOT / "docs" / "cards" / "methods.md").read_text(encoding="utf-8")
    missing = [name for name in methods.names() if f"`{name}`" not in text and methods.get(name).name == name]
    assert not missing
    assert "# Which code wins where" in (ROOT / "docs" / "cards" / "codes.md").read_text(encoding="utf-8")
    tasks = (ROOT / "docs" / "cards" / "tasks.md").read_text(encoding="utf-8")
    assert all(f"\n## {path.stem}\n" in tasks for path in (ROOT / "tasks").glob("*.py"))


def _nothing_is_fetched_from_elsewhere(site):
    for page in site.rglob("*.html"):
        if page.parent != site or page.name != "index.html":  # the leaderboard's own page has a test of its own
            loaded = re.findall(
                r'<(?:script|link|img)[^>]*(?:src|href)="(https?://[^"]+)"', page.read_text(encoding="utf-8")
            )
            assert not loaded, (page.name, loaded)


def test_what_is_published_is_what_make_docs_makes():
    """The workflow's commands and paths are those of the Makefile, and of html_extra_path for the first page."""
    import yaml

    steps = yaml.safe_load((ROOT / ".github" / "workflows" / "pages.yml").read_text())["jobs"]["publish"]["steps"]
    assert "make docs" in [step.get("run") for step in steps]
    (path,) = [step["with"]["path"] for step in steps if "upload-pages-artifact" in step.get("uses", "")]
    assert f"-c docs . {path}" in (ROOT / "Makefile").read_text()
    assert '"../results/index.html"' in (ROOT / "docs" / "conf.py").read_text()
