"""The commands that the project prints: in README, docs, docstrings of tasks and tools, and the examples of every --help."""

import ast
import re
import shlex
from pathlib import Path
from typing import NamedTuple

from adafire.command import TOOLS
from helpers.paths import ROOT

STARTS = ("python tools/", "python -m adapters.", "torchrun ", *(f"adafire {name}" for name in TOOLS))


class Printed(NamedTuple):
    """A command as it stands in ``place`` ('README.md', 'tasks/coco_yolo.py'), without the remark behind it."""

    place: str
    words: str
    remark: str = ""


def texts():
    """(place, text) of everything that commands are printed in."""
    for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))):
        yield str(page.relative_to(ROOT)), page.read_text(encoding="utf-8")
    for path in (
        *sorted((ROOT / "tasks").glob("*.py")),
        *sorted((ROOT / "tools").glob("*.py")),
        ROOT / "adafire" / "command.py",
    ):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found = [ast.get_docstring(tree, clean=False) or ""]
        found += [
            node.value.value
            for node in tree.body
            if isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
            and node.targets[0].id == "EXAMPLES"
        ]
        yield str(path.relative_to(ROOT)), "\n".join(found)


def commands():
    """[Printed], each once: lines that begin with a command, and commands between backquotes."""
    found = []
    for place, text in texts():
        text = re.sub(r"\\\n\s*", " ", text)  # a line that goes on in the next
        for line in text.splitlines():
            if line.strip().startswith(STARTS) and (line.startswith(" ") or place.endswith(".py")):
                words, _, remark = line.strip().partition("  #")
                found.append(Printed(place, words.split(" # ")[0].strip(), remark))
        flowing = re.sub(r"\s+", " ", re.sub(r"```.*?```", "", text, flags=re.S))
        found += [
            Printed(place, words)
            for words in re.findall(r"`((?:python|adafire) [^`]+)`", flowing)
            if words.startswith(STARTS)
        ]
    return list({command[:2]: command for command in found}.values())


def arguments(words, stand_ins):
    """(tool or module, arguments): optional parts in brackets taken, placeholders replaced, patterns spelled out from the
    current folder as a shell does."""
    parts = shlex.split(re.sub(r"\[(--[^\]]*)\]", r"\1", words).replace(" ...", ""))
    if parts[0] == "torchrun":
        program = next(k for k, part in enumerate(parts) if part.startswith("tools/"))
        at = parts.index("--launcher")
        parts = ["python", *parts[program:at], *parts[at + 2 :]]  # one process does
    if parts[0] == "adafire":
        parts = ["python", f"tools/{TOOLS[parts[1]][0]}", *parts[2:]]
    parts = [stand_ins.get(part, part) for part in parts[1:]]
    spelled = []
    for part in parts:
        spelled += sorted(str(path) for path in Path(".").glob(part)) if "*" in part else [part]
    return (spelled[1], spelled[2:]) if spelled[0] == "-m" else (spelled[0], spelled[1:])
