"""Writing BTF: the types of another format as a blob that `Btf` reads."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from ..btf import Kind
from ..btf.record import blob_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..btf import ByteOrder

__all__ = ["BlobWriter"]

_MAX_MEMBERS: Final = 0xFFFF


class BlobWriter:
    """Collects types: an id is reserved first and filled in later, so that types may refer to each other.

    Args:
        order: The byte order that the blob gets.
    """

    def __init__(self, order: ByteOrder) -> None:
        self._order = "<" if order == "little" else ">"
        self._records: list[bytes] = []
        self._strings = bytearray(1)
        self._offsets: dict[str, int] = {"": 0}

    def reserve(self) -> int:
        """Return a new id; `put` says what it is."""
        self._records.append(b"")
        return len(self._records)

    def put(
        self,
        type_id: int,
        kind: Kind,
        name: str = "",
        size: int = 0,
        words: Iterable[int] = (),
        *,
        count: int = 0,
        flag: bool = False,
    ) -> int:
        """Say what a reserved id is, and return it.

        Args:
            type_id: The id.
            kind: Its kind.
            name: Its name.
            size: Its size in bytes, or the id of the type that it refers to.
            words: What follows the first three words of its record.
            count: The number of its members.
            flag: The kind's flag: bitfields, a signed enumeration, a union.

        Raises:
            OverflowError: A number does not fit its place; the id is a `void` typedef then.
        """
        values: Sequence[int] = [self.string(name), flag << 31 | kind << 24 | count, size, *words]
        if count > _MAX_MEMBERS or not all(0 <= value < 1 << 32 for value in values):
            self._records[type_id - 1] = struct.pack(self._order + "3I", self.string(name), Kind.TYPEDEF << 24, 0)
            raise OverflowError("a number of a type does not fit BTF")
        self._records[type_id - 1] = struct.pack(f"{self._order}{len(values)}I", *values)
        return type_id

    def add(
        self,
        kind: Kind,
        name: str = "",
        size: int = 0,
        words: Iterable[int] = (),
        *,
        count: int = 0,
        flag: bool = False,
    ) -> int:
        """Reserve an id and say what it is."""
        return self.put(self.reserve(), kind, name, size, words, count=count, flag=flag)

    def string(self, text: str) -> int:
        """Return the offset of a text in the string table."""
        found = self._offsets.get(text)
        if found is None:
            found = self._offsets[text] = len(self._strings)
            self._strings += text.replace("\0", "").encode("utf-8", "replace") + b"\0"
        return found

    def bytes(self) -> bytes:
        """Return the blob."""
        return blob_of(b"".join(self._records), bytes(self._strings), self._order)
