"""Where the members of a struct lie: offsets, holes, padding and cache lines, as pahole shows them."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..errors import TypeMismatchError
from . import types as t
from .alignment import Alignment
from .declare import declaration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .btf import Btf
    from .ctype import CType

__all__ = ["CACHELINE", "Gaps", "Layout", "Row", "RowKind", "layout"]

_ROOM: Final = 1 << 17
"""How many parts the declarations of a struct's members may have in all."""
_FEW_PARTS: Final = 64
CACHELINE: Final = 64
"""Bytes of a cache line on x86-64 and on most arm64 machines."""


class RowKind(enum.StrEnum):
    """What a row of a layout is."""

    MEMBER = "member"
    OPEN = "open"
    """The first line of an anonymous struct or union, whose members follow one step deeper."""
    CLOSE = "close"
    """Its last line."""
    HOLE = "hole"
    """Bytes between two members that belong to none."""
    BIT_HOLE = "bit hole"
    """Bits between two members that belong to none."""
    PADDED = "padded"
    """The struct of the row before ends with padding."""
    CACHELINE = "cacheline"
    """A cache line began here, or within the member before."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a layout."""

    kind: RowKind
    depth: int
    """1 for the struct's own members."""
    offset: int
    """In bytes from the start of the outermost struct; of a bitfield that of the integer that holds it."""
    size: int
    """In bytes; of a bitfield that of its integer, of a BIT_HOLE in bits."""
    bit_offset: int = 0
    """Of a bitfield: within its integer, counted as BTF does: on a big-endian machine from the most significant bit."""
    bit_size: int = 0
    """Of a bitfield; 0 for every other member."""
    type: str = ""
    """The declaration as far as the type goes: `struct sock *`, `int`."""
    declarator: str = ""
    """The rest of the declaration: `sk`, `points[2]`, `(*call)(int)`."""

    @property
    def declaration(self) -> str:
        """The member as C: `struct sock *sk`, `int (*call)(int)`, `unsigned int one:1`."""
        joint = "" if self.type.endswith("*") else " "
        width = f":{self.bit_size}" if self.bit_size else ""
        return f"{self.type}{joint}{self.declarator}{width}".strip()


@dataclass(frozen=True, slots=True)
class Gaps:
    """What of a struct belongs to no member; of a union nothing counts."""

    holes: tuple[int, ...] = ()
    """Bytes of each hole."""
    bit_holes: tuple[int, ...] = ()
    """Bits of each hole beside a bitfield."""
    padding: int = 0
    """Bytes at the end."""
    bit_padding: int = 0
    """Bits behind a bitfield at the end, before `padding`."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The layout of one struct or union."""

    title: str
    """`struct point`, or `typedef struct`."""
    name: str
    """What stands behind the closing brace: the name of a typedef, else ''."""
    size: int
    """In bytes."""
    is_union: bool
    packed: bool
    members: int
    """How many of its own; those of anonymous structs do not count."""
    member_bytes: int
    """Bytes of the members that are no bitfields."""
    member_bits: int
    """Bits of those that are."""
    gaps: Gaps
    paddings: tuple[int, ...]
    """Bytes of padding at the end of members that are structs."""
    rows: tuple[Row, ...]

    @property
    def cachelines(self) -> int:
        """How many cache lines it touches when it begins with one."""
        return -(-self.size // CACHELINE)


def layout(ctype: CType) -> Layout:
    """Return the layout of a struct or union, typedefs and qualifiers removed.

    Raises:
        TypeMismatchError: It is neither.
        ObjectError: The BTF is damaged there.
    """
    found = ctype.stripped
    if not isinstance(found, t.Composite):
        raise TypeMismatchError(f"{ctype.c_text} is no struct and no union: it has no layout")
    ctype.check()
    word = "union" if found.is_union else "struct"
    outer = ctype.btf.type(ctype.id)
    name = outer.name if isinstance(outer, t.Typedef) and not found.name else ""
    builder = _Builder(ctype.btf, len(found.members))
    builder.add(found, 0, 1)
    return Layout(
        title=f"typedef {word}" if name else f"{word} {found.name}".rstrip(),
        name=name,
        size=found.size,
        is_union=found.is_union,
        packed=builder.alignment.packed(found),
        members=len(found.members),
        member_bytes=sum(ctype.btf.size(m.type_id) for m in found.members if not m.bit_size),
        member_bits=sum(m.bit_size for m in found.members),
        gaps=_gaps(ctype.btf, found),
        paddings=tuple(filter(None, (_end_padding(ctype.btf, member) for member in found.members))),
        rows=tuple(builder.rows),
    )


class _Builder:
    """Collects the rows of a struct and of the anonymous ones inside it."""

    def __init__(self, btf: Btf, members: int) -> None:
        self.btf = btf
        self.room = max(_ROOM // (members or 1), _FEW_PARTS)
        """How many parts the declaration of a member may have."""
        self.alignment = Alignment(btf)
        self.rows: list[Row] = []
        self.line = 0

    def add(self, composite: t.Composite, base: int, depth: int) -> None:
        """Add the members of a struct that begins *base* bytes from the start, with the gaps before them."""
        gaps = dict(_gaps_before(self.btf, composite))
        line = self.line
        for index, member in enumerate(composite.members):
            if composite.is_union:
                # Each member begins anew, and what comes behind the union does not know how far they went.
                self.line = line
            bits, size = gaps.get(index, (0, 0))
            offset, bit_offset, width = _storage(self.btf, member)
            if bits:
                self.rows.append(Row(RowKind.BIT_HOLE, depth, base + offset - size, bits))
            if size:
                self.rows.append(Row(RowKind.HOLE, depth, base + offset - size, size))
            self._mark_cacheline(base + offset, depth)
            inner = _element(self.btf, member.type_id)
            last = index == len(composite.members) - 1
            if isinstance(inner, t.Composite) and not inner.name:
                word = "union" if inner.is_union else "struct"
                self.rows.append(Row(RowKind.OPEN, depth, base + offset, width, type=word))
                self.add(inner, base + offset, depth + 1)
                packed = "__attribute__((__packed__))" if self.alignment.packed(inner) else ""
                declarator = member.name + _dimensions(self.btf, member.type_id)
                self.rows.append(Row(RowKind.CLOSE, depth, base + offset, width, type=packed, declarator=declarator))
            else:
                kind, declarator = _declarator(self.btf, member, last, self.room)
                row = Row(RowKind.MEMBER, depth, base + offset, width, bit_offset, member.bit_size, kind, declarator)
                self.rows.append(row)
            padded = _end_padding(self.btf, member)
            if padded and not composite.is_union:
                self.rows.append(Row(RowKind.PADDED, depth, base + offset + width - padded, padded))
        if composite.is_union:
            self.line = line

    def _mark_cacheline(self, offset: int, depth: int) -> None:
        if offset // CACHELINE > self.line:
            self.line = offset // CACHELINE
            self.rows.append(Row(RowKind.CACHELINE, depth, offset, offset % CACHELINE))


def _element(btf: Btf, type_id: int) -> t.BtfType:
    """Return what an array is of, typedefs left alone; else the type itself."""
    found = btf.type(type_id)
    while isinstance(found, t.Array | t.Modifier):
        found = btf.type(found.element if isinstance(found, t.Array) else found.target)
    return found


def _declarator(btf: Btf, member: t.Member, last: bool, room: int) -> tuple[str, str]:
    """Return the type and the rest of a member's declaration. Only at the end has an array of nothing no length."""
    head, _, tail = declaration(btf, member.type_id, "\0", room=room).partition("\0")
    if not last and tail.startswith("[]"):
        tail = tail.replace("[]", "[0]", 1)
    before, parenthesis, stars = head.partition(" (")
    if parenthesis and not before.endswith("{"):
        return before, f"({stars}{member.name}{tail}"
    return head.rstrip(), f"{member.name}{tail}"


def _dimensions(btf: Btf, type_id: int) -> str:
    """Return `[2][3]` for an array, '' for everything else."""
    text = ""
    while isinstance(found := btf.type(type_id), t.Array | t.Modifier):
        if isinstance(found, t.Array):
            text += f"[{found.count or ''}]"
        type_id = found.element if isinstance(found, t.Array) else found.target
    return text


def _storage(btf: Btf, member: t.Member) -> tuple[int, int, int]:
    """Return the offset in bytes, the bits from there, and the size in bytes of what holds a member.

    A bitfield is held by an integer of its type at a multiple of that type's size, unless it is packed and crosses two.
    """
    size = btf.size(member.type_id)
    if not member.bit_size:
        return member.bit_offset // 8, 0, size
    unit = size * 8 or 8
    start = member.bit_offset // unit * unit
    if member.bit_offset + member.bit_size > start + unit:
        start = member.bit_offset // 8 * 8
    return start // 8, member.bit_offset - start, size


def _gaps_before(btf: Btf, composite: t.Composite) -> Iterator[tuple[int, tuple[int, int]]]:
    """Iterate over the gaps: index of the member behind it, bits and bytes. Index -1: what is left at the end.

    What a bitfield leaves of its integer counts as bits, and so does what comes before one in its integer.
    """
    if composite.is_union:
        return
    at = held = 0
    """Where the last member ends and where what holds it does, in bits."""
    for index, member in enumerate(composite.members):
        offset, _, size = _storage(btf, member)
        begin = member.bit_offset
        if begin > at:
            own = max(offset * 8, at) if member.bit_size else begin
            reached = min(held, own) if held > at else at
            yield index, (reached - at + begin - own, (own - reached) // 8)
        end = begin + (member.bit_size or size * 8)
        if end >= at:
            at = end
            held = max(held, (offset + size) * 8) if member.bit_size else end
    if composite.size * 8 > at:
        reached = min(max(held, at), composite.size * 8)
        yield -1, (reached - at, composite.size - reached // 8)


def _gaps(btf: Btf, composite: t.Composite) -> Gaps:
    found = dict(_gaps_before(btf, composite))
    bit_padding, padding = found.pop(-1, (0, 0))
    return Gaps(
        holes=tuple(size for _, size in found.values() if size),
        bit_holes=tuple(bits for bits, _ in found.values() if bits),
        padding=padding,
        bit_padding=bit_padding,
    )


def _end_padding(btf: Btf, member: t.Member) -> int:
    """Return the bytes of padding with which a member that is a struct ends."""
    found = btf.strip(member.type_id)
    return _gaps(btf, found).padding if isinstance(found, t.Composite) else 0
