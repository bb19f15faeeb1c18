"""A struct of one BTF beside that of another: which members are where, which moved, which have another type or size."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..errors import ObjectError
from . import types as t
from .compatible import essential_name
from .ctype import CType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .btf import Btf

__all__ = ["Beside", "BesideRow", "Difference", "Place", "beside", "counterpart"]

_MAX_DEPTH: Final = 8
"""Pointers and arrays that a type is followed through, and anonymous structs that members are in."""
_MAX_MEMBERS: Final = 10_000


class Difference(enum.Flag):
    """In what a member differs from that of the same name."""

    NONE = 0
    MISSING = enum.auto()
    """The other has no member of that name."""
    ADDED = enum.auto()
    """Only the other has it."""
    MOVED = enum.auto()
    """It begins elsewhere."""
    RESIZED = enum.auto()
    """It has another size."""
    RETYPED = enum.auto()
    """It has another type."""

    @property
    def text(self) -> str:
        """In words: `moved, other size`; empty where nothing differs."""
        return ", ".join(_WORDS[each] for each in Difference if each in self)


_WORDS: Final = {
    Difference.MISSING: "missing there",
    Difference.ADDED: "only there",
    Difference.MOVED: "moved",
    Difference.RESIZED: "other size",
    Difference.RETYPED: "other type",
}


@dataclass(frozen=True, slots=True)
class Place:
    """A member as one of the two has it."""

    type: str
    """Its type as C."""
    bit_offset: int
    """From the start of the struct."""
    bits: int
    """Its size."""
    is_bitfield: bool

    @property
    def where(self) -> str:
        """Its offset in bytes; of a bitfield with its first bit: `16`, `20:3`."""
        whole, bit = divmod(self.bit_offset, 8)
        return f"{whole}:{bit}" if self.is_bitfield else str(whole)

    @property
    def extent(self) -> str:
        """Its size: bytes, or of a bitfield bits: `8`, `3 bits`."""
        return f"{self.bits} bit{'' if self.bits == 1 else 's'}" if self.is_bitfield else str(self.bits // 8)


@dataclass(frozen=True, slots=True)
class BesideRow:
    """A member; those of anonymous structs are members of what they are in, as in C."""

    name: str
    here: Place | None
    there: Place | None
    difference: Difference


@dataclass(frozen=True, slots=True)
class Beside:
    """Two structs, member by member."""

    here: CType
    there: CType
    rows: tuple[BesideRow, ...]
    """In the order of the first struct; what only the other has follows what it follows there."""

    @property
    def differs(self) -> bool:
        """Whether they differ in what the first one has, or in their size."""
        return self.here.size != self.there.size or any(row.difference for row in self.rows)

    def count(self, difference: Difference) -> int:
        """Return how many members differ so."""
        return sum(difference in row.difference for row in self.rows)

    @property
    def summary(self) -> str:
        """What differs, counted: `2 moved, 1 missing there`; `the same` where nothing does."""
        counts = [(self.count(each), _WORDS[each]) for each in Difference]
        parts = [f"{count} {word}" for count, word in counts if count]
        if self.here.size != self.there.size:
            parts.append(f"{self.here.size} bytes here, {self.there.size} there")
        return ", ".join(parts) or "the same"


def counterpart(ctype: CType, other: Btf) -> CType | None:
    """Return the struct or union of the same name in another BTF, flavours (`___older`) aside; None without one."""
    found = ctype.stripped
    if not isinstance(found, t.Composite):
        return None
    name = found.name
    if not name:  # a typedef of a struct without a name
        outer = ctype.btf.type(ctype.id)
        name = outer.name if isinstance(outer, t.Typedef) else ""
        for at in other.find_all(name) if name else ():
            candidate = CType(other, at)
            if isinstance(other.type(at), t.Typedef) and isinstance(candidate.stripped, t.Composite):
                return candidate
        return None
    for at in other.find_all(essential_name(name)):
        candidate = other.type(at)
        if isinstance(candidate, t.Composite) and candidate.is_union == found.is_union:
            return CType(other, at)
    return None


def beside(here: CType, there: CType) -> Beside:
    """Return a struct or union beside another one.

    Raises:
        ObjectError: One of the BTFs is damaged there.
        LimitError: Anonymous structs in each other make more members than there are bytes.
    """
    ours, theirs = _members(here), _members(there)
    rows: list[BesideRow] = []
    # What only the other has is put behind the member that it follows there, where this one has that.
    follows: dict[str, list[str]] = {}
    before = ""
    for name in theirs:
        if name in ours:
            before = name
        else:
            follows.setdefault(before, []).append(name)

    def add(names: list[str]) -> None:
        for name in names:
            rows.append(BesideRow(name, None, _place(there, *theirs[name]), Difference.ADDED))

    add(follows.pop("", []))
    for name, (type_id, offset, bits) in ours.items():
        place = _place(here, type_id, offset, bits)
        if name in theirs:
            other = _place(there, *theirs[name])
            # A char has a sign in some kernels, and is written alike.
            is_alike = place.type == other.type or _alike(here.btf, type_id, there.btf, theirs[name][0])
            rows.append(BesideRow(name, place, other, _difference(place, other, is_alike=is_alike)))
        else:
            rows.append(BesideRow(name, place, None, Difference.MISSING))
        add(follows.pop(name, []))
    return Beside(here, there, tuple(rows))


def _difference(here: Place, there: Place, *, is_alike: bool) -> Difference:
    found = Difference.NONE
    if here.bit_offset != there.bit_offset:
        found |= Difference.MOVED
    if here.bits != there.bits or here.is_bitfield != there.is_bitfield:
        found |= Difference.RESIZED
    if not is_alike:
        found |= Difference.RETYPED
    return found


def _place(of: CType, type_id: int, offset: int, bits: int) -> Place:
    ctype = CType(of.btf, type_id)
    return Place(ctype.c_text, offset, bits or 8 * of.btf.size(type_id), bool(bits))


def _members(ctype: CType) -> dict[str, tuple[int, int, int]]:
    """Return the named members: type, offset in bits, and the bits of a bitfield, else 0."""
    found: dict[str, tuple[int, int, int]] = {}

    def walk(composite: t.Composite, offset: int, depth: int) -> Iterator[tuple[str, tuple[int, int, int]]]:
        for member in composite.members:
            ctype.btf.budget.spend()
            at = offset + member.bit_offset
            if member.name:
                yield member.name, (member.type_id, at, member.bit_size)
                continue
            inner = ctype.btf.strip(member.type_id)
            if isinstance(inner, t.Composite) and depth < _MAX_DEPTH:
                yield from walk(inner, at, depth + 1)

    outer = ctype.stripped
    assert isinstance(outer, t.Composite)
    for name, place in walk(outer, 0, 0):
        found.setdefault(name, place)
        if len(found) > _MAX_MEMBERS:
            raise ObjectError(f"{ctype.c_text} has more than {_MAX_MEMBERS:,} members", file=ctype.btf.file)
    return found


def _alike(one: Btf, one_id: int, other: Btf, other_id: int) -> bool:
    """Whether two types are written alike: typedefs, qualifiers and flavours aside."""
    for _ in range(_MAX_DEPTH):
        ours, theirs = one.strip(one_id), other.strip(other_id)
        match ours, theirs:
            case (t.Pointer(target=one_id), t.Pointer(target=other_id)):
                continue
            case (t.Array(element=one_id, count=count), t.Array(element=other_id, count=counted)):
                if count != counted:
                    return False
            case t.Int(), t.Int():
                return (ours.size, ours.signed, ours.is_bool) == (theirs.size, theirs.signed, theirs.is_bool)
            case (t.Composite() | t.Enum() | t.Forward(), t.Composite() | t.Enum() | t.Forward()):
                return essential_name(ours.name) == essential_name(theirs.name)
            case _:
                return type(ours) is type(theirs)
    return True
