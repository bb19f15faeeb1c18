"""Processes that have programs, maps or links open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ....targets import Thing
from ....text.format import counted
from ..column import Cell, Column
from ..noun import Fact, Noun
from .cells import NOTHING, missing_note
from .columns import count_column, runs_column
from .facts import link_facts, map_facts, program_facts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .....core.system import ProcessEntry
    from .....core.system.history import Seen

__all__ = ["PROCESSES"]


def _unit(each: ProcessEntry) -> str:
    """Return what a process belongs to: its container, else the unit that its control group is of."""
    if each.container:
        return each.container
    return next((part for part in reversed(each.unit.split("/")) if "." in part), each.unit)


def _process_about(seen: Seen, each: ProcessEntry) -> list[Fact]:
    snapshot = seen.snapshot
    inner = "" if each.inner_pid == each.pid else f", {each.inner_pid} in its own pid namespace"
    facts = [
        Fact("command", each.command or f"[{each.comm}]"),
        Fact("pid", f"{each.pid}{inner}"),
        Fact("uid", "?" if each.uid is None else str(each.uid)),
    ]
    facts += [Fact("container", each.container)] if each.container else []
    listed = any(group.path == each.unit for group in snapshot.control_groups)
    facts += [Fact("cgroup", each.unit, Thing("cgroup", each.unit) if listed else None)] if each.unit else []
    facts += [Fact("mounts", f"mnt:[{each.mounts}]")] if each.mounts else []
    facts += program_facts("program", each.programs, snapshot)
    facts += map_facts("map", each.maps, snapshot)
    facts += link_facts(each.links, snapshot)
    return facts + [Fact("types", f"BTF {number}", Thing("btf", number)) for number in each.btfs]


def _processes(seen: Seen) -> Mapping[Any, ProcessEntry]:
    return seen.snapshot.processes


PROCESSES: Final[Noun[ProcessEntry]] = Noun(
    "proc",
    "processes",
    (
        Column("PID", lambda _, each: Cell(str(each.pid)), lambda _, each: each.pid, True, 6),
        Column(
            "inside",
            lambda _, each: Cell(str(each.inner_pid)) if each.inner_pid != each.pid else NOTHING,
            lambda _, each: each.inner_pid,
            True,
            6,
            drop=3,
        ),
        Column("name", lambda _, each: Cell(each.comm, "link"), lambda _, each: each.comm, least=10, most=16),
        Column(
            "container or unit",
            lambda _, each: Cell(_unit(each) or "–", "" if each.unit else "muted"),
            lambda _, each: _unit(each) or None,
            least=14,
            most=32,
        ),
        count_column("progs", lambda each: len(each.programs), 5),
        count_column("maps", lambda each: len(each.maps), 4),
        count_column("links", lambda each: len(each.links), 5, drop=1),
        runs_column(lambda each: each.programs),
        Column(
            "command",
            lambda _, each: Cell(each.command or f"[{each.comm}]"),
            lambda _, each: each.command or each.comm,
            least=16,
            most=80,
            drop=2,
        ),
    ),
    _processes,
    lambda each: f"{each.comm} {each.pid}",
    _process_about,
    lambda _: "",
    ordered_by=4,
    empty="no process has a program, a map or a link open",
    note=lambda seen: (
        missing_note(seen) or f"{counted(len(seen.snapshot.processes), 'process')} with programs, maps or links open"
    ),
)
