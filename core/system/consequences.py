"""What depends on a link or a pin: said before one is detached, or the other removed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ..errors import UsageError
from ..runtime.theirs import Consequences

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .model import Owner, Pin, Snapshot

__all__ = ["of_detaching", "of_unpinning", "others"]


def others(owners: Sequence[Owner] | None) -> list[Owner]:
    """Return those of the processes that are not this one, which only looks."""
    return [owner for owner in owners or () if owner.pid != os.getpid()]


def of_detaching(snapshot: Snapshot, number: int) -> Consequences:
    """Return what comes of detaching a link.

    Raises:
        UsageError: There is none, or it is attached to nothing already.
    """
    link = snapshot.links.get(number)
    if link is None:
        raise UsageError(f"there is no link {number} any more")
    if link.detached:
        raise UsageError(f"link {number} is attached to nothing already")
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
    if pin.kind == "program":
        program = snapshot.programs.get(pin.id)
        if program is None:
            return Consequences(what, (f"program {pin.id} is gone already",))
        name, owners, pins, held = program.name, program.owners, program.pinned, program.held_by
        goes = [f"program {_named(program.id, name)} is unloaded"]
    elif pin.kind == "map":
        map_ = snapshot.maps.get(pin.id)
        if map_ is None:
            return Consequences(what, (f"map {pin.id} is gone already",))
        name, owners, pins, held = map_.name, map_.owners, map_.pinned, map_.held_by
        goes = [f"map {_named(map_.id, name)} goes, with all that is in it"]
    else:
        link = snapshot.links.get(pin.id)
        if link is None:
            return Consequences(what, (f"link {pin.id} is gone already",))
        of = snapshot.programs.get(link.program or 0)
        name, owners, pins, held = of.name if of is not None and of.name else link.type, link.owners, link.pinned, ()
        goes = [f"link {link.id} ends: {name} no longer runs at {link.target or link.type}"]
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
    return Consequences(what, (*goes, "nobody else holds it"), last)


def _named(number: int, name: str) -> str:
    """Return what an object is called by: many have no name."""
    return f"{number} {name}" if name else str(number)
