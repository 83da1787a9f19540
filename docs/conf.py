"""The site: README, docs/ and the rendered results as HTML pages (`make docs`). The source folder is the project's root, so that
links between pages are those that GitHub shows."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "docs")]

import cards  # noqa: E402

import adafire  # noqa: E402
from benchmarks.report import page_tables  # noqa: E402

project, author, version = "AdaFire", "the AdaFire authors", adafire.__version__
extensions = ["myst_nb"]  # myst_parser, and notebooks with the outputs that are committed
nb_execution_mode = "off"  # they are run by their test
html_theme, html_title = "furo", f"AdaFire {adafire.__version__}"
root_doc = "docs/index"
include_patterns = [
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "THIRD_PARTY.md",
    "docs/*.md",
    "docs/cards/*.md",
    "docs/notebooks/*.ipynb",
    "results/*.md",
]
myst_heading_anchors = 3
myst_links_external_new_tab = True
suppress_warnings = ["myst.header"]  # a page that another one includes begins below its heading
html_extra_path = ["../results/index.html"]  # the leaderboard's own page, beside the site's
html_static_path, html_js_files, html_css_files = ["_static"], ["keyboard.js"], ["site.css"]
html_show_sphinx = False


def setup(app):
    """Cards of methods and tasks and the reference are written from the registries before pages are read; tables of figures are
    included from results/ as each page is read."""
    app.connect("config-inited", lambda app, config: cards.write(ROOT / "docs" / "cards"))
    rows = page_tables.rows_of_csv()

    def include(app, page, content):
        if Path(app.env.doc2path(page)).suffix == ".md":
            content[0] = page_tables.filled(content[0], rows, f"{page}.md")

    app.connect("source-read", include)
