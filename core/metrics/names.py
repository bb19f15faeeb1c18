"""Names of metrics and of labels, as Prometheus and OpenMetrics want them, from what an object calls things.

Words in small letters with `_` between them; a base unit at the end (`_bytes`, `_seconds`), and behind it `_total` for
what only grows. What ends names that mean something else (`_count`, `_sum`, `_bucket`, `_info`, …) is not left at the
end of a gauge. https://prometheus.io/docs/practices/naming/, https://prometheus.io/docs/specs/om/open_metrics_spec/
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ..btf.units import Unit

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Indexed", "indexed", "label_names", "metric_name"]

_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_ODD: Final = re.compile(r"[^a-zA-Z0-9]+")
_INDEX: Final = re.compile(r"\[(\d+)\]")
_MEANT: Final = frozenset({"total", "count", "sum", "bucket", "info", "created", "gsum", "gcount"})
"""Last words of names that a gauge may not have."""
_TIMES: Final = frozenset(
    {"ns", "nsec", "nsecs", "nanos", "nanoseconds", "us", "usec", "usecs", "micros", "microseconds", "ktime"}
    | {"ms", "msec", "msecs", "millis", "milliseconds", "s", "sec", "secs", "seconds"}
)
_RESERVED: Final = frozenset({"le", "quantile"})
"""Labels of histograms and summaries."""

Indexed = tuple[str, tuple[str, ...]]
"""A path without the indexes in it, and these: `.cpu[3].rx[1]` is `.cpu.rx` and 3, 1."""


def indexed(path: str) -> Indexed:
    """Return a path within a value without its indexes, and the indexes: elements of an array are one metric."""
    return _INDEX.sub("", path), tuple(_INDEX.findall(path))


def metric_name(parts: Iterable[str], unit: Unit, *, counts: bool) -> str:
    """Return the name of a metric.

    Args:
        parts: What it is called, from the whole to the part: `bpf`, `map`, `traffic`, `.volume.rx`.
        unit: Of its numbers as they are; those of a time are told in seconds.
        counts: Whether it only grows.
    """
    words = [word for part in parts for word in _words(part)]
    if unit.seconds is not None:
        while len(words) > 1 and words[-1] in _TIMES:
            words.pop()
        words.append("seconds")
    elif unit is Unit.BYTES:
        words = [*(word for word in words if word != "bytes"), "bytes"]
    if counts:
        while words[-1] == "total":
            words.pop()
        return "_".join([*words, "total"])
    while words[-1] in _MEANT and len(words) > 1:
        words[-1:] = ["number"] if words[-1] in ("count", "gcount") else []
    return "_".join(words)


def label_names(labels: Iterable[str]) -> list[str]:
    """Return names for labels, each of them once: of the members of a key, of indexes."""
    found: list[str] = []
    for label in labels:
        name = "_".join(_words(label)) or "key"
        if name in _RESERVED or name[0].isdigit():
            name = f"key_{name}"
        same, plain = 2, name
        while name in found:
            name, same = f"{plain}_{same}", same + 1
        found.append(name)
    return found


def _words(text: str) -> list[str]:
    return [word.lower() for part in _ODD.split(text) for word in _HUMP.split(part) if word]
