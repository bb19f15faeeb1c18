"""Breakpoints and watchpoints by themselves: which are the same, which there are, and whose stack one is on."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from bpftui.core.debug.breakpoints import Breakpoints, Place
from bpftui.core.debug.origins import Origin
from bpftui.core.debug.stops import Access, Breakpoint, Owner, Watchpoint
from bpftui.core.errors import UsageError

if TYPE_CHECKING:
    from bpftui.core.debug.session import Session
    from bpftui.core.debug.symbols import Symbols
    from bpftui.core.debug.timeline import Timeline

POINT = Breakpoint(1, "prog.c:40", frozenset({7, 9}))
WATCH = Watchpoint(2, "packet.family", 0x1000, 4)
OWNER = Owner(run=0, began=3, place=70, depth=1, name="fill")


@pytest.mark.parametrize(
    ("other", "is_like"),
    [
        (replace(POINT, number=5, enabled=False, hits=3), True),
        (replace(POINT, what="prog.c:41"), False),
        (replace(POINT, places=frozenset({7})), False),
        (replace(POINT, condition="ctx->len > 3"), False),
        (replace(POINT, log="here"), False),
        (replace(POINT, ignore=1), False),
        (replace(POINT, stops_at=lambda hits: hits == 2), False),
        (WATCH, False),
    ],
)
def test_breakpoints_that_stop_at_the_same(other: Breakpoint | Watchpoint, is_like: bool) -> None:
    assert POINT.stops_like(other) is is_like


@pytest.mark.parametrize(
    ("other", "is_like"),
    [
        (replace(WATCH, number=5, what="*(int *)0x1000", enabled=False), True),
        (replace(WATCH, address=0x1001), False),
        (replace(WATCH, size=8), False),
        (replace(WATCH, access=Access.READ), False),
        (replace(WATCH, owner=OWNER), False),
        (replace(WATCH, stops_at=lambda hits: hits == 2), False),
        (POINT, False),
    ],
)
def test_watchpoints_that_stop_at_the_same(other: Breakpoint | Watchpoint, is_like: bool) -> None:
    assert WATCH.stops_like(other) is is_like


def test_a_stack_is_that_of_one_call_in_one_run() -> None:
    assert (WATCH.counts_in(0), WATCH.counts_in(7)) == (True, True)
    mine = replace(WATCH, owner=OWNER)
    assert (mine.counts_in(0), mine.counts_in(1)) == (True, False)


def test_the_commands_that_set_watchpoints() -> None:
    assert [access.command for access in Access] == ["watch", "rwatch", "watch -w", "awatch"]


@pytest.mark.parametrize(
    ("owner", "positions"),
    [
        (OWNER, range(3, 6)),
        (OWNER._replace(place=71), range(0)),  # something else runs there
        (OWNER._replace(depth=2), range(0)),
        (OWNER._replace(began=7), range(0)),  # the run ends before
        (OWNER._replace(began=6), range(0)),
    ],
)
def test_between_which_positions_a_function_runs(owner: Owner, positions: range) -> None:
    depths = [0, 0, 0, 1, 1, 1, 0]

    def after_depth(at: int, depth: int) -> int:
        return next(each for each in range(at, len(depths)) if depths[each] <= depth)

    timeline = SimpleNamespace(places=[1, 2, 3, 70, 71, 72, 4], depth=depths.__getitem__, after_depth=after_depth)
    assert owner.scope(cast("Timeline", timeline)) == positions


def made() -> Breakpoints:
    return Breakpoints(cast("Symbols", None), lambda: pytest.fail("no expression is asked for"))


def test_they_are_numbered_as_they_come() -> None:
    found = made()
    first = found.add_place("17", Place(frozenset({17})), log="here", ignore=2, condition="1")
    watch = found.watch("x", 8, 4, Access.READ)
    waiting = found.wait("y", "", None, enabled=True, problem="there is no y yet")
    assert [each.number for each in (first, watch, waiting)] == [1, 2, 3]
    assert (first.log, first.ignore, first.condition, first.enabled) == ("here", 2, "1", True)
    assert [found.get(number) for number in (1, 2, 3)] == [first, watch, waiting]
    for number in (0, 4):
        with pytest.raises(UsageError, match=f"there is no breakpoint {number}"):
            found.get(number)
    found.remove(2)
    assert (found.breakpoints, found.watchpoints, found.waiting) == ([first], [], [waiting])
    assert found.watch("z", 8, 4).number == 4
    found.remove(3)
    found.remove(1)
    assert (found.breakpoints, found.waiting) == ([], [])


def test_what_was_taken_back_leaves_its_number() -> None:
    found = made()
    found.add_place("17", Place(frozenset({17})))
    again = found.add_place("17", Place(frozenset({17})))
    assert found.same(again) is found.breakpoints[0]
    found.take_back(again)
    assert found.same(found.breakpoints[0]) is None
    assert found.watch("x", 8, 4).number == 2


def test_those_that_are_off_are_nowhere() -> None:
    found = made()
    assert (found.active, found.places) == (False, frozenset())
    first = found.add_place("17", Place(frozenset({17, 18})))
    second = found.add_place("18", Place(frozenset({18})))
    assert (found.active, found.places) == (True, {17, 18})
    assert (found.at(17), found.at(18), found.at(19)) == ([first], [first, second], [])
    first.enabled = False
    assert (found.active, found.places, found.at(17), found.at(18)) == (True, {18}, [], [second])
    second.enabled = False
    assert not found.active
    found.watch("x", 8, 4)
    assert found.active
    found.watchpoints[0].enabled = False
    assert not found.active


@pytest.mark.parametrize(
    ("at_line", "check", "is_met"),
    [(False, None, True), (True, None, True), (False, True, True), (False, False, False), (True, False, False)],
)
def test_whether_a_place_is_met(at_line: bool, check: bool | None, is_met: bool) -> None:
    def session(begins: bool) -> Session:
        return cast("Session", SimpleNamespace(timeline=SimpleNamespace(begins_line=lambda _: begins), position=5))

    place = Place(frozenset({1}), at_line, None if check is None else lambda _: check)
    assert place.is_met(session(True)) is is_met
    assert place.is_met(session(False)) is (is_met and not at_line)


@pytest.mark.parametrize(
    ("raw", "meaning", "text"),
    [
        (b"\x11", "IPv4 protocol UDP", "here = 0x11: IPv4 protocol UDP"),
        (b"\x05", "", "here = 0x05"),
        (b"\x01\x02", "", "here = 01 02"),
        (b"\x01\x02\x03\x04", "", "here = 01 02 03 04"),
        (b"\x01\x02\x03\x04\x05", "a port", "here = 01 02 03 04 … 5 bytes: a port"),
        (bytes(2000), "", "here = 00 00 00 00 … 2,000 bytes"),
        (b"", "", "here"),
        (b"", "an argument", "here: an argument"),
    ],
)
def test_an_origin_for_people(raw: bytes, meaning: str, text: str) -> None:
    assert Origin("here", raw, meaning).told(4) == text
