"""Lines of a page in rows of so many cells."""

from __future__ import annotations

import pytest

from bpftui.tui.text.page import Line, Page, Part, rows_of


def rows(line: Line, width: int) -> list[str]:
    return ["".join(part.text for part in row).rstrip() for row in rows_of(line, width)]


@pytest.mark.parametrize(
    ("parts", "hang", "width", "expected"),
    [
        ([Part("one two three")], 0, 80, ["one two three"]),
        ([Part("one two three")], 0, 9, ["one two", "three"]),
        ([Part("label  "), Part("one two three four five")], 7, 23, ["label  one two three", "       four five"]),
        # what is too narrow for the label goes on at the left
        ([Part("label  "), Part("one two three")], 7, 14, ["label  one two", "  three"]),
        # a name stays with its number
        ([Part("name"), Part(" at ", joined=True), Part("12", joined=True)], 0, 9, ["name at 12"]),
        (
            [Part("name"), Part(" ×3", joined=True), Part("   "), Part("other"), Part(" ×2", joined=True)],
            0,
            12,
            ["name ×3", "other ×2"],
        ),
        # C is not broken, and a word that is longer than the row is a row
        ([Part("int a_function(void)", "c")], 0, 8, ["int a_function(void)"]),
        ([Part("averylongword two")], 0, 4, ["averylongword", "two"]),
        ([Part("  "), Part("item")], 4, 40, ["  item"]),
        ([], 0, 40, [""]),
    ],
)
def test_rows(parts: list[Part], hang: int, width: int, expected: list[str]) -> None:
    assert rows(Line(tuple(parts), hang), width) == expected


def test_a_text_of_several_lines_is_one() -> None:
    page = Page("a\nb", "map")
    page.field("name", "x\x1b[31my\n")
    assert len(page.lines) == 1
    assert "\x1b" not in page.plain
    assert "\n" not in page.title
