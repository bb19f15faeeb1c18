"""BTF made by hand: what no compiler makes, and split BTF where no module is at hand."""

from __future__ import annotations

import struct
from collections.abc import Sequence

Members = Sequence[tuple[str, int, int]]


class Blob:
    """A BTF in the making: each method appends a type and returns its id.

    Args:
        first_id: The id of the first type: for split BTF, the number of its base's types.
        first_string: The offset of the first string: for split BTF, the size of its base's strings.
        order: `<` or `>`.
    """

    def __init__(self, *, first_id: int = 1, first_string: int = 0, order: str = "<") -> None:
        self.order = order
        self.next_id = first_id
        self.first_string = first_string
        self.types = bytearray()
        self.strings = bytearray(b"\0" if first_string == 0 else b"")

    def bytes(self) -> bytes:
        header = struct.pack(
            self.order + "HBB5I", 0xEB9F, 1, 0, 24, 0, len(self.types), len(self.types), len(self.strings)
        )
        return header + bytes(self.types) + bytes(self.strings)

    def add(self, name: str | int, kind: int, size: int, *words: int, vlen: int = 0, flag: bool = False) -> int:
        info = flag << 31 | kind << 24 | vlen
        values = (self.name(name) if isinstance(name, str) else name, info, size, *words)
        self.types += struct.pack(f"{self.order}{len(values)}I", *values)
        self.next_id += 1
        return self.next_id - 1

    def name(self, text: str) -> int:
        if not text:
            return 0
        self.strings += text.encode() + b"\0"
        return self.first_string + len(self.strings) - len(text) - 1

    def integer(self, name: str, size: int, *, signed: bool = True, bits: int = 0, bit_offset: int = 0) -> int:
        return self.add(name, 1, size, signed << 24 | bit_offset << 16 | (bits or size * 8))

    def floating(self, name: str, size: int) -> int:
        return self.add(name, 16, size)

    def pointer(self, target: int) -> int:
        return self.add("", 2, target)

    def array(self, element: int, count: int) -> int:
        return self.add("", 3, 0, element, 1, count)

    def struct(self, name: str | int, size: int, members: Members, *, bitfields: bool = False, kind: int = 4) -> int:
        words = [word for member, target, offset in members for word in (self.name(member), target, offset)]
        return self.add(name, kind, size, *words, vlen=len(members), flag=bitfields)

    def union(self, name: str, size: int, members: Members) -> int:
        return self.struct(name, size, members, kind=5)

    def typedef(self, name: str, target: int) -> int:
        return self.add(name, 8, target)

    def const(self, target: int) -> int:
        return self.add("", 10, target)

    def prototype(self, result: int, parameters: Sequence[tuple[str, int]]) -> int:
        words = [word for name, target in parameters for word in (self.name(name), target)]
        return self.add("", 13, result, *words, vlen=len(parameters))

    def enum64(self, name: str, enumerators: Sequence[tuple[str, int]], *, signed: bool = False) -> int:
        words = [
            w for text, value in enumerators for w in (self.name(text), value & 0xFFFFFFFF, value >> 32 & 0xFFFFFFFF)
        ]
        return self.add(name, 19, 8, *words, vlen=len(enumerators), flag=signed)
