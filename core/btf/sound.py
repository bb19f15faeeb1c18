"""Whether values of a type can be decoded at all: a damaged BTF can nest types without end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..errors import ObjectError
from . import types as t

if TYPE_CHECKING:
    from .btf import Btf

__all__ = ["check"]

_MAX_MEMBERS: Final = 1 << 16
"""What a value of a few bytes may be made of; of a larger one, this many more than 16 for each of its bytes."""
_EACH: Final = 16
_MAX_DEPTH: Final = 64
"""Structs inside structs; the kernel stops at 32."""
_MAX_SIZE: Final = 1 << 40
"""Bytes of a type: more than any memory has."""
_INT_SIZES: Final = frozenset({1, 2, 4, 8, 16})


def check(btf: Btf, type_id: int) -> None:
    """Raise ObjectError unless values of a type can be decoded and encoded.

    All types that it is made of are there, none contains itself, integers have a size that C knows, and no member
    reaches out of its struct: what `btf_check_all_types` of the kernel demands as well.
    """
    _members(btf, type_id, frozenset())


def _members(btf: Btf, type_id: int, inside: frozenset[int]) -> int:
    """Return how many members a value has, those of its members included."""
    found = btf.strip(type_id)
    known = btf.sound.get(found.id)
    if known is not None:
        return known
    if found.id in inside:
        raise _error(btf, found, "contains itself")
    if len(inside) > _MAX_DEPTH:
        raise _error(btf, found, f"is more than {_MAX_DEPTH} structs deep in another")
    inside |= {found.id}
    count, most = 1, _MAX_MEMBERS
    match found:
        case t.Array(element=element):
            # Of elements without a size no value has any.
            count = _members(btf, element, inside) * (found.count if btf.size(element) and found.count else 1)
            most += _EACH * btf.size(found.id)
        case t.Composite():
            most += _EACH * found.size
            count += sum(_members(btf, member.type_id, inside) for member in found.members)
            for member in found.members:
                bits = member.bit_size or btf.size(member.type_id) * 8
                if member.bit_offset + bits > found.size * 8:
                    raise _error(btf, found, f"ends before its member {member.name or '(anonymous)'} does")
        case t.Int(name="()", size=0):
            pass  # Rust's: there is nothing to decode
        case t.Int(size=size) | t.Enum(size=size) if size not in _INT_SIZES:
            raise _error(btf, found, f"has {size} bytes, which no integer has")
        case _:
            pass
    if btf.size(found.id) > _MAX_SIZE:
        raise _error(btf, found, "is larger than 1 TiB")
    if count > most:
        raise _error(btf, found, f"has more than {most:,} members")
    btf.sound[found.id] = count
    return count


def _error(btf: Btf, found: t.BtfType, reason: str) -> ObjectError:
    return ObjectError(f"type {found.id} {found.name}".rstrip() + f" {reason}", file=btf.file, section=".BTF")
