"""Origins: what a value comes from that nothing in the run made, by name: bytes of the packet, fields, variables."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ..btf.path import member_path
from ..live.written import subscript
from ..vm.maps import ArrayStore
from .pointers import layers_of

if TYPE_CHECKING:
    from .session import Session

__all__ = ["Origin", "origin_at"]


class Origin(NamedTuple):
    """What a value comes from that nothing in the run made."""

    text: str
    """`packet byte 23`, `ctx->len`, `.rodata config.drop_udp`, `map traffic[…]`."""
    raw: bytes
    """The bytes that were there at the beginning of the run; none for what is no memory."""
    meaning: str = ""
    """What that is: `IPv4 protocol UDP`; empty where nothing tells."""

    def told(self, most: int) -> str:
        """Return it for people, with *most* bytes at most: `packet byte 23 = 0x11: IPv4 protocol UDP`."""
        raw = self.raw
        text = self.text
        if len(raw) == 1:
            text += f" = {raw[0]:#04x}"
        elif raw:
            more = f" … {len(raw):,} bytes" if len(raw) > most else ""
            text += f" = {raw[:most].hex(' ')}{more}"
        return f"{text}: {self.meaning}" if self.meaning else text


def origin_at(session: Session, address: int, size: int) -> Origin:
    """Return what lies at an address, at the beginning of a run."""
    raw = session.memory.own(address, size) or b""
    packet = session.world.host.packet
    if packet is not None and session.memory.find(address) is packet.region:
        offset = address - packet.region.base
        name = f"packet byte {offset}" if size == 1 else f"packet bytes {offset}…{offset + size - 1}"
        return Origin(name, raw, _packet_field(session, session.packet or b"", offset, size))
    return Origin(_place_name(session, address, size), raw)


def _place_name(session: Session, address: int, size: int) -> str:
    """Return what lies at an address that is none of the packet's."""
    world = session.world
    region = session.memory.find(address)
    if region is None:
        return f"memory at {address:#x}"
    offset = address - region.base
    context = session.context_address
    if region.base == context:
        layout = session.scope.layout
        for each in layout.fields if layout is not None else ():
            if each.offset <= offset < each.offset + each.size:
                return f"ctx->{each.name}"
        return f"ctx +{offset}"
    for name, found in world.collection.maps.items():
        key = found.store.key_at(address)
        if key is not None:
            return _map_place(session, name, key, address, size)
    return f"{region.name} +{offset}"


def _packet_field(session: Session, packet: bytes, offset: int, size: int) -> str:
    """Return the field that bytes of a packet are, and what it holds where they are all of it."""
    for layer in layers_of(session, packet):
        for each in layer.fields:
            where = layer.where(each)
            if offset in where:
                is_whole = not each.is_bytes and where == range(offset, offset + size) and each.width == 8 * size
                held = f" {layer.text(each)}" if is_whole else ""
                return f"{layer.protocol.name} {each.name}{held}"
    return ""


def _map_place(session: Session, name: str, key: bytes, address: int, size: int) -> str:
    world = session.world
    found = world.collection.maps[name]
    store = found.store
    if isinstance(store, ArrayStore):
        base = next(region.base for region in store.regions if region.base <= address < region.end)
        offset = (address - base) % store.shape.stride
    else:
        region = session.memory.find(address)
        offset = address - (region.base if region is not None else address)
    if found.spec.is_data:
        for variable in world.collection.spec.variables.values():
            if variable.map.name == name and variable.offset <= offset < variable.offset + variable.size:
                path = ""
                if variable.type is not None:
                    path = member_path(variable.type.btf, variable.type.id, offset - variable.offset, size) or ""
                return f"{name} {variable.name}{path}"
        return f"{name} +{offset}"
    ctype = found.spec.value
    path = member_path(ctype.btf, ctype.id, offset, size) if ctype is not None else f"+{offset}"
    return f"map {name}[{subscript(found.spec.key, key, name)}]{path or ''}"
