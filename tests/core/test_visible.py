"""What is shown of text that can hold anything."""

from __future__ import annotations

import json
import sys

import pytest

from bpftui.core.errors import BpftuiError, ObjectError
from bpftui.core.visible import cells, cut, is_visible, visible, visible_all, visible_json, visible_lines

SHOWN = [
    ("count_packets", "count_packets"),
    ("", ""),
    ("größe 単位 한국 ─╮✓ 🐝", "größe 単位 한국 ─╮✓ 🐝"),
    ("a\x1b]52;c;AAAA\x07b", r"a\x1b]52;c;AAAA\x07b"),
    ("\x00\x08\x0b\x7f", r"\x00\x08\x0b\x7f"),
    ("a\nb\rc\td", r"a\nb\rc\td"),
    ("\x85\x9b31m", r"\x85\x9b31m"),
    ("\u202eevil\u2066\u200f\u061c", r"\u202eevil\u2066\u200f\u061c"),
    ("in\u200bvis\u2060ible\ufeff\xad", r"in\u200bvis\u2060ible\ufeff\xad"),
    ("one\u2028two\u2029", r"one\u2028two\u2029"),
    ("tag\U000e0041", r"tag\U000e0041"),
    (b"caf\xe9".decode("utf-8", "surrogateescape"), r"caf\xe9"),
    ("\ud800", r"\ud800"),
    ("\ufffe\uffff\ufdd0\U0010ffff", r"\ufffe\uffff\ufdd0\U0010ffff"),
    ("\ue000\U000f0000\u0378", r"\ue000\U000f0000\u0378"),
    ("no\u00a0break", r"no\xa0break"),
    ("\u3164\ufe0f\u034f\u115f", r"\u3164\ufe0f\u034f\u115f"),
    ("表\u3000示", "表\u3000示"),
    ("e\u0301", "e\u0301"),
    ("\u0301e", r"\u0301e"),
    ("a \u0301", r"a \u0301"),
    ("e" + "\u0301" * 5, "e\u0301\u0301\u0301" + r"\u0301\u0301"),
    (r"printf(\"\n\")", r"printf(\"\n\")"),
]


@pytest.mark.parametrize(("text", "shown"), SHOWN)
def test_what_is_shown(text: str, shown: str) -> None:
    assert visible(text) == shown
    assert visible(shown) == shown
    assert is_visible(text) is (text == shown)


def test_texts_are_looked_at_together_and_each_is_shown_by_itself() -> None:
    plain = ["count_packets", "", "größe 単位 ─╮"]
    assert visible_all(plain) is plain
    assert visible_all([text for text, _ in SHOWN]) == [shown for _, shown in SHOWN]
    assert visible_all(["e", "\u0301"]) == ["e", r"\u0301"]


def test_nothing_that_cannot_be_printed_is_left() -> None:
    hidden = [char for char in map(chr, range(sys.maxunicode + 1)) if not char.isprintable() and char != "\u3000"]
    for first in range(0, len(hidden), 1000):
        some = hidden[first : first + 1000]
        assert visible("".join(f"a{char}" for char in some)).isascii(), f"from U+{ord(some[0]):04X}"
        assert visible("".join(f"表{char}" for char in some)).replace("表", "").isascii(), f"from U+{ord(some[0]):04X}"


def test_lines_and_tabs_that_are_meant() -> None:
    assert visible_lines("if (x)\r\n\treturn\x1b;\n") == ["if (x)", r"        return\x1b;", ""]


@pytest.mark.parametrize("text", [text for text, _ in SHOWN])
def test_json_says_the_same_and_shows_all(text: str) -> None:
    document = visible_json(json.dumps({"name": text, text: 1}, ensure_ascii=False, indent=1))
    assert json.loads(document) == {"name": text, text: 1}
    assert all(is_visible(line) for line in document.split("\n"))


def test_cells() -> None:
    assert [cells(text) for text in ("", "ab", "表示", "e\u0301x", "─╮")] == [0, 2, 4, 2, 2]


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        ("abcde", 5, "abcde"),
        ("abcdef", 5, "abcd…"),
        ("日本語", 5, "日本…"),
        ("日本語", 4, "日…"),
        ("a\u0301\u0301b", 1, "…"),
        ("ab", 0, ""),
        ("ab", -3, ""),
        ("x" * 10_000, 4, "xxx…"),
    ],
)
def test_what_does_not_fit_ends_in_an_ellipsis(text: str, width: int, shown: str) -> None:
    assert cut(text, width) == shown
    assert cut(text, width, "~") == shown.replace("…", "~")


def test_errors_are_one_visible_line() -> None:
    error = ObjectError("there is no such file", file="a\nbpftui: error: all is well\x1b[2K")
    assert str(error) == r"a\nbpftui: error: all is well\x1b[2K: there is no such file"
    assert error.message == str(error)
    assert BpftuiError("x", hint="run\x1b[A").hint == r"run\x1b[A"
