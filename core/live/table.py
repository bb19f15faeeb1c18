"""A map as a table of texts, in the order of its keys: what is printed of two successive samples.

Other orders, and fields one by one, are those of `arrange`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .arrange import Reading, key_order
from .counters import by_cpu, counters, entry_value, key_text
from .keys import ambiguous_keys
from .series import rate

if TYPE_CHECKING:
    from ..analysis.counting import Counting
    from ..runtime import Entry
    from .counters import Counter, Valued
    from .sampler import Sample

__all__ = ["MapRow", "MapTable", "map_table"]


@dataclass(frozen=True, slots=True)
class MapRow:
    """One entry."""

    key: bytes
    key_text: str
    """The key, followed by its bytes where it does not tell the entry apart."""
    value_text: str
    values: tuple[int, ...]
    """Of each counter of the table, summed over the CPUs."""
    rates: tuple[float | None, ...]
    """Of each counter, per second; None without an earlier value, and after a reset."""
    changed: bool
    """Whether the value is another than in the sample before, or the entry is new since then."""
    rest_text: str = ""
    """Of a per-CPU map, what is not summed, by CPU: `pid [1, 2]`; empty where all is."""


@dataclass(frozen=True, slots=True)
class MapTable:
    """A window onto a map's entries, in order."""

    name: str
    counters: tuple[Counter, ...]
    rows: tuple[MapRow, ...]
    total: int
    """How many entries the map has, as far as they were counted; `rows` are some of them."""
    partial: bool
    """Whether the map has more entries than the sample."""
    is_summed: bool = False
    """Whether the counters are sums over the CPUs."""
    is_counted: bool = True
    """Whether `total` is all of them; else there are at least so many."""


def map_table(
    source: Valued,
    current: Sample,
    previous: Sample | None = None,
    *,
    per_cpu: bool = False,
    counting: Counting | None = None,
    limit: int | None = None,
) -> MapTable:
    """Return the table of a map in *current*, with rates and changes since *previous*.

    Args:
        source: The map, or its spec.
        per_cpu: Whether the text of a per-CPU value lists the CPUs instead of summing what counts.
        counting: What counts in the values of per-CPU maps (`counters`).
        limit: How many rows are put into words.
    """
    from ..btf import format_value

    reading = Reading.of(source.name, current, previous)
    snapshot, before = reading.snapshot, reading.before or {}
    columns = tuple(counters(source, counting))

    def rates(entry: Entry) -> tuple[float | None, ...]:
        old = before.get(entry.key)
        if old is None:
            return (None,) * len(columns)
        return tuple(rate(counter.total(old), counter.total(entry), reading.seconds) for counter in columns)

    def row(entry: Entry) -> MapRow:
        old = before.get(entry.key)
        return MapRow(
            key=entry.key,
            key_text=text(entry.key),
            value_text=format_value(entry_value(source, entry, per_cpu=per_cpu, counting=counting)),
            rest_text=rest(entry),
            values=tuple(counter.total(entry) for counter in columns),
            rates=rates(entry),
            changed=previous is not None and (old is None or old.values != entry.values),
        )

    def rest(entry: Entry) -> str:
        return "  ".join(
            f"{path} {format_value(values)}".strip() for path, values in by_cpu(source, entry, counting).items()
        )

    def text(key: bytes) -> str:
        return key_text(source, key) + (f" ({key.hex(' ')})" if key in ambiguous else "")

    shown = sorted(snapshot.entries, key=key_order(source))[:limit]
    ambiguous = ambiguous_keys(source, (entry.key for entry in shown))
    return MapTable(
        name=source.name,
        counters=columns,
        rows=tuple(map(row, shown)),
        total=snapshot.count,
        partial=snapshot.partial,
        is_summed=source.type.per_cpu,
        is_counted=snapshot.is_counted,
    )
