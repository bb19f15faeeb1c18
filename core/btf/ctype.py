"""CType: a BTF type that knows its BTF, and how its values look to people."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

from ..documents import parse_json
from ..errors import TypeMismatchError, UnknownNameError, UsageError, ValueRangeError, quoted
from ..visible import visible
from . import types as t
from .declare import declaration, definition
from .forms import how_written
from .members import fields, is_flexible, is_text
from .sound import check
from .values import (
    Decoded,
    EnumName,
    Text,
    Value,
    decode,
    decode_bits,
    encode,
    limits,
    put_bits,
)
from .variants import Character, Variant, is_character

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .btf import Btf

__all__ = ["CType", "format_value", "parse_bytes"]

_STEP: Final = re.compile(r"\.?([A-Za-z_$][\w$]*)|\[(\w+)\]")
_TRUE: Final = frozenset({"true", "yes", "on", "1"})
_FALSE: Final = frozenset({"false", "no", "off", "0"})
_LONGEST_NUMBER: Final = 256
"""Characters of an integer: 128 bits in base 2, and room for underscores."""
_INTEGERS: Final = "as 9000, 0x2328, 0b101 or 0o17"
_MAX_LEAVES: Final = 256
_MAX_DEPTH: Final = 64
"""Members in members; what is deeper is one leaf. (The kernel stops at 32.)"""


@dataclass(frozen=True, slots=True, repr=False)
class CType:
    """A C type of an object; where `bit_size` is set, a bitfield of that type.

    Values are as `bpftui.core.btf.values` describes them, in the object's byte order.
    """

    btf: Btf
    id: int
    bit_offset: int = 0
    """For a bitfield: bits from the start of its bytes."""
    bit_size: int = 0
    """For a bitfield: its width; else 0."""
    whole: int = 0
    """Of a type that ends with an array without a length: the bytes of a value, which say how many elements it has."""

    def __str__(self) -> str:
        return self.c_text

    def __repr__(self) -> str:
        return f"<CType {visible(self.c_text)}>"

    def check(self) -> None:
        """Raise ObjectError unless values of this type can be decoded: the BTF may be damaged."""
        check(self.btf, self.id)

    @property
    def c_text(self) -> str:
        """The type as C writes it: `__u32`, `struct key`, `char[16]`."""
        text = declaration(self.btf, self.id)
        return f"{text} : {self.bit_size}" if self.bit_size else text

    def declaration(self, name: str) -> str:
        """Return the C declaration of *name* as a thing of this type: `char name[16]`."""
        return declaration(self.btf, self.id, name)

    @property
    def definition(self) -> str:
        """The full definition as it would stand in a header."""
        return definition(self.btf, self.id)

    @property
    def size(self) -> int:
        """In bytes; for a bitfield those that it touches."""
        if self.bit_size:
            return (self.bit_offset + self.bit_size + 7) // 8
        return self.whole or self.btf.size(self.id)

    def with_elements(self, size: int) -> CType | None:
        """Return the type of a value of that many bytes, where its last array has as many elements as there is room
        for; None where this type has no such array or is larger.
        """
        fits = is_flexible(self.btf, self.id) and size >= self.btf.size(self.id)
        return CType(self.btf, self.id, whole=size) if fits else None

    @property
    def count(self) -> int:
        """How many elements an array has; 0 for every other type."""
        found = self.stripped
        if not isinstance(found, t.Array):
            return 0
        return found.count or (self.whole // (self.btf.size(found.element) or self.whole or 1))

    @property
    def stripped(self) -> t.BtfType:
        """The type behind typedefs and qualifiers."""
        return self.btf.strip(self.id)

    @property
    def is_integer(self) -> bool:
        """Whether its values count something: an integer that is neither an enum nor a pointer."""
        found = self.stripped
        return isinstance(found, t.Int) and not found.is_bool

    @property
    def is_composite(self) -> bool:
        """Whether it is a struct, a union, or an array that is no text."""
        found = self.stripped
        return isinstance(found, t.Composite) or (isinstance(found, t.Array) and not is_text(self.btf, found))

    @property
    def is_flexible(self) -> bool:
        """Whether its values have no fixed size: an array without a length, or a struct that ends with one."""
        return is_flexible(self.btf, self.id)

    @property
    def element(self) -> CType:
        """Of an array, the type of its elements; it must be one."""
        found = self.stripped
        assert isinstance(found, t.Array)
        return CType(self.btf, found.element)

    @property
    def enumerators(self) -> tuple[t.Enumerator, ...]:
        """The names that an enum's values have; empty for every other type."""
        found = self.stripped
        return found.enumerators if isinstance(found, t.Enum) else ()

    @property
    def limits(self) -> tuple[int, int] | None:
        """The smallest and largest value of an integer, a boolean or an enum; None for other types."""
        found = self.stripped
        if isinstance(found, t.Int | t.Enum | t.Pointer):
            return limits(found, self.bit_size or self.size * 8)
        return None

    def decode(self, raw: bytes) -> Decoded:
        """Return the Python value of *raw*."""
        if self.bit_size:
            return decode_bits(self.btf, self.id, raw, self.bit_offset, self.bit_size)
        return decode(self.btf, self.id, raw)

    def encode(self, value: Value, name: str = "value", current: bytes = b"") -> bytes:
        """Return the bytes of *value*; *current* are the bytes that it replaces, for what a dict leaves out.

        Raises:
            ValueRangeError: It does not fit; the message begins with *name* and gives the allowed range.
            TypeMismatchError: It has the wrong shape.
        """
        if self.bit_size:
            raw = bytearray(current.ljust(self.size, b"\0"))
            put_bits(self.btf, self.id, value, name, raw, self.bit_offset, self.bit_size)
            return bytes(raw)
        return encode(self.btf, self.id, value, name, current)

    def parse(self, text: str, name: str = "value") -> Value:
        """Return the value that *text* means for this type, as a user types it.

        Integers in any base of Python's (`9000`, `0xff00`, `0b1`), enumerators by name, `true`/`false`, text for char
        arrays, JSON for structs and arrays, and for every type `hex:0102`.
        """
        text = text.strip()
        if text.startswith("hex:"):
            return parse_bytes(text, name)
        found = self.stripped
        match found:
            case t.Int(is_bool=True):
                if text.lower() in _TRUE:
                    return True
                if text.lower() in _FALSE:
                    return False
                raise TypeMismatchError(f"{name}: {self.c_text} takes true or false, not {quoted(text)}")
            case t.Int() if is_character(found):
                return self._parse_character(text, name)
            case t.Int(size=1):
                return self._parse_integer(text, name, "an integer or a character in quotes")
            case t.Int(size=0):
                return self._parse_json(text, name)
            case t.Int() | t.Pointer():
                return self._parse_integer(text, name)
            case t.Enum():
                known = [e.name for e in found.enumerators]
                if text in known:
                    return EnumName(text)
                if re.match(r"[A-Za-z_]", text):
                    raise UnknownNameError("enumerator", text, known, where=f"{self.c_text} of {name}")
                return self._parse_integer(text, name, "an enumerator's name or an integer")
            case t.Float():
                return self._parse_float(text, name)
            case t.Array() if is_text(self.btf, found) and not text.startswith("["):
                return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text
            case t.Composite(id=number) if number in self.btf.variants and re.match(r"[A-Za-z_]", text):
                return text
            case _:
                return self._parse_json(text, name)

    def _parse_integer(self, text: str, name: str, wanted: str = "an integer") -> int:
        if len(text) == 3 and text[0] == text[2] == "'" and self.size == 1:
            return ord(text[1])
        for base in (0, 10) if len(text) <= _LONGEST_NUMBER else ():  # base 0 refuses "007"
            try:
                return int(text, base)
            except ValueError:
                continue
        raise TypeMismatchError(f"{name}: {self.c_text} takes {wanted}, not {quoted(text)}", hint=_INTEGERS)

    def _parse_float(self, text: str, name: str) -> float:
        try:
            number = float(text)
        except ValueError:
            raise TypeMismatchError(
                f"{name}: {self.c_text} takes a number, not {quoted(text)}", hint="as 1.5, 2e-3, inf or nan"
            ) from None
        if math.isinf(number) and "inf" not in text.lower():
            raise ValueRangeError(f"{name}: {quoted(text)} does not fit {self.c_text}", hint="infinity is inf")
        return number

    def _parse_character(self, text: str, name: str) -> Value:
        """Return a character, in quotes or without; a digit without quotes is a number."""
        inner = text[1:-1] if len(text) > 2 and text[0] == text[-1] and text[0] in "\"'" else text
        if len(inner) == 1 and (inner != text or not text.isdecimal()):
            return inner
        if text[:1].isdecimal():
            return self._parse_integer(text, name)
        raise TypeMismatchError(f"{name}: {self.c_text} takes a character or its number, not {quoted(text)}")

    def _parse_json(self, text: str, name: str) -> Value:
        try:
            return cast("Value", parse_json(text))
        except ValueError:
            wanted = "one of its variants, or JSON" if self.stripped.id in self.btf.variants else "JSON"
            raise TypeMismatchError(
                f"{name}: {self.c_text} takes {wanted}, not {quoted(text)}",
                hint=how_written(self.btf, self.id) or None,
            ) from None

    def format(self, value: Value, *, limit: int | None = None) -> str:
        """Return *value*, or the value of these bytes, as one line of text, of at most *limit* characters."""
        return format_value(self.decode(value) if isinstance(value, bytes) else value, limit=limit)

    def member(self, path: str, name: str = "value") -> tuple[CType, int]:
        """Return the type at *path* (`.limits[2].rate`) and its offset in bytes.

        Raises:
            UnknownNameError: There is no such member.
            UsageError: An index is out of range, or the path makes no sense.
        """
        current, offset, at = self, 0, 0
        while at < len(path):
            step = _STEP.match(path, at)
            if step is None:
                raise UsageError(f"{name}{path}: the path is not understood from {path[at:]!r} on")
            here = name + path[:at]
            if step[1] is not None:
                current, inside = current._named(step[1], here)
            else:
                current, inside = current._indexed(step[2], here)
            offset += inside
            at = step.end()
        return current, offset

    def chosen(self, path: str) -> list[tuple[int, bytes]]:
        """Return what to write besides where the member at *path* is set: offset in bytes, and the discriminant of the
        variant that the member is of.
        """
        found: list[tuple[int, bytes]] = []
        at = 0
        while (step := _STEP.match(path, at)) is not None:
            owner, start = self.member(path[:at])
            part = self.btf.variants.get(owner.stripped.id)
            number = part.number(step[1]) if part is not None and step[1] else None
            if part is not None and number is not None:
                found.append((start + part.offset, number.to_bytes(part.size, self.btf.byte_order)))
            at = step.end()
        return found

    def _named(self, member: str, here: str) -> tuple[CType, int]:
        if self.count:
            raise UsageError(f"{here} is {self.c_text}: a member is one of an element, as {here}[0].{member}")
        listed = {name: (inner, offset) for name, inner, offset in self.members()}
        if member not in listed:
            raise UnknownNameError("member", member, listed, where=f"{here} ({self.c_text})")
        return listed[member]

    def _indexed(self, text: str, here: str) -> tuple[CType, int]:
        found = self.stripped
        if not isinstance(found, t.Array):
            raise UsageError(f"{here} is no array but {self.c_text}: it has no element [{text}]")
        try:
            index = int(text, 0)
        except ValueError:
            raise UsageError(f"{here}[{text}]: an index is a number") from None
        if not 0 <= index < self.count:
            raise ValueRangeError(f"{here}[{index}]: the array has {self.count} elements, 0 to {self.count - 1}")
        element = CType(self.btf, found.element)
        return element, index * element.size

    def members(self) -> Iterator[tuple[str, CType, int]]:
        """Iterate over the named members of a struct or union: name, type, offset in bytes."""
        found = self.stripped
        if isinstance(found, t.Composite):
            for field in fields(self.btf, found):
                offset, bits = divmod(field.bit_offset, 8)
                whole = self.whole - offset if self.whole and field.flexible else 0
                inner = CType(self.btf, field.type_id, bits if field.bit_size else 0, field.bit_size, whole)
                yield field.name, inner, offset

    def leaves(self) -> list[tuple[str, CType, int]]:
        """Return what a value is made of: path from its start (`.limits[2].rate`, or ''), type, offset in bytes.

        At most 256, in the order of their offsets; char arrays are one leaf each.
        """
        found: list[tuple[str, CType, int]] = []
        self._collect("", 0, found, 0)
        return found

    def _collect(self, path: str, offset: int, into: list[tuple[str, CType, int]], depth: int) -> None:
        found = self.stripped
        inside: Iterator[tuple[str, CType, int]] = iter(())
        if depth < _MAX_DEPTH and isinstance(found, t.Composite) and found.id not in self.btf.variants:
            inside = ((f".{name}", inner, at) for name, inner, at in self.members())
        elif depth < _MAX_DEPTH and isinstance(found, t.Array) and not is_text(self.btf, found):
            element = CType(self.btf, found.element)
            inside = ((f"[{index}]", element, index * element.size) for index in range(min(self.count, _MAX_LEAVES)))
        else:
            into.append((path, self, offset))
        for step, inner, at in inside:
            if len(into) >= _MAX_LEAVES:
                return
            inner._collect(path + step, offset + at, into, depth + 1)


def format_value(value: Value, *, hexadecimal: bool = False, limit: int | None = None) -> str:
    """Return a value as one line: `9000`, `STRICT`, `"eth0"`, `{packets=12, bytes=900}`, `[1, 2]`.

    With a *limit* it ends in `…` where it would be longer, and costs no more than what is shown of it.
    """
    if limit is not None:
        text = _format(value, hexadecimal, limit)
        return text if len(text) <= limit else text[: limit - 1] + "…"
    return _format(value, hexadecimal, None)


def _format(value: Value, hexadecimal: bool, limit: int | None) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return f"{value:#x}" if hexadecimal else str(value)
        case float():
            return repr(value)
        case EnumName():
            return value
        case Character():
            inner = json.dumps(value, ensure_ascii=False)[1:-1].replace('\\"', '"').replace("'", "\\'")
            return f"'{inner}'"
        case Text() if hexadecimal and not value.is_whole:
            return value.raw[:limit].hex(" ")
        case str():
            return json.dumps(value, ensure_ascii=False)
        case bytes():
            return value[:limit].hex(" ")
        case list():
            # Every item takes a character at least, and so those beyond the limit do not count.
            return "[" + ", ".join(_format(item, hexadecimal, limit) for item in value[:limit]) + "]"
        case Variant():
            (members,) = value.values()
            return value.label + _variant_members(members, hexadecimal, limit)
        case dict():
            inner = (f"{name}={_format(item, hexadecimal, limit)}" for name, item in value.items())
            return "{" + ", ".join(inner) + "}"


def _variant_members(members: Value, hexadecimal: bool, limit: int | None) -> str:
    """Return what follows the name of a variant, as Rust writes it: nothing, `(7, 8)`, ` {x=5}`."""
    if isinstance(members, dict) and list(members) == [f"__{at}" for at in range(len(members))]:
        inner = ", ".join(_format(item, hexadecimal, limit) for item in members.values())
        return f"({inner})" if inner else ""
    return f" {_format(members, hexadecimal, limit)}"


def parse_bytes(text: str, name: str = "value") -> bytes:
    """Return the bytes of `hex:0102` (spaces allowed); anything else raises TypeMismatchError."""
    try:
        if text.startswith("hex:"):
            return bytes.fromhex(text.removeprefix("hex:"))
    except ValueError:
        pass
    raise TypeMismatchError(f"{name}: {quoted(text)} are no bytes", hint="bytes are written as hex:0102…")
