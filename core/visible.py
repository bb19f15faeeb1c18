"""Text of foreign origin as it may be shown: whatever a terminal obeys, and whatever cannot be seen, by its number.

Names in an object, a log, a path or a process's command line can hold any character. `visible` is what stands between
them and whoever looks. What it escapes is written as Python's `repr` writes it, but for the backslash, which stays as
it is: code is full of them.

- `\\n`, `\\r`, `\\t`;
- `\\x1b` for what else is below U+0100, and for a byte that is no UTF-8 (Python's `surrogateescape`);
- `\\u202e` up to U+FFFF, `\\U000e0041` above.

That are the characters that `str.isprintable` calls not printable (controls, formats and directions, separators, lone
surrogates, private and unassigned ones, noncharacters), except the ideographic space, which has a place and a width;
those that Unicode lets a terminal ignore (Default_Ignorable_Code_Point of DerivedCoreProperties.txt: fillers, variation
selectors); and combining characters that have nothing to combine with, or of which more than three lie on one another.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["cells", "cut", "is_visible", "visible", "visible_all", "visible_json", "visible_lines"]

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_PLAIN: Final = re.compile(
    # Scripts and signs that need no look: Latin, punctuation, arrows and boxes (with braille, of which charts are
    # made), kana, ideographs, Hangul.
    "[ -~\u00a1-\u00ac\u00ae-\u02ff\u2010-\u2027\u2030-\u205e\u2190-\u2b73"
    "\u3000-\u3029\u3030-\u303e\u3041-\u3096\u309b-\u30ff\u4e00-\u9fff\uac00-\ud7a3]*"
)
_IGNORABLE: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""Those of Default_Ignorable_Code_Point that `str.isprintable` calls printable."""
_MOST_MARKS: Final = 3
"""Combining characters on one another: Vietnamese has two, pointed Hebrew and Arabic three."""
_NAMED: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def visible(text: str) -> str:
    """Return *text* as one line that shows all that is in it and does nothing.

    It returns the text itself where there is nothing to escape, as is usual, and its own result unchanged.
    """
    return _escaped(text, _escape)


def visible_lines(text: str, *, tab: int = 8) -> list[str]:
    """Return the lines of a text whose line ends and tabs are meant (a log, a source file), each of them visible."""
    return [visible(line.removesuffix("\r").expandtabs(tab)) for line in text.split("\n")]


def visible_all(texts: list[str]) -> list[str]:
    """Return texts, each as `visible` does it: looked at together, since mostly there is nothing to escape."""
    together = "".join(texts)
    if together.isprintable() and (together.isascii() or _PLAIN.fullmatch(together)):
        return texts
    return list(map(visible, texts))


def visible_json(document: str) -> str:
    """Return a JSON document with the same value, and nothing in it that a terminal obeys or that cannot be seen.

    RFC 8259, section 7: any character of a string may be written as `\\uXXXX`, those above U+FFFF as two surrogates.
    """
    return "\n".join([_escaped(line, _escape_json) for line in document.split("\n")])


def is_visible(text: str) -> bool:
    """Whether `visible` would return *text* as it is."""
    return visible(text) == text


def cells(text: str) -> int:
    """Return the columns of a terminal that visible text takes."""
    if text.isascii():
        return len(text)
    import unicodedata

    return sum(
        0 if unicodedata.category(char) in _MARKS else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )


def cut(text: str, width: int, ellipsis: str = "…") -> str:
    """Return visible text in at most *width* columns, with an ellipsis at its end where it is longer."""
    if cells(text) <= width:
        return text
    while text and (excess := cells(text) - (width - 1)) > 0:
        text = text[: -max(1, excess // 2)]  # no character takes more than two
    return text + ellipsis if width > 0 else ""


_MARKS: Final = ("Mn", "Me")


def _escaped(text: str, escape: Callable[[str], str]) -> str:
    if text.isascii():
        return text if text.isprintable() else _CONTROL.sub(lambda match: escape(match[0]), text)
    if text.isprintable() and _PLAIN.fullmatch(text):
        return text
    import unicodedata

    parts: list[str] = []
    marks = _MOST_MARKS  # there is nothing before the first character that a mark could lie on
    for char in text:
        is_mark = unicodedata.category(char) in _MARKS
        marks = marks + 1 if is_mark else 0
        if not (char.isprintable() or char == "\u3000") or _IGNORABLE.match(char) or marks > _MOST_MARKS:
            parts.append(escape(char))
        else:
            parts.append(char)
        if char.isspace():
            marks = _MOST_MARKS
    return "".join(parts)


def _escape(char: str) -> str:
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:
        code -= 0xDC00
    if code < 0x100:
        return _NAMED.get(char) or f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _escape_json(char: str) -> str:
    code = ord(char)
    if code < 0x10000:
        return f"\\u{code:04x}"
    return f"\\u{0xD7C0 + (code >> 10):04x}\\u{0xDC00 | code & 0x3FF:04x}"
