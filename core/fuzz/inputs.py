"""What a program can be given: the parts of an input, each some bytes, and a run on them."""

from __future__ import annotations

from contextlib import suppress
from enum import Enum
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from ..context.values import layout_of
from ..errors import BpftuiError
from ..vm.world.contexts import ON_DATA
from ..vm.world.packet import ON_PACKETS

if TYPE_CHECKING:
    from ..vm.collection import MachineCollection
    from ..vm.map import Map
    from ..vm.program import Program

__all__ = ["LONGEST", "SHORTEST", "Input", "Kind", "Part", "Target"]

SHORTEST: Final = 14
"""Bytes of a packet: an Ethernet header."""
LONGEST: Final = 512
_LARGEST: Final = 4096
"""Bytes of a section or of an entry that is worth changing."""

Input: TypeAlias = "tuple[bytes | None, ...]"
"""The bytes of each part; None for a part that is left as it is."""


class Kind(Enum):
    """What a part is."""

    PACKET = "packet"
    CONTEXT = "context"
    SECTION = "variables"
    ENTRY = "entry"


class Part(NamedTuple):
    """A part of an input."""

    kind: Kind
    name: str
    """Of the section or the map; empty for packet and context."""
    size: int
    """How long it is; of a packet, at first."""
    key_size: int = 0
    """Of an entry: how many of its bytes are the key."""


class Target:
    """A program, and all that it can be given.

    Args:
        collection: What it is loaded in.
        name: The program's name.
    """

    def __init__(self, collection: MachineCollection, name: str) -> None:
        self.collection = collection
        self.program: Program = collection.programs[name]
        self.on_packets = self.program.type in ON_PACKETS
        self.parts = self._parts()

    def _parts(self) -> list[Part]:
        parts: list[Part] = []
        if self.on_packets or self.program.type in ON_DATA:
            parts.append(Part(Kind.PACKET, "", 64))
        layout = layout_of(self.program.spec)
        if not self.on_packets and layout is not None and layout.size:
            parts.append(Part(Kind.CONTEXT, "", layout.size))
        used = self.program.spec.maps
        for name, each in self.collection.maps.items():
            spec = each.spec
            if name not in used or each.fixed or spec.read_only:
                continue
            if spec.is_data:
                if spec.value_size <= _LARGEST:
                    parts.append(Part(Kind.SECTION, name, spec.value_size))
            elif (
                not spec.type.holds_objects
                and not spec.type.per_cpu
                and spec.key_size
                and spec.key_size + spec.value_size <= _LARGEST
            ):
                parts.append(Part(Kind.ENTRY, name, spec.key_size + spec.value_size, spec.key_size))
        return parts

    @property
    def first(self) -> Input:
        """The input that a search begins with: zeros, and all else as it is."""
        return tuple(bytes(part.size) if part.kind in (Kind.PACKET, Kind.CONTEXT) else None for part in self.parts)

    def prepare(self, given: Input) -> None:
        """Set the variables and the entries that an input has."""
        for part, raw in zip(self.parts, given, strict=True):
            if raw is None or part.kind in (Kind.PACKET, Kind.CONTEXT):
                continue
            each: Map = self.collection.maps[part.name]
            with suppress(BpftuiError, KeyError, OSError):  # a full map, a key outside of an array
                if part.kind is Kind.SECTION:
                    each.update(bytes(4), raw)
                else:
                    each.update(raw[: part.key_size], raw[part.key_size :])

    def now(self, part: Part) -> bytes:
        """Return what a section holds now; of an entry, zeros."""
        if part.kind is Kind.SECTION:
            with suppress(BpftuiError):  # what is due runs before somebody looks, and may be stopped
                entry = self.collection.maps[part.name].entry(bytes(4))
                if entry is not None:
                    return entry.values[0]
        return bytes(part.size)

    def halves(self, given: Input) -> tuple[bytes, bytes | None]:
        """Return the packet and the context of an input."""
        packet, context = b"", None
        for part, raw in zip(self.parts, given, strict=True):
            if part.kind is Kind.PACKET:
                packet = raw or b""
            elif part.kind is Kind.CONTEXT:
                context = raw
        return packet, context
