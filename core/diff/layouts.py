"""Types beside each other: what their values no longer have where they had it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..btf import CType, Kind
from ..btf import types as t
from ..btf.beside import Difference, beside
from ..btf.compatible import essential_name
from ..btf.members import is_text
from ..errors import BpftuiError
from .changes import Change, Fact, Item, change_of, grown, matched

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from ..btf import Btf
    from ..btf.beside import BesideRow, Place
    from ..limits import Budget
    from ..spec import CollectionSpec

__all__ = ["Layouts", "named_types"]

_KINDS: Final = (Kind.STRUCT, Kind.UNION, Kind.ENUM, Kind.ENUM64)
_MAX_DEPTH: Final = 16
"""Structs in structs that are looked into."""


def named_types(spec: CollectionSpec) -> dict[str, CType]:
    """Return the structs, unions and enums of an object, as C calls them; of several with one name the first."""
    types = spec.types
    found: dict[str, CType] = {}
    for kind in _KINDS if types is not None else ():
        assert types is not None
        word = "enum" if kind is Kind.ENUM64 else kind.name.lower()
        for type_id in types.ids(kind):
            name = types.type_name(type_id)
            if name:
                found.setdefault(f"{word} {name}", CType(types, type_id))
    return found


class Layouts:
    """Compares types of two objects.

    Args:
        budget: What may be spent on it: anonymous structs in each other can have more members than there are bytes.
    """

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._gaps: dict[str, None] = {}

    @property
    def gaps(self) -> tuple[str, ...]:
        """Why some of what breaks may be missing from what was told so far, as sentences; nothing where all is told."""
        return tuple(self._gaps)

    def items(self, old: CollectionSpec, new: CollectionSpec, adapted: Collection[str]) -> Iterator[Item]:
        """Yield the types of two objects.

        Args:
            old: The one.
            new: The other.
            adapted: Types that CO-RE relocations go through: what is known of them is the kernel's, and breaks nothing.
        """
        for name, ours, theirs in matched(named_types(old), named_types(new)):
            if ours is None or theirs is None:
                yield Item(name, change_of(ours, theirs))
                continue
            facts = tuple(self._facts(ours, theirs))
            breaks = tuple(self.breaks(ours, theirs)) if facts else ()
            if essential_name(name.partition(" ")[2]) in adapted:
                breaks = ()
            yield Item(name, Change.CHANGED if facts else Change.SAME, facts, breaks)

    def breaks(self, old: CType | None, new: CType | None, what: str = "") -> Iterator[str]:
        """Yield what values of the one type no longer have where they had it, as sentences.

        Args:
            old: The one type; None where it is not known.
            new: The other.
            what: What it is the type of, `value`: its size is looked at as well.
        """
        if old is None or new is None:
            return
        if what and old.size != new.size:
            yield grown(what, old.size, new.size)
        yield from self._inside(old, new, "", set(), 0)

    def _inside(self, old: CType, new: CType, path: str, seen: set[tuple[int, int]], depth: int) -> Iterator[str]:
        ours, theirs = _element(old), _element(new)
        if (ours.id, theirs.id) in seen:
            return
        seen.add((ours.id, theirs.id))
        one, other = ours.stripped, theirs.stripped
        if isinstance(one, t.Enum) and isinstance(other, t.Enum):
            if self._may_spend(len(one.enumerators) + len(other.enumerators)):
                yield from _enumerators(one, other)
            return
        if not isinstance(one, t.Composite) or not isinstance(other, t.Composite):
            return
        if depth > _MAX_DEPTH:
            self._gaps[f"{path.removesuffix('.')} is more than {_MAX_DEPTH} structs deep"] = None
            return
        if not self._may_spend(1 + len(one.members) + len(other.members)):
            return
        try:
            rows = beside(ours, theirs).rows
        except BpftuiError as error:
            self._gaps[error.message] = None
            return
        places = {(row.there.bit_offset, row.there.bits): row for row in rows if row.here is None and row.there}
        for row in rows:
            yield from _member(row, f"{path}{row.name}", places)
        inside = {member.name: member.type_id for member in other.members}
        for member in one.members:
            if member.name and member.name in inside:
                pair = CType(ours.btf, member.type_id), CType(theirs.btf, inside[member.name])
                yield from self._inside(*pair, f"{path}{member.name}.", seen, depth + 1)

    def _may_spend(self, steps: int) -> bool:
        """Whether there are as many steps left; where there are not, it is a gap."""
        if self._budget.take(steps):
            return True
        self._gaps[self._budget.error().message] = None
        return False

    def _facts(self, old: CType, new: CType) -> Iterator[Fact]:
        """Yield in what two types of one name differ."""
        one, other = old.stripped, new.stripped
        if isinstance(one, t.Enum) and isinstance(other, t.Enum):
            if one.size != other.size:
                yield Fact("size", f"{one.size} bytes", f"{other.size} bytes")
            values = ({item.name: str(item.value) for item in each.enumerators} for each in (one, other))
            for name, ours, theirs in matched(*values):
                if ours != theirs:
                    yield Fact(name, ours or "", theirs or "")
        if not isinstance(one, t.Composite) or not isinstance(other, t.Composite):
            return
        if self._signature(old.btf, one) == self._signature(new.btf, other):
            return
        if one.size != other.size:
            yield Fact("size", f"{one.size} bytes", f"{other.size} bytes")
        for row in beside(old, new).rows:
            if row.difference:
                yield Fact(row.name, _place(row.here), _place(row.there))

    def _signature(self, btf: Btf, found: t.Composite) -> tuple[object, ...]:
        """Return what is the same for structs of the same members."""
        self._budget.spend(len(found.members))
        members = (
            (member.name, CType(btf, member.type_id).c_text, member.bit_offset, member.bit_size)
            for member in found.members
        )
        return (found.size, *members)


def _element(ctype: CType) -> CType:
    """Return the type of an array's elements, of a text and of all others the type itself."""
    for _ in range(_MAX_DEPTH):
        found = ctype.stripped
        if not isinstance(found, t.Array) or is_text(ctype.btf, found):
            return ctype
        ctype = CType(ctype.btf, found.element)
    return ctype


def _member(row: BesideRow, name: str, places: dict[tuple[int, int], BesideRow]) -> Iterator[str]:
    if row.here is None:
        return
    if row.there is None:
        # Another name for the same bytes breaks nothing that is compiled already.
        if (row.here.bit_offset, row.here.bits) not in places:
            yield f"member {name} is gone"
        return
    if Difference.MOVED in row.difference:
        yield f"member {name} moved from {row.here.where} to {row.there.where}"
    if Difference.RESIZED in row.difference:
        is_bits = row.here.is_bitfield or row.there.is_bitfield
        unit, each = ("bits", 1) if is_bits else ("bytes", 8)
        if row.here.bits != row.there.bits:
            yield grown(f"member {name}", row.here.bits // each, row.there.bits // each, unit)


def _enumerators(old: t.Enum, new: t.Enum) -> Iterator[str]:
    values = {item.name: item.value for item in new.enumerators}
    for item in old.enumerators:
        value = values.get(item.name)
        if value is None:
            yield f"{item.name} ({item.value}) is gone"
        elif value != item.value:
            yield f"{item.name} is {value} instead of {item.value}"


def _place(place: Place | None) -> str:
    """Return a member as one of two has it: `8: int`."""
    return "" if place is None else f"{place.where}: {place.type}{f' : {place.bits}' if place.is_bitfield else ''}"
