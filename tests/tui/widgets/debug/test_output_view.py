"""What the debugger's output says of runs: those around this one, and how many others there are."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from bpftui.core.debug.sight import RunSeen
from bpftui.tui.widgets.debug.output_view import OutputView


def lines(first: int, last: int, runs: int) -> list[str]:
    near = tuple(RunSeen(number, f"packet {number + 1}", "XDP_PASS", 40) for number in range(first, last + 1))
    sight: Any = SimpleNamespace(runs=runs, near=near, stop=SimpleNamespace(run=first + 1))
    return ["".join(text for text, _ in line.parts) for line in OutputView._runs(sight, 60)]


def test_runs_that_are_not_shown_are_counted() -> None:
    assert lines(11, 13, 2000) == [
        "… 11 before these: `run 1` goes to the first",
        "   12 XDP_PASS 40  packet 12  changed nothing",
        "   13 XDP_PASS 40  packet 13  changed nothing",
        "   14 XDP_PASS 40  packet 14  changed nothing",
        "… 1,986 behind these: `run 2000` goes to the last",
    ]


def test_where_all_are_shown_nothing_is_said() -> None:
    assert [line[:10] for line in lines(0, 1, 2)] == ["1 XDP_PASS", "2 XDP_PASS"]
