"""What screens are drawn of: nothing in it is dropped, whatever Rich and Textual make of it."""

from __future__ import annotations

import pytest
from rich.text import Text as RichText
from textual.content import Content, Span

from bpftui.tui.text.shown import Text, assembled, plain, styled

DROPPED = "\x07\x08\x0b\x0c\r"


@pytest.mark.parametrize("char", DROPPED, ids=repr)
def test_what_libraries_drop_is_to_be_seen(char: str) -> None:
    assert RichText(f"a{char}b").plain == Content(f"a{char}b").plain == "ab"  # why there is a module of ours
    shown = "a\\rb" if char == "\r" else f"a\\x{ord(char):02x}b"
    line = Text(f"a{char}b", "bold")
    assert line.append(f"a{char}b", "red").plain == shown * 2
    assert Text.assemble(f"a{char}b", (f"a{char}b", "red")).plain == shown * 2
    assert plain(f"a{char}b").plain == styled(f"a{char}b", "red").plain == shown
    assert assembled(f"a{char}b", (f"a{char}b", "red"), styled("c", "bold")).plain == f"{shown}{shown}c"


def test_styles_begin_and_end_where_their_text_does() -> None:
    assert Text.assemble("\x1b", ("\x07b", "red"), "c").spans == [(4, 9, "red")]
    assert assembled("\x1b", ("\x07b", "red"), "c").spans == [Span(4, 9, "red")]
    assert styled("\r\n", "red").spans == [Span(0, 3, "red")]


def test_line_ends_are_meant_in_a_text_and_shown_in_a_row() -> None:
    assert plain("a\nb").plain == "a\nb"
    assert Text("a\nb").plain == "a\\nb"


def test_an_empty_text_has_no_style() -> None:
    assert (styled("", "red").plain, styled("", "red").spans) == ("", [])
    assert styled("a", "").spans == []
