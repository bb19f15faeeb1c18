"""Pinned names, of all mount namespaces that could be looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ....targets import Thing
from ..column import Cell, Column
from ..noun import Fact, Noun
from .cells import missing_note, thing_cell
from .columns import text_column

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .....core.system import Pin
    from .....core.system.history import Seen

__all__ = ["PINS"]


_KINDS: Final = {"program": "prog", "map": "map", "link": "link"}
"""The nouns of what is pinned, by the kernel's kinds."""


def _pin_name(seen: Seen, each: Pin) -> str:
    snapshot = seen.snapshot
    if each.kind == "link":
        link = snapshot.links.get(each.id)
        return link.type if link else ""
    found = (snapshot.programs if each.kind == "program" else snapshot.maps).get(each.id)
    return found.name if found else ""


def _pin_about(seen: Seen, each: Pin) -> list[Fact]:
    noun = _KINDS[each.kind]
    where = f"mnt:[{each.mounts}]" if each.mounts else "this one"
    facts = [
        Fact(each.kind, f"{each.id} {_pin_name(seen, each)}".rstrip(), Thing(noun, each.id)),
        Fact("mounts of", where),
    ]
    others = [one for one in seen.snapshot.pins if (one.kind, one.id) == (each.kind, each.id) and one != each]
    return facts + [Fact("also", one.path, Thing("pin", (one.mounts, one.path))) for one in others]


def _pins_by_name(seen: Seen) -> Mapping[Any, Pin]:
    return {(each.mounts, each.path): each for each in seen.snapshot.pins}


def _mounts(_: Seen, each: Pin) -> Cell:
    if not each.mounts:
        return Cell("this one", "muted")
    return Cell(f"mnt:[{each.mounts}]", short=f"[{each.mounts}]")


PINS: Final[Noun[Pin]] = Noun(
    "pin",
    "pinned names",
    (
        text_column("path", lambda each: each.path, role="link", least=24, most=100, keeps_end=True),
        text_column("kind", lambda each: each.kind, least=7),
        Column("ID", lambda _, each: thing_cell(_KINDS[each.kind], each.id), lambda _, each: each.id, True, 4),
        Column(
            "name",
            lambda seen, each: Cell(_pin_name(seen, each)),
            _pin_name,
            least=12,
            most=40,
        ),
        Column(
            "mounts of",
            _mounts,
            lambda _, each: each.mounts,
            least=12,
            drop=1,
        ),
    ),
    _pins_by_name,
    lambda each: each.path,
    _pin_about,
    lambda each: f"{'id' if each.kind == 'program' else each.kind}:{each.id}" if each.mounts else each.path,
    empty="nothing is pinned here: bpffs is empty, in every mount namespace that was looked at",
    note=missing_note,
)
