"""Arenas: memory that programs and user space share, handed out in pages."""

from __future__ import annotations

import mmap
from typing import TYPE_CHECKING, Final

from ...errors import LoadError
from .store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...btf import ByteOrder
    from ...maps import Shape
    from ...runtime import Entry
    from ..engine.memory import AddressSpace

__all__ = ["ArenaStore"]

_LARGEST_ARENA: Final = 1 << 28


class ArenaStore(Store):
    """`arena`: memory without entries, at a multiple of 4 GiB."""

    def __init__(self, name: str, shape: Shape, memory: AddressSpace, byte_order: ByteOrder = "little") -> None:
        super().__init__(name, shape, memory, byte_order)
        if shape.memory_size > _LARGEST_ARENA:
            raise LoadError(
                f"cannot create map {name} (arena): {shape.memory_size:,} bytes are more than the built-in machine's "
                f"{_LARGEST_ARENA:,}",
                hint="lower its max_entries (pages)",
            )
        self.region = memory.map(f"arena {name}", shape.memory_size, alignment=1 << 32)
        self._taken = bytearray(shape.max_entries)
        """By page, 1 where it is allocated."""

    def entries(self) -> Iterator[Entry]:
        """Iterate over nothing: there are no entries."""
        return iter(())

    def read_at(self, offset: int, size: int) -> bytes:
        """Return bytes of the arena."""
        return bytes(self.region.data[offset : offset + size])

    def write_at(self, offset: int, raw: bytes) -> None:
        """Overwrite bytes of the arena, as user space does: pages that it touches are allocated then."""
        self.region.data[offset : offset + len(raw)] = raw
        first, end = offset // mmap.PAGESIZE, -(-(offset + len(raw)) // mmap.PAGESIZE)
        self._taken[first:end] = b"\1" * (end - first)

    def page_of(self, address: int) -> int | None:
        """Return the number of the page at *address*, as programs or user space have it; None outside of the arena.

        A program that has cast a pointer back has only its lower 32 bits.
        """
        page = (address & 0xFFFF_FFFF) // mmap.PAGESIZE
        return page if page < self.shape.max_entries else None

    def take_pages(self, count: int, first: int | None = None) -> int | None:
        """Allocate pages, all zeros, in a row, from *first* on or anywhere; return the first one, None for no room."""
        page = self._taken.find(bytes(count)) if first is None else first
        if page < 0 or any(self._taken[page : page + count]) or page + count > len(self._taken):
            return None
        self._taken[page : page + count] = b"\1" * count
        return page

    def free_pages(self, first: int, count: int) -> None:
        """Give pages back; their contents are gone. Those that were not allocated stay free."""
        end = min(first + count, len(self._taken))
        count = max(0, end - first)
        self._taken[first:end] = bytes(count)
        at, size = first * mmap.PAGESIZE, count * mmap.PAGESIZE
        self.region.data[at : at + size] = bytes(size)
