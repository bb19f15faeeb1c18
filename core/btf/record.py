"""What a BTF blob is made of: its header, and each record as a type (Documentation/bpf/btf.rst)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from . import types as t
from .index import TAIL
from .types import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["MAGIC", "blob_of", "decoded"]

MAGIC: Final = 0xEB9F
"""Where BTF begins, and .BTF.ext too."""
_VERSION: Final = 1
_HEADER: Final = "HBB5I"


def blob_of(types: bytes, strings: bytes, order: str = "=") -> bytes:
    """Return the blob with these types and strings behind its header; *order* as `struct` has it."""
    size = struct.calcsize(f"={_HEADER}")
    header = struct.pack(order + _HEADER, MAGIC, _VERSION, 0, size, 0, len(types), len(types), len(strings))
    return header + types + strings


def decoded(type_id: int, words: Sequence[int], at: int, text: Callable[[int], str]) -> t.BtfType:
    """Return the type of a record.

    Args:
        type_id: Its id.
        words: The section of types, in words of 32 bits.
        at: Where in it the record begins.
        text: Returns the string at an offset of the string table.
    """
    info, size = words[at + 1], words[at + 2]
    kind, count, flag = info >> 24 & 0x1F, info & 0xFFFF, bool(info >> 31)
    name = text(words[at])
    tail = words[at + 3 : at + 3 + TAIL[kind][0] + TAIL[kind][1] * count]
    match kind:
        case Kind.INT:
            encoding = tail[0] >> 24 & 0xF
            return t.Int(
                type_id,
                name,
                size,
                bits=tail[0] & 0xFF,
                bit_offset=tail[0] >> 16 & 0xFF,
                signed=bool(encoding & 1),
                is_char=bool(encoding & 2),
                is_bool=bool(encoding & 4),
            )
        case Kind.PTR:
            return t.Pointer(type_id, name, size)
        case Kind.ARRAY:
            return t.Array(type_id, name, tail[0], tail[1], tail[2])
        case Kind.STRUCT | Kind.UNION:
            members = _members(tail, text, bitfields=flag)
            return t.Composite(type_id, name, kind == Kind.UNION, size, members)
        case Kind.ENUM | Kind.ENUM64:
            return t.Enum(type_id, name, size, flag, _enumerators(tail, kind, text, signed=flag))
        case Kind.FWD:
            return t.Forward(type_id, name, flag)
        case Kind.TYPEDEF:
            return t.Typedef(type_id, name, size)
        case Kind.VOLATILE | Kind.CONST | Kind.RESTRICT | Kind.TYPE_TAG:
            return t.Modifier(type_id, name, Kind(kind), size, flag)
        case Kind.FUNC:
            # The linkage of a function sits where other kinds count their members.
            return t.Function(type_id, name, size, count)
        case Kind.FUNC_PROTO:
            pairs = zip(tail[::2], tail[1::2], strict=True)
            parameters = tuple(t.Parameter(text(offset), target) for offset, target in pairs)
            return t.FunctionProto(type_id, name, size, parameters)
        case Kind.VAR:
            return t.Var(type_id, name, size, tail[0])
        case Kind.DATASEC:
            triples = zip(tail[::3], tail[1::3], tail[2::3], strict=True)
            return t.DataSec(type_id, name, size, tuple(t.SecVar(*triple) for triple in triples))
        case Kind.FLOAT:
            return t.Float(type_id, name, size)
        case _:
            component = tail[0] - (1 << 32) if tail[0] >> 31 else tail[0]
            return t.DeclTag(type_id, name, size, component)


def _members(tail: Sequence[int], text: Callable[[int], str], *, bitfields: bool) -> tuple[t.Member, ...]:
    triples = zip(tail[::3], tail[1::3], tail[2::3], strict=True)
    if bitfields:
        # With the kind flag set, the top byte of a member's offset is its width as a bitfield.
        return tuple(
            t.Member(text(name), type_id, offset & 0xFFFFFF, offset >> 24) for name, type_id, offset in triples
        )
    return tuple(t.Member(text(name), type_id, offset, 0) for name, type_id, offset in triples)


def _enumerators(
    tail: Sequence[int], kind: int, text: Callable[[int], str], *, signed: bool
) -> tuple[t.Enumerator, ...]:
    if kind == Kind.ENUM:
        pairs = [(name, value, 32) for name, value in zip(tail[::2], tail[1::2], strict=True)]
    else:
        triples = zip(tail[::3], tail[1::3], tail[2::3], strict=True)
        pairs = [(name, high << 32 | low, 64) for name, low, high in triples]
    return tuple(
        t.Enumerator(text(name), value - (1 << width) if signed and value >> width - 1 else value)
        for name, value, width in pairs
    )
