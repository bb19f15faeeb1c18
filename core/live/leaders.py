"""Leaders: the first of a million entries by a number in them, or by how much it grew, found in all at once by numpy.

Python's own objects take five seconds of a processor for what takes half a one here, and the rates of all, which want
two readings of the map, are found only here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol, runtime_checkable

from ..numerical import find_numpy
from ..runtime import Entry

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from .arrange import Ordering
    from .counters import Counter, Valued

__all__ = ["HasColumns", "Look", "leaders", "look_at", "why_not"]

_MOST: Final = 256 << 20
"""Bytes of keys and values that are read at once."""


class Columns(Protocol):
    """All keys of a map in a row, and all its values."""

    @property
    def keys(self) -> bytes:
        """The keys, in the order of the map."""
        ...

    @property
    def values(self) -> bytes:
        """The values, those of all CPUs."""
        ...


@runtime_checkable
class HasColumns(Protocol):
    """A map that can be read in columns."""

    @property
    def cpus(self) -> int:
        """How many values an entry has."""
        ...

    def columns(self, limit: int | None = None) -> Columns:
        """Return all entries, or so many."""
        ...


class Look(NamedTuple):
    """All entries of a map, as they were at a moment."""

    keys: bytes
    values: bytes
    numbers: npt.NDArray[Any]
    """Of each entry the number that it is looked at for; of a per-CPU map the sum."""
    time: float

    def __len__(self) -> int:
        return len(self.numbers)


def why_not(ordering: Ordering, live: object, source: Valued, count: int) -> str:
    """Return why the leaders of a map with so many entries cannot be found so, as a clause; empty where they can."""
    counter = ordering.field.counter
    if counter is None or counter.bitfield is not None:
        return "only integers of whole bytes are compared so"
    if not isinstance(live, HasColumns):
        return "its entries are not to be had in columns"
    if count * (source.key_size + live.cpus * source.value_size) > _MOST:
        return "it takes too much memory at once"
    if find_numpy() is None:
        return "it takes numpy, which is not installed"
    return ""


def look_at(live: HasColumns, source: Valued, counter: Counter, clock: Callable[[], float]) -> Look:
    """Read all entries of a map; the errors are those of its `columns`."""
    np = find_numpy()
    assert np is not None
    before = clock()
    found = live.columns()
    time = (before + clock()) / 2
    count = len(found.keys) // source.key_size
    stride = len(found.values) // (count * live.cpus) if count else source.value_size
    order = "<" if counter.byte_order == "little" else ">"
    dtype = np.dtype(
        {
            "names": ["number"],
            "formats": [f"{order}{'i' if counter.signed else 'u'}{counter.size}"],
            "offsets": [counter.offset],
            "itemsize": stride,
        }
    )
    numbers = np.frombuffer(found.values, dtype)["number"].reshape(count, live.cpus)
    wide = np.int64 if counter.signed else np.uint64
    return Look(found.keys, found.values, numbers.sum(axis=1, dtype=wide), time)


def leaders(now: Look, ordering: Ordering, source: Valued, keep: int, before: Look | None = None) -> list[Entry]:
    """Return the first entries of a look.

    Args:
        now: The look.
        ordering: By what they are ordered: by the number, or by how much it grew since the look before.
        source: The map, or its spec.
        keep: How many are wanted.
        before: The look before, which a rate wants. What was not there, or went back, comes as if it stood still.
    """
    np = find_numpy()
    assert np is not None
    ranks = now.numbers if not ordering.by_rate or before is None else _grown(np, now, before, source.key_size)
    count = len(ranks)
    if ordering.reverse:
        ranks = ~ranks  # the largest is the least then, signed or not, and nothing flows over
    first = np.argpartition(ranks, keep)[:keep] if count > keep else np.arange(count)
    first = first[np.lexsort((first, ranks[first]))]
    size, value = source.key_size, len(now.values) // max(1, count)
    return [
        Entry(now.keys[at * size : (at + 1) * size], _split(now.values[at * value : (at + 1) * value], source))
        for at in first.tolist()
    ]


def _split(raw: bytes, source: Valued) -> tuple[bytes, ...]:
    """Return the value of each CPU, without what it is padded with."""
    if not source.type.per_cpu:
        return (raw,)
    stride = (source.value_size + 7) & ~7
    return tuple(raw[at : at + source.value_size] for at in range(0, len(raw), stride))


def _grown(np: Any, now: Look, before: Look, key_size: int) -> npt.NDArray[Any]:
    """Return how much the numbers have grown since the look before."""
    if now.keys == before.keys:
        old, known = before.numbers, np.ones(len(now), bool)
    else:
        kind = f"u{key_size}" if key_size in (1, 2, 4, 8) else f"V{key_size}"
        mine, theirs = np.frombuffer(now.keys, kind), np.frombuffer(before.keys, kind)
        if not len(theirs):
            return np.zeros_like(now.numbers)
        order = np.argsort(theirs)
        places = order[np.minimum(np.searchsorted(theirs, mine, sorter=order), len(theirs) - 1)]
        old, known = before.numbers[places], theirs[places] == mine
    return np.where(known & (now.numbers >= old), now.numbers - old, 0).astype(now.numbers.dtype)
