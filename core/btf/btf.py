"""A BTF blob: found quickly, decoded one type at a time."""

from __future__ import annotations

import array
import struct
import sys
from functools import cached_property
from typing import Final, Literal, TypeAlias

from ..errors import ObjectError
from . import types as t
from .types import Kind

__all__ = ["Btf", "ByteOrder"]

ByteOrder: TypeAlias = Literal["little", "big"]

_MAGIC: Final = 0xEB9F
_MAX_DEPTH: Final = 64
"""Typedefs, modifiers and arrays in a row before a blob counts as damaged; the kernel stops at 32."""

# 32-bit words after the common three (name_off, info, size/type), per kind: (fixed, per vlen).
_TAIL: Final[dict[int, tuple[int, int]]] = {
    Kind.INT: (1, 0),
    Kind.PTR: (0, 0),
    Kind.ARRAY: (3, 0),
    Kind.STRUCT: (0, 3),
    Kind.UNION: (0, 3),
    Kind.ENUM: (0, 2),
    Kind.FWD: (0, 0),
    Kind.TYPEDEF: (0, 0),
    Kind.VOLATILE: (0, 0),
    Kind.CONST: (0, 0),
    Kind.RESTRICT: (0, 0),
    Kind.FUNC: (0, 0),
    Kind.FUNC_PROTO: (0, 2),
    Kind.VAR: (1, 0),
    Kind.DATASEC: (0, 3),
    Kind.FLOAT: (0, 0),
    Kind.DECL_TAG: (1, 0),
    Kind.TYPE_TAG: (0, 0),
    Kind.ENUM64: (0, 3),
}


class Btf:
    """The types of an object or of a kernel.

    Only the place of each type is found at once (27 ms for the 126,585 types of a 6.18 kernel); a type is decoded when
    it is looked at.

    Args:
        raw: The contents of a .BTF section.
        byte_order: That of the object. The magic must agree.
        file: What errors call the file.
    """

    def __init__(self, raw: bytes, byte_order: ByteOrder = "little", *, file: str | None = None) -> None:
        self.raw = raw
        self.byte_order: ByteOrder = byte_order
        self.file = file
        order = "<" if byte_order == "little" else ">"
        if len(raw) < 24:
            raise self._error(0, f"{len(raw)} bytes are too few for a BTF header")
        magic, version, _flags, header = struct.unpack_from(order + "HBBI", raw)
        if magic != _MAGIC:
            raise self._error(0, f"no BTF magic: {magic:#06x} instead of {_MAGIC:#06x}")
        if version != 1:
            raise self._error(2, f"BTF version {version} is not known")
        type_offset, type_size, string_offset, string_size = struct.unpack_from(order + "4I", raw, 8)
        self.types_start: int = header + type_offset
        strings_start = header + string_offset
        if self.types_start + type_size > len(raw) or strings_start + string_size > len(raw):
            raise self._error(8, "the header points outside of the section")
        self.strings = bytes(raw[strings_start : strings_start + string_size])
        words = array.array("I", raw[self.types_start : self.types_start + type_size // 4 * 4])
        if sys.byteorder != byte_order:
            words.byteswap()
        self._words = words
        self._places = self._find_types()
        self._decoded: dict[int, t.BtfType] = {0: t.Void(0, "void")}
        self._found: dict[str, list[int]] = {}
        self.sound: dict[int, int] = {}
        """What `bpftui.core.btf.sound` found out: types whose values can be decoded, and how many members they have."""

    def __len__(self) -> int:
        """Return the number of types, void included."""
        return len(self._places)

    def _error(self, offset: int, reason: str) -> ObjectError:
        return ObjectError(reason, file=self.file, section=".BTF", offset=offset)

    def _find_types(self) -> array.array[int]:
        """Return the first word of each type; id 0, void, stands for itself."""
        words = self._words
        places = array.array("I", [0])
        # A handful of different info words cover nearly all types: look the step up before computing it.
        steps: dict[int, int] = {}
        at, end = 0, len(words)
        while at + 3 <= end:
            places.append(at)
            info = words[at + 1]
            step = steps.get(info)
            if step is None:
                tail = _TAIL.get(info >> 24 & 0x1F)
                if tail is None:
                    kind = info >> 24 & 0x1F
                    raise self._error(self.types_start + at * 4, f"type {len(places) - 1} has an unknown kind, {kind}")
                step = steps[info] = 3 + tail[0] + tail[1] * (info & 0xFFFF)
            at += step
        if at != end:
            raise self._error(self.types_start + at * 4, "the last type is cut off")
        return places

    def name(self, offset: int) -> str:
        """Return the string at *offset* of the string table; '' for an offset outside of it."""
        end = self.strings.find(b"\0", offset)
        return self.strings[offset:end].decode("utf-8", "replace") if 0 <= offset <= end else ""

    def kind(self, type_id: int) -> Kind:
        """Return the kind of a type without decoding it."""
        if type_id == 0:
            return Kind.VOID
        return Kind(self._words[self._place(type_id) + 1] >> 24 & 0x1F)

    def type_name(self, type_id: int) -> str:
        """Return the name of a type without decoding it."""
        return self.name(self._words[self._place(type_id)]) if type_id else "void"

    def word_offset(self, type_id: int) -> int:
        """Return the offset of a type's record in `raw`, in bytes."""
        return self.types_start + self._place(type_id) * 4

    def _place(self, type_id: int) -> int:
        if not 0 < type_id < len(self._places):
            raise self._error(self.types_start, f"there is no type {type_id}; the last is {len(self) - 1}")
        return self._places[type_id]

    def type(self, type_id: int) -> t.BtfType:
        """Return the type behind an id. An id that is not there raises ObjectError."""
        found = self._decoded.get(type_id)
        if found is None:
            found = self._decoded[type_id] = self._decode(type_id)
        return found

    def _decode(self, type_id: int) -> t.BtfType:
        at = self._place(type_id)
        words = self._words
        info, size = words[at + 1], words[at + 2]
        kind, count, flag = info >> 24 & 0x1F, info & 0xFFFF, bool(info >> 31)
        name = self.name(words[at])
        tail = words[at + 3 : at + 3 + _TAIL[kind][0] + _TAIL[kind][1] * count]
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
                members = self._members(tail, bitfields=flag)
                return t.Composite(type_id, name, kind == Kind.UNION, size, members)
            case Kind.ENUM | Kind.ENUM64:
                return t.Enum(type_id, name, size, flag, self._enumerators(tail, kind, signed=flag))
            case Kind.FWD:
                return t.Forward(type_id, name, flag)
            case Kind.TYPEDEF:
                return t.Typedef(type_id, name, size)
            case Kind.VOLATILE | Kind.CONST | Kind.RESTRICT | Kind.TYPE_TAG:
                return t.Modifier(type_id, name, Kind(kind), size)
            case Kind.FUNC:
                # The linkage of a function sits where other kinds count their members.
                return t.Function(type_id, name, size, count)
            case Kind.FUNC_PROTO:
                pairs = zip(tail[::2], tail[1::2], strict=True)
                parameters = tuple(t.Parameter(self.name(text), target) for text, target in pairs)
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

    def _members(self, tail: array.array[int], *, bitfields: bool) -> tuple[t.Member, ...]:
        triples = zip(tail[::3], tail[1::3], tail[2::3], strict=True)
        if bitfields:
            # With the kind flag set, the top byte of a member's offset is its width as a bitfield.
            return tuple(
                t.Member(self.name(text), type_id, offset & 0xFFFFFF, offset >> 24) for text, type_id, offset in triples
            )
        return tuple(t.Member(self.name(text), type_id, offset, 0) for text, type_id, offset in triples)

    def _enumerators(self, tail: array.array[int], kind: int, *, signed: bool) -> tuple[t.Enumerator, ...]:
        if kind == Kind.ENUM:
            pairs = [(text, value, 32) for text, value in zip(tail[::2], tail[1::2], strict=True)]
        else:
            triples = zip(tail[::3], tail[1::3], tail[2::3], strict=True)
            pairs = [(text, high << 32 | low, 64) for text, low, high in triples]
        return tuple(
            t.Enumerator(self.name(text), value - (1 << width) if signed and value >> width - 1 else value)
            for text, value, width in pairs
        )

    def find_all(self, name: str) -> list[int]:
        """Return the ids of all types of that name, in ascending order; 5 ms at most for a kernel's BTF."""
        found = self._found.get(name)
        if found is None:
            wanted = name.encode() + b"\0"
            offsets: set[int] = set()
            at = self.strings.find(wanted) if name else -1
            while at >= 0:
                offsets.add(at)
                at = self.strings.find(wanted, at + 1)
            found = [i for i, offset in enumerate(self._name_offsets) if offset in offsets] if offsets else []
            self._found[name] = found
        return found

    @cached_property
    def _name_offsets(self) -> array.array[int]:
        words = self._words
        # void, the first, has a name of its own, that no string holds
        return array.array("I", [0xFFFF_FFFF, *(words[place] for place in self._places[1:])])

    def find(self, name: str, kind: Kind | None = None) -> int | None:
        """Return the id of the first type of that name (and kind), or None."""
        for type_id in self.find_all(name):
            if kind is None or self.kind(type_id) == kind:
                return type_id
        return None

    def ids(self, kind: Kind) -> list[int]:
        """Return the ids of all types of one kind."""
        words, places = self._words, self._places
        return [i for i in range(1, len(places)) if words[places[i] + 1] >> 24 & 0x1F == kind]

    def strip(self, type_id: int) -> t.BtfType:
        """Return the type behind typedefs, modifiers and tags."""
        for _ in range(_MAX_DEPTH):
            found = self.type(type_id)
            if not isinstance(found, t.Typedef | t.Modifier):
                return found
            type_id = found.target
        raise self._error(self.types_start, f"type {type_id} is a typedef of itself")

    def size(self, type_id: int) -> int:
        """Return the size of a type in bytes; 0 for void, functions and declarations without a size."""
        count = 1
        for _ in range(_MAX_DEPTH):
            found = self.strip(type_id)
            match found:
                case t.Array(element=element, count=n):
                    count *= n
                    type_id = element
                case t.Int() | t.Composite() | t.Enum() | t.Float():
                    return count * found.size
                case t.Pointer():
                    return count * 8
                case t.Var(type_id=inner):
                    type_id = inner
                case _:
                    return 0
        raise self._error(self.types_start, f"type {type_id} contains itself")
