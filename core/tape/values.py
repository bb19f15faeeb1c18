"""Values: what entries held at a tick, put together of what changed.

What changed lately is a row each; before, it is packed: for each entry a row for each minute in which it changed.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from .packing import LARGEST, unpack

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["Change", "Values"]

Change: TypeAlias = "tuple[int, bytes | None]"
"""A tick or an entry, and the value from then on; None where the entry was gone."""

_MINUTES: Final = 4
"""Minutes whose changes are kept unpacked."""
_FORWARDS: Final = 3000
"""Ticks that are gone through one by one to get further on, where it would else be looked up."""
_TOGETHER: Final = 1 << 29
"""Bytes of what is kept unpacked, of minutes and of values: a megabyte of a file can say a gigabyte."""
_EACH: Final = 100
"""Bytes that a value takes beside its own."""


class Values:
    """The values of a tape's entries at one tick, which is gone to. Whatever is odd is an error of `told.ODD`.

    Args:
        database: The tape.
    """

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self._ticks = 0
        self._spans: Sequence[tuple[int, int, int]] = ()
        self._at = 0
        self._values: dict[int, bytes] = {}
        self._minutes: OrderedDict[int, tuple[dict[int, list[Change]], int]] = OrderedDict()
        """By number: the changes by tick, and about how many bytes they take."""

    @property
    def now(self) -> Mapping[int, bytes]:
        """By the number of an entry, its value at the tick that was gone to."""
        return self._values

    def renew(self, ticks: int, spans: Sequence[tuple[int, int, int]]) -> None:
        """Note what there is by now: how many ticks, and of each minute that is packed number, first and last tick."""
        self._minutes.pop(0, None)
        self._ticks, self._spans = ticks, spans

    def history(self, entry: int, since: int = 1, last: int | None = None) -> Iterator[tuple[int, bytes | None]]:
        """Iterate over the changes of an entry, up to a tick; of those before *since* the last one is among them."""
        last = self._ticks if last is None else last
        first = {minute: start for minute, start, _ in self._spans}
        within = [minute for minute, start, end in self._spans if end >= since and start <= last]
        before: tuple[int, bytes | None] | None = None
        earlier = "SELECT minute, data FROM pack WHERE entry = ? AND minute < ? ORDER BY minute DESC LIMIT 1"
        begin = within[0] if within else max(first, default=0) + 1
        for minute, data in self._rows(earlier, entry, begin):
            before = unpack(data, first[minute])[-1]
        changes = "SELECT minute, data FROM pack WHERE entry = ? AND minute BETWEEN ? AND ? ORDER BY minute"
        found = chain(
            (
                change
                for minute, data in self._rows(changes, entry, begin, within[-1] if within else -1)
                for change in unpack(data, first[minute])
            ),
            self._rows("SELECT tick, value FROM change WHERE entry = ? ORDER BY tick", entry),
        )
        for tick, value in found:
            tick = self._known(tick)
            if tick > last:
                break
            if tick >= since:
                if before is not None:
                    yield before
                    before = None
                yield tick, value
            else:
                before = tick, value
        if before is not None:
            yield before

    def _known(self, tick: Any) -> int:
        """Return a tick that there is; ValueError for another one."""
        if not isinstance(tick, int) or not 0 < tick <= self._ticks:
            raise ValueError("there is a change of no sample")
        return tick

    # The values at a tick

    def go_to(self, tick: int) -> None:
        """Have the values that there were at a tick."""
        if not 0 <= tick - self._at <= _FORWARDS or not self._at:
            self._look_up(tick)
            return
        while self._at < tick:
            self._at += 1
            changes = self._minute_of(self._at)
            self._take(changes.get(self._at, ()))

    def _take(self, changes: list[tuple[int, bytes | None]] | tuple[()]) -> None:
        for entry, value in changes:
            if value is None:
                self._values.pop(entry, None)
            else:
                self._values[entry] = value

    def _look_up(self, tick: int) -> None:
        """Find the values at a tick, without those of all ticks before."""
        index = bisect_right(self._spans, tick, key=_first) - 1
        minute = self._spans[index][0] if index >= 0 else 0
        start = self._spans[index][1] if index >= 0 else 1
        if index >= 0 and tick > self._spans[index][2]:  # it is not packed yet
            minute, start = minute + 1, self._spans[index][2] + 1
        self._values, self._at = {}, 0
        newest = (
            "SELECT entry.id, pack.minute, pack.data FROM entry JOIN pack ON pack.entry = entry.id AND pack.minute = "
            "(SELECT max(minute) FROM pack WHERE entry = entry.id AND minute < ?)"
        )
        firsts = {number: first for number, first, _ in self._spans}
        left = _TOGETHER
        for entry, number, data in self._rows(newest, minute):
            value = unpack(data, firsts[number])[-1][1]
            if value is not None:
                self._values[entry] = value
                left -= len(value) + _EACH
                if left < 0:
                    raise ValueError("there are more values than are written")
        changes = self._minute_of(start)
        for each in range(start, tick + 1):
            self._take(changes.get(each, ()))
        self._at = tick

    def _minute_of(self, tick: int) -> dict[int, list[tuple[int, bytes | None]]]:
        """Return the changes of all ticks that are packed together with one, by tick."""
        index = bisect_right(self._spans, tick, key=_first) - 1
        number, first, last = self._spans[index] if index >= 0 else (0, 1, 0)
        if tick > last:
            number, first, last = 0, last + 1, self._ticks
        if number in self._minutes:
            self._minutes.move_to_end(number)
            return self._minutes[number][0]
        left = _TOGETHER
        found: dict[int, list[tuple[int, bytes | None]]] = {}
        if number:
            for entry, data in self._rows("SELECT entry, data FROM pack WHERE minute = ?", number):
                packed = unpack(data, first, min(LARGEST, left))
                left -= sum(len(value or b"") + _EACH for _, value in packed)
                for each, value in packed:
                    found.setdefault(each, []).append((entry, value))
        else:
            for each, entry, value in self._rows("SELECT tick, entry, value FROM change ORDER BY rowid"):
                found.setdefault(each, []).append((entry, None if value is None else bytes(value)))
        self._minutes[number] = found, _TOGETHER - left
        while len(self._minutes) > _MINUTES or (
            len(self._minutes) > 1 and sum(size for _, size in self._minutes.values()) > _TOGETHER
        ):
            self._minutes.popitem(last=False)
        return found

    def _rows(self, query: str, *values: object) -> Iterator[Any]:
        return iter(self._database.execute(query, values))


def _first(span: tuple[int, int, int]) -> int:
    return span[1]
