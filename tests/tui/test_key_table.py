"""The ids of keys: all are documented, and one that there is not is said.

`python -m tests.tui.test_key_table` writes docs/keys.md anew.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from textual.binding import Binding

from bpftui.tui.key_table import comment, key_ids, markdown, meaning_elsewhere, unknown
from bpftui.tui.state.config import Config, keep_theme

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE = Path(__file__).parents[2] / "docs/keys.md"


def test_the_page_has_the_keys_that_there_are() -> None:
    assert PAGE.read_text() == markdown(), "make it anew: python -m tests.tui.test_key_table"
    assert "| `attach` | `A` | Attach a program: sandbox, interface, hook |" in markdown()
    assert "| `back` | `escape` | One level up: the tree, what holds this, home |" in markdown()
    assert len(key_ids()) > 200
    assert [each.id for each in key_ids() if not each.about] == []


def test_a_new_configuration_has_them_in_a_comment(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    keep_theme("bpftui-light", path, begin=comment)
    lines = path.read_text().splitlines()
    assert lines[0] == 'theme = "bpftui-light"'
    assert '# quit = "q"  # Quit; asks if anything is attached or unsaved' in lines
    keep_theme("nord", path, begin=comment)
    assert path.read_text().splitlines() == ['theme = "nord"', *lines[1:]]
    # Without the signs before them the lines are what they say.
    keys = tomllib.loads("\n".join(line.removeprefix("# ") for line in lines[1:]))["keys"]
    assert keys == {each.id: each.keys for each in key_ids()}


def test_ids_that_there_are_not_are_said_with_the_nearest() -> None:
    assert unknown(["load", "app.quit", "run.packets"], "c.toml") == ""
    assert unknown(["lod", "quit", "zzzzzz"], "c.toml") == (
        "c.toml: among the ids of keys there is no 'lod' (did you mean 'load'?), no 'zzzzzz'; docs/keys.md has them all"
    )


@pytest.mark.parametrize(
    ("key", "keymap", "where"),
    [
        ("f5", {}, "Maps"),
        ("f6", {}, "Maps, Code"),
        ("f6", {"code.x": "f9"}, "Maps"),
        ("f9", {"code.x": "f9"}, "Code"),
        ("f9", {}, "the debugger (d)"),  # in none of the panes here: in another place
        ("W", {}, "an open object, the debugger (d)"),
        ("f7", {}, ""),  # nothing says what it does
        ("f8", {}, ""),  # in no pane
        ("asterisk", {}, ""),
    ],
)
def test_where_a_key_has_a_meaning_that_has_none_here(key: str, keymap: dict[str, str], where: str) -> None:
    here = {
        "Maps": [Binding("f5,f6", "x", tooltip="something"), Binding("f7", "x")],
        "": [Binding("f8", "x", tooltip="something")],
        "Code": [Binding("f6", "x", tooltip="something", id="code.x")],
    }
    expected = f"{key} has no meaning here, but in: {where}" if where else ""
    assert meaning_elsewhere(key, here, keymap) == expected


async def test_the_screen_says_so(explore: Callable[..., Any]) -> None:
    async with explore("bpf/constants.o", config=Config(keys={"tab.cod": "f2"}), messages=True) as walk:
        await walk.until(lambda: "no 'tab.cod' (did you mean 'tab.code'?)" in " ".join(walk.screen.split()))


if __name__ == "__main__":
    PAGE.write_text(markdown())
