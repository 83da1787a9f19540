"""Pages that are made from the code: a card for every method and task, the reference of the public interface, and, from the
committed records, which code wins where."""

import ast
import inspect
import re
import textwrap
from pathlib import Path

import adafire
from adafire import methods
from benchmarks.report import codes
from benchmarks.report.published import published
from benchmarks.report.reproduction import TABLES
from benchmarks.report.task_card import card
from benchmarks.running.store import Store
from benchmarks.running.task import load_task

ROOT = Path(__file__).resolve().parents[1]


def write(folder):
    """Write methods.md, tasks.md, reference.md and codes.md below ``folder``; files that are as they should be are left alone."""
    folder.mkdir(exist_ok=True)
    records = Store(ROOT / "results").load()[0]
    pages = {"methods.md": method_cards(), "tasks.md": task_cards(records), "reference.md": reference()}
    pages["codes.md"] = codes.page(records)
    for name, text in pages.items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def method_cards():
    """One section for each file of adafire/methods/: what it says of itself, and the methods that it registers."""
    found = [
        "# Methods, card by card",
        "From the files of `adafire/methods/`; how they are used: [methods](../methods.md).",
        "",
    ]
    for path in sorted((ROOT / "adafire" / "methods").glob("*.py")):
        names = [name for name in methods.names() if _registers(path, name)]
        if not names:
            continue
        found += [
            f"## {', '.join(names)}",
            "",
            _prose(_docstring(path)),
            "",
            "| method | kind | source | parameters at T = 4 |",
            "|---|---|---|---|",
        ]
        for name in names:
            method = methods.get(name)
            shown = {} if method.kind == "ann" else method.parameters(4)
            options = ", ".join(f"{key}={value}" for key, value in shown.items() if value is not None)
            found.append(f"| `{name}` | {method.kind} | {_cell(method.source)} | {_cell(options) or '-'} |")
        found += ["", f"The file: [adafire/methods/{path.name}](../../adafire/methods/{path.name}).", ""]
        rows = [row for table in TABLES for row in _published(table, names)]
        if rows:
            found += [
                "Published, as quoted in the project's data:",
                "",
                "| work | data | network | T | published |",
                "|---|---|---|---|---|",
                *rows,
                "",
            ]
    return "\n".join(found) + "\n"


def task_cards(records):
    """One section a task: what its file says, its variants and their weights, the data's terms, what is published and measured."""
    found = [
        "# Tasks, card by card",
        "From the files of `tasks/`; `python tools/run_bench.py --list` says what each lacks on a machine. Licences are named as the authors of",
        "data and weights state them: what counts is their own page. `measured here` is the ANN's score in the committed records.",
        "",
    ]
    for path in sorted((ROOT / "tasks").glob("*.py")):
        task = load_task(path)
        found += [f"## {task.name}", "", _prose(_docstring(path)), "", *card(task, records)]
    return "\n".join(found) + "\n"


def reference():
    """Signatures and docstrings of what `adafire` exports, and of the methods of its classes."""
    found = ["# Reference", "What `import adafire` gives, from the docstrings.", ""]
    for name in adafire.__all__:
        entry = getattr(adafire, name)
        if inspect.ismodule(entry) or not (inspect.isclass(entry) or callable(entry)):
            continue
        found += [
            f"## adafire.{name}",
            "",
            f"```python\n{name}{_signature(entry)}\n```",
            "",
            _prose(inspect.getdoc(entry)),
            "",
        ]
        if inspect.isclass(entry) and not issubclass(entry, Exception):
            for own, member in vars(entry).items():
                if not own.startswith("_") and inspect.isfunction(member) and member.__doc__:
                    found += [
                        f"### {name}.{own}",
                        "",
                        f"```python\n{own}{_signature(member)}\n```",
                        "",
                        _prose(inspect.getdoc(member)),
                        "",
                    ]
    return "\n".join(found) + "\n"


def _registers(path, name):
    return re.search(rf'"{re.escape(name)}"', path.read_text(encoding="utf-8")) and path.name not in (
        "__init__.py",
        "base.py",
    )


def _published(table, names):
    for row in published(table):
        if row.counterpart in names:
            cells = (
                row.source or row.quoted_in,
                row.data or "-",
                row.network,
                str(row.timesteps),
                f"{row.percent} %, its ANN {row.ann_percent or '?'} %",
            )
            yield "| " + " | ".join(map(_cell, cells)) + " |"


def _docstring(path):
    return ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""


def _prose(text):
    """A docstring as Markdown: indented blocks and sessions of Python as code, all else as it is."""
    blocks = []
    for block in re.split(r"\n\s*\n", text or ""):
        code = block.lstrip().startswith(">>>") or block.startswith("    ")
        blocks.append(
            f"```text\n{textwrap.dedent(block)}\n```"
            if code
            else block.replace("<", "&lt;").replace("*", "\\*").replace("_", "\\_")
        )
    return "\n\n".join(blocks)


def _signature(entry):
    try:
        return str(inspect.signature(entry))
    except ValueError:
        return "(...)"


def _cell(text):
    return text.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*").replace("_", "\\_")
