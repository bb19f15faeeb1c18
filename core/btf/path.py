"""What lies at an offset of a type: the path to a member, as C writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from . import types as t

if TYPE_CHECKING:
    from .btf import Btf

__all__ = ["member_path"]

_MAX_DEPTH: Final = 32


def member_path(btf: Btf, type_id: int, offset: int, size: int) -> str | None:
    """Return the path to what *size* bytes at *offset* of a type are: `.limits[2].rate`; empty for all of it.

    Of a union's members the first is taken that has something of that size there. Bytes within a member that is larger
    are written behind it (`.rate+4`); more than one member is the first with `…`. None where nothing is: a hole, a
    bitfield that shares its bytes, an offset outside of the type.
    """
    return _path(btf, type_id, offset, size, 0)


def _path(btf: Btf, type_id: int, offset: int, size: int, depth: int) -> str | None:
    found = btf.strip(type_id)
    if depth > _MAX_DEPTH or offset < 0:
        return None
    match found:
        case t.Array():
            element = btf.size(found.element)
            if not element or (found.count and offset + size > found.count * element):
                return None
            index, inside = divmod(offset, element)
            if not inside and size == found.count * element:
                return ""
            if inside + size > element:
                return f"[{index}]…" if not inside else None
            if not inside and size == element:
                return f"[{index}]"
            rest = _path(btf, found.element, inside, size, depth + 1)
            return None if rest is None else f"[{index}]{rest}"
        case t.Composite():
            if not depth and not offset and size == found.size and not found.is_union:
                return ""
            return _member(btf, found, offset, size, depth)
        case t.Int() | t.Enum() | t.Pointer() | t.Float():
            whole = 8 if isinstance(found, t.Pointer) else found.size
            if offset + size > whole:
                return None
            return f"+{offset}" if offset or size < whole else ""
        case _:
            return None


def _member(btf: Btf, found: t.Composite, offset: int, size: int, depth: int) -> str | None:
    """Return the path within a struct or a union."""
    near: str | None = None
    for index, member in enumerate(found.members):
        if member.bit_size:
            if _is_alone(found, member, offset, size):
                return f".{member.name}"
            continue
        start, length = member.bit_offset // 8, btf.size(member.type_id)
        flexible = not length and index == len(found.members) - 1
        if not start <= offset or not (flexible or offset < start + length):
            continue
        name = f".{member.name}" if member.name else ""
        if not flexible and offset + size > start + length:
            near = near or (f"{name}…" if name and offset == start else None)
            continue
        inner = btf.strip(member.type_id)
        if name and isinstance(inner, t.Composite) and offset == start and size == length and not inner.is_union:
            return name  # all of a struct
        rest = _path(btf, member.type_id, offset - start, size, depth + 1)
        if rest is None:
            continue
        path = name + rest
        if not found.is_union or ("+" not in path and "…" not in path):
            return path
        near = near or path
    return near


def _is_alone(found: t.Composite, member: t.Member, offset: int, size: int) -> bool:
    """Whether the bytes hold this bitfield, whole, and no other member."""
    first, last = offset * 8, (offset + size) * 8
    if not (first <= member.bit_offset and member.bit_offset + member.bit_size <= last):
        return False
    return not any(
        other is not member and other.bit_size and first < other.bit_offset + other.bit_size and other.bit_offset < last
        for other in found.members
    )
