"""What reaches the terminal of a line that a widget has drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Static

from bpftui.core.visible import is_visible
from bpftui.tui.base_app import BaseApp
from bpftui.tui.terminal.line_gate import LineGate
from bpftui.tui.text.colors import joined_lines

if TYPE_CHECKING:
    from textual.app import ComposeResult

BLACK = Color.parse("black")
EVIL = "x\x1b]0;owned\x07\n\x9b\u202e\ud800"


def shown(*segments: Segment) -> str:
    """Return what becomes of a line."""
    return "".join(segment.text for segment in LineGate().apply(list(segments), BLACK))


@pytest.mark.parametrize(
    ("line", "becomes"),
    [
        (["a name", "  │"], "a name  │"),
        (["a\x1bme      ", "│ xdp"], r"a\x1bme  │ xdp"),
        (["\x1b\x1b    ", "│ xdp  "], r"\x1b\x1b │ xdp"[:11]),
        (["\x1b[2Jx"], r"\x1b"),
        (["表\x07    ", "│"], r"表\x07 "),
    ],
)
def test_a_line_stays_as_wide_as_it_is(line: list[str], becomes: str) -> None:
    segments = [Segment(text) for text in line]
    assert shown(*segments) == becomes
    assert Segment.get_line_length([Segment(becomes)]) == Segment.get_line_length(segments)


def test_links_and_control_codes_are_none() -> None:
    link = Segment("here", Style(link="http://x/\x1b\\\x1b[2J"))
    (found,) = LineGate().apply([link], BLACK)
    assert found.style is not None
    assert found.style.link is None
    assert shown(Segment("\x1b[2J", None, []), Segment("a")) in ("a", r"\x1b")


class Bare(Widget):
    """A widget that draws its lines itself."""

    def render_line(self, y: int) -> Strip:
        """Return a line of what it was told by a file."""
        return Strip([Segment(EVIL.ljust(60))])


class Hostile(BaseApp[None]):
    """An app that takes no care at all."""

    CSS = "Bare, Static { height: 3; border: solid red; }"

    def compose(self) -> ComposeResult:
        """Draw in several ways."""
        bare = Bare()
        bare.border_title = "\x1b]0;owned\x07"
        yield bare
        yield Static(EVIL, markup=False)
        self.title = EVIL


async def test_every_widget_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Hostile()
    async with app.run_test(size=(80, 12)) as pilot:
        app.notify(EVIL, title=EVIL, markup=False)
        await pilot.pause()
        lines = ["".join(segment.text for segment in line) for line in app.screen._compositor.render_strips()]
        picture = app.export_screenshot()
    assert all(is_visible(line) for line in lines), lines
    assert r"x\x1b]0;owned\x07\n\x9b\u202e\ud800" in lines[1]
    assert "\x1b" not in picture


async def test_what_is_copied_is_what_is_shown() -> None:
    app = Hostile()
    async with app.run_test():
        app.copy_to_clipboard("rm\x1b[2K\n\u202eline two")
        assert app.clipboard == "rm\\x1b[2K\\n\\u202eline two"
        app.copy_to_clipboard(joined_lines("one", "two\n\x9b", ""))
        assert app.clipboard == "one\ntwo\\n\\x9b\n"
