"""What the whole machine runs as metrics, whoever loaded it: its programs' runs, its maps' entries and memory."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from .families import Family

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..system.load import Look

__all__ = ["machine_families"]


def machine_families(
    look: Look, entries: Mapping[int, int], *, counted: bool, series: int, only: str | None = None
) -> list[Family]:
    """Return families of what an observer saw.

    Programs and maps come and go, and whoever loads them names them: an id is a new series each time.

    Args:
        look: What was seen.
        entries: How many entries maps have, by their ids, as far as the kernel knows it.
        counted: Whether runs are counted; where nobody counts, nothing is told of them.
        series: The most programs, and the most maps, of which something is told: those with the lowest ids, which have
            been there for longest.
        only: A pattern for names of programs: of these something is told, and of the maps that they use.
    """
    snapshot, which = look.snapshot, ("id", "program", "type")
    runs, seconds, missed, memory = (
        Family.known(f"bpf_program_{name}", *which)
        for name in ("runs_total", "run_seconds_total", "missed_runs_total", "memory_bytes")
    )
    info = Family.known("bpf_program_info", *which, "tag")
    found = [each for _, each in sorted(snapshot.programs.items()) if each.id in look.counters]
    if only is not None:
        found = [each for each in found if fnmatchcase(each.name, only)]
    for each in found[:series]:
        labels, counts = (str(each.id), each.name, each.type), look.counters[each.id]
        if counted:
            runs.add(counts.run_cnt, *labels)
            seconds.add(counts.run_time_ns / 1e9, *labels)
            missed.add(counts.recursion_misses, *labels)
        if each.memlock is not None:
            memory.add(each.memlock, *labels)
        info.add(1, *labels, each.tag)
    used = None if only is None else {number for each in found for number in each.map_ids}
    maps = [each for number, each in sorted(snapshot.maps.items()) if used is None or number in used]
    is_in, room, takes = (
        Family.known(f"bpf_map_{name}", "id", "map", "type") for name in ("entries", "max_entries", "memory_bytes")
    )
    for each in maps[:series]:
        labels = (str(each.id), each.name, each.type)
        if each.id in entries:
            is_in.add(entries[each.id], *labels)
        room.add(each.max_entries, *labels)
        if each.memlock is not None:
            takes.add(each.memlock, *labels)
    left, more = Family.known("bpf_unexported_programs"), Family.known("bpf_unexported_maps")
    left.add(max(len(found) - series, 0))
    more.add(max(len(maps) - series, 0))
    families = [runs, seconds, missed, memory, info, is_in, room, takes, left, more]
    return [each for each in families if each.numbers]
