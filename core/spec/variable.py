"""VariableSpec: a global variable of an object, readable and settable before the object is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from ..btf import parse_bytes
from ..errors import TypeMismatchError, ValueRangeError
from ..visible import visible
from .sparse import LARGE, touched

if TYPE_CHECKING:
    from ..btf import CType, Decoded, Value
    from .map import MapSpec

__all__ = ["Difference", "VariableSpec"]


class Difference(NamedTuple):
    """A value that is not what the file holds."""

    path: str
    """The variable, or the member of one, as `CollectionSpec.set_text` takes it: `cfg.limits[2].rate`."""
    before: Value
    """What the file holds."""
    after: Value
    """What will be loaded."""


@dataclass(frozen=True, slots=True, repr=False)
class VariableSpec:
    """A window onto a data section's initial value.

    Values are Python values of the variable's C type (see `bpftui.core.btf.Value`): integers, booleans, text for
    char arrays, enumerators by name, dicts for structs, lists for arrays; bytes are always possible.
    """

    name: str
    map: MapSpec
    """The data section that holds it."""
    offset: int
    """Bytes from the start of the section."""
    size: int
    """In bytes."""
    original: bytes
    """What the file holds, in the object's byte order."""
    type: CType | None = None
    """Its C type, where BTF has it."""

    def __repr__(self) -> str:
        return f"<VariableSpec {visible(self.name)} in {visible(self.section)}>"

    @property
    def section(self) -> str:
        """The ELF section that it lives in."""
        return self.map.section

    @property
    def constant(self) -> bool:
        """Whether programs can only read it: `const`, in `.rodata*`."""
        return self.map.read_only

    @property
    def raw(self) -> bytes:
        """Its bytes as they will be loaded, in the object's byte order."""
        data = self.map.data
        return bytes(data[self.offset : self.offset + self.size]) if data is not None else b""

    @property
    def changed(self) -> bool:
        """Whether it differs from what the file holds."""
        data = self.map.data
        return data is not None and any(
            data[window] != self.original[window.start - self.offset : window.stop - self.offset]
            for window in touched(data, self.offset, self.offset + self.size)
        )

    @property
    def is_large(self) -> bool:
        """Whether it has more than a megabyte: it is shown as its bytes, and only the first of them."""
        return self.size > LARGE

    @property
    def head(self) -> bytes:
        """What is shown of it: `raw`; of a large one the first megabyte."""
        data = self.map.data
        return bytes(data[self.offset : self.offset + min(self.size, LARGE)]) if data is not None else b""

    def diff(self) -> list[Difference]:
        """Return what differs from the file: member by member where the type is known, else the bytes as a whole.

        At most 256 members are told apart; a change beyond them is one of the whole variable.
        """
        if not self.changed:
            return []
        raw, original = self.raw, self.original
        found: list[Difference] = []
        for path, ctype, offset in self.type.leaves() if self.type is not None else ():
            window = slice(offset, offset + ctype.size)
            before, after = ctype.decode(original[window]), ctype.decode(raw[window])
            if before != after:
                found.append(Difference(self.name + path, before, after))
        if not found:
            decode = self.type.decode if self.type is not None else bytes
            found.append(Difference(self.name, decode(original), decode(raw)))
        return found

    def get(self) -> Decoded:
        """Return the value: typed where BTF has the type, else bytes."""
        return self.raw if self.type is None else self.type.decode(self.raw)

    def told(self, raw: bytes | None = None, ctype: CType | None = None, offset: int = 0) -> Value:
        """Return the value as it is shown: as `get`, but pointers say what they point to (`&"hello"`).

        Args:
            raw: Bytes to be shown instead of those that will be loaded: of the variable, or of a part.
            ctype: The type of the part; None for the whole.
            offset: Where the part begins, in bytes from the variable's start.
        """
        raw, ctype = self.head if raw is None else raw, ctype or self.type
        if ctype is None or len(raw) < ctype.size:
            return raw
        value = ctype.decode(raw)
        if not self.map.pointers:
            return value
        from .pointers import with_pointers

        original = self.original[offset : offset + len(raw)]
        return with_pointers(value, ctype, self.map.pointers, original, raw, self.offset + offset)

    def set(self, value: Value) -> None:
        """Set the value.

        Raises:
            ValueRangeError: The value does not fit; the message gives the allowed range.
            TypeMismatchError: The value has the wrong shape.
        """
        self._store(self.encode(value))

    def encode(self, value: Value, current: bytes | None = None) -> bytes:
        """Return the bytes that *value* would be stored as, over *current* ones; errors as for `set`."""
        if isinstance(value, bytes | bytearray | memoryview):
            return self._sized(bytes(value))
        if self.type is None:
            raise TypeMismatchError(
                f"variable {self.name} has no type information: it takes {self.size} bytes", hint="write hex:0102…"
            )
        return self.type.encode(value, name=self.name, current=self.raw if current is None else current)

    def encode_text(self, text: str, path: str = "", current: bytes | None = None) -> bytes:
        """Return the bytes of the whole variable with the member at *path* set from text, over *current* bytes."""
        if self.type is None:
            return self._sized(parse_bytes(text, self.name))
        raw = bytearray(self.raw if current is None else current)
        member, offset = self.type.member(path, name=self.name)
        name = self.name + path
        value = member.parse(text, name=name)
        window = slice(offset, offset + member.size)
        raw[window] = member.encode(value, name=name, current=bytes(raw[window]))
        for at, discriminant in self.type.chosen(path):
            raw[at : at + len(discriminant)] = discriminant
        return self._sized(bytes(raw))  # a flexible array must not grow into what follows

    def set_text(self, text: str, path: str = "") -> None:
        """Set the value, or the member at *path* (`.limits[2].rate`), from text as a user types it.

        `9000`, `0x2328`, `STRICT`, `true`, `eth0`, `hex:0102`, or JSON for structs and arrays.
        """
        if self.type is None or not path:
            self._store(self.encode_text(text, path))
        elif (data := self.map.data) is not None:
            window, raw = self._encoded_member(self.type, text, path)
            data[window] = raw
            for at, discriminant in self.type.chosen(path):
                data[self.offset + at : self.offset + at + len(discriminant)] = discriminant

    def check_text(self, text: str, path: str = "") -> None:
        """Raise what `set_text` raises where the text does not fit, and set nothing."""
        if self.type is None or not path:
            self.encode_text(text, path)
        elif self.map.data is not None:
            self._encoded_member(self.type, text, path)

    def _encoded_member(self, ctype: CType, text: str, path: str) -> tuple[slice, bytes]:
        """Return where in its map a member lies, and the bytes that a text makes of it."""
        member, offset = ctype.member(path, name=self.name)
        data, name = self.map.data, self.name + path
        assert data is not None
        window = slice(self.offset + offset, self.offset + offset + member.size)
        current = bytes(data[window])
        raw = member.encode(member.parse(text, name=name), name=name, current=current)
        if len(raw) != len(current):
            raise ValueRangeError(f"{name} takes {len(current)} bytes, not {len(raw)}")
        return window, raw

    def reset(self) -> None:
        """Take back every change: what the file holds."""
        self._store(self.original)

    def _store(self, raw: bytes) -> None:
        if self.map.data is not None:
            self.map.data[self.offset : self.offset + self.size] = raw

    def _sized(self, raw: bytes) -> bytes:
        if len(raw) != self.size:
            raise ValueRangeError(f"variable {self.name} takes {self.size} bytes, not {len(raw)}")
        return raw
