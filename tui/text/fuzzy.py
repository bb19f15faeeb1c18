"""Finding names by what is typed of them: hundreds of thousands of them, between two frames.

Names are kept in blocks. Each block is one text, in which the interpreter's own search looks for what is typed, and
knows for every character which of its names have it, as the bits of a number: where a query is in no order, or with
gaps (`trafcnt`, `skbcpy`), few names have all of its characters, and only these are compared. Of 300,000 names that
takes some milliseconds; comparing each of them, as rapidfuzz does in C and Textual in Python, takes 0.1 and 8 seconds.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence

__all__ = ["Hit", "Names", "Search", "rank"]

_Thing = TypeVar("_Thing")

_BLOCK: Final = 4096
"""Names of a block: searching one is a step, after which the screen may have its turn."""
_ENOUGH: Final = 1000
"""Names of one kind that hold what is typed after which no more are looked for: the shortest come first."""
_COMPARED: Final = 4000
"""Names of one kind that are compared character by character."""
_BEGINNING: Final = 3
"""Characters of a query that a name has in their order, whatever the order of its pieces."""
_STEP: Final = 500
"""Names that are looked at in a step."""
_MEASURED: Final = 64
"""Characters of a name whose parts may match in another order: in a line of C, everything would."""
_WORD: Final = re.compile(r"[^\W_]+")


def rank(name: str, query: str) -> tuple[int, int] | None:
    """Return how well a name matches a query, both in lower case; the least is the best, None is no match.

    Best is the name itself (0), then what it begins with (1), what a word in it begins with (2), what is anywhere in
    it (3), the initials of its words or pieces of it (4, and how many pieces). Pieces stand in the order of the name,
    or come round once from its end to its beginning: `trafcnt` is `count_traffic`.
    """
    at = name.find(query)
    if at == 0:
        return int(len(name) > len(query)), 0
    while at > 0:
        if not name[at - 1].isalnum() or not name[at].isalnum():
            return 2, 0
        following = name.find(query, at + 1)
        if following < 0:
            return 3, 0
        at = following
    if len(query) < 2:
        return None
    if query in "".join([word[0] for word in _WORD.findall(name)]):
        return 4, 1
    pieces = _pieces(name, query.replace(" ", ""))
    return None if pieces is None else (4, pieces)


def _pieces(name: str, query: str) -> int | None:
    """Return in how many pieces a query stands in a name; None where it does not, or in too many to be meant."""
    most = len(query) // 2 + 1
    pieces = start = at = 0
    first, end = -1, len(name)
    round_ = False
    while start < len(query):
        size = 0
        found = -1
        for stop in range(len(query), start, -1):  # the longest piece that is there
            found = name.find(query[start:stop], at, end)
            if found >= 0:
                size = stop - start
                break
        if not size:
            if round_ or start < _BEGINNING or len(name) > _MEASURED:
                return None
            round_, at, end = True, 0, first
            continue
        first = found if first < 0 else first
        pieces += 1
        if pieces + round_ > most:
            return None
        start, at = start + size, found + size
    return pieces + round_


class _Block:
    """Some names, which do not change any more.

    Args:
        names: The names.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = lowered = [name.lower().replace("\n", " ") for name in names]
        self._text = "\n".join(lowered)
        self._starts = array("L", accumulate([len(name) + 1 for name in lowered], initial=0))
        bits: dict[str, bytearray] = {}
        size = len(lowered) // 8 + 1
        for number, name in enumerate(lowered):
            at, bit = number >> 3, 1 << (number & 7)
            for letter in set(name):
                if letter not in bits:
                    bits[letter] = bytearray(size)
                bits[letter][at] |= bit
        self._with = {letter: int.from_bytes(each, "little") for letter, each in bits.items()}

    def holding(self, query: str) -> Iterator[int]:
        """Yield the numbers of the names that hold a query as it stands."""
        text, starts = self._text, self._starts
        at = text.find(query)
        while at >= 0:
            number = bisect_right(starts, at) - 1
            yield number
            at = text.find(query, starts[number + 1])

    def with_all(self, letters: Iterable[str]) -> Iterator[int]:
        """Yield the numbers of the names that have all of some characters."""
        left = -1
        for letter in letters:
            left &= self._with.get(letter, 0)
            if not left:
                return
        digits = f"{left:b}"[::-1]
        at = digits.find("1")
        while at >= 0:
            yield at
            at = digits.find("1", at + 1)


class Names(Generic[_Thing]):
    """The names of things of one kind. They may be added to in a thread while they are searched.

    Args:
        kind: What stands beside each of them: `map`.
        signs: What may be typed first to find nothing but these and other kinds of the same sign.
        show: Returns what a thing is shown as, from its name: a title, and what is to be known of it.
        go: Goes to a thing, or does it.
    """

    def __init__(
        self,
        kind: str,
        signs: str = "",
        *,
        show: Callable[[str, _Thing], tuple[str, str]],
        go: Callable[[_Thing], Any],
    ) -> None:
        self.kind = kind
        self.signs = signs
        self._show = show
        self._go = go
        self._blocks: list[tuple[_Block, list[str], list[_Thing]]] = []

    def __len__(self) -> int:
        """Return how many there are so far."""
        return sum(len(names) for _, names, _ in self._blocks)

    def seen_from_elsewhere(self, where: str, first: Callable[[], Awaitable[object]]) -> Names[_Thing]:
        """Return the same names, those to come too, with *where* they are; *first* leads there, before one goes on."""

        def show(name: str, thing: _Thing) -> tuple[str, str]:
            title, detail = self._show(name, thing)
            return title, f"{where}: {detail}" if detail else where

        async def go(thing: _Thing) -> None:
            await first()
            self._go(thing)

        seen = Names[_Thing](self.kind, self.signs, show=show, go=go)
        seen._blocks = self._blocks
        return seen

    def add(self, found: Iterable[tuple[str, _Thing]]) -> Iterator[None]:
        """Add names with their things, the shortest first, in steps; what a block has can be found after its step."""
        by_length: dict[int, list[tuple[str, _Thing]]] = {}
        for number, each in enumerate(found, 1):
            by_length.setdefault(len(each[0]), []).append(each)
            if not number % _STEP:
                yield
        waiting: list[tuple[str, _Thing]] = []
        for length in sorted(by_length):
            waiting += by_length[length]
            while len(waiting) >= _BLOCK:
                self._append(waiting[:_BLOCK])
                del waiting[:_BLOCK]
                yield
        if waiting:
            self._append(waiting)
            yield

    def put(self, found: list[tuple[str, _Thing]]) -> None:
        """Add a few names with their things at once, in this order."""
        self._append(found)

    def _append(self, found: list[tuple[str, _Thing]]) -> None:
        names = [name for name, _ in found]
        self._blocks.append((_Block(names), names, [thing for _, thing in found]))

    def shown(self, place: tuple[int, int]) -> tuple[str, str]:
        """Return the title of a thing, and what is to be known of it."""
        _, names, things = self._blocks[place[0]]
        return self._show(names[place[1]], things[place[1]])

    def go(self, place: tuple[int, int]) -> Any:
        """Go to a thing, or do it; what is returned may be something to wait for."""
        return self._go(self._blocks[place[0]][2][place[1]])

    def places(self) -> Iterator[tuple[int, int]]:
        """Yield where each thing is, by block and number."""
        for at, (_, names, _) in enumerate(self._blocks):
            for number in range(len(names)):
                yield at, number

    def blocks(self) -> list[_Block]:
        """Return what is there to be searched by now."""
        return [block for block, _, _ in self._blocks]


class Hit(NamedTuple):
    """A name that was found. The least is the best: by `rank`, then by kind, then the shorter one."""

    rank: tuple[int, int]
    kind: int
    """The number of its kind among those that are searched."""
    length: int
    place: tuple[int, int]


class Search:
    """A search for one query, in steps of a millisecond or two.

    Args:
        kinds: What is searched; among equals, the first kind comes first.
        query: What was typed; case plays no part.
        limit: How many are wanted at most.
    """

    def __init__(self, kinds: Sequence[Names[Any]], query: str, limit: int = 200) -> None:
        self._kinds = kinds
        self._query = query.lower()
        self._limit = limit
        self._hits: list[Hit] = []
        self.is_partial = False
        """Whether there may be more than were found."""

    def __len__(self) -> int:
        """Return how many were found so far."""
        return len(self._hits)

    def best(self) -> list[Hit]:
        """Return the best of what was found so far."""
        from heapq import nsmallest

        return nsmallest(self._limit, self._hits)

    def steps(self) -> Iterator[None]:
        """Search; yields after each step."""
        rest: list[tuple[int, int, _Block]] = []
        for kind, names in enumerate(self._kinds):
            enough = len(self._hits) + _ENOUGH
            for at, block in enumerate(names.blocks()):
                rest.append((kind, at, block))
                for number in block.holding(self._query):
                    self._take(kind, at, number, block.names[number])
                    if len(self._hits) > enough:
                        self.is_partial = True
                        break
                    if not len(self._hits) % _STEP:
                        yield
                yield
                if len(self._hits) > enough:
                    break
        if len(self._hits) >= self._limit or len(self._query) < 2:
            return
        wanted = self._query.replace(" ", "")
        letters = sorted(set(wanted))
        begins = re.compile(".*?".join(map(re.escape, wanted[:_BEGINNING]))).search
        compared: dict[int, int] = {}
        for kind, at, block in rest:
            for number in block.with_all(letters):
                if compared.setdefault(kind, 0) > _COMPARED:
                    self.is_partial = True
                    break
                compared[kind] += 1
                name = block.names[number]
                if self._query not in name and begins(name):
                    self._take(kind, at, number, name)
                if not compared[kind] % _STEP:
                    yield
            yield

    def _take(self, kind: int, at: int, number: int, name: str) -> None:
        found = rank(name, self._query)
        if found is not None:
            self._hits.append(Hit(found, kind, len(name), (at, number)))
