"""What the fields of a tape's tables say, whatever a stranger wrote there: values, or ODD errors, which mean damage."""

from __future__ import annotations

import math
import sqlite3
import struct
import zlib
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, Final, cast

from ..documents import parse_json
from ..runtime import Entry, MapSnapshot, ProgramInfo
from .packing import unlittle
from .schema import text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = [
    "ODD",
    "by_cpu",
    "bytes_of",
    "cpus_of",
    "floats_of",
    "inflated",
    "info_of",
    "json_of",
    "number_of",
    "records_of",
    "seconds_of",
    "snapshot_of",
    "text_of",
]

_LARGEST: Final = 1 << 28
"""Bytes of an object, or of the records of a tick."""
_CPUS: Final = range(1, 8192 + 1)
"""As many as a kernel is built for at most (NR_CPUS)."""
ODD: Final = (
    sqlite3.Error,
    struct.error,
    zlib.error,
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What a file that somebody else has written can bring about."""


def snapshot_of(entries: Iterable[tuple[bytes, bytes]], cpus: int, told: Mapping[str, Any]) -> MapSnapshot:
    """Return what was read of a map: keys and values, of how many CPUs, and what was told of the reading."""
    upcoming = told.get("upcoming")
    return MapSnapshot(
        tuple(Entry(key, by_cpu(value, cpus)) for key, value in entries),
        partial=bool(told.get("partial")),
        beyond=number_of(told.get("beyond", 0)),
        is_counted=not told.get("uncounted"),
        note=text_of(told.get("note", "")),
        upcoming=None if upcoming is None else bytes.fromhex(text_of(upcoming)),
    )


def by_cpu(value: bytes, cpus: int) -> tuple[bytes, ...]:
    """Return the values of all CPUs."""
    if cpus == 1:
        return (value,)
    size, rest = divmod(len(value), cpus)
    if rest:
        raise ValueError("a value is not of all CPUs")
    return tuple(value[at : at + size] for at in range(0, len(value), size)) if size else (b"",) * cpus


def records_of(packed: Any) -> tuple[bytes, ...]:
    """Return the records of a stream: a count, their lengths, and all of their bytes."""
    raw = inflated(packed)
    (count,) = unlittle("I", raw[:4])
    start = 4 + 4 * count
    lengths = unlittle("I", raw[4:start])
    if len(lengths) != count or len(raw) - start != sum(lengths):
        raise ValueError("records of a stream are cut off")
    found: list[bytes] = []
    for length in lengths:
        found.append(raw[start : start + length])
        start += length
    return tuple(found)


def floats_of(raw: Any) -> list[float]:
    """Return seconds that were written together."""
    if not isinstance(raw, bytes):
        raise TypeError("the times of a sample are no bytes")
    return [seconds_of(value) for (value,) in struct.iter_unpack("<f", raw)]


def info_of(told: Any) -> ProgramInfo:
    """Return what a runtime knew of a program; of what makes no sense, nothing."""
    empty = ProgramInfo(0, "", 0, 0, None, 0, 0)
    known = {
        each.name: told[each.name]
        for each in fields(ProgramInfo)
        if isinstance(told.get(each.name), type(getattr(empty, each.name)) | int)
        and isinstance(told[each.name], str) == isinstance(getattr(empty, each.name), str)
    }
    return replace(empty, **known)


def inflated(packed: Any) -> bytes:
    """Return what was compressed."""
    inflate = zlib.decompressobj()
    try:
        raw = inflate.decompress(packed, _LARGEST)
    except zlib.error:
        raise ValueError("a part of it cannot be unpacked") from None
    if not inflate.eof:
        raise ValueError("a part is cut off, or larger than any that is written")
    return raw


def json_of(value: Any) -> dict[str, Any]:
    """Return an object of JSON."""
    document = parse_json(text_of(value))
    if not isinstance(document, dict):
        raise TypeError("a part is no object of JSON")
    return cast("dict[str, Any]", document)


def text_of(value: Any) -> str:
    """Return a text, be it written as one or as bytes."""
    if isinstance(value, bytes):
        return text(value)
    if not isinstance(value, str):
        raise TypeError("a text is none")
    return value


def bytes_of(value: Any) -> bytes:
    """Return the bytes of a packet."""
    if not isinstance(value, bytes):
        raise TypeError("a packet is none")
    return value


def number_of(value: Any) -> int:
    """Return a number that is not below zero."""
    if not isinstance(value, int) or value < 0:
        raise TypeError("a number is none")
    return value


def cpus_of(value: Any) -> int:
    """Return how many CPUs there were."""
    if not isinstance(value, int) or value not in _CPUS:
        raise ValueError("no machine has so many CPUs")
    return value


def seconds_of(value: Any) -> float:
    """Return seconds."""
    if not isinstance(value, float | int) or not math.isfinite(value):
        raise TypeError("a time is none")
    return float(value)
