"""Facts that several tables have: what a row is related to, each with the place to go to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from .....core.system.history import place_key
from ....targets import Thing
from ....text.inventory import name_of
from ..noun import Fact

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .....core.system import Attachment, Owner, Snapshot
    from .....core.system.history import Seen

__all__ = [
    "held_facts",
    "link_facts",
    "map_facts",
    "owner_facts",
    "pin_facts",
    "place_facts",
    "place_thing",
    "program_facts",
]


def owner_facts(owners: Sequence[Owner] | None) -> list[Fact]:
    """Return who has it open."""
    if owners is None:
        return [Fact("open in", "?", role="muted")]
    return [Fact("open in", f"{each.comm} {each.pid}", Thing("proc", each.pid)) for each in owners]


def pin_facts(paths: Iterable[str], snapshot: Snapshot, kind: str, number: int) -> list[Fact]:
    """Return the names that it is pinned under."""
    return [
        Fact("pinned", each.path, Thing("pin", (each.mounts, each.path)))
        for each in snapshot.pins
        if each.kind == kind and each.id == number and each.path in paths
    ]


def program_facts(label: str, numbers: Iterable[int], snapshot: Snapshot) -> list[Fact]:
    """Return programs by their ids, with their types."""
    found = ((number, snapshot.programs.get(number)) for number in numbers)
    return [
        Fact(label, f"{name_of(snapshot, number)}  {each.type if each else ''}".rstrip(), Thing("prog", number))
        for number, each in found
    ]


def map_facts(label: str, numbers: Iterable[int], snapshot: Snapshot) -> list[Fact]:
    """Return maps by their ids, with their types."""
    found: list[Fact] = []
    for number in numbers:
        each = snapshot.maps.get(number)
        found.append(Fact(label, f"{number} {each.name}  {each.type}" if each else str(number), Thing("map", number)))
    return found


def link_facts(numbers: Iterable[int], snapshot: Snapshot) -> list[Fact]:
    """Return links by their ids, with what they are on."""
    found: list[Fact] = []
    for number in numbers:
        each = snapshot.links.get(number)
        text = f"{number} {each.type} {each.target}".rstrip() if each else str(number)
        found.append(Fact("link", text, Thing("link", number)))
    return found


def place_facts(attachments: Iterable[Attachment], seen: Seen) -> list[Fact]:
    """Return where a program runs, each with the interface or control group that it is on."""
    found: list[Fact] = []
    for each in attachments:
        text = " ".join(part for part in (each.hook, each.target, each.detail) if part)
        if each.order is not None:
            text += f"  runs as number {each.order}"
        found.append(Fact("on", text, place_thing(each, seen)))
    return found


def place_thing(attachment: Attachment, seen: Seen) -> Thing | None:
    """Return the interface or control group that something is attached to; None where that is neither."""
    place = seen.places.get(place_key(attachment))
    if place is None:
        return None
    return Thing("cgroup", place) if isinstance(place, str) else Thing("net", place)


_HOLDERS: Final = (("map", re.compile(r"(?:slot \d+ of )?map (\d+) ")), ("proc", re.compile(r"a socket of .* (\d+)$")))
"""How `held_by` of programs and maps names what has them."""


def held_facts(texts: Iterable[str]) -> list[Fact]:
    """Return what keeps it alive besides links and programs, which are listed as such."""
    found: list[Fact] = []
    for each in texts:
        if not each.startswith(("link ", "program ")):
            names = ((noun, match) for noun, pattern in _HOLDERS if (match := pattern.match(each)) is not None)
            found.append(Fact("kept by", each, next((Thing(noun, int(match[1])) for noun, match in names), None)))
    return found
