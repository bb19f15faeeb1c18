"""Blocks of records: what a stream brought at once, in one piece, of which a record is cut out when somebody wants it.

A stream may bring a million records a second, of which a screen shows a few thousand: an object for each of them would
take a processor for itself.
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Sequence
from itertools import accumulate, chain
from typing import TYPE_CHECKING, Self, overload

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Backlog", "Block", "Blocks"]


class Block(Sequence[bytes]):
    """Records that stand one after the other in some bytes.

    Args:
        data: The bytes, with whatever else is between the records.
        starts: Where each record begins: a `range` where they are of one length, which takes no room.
        ends: Where each is over.
    """

    __slots__ = ("_data", "_ends", "_starts")

    def __init__(self, data: bytes, starts: Sequence[int], ends: Sequence[int]) -> None:
        self._data = data
        self._starts = starts
        self._ends = ends

    @classmethod
    def of(cls, records: Sequence[bytes]) -> Self:
        """Return records that are objects already as a block."""
        ends = array("Q", accumulate(map(len, records)))
        return cls(b"".join(records), array("Q", [0, *ends])[:-1], ends)

    @property
    def memory(self) -> int:
        """About the bytes that it takes."""
        return len(self._data) + (0 if isinstance(self._starts, range) else 2 * array("Q").itemsize * len(self))

    def __len__(self) -> int:
        return len(self._starts)

    @overload
    def __getitem__(self, index: int) -> bytes: ...
    @overload
    def __getitem__(self, index: slice) -> Block: ...
    def __getitem__(self, index: int | slice) -> bytes | Block:
        """Return a record; or some of them, which are no copy."""
        if isinstance(index, slice):
            return Block(self._data, self._starts[index], self._ends[index])
        return self._data[self._starts[index] : self._ends[index]]

    def __iter__(self) -> Iterator[bytes]:
        data = self._data
        return (data[start:end] for start, end in zip(self._starts, self._ends, strict=True))

    def __repr__(self) -> str:
        return f"<{len(self):,} records>"


class Blocks(Sequence[bytes]):
    """The records of several blocks, one after the other."""

    __slots__ = ("_blocks", "_count")

    def __init__(self, blocks: Iterable[Block] = ()) -> None:
        self._blocks = tuple(blocks)
        self._count = sum(map(len, self._blocks))

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> bytes: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[bytes]: ...
    def __getitem__(self, index: int | slice) -> bytes | Sequence[bytes]:
        """Return a record; or some of them, which are no copy where they stand in a row."""
        wanted = range(self._count)[index]
        if isinstance(wanted, int):
            return next(iter(self._between(wanted, wanted + 1)))
        return self._between(wanted.start, wanted.stop) if wanted.step == 1 else [self[at] for at in wanted]

    def _between(self, start: int, stop: int) -> Blocks:
        found: list[Block] = []
        for block in self._blocks:
            if start < len(block) and stop > 0:
                found.append(block[max(0, start) : stop])
            start, stop = start - len(block), stop - len(block)
        return Blocks(found)

    def __iter__(self) -> Iterator[bytes]:
        return chain.from_iterable(self._blocks)

    def __repr__(self) -> str:
        return f"<{self._count:,} records>"


class Backlog:
    """Blocks that wait for somebody to take them, in bounded memory: the oldest go.

    Args:
        most: Bytes of memory that they may take.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._blocks: deque[Block] = deque()
        self._memory = 0
        self._count = 0

    def __len__(self) -> int:
        """Return how many records wait."""
        return self._count

    def put(self, block: Block) -> int:
        """Have a block wait; return how many older records were let go of for it."""
        self._blocks.append(block)
        self._memory += block.memory
        self._count += len(block)
        dropped = 0
        while self._memory > self._most:
            dropped += len(self._pop())
        return dropped

    def take(self, most: int | None = None) -> Blocks:
        """Return what waits, the oldest first, and let it wait no longer; at most so many."""
        found: list[Block] = []
        left = self._count if most is None else min(most, self._count)
        while left > 0:
            block = self._pop()
            if len(block) > left:
                rest = block[left:]
                self._blocks.appendleft(rest)
                self._memory += rest.memory
                self._count += len(rest)
                block = block[:left]
            found.append(block)
            left -= len(block)
        return Blocks(found)

    def _pop(self) -> Block:
        block = self._blocks.popleft()
        self._memory -= block.memory
        self._count -= len(block)
        return block
