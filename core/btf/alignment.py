"""How C lays structs out: alignments, `packed`, and the padding that says what the compiler would not do by itself.

BTF has offsets and sizes but no attributes, so `packed` is found out: a struct is packed when a member is not where its
type wants to be, or when its size is no multiple of its alignment. The rules are those of libbpf's btf_dump.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from . import types as t

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .btf import Btf

__all__ = ["POINTER_SIZE", "Alignment", "padding"]

POINTER_SIZE: Final = 8
"""BPF is a 64-bit machine, and so are the kernels whose BTF is read."""

_UNITS: Final = (("long", 64), ("int", 32), ("short", 16), ("char", 8))
"""What padding is declared with, and its width in bits."""


class Alignment:
    """The alignments of a BTF's types, each computed once."""

    def __init__(self, btf: Btf) -> None:
        self._btf = btf
        self._known: dict[int, int] = {}

    def of(self, type_id: int) -> int:
        """Return the alignment of a type in bytes; 1 for what has none of its own, such as a packed struct."""
        known = self._known.get(type_id)
        if known is None:
            known = self._known[type_id] = self._compute(type_id)
        return known

    def _compute(self, type_id: int) -> int:
        found = self._btf.strip(type_id)
        match found:
            case t.Int(size=size) | t.Enum(size=size) | t.Float(size=size):
                return min(POINTER_SIZE, size) or 1
            case t.Pointer():
                return POINTER_SIZE
            case t.Array(element=element):
                return self.of(element)
            case t.Composite():
                widest = max((self.of(member.type_id) for member in found.members), default=1)
                return 1 if self._misplaced(found) or found.size % widest else widest
            case _:
                return 1

    def packed(self, composite: t.Composite) -> bool:
        """Whether a struct can only be as it is with `__attribute__((packed))`; unions never need it."""
        if composite.is_union:
            return False
        widest = max((self.of(member.type_id) for member in composite.members), default=1)
        return self._misplaced(composite) or composite.size % widest != 0

    def _misplaced(self, composite: t.Composite) -> bool:
        return any(not m.bit_size and m.bit_offset % (8 * self.of(m.type_id)) for m in composite.members)


def padding(at: int, to: int, alignment: int, *, after_bitfield: bool) -> Iterator[tuple[str, int]]:
    """Iterate over the unnamed bitfields (C type, width) that take a compiler from one offset to another.

    Nothing where the compiler goes there by itself. A width of 0 means: up to the next boundary of that type.

    Args:
        at: Where the last member ended, in bits.
        to: Where the next one begins, or the struct ends, in bits.
        alignment: That of what comes next, in bits.
        after_bitfield: Whether a bitfield comes before and after: then no alignment helps, bits are counted.
    """
    if at >= to:
        return
    # The largest unit that has a boundary on the way; behind it only whole units are needed, but for the last.
    unit, width = next((one for one in _UNITS if _round_up(at, one[1]) <= to), _UNITS[-1])
    edge = _round_up(at, width)
    if at < edge <= to:
        if after_bitfield:
            yield unit, edge - at
        elif edge == to:
            if _round_up(at, alignment) != to:
                yield unit, 0
        elif to - edge <= edge - at:
            # What is left would fit before the boundary, where the compiler would put it.
            yield unit, 0
        at = edge
    while to - at >= width:
        yield unit, width
        at += width
    if at < to:
        yield next(name for name, room in reversed(_UNITS) if room >= to - at), to - at


def _round_up(offset: int, unit: int) -> int:
    return -(-offset // unit) * unit
