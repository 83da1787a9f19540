"""The site of `make docs`: built without a warning, without a network, with a card for every method and task, without a dead link,
and for everybody to use."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

import pytest

from adafire import methods
from helpers import browser
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
    assert dead_links(tmp_path) == []
    _everybody_can_use_it(tmp_path)


def _every_page_is_there_and_every_method_and_task_has_a_card(site):
    for page in (ROOT / "docs").glob("*.md"):
        assert (site / "docs" / f"{page.stem}.html").exists(), page.name
    for notebook in (ROOT / "docs" / "notebooks").glob("*.ipynb"):
        assert "cell_output" in (site / "docs" / "notebooks" / f"{notebook.stem}.html").read_text(encoding="utf-8")
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


class Page(HTMLParser):
    """Where the links of a page lead, and the places that links can lead to."""

    def __init__(self, path):
        super().__init__()
        self.links, self.places = [], set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.links += [found[name] for name in ("href", "src") if found.get(name)]
        self.places |= {found[name] for name in ("id", "name") if found.get(name)}


def dead_links(site):
    """['page: link'] of links between the site's own files that lead to no file, or to no place in one."""
    pages = {path.resolve(): Page(path) for path in site.rglob("*.html")}
    dead = []
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc or parts.fragment.startswith("task="):
                continue  # of elsewhere, or a view of the leaderboard, which its script makes
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            place = unquote(parts.fragment)
            if not target.exists() or place and target in pages and place not in pages[target].places:
                dead.append(f"{path.relative_to(site.resolve())}: {link}")
    return sorted(set(dead))


def test_dead_links_are_found(tmp_path):
    (tmp_path / "a.html").write_text(
        '<a href="b.html#here"></a><a href="b.html#there"></a><img src="c.png"><a href="#x">'
    )
    (tmp_path / "b.html").write_text('<p id="here"><a href="https://elsewhere.example/#y"></a>')
    assert dead_links(tmp_path) == ["a.html: #x", "a.html: b.html#there", "a.html: c.png"]


def _everybody_can_use_it(site):
    """axe-core finds nothing serious, on a large screen and a small one, light and dark."""
    shown = browser.started()
    try:
        for page in ("docs/questions.html", "docs/notebooks/convert_torchvision.html"):
            for size, dark in (("desktop", False), ("phone", True)):
                browser.sized(shown, size, dark)
                shown.get((site / page).as_uri())
                assert browser.grave_findings(shown) == [], (page, size, dark)
    finally:
        shown.quit()


def test_what_is_published_is_what_make_docs_makes():
    """The workflow's commands and paths are those of the Makefile, and of html_extra_path for the first page."""
    import yaml

    steps = yaml.safe_load((ROOT / ".github" / "workflows" / "pages.yml").read_text())["jobs"]["publish"]["steps"]
    assert "make docs" in [step.get("run") for step in steps]
    (path,) = [step["with"]["path"] for step in steps if "upload-pages-artifact" in step.get("uses", "")]
    assert f"-c docs . {path}" in (ROOT / "Makefile").read_text()
    assert '"../results/index.html"' in (ROOT / "docs" / "conf.py").read_text()
