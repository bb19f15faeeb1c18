"""Values of C types: bytes ↔ Python.

    integer, pointer       int
    _Bool                  bool
    enum                   the enumerator's name, or an int where no name fits
    float, double          float
    char[N]                Text: a str up to the first NUL, that knows its bytes
    other arrays           list
    struct, union          dict; members of anonymous structs and unions belong to their parent
    Rust's enum with data  Variant: a dict of the one variant that it is, where DWARF says which; without, a struct
    Rust's char            Character: a str; an int where the number is no character
    flexible array         list (or str) of what follows its struct: as many elements as the bytes hold
    long double            bytes: 10, 12 and 16 bytes of floating point have no Python type
    function pointer       int, as every pointer

What a char array holds behind its NUL, or what of it is no UTF-8, is not in the text; encoding it again gives its
bytes all the same, so that decoding never loses anything. A member's Python type depends on its C type alone.
"""

from __future__ import annotations

import contextlib
import math
import struct
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Self, TypeAlias

from ..errors import TypeMismatchError, UnknownNameError, ValueRangeError, quoted
from . import types as t
from .declare import declaration
from .forms import how_written
from .members import DISCRIMINANT, Field, fields, is_flexible, is_text
from .variants import Character, Variant, is_character

if TYPE_CHECKING:
    from collections.abc import Callable

    from .btf import Btf
    from .variants import VariantPart

    Decoder: TypeAlias = Callable[[bytes], "Value"]

__all__ = ["Decoded", "EnumName", "Text", "Value", "decode", "encode"]

Value: TypeAlias = "bool | int | float | str | bytes | list[Value] | dict[str, Value]"
"""What a value of a C type is in Python; what is taken, and what is given where anything may come."""
Decoded: TypeAlias = Any
"""A `Value` whose kind the object's types tell and Python's cannot: typed as `json.loads` is.

Callers know it, and should not have to tell a type checker at each access.
"""

_FLOATS: Final = {2: "e", 4: "f", 8: "d"}
_FLOAT_DIGITS: Final = 10
"""Nine significant digits tell every float of 4 bytes from the others (IEEE 754)."""
_INTEGERS: Final = {1: "b", 2: "h", 4: "i", 8: "q"}


class EnumName(str):
    """The name of an enumerator: a str that is shown without quotes."""

    __slots__ = ()


class Text(str):
    """What a char array holds up to its first NUL, as bpftool shows it; bytes that are no UTF-8 are `\\xff`."""

    __slots__ = ("raw",)

    raw: bytes
    """All bytes of the array."""

    @classmethod
    def of(cls, raw: bytes) -> Self:
        """Return the text in the bytes of an array."""
        found = cls(raw.partition(b"\0")[0].decode("utf-8", "backslashreplace"))
        found.raw = raw
        return found

    @property
    def is_whole(self) -> bool:
        """Whether the text is all that there is: only zeros follow it, and it is UTF-8."""
        return self.encode("utf-8", "surrogatepass").ljust(len(self.raw), b"\0") == self.raw

    def __reduce__(self) -> tuple[Any, ...]:
        return Text.of, (self.raw,)


def decode(btf: Btf, type_id: int, raw: bytes) -> Value:
    """Return the Python value of *raw*, which holds a value of that type in the object's byte order."""
    return _decoder(btf, type_id)(raw)


def _decoder(btf: Btf, type_id: int) -> Decoder:
    """Return what decodes values of a type; it is made once, for streams bring them by the hundred thousand."""
    found = btf.decoders.get(type_id)
    if found is None:
        found = btf.decoders[type_id] = _made(btf, btf.strip(type_id))
    return found


def _made(btf: Btf, found: t.BtfType) -> Decoder:
    order = btf.byte_order
    match found:
        case t.Int(is_bool=True):
            return lambda raw: bool(number) if (number := int.from_bytes(raw, order)) <= 1 else number
        case t.Int() if is_character(found):
            return lambda raw: Character.of(int.from_bytes(raw, order))
        case t.Int(size=0):
            return lambda raw: {}  # Rust's (), which DWARF has as a struct without members
        case t.Int(signed=signed):
            return partial(int.from_bytes, byteorder=order, signed=signed)
        case t.Enum(signed=signed):
            return lambda raw: _enumerator(btf, found, int.from_bytes(raw, order, signed=signed))
        case t.Pointer():
            return partial(int.from_bytes, byteorder=order)
        case t.Float(size=size) if size in _FLOATS:
            form = struct.Struct(("<" if order == "little" else ">") + _FLOATS[size])
            return partial(_shortest, form)
        case t.Array() if is_text(btf, found):
            return Text.of
        case t.Array():
            return partial(_decode_array, btf, found)
        case t.Composite():
            return partial(_decode_composite, btf, found)
        case _:
            return lambda raw: raw


def _enumerator(btf: Btf, found: t.Enum, number: int) -> Value:
    names = btf.enumerators.get(found.id)
    if names is None:
        names = btf.enumerators[found.id] = {}
        for each in found.enumerators:
            names.setdefault(each.value, EnumName(each.name))
    return names.get(number, number)


def _shortest(form: struct.Struct, raw: bytes) -> float:
    """Return a floating-point number; of one of 4 bytes the shortest that is stored as these: 0.1, as was written."""
    (value,) = form.unpack(raw)
    if form.size == 8 or not math.isfinite(value):
        return value
    for digits in range(1, _FLOAT_DIGITS):
        with contextlib.suppress(OverflowError):  # rounded above the largest
            if form.pack(shorter := float(f"{value:.{digits}g}")) == raw:
                return shorter
    return value


def _decode_array(btf: Btf, array: t.Array, raw: bytes) -> Value:
    size = btf.size(array.element)
    if size == 0:
        return []
    element = btf.strip(array.element)
    if isinstance(element, t.Int) and not element.is_bool and size in _INTEGERS:
        # Millions of them are ordinary: 2.5 MB of random bytes in a benchmark of the kernel's.
        order, code = "<" if btf.byte_order == "little" else ">", _INTEGERS[size]
        count = len(raw) // size
        return list(struct.unpack_from(f"{order}{count}{code if element.signed else code.upper()}", raw))
    inner = _decoder(btf, array.element)
    return [inner(raw[at : at + size]) for at in range(0, len(raw) // size * size, size)]


def _decode_composite(btf: Btf, composite: t.Composite, raw: bytes) -> Value:
    parts = btf.members.get(composite.id)
    if parts is None:
        parts = btf.members[composite.id] = [_part(btf, field) for field in fields(btf, composite)]
    variants = btf.variants.get(composite.id)
    active = variants.active(btf, raw) if variants is not None else None
    if active is None:
        return {name: inner(raw[start:stop]) for name, start, stop, inner in parts}
    value = next(inner(raw[start:stop]) for name, start, stop, inner in parts if name == active)
    return Variant.of(composite.name, active, value)


def _part(btf: Btf, field: Field) -> tuple[str, int, int | None, Decoder]:
    """Return a member's name, its bytes in those of its struct, and what decodes them."""
    start, bits = divmod(field.bit_offset, 8)
    if field.bit_size:
        stop = start + (bits + field.bit_size + 7) // 8
        return field.name, start, stop, lambda raw: decode_bits(btf, field.type_id, raw, bits, field.bit_size)
    stop = None if field.flexible else start + btf.size(field.type_id)
    return field.name, start, stop, _decoder(btf, field.type_id)


def decode_bits(btf: Btf, type_id: int, raw: bytes, bit_offset: int, bit_size: int) -> Value:
    """Return the value of a bitfield that begins *bit_offset* bits into *raw*.

    On big-endian machines bits count from the most significant one.
    """
    span = (bit_offset + bit_size + 7) // 8
    number = int.from_bytes(raw[:span], btf.byte_order)
    shift = bit_offset if btf.byte_order == "little" else span * 8 - bit_offset - bit_size
    number = number >> shift & (1 << bit_size) - 1
    found = btf.strip(type_id)
    if isinstance(found, t.Int | t.Enum) and found.signed and number >> bit_size - 1:
        number -= 1 << bit_size
    match found:
        case t.Enum():
            return _enumerator(btf, found, number)
        case t.Int(is_bool=True):
            return bool(number)
        case _:
            return number


def encode(btf: Btf, type_id: int, value: Value, name: str, current: bytes) -> bytes:
    """Return the bytes of *value* as that type; *current* fills in what a dict leaves out.

    Raises:
        ValueRangeError: A number or a text does not fit.
        TypeMismatchError: The value has the wrong shape.
    """
    size = btf.size(type_id)
    if is_flexible(btf, type_id):
        size = len(current) or _needed(btf, type_id, value)
    if isinstance(value, bytes | bytearray | memoryview):
        return _sized(bytes(value), size, name, btf, type_id)
    found = btf.strip(type_id)
    match found:
        case t.Int(size=0) if value == {}:
            return b""
        case t.Int() | t.Enum() | t.Pointer():
            return encode_integer(btf, type_id, value, size * 8, name).to_bytes(size, btf.byte_order)
        case t.Float(size=width) if width in _FLOATS:
            if not isinstance(value, int | float):
                raise _mismatch(name, value, "a number", btf, type_id)
            try:
                return struct.pack(("<" if btf.byte_order == "little" else ">") + _FLOATS[width], value)
            except OverflowError:
                raise ValueRangeError(f"{name}: {quoted(value)} does not fit {declaration(btf, type_id)}") from None
        case t.Array():
            return _encode_array(btf, found, type_id, value, name, current.ljust(size, b"\0"))
        case t.Composite(id=number) if number in btf.variants:
            return _encode_variant(btf, found, btf.variants[number], value, name, current.ljust(size, b"\0"))
        case t.Composite():
            return _encode_composite(btf, found, type_id, value, name, current.ljust(size, b"\0"))
        case _:
            raise TypeMismatchError(f"{name}: a value of type {declaration(btf, type_id)} can only be set as bytes")


def encode_integer(btf: Btf, type_id: int, value: Value, bits: int, name: str) -> int:
    """Return *value* as the unsigned integer that its bit pattern of *bits* bits makes."""
    found = btf.strip(type_id)
    if isinstance(value, str) and isinstance(found, t.Enum):
        known = {e.name: e.value for e in found.enumerators}
        if value not in known:
            raise UnknownNameError("enumerator", value, known, where=declaration(btf, type_id))
        value = known[value]
    if isinstance(value, str) and len(value) == 1 and is_character(found):
        value = ord(value)
    if isinstance(value, int) and is_character(found) and not isinstance(Character.of(value), str):
        raise ValueRangeError(f"{name}: {value:#x} is no character: 0 to 0x10ffff are, without 0xd800 to 0xdfff")
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int):
        wanted = "an enumerator's name or an integer" if isinstance(found, t.Enum) else "an integer"
        wanted = "a character or its number" if is_character(found) else wanted
        raise _mismatch(name, value, wanted, btf, type_id)
    low, high = limits(found, bits)
    if not low <= value <= high:
        c_text = declaration(btf, type_id)
        raise ValueRangeError(f"{name}: {quoted(value)} does not fit {c_text}, which takes {low} to {high}")
    return value & (1 << bits) - 1


def limits(found: t.BtfType, bits: int) -> tuple[int, int]:
    """Return the smallest and the largest value of an integer type of that many bits."""
    if isinstance(found, t.Int) and found.is_bool:
        return 0, 1
    if isinstance(found, t.Int | t.Enum) and found.signed:
        return -(1 << bits - 1), (1 << bits - 1) - 1
    return 0, (1 << bits) - 1


def _needed(btf: Btf, type_id: int, value: Value) -> int:
    """Return the bytes that a value of a flexible type takes; at least those of the type itself."""
    size = btf.size(type_id)
    if isinstance(value, bytes | bytearray | memoryview):
        return max(size, len(value))
    match btf.strip(type_id):
        case t.Array(count=0, element=element) if isinstance(value, list):
            return len(value) * btf.size(element)
        case t.Array(count=0) if isinstance(value, str):
            return len(value.raw) if isinstance(value, Text) else len(value.encode("utf-8", "replace"))
        case t.Composite() as composite if isinstance(value, dict):
            ends = [field for field in fields(btf, composite) if field.flexible and field.name in value]
            return max([size, *(f.bit_offset // 8 + _needed(btf, f.type_id, value[f.name]) for f in ends)])
        case _:
            return size


def _encode_array(btf: Btf, array: t.Array, type_id: int, value: Value, name: str, current: bytes) -> bytes:
    size = len(current)
    if isinstance(value, Text) and len(value.raw) == size and is_text(btf, array):
        return value.raw
    if isinstance(value, str) and is_text(btf, array):
        try:
            # What a command line holds that is no UTF-8 comes as surrogates, and goes back to its bytes.
            raw = value.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            raise _mismatch(name, value, "text that UTF-8 can hold", btf, type_id) from None
        if len(raw) > size:
            raise ValueRangeError(
                f"{name}: {quoted(value)} has {len(raw)} bytes, {declaration(btf, type_id)} takes at most {size}"
            )
        return raw.ljust(size, b"\0")
    if not isinstance(value, list):
        wanted = "text" if is_text(btf, array) else f"a list of {array.count}"
        raise _mismatch(name, value, wanted, btf, type_id)
    width = btf.size(array.element)
    count = array.count or (size // width if width else 0)
    if len(value) != count:
        text = f"{name}: {declaration(btf, type_id)} takes {count} values, not {len(value)}"
        raise TypeMismatchError(text, hint=how_written(btf, type_id) or None)
    raw = b"".join(
        encode(btf, array.element, item, f"{name}[{i}]", current[i * width : (i + 1) * width])
        for i, item in enumerate(value)
    )
    return raw.ljust(size, b"\0")


def _encode_composite(btf: Btf, composite: t.Composite, type_id: int, value: Value, name: str, current: bytes) -> bytes:
    if not isinstance(value, dict):
        raise _mismatch(name, value, "its members by name", btf, type_id)
    known = {field.name: field for field in fields(btf, composite)}
    before, size = current, len(current)
    raw = bytearray(before)
    written = bytearray(size)
    """The bits that a member was written to."""
    for member, item in value.items():
        if member not in known:
            raise UnknownNameError("member", member, known, where=declaration(btf, type_id))
        field = known[member]
        start, shift = divmod(field.bit_offset, 8)
        bits = field.bit_size or 8 * (size - start if field.flexible else btf.size(field.type_id))
        stop = start + (shift + bits + 7) // 8
        own = Field(member, field.type_id, shift, field.bit_size, flexible=field.flexible)
        patch, cover = bytearray(before[start:stop]), bytearray(stop - start)
        encode_field(btf, own, item, f"{name}.{member}", patch)
        if len(patch) != stop - start:
            needed = start + len(patch)
            raise ValueRangeError(f"{name}.{member}: there are only {size} bytes for all of {name}, not {needed}")
        _cover(btf, own, cover)
        # Members of a union overlap: what a decoded dict repeats unchanged must not undo what was changed.
        for at, new, mask in zip(range(start, stop), patch, cover, strict=True):
            if new == before[at]:
                continue
            if (raw[at] ^ new) & mask & written[at]:
                raise TypeMismatchError(f"{name}: {member} overlaps what else is set: set one of them")
            raw[at] = raw[at] & ~mask | new & mask
            written[at] |= mask
    return bytes(raw)


def _encode_variant(btf: Btf, enum: t.Composite, part: VariantPart, value: Value, name: str, current: bytes) -> bytes:
    """Return the bytes of a variant: its members, then what says that it is the one."""
    value = {value.removeprefix(f"{enum.name}::"): {}} if isinstance(value, str) else value
    if isinstance(value, dict) and DISCRIMINANT in value:  # all members, as a value is decoded that is no variant
        return _encode_composite(btf, enum, enum.id, value, name, current)
    if not isinstance(value, dict) or len(value) != 1:
        raise _mismatch(name, value, f"one of its variants ({', '.join(part.variants)})", btf, enum.id)
    ((variant, members),) = value.items()
    if variant not in part.variants:
        if variant.partition("(")[0].partition("{")[0].strip() in part.variants:  # as Rust writes it: B(7), C {x: 1}
            raise _mismatch(name, variant, f"one of its variants ({', '.join(part.variants)})", btf, enum.id)
        raise UnknownNameError("variant", variant, part.variants, where=declaration(btf, enum.id))
    raw = bytearray(_encode_composite(btf, enum, enum.id, {variant: members}, name, current))
    number = part.number(variant)
    if number is not None:
        raw[part.offset : part.offset + part.size] = number.to_bytes(part.size, btf.byte_order)
    found = part.active(btf, bytes(raw))
    if found != variant:
        raise TypeMismatchError(
            f"{name}: with these members it is {enum.name}::{found}, not {enum.name}::{variant}",
            hint=f"{variant} is told by its own members: set them, {how_written(btf, enum.id)}",
        )
    return bytes(raw)


def encode_field(btf: Btf, field: Field, value: Value, name: str, raw: bytearray) -> None:
    """Write *value* as that member into *raw*, the bytes of the struct."""
    start = field.bit_offset // 8
    if field.bit_size:
        put_bits(btf, field.type_id, value, name, raw, field.bit_offset, field.bit_size)
        return
    stop = len(raw) if field.flexible else start + btf.size(field.type_id)
    raw[start:stop] = encode(btf, field.type_id, value, name, bytes(raw[start:stop]))


def _cover(btf: Btf, field: Field, raw: bytearray) -> None:
    """Set the bits of *raw* that belong to a member."""
    start, bits = divmod(field.bit_offset, 8)
    if field.bit_size:
        _write_bits(btf, raw, start, bits, field.bit_size, (1 << field.bit_size) - 1)
    else:
        size = len(raw) - start if field.flexible else btf.size(field.type_id)
        raw[start : start + size] = b"\xff" * size


def put_bits(btf: Btf, type_id: int, value: Value, name: str, raw: bytearray, bit_offset: int, bit_size: int) -> None:
    """Write *value* as a bitfield at *bit_offset* of *raw*, leaving its neighbours alone."""
    start, bits = divmod(bit_offset, 8)
    _write_bits(btf, raw, start, bits, bit_size, encode_integer(btf, type_id, value, bit_size, name))


def _write_bits(btf: Btf, raw: bytearray, start: int, bit_offset: int, bit_size: int, number: int) -> None:
    span = (bit_offset + bit_size + 7) // 8
    shift = bit_offset if btf.byte_order == "little" else span * 8 - bit_offset - bit_size
    word = int.from_bytes(raw[start : start + span], btf.byte_order)
    word = word & ~((1 << bit_size) - 1 << shift) | number << shift
    raw[start : start + span] = word.to_bytes(span, btf.byte_order)


def _sized(raw: bytes, size: int, name: str, btf: Btf, type_id: int) -> bytes:
    if len(raw) != size:
        raise ValueRangeError(f"{name}: {declaration(btf, type_id)} takes {size} bytes, not {len(raw)}")
    return raw


def _mismatch(name: str, value: Value, wanted: str, btf: Btf, type_id: int) -> TypeMismatchError:
    text = f"{name}: {declaration(btf, type_id)} takes {wanted}, not {quoted(value)}"
    return TypeMismatchError(text, hint=how_written(btf, type_id) or None)
