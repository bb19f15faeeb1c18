"""Followed: bytes of a packet, wherever they get to: programs move them, and each program has a packet of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..vm.world.packet import Moved, Packet

__all__ = ["Followed", "Lying", "Shift"]

_ROOM: Final = 1 << 16
"""Addresses that belong to a packet, from its region's first on."""
_FIELD: Final = 4
"""Bytes of the fields of a context that helpers change."""


class Followed(NamedTuple):
    """A byte of a frame."""

    offset: int
    """Where in it, from the link layer's header on."""
    moved: tuple[Moved, ...] = ()
    """What had moved in the frame by then."""

    @classmethod
    def at(cls, packet: Packet, address: int) -> Followed | None:
        """Return the byte of a packet that lies at an address; None where none of its frame does."""
        offset = address - packet.begin
        return cls(offset, packet.moved) if 0 <= offset < len(packet.hidden) + packet.length else None

    def within(self, packet: Packet) -> int | None:
        """Return where it is in the frame of a packet, sooner or later; None where it is not in it."""
        before, now = len(self.moved), len(packet.moved)
        ways = packet.moved[before:] if now >= before else [each.undone for each in reversed(self.moved[now:])]
        offset: int | None = self.offset
        for each in ways:
            offset = None if offset is None else each.to(offset)
        return offset


class Shift(NamedTuple):
    """What of a packet has moved in memory, as addresses behind that."""

    new: range
    """Bytes that were not there before."""
    moved: range
    """Those that were, elsewhere."""
    begin: int
    """Where the first of them lay."""


class Lying(NamedTuple):
    """Where a packet lies in memory, and what its context says."""

    base: int
    """Where its metadata begins, or the frame, where it has none."""
    begin: int
    """Where the frame begins."""
    moved: tuple[Moved, ...]
    context: int
    """Where the context begins."""
    fields: tuple[int, ...]
    """What is there, as numbers of 32 bits."""

    @classmethod
    def of(cls, packet: Packet) -> Lying:
        """Return it for a packet as it is now."""
        context, order = packet.context, packet.byte_order
        parts = range(0, context.size, _FIELD)
        fields = tuple(int.from_bytes(context.data[at : at + _FIELD], order) for at in parts)
        return cls(packet.region.base, packet.begin, packet.moved, context.base, fields)

    def since(self, before: Lying) -> Iterator[Shift]:
        """Iterate over what has moved since it lay as it did *before*, the latest first."""
        end = self.base + _ROOM
        for each in reversed(self.moved[len(before.moved) :]):
            at = self.begin + each.at
            new = range(at, at + max(each.by, 0))
            yield Shift(new, range(new.stop, end), new.stop - each.by)
        if self.base != before.base:
            yield Shift(range(0), range(self.begin, end), before.begin)
            return
        # The metadata grows at its beginning, and what is behind lies further from the region's.
        grown = (self.begin - self.base) - (before.begin - before.base)
        new = range(self.base, self.base + max(grown, 0))
        yield Shift(new, range(new.stop, end), new.stop - grown)
        # What leads to the packet is told anew, also where the machine has it at the same address as before.
        has_moved = bool(grown) or len(self.moved) > len(before.moved)
        for number, (here, there) in enumerate(zip(self.fields, before.fields, strict=True)):
            if here != there or (has_moved and self.base <= here < end):
                at = self.context + number * _FIELD
                yield Shift(range(at, at + _FIELD), range(0), 0)
