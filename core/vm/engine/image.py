"""MemoryImage: memory of a kernel and of processes that a user gives, for programs to read from as they do in tracing.

Programs do not reach it by plain loads. It is what `bpf_probe_read*` and `bpf_copy_from_user*` read, and what loads by
typed pointers of the kernel's do, which give 0 where nothing is (`BPF_PROBE_MEM`, Linux 5.5).
"""

from __future__ import annotations

import mmap
from bisect import bisect_right
from os import PathLike
from typing import TYPE_CHECKING, Final, TypeAlias

from ...errors import UsageError, ValueRangeError
from ...files import unreadable
from .errors import Lack, RunError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ...btf import ByteOrder

__all__ = ["MemoryImage", "MemoryPart", "is_kernel_address", "parse_memory"]

MemoryPart: TypeAlias = "bytes | bytearray | memoryview | PathLike[str]"
"""The bytes from an address on, or the file that holds them."""

_KERNEL: Final = 0xFF00_0000_0000_0000
_USER_END: Final = 0x0100_0000_0000_0000
"""Where addresses of the kernel begin, and where those of processes end: with 57 bits, the most that x86 has."""
_END: Final = 1 << 64
_ASKED: Final = 1 << 32
"""From where on it is asked for memory of processes: below it are the machine's own, and what is close to NULL."""
_EDGE: Final = 1 << 16
"""Bytes at the end of all addresses that are what is close to NULL, too: errnos, NULL minus an offset."""


def is_kernel_address(address: int) -> bool:
    """Whether an address is one of the kernel's, and no process's."""
    return address >= _KERNEL


class MemoryImage:
    """Bytes by their addresses.

    Args:
        parts: By the address of its first byte, each part; those that meet are read as one. Files are not read before
            a program asks for what they hold, and are not to be cut short until then.
        asks: Whether a read of what is in none of them ends the run with an error that tells what is lacking. An
            address that could be no pointer's is not asked for.
        byte_order: That of the programs.

    Raises:
        UsageError: A part is empty, overlaps another one, or lies where no address is.
        ObjectError: A file cannot be read.
    """

    def __init__(
        self, parts: Mapping[int, MemoryPart], *, asks: bool = False, byte_order: ByteOrder = "little"
    ) -> None:
        self._asks = asks
        self._byte_order: ByteOrder = byte_order
        self.parts: list[tuple[int, memoryview]] = sorted(
            (address, memoryview(_opened(part) if isinstance(part, PathLike) else part).cast("B"))
            for address, part in parts.items()
        )
        """Address and bytes of each, by address."""
        self._starts = [address for address, _ in self.parts]
        free = 0
        for address, data in self.parts:
            _check_place(address, len(data), free)
            free = address + len(data)

    def check(self, address: int, size: int) -> None:
        """Raise UsageError where bytes cannot be given besides, in one piece."""
        behind = bisect_right(self._starts, address)
        start, data = self.parts[behind - 1] if behind else (0, b"")
        _check_place(address, size, start + len(data))
        if behind < len(self._starts) and (start := self._starts[behind]) < address + size:
            raise UsageError(
                f"the memory at {start:#x} overlaps what lies before it, which ends at {address + size:#x}"
            )

    def read(self, address: int, size: int) -> bytes | None:
        """Return a copy of *size* bytes at *address*; None where not all of them are there.

        Raises:
            RunError: They are not, and it is to be asked for what is missing.
        """
        found = self._from(address, size)
        if len(found) < size:
            self._ask(address + len(found), size - len(found))
            return None
        return found

    def text(self, address: int, size: int) -> bytes | None:
        """Return the bytes from *address* to the next zero, at most *size* of them; None where it is not there.

        Errors as those of `read`.
        """
        found = self._from(address, size)
        text, zero, _ = found.partition(b"\0")
        if not zero and len(found) < size:
            self._ask(address + len(found), size - len(found))
            return None
        return text

    def _ask(self, address: int, size: int) -> None:
        """End the run where it is to be asked for memory of which nothing is known."""
        if not self._asks or not (_ASKED <= address < _USER_END or _KERNEL <= address < _END - _EDGE):
            return
        behind = bisect_right(self._starts, address)
        if behind < len(self._starts):
            size = min(size, self._starts[behind] - address)
        lacks = Lack(address=address, size=size, byte_order=self._byte_order)
        raise RunError(f"nothing is known of {lacks.text}", lacks=lacks)

    def _from(self, address: int, size: int) -> bytes:
        """Return what there is of *size* bytes, up to the first that is missing."""
        found = bytearray()
        at = bisect_right(self._starts, address) - 1
        while 0 <= at < len(self.parts) and len(found) < size:
            start, data = self.parts[at]
            begin = address + len(found) - start
            if not 0 <= begin < len(data):
                break
            found += data[begin : begin + size - len(found)]
            at += 1
        return bytes(found)


def _check_place(address: int, size: int, free: int) -> None:
    """Raise UsageError where a part of memory cannot lie; what lies before it ends at *free*."""
    end = address + size
    if not size:
        raise UsageError(f"the memory at {address:#x} is empty")
    if address < free:
        raise UsageError(f"the memory at {address:#x} overlaps what lies before it, which ends at {free:#x}")
    if not (address >= 0 and end <= _USER_END) and not (address >= _KERNEL and end <= _END):
        raise UsageError(
            f"the memory at {address:#x} ({size} bytes) lies where no address is",
            hint=f"processes have addresses up to {_USER_END - 1:#x}, the kernel from {_KERNEL:#x} on",
        )


def _opened(path: PathLike[str]) -> bytes | mmap.mmap:
    try:
        with open(path, "rb") as file:
            try:
                return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            except (OSError, ValueError):  # a pipe, a file of /proc; an empty one
                return file.read()
    except OSError as error:
        raise unreadable(path, error) from error


def parse_memory(texts: Iterable[str]) -> dict[int, MemoryPart]:
    """Read `ADDRESS=FILE` or `ADDRESS=hex:BYTES` as what `Settings.memory` takes.

    Raises:
        UsageError: One is not of that form, or the parts are not ones that a MemoryImage can have.
        ObjectError: A file cannot be read.
        ValueRangeError: An address does not fit 64 bits.
    """
    from pathlib import Path

    found: dict[int, MemoryPart] = {}
    hint = "for example 0xffff888000001000=hex:0102 or 0x7f0000000000=dump.bin"
    for text in texts:
        number, equals, what = (piece.strip() for piece in text.partition("="))
        try:
            address = int(number, 0)
        except ValueError:
            address = -1
        if address < 0 or not equals or not what:
            raise UsageError(f"--memory {text!r} is not of the form ADDRESS=FILE or ADDRESS=hex:BYTES", hint=hint)
        if address >= _END:
            raise ValueRangeError(f"--memory {text!r}: {number} does not fit 64 bits")
        if address in found:
            raise UsageError(f"--memory {text!r}: there is memory at {number} already")
        if not what.startswith("hex:"):
            found[address] = Path(what)
            continue
        try:
            found[address] = bytes.fromhex(what.removeprefix("hex:"))
        except ValueError:
            raise UsageError(f"--memory {text!r}: these are no bytes", hint=hint) from None
    MemoryImage(found)
    return found
