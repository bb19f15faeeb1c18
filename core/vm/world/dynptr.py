"""Dynptrs: pointers to memory whose size only a run knows, 16 bytes of a program's stack (`struct bpf_dynptr_kern`).

What they hold is where the kernel has it: an address, in 32 bits size, type and whether it is read-only, an offset.
Nothing is remembered beside it, so that a program that overwrites one harms nobody: what it leads to is checked as
every access is.
"""

from __future__ import annotations

import enum
import struct
from typing import TYPE_CHECKING, Final, NamedTuple

from .packet import XdpPacket

if TYPE_CHECKING:
    from .host import Host
    from .packet import Packet

__all__ = ["DYNPTR_SIZE", "LARGEST", "NULL", "Dynptr", "DynptrKind"]

DYNPTR_SIZE: Final = 16
LARGEST: Final = (1 << 24) - 1
"""Bytes that one leads to at most (DYNPTR_MAX_SIZE)."""
_KIND_SHIFT: Final = 28
_READ_ONLY: Final = 1 << 31


class DynptrKind(enum.IntEnum):
    """What a dynptr leads to (`enum bpf_dynptr_type`)."""

    INVALID = 0
    LOCAL = 1
    RINGBUF = 2
    SKB = 3
    XDP = 4


class Dynptr(NamedTuple):
    """What one holds; all zeros is a null one."""

    address: int
    """Of the memory; of the context where it leads to the packet."""
    kind: int
    size: int
    offset: int
    read_only: bool = False

    @classmethod
    def load(cls, host: Host, place: int) -> Dynptr:
        """Read the one at *place*; AccessError where nothing can be read."""
        raw = host.memory.read(place, DYNPTR_SIZE)
        address, size, offset = struct.unpack(_layout(host), raw)
        kind = (size & ~_READ_ONLY) >> _KIND_SHIFT
        return cls(address, kind, size & LARGEST, offset, bool(size & _READ_ONLY))

    def store(self, host: Host, place: int) -> None:
        """Write it to *place*; AccessError where nothing can be written."""
        size = self.size | self.kind << _KIND_SHIFT | (_READ_ONLY if self.read_only else 0)
        host.memory.write(place, struct.pack(_layout(host), self.address, size, self.offset & 0xFFFF_FFFF))

    def has(self, offset: int, length: int) -> bool:
        """Whether *length* bytes from *offset* on lie within it."""
        return length <= self.size and offset <= self.size - length

    def packet(self, host: Host) -> Packet | None:
        """Return the packet that it leads to; None where it leads to memory, or to another run's packet."""
        found = host.packet
        is_packet = self.kind in (DynptrKind.SKB, DynptrKind.XDP)
        return found if is_packet and found is not None and found.context.base == self.address else None

    def place(self, host: Host, offset: int, length: int) -> int | None:
        """Return the address of *length* bytes at *offset*, which it has; None where they do not lie in one piece, or
        where its packet is too short by now."""
        if self.kind in (DynptrKind.LOCAL, DynptrKind.RINGBUF):
            return self.address + self.offset + offset
        packet = self.packet(host)
        if packet is None:
            return None
        start = self.offset + offset + (packet.meta if isinstance(packet, XdpPacket) else 0)
        return packet.region.base + start if start + length <= len(packet.data) else None

    def read(self, host: Host, offset: int, length: int) -> bytes | None:
        """Return *length* bytes at *offset*, which it has; None where its packet is too short by now."""
        packet = self.packet(host)
        if packet is not None:
            return packet.read(self.offset + offset, length)
        place = self.place(host, offset, length)
        return None if place is None else host.memory.read(place, length)

    def write(self, host: Host, offset: int, data: bytes) -> bool:
        """Write *data* at *offset*, where it has room for it; False where its packet is too short by now."""
        packet = self.packet(host)
        if packet is not None:
            return packet.write(self.offset + offset, data)
        place = self.place(host, offset, len(data))
        if place is not None:
            host.memory.write(place, data)
        return place is not None


NULL: Final = Dynptr(0, DynptrKind.INVALID, 0, 0)


def _layout(host: Host) -> str:
    return "<QII" if host.byte_order == "little" else ">QII"
