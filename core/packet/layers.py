"""Layer: a header, or what is behind the last one; and taking a packet's bytes apart into such."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .protocols import ETHERNET, PADDING, PAYLOAD, following

if TYPE_CHECKING:
    from .fields import Field
    from .protocols import Protocol

__all__ = ["Layer", "dissect"]


@dataclass(frozen=True, slots=True)
class Layer:
    """A header with its options, the payload, or padding."""

    protocol: Protocol
    start: int
    """Where in the packet it begins, in bytes."""
    raw: bytes
    """Its own bytes, without what it carries."""

    @property
    def end(self) -> int:
        """Where in the packet it ends."""
        return self.start + len(self.raw)

    @property
    def fields(self) -> tuple[Field, ...]:
        """Its fields, as they follow each other; without options where it has none."""
        return tuple(
            each for each in self.protocol.fields if not each.is_bytes or each.bit // 8 < len(self.raw) or not each.bit
        )

    def value(self, field: Field) -> int | bytes:
        """Return what a field holds."""
        return self.raw[field.bit // 8 :] if field.is_bytes else field.read(self.raw)

    def number(self, name: str) -> int:
        """Return what the field of that name holds, one that holds a number."""
        return self.protocol.field(name).read(self.raw)

    def text(self, field: Field) -> str:
        """Return what a field holds as it is written."""
        return field.text(self.value(field))

    def where(self, field: Field) -> range:
        """Return the bytes of the packet in which a field lies."""
        if field.is_bytes:
            return range(self.start + field.bit // 8, self.end)
        return range(self.start + field.bit // 8, self.start + (field.bit + field.width + 7) // 8)


def dissect(data: bytes, first: Protocol = ETHERNET) -> tuple[Layer, ...]:
    """Take a packet apart into layers, which together have all of its bytes.

    A header that is cut or contradicts itself is payload, as are later fragments; what lies behind the end that an IP
    header tells is padding.

    Args:
        data: The packet.
        first: What it begins with.
    """
    layers: list[Layer] = []
    at, end = 0, len(data)
    protocol: Protocol | None = first
    while protocol is not None and at < end:
        protocol = protocol.variant(data[at:end])
        size = protocol.size(data[at:end])
        if not protocol.smallest <= size <= end - at:
            protocol, size = PAYLOAD, end - at
        layer = Layer(protocol, at, data[at : at + size])
        layers.append(layer)
        at += size
        extent = None if protocol.extent is None else protocol.extent(layer.raw)
        if extent is not None and at <= layer.start + extent < end:
            end = layer.start + extent
        protocol = following(layer)
    if end < len(data):
        layers.append(Layer(PADDING, end, data[end:]))
    return tuple(layers)
