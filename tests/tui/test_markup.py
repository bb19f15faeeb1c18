"""Names are text: nothing in them is read as markup, on any screen, by construction."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

import pytest

from bpftui.tui.widgets.lists.row_view import RowView
from bpftui.tui.widgets.plain import PlainTitles
from tests.tui.conftest import ROOT, SIZES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TUI = ROOT / "tui"
SOURCES = sorted(TUI.rglob("*.py"))
OWN = {"Button", "Checkbox", "Input", "Label", "OptionList", "Select", "SelectionList", "Static"}
"""What `tui/widgets/plain.py` has in place of Textual's."""
NEVER = {"DataTable", "RichLog", "Markdown", "Collapsible", "RadioButton", "ProgressBar", "Log"}
"""What reads markup too, and has no plain form yet."""
TITLES = {"border_title", "border_subtitle", "tooltip", "BORDER_TITLE", "BORDER_SUBTITLE"}
RENAMES = {
    b"count_traffic": b"cou[/x]affic\\",
    b"sample_every": b"sampl[/b]ery",
    b"total_packets": b"[bold]packets",
    b"sources": b"so[/x]s",
    b"fill": b"[/x]",
    b"traffic.c": b"tra[/b].c",
}
"""Names in the object, and what is put in their place: as long, and no markup that closes anything."""


def trees() -> list[tuple[Path, ast.Module]]:
    return [(path, ast.parse(path.read_text())) for path in SOURCES if path.name not in ("plain.py", "shown.py")]


def test_no_module_takes_a_widget_that_reads_markup() -> None:
    taken = [
        f"{path.relative_to(TUI)}: {alias.name}"
        for path, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("textual.")
        for alias in node.names
        if alias.name in OWN | NEVER or (node.module or "").endswith("textual.widgets._toast")
    ]
    assert taken == ["dialogs/manual.py: Markdown"]  # whose pages are ours


def test_no_module_makes_text_of_markup() -> None:
    found = [
        f"{path.relative_to(TUI)}:{node.lineno}: {ast.unparse(node)[:60]}"
        for path, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and (
            (isinstance(node.func, ast.Attribute) and node.func.attr in ("from_markup", "from_text", "CommandPalette"))
            or any(each.arg == "markup" and not _is_false(each.value) for each in node.keywords)
        )
        and not (isinstance(node.func, ast.Attribute) and ast.unparse(node.func) == "re.from_text")
    ]
    assert found == []


def test_no_module_that_draws_makes_text_of_what_is_not_visible() -> None:
    """Rich and Textual drop some characters: `tui/text/shown.py` is what makes their texts."""
    found = [
        f"{path.relative_to(TUI)}: {ast.unparse(node)[:60]}"
        for path, tree in trees()
        if path.parent.name != "text" and "commands" not in path.parts
        if path.name != "uses.py"  # which has the kernel's helpers for a subject, and nothing foreign
        for node in ast.walk(tree)
        if (isinstance(node, ast.ImportFrom) and node.module == "rich.text")
        or (
            isinstance(node, ast.Call)
            and ast.unparse(node.func) in ("Content", "Content.assemble", "Content.styled")
            and not all(isinstance(each, ast.Constant) or ast.unparse(each).startswith("' '") for each in node.args)
        )
    ]
    assert found == ["terminal/output.py: from rich.text import Text"]  # which makes it visible itself


def test_titles_are_set_where_titles_are_text() -> None:
    """A title or a tooltip that is no literal is set on a widget whose titles are plain, or is Content."""
    plain = {"box", "choices", "self"}  # ScrollBox, Box, OptionList of plain.py; a list, which is a VirtualList
    for path, tree in trees():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Assign):
                continue
            for target in node.targets:
                if isinstance(target, ast.Attribute) and target.attr in TITLES and not _is_literal(node.value):
                    owner = ast.unparse(target.value)
                    assert owner in plain or owner.endswith(", Box)"), f"{path}:{node.lineno}: {owner}"
    assert issubclass(RowView, PlainTitles)  # what `self` is there


def test_nothing_renders_a_string() -> None:
    """Textual reads what `render` returns as markup where it is a string."""
    for path, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.name == "render":
                assert node.returns is not None, path
                assert ast.unparse(node.returns) != "str", path


def _is_false(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is False


def _is_literal(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and "[" not in str(node.value)


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """Return an object whose names are markup, in a file whose name is."""
    data = (ROOT / "bpf/traffic.o").read_bytes()
    for name, other in RENAMES.items():
        data = data.replace(name, other[: len(name)].ljust(len(name), b"_"))
    path = tmp_path / "x[red].o"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_an_explorer_shows_names_that_are_markup(
    explore: Callable[..., Any], hostile: Path, size: tuple[int, int]
) -> None:
    async with explore(str(hostile), size=size, messages=True) as walk:
        assert "x[red].o" in walk.screen
        assert "cou[/x]affic" in walk.screen
        for keys, shown in (
            (("y",), "cou[/x]affic"),  # a message, which may be gone again by now
            (("u",), "cou[/x]affic"),
            (("escape", "e"), "Type of cou[/x]affic"),
            (("escape", "2", "u"), "cou[/x]affic"),
            (("escape", "slash", *"[/x]nowhere", "enter"), "cou[/x]affic"),
            (("3", "e"), "Edit sampl[/b]ery"),
            (("9", "enter", "P"), "sampl[/b]ery = "),
            (("[", "/", "x", "]", "enter"), "sampl[/b]ery"),
            (("P",), "[/x]"),
            (("escape", "colon", *"[/x]"), "so[/x]s  "),
            (("escape", "L"), "LOADED"),
            (("R",), "cou[/x]affic"),
            (("escape", "A"), "cou[/x]affic"),
        ):
            await walk.hurry(*keys)
            await walk.until(lambda shown=shown: shown in walk.screen)


async def test_messages_are_text(explore: Callable[..., Any]) -> None:
    async with explore() as walk:
        walk.explorer.notify("[/x] \\[b]", title="[/t]")
        await walk.until(lambda: "[/t]: [/x] \\[b]" in walk.screen)
        walk.app.notify("[bold]y[/bold]", markup=True)
        await walk.until(lambda: "[bold]y[/bold]" in walk.screen)


async def test_names_that_differ_in_what_libraries_drop_differ_on_the_screen(
    explore: Callable[..., Any], tmp_path: Path
) -> None:
    data = (ROOT / "bpf/traffic.o").read_bytes()
    for name, other in {
        b"count_traffic": b"count\x07traffic",
        b"sample_every": b"sample\x0bevery",
        b"total_packets": b"total\rpackets",
        b"sources": b"sour\x0ces",
        b"fill": b"f\x08ll",
    }.items():
        data = data.replace(name, other)
    path = tmp_path / "x\x07.o"
    path.write_bytes(data)
    async with explore(str(path), size=(120, 40), messages=True) as walk:
        for keys, shown in (
            ((), r"x\x07.o"),  # the first line and the tree
            ((), r"sour\x0ces lru_hash"),
            ((), r"f\x08ll() traffic.c:161  20 instructions"),  # the overview
            (("e",), r"Type of count\x07traffic"),
            (("escape", "2"), r"count\x07traffic › count\x07traffic()"),
            (("u",), r"count\x07traffic: 0 uses"),
            (("escape", "ctrl+s"), r"count\x07traffic.html"),
            (("escape", "3"), r"sample\x0bevery"),
            (("e",), r"Edit sample\x0bevery"),
            (("9", "enter", "P"), r"Set now: sample\x0bevery = 9"),
            (("escape", "colon", *"sour"), r"▌sour\x0ces  "),
            (("escape", "y"), r"row copied"),
            (("escape", "y"), r"copied: count\x07traffic"),
        ):
            await walk.hurry(*keys)
            await walk.until(lambda shown=shown: shown in walk.screen)
