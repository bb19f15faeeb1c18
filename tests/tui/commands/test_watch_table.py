"""A table that stays in its place is drawn whenever somebody asks, and never within itself."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from bpftui.tui.commands.watch import _Table

if TYPE_CHECKING:
    from bpftui.tui.commands.live_table import LiveTable
    from bpftui.tui.terminal.output import InPlace


def test_it_is_drawn_again_and_again_also_after_an_error() -> None:
    drawn: list[object] = []
    fails = False

    def lines(*size: int) -> tuple[int, ...]:
        table.draw()  # a signal, in the midst of it
        if fails:
            raise ValueError
        return size

    table = _Table(cast("LiveTable", SimpleNamespace(lines=lines)))
    table.place = cast("InPlace", SimpleNamespace(size=lambda: (80, 24), show=drawn.append))
    table.draw()
    table.draw()
    assert drawn == [(80, 24)] * 2
    fails = True
    with pytest.raises(ValueError, match=r"^$"):
        table.draw()
    fails = False
    table.draw()
    assert len(drawn) == 3
