"""Units: what a counter counts, where its name or its type says so."""

from __future__ import annotations

import enum
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from .ctype import CType

__all__ = ["Unit", "is_moment", "unit_of", "unit_within", "words_of"]

_WORD: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_INDEX: Final = re.compile(r"\[\d+\]$")


class Unit(enum.StrEnum):
    """What a number is a number of, as it is written behind it."""

    NUMBER = ""
    """Of anything: packets, calls, entries."""
    BYTES = "B"
    SECONDS = "s"
    MILLISECONDS = "ms"
    MICROSECONDS = "µs"
    NANOSECONDS = "ns"

    @property
    def seconds(self) -> float | None:
        """How many seconds one of it is; None for what is no time."""
        return _SECONDS.get(self)


_SECONDS: Final = {Unit.SECONDS: 1.0, Unit.MILLISECONDS: 1e-3, Unit.MICROSECONDS: 1e-6, Unit.NANOSECONDS: 1e-9}
_BYTES: Final = frozenset({"bytes", "octets"})
_TIMES: Final = {
    **dict.fromkeys(("ns", "nsec", "nsecs", "nanos", "nanoseconds"), Unit.NANOSECONDS),
    **dict.fromkeys(("us", "usec", "usecs", "micros", "microseconds"), Unit.MICROSECONDS),
    **dict.fromkeys(("ms", "msec", "msecs", "millis", "milliseconds"), Unit.MILLISECONDS),
    **dict.fromkeys(("sec", "secs", "seconds"), Unit.SECONDS),
}
_MOMENTS: Final = frozenset({"time", "timestamp", "ts", "when", "ktime"})
_TYPES: Final = {"ktime_t": Unit.NANOSECONDS}
_HISTOGRAMS: Final = frozenset({"hist", "hists", "histogram", "histograms", "slots"})
"""What is called so counts how many had so much."""


def unit_of(name: str, ctype: CType | None) -> Unit:
    """Return the unit of a number that is called *name*, and what of it is a part: `.latency_ns`, `bytes[3]`.

    A name says it by a word: `total_bytes`, `rxBytes`; of times by the last one: `run_time_ns`. A `ktime_t` is in
    nanoseconds. A length or a size may be one of anything.
    """
    if ctype is not None and (found := _TYPES.get(ctype.c_text.removeprefix("const "))) is not None:
        return found
    while _INDEX.search(name):
        name = _INDEX.sub("", name)
    words = words_of(name.rpartition(".")[2])
    if not _HISTOGRAMS.isdisjoint(words):
        return Unit.NUMBER
    if not _BYTES.isdisjoint(words):
        return Unit.BYTES
    return _TIMES.get(words[-1], Unit.NUMBER) if words else Unit.NUMBER


def is_moment(name: str) -> bool:
    """Return whether a number of eight bytes that is so called is when something was, by the kernel's clock.

    Those of `bpf_ktime_get_ns` and its like are nanoseconds; `spent_time` is a time, and no moment.
    """
    words = words_of(name.rpartition(".")[2])
    return bool(words) and words[0] in _MOMENTS and (len(words) == 1 or words[1:] == ["ns"])


def unit_within(name: str) -> Unit:
    """Return the unit that any word of a name tells: of `latency_us_hist`, microseconds."""
    words = words_of(name)
    times = (_TIMES[word] for word in words if word in _TIMES)
    return next(times, Unit.BYTES if not _BYTES.isdisjoint(words) else Unit.NUMBER)


def words_of(name: str) -> list[str]:
    """Return the words of a name in small letters: `rxBytes` has two, and so has `rx_bytes`."""
    return [word.lower() for word in _WORD.findall(name)]
