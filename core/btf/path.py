"""What lies at an offset of a type: the path to a member, as C writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, cast

from . import types as t

if TYPE_CHECKING:
    from .btf import Btf

__all__ = ["Part", "member_path", "part_at"]

_MAX_DEPTH: Final = 32


class Part(NamedTuple):
    """What some bytes of a type are."""

    path: str
    """`.limits[2].rate`; empty for all of the type. Bytes within a member that is larger are written behind it
    (`.rate+4`); more than one member is the first with `…`."""
    type_id: int = 0
    """The type of exactly that, as it was declared; 0 where it is less or more than one thing."""
    owner: int = 0
    """The struct or union of the last member on the path; 0 for none."""
    member: str = ""
    """That member's name."""


def member_path(btf: Btf, type_id: int, offset: int, size: int) -> str | None:
    """Return the path of `part_at`; None where nothing is."""
    part = part_at(btf, type_id, offset, size)
    return None if part is None else part.path


def part_at(btf: Btf, type_id: int, offset: int, size: int) -> Part | None:
    """Return what *size* bytes at *offset* of a type are.

    Of a union's members the first is taken that has something of that size there. None where nothing is: a hole, a
    bitfield that shares its bytes, an offset outside of the type.

    Each part of each type is looked for once: a union of structs with unions in them has ways without number to the
    same bytes. What it costs in all comes out of `Btf.budget`, and then there are no more names.
    """
    return None if btf.budget.reached else _part(btf, type_id, offset, size, 0)


def _part(btf: Btf, type_id: int, offset: int, size: int, depth: int) -> Part | None:
    """Return the part, as it was found before if it was; only what begins the path knows that it does (depth 0)."""
    if depth > _MAX_DEPTH or offset < 0:
        return None
    if not depth:
        return _look(btf, type_id, offset, size, depth)
    key = type_id, offset, size
    if key not in btf.parts:
        btf.parts[key] = _look(btf, type_id, offset, size, depth)
    return cast("Part | None", btf.parts[key])


def _look(btf: Btf, type_id: int, offset: int, size: int, depth: int) -> Part | None:
    if not btf.budget.take():
        return None
    found = btf.strip(type_id)
    match found:
        case t.Array():
            element = btf.size(found.element)
            if not element or (found.count and offset + size > found.count * element):
                return None
            index, inside = divmod(offset, element)
            if not inside and size == found.count * element:
                return Part("", type_id)
            if inside + size > element:
                return Part(f"[{index}]…") if not inside else None
            if not inside and size == element:
                return Part(f"[{index}]", found.element)
            rest = _part(btf, found.element, inside, size, depth + 1)
            return None if rest is None else rest._replace(path=f"[{index}]{rest.path}")
        case t.Composite():
            if not depth and not offset and size == found.size and not _is_wrapper(btf, found):
                return Part("", type_id)
            return _member(btf, found, offset, size, depth)
        case t.Int() | t.Enum() | t.Pointer() | t.Float():
            whole = 8 if isinstance(found, t.Pointer) else found.size
            if offset + size > whole:
                return None
            return Part(f"+{offset}") if offset or size < whole else Part("", type_id)
        case _:
            return None


def _member(btf: Btf, found: t.Composite, offset: int, size: int, depth: int) -> Part | None:
    """Return what some bytes of a struct or a union are."""
    near: Part | None = None
    if not btf.budget.take(len(found.members)):
        return None
    for index, member in enumerate(found.members):
        if member.bit_size:
            if _is_alone(found, member, offset, size):
                return Part(f".{member.name}")
            continue
        start, length = member.bit_offset // 8, btf.size(member.type_id)
        flexible = not length and index == len(found.members) - 1
        if not start <= offset or not (flexible or offset < start + length):
            continue
        name = f".{member.name}" if member.name else ""
        if not flexible and offset + size > start + length:
            near = near or (Part(f"{name}…") if name and offset == start else None)
            continue
        inner = btf.strip(member.type_id)
        is_whole = offset == start and size == length
        if name and is_whole and isinstance(inner, t.Composite) and not _is_wrapper(btf, inner):
            return Part(name, member.type_id, found.id, member.name)  # all of a struct
        rest = _part(btf, member.type_id, offset - start, size, depth + 1)
        if rest is None:
            continue
        part = rest._replace(path=name + rest.path)
        if not rest.owner and name:
            part = part._replace(owner=found.id, member=member.name)
        elif not name and rest.owner == inner.id:
            part = part._replace(owner=found.id)  # what is in something without a name counts as the whole's
        if not found.is_union or ("+" not in part.path and "…" not in part.path):
            return part
        near = near or part
    return near


def _is_wrapper(btf: Btf, found: t.Composite) -> bool:
    """Whether all of a struct or union is a member: of a union some may be, of a struct the only one (`atomic_t`)."""
    return found.is_union or (len(found.members) == 1 and btf.size(found.members[0].type_id) == found.size)


def _is_alone(found: t.Composite, member: t.Member, offset: int, size: int) -> bool:
    """Whether the bytes hold this bitfield, whole, and no other member."""
    first, last = offset * 8, (offset + size) * 8
    if not (first <= member.bit_offset and member.bit_offset + member.bit_size <= last):
        return False
    return not any(
        other is not member and other.bit_size and first < other.bit_offset + other.bit_size and other.bit_offset < last
        for other in found.members
    )
