"""Packet: bytes that are edited field by field, while lengths and checksums follow by themselves."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

from ..errors import UsageError
from .layers import Layer, dissect
from .protocols import ETHERNET, PADDING, PAYLOAD, PROTOCOLS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .fields import Field
    from .protocols import Protocol

__all__ = ["Packet"]

_Place = tuple[int, str]
"""A layer's number, the name of a field of its."""


@dataclass(frozen=True, slots=True)
class Packet:
    """A packet by its layers; each edit returns another one.

    Lengths and checksums follow what is edited, but for those in `kept`: what somebody wrote by hand, and what was
    already wrong in the bytes that it was made of, for such packets are what programs are to be tried with.
    """

    layers: tuple[Layer, ...]
    kept: frozenset[_Place]
    """Lengths and checksums that stay as they are: the layer's number, the field's name."""
    first: Protocol

    @classmethod
    def of(cls, data: bytes, first: Protocol = ETHERNET) -> Self:
        """Take bytes apart; they stay as they are.

        Args:
            data: The packet.
            first: What it begins with.
        """
        layers = dissect(data, first)
        kept = frozenset((at, field.name) for at, field, there, right in _following(layers) if there != right)
        return cls(layers, kept, first)

    @classmethod
    def made(cls, *protocols: Protocol, payload: bytes = b"") -> Self:
        """Make a packet of headers as they are by default, and a payload."""
        made = _linked([(each, each.default) for each in protocols])
        return cls._joined([*made, (PAYLOAD, payload)], frozenset(), protocols[0])

    def __bytes__(self) -> bytes:
        return b"".join(layer.raw for layer in self.layers)

    def __str__(self) -> str:
        """Its layers by their numbers, a line each, with the names and texts that `with_text` takes."""
        return "\n".join(
            f"{at} {layer.protocol.name}: {', '.join(f'{each.name} {layer.text(each)}' for each in layer.fields)}"
            for at, layer in enumerate(self.layers)
        )

    def __len__(self) -> int:
        return sum(len(layer.raw) for layer in self.layers)

    def right(self, at: int, field: Field) -> int | None:
        """Return what a length or a checksum in the layer of a number should be; None for other fields, and where it
        cannot be said."""
        return None if field.right is None else field.right(self.layers, at)

    @property
    def wrong(self) -> tuple[_Place, ...]:
        """The lengths and checksums that are not what they should be; a checksum may be absent."""
        return tuple(
            (at, field.name)
            for at, field, there, right in _following(self.layers)
            if there not in (right, field.absent)
        )

    def place_of(self, offset: int) -> tuple[int, Field] | None:
        """Return the layer's number and the field in which a byte lies, the first of several; None behind the end."""
        for at, layer in enumerate(self.layers):
            if layer.start <= offset < layer.end:
                return next(((at, field) for field in layer.fields if offset in layer.where(field)), None)
        return None

    # Edits

    def with_text(self, at: int, name: str, text: str) -> Self:
        """Return it with a field of the layer of a number as written (`Field.parse`).

        Raises:
            UnknownNameError: The layer has no such field.
            UsageError: The text is no value of the field, or options have a size that the header cannot tell.
        """
        field = self.layers[at].protocol.field(name)
        return self.with_value(at, name, field.parse(text))

    def with_value(self, at: int, name: str, value: int | bytes) -> Self:
        """Return it with a value in a field of the layer of a number; a length or a checksum is kept from then on.

        Raises:
            UnknownNameError: The layer has no such field.
            UsageError: Options have a size that the header cannot tell.
        """
        layer = self.layers[at]
        field = layer.protocol.field(name)
        kept = self.kept
        if isinstance(value, bytes):
            raw = layer.raw[: field.bit // 8] + value
            _check_options(layer.protocol, raw)
        else:
            raw = field.write(layer.raw, value)
            if field.right is not None:
                kept |= {(at, name)}
        return self._with(at, [(layer.protocol, raw)], kept)

    def reset(self, at: int, name: str) -> Self:
        """Return it with a length or a checksum that follows the rest again."""
        return self._joined(self._parts, self.kept - {(at, name)}, self.first)

    def completed(self) -> Self:
        """Return it with all lengths and checksums right."""
        return self._joined(self._parts, frozenset(), self.first)

    def addable(self, at: int) -> tuple[Protocol, ...]:
        """Return what can be added behind the layer of a number; -1 is in front of all."""
        before = self.layers[at].protocol if at >= 0 else None
        if before is None or before is PADDING or not before.space:
            return (PAYLOAD,) if before is not None and self._payload is None and before is not PADDING else ()
        return tuple(each for each in PROTOCOLS if each is not PAYLOAD and before.may_carry(each))

    def with_layer(self, at: int, protocol: Protocol) -> Self:
        """Return it with a header behind the layer of a number.

        What cannot follow the new one (UDP behind TCP, IPv4 behind UDP) goes; the payload stays.
        """
        behind = self._parts[at + 1 :]
        while behind and behind[0][0] is not PAYLOAD and not _carries(protocol, behind[0][0]):
            behind = behind[1:]
        parts = [*self._parts[: at + 1], (protocol, protocol.default), *behind]
        return self._joined(_linked(parts, at), self._moved(at + 1, 1), self.first)

    def without(self, at: int) -> Self:
        """Return it without the layer of a number, the first aside: what carried it says what follows now."""
        if at == 0:
            raise UsageError(f"a packet begins with {self.first.name}", hint="edit its fields")
        parts = [*self._parts[:at], *self._parts[at + 1 :]]
        return self._joined(_linked(parts, at - 1), self._moved(at, -1), self.first)

    @property
    def _payload(self) -> int | None:
        return next((at for at, layer in enumerate(self.layers) if layer.protocol is PAYLOAD), None)

    @property
    def _parts(self) -> list[tuple[Protocol, bytes]]:
        return [(layer.protocol, layer.raw) for layer in self.layers]

    def _moved(self, at: int, by: int) -> frozenset[_Place]:
        """Return what is kept after a layer came or went: that of layers behind it has moved with them."""
        gone = {place for place in self.kept if by < 0 and place[0] == at}
        return frozenset((each + by, name) if each >= at else (each, name) for each, name in self.kept - gone)

    def _with(self, at: int, parts: Sequence[tuple[Protocol, bytes]], kept: frozenset[_Place]) -> Self:
        return self._joined([*self._parts[:at], *parts, *self._parts[at + 1 :]], kept, self.first)

    @classmethod
    def _joined(cls, parts: Iterable[tuple[Protocol, bytes]], kept: frozenset[_Place], first: Protocol) -> Self:
        """Join layers, complete what follows from them, and look what the bytes are now.

        A field that says what follows may have been edited: then lengths are completed for the layers as they were, and
        all of it for what they have become.
        """
        layers = _placed(parts)
        data = b"".join(layer.raw for layer in _complete(layers, kept))
        found = dissect(data, first)
        same = next(
            (at for at, (old, new) in enumerate(zip(layers, found, strict=False)) if old.protocol is not new.protocol),
            min(len(layers), len(found)),
        )
        kept = frozenset(place for place in kept if place[0] < same)
        return cls(_complete(found, kept), kept, first)


def _following(layers: tuple[Layer, ...]) -> Iterable[tuple[int, Field, int, int]]:
    """Yield lengths and checksums: the layer's number, the field, what it is, and what it should be."""
    for at, layer in enumerate(layers):
        for field in layer.protocol.fields:
            if field.right is not None and (right := field.right(layers, at)) is not None:
                yield at, field, field.read(layer.raw), right


def _complete(layers: tuple[Layer, ...], kept: frozenset[_Place]) -> tuple[Layer, ...]:
    """Return layers with lengths and checksums as they should be: lengths first, then sums from the innermost out."""
    done = list(layers)
    places = [(at, field) for at, layer in enumerate(layers) for field in layer.protocol.fields if field.right]
    sums = [place for place in places if place[1].name == "checksum"]
    for at, field in [place for place in places if place not in sums] + sums[::-1]:
        assert field.right is not None
        if (at, field.name) not in kept and (right := field.right(tuple(done), at)) is not None:
            done[at] = replace(done[at], raw=field.write(done[at].raw, right))
    return tuple(done)


def _placed(parts: Iterable[tuple[Protocol, bytes]]) -> tuple[Layer, ...]:
    """Return layers, one behind the other; a payload without bytes is none."""
    layers: list[Layer] = []
    for protocol, raw in parts:
        if raw:
            layers.append(Layer(protocol, layers[-1].end if layers else 0, raw))
    return tuple(layers)


def _carries(protocol: Protocol, other: Protocol) -> bool:
    return bool(protocol.space) and protocol.may_carry(other)


def _linked(parts: Sequence[tuple[Protocol, bytes]], since: int | None = None) -> list[tuple[Protocol, bytes]]:
    """Return layers of which each says what follows it; given *since*, only that one and the next do."""
    linked = list(parts)
    for at in range(len(parts) - 1) if since is None else (since, since + 1):
        if at + 1 >= len(parts) or (link := parts[at][0].link) is None:
            continue
        protocol, raw = parts[at]
        linked[at] = (protocol, link.write(raw, protocol.announces(parts[at + 1][0])))
    return linked


def _check_options(protocol: Protocol, raw: bytes) -> None:
    """Raise UsageError for options of a size that no header length can tell."""
    length = next((field for field in protocol.fields if field.name == "header length"), None)
    if length is None:
        return
    unit, most = (4, 60) if length.width == 4 else (8, 2048)
    if len(raw) % unit or len(raw) > most:
        raise UsageError(
            f"a header of {protocol.name} has a multiple of {unit} bytes up to {most}, not {len(raw)}",
            hint=f"give options of {unit}, {2 * unit}, … bytes",
        )
