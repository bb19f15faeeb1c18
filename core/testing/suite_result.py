"""What programs of Cilium's test harness write into a map of their results: names, statuses and lines.

There are two forms. `suite_result_map` has one entry with a message of protocol buffers (bpf/tests/bpftest/trf.proto of
Cilium, and Kmesh's): results with a name, a status and lines, and lines of the whole. `suite_result_map2`, since 2026,
has an entry for each result (`struct suite_test_result` of bpf/tests/common.h).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["ENTRIES", "MESSAGE", "Result", "Status", "entry_result", "message_results", "status_of"]

MESSAGE: Final = "suite_result_map"
ENTRIES: Final = "suite_result_map2"
_CONVERSION: Final = re.compile(r"%(%|[-+ #0]*\d*(l{0,2})([diuxXsp]))")
_TEXT: Final = 256
"""Bytes of a name and of a line in an entry."""
_NAME, _STATUS, _COUNT, _LINES = 4, 260, 264, 268
"""Where an entry has them."""


class Status(Enum):
    """How a test ended."""

    ERROR = 0
    PASS = 1
    FAIL = 2
    SKIP = 3


@dataclass
class Result:
    """What one `TEST` of a check program came to, or the whole of it, which has no name."""

    name: str = ""
    status: Status | None = Status.PASS
    """None for one that is not known."""
    lines: list[str] = field(default_factory=list[str])


def status_of(code: int) -> Status | None:
    """Return what a status means: 0 to 3, and 100 to 103 since Cilium 1.18."""
    code = code - 100 if code >= 100 else code
    return Status(code) if 0 <= code <= 3 else None


def message_results(raw: bytes, byte_order: Literal["little", "big"]) -> tuple[list[Result], list[str]]:
    """Return the results of a message, and the lines of the whole. What is behind its end, or damaged, is left out.

    Args:
        raw: The map's entry.
        byte_order: Of the machine that wrote it: lines' arguments are numbers as it has them.
    """
    results: list[Result] = []
    lines: list[str] = []
    for number, value in _fields(raw):
        if number == 1 and isinstance(value, bytes):
            result = Result()
            for inner, part in _fields(value):
                if inner == 1 and isinstance(part, bytes):
                    result.name = _text(part)
                elif inner == 2 and isinstance(part, int):
                    result.status = status_of(part)
                elif inner == 3 and isinstance(part, bytes):
                    result.lines.append(_line(part, byte_order))
            results.append(result)
        elif number == 2 and isinstance(value, bytes):
            lines.append(_line(value, byte_order))
    return results, lines


def entry_result(raw: bytes, byte_order: Literal["little", "big"]) -> Result | None:
    """Return the result in an entry; None where it has none."""
    if len(raw) < _LINES or not raw[0]:
        return None
    count = min(raw[_COUNT], (len(raw) - _LINES) // _TEXT)
    lines = [_text(raw[at : at + _TEXT]) for at in range(_LINES, _LINES + count * _TEXT, _TEXT)]
    status = int.from_bytes(raw[_STATUS : _STATUS + 4], byte_order)
    return Result(_text(raw[_NAME : _NAME + _TEXT]), status_of(status), lines)


def _text(raw: bytes) -> str:
    return raw.partition(b"\0")[0].decode("utf-8", "replace")


def _line(raw: bytes, byte_order: Literal["little", "big"]) -> str:
    """Return a line: a format as bpf_trace_printk() takes it, and its arguments."""
    template, arguments = "", list[int]()
    for number, value in _fields(raw):
        if number == 1 and isinstance(value, bytes):
            template = _text(value)
        elif number == 2 and isinstance(value, bytes):
            arguments.append(int.from_bytes(value, byte_order))
    return _formatted(template, arguments)


def _formatted(template: str, arguments: Sequence[int]) -> str:
    left = iter(arguments)

    def shown(match: re.Match[str]) -> str:
        if match[1] == "%":
            return "%"
        value = next(left, None)
        if value is None:
            return "?"
        if match[3] == "p":
            return f"{value:#x}"
        bits = 64 if match[2] else 32
        value &= (1 << bits) - 1
        if match[3] in "di" and value >> (bits - 1):
            value -= 1 << bits
        return f"{value:{match[3]}}" if match[3] in "xX" else str(value)

    return _CONVERSION.sub(shown, template)


def _fields(raw: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield the fields of a message: their numbers, and a number or bytes; eight bytes of a fixed one stay bytes.

    https://protobuf.dev/programming-guides/encoding; zeros are behind the end of it.
    """
    at = 0
    while at < len(raw):
        tag, at = _varint(raw, at)
        kind = tag & 7
        if not tag >> 3 or at < 0:
            return
        if kind == 0:
            value, at = _varint(raw, at)
            if at < 0:
                return
            yield tag >> 3, value
            continue
        size = {1: 8, 5: 4}.get(kind, -1)
        if kind == 2:
            size, at = _varint(raw, at)
        if size < 0 or at < 0 or at + size > len(raw):
            return
        yield tag >> 3, raw[at : at + size]
        at += size


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    """Return a number and where it ends; -1 where it does not."""
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(raw):
            break
        value |= (raw[at] & 0x7F) << shift
        at += 1
        if not raw[at - 1] & 0x80:
            return value, at
    return value, -1
