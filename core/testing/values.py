"""What a run is compared by: a return code that knows its name, a packet that knows its layers, entries of a map."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..asm.arithmetic import signed
from ..btf import Kind, format_value
from ..btf.types import Enum
from ..context.fields import return_codes
from ..errors import UnknownNameError
from ..packet import Difference, Layer, differences, dissect
from .named import NoEntryError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from ..btf import Value
    from ..spec import ProgramSpec

__all__ = ["Change", "Entries", "PacketOut", "Retval", "enumerators"]


class Retval(int):
    """What a program returned: r0 as a signed 32-bit integer, equal to its name as well.

    Args:
        value: r0 as a runtime tells it, unsigned.
        program: Who returned it: its type and its object's enumerations have the names.
    """

    _program: ProgramSpec

    def __new__(cls, value: int, program: ProgramSpec) -> Retval:
        self = super().__new__(cls, signed(value, 32))
        self._program = program
        return self

    @property
    def name(self) -> str:
        """`XDP_DROP`; empty where a program of this type returns no code of that value."""
        return return_codes(self._program).get(int(self), "")

    def like(self, value: int) -> Retval:
        """Return another value, as if the same program had returned it."""
        return Retval(value & 0xFFFF_FFFF, self._program)

    def __repr__(self) -> str:
        return f"{self.name} ({int(self)})" if self.name else str(int(self))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, str):
            return int(self) == other
        codes = {name: value for value, name in return_codes(self._program).items()}
        value = codes.get(other, enumerators(self._program).get(other))
        if value is None:
            raise UnknownNameError("return code", other, [*codes, *enumerators(self._program)])
        return int(self) == value

    def __ne__(self, other: object) -> bool:
        return not self == other  # int has a __ne__ of its own

    def __hash__(self) -> int:
        return hash(int(self))


def enumerators(program: ProgramSpec) -> Mapping[str, int]:
    """Return the enumerators of a program's object by name."""
    types = program.btf
    found = [types.type(type_id) for kind in (Kind.ENUM, Kind.ENUM64) for type_id in types.ids(kind)] if types else []
    return {each.name: each.value for enum in found if isinstance(enum, Enum) for each in enum.enumerators}


class PacketOut(bytes):
    """A packet as a program left it; equal to anything whose `bytes()` are the same."""

    @property
    def layers(self) -> tuple[Layer, ...]:
        """Its layers, from Ethernet on."""
        return dissect(bytes(self))

    def __eq__(self, other: object) -> bool:
        return bytes(self) == _bytes(other)

    def __ne__(self, other: object) -> bool:
        return not self == other  # bytes has a __ne__ of its own

    def __hash__(self) -> int:
        return hash(bytes(self))

    def unlike(self, other: object) -> list[str]:
        """Return in which fields it differs from what was expected, a line each; empty where *other* is no packet."""
        expected = _bytes(other)
        if expected is None:
            return []
        lines = [_told(each) for each in differences(expected, bytes(self))]
        if len(self) != len(expected):
            lines.insert(0, f"{len(self)} bytes, not {len(expected)}")
        return lines


def _bytes(packet: object) -> bytes | None:
    """Return a packet of any library as bytes (scapy's, dpkt's); None for what is none."""
    return bytes(packet) if isinstance(packet, bytes | bytearray | memoryview) or hasattr(packet, "__bytes__") else None  # pyright: ignore[reportArgumentType]


def _told(found: Difference) -> str:
    if found.field:
        return f"{found.layer} {found.field}: {found.after or 'nothing'}, not {found.before or 'there'}"
    return f"{found.layer} is there: {found.after}" if found.after else f"{found.layer} is not there: {found.before}"


class Entries:
    """What a map held: its entries, looked up by keys of Python, whatever their type.

    Args:
        pairs: Keys and values, in the map's order; of a per-CPU map, counters are sums over its CPUs.
    """

    def __init__(self, pairs: Sequence[tuple[Value, Value]]) -> None:
        self._pairs = pairs

    def __getitem__(self, key: Any) -> Any:
        for found, value in self._pairs:
            if found == key:
                return value
        raise NoEntryError(key, self)

    def get(self, key: Any, default: Any = None) -> Any:
        """Return the value at *key*, or *default* where there is none."""
        return next((value for found, value in self._pairs if found == key), default)

    def __contains__(self, key: object) -> bool:
        return any(found == key for found, _ in self._pairs)

    def __len__(self) -> int:
        return len(self._pairs)

    def __iter__(self) -> Iterator[Value]:
        return (key for key, _ in self._pairs)

    def items(self) -> Sequence[tuple[Value, Value]]:
        """Return the keys with their values."""
        return self._pairs

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Entries):
            return self._pairs == other._pairs
        if isinstance(other, dict):
            return len(other) == len(self) and all(key in self and self[key] == value for key, value in other.items())  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        return self._pairs == other

    __hash__ = None  # pyright: ignore[reportAssignmentType]

    def __repr__(self) -> str:
        return "{" + ", ".join(f"{format_value(key)}: {format_value(value)}" for key, value in self._pairs) + "}"


class Change:
    """A map before and after a run.

    Args:
        before: Reads what it held, and so does *after*: an untouched map of a million entries is decoded for nobody.
        after: The same, afterwards.
        is_touched: Whether that is not the same.
    """

    def __init__(self, before: Callable[[], Entries], after: Callable[[], Entries], *, is_touched: bool) -> None:
        self.is_touched = is_touched
        self._reads = before, after
        self._read: dict[int, Entries] = {}

    def _entries(self, index: int) -> Entries:
        if index not in self._read:
            self._read[index] = self._reads[index]()
        return self._read[index]

    @property
    def before(self) -> Entries:
        """What it held before."""
        return self._entries(0)

    @property
    def after(self) -> Entries:
        """What it held after."""
        return self._entries(1)

    def __getitem__(self, key: Any) -> Any:
        return self.after[key]

    def __contains__(self, key: object) -> bool:
        return key in self.after

    def __len__(self) -> int:
        return len(self.after)

    def __repr__(self) -> str:
        return f"{self.before} -> {self.after}"
