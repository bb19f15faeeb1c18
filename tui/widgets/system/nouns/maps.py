"""Maps, with what they take, and who uses them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .....core.uapi import MapFlag, flag_names
from ....targets import Thing
from ....text.format import byte_size
from ....text.inventory import bytes_of, few
from ..column import Cell, Column
from ..noun import Fact, Noun
from .cells import (
    NOTHING,
    missing_note,
    thing_cell,
)
from .columns import ID, count_column, memory_column, owner_column, text_column
from .facts import held_facts, link_facts, map_facts, owner_facts, pin_facts, program_facts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .....core.system import MapEntry
    from .....core.system.history import Seen

__all__ = ["MAPS"]


def _used(each: MapEntry) -> Cell:
    if not each.programs:
        return NOTHING
    return thing_cell("prog", each.programs[0], few([str(number) for number in each.programs]))


def _map_about(seen: Seen, each: MapEntry) -> list[Fact]:
    snapshot = seen.snapshot
    facts = [
        Fact("type", f"{each.type}{', frozen' if each.frozen else ''}{f', {each.state}' if each.state else ''}"),
        Fact("sizes", f"key {byte_size(each.key_size)}, value {byte_size(each.value_size)}"),
        Fact("entries", f"at most {each.max_entries:,}"),
        Fact("memory", bytes_of(each.memlock)),
    ]
    facts += [Fact("flags", flag_names(each.flags, MapFlag))] if each.flags else []
    facts += program_facts("used by", each.programs, snapshot)
    if each.holds:
        holder = program_facts if each.holds_programs else map_facts
        facts += holder("holds", each.holds, snapshot)
    facts += link_facts((one.id for one in snapshot.links.values() if one.details.get("map_id") == each.id), snapshot)
    holders = (one for one in snapshot.maps.values() if each.id in one.holds and not one.holds_programs)
    facts += map_facts("in map", (one.id for one in holders), snapshot)
    facts += [Fact("types", f"BTF {each.btf_id}", Thing("btf", each.btf_id))] if each.btf_id else []
    facts += owner_facts(each.owners)
    facts += pin_facts(each.pinned, snapshot, "map", each.id)
    return facts + held_facts(each.held_by)


def _map_totals(_: Seen, rows: Sequence[MapEntry]) -> dict[str, str]:
    return {"name": f"all {len(rows):,}", "memory": byte_size(sum(each.memlock or 0 for each in rows), fixed=True)}


MAPS: Final[Noun[MapEntry]] = Noun(
    "map",
    "maps",
    (
        ID,
        text_column("name", lambda each: each.name, role="link", least=12, fair=20, most=40),
        text_column("type", lambda each: each.type, least=12),
        count_column("key", lambda each: each.key_size, 4, drop=4),
        count_column("value", lambda each: each.value_size, 6, drop=3),
        count_column("entries", lambda each: each.max_entries, 8, drop=2),
        memory_column(),
        Column("used by", lambda _, each: _used(each), lambda _, each: len(each.programs), least=8, most=20),
        owner_column(),
    ),
    lambda seen: seen.snapshot.maps,
    lambda each: f"{each.id} {each.name}".rstrip(),
    _map_about,
    lambda each: f"map:{each.id}",
    empty="there are no maps here",
    note=missing_note,
    totals=_map_totals,
)
