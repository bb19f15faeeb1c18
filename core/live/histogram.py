"""Histograms that programs keep: counters of which each is for numbers within a range.

BPF has no type for them. By convention they are an array map of counters, or an array of counters within a value, as in
libbpf-tools (`struct hist { __u32 slots[MAX_SLOTS]; }`, libbpf-tools/bits.bpf.h of bcc), and are told by their name.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, NamedTuple

from ..btf.units import Unit, unit_within, words_of
from .counters import counters

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..spec import MapSpec
    from .counters import Counter

__all__ = ["Histogram", "Scale", "Span", "declared", "histogram_of", "quantile"]

_NAMES: Final = frozenset({"hist", "hists", "histogram", "histograms", "slots"})
_LINEAR: Final = frozenset({"linear", "lin", "lhist"})
_FEWEST: Final = 4
"""Counters that are no histogram: there are fewer."""
_POWERS: Final = 65
"""A number of 64 bits is in one of so many powers of two, zero among them."""


class Scale(enum.StrEnum):
    """Which numbers a slot is for."""

    LOG2 = "powers of two"
    """Slot n is for those from 2**n on, the first one also for 0: `log2l` of libbpf-tools."""
    LOG2_UP = "powers of two, from slot 1 on"
    """Slot n is for those from 2**(n - 1) on, slot 1 also for 0, and slot 0 for none: `bpf_log2l` of bcc."""
    LINEAR = "one by one"
    """Slot n is for n."""


class Span(NamedTuple):
    """The numbers from `low` on, below `high`; none where they are the same."""

    low: int
    high: int
    unit: Unit
    """Of what they are a number."""


@dataclass(frozen=True, slots=True)
class Histogram:
    """Where a map has its slots.

    Where there is one counter, each entry of the map is a slot, by its index; else the counters are the slots, and each
    entry of the map has all of them.
    """

    counters: tuple[Counter, ...]
    scale: Scale
    unit: Unit
    """Of the numbers that are counted."""
    slots: int
    """How many there are."""

    @property
    def scales(self) -> Sequence[Scale]:
        """The scales that there can be, with so many slots: a number of 64 bits is in one of 65 powers of two."""
        return [*Scale] if self.slots <= _POWERS else [Scale.LINEAR]

    @property
    def is_by_entry(self) -> bool:
        """Whether each entry is a slot."""
        return len(self.counters) == 1

    def scaled(self, scale: Scale) -> Histogram:
        """Return it with slots that are for other numbers."""
        return replace(self, scale=scale)

    def span(self, slot: int) -> Span:
        """Return which numbers a slot is for."""
        match self.scale:
            case Scale.LINEAR:
                low, high = slot, slot + 1
            case Scale.LOG2:
                low, high = (1 << slot) if slot else 0, 2 << slot
            case Scale.LOG2_UP:
                low, high = (1 << slot - 1) if slot > 1 else 0, 1 << slot if slot else 0
        return Span(low, high, self.unit)

    def quantile(self, counts: Sequence[float], share: float) -> float | None:
        """Return below which number a *share* of what was counted is; None where nothing was.

        Args:
            counts: Of each slot, from the first on.
            share: From 0 to 1.
        """
        if sum(counts) <= 0:
            return None
        slot, part = quantile(counts, share)
        low, high, _ = self.span(slot)
        return low + (high - low) * part


def quantile(counts: Sequence[float], share: float) -> tuple[int, float]:
    """Return in which slot a *share* of all that was counted ends, and which part of it belongs to that share.

    Within a slot, numbers are taken to be spread evenly.

    Args:
        counts: Of each slot, none of them below zero, and something in all.
        share: From 0 to 1.
    """
    wanted, below = share * sum(counts), 0.0
    for slot, count in enumerate(counts):
        if count > 0 and below + count >= wanted:
            return slot, (wanted - below) / count
        below += count
    return max(slot for slot, count in enumerate(counts) if count > 0), 1.0  # sums of fractions are rounded


def histogram_of(source: MapSpec) -> Histogram | None:
    """Return where a map has slots, as far as its names tell; None where it has none."""
    for each in _possible(source):
        first = each.counters[0]
        name = source.name if each.is_by_entry and not first.path else _array(first).rpartition(".")[2] or source.name
        if not _NAMES.isdisjoint({*words_of(name), *(words_of(source.name) if each.is_by_entry else ())}):
            return each
    return None


def declared(source: MapSpec, counter: Counter) -> Histogram | None:
    """Return the slots of which somebody says that a counter is one; None where it can be none."""
    return next((each for each in _possible(source) if counter in each.counters), None)


def _possible(source: MapSpec) -> list[Histogram]:
    """Return what of a map could be slots: each array in its values, and each of its numbers where it is an array."""
    if source.type.is_stream or source.type.says_which:
        return []
    found = counters(source)
    arrays: dict[str, list[Counter]] = {}
    for each in found:
        if each.path.endswith("]"):
            arrays.setdefault(_array(each), []).append(each)
    slots = [each for each in arrays.values() if len(each) >= _FEWEST]
    slots += [[each] for each in found if source.type.is_indexed and source.max_entries >= _FEWEST]
    return [_histogram(source, tuple(each)) for each in slots]


def _array(counter: Counter) -> str:
    return counter.path.rpartition("[")[0]


def _histogram(source: MapSpec, found: tuple[Counter, ...]) -> Histogram:
    many = source.max_entries if len(found) == 1 else len(found)
    name = f"{source.name} {found[0].path if len(found) == 1 else _array(found[0])}"
    is_linear = many > _POWERS or not _LINEAR.isdisjoint(words_of(name))
    return Histogram(found, Scale.LINEAR if is_linear else Scale.LOG2, unit_within(name), many)
