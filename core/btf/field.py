"""What a CO-RE relocation of a field asks for: its offset, its size, and how to load it when it is a bitfield."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..errors import ObjectError
from . import types as t
from .access import Access, CoreKind, sized

if TYPE_CHECKING:
    from .btf import Btf, ByteOrder

__all__ = ["FieldValue", "field_value"]

_WIDEST: Final = 8
"""Bytes that one instruction loads."""
_MAX_ARRAYS: Final = 64


@dataclass(frozen=True, slots=True)
class FieldValue:
    """The answer for one field."""

    value: int
    certain: bool
    """Whether a compiler has no choice: of a bitfield, offset, size and left shift depend on how it is loaded."""
    size: int = 0
    """For the offset: bytes of the field, or of what has to be loaded of a bitfield."""
    load_size: int = 0
    """For the offset of what is no bitfield: the bytes of a load or store of it, or of one element of an array."""
    load_type: int = 0
    """For the same: the type of the field, by which a load of another size may be allowed."""


def field_value(access: Access, kind: CoreKind, order: ByteOrder) -> FieldValue:
    """Return what *kind* asks for about a field that exists.

    A bitfield is loaded by the smallest aligned integer that covers it, at least as large as its declared type. What
    was loaded, as 64 bits, is shifted left by LSHIFT_U64 and then right by RSHIFT_U64 to get its value.

    Args:
        access: The field, in its own BTF.
        kind: One of the six kinds on fields.
        order: Byte order of the machine that loads it: left shifts differ.

    Raises:
        ObjectError: It makes no sense for that field.
    """
    if kind is CoreKind.FIELD_EXISTS:
        return FieldValue(1, certain=True)
    btf, last = access.btf, access.steps[-1]
    if not last.name:
        return _element_value(access, kind)
    owner = btf.type(last.type_id)
    assert isinstance(owner, t.Composite)
    member = owner.members[last.index]
    found = btf.strip(member.type_id)
    if member.bit_size:
        start, size = _window(access, found, member.bit_size)
        bits = member.bit_size
    else:
        start, size = access.bit_offset // 8, sized(btf, found.id)
        bits = size * 8
    whole = not member.bit_size
    match kind:
        case CoreKind.FIELD_BYTE_OFFSET:
            return FieldValue(start, whole, size, *((_element_size(btf, found.id), found.id) if whole else ()))
        case CoreKind.FIELD_BYTE_SIZE:
            return FieldValue(size, whole)
        case CoreKind.FIELD_SIGNED:
            return FieldValue(int(isinstance(found, t.Int | t.Enum) and found.signed), certain=True)
        case CoreKind.FIELD_LSHIFT_U64:
            before = access.bit_offset - start * 8
            shift = 64 - (before + bits) if order == "little" else (_WIDEST - size) * 8 + before
            # A field of more than 64 bits has no such shift: the kernel counts on modulo 2^64, and so do we.
            return FieldValue(shift & (1 << 64) - 1, whole)
        case _:
            return FieldValue(64 - bits & (1 << 64) - 1, certain=True)


def _element_value(access: Access, kind: CoreKind) -> FieldValue:
    """Return the answer for an element of an array, or for the root itself."""
    btf, type_id = access.btf, access.steps[-1].type_id
    if kind is CoreKind.FIELD_BYTE_OFFSET:
        return FieldValue(access.bit_offset // 8, True, sized(btf, type_id), _element_size(btf, type_id), type_id)
    if kind is CoreKind.FIELD_BYTE_SIZE:
        return FieldValue(sized(btf, type_id), certain=True)
    raise ObjectError(f"{kind.label} cannot be asked of the array element {access.text}", file=btf.file)


def _element_size(btf: Btf, type_id: int) -> int:
    """Return the size of the innermost element: an instruction loads one of them, and never a whole array."""
    for _ in range(_MAX_ARRAYS):
        found = btf.strip(type_id)
        if not isinstance(found, t.Array):
            return sized(btf, found.id)
        type_id = found.element
    raise ObjectError("an array contains itself", file=btf.file)


def _window(access: Access, found: t.BtfType, bits: int) -> tuple[int, int]:
    """Return offset and size, in bytes, of the load that covers a bitfield."""
    if not isinstance(found, t.Int | t.Enum) or not 0 < found.size <= _WIDEST:
        raise ObjectError(f"the bitfield {access.text} is no integer", file=access.btf.file)
    first, size = access.bit_offset, found.size
    start = first // 8 // size * size
    while first + bits > (start + size) * 8:
        size *= 2
        if size > _WIDEST:
            raise ObjectError(f"no single load covers the bitfield {access.text}", file=access.btf.file)
        start = first // 8 // size * size
    return start, size
