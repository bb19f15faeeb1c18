"""What depends on a link or a pin: said before one is detached, or the other removed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from ..errors import UsageError
from ..runtime.theirs import Consequences
from ..uapi import LinkType
from .model import LinkEntry

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .model import MapEntry, Owner, Pin, PinKind, ProgramEntry, Snapshot

__all__ = ["is_detachable", "of_detaching", "of_unpinning", "others"]

_UNDETACHABLE: Final = frozenset(kind.label for kind in LinkType if not kind.is_detachable)


def others(owners: Sequence[Owner] | None) -> list[Owner]:
    """Return those of the processes that are not this one, which only looks."""
    return [owner for owner in owners or () if owner.pid != os.getpid()]


def is_detachable(link: LinkEntry) -> bool:
    """Return whether a link can be detached by others than who holds it."""
    return not link.detached and link.type not in _UNDETACHABLE


def of_detaching(snapshot: Snapshot, number: int) -> Consequences:
    """Return what comes of detaching a link.

    Raises:
        UsageError: There is none, it is attached to nothing already, or links of its type cannot be detached.
    """
    link = snapshot.links.get(number)
    if link is None:
        raise UsageError(f"there is no link {number} any more")
    if link.detached:
        raise UsageError(f"link {number} is attached to nothing already")
    if link.type in _UNDETACHABLE:
        held = [f"{owner.comm} {owner.pid}" for owner in others(link.owners)] + [*link.pinned]
        by = f": {', '.join(held)}" if held else ""
        raise UsageError(
            f"link {number} cannot be detached: one of type {link.type} ends with the last that holds it{by}"
        )
    program = snapshot.programs.get(link.program or 0)
    name = _named(program.id, program.name) if program is not None else link.type
    lines = [f"{name} no longer runs at {link.where}"]
    lines += [f"{owner.comm} {owner.pid} holds the link, and is not told" for owner in others(link.owners)]
    lines += [f"it is pinned at {path}, and stays so, attached to nothing" for path in link.pinned]
    lines.append("only whoever has the program can attach it again")
    return Consequences(f"detach link {number}: {name} from {link.where}", tuple(lines))


def of_unpinning(snapshot: Snapshot, pin: Pin) -> Consequences:
    """Return what comes of removing a pin."""
    what = f"remove the pin {pin.path} of {pin.kind} {pin.id}"
    tables: dict[PinKind, Mapping[int, ProgramEntry | MapEntry | LinkEntry]] = {
        "program": snapshot.programs,
        "map": snapshot.maps,
        "link": snapshot.links,
    }
    found = tables[pin.kind].get(pin.id)
    if found is None:
        return Consequences(what, (f"{pin.kind} {pin.id} is gone already",))
    owners, pins = found.owners, found.pinned
    if isinstance(found, LinkEntry):
        of = snapshot.programs.get(found.program or 0)
        name, held = of.name if of is not None and of.name else found.type, ()
        goes = f"link {found.id} ends: {name} no longer runs at {found.target or found.type}"
    else:
        name, held = found.name, found.held_by
        ends = "is unloaded" if pin.kind == "program" else "goes, with all that is in it"
        goes = f"{pin.kind} {_named(found.id, name)} {ends}"
    left = [f"{owner.comm} {owner.pid} has it open" for owner in others(owners)]
    others_pins = [path for path in pins if path != pin.path]
    # The same path in another mount namespace is another bpffs, or the same one: a pin of its own as far as one sees.
    others_pins += [path for path in pins if path == pin.path][1:]
    left += [f"it is pinned at {path} as well" for path in others_pins]
    left += [each for each in held if not each.startswith("nobody ")]
    last = name or str(pin.id)
    if owners is None:
        return Consequences(what, (*left, "who else holds it could not be read: it may go for good"), last)
    if left:
        return Consequences(what, ("it lives on:", *left))
    return Consequences(what, (goes, "nobody else holds it"), last)


def _named(number: int, name: str) -> str:
    """Return what an object is called by: many have no name."""
    return f"{number} {name}" if name else str(number)
