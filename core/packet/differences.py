"""What has become of a packet, field by field: what a program wrote, the headers that it pushed or took away."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING, NamedTuple

from .layers import dissect
from .protocols import ETHERNET

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .layers import Layer
    from .protocols import Protocol

__all__ = ["Difference", "differences"]


class Difference(NamedTuple):
    """A field that has another value, or a layer that came or went."""

    layer: str
    field: str
    """Its name; empty for a whole layer."""
    before: str
    """Its value as it is written; of a layer its bytes in hexadecimal digits, empty where it came."""
    after: str


def differences(before: bytes, after: bytes, first: Protocol = ETHERNET) -> list[Difference]:
    """Return how two packets differ, as their layers follow each other.

    Args:
        before: The packet.
        after: What has become of it.
        first: What both begin with.
    """
    old, new = dissect(before, first), dissect(after, first)
    names = [layer.protocol.name for layer in old], [layer.protocol.name for layer in new]
    found: list[Difference] = []
    for what, i, j, k, m in SequenceMatcher(None, *names, autojunk=False).get_opcodes():
        if what == "equal":
            for one, other in zip(old[i:j], new[k:m], strict=True):
                found.extend(_fields(one, other))
        else:
            found.extend(Difference(layer.protocol.name, "", layer.raw.hex(), "") for layer in old[i:j])
            found.extend(Difference(layer.protocol.name, "", "", layer.raw.hex()) for layer in new[k:m])
    return found


def _fields(old: Layer, new: Layer) -> Iterator[Difference]:
    if old.raw == new.raw:
        return
    ours, theirs = _texts(old), _texts(new)
    for name in dict.fromkeys((*ours, *theirs)):
        one, other = ours.get(name, ""), theirs.get(name, "")
        if one != other:
            yield Difference(new.protocol.name, name, one, other)


def _texts(layer: Layer) -> dict[str, str]:
    return {field.name: layer.text(field) for field in layer.fields}
