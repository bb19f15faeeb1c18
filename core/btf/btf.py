"""A BTF blob: found quickly, decoded one type at a time."""

from __future__ import annotations

import array
import bisect
import struct
import sys
from functools import cached_property
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from ..errors import ObjectError
from ..limits import Budget
from ..strings import StringTable
from ..visible import visible
from . import types as t
from .index import TAIL, Index, find_places, in_order_of_names, name_offsets
from .record import MAGIC, decoded
from .types import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .values import Value
    from .variants import VariantPart

__all__ = ["Btf", "ByteOrder"]

ByteOrder: TypeAlias = Literal["little", "big"]

_KINDS: Final = {int(kind): kind for kind in Kind}
"""Looked up a third as expensively as called."""
_MAX_DEPTH: Final = 64
"""Typedefs, modifiers and arrays in a row before a blob counts as damaged; the kernel stops at 32."""
_FEW: Final = 8
"""More strings than these are first reduced to those that are some type's name: most are only the ends of others."""
_MANY: Final = 64
"""Names that cost as much to be looked for as an index costs to be made."""


class Btf:
    """The types of an object, of a kernel or of a kernel module.

    Only the place of each type is found at once (25 ms for the 126,585 types of a 6.18 kernel); a type is decoded when
    it is looked at.

    Args:
        raw: The contents of a .BTF section; a view of a mapped file will do.
        byte_order: That of the object. The magic must agree.
        base: For split BTF, that of a module: the types and strings that its own continue. Ids below `len(base)` and
            string offsets below the size of the base's strings mean the base.
        file: What errors call the file.
        index: What `Btf.index` was for the same bytes: nothing is searched then.
    """

    def __init__(
        self,
        raw: bytes | memoryview,
        byte_order: ByteOrder = "little",
        *,
        base: Btf | None = None,
        file: str | None = None,
        index: Index | None = None,
    ) -> None:
        self.raw = raw
        self.byte_order: ByteOrder = byte_order
        self.base = base
        self.file = file
        types, self.strings = self._sections()
        self._texts = StringTable(self.strings)
        self.first_id: int = 1 if base is None else len(base)
        """The id of the first type that is not the base's."""
        self.first_string: int = 0 if base is None else base.first_string + len(base.strings)
        """The offset that the first of the own strings has."""
        self._words = self._as_words(types)
        self._index = index
        self._places = self._find_types() if index is None else index.places
        self._decoded: dict[int, t.BtfType] = {0: t.Void(0, "void")}
        self._stripped: dict[int, t.BtfType] = {}
        self._sizes: dict[int, int] = {}
        self._found: dict[str, list[int]] = {}
        self._looked_for = 0
        """Names: each takes a look at all strings, until an index is made for the many that come."""
        self.sound: dict[int, int] = {}
        """What `bpftui.core.btf.sound` found out: types whose values can be decoded, and how many members they have."""
        self.flexible: dict[int, bool] = {}
        """What `bpftui.core.btf.members` found out: structs and unions whose values have no fixed size."""
        self.decoders: dict[int, Callable[[bytes], Value]] = {}
        """What `bpftui.core.btf.values` made to decode values, by type."""
        self.members: dict[int, list[tuple[str, int, int | None, Callable[[bytes], Value]]]] = {}
        """The same for structs and unions: their members' names, first and last bytes, and what decodes them."""
        self.enumerators: dict[int, dict[int, str]] = {}
        """The same for enums: the names of values."""
        self.variants: dict[int, VariantPart] = {}
        """The structs that are enums with data, by id: what BTF does not say and `bpftui.core.dwarf` does."""
        self.parts: dict[tuple[int, int, int], object] = {}
        """What `bpftui.core.btf.path` found out: the parts of types, by type, offset and size."""

    def __len__(self) -> int:
        """Return the number of types: void and those of the base included."""
        return self.first_id + len(self._places)

    def _error(self, offset: int, reason: str) -> ObjectError:
        return ObjectError(reason, file=self.file, section=".BTF", offset=offset)

    def _sections(self) -> tuple[memoryview, bytes]:
        """Return the types and the strings."""
        raw, order = self.raw, "<" if self.byte_order == "little" else ">"
        if len(raw) < 24:
            raise self._error(0, f"{len(raw)} bytes are too few for a BTF header")
        magic, version, _flags, header = struct.unpack_from(order + "HBBI", raw)
        if magic != MAGIC:
            raise self._error(0, f"no BTF magic: {magic:#06x} instead of {MAGIC:#06x}")
        if version != 1:
            raise self._error(2, f"BTF version {version} is not known")
        type_offset, type_size, string_offset, string_size = struct.unpack_from(order + "4I", raw, 8)
        self.types_start: int = header + type_offset
        strings_start = header + string_offset
        if self.types_start + type_size > len(raw) or strings_start + string_size > len(raw):
            raise self._error(8, "the header points outside of the section")
        types = memoryview(raw)[self.types_start : self.types_start + type_size // 4 * 4]
        return types, bytes(raw[strings_start : strings_start + string_size])

    def _as_words(self, types: memoryview) -> Sequence[int]:
        if sys.byteorder == self.byte_order:
            return types.cast("I")
        words = array.array("I", types.tobytes())
        words.byteswap()
        return words

    def _find_types(self) -> Sequence[int]:
        places, end = find_places(self._words)
        if end != len(self._words):
            where = self.types_start + end * 4
            if end + 3 > len(self._words):
                raise self._error(where, "the last type is cut off")
            kind = self._words[end + 1] >> 24 & 0x1F
            raise self._error(where, f"type {self.first_id + len(places)} has an unknown kind, {kind}")
        return places

    @cached_property
    def _names(self) -> bytes:
        return name_offsets(self._words, self._places)

    @property
    def index(self) -> Index:
        """Where the own types are; for `Btf(…, index=…)` on the same bytes. Making it takes 0.2 s for a kernel's."""
        if self._index is None:
            self._index = Index(self._places, in_order_of_names(self._words, self._places, self._raw_name))
        return self._index

    def name(self, offset: int) -> str:
        """Return the string at *offset* of the string table; '' for an offset outside of it."""
        if self.base is not None and offset < self.first_string:
            return self.base.name(offset)
        return self._texts.text(offset - self.first_string)

    def _raw_name(self, offset: int) -> bytes:
        """Return the string at *offset* as it is stored."""
        if self.base is not None and offset < self.first_string:
            return self.base._raw_name(offset)
        start = offset - self.first_string
        end = self.strings.find(b"\0", start)
        return self.strings[start : end if end >= 0 else len(self.strings)]

    def kind(self, type_id: int) -> Kind:
        """Return the kind of a type without decoding it."""
        if type_id < self.first_id:
            return Kind.VOID if self.base is None else self.base.kind(type_id)
        return _KINDS[self._words[self._place(type_id) + 1] >> 24 & 0x1F]

    def type_name(self, type_id: int) -> str:
        """Return the name of a type without decoding it."""
        if type_id < self.first_id:
            return "void" if self.base is None else self.base.type_name(type_id)
        return self.name(self._words[self._place(type_id)])

    def linkage(self, type_id: int) -> int:
        """Return the linkage of a FUNC without decoding it: one of `types.Linkage`."""
        if self.base is not None and type_id < self.first_id:
            return self.base.linkage(type_id)
        # It sits where other kinds count their members.
        return self._words[self._place(type_id) + 1] & 0xFFFF

    def word_offset(self, type_id: int) -> int:
        """Return the offset of a type's record in `raw`, in bytes; of one of the base's, in the base's `raw`."""
        if self.base is not None and type_id < self.first_id:
            return self.base.word_offset(type_id)
        return self.types_start + self._place(type_id) * 4

    def record(self, type_id: int) -> tuple[int, int]:
        """Return where the record of one of the own types begins and where it ends, as offsets in `raw`."""
        at = self._place(type_id)
        info = self._words[at + 1]
        tail, each = TAIL[info >> 24 & 0x1F]
        start = self.types_start + at * 4
        return start, start + (3 + tail + each * (info & 0xFFFF)) * 4

    def _place(self, type_id: int) -> int:
        if not self.first_id <= type_id < len(self):
            raise self._error(self.types_start, f"there is no type {type_id}; the last is {len(self) - 1}")
        return self._places[type_id - self.first_id]

    def type(self, type_id: int) -> t.BtfType:
        """Return the type behind an id. An id that is not there raises ObjectError."""
        found = self._decoded.get(type_id)
        if found is None:
            if self.base is not None and type_id < self.first_id:
                return self.base.type(type_id)
            found = self._decoded[type_id] = decoded(type_id, self._words, self._place(type_id), self.name)
        return found

    def __repr__(self) -> str:
        file = f" {visible(self.file)}" if self.file else ""
        return f"<Btf{file}: {len(self) - 1} types>"  # void is none that is written down

    def find_all(self, name: str) -> list[int]:
        """Return the ids of all types of that name, in ascending order.

        In a kernel's BTF that takes 0.03 ms with an index and 3 ms without; after many names one is made.
        """
        found = self._found.get(name)
        if found is None:
            found = [] if self.base is None else list(self.base.find_all(name))
            self._looked_for += 1
            if self._index is None and self._looked_for <= _MANY:
                found += self._with_names(self._string_offsets(name))
            elif name:  # what has none is not found
                found += self._between_names(self.index.by_name, _stored(name))
            self._found[name] = found
        return found

    def _between_names(self, by_name: Sequence[int], wanted: bytes) -> list[int]:
        """Return the ids of the own types of that name, by their order."""

        def name(number: int) -> bytes:
            return self._raw_name(self._words[self._places[number]])

        start = bisect.bisect_left(by_name, wanted, key=name)
        stop = bisect.bisect_right(by_name, wanted, start, key=name)
        return [self.first_id + number for number in by_name[start:stop]]

    def _string_offsets(self, text: str) -> list[int]:
        """Return all offsets that mean *text*: a name may be the end of another string."""
        if not text:
            return []
        wanted = _stored(text) + b"\0"
        offsets = [] if self.base is None else self.base._string_offsets(text)
        at = self.strings.find(wanted)
        while at >= 0:
            offsets.append(self.first_string + at)
            at = self.strings.find(wanted, at + 1)
        return offsets

    def _with_names(self, offsets: list[int]) -> list[int]:
        """Return the ids of the own types whose names are at these offsets."""
        names, found = self._names, list[int]()
        if len(offsets) > _FEW:
            offsets = [offset for offset in offsets if offset in self._used_offsets]
        for offset in offsets:
            word = struct.pack("=I", offset)
            at = names.find(word)
            while at >= 0:
                if at % 4 == 0:
                    found.append(self.first_id + at // 4)
                at = names.find(word, at + 1)
        return sorted(found)

    @cached_property
    def _used_offsets(self) -> frozenset[int]:
        return frozenset(memoryview(self._names).cast("I"))

    def find(self, name: str, kind: Kind | None = None) -> int | None:
        """Return the id of the first type of that name (and kind), or None."""
        for type_id in self.find_all(name):
            if kind is None or self.kind(type_id) == kind:
                return type_id
        return None

    def ids(self, kind: Kind) -> list[int]:
        """Return the ids of all types of one kind, those of the base included."""
        found = [] if self.base is None else self.base.ids(kind)
        return found + self._by_kind.get(kind, [])

    @cached_property
    def _by_kind(self) -> dict[int, list[int]]:
        words, found = self._words, dict[int, list[int]]()
        for type_id, at in enumerate(self._places, self.first_id):
            found.setdefault(words[at + 1] >> 24 & 0x1F, []).append(type_id)
        return found

    def strip(self, type_id: int) -> t.BtfType:
        """Return the type behind typedefs, modifiers and tags."""
        known = self._stripped.get(type_id)
        if known is None:
            known = self._stripped[type_id] = self._strip(type_id)
        return known

    def _strip(self, type_id: int) -> t.BtfType:
        here = type_id
        for _ in range(_MAX_DEPTH):
            found = self.type(here)
            if not isinstance(found, t.Typedef | t.Modifier):
                return found
            here = found.target
        raise self._error(self.types_start, f"type {type_id} is a typedef of itself, or of more than {_MAX_DEPTH}")

    def size(self, type_id: int) -> int:
        """Return the size of a type in bytes; 0 for void, functions and declarations without a size."""
        known = self._sizes.get(type_id)
        if known is None:
            known = self._sizes[type_id] = self._size(type_id)
        return known

    def _size(self, type_id: int) -> int:
        count, here = 1, type_id
        for _ in range(_MAX_DEPTH):
            found = self.strip(here)
            match found:
                case t.Array(element=element, count=n):
                    count *= n
                    here = element
                case t.Int() | t.Composite() | t.Enum() | t.Float():
                    return count * found.size
                case t.Pointer():
                    return count * 8
                case t.Var(type_id=inner):
                    here = inner
                case _:
                    return 0
        raise self._error(self.types_start, f"type {type_id} contains itself, or nests deeper than {_MAX_DEPTH}")

    @cached_property
    def budget(self) -> Budget:
        """What looking for names and members among these types may cost, in all."""
        base = 0 if self.base is None else len(self.base.raw)
        return Budget(len(self.raw) + base, "its types", file=self.file, each=4)


def _stored(text: str) -> bytes:
    """Return a name as a string table has it."""
    return text.encode("utf-8", "surrogateescape")
