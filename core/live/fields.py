"""Fields: the columns of a map's entries, the parts of its keys and of its values."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from ..btf import types as t
from ..btf.members import is_text
from ..btf.notation import Family, Notation, family_of, notation_of
from ..uapi import MapType
from .counters import counters
from .field import Address, Field, Form
from .keys import ambiguous_keys
from .prefix import prefix_of
from .stack_field import StackField

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..analysis.counting import Counting
    from ..btf import CType
    from ..runtime import Entry
    from .counters import Valued
    from .field import Of
    from .stacks import Stacks

__all__ = ["Fields", "fields_of", "record_fields"]

_MAX_KEY: Final = 16
_MAX_VALUE: Final = 128
"""Fields; a type with more parts is one."""
_LONG_ARRAY: Final = 64
"""Elements; a longer array is one field."""
_MAX_DEPTH: Final = 32


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


def fields_of(source: Valued, counting: Counting | None = None, stacks: Stacks | None = None) -> Fields:
    """Return the fields of a map's entries.

    A struct and an array are as many fields as they have parts, with the addresses in them as one; where that would be
    too many, one. *counting* tells what counts, as in `counters`: what of a per-CPU map is summed, and what has a rate.
    It looks into programs, which takes time. The functions in stack traces are named by *stacks*.
    """
    from ..analysis.counting import Counting

    counts = (counting or Counting()).counts
    drawn = {each.offset: each for each in counters(source, counting) if each.bitfield is None}
    bits = {each.path: each for each in counters(source, counting) if each.bitfield is not None}
    prefix = prefix_of(source) if source.type is MapType.LPM_TRIE else None
    keys = [prefix] if prefix else _listed("key", source.key, source.key_size, source.name, _MAX_KEY)
    if stacks is not None and source.name in stacks.maps:
        value = StackField("value", "", "stack", None, 0, source.value_size, map=source.name, stacks=stacks)
        return Fields(source.name, tuple(keys), (value,), is_summed=False)
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


def _listed(of: Of, ctype: CType | None, size: int, name: str, most: int) -> Sequence[Field]:
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
    of: Of,
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
        yield Field(of, path, label, ctype, offset, ctype.size, notation, Address(family, offset, ctype.size))
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


def _members(of: Of, ctype: CType, path: str, offset: int, depth: int) -> Iterator[Field]:
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
        place = Address(family, offset + at, inner.size)
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
