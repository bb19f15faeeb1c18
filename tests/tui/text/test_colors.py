"""Texts with styles: every part is visible, whatever is in it."""

from __future__ import annotations

from bpftui.tui.text.colors import assembled, joined, joined_lines, paint, paint_listing, tabbed


def test_parts_with_a_style_and_without() -> None:
    text = assembled("plain ", ("b\x1bold", "bold"), " \x07")
    assert text.plain == r"plain b\x1bold \x07"
    assert [(span.start, span.end, span.style) for span in text.spans] == [(6, 14, "bold")]


def test_what_is_painted_stays_so_and_the_rest_is_made_visible() -> None:
    red = paint("a\x1b", "bold danger")
    assert str(red) == "\x1b[1;31ma\\x1b\x1b[0m"
    assert str(joined("\x1b[31m", red)) == "\\x1b[31m\x1b[1;31ma\\x1b\x1b[0m"
    assert str(joined_lines("a", "b\x1b")) == "a\nb\\x1b"
    assert str(tabbed("a\t", red, "b")) == "a\\t\t\x1b[1;31ma\\x1b\x1b[0m\tb"


def test_a_listing_has_its_parts_coloured() -> None:
    assert str(paint_listing("exit")) != "exit"
    assert "\x1b[" in str(paint_listing("r1 = 5"))
