"""HeldObjects: what fields of entries stand for: programs and maps by their ids, and stack traces by theirs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NamedTuple

from ..core.live.stacks import Stacks
from .nodes import Node, NodeKind, map_node
from .targets import StackTarget, Thing

if TYPE_CHECKING:
    from ..core.live import Session
    from ..core.live.counters import Valued
    from ..core.live.field import Field
    from ..core.live.fields import Fields
    from ..core.runtime import Entry
    from ..core.runtime.stacks import Frame
    from .targets import Target

__all__ = ["HeldObject", "HeldObjects"]


class HeldObject(NamedTuple):
    """A program, a map or a stack that a field of an entry stands for."""

    name: str
    """Empty where it is not known by any, and where the field says it already; of no stack, the error."""
    target: Target | None
    """Where it lives: in what is open, else among what the machine runs."""


class HeldObjects:
    """Knows programs, maps and stacks by the ids that are read as values.

    Args:
        session: What is open.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._stacks: Stacks | None = None

    @property
    def stacks(self) -> Stacks | None:
        """The stack traces of what is loaded; None before the load."""
        collection = self._session.collection
        if collection is None:
            self._stacks = None
        elif self._stacks is None or self._stacks.collection is not collection:
            self._stacks = Stacks(collection)
        return self._stacks

    def fields(self, spec: Valued, fields: Fields) -> tuple[Field, ...]:
        """Return those fields of a map that stand for something."""
        if spec.type.gives_ids:
            return fields.values
        stacks = self.stacks
        if stacks is None or not stacks.concerns(spec.name):
            return ()
        return fields.values if spec.name in stacks.maps else tuple(f for f in fields.all if stacks.is_id(spec.name, f))

    def of(self, spec: Valued, field: Field, entry: Entry) -> HeldObject | None:
        """Return what one of these fields of an entry stands for; None where nobody knows."""
        return self._object(spec, entry) if spec.type.gives_ids else self._stack(spec, field, entry)

    def program_of(self, frame: Frame) -> Target | None:
        """Return where the program lives whose code a frame of a stack is in; None for other code."""
        own = self._own_program(frame.program)
        if own is not None or not frame.program or self._session.is_past:
            return own
        return Thing("prog", frame.program)

    def _own_program(self, number: int) -> Node | None:
        collection = self._session.collection
        if collection is None or not number:
            return None
        name = next((name for name, each in collection.programs.items() if each.id == number), "")
        return Node(NodeKind.PROGRAM, name) if name else None

    def _stack(self, spec: Valued, field: Field, entry: Entry) -> HeldObject | None:
        stacks = self.stacks
        if stacks is None:
            return None
        if spec.name in stacks.maps:
            return HeldObject("", StackTarget(stacks.own_place(spec.name, entry)))
        place = stacks.place(spec.name, field, entry)
        if place is None:
            return None
        return HeldObject(stacks.name_of(place), None if place.problem else StackTarget(place))

    def _object(self, spec: Valued, entry: Entry) -> HeldObject | None:
        """Return the object whose id the value is; None where it is none, or that of one that nobody knows."""
        number = int.from_bytes(entry.values[0], sys.byteorder)
        collection, theirs = self._session.collection, self._session.theirs
        if not number or collection is None:
            return None
        if spec.type.holds_maps:
            name = next((name for name, each in collection.maps.items() if each.id == number), "")
            own = map_node(self._session.spec.maps[name]) if name else None
        else:
            own = self._own_program(number)
            name = own.name if own is not None else ""
        if own is not None or theirs is None:
            return None if own is None else HeldObject(name, own)
        noun = "map" if spec.type.holds_maps else "prog"
        return HeldObject(theirs.name_of(noun, number), Thing(noun, number))
