"""What a debugging session tells as it goes: what was printed and returned since it was told last."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

from bpftui.core.debug.turns import TurnSeen
from bpftui.tui.commands.debug.told import Teller

if TYPE_CHECKING:
    from bpftui.core.debug import Session


def test_what_was_printed_is_told_once_in_each_run() -> None:
    session = SimpleNamespace(run=0, printed=[])
    teller = Teller(cast("Session", session), None)

    def told(run: int, *texts: str) -> list[str]:
        session.run, session.printed = run, [SimpleNamespace(text=text) for text in texts]
        return teller._new_lines()

    assert told(0) == []
    assert told(0, "a") == ["a"]
    assert told(0, "a", "b", "c") == ["b", "c"]
    assert told(0, "a") == []  # it went backwards
    assert told(0, "a", "b", "c", "d") == ["d"]
    assert told(1, "a", "x") == ["a", "x"]  # the next run prints anew
    assert told(1, "a", "x", "y") == ["y"]


def test_what_programs_returned_is_told_once_in_each_run() -> None:
    """Of those behind which the packet comes to another one, and which have run."""
    session = SimpleNamespace(run=0, position=0, turns=[])
    teller = Teller(cast("Session", session), None)

    ends = {"one": (0, 5), "two": (5, 9), "three": (9, 12), "four": (None, None)}
    session.turns = [TurnSeen(name, "XDP_PASS", *positions) for name, positions in ends.items()]

    def told(run: int, position: int) -> list[str]:
        session.run, session.position = run, position
        return teller._new_verdicts()

    assert told(0, 4) == []
    assert told(0, 5) == ["one returned XDP_PASS: on to two"]
    assert told(0, 8) == []
    assert told(0, 20) == ["two returned XDP_PASS: on to three"]
    assert told(0, 20) == []
    assert told(1, 20) == ["one returned XDP_PASS: on to two", "two returned XDP_PASS: on to three"]
