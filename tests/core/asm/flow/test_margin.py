"""The arrows of the margin, drawn."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from bpftui.core.asm.flow import Margin


def drawn(margin: Margin, stop: int) -> list[str]:
    return ["".join(cell.text for cell in margin.insn(slot)) for slot in range(stop)]


def test_nested_jumps() -> None:
    margin = Margin([(0, 6), (1, 3), (4, 1), (5, 5), (2, 6)])
    assert drawn(margin, 7) == [
        "╭───",
        "│╭┬►",
        "├┼┼─",
        "││╰►",
        "│╰──",
        "│ ╶►",
        "╰──►",
    ]


def test_ascii_and_rows_between() -> None:
    margin = Margin([(0, 2), (3, 1)], ascii_only=True)
    assert drawn(margin, 4) == [" .-", ".+>", "|'>", "'--"]
    assert ["".join(cell.text for cell in margin.above(slot)) for slot in range(4)] == ["   ", " | ", "|| ", "|  "]


def test_a_line_without_a_column_shows_where_it_goes() -> None:
    margin = Margin([(0, 5), (1, 2), (4, 0)], columns=1)
    assert margin.width == 2
    assert drawn(margin, 6) == [" ►", "╭─", "╰►", "  ", " ↑", " ►"]
    assert [jump.column for jump in margin.jumps] == [0, None, None]


def test_twenty_overlapping_jumps() -> None:
    margin = Margin([(slot, slot + 20) for slot in range(20)], columns=20)
    assert margin.width == 21
    assert drawn(margin, 2) == [" " * 19 + "╭─", " " * 18 + "╭┼─"]
    assert drawn(margin, 20)[19] == "╭" + "┼" * 19 + "─"
    # each cell of an upright line tells whose it is
    assert [cell.jump for cell in margin.insn(2)[-4:-1]] == [2, 1, 0]


def test_no_jumps() -> None:
    margin = Margin([])
    assert margin.width == 0
    assert margin.insn(0) == margin.above(0) == ()


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=25), st.integers(0, 6))
def test_lines_never_touch_and_no_row_is_torn(jumps: list[tuple[int, int]], columns: int) -> None:
    margin = Margin(jumps, columns)
    taken = set[tuple[int | None, int]]()
    for jump in margin.jumps:
        if jump.column is not None:
            assert jump.column < columns
            cells = {(jump.column, slot) for slot in range(jump.first, jump.last + 1)}
            assert not cells & taken
            taken |= cells
    down, up = set("│╷╭╮┤├┬┼"), set("│╵╰╯┤├┴┼")
    assert margin.texts(0, 31) == drawn(margin, 31)
    assert margin.texts(3, 17) == drawn(margin, 17)[3:]
    for slot in range(31):
        assert margin.text_above(slot) == "".join(cell.text for cell in margin.above(slot))
        rows = [margin.insn(slot), margin.above(slot + 1), margin.insn(slot + 1)]
        assert {len(row) for row in rows} <= {margin.width}
        for above, below in itertools.pairwise(rows):
            for a, b in zip(above[:-1], below[:-1], strict=True):
                assert (a.text in down) == (b.text in up)
