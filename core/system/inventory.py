"""The inventory: reads snapshots of all that a machine runs of BPF."""

from __future__ import annotations

import time
from collections import defaultdict
from typing import TYPE_CHECKING

from ..closing import Closing
from ..kernel.sys.statistics import always_counted
from ..kernel.sys.survey import query_task_fd
from ..kernel.sys.syscall import BpfError
from ..uapi import LinkType
from .groups import GroupWalk
from .links import read_links
from .model import Attachment, BtfEntry, LinkEntry, MapEntry, Owner, ProgramEntry, Snapshot
from .mounts import read_mounts, read_pins
from .names import Names, label
from .network import read_networks
from .objects import read_btfs, read_maps, read_programs
from .owners import open_walk
from .places import OF_ROUTES, put_together
from .processes import read_processes
from .symbols import Symbols

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..kernel.sys.survey import Runs
    from .links import RawLink
    from .model import Pin
    from .objects import RawMap, RawProgram
    from .owners import Held, Tasks
    from .places import Places

__all__ = ["Inventory"]


class Inventory(Closing):
    """Reads snapshots, and keeps what they have in common: iterators that are loaded, and names.

    Those are left out of what it finds. What the kernel is asked changes nothing. All of it takes CAP_SYS_ADMIN; with
    less than all rights of root, what could not be read is said in the snapshot. Some 30 ms for 500 programs, 500 maps
    and 300 links, after a first one that loads the iterators.

    Args:
        symbols: Whether to read the files that uprobes are in, for the functions there: whose they are is anybody's.
    """

    def __init__(self, *, symbols: bool = True) -> None:
        self._symbols = Symbols() if symbols else None
        self._walk = open_walk()
        self._names = Names()
        self._groups = GroupWalk()
        self._programs: Mapping[int, RawProgram] = {}
        self._maps: Mapping[int, RawMap] = {}

    def close(self) -> None:
        """Let go of the iterators; a second call does nothing."""
        self._walk.close()

    def counters(self) -> dict[int, Runs]:
        """Return the counters of all programs alone, by their ids.

        Raises:
            NoPermissionError: It takes CAP_SYS_ADMIN.
        """
        found = self._walk.counters()
        for kind, number in self._walk.own:
            if kind == "program":
                found.pop(number, None)
        return found

    def entries(self) -> dict[int, int]:
        """Return how many entries maps have, by their ids: of those of which the kernel knows it (Linux 6.6)."""
        return {number: state.entries for number, state in self._walk.maps().items() if state.entries is not None}

    def snapshot(self) -> Snapshot:
        """Return what this machine runs now.

        Whatever refers to something is read before it, so that what is not there then has vanished meanwhile.

        Raises:
            NoPermissionError: It takes CAP_SYS_ADMIN.
        """
        gone: list[str] = []
        now, running = time.time(), time.clock_gettime(time.CLOCK_BOOTTIME)
        tasks = self._walk.look()
        mounts, missing = read_mounts(tasks.tasks)
        pins, refused = read_pins(mounts)
        networks = read_networks(tasks.tasks, mounts)
        groups = self._groups.read()
        links = read_links(lambda number: gone.append(f"link {number}"))
        for number, inode in self._walk.netfilters().items():
            if number in links:
                links[number] = links[number].inside(inode)
        programs = read_programs(
            self._names, lambda number: gone.append(f"program {number}"), self._walk.counters(), self._programs
        )
        self._programs = dict(programs)
        maps = read_maps(self._names, lambda number: gone.append(f"map {number}"), self._walk.maps(), self._maps)
        self._maps = dict(maps)
        btfs = read_btfs(lambda number: gone.append(f"BTF {number}"))
        for found, kind in ((links, "link"), (programs, "program"), (maps, "map"), (btfs, "btf")):
            for number in [each for each in found if (kind, each) in self._walk.own]:
                del found[number]
        held = [each for each in tasks.held if (each.kind, each.id) not in self._walk.own]
        tasks = tasks._replace(held=held)
        probes, hidden = _probes(held)
        kernel = {each.id: each.name for each in btfs.values() if each.kernel}
        places = put_together(
            links, maps, programs, networks.namespaces, groups.groups, probes, self._names, kernel, groups.paths
        )
        missing += [*refused, *networks.missing, *groups.missing, *hidden]
        if tasks.hidden:
            what = "a process" if tasks.hidden == 1 else f"{tasks.hidden} processes"
            missing.append(f"the open files of {what} could not be read: that takes CAP_SYS_PTRACE, as a rule")
        relations = _Relations(tasks, pins, links, maps, programs, places)
        gone += relations.lost()
        snapshot = Snapshot(
            now,
            now - running,
            relations.programs(),
            relations.maps(),
            relations.links(),
            {
                each.id: BtfEntry(
                    *each,
                    relations.owners("btf", each.id),
                    tuple(other.id for other in programs.values() if other.btf_id == each.id),
                    tuple(other.id for other in maps.values() if other.btf_id == each.id),
                )
                for each in btfs.values()
            },
            tuple(pins),
            read_processes(tasks.held, {task.pid: task for task in tasks.tasks}),
            places.namespaces,
            places.control_groups,
            places.tracing,
            counted=always_counted(),
            gone=tuple(dict.fromkeys(gone)),
            missing=tuple(missing),
        )
        return snapshot if self._symbols is None else self._symbols.named(snapshot)


def _probes(held: Iterable[Held]) -> tuple[list[Attachment], list[str]]:
    """Return what runs at the perf events of processes, and what could not be asked."""
    found: list[Attachment] = []
    for each in held:
        if each.kind != "perf":
            continue
        try:
            told = query_task_fd(each.pid, each.fd)
        except BpfError:
            return found, ["what perf events run could not be asked: that takes CAP_SYS_ADMIN"]
        if told is not None:
            place = told.name or f"0x{told.address:x}"
            target = f"{place}+0x{told.offset:x}" if told.offset or told.kind.startswith("u") else place
            found.append(Attachment(told.program_id, told.kind, target, owner=Owner(each.pid, each.comm)))
    return list(dict.fromkeys(found)), []


class _Relations:
    """Who refers to whom."""

    def __init__(
        self,
        tasks: Tasks,
        pins: Iterable[Pin],
        links: Mapping[int, RawLink],
        maps: Mapping[int, RawMap],
        programs: Mapping[int, RawProgram],
        places: Places,
    ) -> None:
        self._hidden = tasks.hidden
        self._links, self._maps, self._programs, self._places = links, maps, programs, places
        self._owners: defaultdict[tuple[str, int], set[Owner]] = defaultdict(set)
        self._sockets: defaultdict[int, list[Held]] = defaultdict(list)
        for each in tasks.held:
            if each.kind == "socket":
                self._sockets[each.id].append(each)
            else:
                self._owners[each.kind, each.id].add(Owner(each.pid, each.comm))
        self._pins: defaultdict[tuple[str, int], list[str]] = defaultdict(list)
        for pin in pins:
            self._pins[pin.kind, pin.id].append(pin.path)
        self._attachments: defaultdict[int, list[Attachment]] = defaultdict(list)
        for attachment in places.attachments:
            self._attachments[attachment.program].append(attachment)
        self._users: defaultdict[int, list[int]] = defaultdict(list)
        for program in programs.values():
            for number in program.map_ids:
                self._users[number].append(program.id)
        self._links_of: defaultdict[int, list[int]] = defaultdict(list)
        self._links_of_map: defaultdict[int, list[int]] = defaultdict(list)
        for link in links.values():
            if link.program is not None:
                self._links_of[link.program].append(link.id)
            number = link.details.get("map_id")
            if isinstance(number, int):
                self._links_of_map[number].append(link.id)
        self._slots: defaultdict[tuple[str, int], list[str]] = defaultdict(list)
        for each in maps.values():
            for slot, number in each.holds:
                if each.type == "struct_ops":
                    self._slots["program", number].append(f"map {each.id} {each.name}")
                else:
                    kind = "program" if each.type == "prog_array" else "map"
                    self._slots[kind, number].append(f"slot {slot} of map {each.id} {each.name}")

    def lost(self) -> list[str]:
        """Return what is referred to and not there any more."""
        programs = {each.program for each in self._places.attachments} | self._links_of.keys()
        found = [f"program {number}" for number in sorted(programs - self._programs.keys() - {0})]
        return found + [f"map {number}" for number in sorted(self._users.keys() - self._maps.keys())]

    def owners(self, kind: str, number: int) -> tuple[Owner, ...] | None:
        """Return the processes that have an object open; None where none is known, and some could not be asked."""
        found = self._owners.get((kind, number))
        return tuple(sorted(found)) if found else None if self._hidden else ()

    def programs(self) -> dict[int, ProgramEntry]:
        """Return them."""
        return {number: self._program(raw) for number, raw in self._programs.items()}

    def _program(self, raw: RawProgram) -> ProgramEntry:
        attachments = self._attachments.get(raw.id, [])
        links = self._links_of.get(raw.id, [])
        owners = self.owners("program", raw.id)
        pinned = self._pins.get(("program", raw.id), [])
        held = [f"link {number}" for number in links]
        held += [_told(each) for each in attachments if each.link is None]
        held += self._slots.get(("program", raw.id), [])
        held += [f"a socket of {each.comm} {each.pid}" for each in self._sockets.get(raw.id, [])]
        if not owners and not pinned and not held:
            held = [_ROUTE if raw.type in OF_ROUTES else _NOBODY]
        return ProgramEntry(
            *raw[:12],
            raw.runs.run_cnt,
            raw.runs.run_time_ns,
            raw.runs.recursion_misses,
            raw.verified_insns,
            raw.memlock,
            owners,
            tuple(pinned),
            tuple(links),
            tuple(attachments),
            tuple(dict.fromkeys(held)),
        )

    def maps(self) -> dict[int, MapEntry]:
        """Return them."""
        return {number: self._map(raw) for number, raw in self._maps.items()}

    def _map(self, raw: RawMap) -> MapEntry:
        users = self._users.get(raw.id, [])
        held = [f"program {number} {self._programs[number].name}" for number in users]
        held += [f"link {number}" for number in self._links_of_map.get(raw.id, [])]
        held += self._slots.get(("map", raw.id), [])
        held += ["its registration"] if raw.state == "in use" else []
        owners = self.owners("map", raw.id)
        pinned = self._pins.get(("map", raw.id), [])
        if not owners and not pinned and not held:
            held = [_NOBODY]
        return MapEntry(
            *raw[:9],
            raw.memlock,
            raw.frozen,
            owners,
            tuple(pinned),
            tuple(users),
            tuple(dict.fromkeys(number for _, number in raw.holds)),
            raw.state,
            tuple(dict.fromkeys(held)),
        )

    def links(self) -> dict[int, LinkEntry]:
        """Return them."""
        return {number: self._link(raw) for number, raw in self._links.items()}

    def _link(self, raw: RawLink) -> LinkEntry:
        place = self._places.of_links[raw.id]
        return LinkEntry(
            raw.id,
            label(LinkType, raw.type),
            raw.program,
            raw.attach_type,
            place.target,
            place.order,
            self.owners("link", raw.id),
            tuple(self._pins.get(("link", raw.id), ())),
            raw.detached,
            raw.details,
        )


_ROUTE = "nobody that the kernel tells of: a route, of which it tells no program"
_NOBODY = "nobody that the kernel tells of: a socket, or it is about to go"


def _told(attachment: Attachment) -> str:
    """Return where a program is attached without a link, in words."""
    by = f" by a perf event of {attachment.owner.comm} {attachment.owner.pid}" if attachment.owner else ""
    return f"{attachment.hook} {attachment.target}{by}"
