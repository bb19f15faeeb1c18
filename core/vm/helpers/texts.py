"""Helpers that print: the format of bpf_trace_printk and bpf_snprintf (Documentation: printk-formats.rst)."""

from __future__ import annotations

import errno
import re
from typing import TYPE_CHECKING, Final

from ..errors import AccessError
from ..host import negative

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..host import Host

__all__ = ["helpers"]

_PART: Final = re.compile(r"%(?P<flags>[-+ #0]*)(?P<width>\d{0,3})(?P<long>l{0,2}|z)(?P<kind>[diuxXscp%])(?P<more>\w*)")
_LONGEST: Final = 1024
"""Bytes of one printed line (MAX_BPRINTF_BUF)."""


class _FormatError(Exception):
    """A format that the kernel does not take."""


def helpers(host: Host) -> dict[str, Callable[..., int]]:
    """Return the helpers of this area by name."""
    memory = host.memory

    def text_at(address: int) -> str:
        try:
            return host.text(address, _LONGEST).decode("utf-8", "replace")
        except AccessError:
            return "(efault)"

    def formatted(template: bytes, arguments: list[int]) -> str:
        pieces: list[str] = []
        left = list(arguments)
        at = 0
        text = template.decode("latin-1")
        while (percent := text.find("%", at)) >= 0:
            pieces.append(text[at:percent])
            match = _PART.match(text, percent)
            if match is None:
                raise _FormatError
            at = match.start("more")
            if match["kind"] == "%":
                pieces.append("%")
                continue
            if not left:
                raise _FormatError
            value = left.pop(0)
            if match["kind"] == "p":
                at = match.end()
            pieces.append(one(match, value))
        pieces.append(text[at:])
        return "".join(pieces)

    def one(match: re.Match[str], value: int) -> str:
        kind, bits = match["kind"], 64 if match["long"] else 32
        spec = f"%{match['flags']}{match['width']}"
        if kind == "s":
            return (spec + "s") % text_at(value)
        if kind == "c":
            return chr(value & 0xFF)
        if kind == "p":
            if match["more"][:2] in ("i4", "I4"):
                return ".".join(str(byte) for byte in memory.read(value, 4))
            return f"{value:016x}"
        value &= (1 << bits) - 1
        if kind in "di" and value >> (bits - 1):
            value -= 1 << bits
        return (spec + ("d" if kind in "diu" else kind)) % value

    def say(template: bytes, arguments: list[int]) -> int:
        try:
            line = formatted(template, arguments)
        except _FormatError:
            return negative(errno.EINVAL)
        host.trace.append(line.removesuffix("\n"))
        return len(line)

    def trace_printk(template: int, size: int, *arguments: int) -> int:
        raw = memory.read(template, size & 0xFFFF_FFFF)
        if not raw.endswith(b"\0"):
            return negative(errno.EINVAL)
        return say(raw.partition(b"\0")[0], list(arguments))

    def words(data: int, size: int) -> list[int] | None:
        size &= 0xFFFF_FFFF
        if size % 8 or size > 96 or (size and not data):
            return None
        return [host.integer(data + at, 8) for at in range(0, size, 8)]

    def trace_vprintk(template: int, size: int, data: int, data_size: int, *_: int) -> int:
        arguments = words(data, data_size)
        if arguments is None:
            return negative(errno.EINVAL)
        return say(memory.read(template, size & 0xFFFF_FFFF).partition(b"\0")[0], arguments)

    def snprintf(target: int, size: int, template: int, data: int, data_size: int) -> int:
        arguments = words(data, data_size)
        if arguments is None:
            return negative(errno.EINVAL)
        try:
            raw = formatted(host.text(template, _LONGEST), arguments).encode("utf-8", "replace")
        except _FormatError:
            return negative(errno.EINVAL)
        if size := size & 0xFFFF_FFFF:
            kept = raw[: size - 1] + b"\0"
            memory.write(target, kept)
        return len(raw) + 1

    def parse_number(source: int, size: int, flags: int, result: int, *, signed: bool) -> int:
        base = flags & 0x1F
        if base not in (0, 8, 10, 16) or flags & ~0x1F or not size:
            return negative(errno.EINVAL)
        text = memory.read(source, size).partition(b"\0")[0].decode("latin-1")
        sign = "-?" if signed else ""
        digits = {0: r"(0[xX][0-9a-fA-F]+|\d+)", 8: "[0-7]+", 10: r"\d+", 16: "(0[xX])?[0-9a-fA-F]+"}[base]
        match = re.match(rf"\s*({sign}{digits})", text, re.ASCII)
        if match is None:
            return negative(errno.EINVAL)
        octal = base == 0 and re.fullmatch(r"-?0[0-7]+", match[1])
        value = int(match[1], 8 if octal else base)
        if not (-(1 << 63) <= value < 1 << 63 if signed else value < 1 << 64):
            return negative(errno.ERANGE)
        host.put_integer(result, value, 8)
        return match.end()

    def strtol(source: int, size: int, flags: int, result: int, *_: int) -> int:
        return parse_number(source, size, flags, result, signed=True)

    def strtoul(source: int, size: int, flags: int, result: int, *_: int) -> int:
        return parse_number(source, size, flags, result, signed=False)

    names = (trace_printk, trace_vprintk, snprintf, strtol, strtoul)
    return {function.__name__: function for function in names}
