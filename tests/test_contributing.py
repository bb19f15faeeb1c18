"""CONTRIBUTING.md: what it names is there, and every room of the house has a row."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "CONTRIBUTING.md").read_text()
TABLE = [line for line in TEXT.splitlines() if line.startswith("| `")]
STEPS = TEXT[TEXT.index("### Where something new goes") : TEXT.index("## Style")]
QUOTED = re.compile(r"`([^`]+)`")
NAME = re.compile(r"\w+")
ANY = re.compile(r"NAME|…|^(?=_)")
"""What stands for any name, or the beginning of one: `tui/widgets/…/NAME_pane.py`, `_view.py`."""
FILE = re.compile(r".*/.*|.*\.(?:py|toml|tcss|md|c|o|txt)")
ELSEWHERE = {"linux/bpf.h"}


def words(text: str) -> set[str]:
    """Return what a text names as code: paths and identifiers, and not what is typed in a shell."""
    found = {word for quoted in QUOTED.findall(text) for word in quoted.split()}
    return {word for word in found if re.fullmatch(r"\w[\w./…]*", word)} - ELSEWHERE


@cache
def files() -> list[str]:
    """Return the files of the house, from the root."""
    parts = ("core", "tui", "docs", "bpf", "tests", "packaging", ".ci", ".github")
    within = [path for part in parts for path in (ROOT / part, *(ROOT / part).rglob("*"))]
    found = [path for path in (*within, *ROOT.glob("*.*")) if "__pycache__" not in path.parts]
    return [f"/{path.relative_to(ROOT)}{'/' if path.is_dir() else ''}" for path in found]


@cache
def names() -> set[str]:
    """Return every name in the house's sources."""
    sources = [path for path in files() if path.endswith((".py", ".toml", ".tcss", ".c", ".h"))]
    return {name for path in sources for name in NAME.findall((ROOT / path[1:]).read_text())} | {
        Path(path).stem for path in files()
    }


def is_there(word: str) -> bool:
    """Whether there is a file or a folder of this name, or something in the sources."""
    if FILE.fullmatch(word):
        pattern = re.compile("/" + "[^/]*".join(map(re.escape, ANY.split(word))) + "/?$")
        return any(map(pattern.search, files()))
    parts = [part for part in word.split(".") if part not in names()]
    return all(any(map(re.compile(ANY.sub(".*", part)).fullmatch, names())) for part in parts)


@pytest.mark.parametrize("text", [*TABLE, *STEPS.split("\n\n**")[1:]], ids=lambda text: text[:30].strip("| `"))
def test_what_is_named_is_there(text: str) -> None:
    assert [word for word in sorted(words(text)) if not is_there(word)] == []


def test_the_layers_are_those_of_the_contracts() -> None:
    """Each layer is the set of what is in it; those within a folder are all of its modules."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    expected = {
        contract.get("containers", ["bpftui"])[0].partition(".")[2]: [
            {each.strip().removeprefix("bpftui.") for each in layer.split("|")} for layer in contract["layers"]
        ]
        for contract in contracts
        if contract["type"] == "layers"
    }
    core = (ROOT / "core").iterdir()
    rooms = {path.stem for path in core if path.suffix == ".py" or (path / "__init__.py").exists()} - {"__init__"}
    assert {name.removeprefix("core.") for layer in expected[""] for name in layer} == rooms | {"tui"}
    told = TEXT[TEXT.index("**Imports point down only**") : TEXT.index("import-linter checks all five")]
    everywhere, *folders = told.partition("\n\n")[2].split("    within ")
    told_layers = {
        "": [line.partition("     none")[0].partition("     neither")[0] for line in everywhere.splitlines()]
    }
    for folder in folders:
        name, _, layers = folder.partition(":")
        told_layers[name] = layers.split("→")
    assert {
        name: [{each.strip() for each in layer.split("|")} for layer in layers if layer.strip()]
        for name, layers in told_layers.items()
    } == expected


def test_every_room_has_its_row() -> None:
    table = {word.strip("/") for line in TABLE for quoted in QUOTED.findall(line) for word in quoted.split()}
    rooms = [path.parent.relative_to(ROOT) for part in ("core", "tui") for path in (ROOT / part).rglob("__init__.py")]
    # What is in a folder of a part is named within that folder's row.
    assert [str(room) for room in rooms if not {str(room), room.name, "/".join(room.parts[-2:])} & table] == []


def test_what_is_in_no_room_has_its_row() -> None:
    table = {word.removesuffix(".py") for line in TABLE for quoted in QUOTED.findall(line) for word in quoted.split()}
    modules = [path.with_suffix("") for part in ("core", "tui") for path in (ROOT / part).glob("[!_]*.py")]
    missing = [each for each in modules if not {each.name, str(each.relative_to(ROOT))} & table]
    assert [str(each.relative_to(ROOT)) for each in missing] == []
