"""Pointers: what an address is where a session stands: a place in the packet, the context, the stack, a map."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from ..btf.path import part_at
from ..context.packet_sizes import packet_begin
from ..errors import BpftuiError
from ..live.written import subscript
from ..packet.layers import dissect
from ..vm.engine.memory import STACK_SIZE
from ..vm.maps import ArrayStore

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..btf import CType
    from ..packet.layers import Layer
    from ..vm.map import Map
    from .session import Session

__all__ = ["Pointed", "Pointers", "layers_of"]

_LEAST: Final = 1 << 12
"""No region lies below."""
_LONGEST: Final = 60
"""Characters of what a pointer leads to."""


class Pointed(NamedTuple):
    """What an address is."""

    text: str
    """`pkt+14`, `fp-40`, `ctx+4`, `map traffic`, `traffic[{IPV4, TCP}].packets`."""
    there: str = ""
    """What lies there: `IPv4 protocol`, `data_end`, `12`; empty where nothing tells."""


def layers_of(session: Session, packet: bytes) -> tuple[Layer, ...]:
    """Return the layers of a packet as the program of a session sees it: of some without the link layer's header."""
    given = session.world.host.packet
    hidden = b"" if given is None else given.hidden
    if hidden:
        layers, begin = dissect(hidden + packet), len(hidden)
        return tuple(replace(each, start=each.start - begin) for each in layers if each.start >= begin)
    sizes = session.world.program.packet_sizes
    return dissect(packet, packet_begin(packet, sizes)) if sizes is not None else dissect(packet)


class Pointers:
    """Tells what addresses are where a session stands now; made anew where it stands elsewhere.

    Args:
        session: Which one.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._world = session.world
        self._frames = [(each.registers[10], each.depth) for each in reversed(session.activations)]
        self._layers: Sequence[Layer] | None = None

    def at(self, address: int) -> Pointed | None:
        """Return what an address is; None where nothing lies there that the program could reach."""
        if address < _LEAST:
            return None
        store = self._world.host.maps.get(address)
        if store is not None:
            return Pointed(f"map {store.name}")
        packet = self._world.host.packet
        if packet is not None and packet.region.base <= address <= packet.region.base + packet.length:
            return self._in_packet(address - packet.region.base, packet.length)
        for number, (frame, _) in enumerate(self._frames):
            if frame - STACK_SIZE <= address <= frame:
                name = f"fp of {self._session.calls[-1 - number].function}() " if number else "fp"
                return Pointed(f"{name}{address - frame:+}" if address != frame else f"{name}0", self._raw(address))
        region = self._session.memory.find(address)
        if region is None:
            return None
        if region.base == self._session.context_address:
            return self._in_context(address - region.base)
        for name, found in self._world.collection.maps.items():
            if (key := found.store.key_at(address)) is not None:
                return self._in_map(name, found, key, address)
        return Pointed(f"{region.name}{address - region.base:+}", self._raw(address))

    def _raw(self, address: int) -> str:
        """Return the eight bytes that lie at an address, as a number or a pointer."""
        raw = self._session.memory.own(address, 8)
        if raw is None:
            return ""
        number = int.from_bytes(raw, self._session.symbols.byte_order)
        return f"{number:,}" if number < 1 << 32 else f"{number:#x}"

    def _in_packet(self, offset: int, length: int) -> Pointed:
        if offset == length:
            return Pointed(f"pkt+{offset}", "its end")
        if self._layers is None:
            self._layers = layers_of(self._session, self._session.packet or b"")
        for layer in self._layers:
            if layer.start <= offset < layer.end:
                name = next((each.name for each in layer.fields if offset == layer.where(each).start), "")
                is_start = offset == layer.start
                return Pointed(f"pkt+{offset}", layer.protocol.name if is_start else f"{layer.protocol.name} {name}")
        return Pointed(f"pkt+{offset}")

    def _in_context(self, offset: int) -> Pointed:
        layout = self._session.scope.layout
        for each in layout.fields if layout is not None else ():
            if offset and each.offset == offset:
                return Pointed(f"ctx+{offset}", each.name)
        there = "" if layout is None else layout.struct
        return Pointed(f"ctx+{offset}" if offset else "ctx", there if not offset else "")

    def _in_map(self, name: str, found: Map, key: bytes, address: int) -> Pointed:
        store = found.store
        if isinstance(store, ArrayStore):
            region = next((each for each in store.regions if each.base <= address < each.end), None)
        else:
            region = self._session.memory.find(address)
        offset = 0 if region is None else address - region.base
        if isinstance(store, ArrayStore):
            offset %= store.shape.stride
        if found.spec.is_data:
            for variable in self._world.collection.spec.variables.values():
                if variable.map.name == name and variable.offset <= offset < variable.offset + variable.size:
                    return self._typed(variable.name, variable.type, offset - variable.offset, address)
            return Pointed(f"{name}+{offset}", self._raw(address))
        return self._typed(f"{name}[{subscript(found.spec.key, key, name)}]", found.spec.value, offset, address)

    def _typed(self, name: str, ctype: CType | None, offset: int, address: int) -> Pointed:
        """Return what lies at an offset of something that has a type."""
        if ctype is None:
            return Pointed(f"{name}+{offset}" if offset else name, self._raw(address))
        part = part_at(ctype.btf, ctype.id, offset, 1) if offset else None
        path = "" if part is None else part.path.partition("+")[0]
        inner = ctype
        try:
            inner = ctype.member(path)[0] if path else ctype
            raw = self._session.memory.own(address, inner.size)
            there = "" if raw is None else inner.format(raw)
        except (BpftuiError, ValueError, KeyError):
            there = self._raw(address)
        return Pointed(f"{name}{path}", there if len(there) <= _LONGEST else f"{there[: _LONGEST - 1]}…")
