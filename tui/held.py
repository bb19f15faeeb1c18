"""HeldObjects: what the entries of program arrays and of maps of maps hold: objects, by their names."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NamedTuple

from .nodes import Node, NodeKind, map_node
from .targets import Thing

if TYPE_CHECKING:
    from ..core.live import Session
    from ..core.runtime import Entry
    from ..core.spec import MapSpec
    from .targets import Target

__all__ = ["HeldObject", "HeldObjects"]


class HeldObject(NamedTuple):
    """A program or a map that is in a map."""

    name: str
    """Empty where it is not known by any."""
    target: Target | None
    """Where it lives: in what is open, else among what the machine runs."""


class HeldObjects:
    """Knows programs and maps by the ids that are read as values.

    Args:
        session: What is open.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def of(self, spec: MapSpec, entry: Entry) -> HeldObject | None:
        """Return what an entry holds; None where its value is no object's id, or that of one that nobody knows."""
        number = int.from_bytes(entry.values[0], sys.byteorder) if spec.type.gives_ids else 0
        collection, theirs = self._session.collection, self._session.theirs
        if not number or collection is None:
            return None
        if spec.type.holds_maps:
            name = next((name for name, each in collection.maps.items() if each.id == number), "")
            own = map_node(self._session.spec.maps[name]) if name else None
        else:
            name = next((name for name, each in collection.programs.items() if each.id == number), "")
            own = Node(NodeKind.PROGRAM, name) if name else None
        if own is not None or theirs is None:
            return None if own is None else HeldObject(name, own)
        noun = "map" if spec.type.holds_maps else "prog"
        return HeldObject(theirs.name_of(noun, number), Thing(noun, number))
