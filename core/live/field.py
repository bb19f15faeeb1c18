"""Field: a part of the key or of the value of a map's entries, which is read, written and edited by itself."""

from __future__ import annotations

import enum
import math
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeAlias

from ..btf import format_value, parse_bytes
from ..btf import types as t
from ..btf.members import is_text
from ..btf.notation import Family, Notation, format_as, is_written_as, parse_as
from ..btf.typed_text import edit_text, range_text
from ..btf.values import EnumName
from ..errors import BpftuiError, TypeMismatchError, ValueRangeError, quoted
from .counters import decoded
from .series import rate

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..btf import CType
    from ..runtime import Entry
    from .counters import Counter

__all__ = ["Address", "Field", "Form", "Of"]

_INTEGER_SIZES: Final = (1, 2, 4, 8)

Of: TypeAlias = Literal["key", "value"]
"""What it is a part of."""


class Form(enum.StrEnum):
    """How what stands in a field is written."""

    TYPED = "typed"
    """By its C type; addresses, ports and MACs as such; numbers of values with thousands separators."""
    HEX = "hex"
    DECIMAL = "decimal"
    """Integers as plain digits, whatever they mean."""


class Address(NamedTuple):
    """An address that a family tells of; offsets in bytes from the start of the key or value."""

    family: Family
    at: int
    size: int


@dataclass(frozen=True, slots=True)
class Field:
    """A part of the key or of the value of a map's entries: the whole of it, a member, an element.

    What it reads and writes are whole keys and values, as bytes.
    """

    of: Of
    path: str
    """From the start of the key or value: `.source.bytes`, `[3]`; empty for all of it."""
    label: str
    """What its column is called."""
    type: CType | None
    """None where it is not known: an integer, or bytes."""
    offset: int
    """In bytes, from the start of the key or value."""
    size: int
    """In bytes."""
    notation: Notation = Notation.TYPED
    address: Address | None = None
    """Of an address that a family tells of, where both are."""
    counter: Counter | None = None
    """What can be drawn of it over time; of a per-CPU map what is summed over the CPUs."""
    is_by_cpu: bool = False
    """Whether there is one for each CPU, which are not summed."""
    counts: bool = False
    """Whether its rate says something."""
    says_which: bool = False
    """Whether it is no amount but an identifier, which is written without separators."""

    @property
    def declared(self) -> str:
        """Its C type; where that is not known, its size."""
        return self.type.c_text if self.type is not None else f"{self.size} bytes"

    # Reading

    def wholes(self, entry: Entry) -> tuple[bytes, ...]:
        """Return what it is a part of: the key, or the values, of a per-CPU map one for each CPU."""
        return (entry.key,) if self.of == "key" else entry.values

    @property
    def is_number(self) -> bool:
        """Whether it is written as a number, which stands on the right."""
        if self.notation not in (Notation.TYPED, Notation.PORT):
            return False
        if self.type is None:
            return self.size in _INTEGER_SIZES
        found = self.type.stripped
        return isinstance(found, t.Int | t.Float | t.Pointer) and not (isinstance(found, t.Int) and found.is_bool)

    @property
    def is_text(self) -> bool:
        """Whether it is a char array."""
        found = self.type.stripped if self.type is not None else None
        return self.type is not None and isinstance(found, t.Array) and is_text(self.type.btf, found)

    @property
    def tells_all(self) -> bool:
        """Whether all its bytes are in its text, but for what a text holds behind its NUL."""
        if self.notation is not Notation.TYPED or self.type is None or self.is_text:
            return True
        if self.type.bit_size or isinstance(self.type.stripped, t.Float):
            return False  # bits without a name, the payload of a NaN
        return isinstance(self.type.stripped, t.Int | t.Enum | t.Pointer) or self._is_octets

    def without_rest(self, whole: bytes) -> bytes:
        """Return a key or value without what a text holds behind its NUL."""
        raw = self._part(whole)
        return self._replaced(whole, raw.partition(b"\0")[0].ljust(self.size, b"\0"))

    def rank(self, entry: Entry) -> Any:
        """Return what entries are ordered by; numbers by their value, whatever their byte order."""
        if self.counter is not None:
            return self.counter.total(entry)
        wholes = self.wholes(entry)
        return self._rank(wholes[0]) if len(wholes) == 1 else tuple(map(self._rank, wholes))

    def number(self, entry: Entry) -> float:
        """Return the number that the field is, where `is_number`; of what is by CPU the first one's."""
        if self.counter is not None:
            return self.counter.total(entry)
        found = self._rank(self.wholes(entry)[0])
        return float(found[1]) if isinstance(self.type and self.type.stripped, t.Float) else int(found)

    def _rank(self, whole: bytes) -> Any:
        if self.address is not None:
            family, at, size = self.address
            return family.read(whole), whole[at : at + size]
        raw, ctype = self._part(whole), self.type
        if self.notation is Notation.PORT:
            return int.from_bytes(raw, "big")
        if self.notation is not Notation.TYPED:
            return raw
        if ctype is None:
            return int.from_bytes(raw, sys.byteorder) if self.size in _INTEGER_SIZES else raw
        if ctype.bit_size:
            return _number(ctype, ctype.decode(raw))
        if ctype.limits is not None:
            return int.from_bytes(raw, ctype.btf.byte_order, signed=ctype.limits[0] < 0)
        value = ctype.decode(raw)
        if isinstance(value, float):
            return math.isnan(value), value
        return str(value) if isinstance(value, str) else raw

    def _part(self, whole: bytes) -> bytes:
        return whole[self.offset : self.offset + self.size]

    def rate(self, before: Entry | None, entry: Entry, seconds: float) -> float | None:
        """Return how much it grew a second; None without a counter or an earlier value, and after a reset."""
        if self.counter is None or before is None:
            return None
        return rate(self.counter.total(before), self.counter.total(entry), seconds)

    def essence(self) -> Callable[[Entry], bytes]:
        """Return what gives the bytes of an entry that its text depends on; made once for many entries."""
        start = min(start for start, _ in self.windows)  # of an address, from what tells its family
        stop = max(start + size for start, size in self.windows)
        if self.of == "key":
            return lambda entry: entry.key[start:stop]
        return lambda entry: b"".join([value[start:stop] for value in entry.values])

    def quick_text(self) -> Callable[[bytes], str] | None:
        """Return what writes the bytes of `essence` as `text` does, typed; None for fields that need more.

        Integers and addresses of maps with one value an entry have it: they differ most from entry to entry.
        """
        counter = self.counter
        if self.is_by_cpu or self.address is not None or (counter is not None and counter.bitfield is not None):
            return None
        if counter is not None:
            order, signed = counter.byte_order, counter.signed
            return lambda raw: f"{int.from_bytes(raw, order, signed=signed):,}"
        if self.notation is not Notation.TYPED:
            notation = self.notation
            return lambda raw: format_as(notation, raw) or raw.hex(" ")
        return None

    # Writing

    def text(self, entry: Entry, form: Form = Form.TYPED) -> str:
        """Return what stands in the field of an entry."""
        if self.counter is not None:
            return self._digits(self.counter.total(entry), form)
        if not self.is_by_cpu:
            return self.text_of(self.wholes(entry)[0], form)
        # Separators of thousands are no use between commas.
        plain = Form.DECIMAL if form is Form.TYPED and self.is_number and self.notation is Notation.TYPED else form
        return f"[{', '.join(self.text_of(whole, plain) for whole in entry.values)}]"

    def text_of(self, whole: bytes, form: Form = Form.TYPED) -> str:
        """Return what stands in the field of one key or value."""
        if form is Form.TYPED and self.notation is not Notation.TYPED:
            return self._notated(whole)
        raw, ctype = self._part(whole), self.type
        value = decoded(ctype, raw)
        if ctype is not None and isinstance(value, EnumName) and form is not Form.TYPED:
            value = _number(ctype, value)
        if isinstance(value, bool):
            return format_value(value)
        if isinstance(value, int):
            is_pointer = ctype is not None and isinstance(ctype.stripped, t.Pointer)
            return self._digits(value, Form.HEX if is_pointer and form is Form.TYPED else form)
        if form is Form.HEX or (form is Form.TYPED and self._is_octets):
            return raw.hex(" ")
        return format_value(value)

    @property
    def _is_octets(self) -> bool:
        """Whether it is an array of `__u8`, which says nothing as a list of numbers."""
        if self.type is None or not isinstance(self.type.stripped, t.Array):
            return False
        return self.type.element.size == 1 and not is_text(self.type.btf, self.type.stripped)

    def _digits(self, value: int, form: Form) -> str:
        match form:
            case Form.HEX:
                return f"{value:#x}"
            case Form.TYPED if self.of == "value" and not self.says_which:
                return f"{value:,}"
            case _:
                return str(value)

    def _notated(self, whole: bytes) -> str:
        if self.address is None:
            raw = self._part(whole)
            return format_as(self.notation, raw) or raw.hex(" ")
        family, at, size = self.address
        notation, raw = family.notation(whole), whole[at : at + size]
        # Zeros behind an IPv4 address are none of it; anything else there is, and tells entries apart.
        text = format_as(notation, raw) if notation is not None else None
        if text is not None:
            return text
        shown = format_value(family.type.decode(whole[family.offset : family.offset + family.type.size]))
        return f"{shown} {raw.hex(' ')}" if any(raw) else shown

    # Editing

    @property
    def takes(self) -> str:
        """What can be typed into it: `0 … 65535 (also 0x…, 0b…)`, `192.0.2.1`."""
        if self.notation is not Notation.TYPED:
            return f"{self.notation.value}, as {is_written_as(self.notation)}"
        if self.type is None and self.size in _INTEGER_SIZES:
            return f"0 … {(1 << 8 * self.size) - 1} (also 0x…, 0b…), or hex:…"
        return range_text(self.type, self.size)

    def edit_text(self, whole: bytes, form: Form = Form.TYPED) -> str:
        """Return the text that an editor begins with: `put` reads it back to the same bytes."""
        raw = self._part(whole)
        if form is Form.TYPED and self.notation is not Notation.TYPED:
            text = self._notated(whole)
            return text if self._reads_back(text, whole) else f"hex:{raw.hex()}"
        if form is Form.HEX:
            text = self.text_of(whole, form)
            return text if self._reads_back(text, whole, form) else f"hex:{raw.hex()}"
        if self.type is None and self.size in _INTEGER_SIZES:
            return str(int.from_bytes(raw, sys.byteorder))
        return edit_text(self.type, raw)

    def edit_text_of(self, entry: Entry, form: Form = Form.TYPED) -> str:
        """Return the text that an editor begins with for an entry: `put_into` reads it back."""
        if self.counter is not None and len(entry.values) > 1:
            total = self.counter.total(entry)
            return f"{total:#x}" if form is Form.HEX else str(total)
        texts = [self.edit_text(whole, form) for whole in self.wholes(entry)]
        return texts[0] if len(set(texts)) == 1 else f"[{', '.join(texts)}]"

    def put_into(self, text: str, entry: Entry, form: Form = Form.TYPED) -> tuple[bytes, ...]:
        """Return the values of an entry with what a user typed in this field; errors as for `put`.

        Of a per-CPU map a list is one for each CPU. What is not a list is a sum, which the first CPU has and no other,
        where sums are shown, and what every CPU gets, where they are not.
        """
        values = entry.values
        if len(values) == 1:
            return (self.put(text, values[0], form),)
        texts = self._by_cpu(text.strip(), len(values))
        if texts is None:
            rest = "0" if self.counter is not None else text
            texts = [text, *[rest] * (len(values) - 1)]
        return tuple(self.put(each, value, form) for each, value in zip(texts, values, strict=True))

    def _by_cpu(self, text: str, cpus: int) -> list[str] | None:
        """Return what is typed for each CPU; None for what is no such list."""
        is_list = self.type is not None and self.notation is Notation.TYPED and self.type.count > 0
        if is_list or not (text.startswith("[") and text.endswith("]")):
            return None
        inner = text[1:-1].split(",")
        if len(inner) != cpus:
            raise TypeMismatchError(
                f"{self.label} takes {cpus} values, one for each possible CPU, not {len(inner)}",
                hint=f"as [{', '.join(['…'] * min(cpus, 4))}], or one for all",
            )
        return inner

    @property
    def windows(self) -> tuple[tuple[int, int], ...]:
        """Where in its key or value it is: offset and size in bytes, of an address also of what tells its family."""
        if self.address is None:
            return ((self.offset, self.size),)
        family, at, size = self.address
        return (family.offset, family.type.size), (at, size)

    def _reads_back(self, text: str, whole: bytes, form: Form = Form.TYPED) -> bool:
        try:
            return self.put(text, whole, form) == whole
        except BpftuiError:
            return False

    def put(self, text: str, whole: bytes, form: Form = Form.TYPED) -> bytes:
        """Return the key or value *whole* with what a user typed in this field.

        Raises:
            TypeMismatchError, ValueRangeError, UnknownNameError: It does not fit; the hint says how it is written.
        """
        text = text.strip()
        if form is Form.TYPED and self.notation is not Notation.TYPED and not text.startswith("hex:"):
            return self._put_notated(text, whole)
        current = self._part(whole)
        if self.type is None:
            return self._replaced(whole, self._untyped(text))
        raw = self.type.encode(self.type.parse(text, self.label), name=self.label, current=current)
        if len(raw) != self.size:  # of a type that ends with an array without a length
            raise ValueRangeError(f"{self.label} takes {self.size} bytes, not {len(raw)}")
        return self._replaced(whole, raw)

    def _replaced(self, whole: bytes, raw: bytes) -> bytes:
        return whole[: self.offset] + raw + whole[self.offset + len(raw) :]

    def _put_notated(self, text: str, whole: bytes) -> bytes:
        if self.address is None:
            return self._replaced(whole, parse_as(self.notation, text, self.size, self.label)[1])
        family, at, size = self.address
        notation, raw = parse_as(self.notation, text, size, self.label)
        result = bytearray(whole)
        result[at : at + size] = raw
        if family.notation(whole) is not notation:
            kind = family.type
            number = family.number(notation).to_bytes(kind.size, kind.btf.byte_order)
            result[family.offset : family.offset + kind.size] = number
        return bytes(result)

    def _untyped(self, text: str) -> bytes:
        """Return what is typed where no type is known: an integer of this machine's byte order, or bytes."""
        if self.size in _INTEGER_SIZES and not text.startswith("hex:"):
            try:
                number = int(text, 0)
            except ValueError:
                raise TypeMismatchError(
                    f"{self.label} takes an integer, not {quoted(text)}", hint="as 9000, 0x2328 or hex:0102…"
                ) from None
            if not 0 <= number < 1 << 8 * self.size:
                reason = f"{self.label}: {number} does not fit {self.size} bytes, which take 0 to"
                raise ValueRangeError(f"{reason} {(1 << 8 * self.size) - 1}")
            return number.to_bytes(self.size, sys.byteorder)
        raw = parse_bytes(text, self.label)
        if len(raw) != self.size:
            raise ValueRangeError(f"{self.label} takes {self.size} bytes, not {len(raw)}")
        return raw


def _number(ctype: CType, value: Any) -> int:
    """Return the number behind the name of an enumerator, or a number as it is."""
    if isinstance(value, str):
        return next((each.value for each in ctype.enumerators if each.name == value), 0)
    return int(value)
