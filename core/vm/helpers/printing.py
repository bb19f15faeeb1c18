"""Helpers that print: the format of bpf_trace_printk and bpf_snprintf (Documentation: printk-formats.rst)."""

from __future__ import annotations

import errno
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from ...runtime import PrintedLine
from ..engine.errors import RunError
from ..engine.image import is_kernel_address
from .declaration import ADDRESS, BYTES, LONGEST_TEXT, TEXT, U32, U64, function

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..world.host import Host

__all__: list[str] = []

_PART: Final = re.compile(r"%(?P<flags>[-+ #0]*)(?P<width>\d{0,3})(?P<long>l{0,2}|z)(?P<kind>[diuxXscp%])(?P<more>\w*)")
_UNPRINTABLE: Final = re.compile(rb"[^\t-\r -~]")
"""What is neither printable nor white space, or no ASCII: bpf_bprintf_prepare() refuses it in a format."""
_MOST_ARGUMENTS: Final = 12
"""MAX_BPRINTF_VARARGS."""
_LARGEST_FILE: Final = 8 << 12
"""Bytes that one call of an iterator's program may write (8 pages)."""


class _FormatError(Exception):
    """A format that the kernel does not take."""


@lru_cache(maxsize=1024)
def _parsed(template: bytes) -> tuple[str | re.Match[str], ...] | None:
    """Return a format as texts and conversions; None for what the kernel refuses."""
    if _UNPRINTABLE.search(template):
        return None
    pieces: list[str | re.Match[str]] = []
    at = 0
    text = template.decode("ascii")
    while (percent := text.find("%", at)) >= 0:
        match = _PART.match(text, percent)
        if match is None:
            return None
        pieces += (text[at:percent], match)
        at = match.end() if match["kind"] == "p" else match.start("more")
    pieces.append(text[at:])
    return tuple(pieces)


def _formatted(host: Host, template: bytes, arguments: list[int]) -> str:
    """Return a text; _FormatError for what the kernel refuses."""
    pieces = _parsed(template)
    if pieces is None:
        raise _FormatError
    left = iter(arguments)
    return "".join([piece if isinstance(piece, str) else _one(host, piece, left) for piece in pieces])


def _one(host: Host, match: re.Match[str], left: Iterator[int]) -> str:
    kind = match["kind"]
    if kind == "%":
        return "%"
    value = next(left, None)
    if value is None:
        raise _FormatError
    spec = f"%{match['flags']}{match['width']}"
    if kind == "s":
        return (spec + "s") % _text_at(host, value)
    if kind == "c":
        return chr(value & 0xFF)
    if kind == "p":
        if match["more"][:2] in ("i4", "I4"):
            return ".".join(str(byte) for byte in host.memory.read(value, 4))
        return f"{value:016x}"
    bits = 64 if match["long"] else 32
    value &= (1 << bits) - 1
    if kind in "di" and value >> (bits - 1):
        value -= 1 << bits
    return (spec + ("d" if kind in "diu" else kind)) % value


def _text_at(host: Host, address: int) -> str:
    """Return the text at an address; nothing where none is, as bpf_bprintf_prepare() has it."""
    found = host.memory.own_text(address, LONGEST_TEXT)
    if found is None and is_kernel_address(address):
        found = host.memory.image.text(address, LONGEST_TEXT)
    return (found or b"").decode("utf-8", "replace")


def _words(host: Host, raw: bytes) -> list[int] | None:
    """Return the arguments in an array of them; None where it has not the size of one."""
    if len(raw) % 8 or len(raw) > 8 * _MOST_ARGUMENTS:
        return None
    return [int.from_bytes(raw[at : at + 8], host.byte_order) for at in range(0, len(raw), 8)]


def _say(host: Host, template: bytes, arguments: list[int]) -> int:
    try:
        line = _formatted(host, template, arguments)
    except _FormatError:
        return -errno.EINVAL
    host.trace.append(PrintedLine(line.removesuffix("\n"), host.processor.running))
    return len(line)


@function(BYTES, U64, U64, U64)
def bpf_trace_printk(host: Host, template: bytes, *arguments: int) -> int:
    if not template.endswith(b"\0"):
        return -errno.EINVAL
    return _say(host, template.partition(b"\0")[0], list(arguments))


@function(BYTES, BYTES)
def bpf_trace_vprintk(host: Host, template: bytes, data: bytes) -> int:
    arguments = _words(host, data)
    if arguments is None:
        return -errno.EINVAL
    return _say(host, template.partition(b"\0")[0], arguments)


@function(ADDRESS, U32, TEXT, BYTES)
def bpf_snprintf(host: Host, target: int, size: int, template: bytes, data: bytes) -> int:
    arguments = _words(host, data)
    if arguments is None:
        return -errno.EINVAL
    try:
        raw = _formatted(host, template, arguments).encode("utf-8", "replace")
    except _FormatError:
        return -errno.EINVAL
    if size:
        host.memory.write(target, raw[: size - 1] + b"\0")
    return len(raw) + 1


@function(ADDRESS, BYTES, BYTES)
def bpf_seq_printf(host: Host, _file: int, template: bytes, data: bytes) -> int:
    arguments = _words(host, data)
    if arguments is None or not template.endswith(b"\0"):
        return -errno.EINVAL
    try:
        text = _formatted(host, template.partition(b"\0")[0], arguments)
    except _FormatError:
        return -errno.EINVAL
    return bpf_seq_write(host, _file, text.encode("utf-8", "replace"))


@function(ADDRESS, BYTES)
def bpf_seq_write(host: Host, _file: int, data: bytes) -> int:
    """Write to the file that an iterator is read as; it is what the run gives back."""
    if host.context is None:
        raise RunError("there is no file to write to: the program is no iterator")
    output = host.context.output
    if len(output) + len(data) > _LARGEST_FILE:
        return -errno.EOVERFLOW
    output += data
    return 0
