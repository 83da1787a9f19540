"""Everything in results/ that is made from results/records: README.md, a page a family, ENERGY.md, SUBSTEPS.md, index.html, results.csv, plots/*.png; and the
parts of the project's README and of docs/ that say what the records say.

A rendering is a function of the records and tasks (and of the pinned version of matplotlib), bit for bit, so that whether the
committed one is current can be checked. PNGs are compared by their pixels where their bytes differ: another build of the
compression library may write the same picture differently.
"""

import csv
import io

from adafire.errors import InputError

from ..running.store import Store, write_whole
from ..running.task import PROJECT
from ..text import csv_cell, markdown
from . import energy_page, headline_plot, page_tables, substeps_page
from .headline import headline
from .leaderboard import pages
from .names import whole_sets
from .page import page
from .plots import images
from .provenance import unknown_commits
from .rows import groups, rows_of_table

IN_README = 3
"""Methods of each table of the headline that the project's README shows: the cheapest."""
UNKNOWN = "unknown_commits.txt"
"""Commits of records that are in no history, one a line: found where there is one, and taken as they are where there is none
(a shallow clone), so that the rendering is the same in both."""
COLUMNS = (
    "family",
    "task",
    "split",
    "variant",
    "method",
    "kind",
    "timesteps",
    "metric",
    "value",
    "low",
    "high",
    "place",
    "samples",
    "levels",
    "bits",
    "longest_burst",
    "mean_timesteps",
    "active_steps",
    "sub_steps",
    "firing_rate",
    "over_fired",
    "over_fired_sites",
    "synops",
    "synops_graded",
    "messages",
    "neuron_updates",
    "macs",
    "eff_macs",
    "ann_macs",
    "agreement",
    "divergence",
    "output_error",
    "energy_model",
    "energy_pj",
    "energy_graded_pj",
    "ann_energy_pj",
    "ann",
    "convert_s",
    "time_s",
    "status",
    "reason",
)


def files(records, unknown=()):
    """{path below results/: bytes} of the rendering of ``records``. unknown: commits that are not in the history."""
    text = {
        **pages(records, unknown),
        "ENERGY.md": energy_page.render(records),
        "SUBSTEPS.md": substeps_page.render(records),
        "index.html": page(records, unknown),
        "results.csv": table(records),
        UNKNOWN: "".join(f"{commit}\n" for commit in unknown),
    }
    return {
        **{name: content.encode() for name, content in text.items()},
        **{f"plots/{name}": content for name, content in (images(records) | headline_plot.images(records)).items()},
    }


def table(records):
    """results.csv: a line for every row of every table."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for group in groups(records):
        writer.writerows([csv_cell(row[name]) for name in COLUMNS] for row in rows_of_table(group))
    return out.getvalue()


def of_folder(out):
    """``files`` of what lies below ``out``; of the project's results/ also the project's README and the pages of docs/ (page_tables.py)."""
    folder, records = Store(out).out, load(out)
    listed = (folder / UNKNOWN).read_text().split() if (folder / UNKNOWN).is_file() else ()
    found = files(records, unknown_commits(records, listed))
    if folder.resolve() == PROJECT / "results":
        front = (PROJECT / "README.md").read_text(encoding="utf-8")
        for mark, content in (
            ("whole sets", markdown(whole_sets(records))),
            ("headline", headline(records, IN_README)),
            ("energy", markdown(energy_page.summary(records))),
        ):
            front = between(front, mark, content)
        own = page_tables.pages(found["results.csv"].decode(), {"README.md": front})
        found |= {f"../{name}": text.encode() for name, text in own.items()}
    return found


def between(text, mark, content, name="README.md"):
    """``text`` with ``content`` between the lines <!-- MARK --> and <!-- end of MARK -->; InputError where they are not there."""
    begin, end = f"<!-- {mark} -->\n", f"<!-- end of {mark} -->"
    head, found, rest = text.partition(begin)
    _, closed, tail = rest.partition(end)
    if not found or not closed:
        raise InputError(f"{name}: expected the lines {begin.strip()} and {end}, between which the records write")
    return f"{head}{begin}{content}\n{end}{tail}"


def load(out):
    """The records below ``out``; InputError if a file there is no record, or was changed after it was written."""
    records, problems = Store(out).load()
    if problems:
        raise InputError(
            "the records cannot be rendered:\n  "
            + "\n  ".join(problems[:2])
            + (f"\n  and {len(problems) - 2} more" if len(problems) > 2 else "")
            + "\nrepair or remove them; a record is written again by python tools/run_bench.py"
        )
    return records


def write(out):
    """Render below ``out``; returns the paths that changed. Plots of tables that are gone are removed."""
    store = Store(out)
    load(out)  # refused before the lock, which writes a file
    with store.lock("leaderboard"):
        wanted = of_folder(out)
        changed = stale(out, wanted)
        for name in changed:
            if name in wanted:
                write_whole(store.out / name, wanted[name])
            else:
                (store.out / name).unlink()
    return changed


def stale(out, wanted=None):
    """Sorted paths below ``out`` whose content is not that of a fresh rendering: changed, missing, or too many."""
    wanted = of_folder(out) if wanted is None else wanted
    folder = Store(out).out
    there = {f"plots/{path.name}" for path in (folder / "plots").glob("*.png")}
    return sorted(
        {name for name, content in wanted.items() if not _same(folder / name, content)} | (there - set(wanted))
    )


def _same(path, content):
    if not path.is_file():
        return False
    present = path.read_bytes()
    return present == content or path.suffix == ".png" and _pixels(present) == _pixels(content)


def _pixels(content):
    from PIL import Image, UnidentifiedImageError

    try:
        picture = Image.open(io.BytesIO(content)).convert("RGB")
        return picture.size, picture.tobytes()
    except (UnidentifiedImageError, OSError):
        return None
