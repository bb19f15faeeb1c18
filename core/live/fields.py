"""Fields: the columns of a map's entries, the parts of its keys and of its values."""

from __future__ import annotations

import enum
import math
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeAlias

from ..btf import format_value, parse_bytes
from ..btf import types as t
from ..btf.members import is_text
from ..btf.notation import Family, Notation, family_of, format_as, is_written_as, notation_of, parse_as
from ..btf.typed_text import edit_text, range_text
from ..btf.values import EnumName
from ..errors import BpftuiError, TypeMismatchError, ValueRangeError, quoted
from .counters import counters, decoded
from .keys import ambiguous_keys
from .series import rate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ..analysis.counting import Counting
    from ..btf import CType
    from ..runtime import Entry
    from .counters import Counter, Valued

__all__ = ["Field", "Fields", "Form", "fields_of", "record_fields"]

_MAX_KEY: Final = 16
_MAX_VALUE: Final = 128
"""Fields; a type with more parts is one."""
_LONG_ARRAY: Final = 64
"""Elements; a longer array is one field."""
_MAX_DEPTH: Final = 32
_INTEGER_SIZES: Final = (1, 2, 4, 8)

_Of: TypeAlias = Literal["key", "value"]


class Form(enum.StrEnum):
    """How what stands in a field is written."""

    TYPED = "typed"
    """By its C type; addresses, ports and MACs as such; numbers of values with thousands separators."""
    HEX = "hex"
    DECIMAL = "decimal"
    """Integers as plain digits, whatever they mean."""


class _Address(NamedTuple):
    """An address that a family tells of; offsets in bytes from the start of the key or value."""

    family: Family
    at: int
    size: int


@dataclass(frozen=True, slots=True)
class Field:
    """A part of the key or of the value of a map's entries: the whole of it, a member, an element.

    What it reads and writes are whole keys and values, as bytes.
    """

    of: _Of
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
    address: _Address | None = None
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


class Fields(NamedTuple):
    """The columns of a map, and how its entries are read as rows."""

    name: str
    """The map's."""
    keys: tuple[Field, ...]
    values: tuple[Field, ...]
    is_summed: bool
    """Whether some are sums over the CPUs."""

    @property
    def all(self) -> tuple[Field, ...]:
        """The fields of the key, then those of the value."""
        return self.keys + self.values

    def alike(self, source: Valued, entries: Sequence[Entry]) -> frozenset[bytes]:
        """Return the keys that only their bytes tell from another, as `ambiguous_keys` does, mostly sooner.

        Where fields tell every byte of a key but padding and what texts hold behind their NUL, that alone is looked at.
        """
        texts = [field for field in self.keys if field.is_text]
        if not all(field.tells_all for field in self.keys):
            return ambiguous_keys(source, (entry.key for entry in entries))
        covered = {at for field in self.keys for start, size in field.windows for at in range(start, start + size)}
        gaps = [at for at in range(source.key_size) if at not in covered]
        if not (gaps or texts):
            return frozenset()
        blank = bytearray(b"\xff" * source.key_size)
        for at in gaps:
            blank[at] = 0
        mask = int.from_bytes(blank, "big")
        odd: set[bytes] = set()
        for key in (entry.key for entry in entries):
            plain = (int.from_bytes(key, "big") & mask).to_bytes(source.key_size, "big") if gaps else key
            for field in texts:
                plain = field.without_rest(plain)
            if plain != key:
                odd |= {key, plain}
        return frozenset(odd.intersection(entry.key for entry in entries)) if odd else frozenset()

    def key_text(self, entry: Entry, form: Form = Form.TYPED) -> str:
        """Return an entry's key as one text."""
        if len(self.keys) == 1:
            return self.keys[0].text(entry, form)
        return "{" + ", ".join(f"{field.label}={field.text(entry, form)}" for field in self.keys) + "}"


def fields_of(source: Valued, counting: Counting | None = None) -> Fields:
    """Return the fields of a map's entries.

    A struct and an array are as many fields as they have parts, with the addresses in them as one; where that would be
    too many, one. *counting* tells what counts, as in `counters`: what of a per-CPU map is summed, and what has a rate.
    It looks into programs, which takes time.
    """
    from ..analysis.counting import Counting

    counts = (counting or Counting()).counts
    drawn = {each.offset: each for each in counters(source, counting) if each.bitfield is None}
    bits = {each.path: each for each in counters(source, counting) if each.bitfield is not None}
    keys = _listed("key", source.key, source.key_size, source.name, _MAX_KEY)
    values: list[Field] = []
    for part in _listed("value", source.value, source.value_size, source.name, _MAX_VALUE):
        counter = None
        if part.notation is Notation.TYPED and (part.type is None or part.type.is_integer):
            counter = bits.get(part.path) if part.type and part.type.bit_size else drawn.get(part.offset)
        is_counted = counter is not None and counts(source.name, part.path, part.type, part.offset, part.size)
        values.append(
            Field(
                "value",
                part.path,
                part.label,
                part.type,
                part.offset,
                part.size,
                part.notation,
                part.address,
                counter,
                is_by_cpu=source.type.per_cpu and counter is None,
                counts=is_counted,
                says_which=source.type.says_which,
            )
        )
    return Fields(source.name, tuple(keys), tuple(values), source.type.per_cpu and any(f.counter for f in values))


def record_fields(ctype: CType | None, size: int, name: str) -> Fields:
    """Return the fields of a record of *size* bytes that is called *name*, as `fields_of` does those of a value."""
    values = _listed("value", ctype, size, name, _MAX_VALUE)
    return Fields(name, (), tuple(values), is_summed=False)


def _listed(of: _Of, ctype: CType | None, size: int, name: str, most: int) -> Sequence[Field]:
    if not size:
        return []
    if ctype is None:
        return [Field(of, "", of, None, 0, size)]
    found: list[Field] = []
    for part in _parts(of, ctype, name, "", 0, None, 0):
        found.append(part)
        if len(found) > most:
            return [Field(of, "", of, ctype, 0, size)]
    return found or [Field(of, "", of, ctype, 0, size)]


def _parts(
    of: _Of,
    ctype: CType,
    name: str,
    path: str,
    offset: int,
    family: Family | None,
    depth: int,
) -> Iterator[Field]:
    """Iterate over the parts of a type that are fields of their own.

    Args:
        of: Whether it is the key or the value.
        ctype: The type of what is called *name* and lies at *path*, *offset* bytes from the start.
        family: The family that tells what the address is.
        depth: How many structs and arrays it is in.
    """
    found = ctype.stripped
    label = path.removeprefix(".") or of
    notation = notation_of(ctype, name, has_family=family is not None)
    if family is not None:
        yield Field(of, path, label, ctype, offset, ctype.size, notation, _Address(family, offset, ctype.size))
    elif notation is not Notation.TYPED or depth > _MAX_DEPTH:
        yield Field(of, path, label, ctype, offset, ctype.size, notation)
    elif isinstance(found, t.Composite) and found.id not in ctype.btf.variants and found.members:
        yield from _members(of, ctype, path, offset, depth)
    elif isinstance(found, t.Array) and not is_text(ctype.btf, found) and _is_listed(ctype):
        element = ctype.element
        for index in range(ctype.count):
            yield from _parts(of, element, name, f"{path}[{index}]", offset + index * element.size, None, depth + 1)
    else:
        yield Field(of, path, label, ctype, offset, ctype.size)


def _members(of: _Of, ctype: CType, path: str, offset: int, depth: int) -> Iterator[Field]:
    """Iterate over the fields in a struct or union."""
    members = list(ctype.members())
    teller = family_of(ctype)
    family = None if teller is None else replace(teller, offset=offset + teller.offset)
    addresses = [
        (name, inner, at)
        for name, inner, at in members
        if teller is not None and notation_of(inner, name, has_family=True) is Notation.ADDRESS
    ]
    if family is not None and len(addresses) == 1 and len(members) == 2:
        ((_, inner, at),) = addresses
        label = path.removeprefix(".") or ctype.stripped.name or of
        place = _Address(family, offset + at, inner.size)
        yield Field(of, path, label, ctype, offset, ctype.size, Notation.ADDRESS, place)
        return
    for name, inner, at in members:
        is_address = (name, inner, at) in addresses
        if not is_address and any(start <= at < start + each.size for _, each, start in addresses):
            continue  # another member of the union that the address is
        yield from _parts(of, inner, name, f"{path}.{name}", offset + at, family if is_address else None, depth + 1)


def _is_listed(ctype: CType) -> bool:
    """Whether the elements of an array are fields of their own: not those of a long one, nor bytes."""
    return 0 < ctype.count <= _LONG_ARRAY and ctype.element.size > 1
