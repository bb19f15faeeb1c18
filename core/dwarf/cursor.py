"""A place in bytes that moves on as they are read; whatever lies beyond the end is an error."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import ObjectError

if TYPE_CHECKING:
    from ..btf import ByteOrder

__all__ = ["Cursor"]

_MAX_LEB: int = 10
"""Bytes of a LEB128 number: as many as 64 bits need."""


class Cursor:
    """Reads numbers and texts one after the other.

    Args:
        data: The whole section.
        order: Of the object.
        name: The section, for errors.
        file: The file, for errors.
        at: Where to begin.
        end: Where to stop; None for the end of the section.
    """

    __slots__ = ("at", "data", "end", "file", "name", "order")

    def __init__(
        self, data: bytes, order: ByteOrder, name: str, file: str, *, at: int = 0, end: int | None = None
    ) -> None:
        self.data = data
        self.order: ByteOrder = order
        self.name = name
        self.file = file
        self.at = at
        self.end = len(data) if end is None else min(end, len(data))

    def error(self, reason: str) -> ObjectError:
        """Return an error that names this place."""
        return ObjectError(reason, file=self.file, section=self.name, offset=self.at)

    def part(self, size: int) -> Cursor:
        """Return a cursor over the next *size* bytes, and go on behind them."""
        start = self.at
        self.skip(size)
        return Cursor(self.data, self.order, self.name, self.file, at=start, end=self.at)

    def skip(self, size: int) -> None:
        """Leave out *size* bytes."""
        if size < 0 or self.at + size > self.end:
            raise self.error(f"it is cut off: {size} bytes are wanted, {max(self.end - self.at, 0)} are left")
        self.at += size

    def take(self, size: int) -> bytes:
        """Return the next *size* bytes."""
        start = self.at
        self.skip(size)
        return self.data[start : self.at]

    def unsigned(self, size: int) -> int:
        """Return the number in the next *size* bytes."""
        end = self.at + size
        if end > self.end:
            raise self.error(f"it is cut off within a number of {size} bytes")
        value = int.from_bytes(self.data[self.at : end], self.order)
        self.at = end
        return value

    def signed(self, size: int) -> int:
        """Return the signed number in the next *size* bytes."""
        return int.from_bytes(self.take(size), self.order, signed=True)

    def uleb(self) -> int:
        """Return an unsigned LEB128 number (DWARF 5, section 7.6)."""
        return self._leb()[0]

    def sleb(self) -> int:
        """Return a signed LEB128 number."""
        value, bits, last = self._leb()
        return value - (1 << bits) if last & 0x40 else value

    def _leb(self) -> tuple[int, int, int]:
        data, end = self.data, min(self.end, self.at + _MAX_LEB)
        value = shift = 0
        for at in range(self.at, end):
            byte = data[at]
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                self.at = at + 1
                return value, shift, byte
        raise self.error("it is cut off within a LEB128 number")

    def text(self) -> str:
        """Return the text up to the next NUL."""
        stop = self.data.find(b"\0", self.at, self.end)
        if stop < 0:
            raise self.error("a text has no end")
        found = self.data[self.at : stop]
        self.at = stop + 1
        return found.decode("utf-8", "replace")
