"""What entries held at each tick, from minutes that are packed and from what changed since."""

from __future__ import annotations

import random
import sqlite3
from itertools import pairwise

import pytest

from bpftui.core.tape import values as module
from bpftui.core.tape.packing import pack
from bpftui.core.tape.values import Change, Values

SPANS = ((1, 1, 4), (2, 5, 8), (3, 9, 12))
"""Three minutes of four ticks are packed; two more ticks are not yet."""
TICKS = 14
CHANGES: dict[int, list[Change]] = {
    1: [(1, b"a"), (3, b"b"), (6, None), (10, b"c"), (14, b"d")],
    2: [(5, b"x"), (8, b"y")],
    3: [(13, b"new")],
    4: [(2, b"gone"), (4, None)],
}
"""By entry: what it held from a tick on."""
HELD = {
    1: {1: b"a"},
    2: {1: b"a", 4: b"gone"},
    3: {1: b"b", 4: b"gone"},
    4: {1: b"b"},
    5: {1: b"b", 2: b"x"},
    6: {2: b"x"},
    7: {2: b"x"},
    8: {2: b"y"},
    9: {2: b"y"},
    10: {1: b"c", 2: b"y"},
    11: {1: b"c", 2: b"y"},
    12: {1: b"c", 2: b"y"},
    13: {1: b"c", 2: b"y", 3: b"new"},
    14: {1: b"d", 2: b"y", 3: b"new"},
}


def database(
    changes: dict[int, list[Change]] = CHANGES, spans: tuple[tuple[int, int, int], ...] = SPANS
) -> sqlite3.Connection:
    found = sqlite3.connect(":memory:", isolation_level=None)
    found.execute("CREATE TABLE entry(id INTEGER PRIMARY KEY)")
    found.execute("CREATE TABLE pack(entry INTEGER, minute INTEGER, data BLOB)")
    found.execute("CREATE TABLE change(tick INTEGER, entry INTEGER, value BLOB)")
    packed_to = spans[-1][2] if spans else 0
    later: list[tuple[int, int, bytes | None]] = []
    for entry, each in changes.items():
        found.execute("INSERT INTO entry VALUES (?)", (entry,))
        for minute, first, last in spans:
            if within := [change for change in each if first <= change[0] <= last]:
                found.execute("INSERT INTO pack VALUES (?, ?, ?)", (entry, minute, pack(within, first)))
        later += [(tick, entry, value) for tick, value in each if tick > packed_to]
    found.executemany("INSERT INTO change VALUES (?, ?, ?)", sorted(later, key=lambda row: row[:2]))
    return found


def values(spans: tuple[tuple[int, int, int], ...] = SPANS) -> Values:
    found = Values(database(spans=spans))
    found.renew(TICKS, spans)
    return found


@pytest.mark.parametrize("spans", [SPANS, SPANS[:1], ()], ids=["packed", "packed partly", "not packed"])
def test_each_tick_wherever_one_comes_from(spans: tuple[tuple[int, int, int], ...]) -> None:
    for start in range(1, TICKS + 1):
        found = values(spans)
        found.go_to(start)
        assert found.now == HELD[start]
        for tick in (*range(start, TICKS + 1), 1, TICKS, start):
            found.go_to(tick)
            assert found.now == HELD[tick], (start, tick)


def test_far_away_it_is_looked_up_and_near_it_is_gone_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_FORWARDS", 3)
    chance, looked_up = random.Random(5), list[int]()
    found = values()
    look_up = found._look_up
    monkeypatch.setattr(found, "_look_up", lambda tick: (looked_up.append(tick), look_up(tick)))
    at = [chance.randrange(1, TICKS + 1) for _ in range(60)]
    for tick in at:
        found.go_to(tick)
        assert found.now == HELD[tick]
    assert looked_up == [at[0], *(there for here, there in pairwise(at) if not 0 <= there - here <= 3)]


@pytest.mark.parametrize(
    ("entry", "since", "last", "history"),
    [
        (1, 1, None, CHANGES[1]),
        (1, 1, 5, [(1, b"a"), (3, b"b")]),
        (1, 1, 6, [(1, b"a"), (3, b"b"), (6, None)]),
        (1, 4, None, [(3, b"b"), (6, None), (10, b"c"), (14, b"d")]),
        (1, 6, None, [(3, b"b"), (6, None), (10, b"c"), (14, b"d")]),
        (1, 7, 9, [(6, None)]),
        (1, 11, 13, [(10, b"c")]),
        (1, 14, None, [(10, b"c"), (14, b"d")]),
        (2, 9, None, [(8, b"y")]),
        (2, 1, 4, []),
        (3, 1, None, [(13, b"new")]),
        (3, 14, None, [(13, b"new")]),
        (4, 9, None, [(4, None)]),
        (9, 1, None, []),
    ],
)
def test_the_history_of_an_entry_and_what_it_held_before(
    entry: int, since: int, last: int | None, history: list[Change]
) -> None:
    for spans in (SPANS, SPANS[:2], ()):
        assert list(values(spans).history(entry, since, last)) == history


def test_ticks_that_come_are_known_once_they_are_noted() -> None:
    found = values()
    found.go_to(14)
    found._database.execute("INSERT INTO change VALUES (15, 2, NULL), (15, 5, x'00')")
    with pytest.raises(ValueError, match="there is a change of no sample"):
        list(found.history(2))
    found.renew(15, SPANS)
    assert list(found.history(2, 9)) == [(8, b"y"), (15, None)]
    found.go_to(15)
    assert found.now == {1: b"d", 3: b"new", 5: b"\0"}


@pytest.mark.parametrize("tick", [0, 15, -1])
def test_a_change_of_no_sample_is_damage(tick: int) -> None:
    found = values()
    found._database.execute("INSERT INTO change VALUES (?, 2, NULL)", (tick,))
    with pytest.raises(ValueError, match="there is a change of no sample"):
        list(found.history(2))


def test_what_is_kept_unpacked_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MINUTES", 2)
    found = values()
    for tick in (1, 5, 9):
        found.go_to(tick)
    assert list(found._minutes) == [2, 3]
    found._minute_of(6)
    found._minute_of(13)
    assert list(found._minutes) == [2, 0]  # the one that was not asked for lately is gone
    monkeypatch.setattr(module, "_TOGETHER", 2 * (100 + 1) - 1)
    found = values()
    with pytest.raises(ValueError, match="more values than are written"):
        found._look_up(14)  # two values of a byte, and what each takes beside it
    monkeypatch.setattr(module, "_TOGETHER", 2 * (100 + 1))
    found = values()
    found.go_to(14)
    assert found.now == HELD[14]
