"""What `bpftui show` says besides of something that is loaded: who holds it, where it runs, what it has cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ....core.references import parse_loaded
from ...terminal.output import write_line
from ..common import warn

if TYPE_CHECKING:
    from ....core.system import Snapshot

__all__ = ["loaded_json", "print_loaded", "snapshot_of"]

_NOUNS: Final = ("prog", "map", "link")


def snapshot_of(text: str) -> Snapshot | None:
    """Return what the machine runs of what was named: it, what it uses and what holds it. None where it is a file."""
    name = parse_loaded(text)
    if name is None:
        return None
    from ....core.system.errands import open_inventory
    from ....core.system.loaded import find_loaded

    with open_inventory() as inventory:
        snapshot = inventory.snapshot()
    found = find_loaded(name)
    programs = {*found.programs, *(each for number in found.maps for each in _users(snapshot, number))}
    maps = {*found.maps}
    links = {*found.links}
    for program in (snapshot.programs[each] for each in programs if each in snapshot.programs):
        maps |= {*program.map_ids}
        links |= {*program.links}
    for sentence in snapshot.missing:
        warn(sentence)
    return snapshot.only(programs, maps, links)


def _users(snapshot: Snapshot, number: int) -> tuple[int, ...]:
    found = snapshot.maps.get(number)
    return () if found is None else found.programs


def loaded_json(snapshot: Snapshot) -> dict[str, Any]:
    """Return it as what stands in `loaded` of the document: lists as in `bpftui list --json`."""
    from ....core.system.document import NOUNS, document

    lists = document(snapshot, _NOUNS)
    return {"loaded": {NOUNS[noun]: lists[NOUNS[noun]] for noun in _NOUNS}}


def print_loaded(snapshot: Snapshot, *, color: bool) -> None:
    """Print it as tables."""
    from ..columns import print_columns
    from ..system.rows import COLUMNS, rows

    for noun in _NOUNS:
        found = list(rows(snapshot, noun))
        if found:
            write_line()
            print_columns(COLUMNS[noun], found, color=color)
