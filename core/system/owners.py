"""Who holds what: the open files of all processes, by the kernel's iterator where it may be loaded, else by /proc.

The iterator (bpf/inventory.c) is some 40 times as quick where there are many processes, tells a socket's program, which
/proc does not, and is loaded once. Both give the numbers that processes have in this one's pid namespace. With it come
others: for the counters of all programs, for what changes of all maps, and for the network namespaces of links to
netfilter, which nothing else tells.
"""

from __future__ import annotations

import contextlib
import functools
import os
import socket
import struct
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from ... import bpf
from ..closing import Closing
from ..errors import BpftuiError
from ..kernel.runtime import load
from ..kernel.sys.cpus import possible_cpu_ids
from ..kernel.sys.object import open_id
from ..kernel.sys.perf import PERF_TYPE_SOFTWARE, open_event
from ..kernel.sys.survey import Runs, number_in, read_fdinfo, run_counts, unpacked_runs
from ..spec import CollectionSpec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..kernel import KernelCollection

__all__ = ["Held", "IteratorWalk", "MapState", "ProcWalk", "Task", "Tasks", "Walk", "open_walk"]

_KINDS: Final = ("", "program", "map", "link", "btf", "perf", "socket")
"""As `enum kind` of bpf/inventory.c has them."""
_DUMMY: Final = 9
"""PERF_COUNT_SW_DUMMY: an event that never happens."""
_HELD: Final = struct.Struct("=4I16s")
_TASK: Final = struct.Struct("=6I16s")
_LINK: Final = struct.Struct("=II")
_MAP: Final = struct.Struct("=IHHQ")
_MOST_CPUS: Final = 1024
"""MOST_CPUS of bpf/inventory.c."""
_FILES: Final = {
    "anon_inode:bpf-prog": ("program", b"prog_id"),
    "anon_inode:bpf-map": ("map", b"map_id"),
    "anon_inode:bpf_link": ("link", b"link_id"),
    "anon_inode:bpf-link": ("link", b"link_id"),
    "anon_inode:btf": ("btf", b"btf_id"),
    "anon_inode:[perf_event]": ("perf", b""),
}
"""What open files are called (links by a hyphen before Linux 6.1), and where their fdinfo has the id."""


class Held(NamedTuple):
    """An open file that is a BPF object, a perf event, or a socket with a program."""

    pid: int
    fd: int
    kind: str
    """`program`, `map`, `link`, `btf`, `perf` or `socket`."""
    id: int
    """Of the object, or of the socket's program; 0 of a perf event."""
    comm: str


class Task(NamedTuple):
    """A process, or a thread that is in other namespaces than its process."""

    pid: int
    tid: int
    net: int
    """Inodes of the namespaces; 0 where that may not be known."""
    mnt: int
    pid_ns: int
    inner: int
    """The process's number in its own pid namespace."""
    comm: str


class Tasks(NamedTuple):
    """The processes, and what could not be looked at."""

    tasks: list[Task]
    held: list[Held]
    hidden: int
    """Processes whose files or namespaces could not be read."""


class MapState(NamedTuple):
    """What changes of a map, whatever its type."""

    frozen: bool
    entries: int | None
    """How many it has; None where the kernel does not know it."""


class Walk(Protocol):
    """A way to find out who holds what."""

    own: frozenset[tuple[str, int]]
    """Kind and id of what it has itself in the kernel for it."""

    def look(self) -> Tasks:
        """Return the processes and what they hold, now."""
        ...

    def counters(self) -> dict[int, Runs]:
        """Return the counters of all programs by their ids; NoPermissionError where it takes CAP_SYS_ADMIN."""
        ...

    def maps(self) -> dict[int, MapState]:
        """Return what changes of all maps by their ids; nothing where they would have to be asked one by one."""
        ...

    def netfilters(self) -> dict[int, int]:
        """Return the inode of the network namespace that each link to netfilter is in, as far as that can be known.

        It is 0 for one that was detached.
        """
        ...

    def close(self) -> None:
        """Let go of what it needs."""
        ...


def open_walk() -> Walk:
    """Return the quickest way that this process may go."""
    try:
        return IteratorWalk()
    except (BpftuiError, OSError):
        return ProcWalk()


class IteratorWalk(Closing):
    """Iterators over the kernel's tasks, their files, programs and links, loaded as long as this is open.

    Those over programs, maps and links may be missing (Linux 5.19): what they tell is asked for by system calls, or
    unknown.

    Raises:
        BpftuiError: They cannot be loaded: that takes CAP_BPF and CAP_PERFMON, and a kernel with types of its own
            (Linux 5.11).
    """

    def __init__(self) -> None:
        self._stack = contextlib.ExitStack()
        try:
            spec = CollectionSpec.from_file(bpf.path("inventory"))
            cpus = possible_cpu_ids()
            known = cpus[-1] < _MOST_CPUS
            if known:
                spec.variables["cpus"].set(cpus[-1] + 1)
                spec.variables["possible"].set([int(cpu in cpus) for cpu in range(_MOST_CPUS)])
            collection = self._stack.enter_context(load(spec))
            for name in _NEEDED & collection.problems.keys():
                raise collection.problems[name]
            self._links = {name: program.attach() for name, program in collection.programs.items()}
            self._held, self._tasks = self._links["held"], self._links["tasks"]
            self._counts = self._links.get("counts") if known else None
            self._learn(collection)
        except BaseException:
            self._stack.close()
            raise
        programs = [program.info() for program in collection.programs.values()]
        maps = [map_.info() for map_ in collection.maps.values()]
        self.own = frozenset(
            [("program", each.id) for each in programs]
            + [("map", each.id) for each in maps]
            + [("link", link.id) for link in self._links.values()]
            + [("btf", each.btf_id) for each in programs]
        )

    def _learn(self, collection: KernelCollection) -> None:
        """Show the iterator one open file of each kind."""
        with contextlib.ExitStack() as samples:
            program = collection.programs["held"]
            found = {
                "program": program.fileno(),
                "map": next(iter(collection.maps.values())).fileno(),
                "link": self._held.fileno(),
                "socket": samples.enter_context(socket.socket(socket.AF_UNIX)).fileno(),
            }
            with contextlib.suppress(BpftuiError):  # without CAP_SYS_ADMIN nobody's types are told of
                types = open_id("BTF", program.info().btf_id)
                samples.callback(types.close)
                found["btf"] = samples.enter_context(types)
            with contextlib.suppress(BpftuiError, OSError):
                event = open_event(PERF_TYPE_SOFTWARE, _DUMMY)
                samples.callback(event.close)
                found["perf"] = samples.enter_context(event)
            variables = collection.variables
            variables["samples"].set([found.get(kind, -1) for kind in _KINDS])
            variables["sample_pid"].set(os.getpid())
            self._held.output()
            variables["sample_pid"].set(0)

    def look(self) -> Tasks:
        """Return the processes and what they hold, now."""
        held = [
            Held(pid, fd, _KINDS[kind], number, _comm(comm))
            for pid, fd, kind, number, comm in _HELD.iter_unpack(self._held.output())
            if pid
        ]
        tasks = [
            Task(pid, tid, net, mnt, pid_ns, inner, _comm(comm))
            for pid, tid, net, mnt, pid_ns, inner, comm in _TASK.iter_unpack(self._tasks.output())
            if pid
        ]
        return Tasks(tasks, held, 0)

    def counters(self) -> dict[int, Runs]:
        """Return the counters of all programs by their ids: 0.1 ms for 500 on 2 CPUs."""
        return run_counts() if self._counts is None else unpacked_runs(self._counts.output())

    def maps(self) -> dict[int, MapState]:
        """Return what changes of all maps by their ids: entries of tries of prefixes, and of hashes (Linux 6.6)."""
        link = self._links.get("maps")
        rows = () if link is None else _MAP.iter_unpack(link.output())
        return {number: MapState(bool(frozen), count if counted else None) for number, frozen, counted, count in rows}

    def netfilters(self) -> dict[int, int]:
        """Return the inode of the network namespace that each link to netfilter is in, 0 for one that was detached."""
        link = self._links.get("netfilters")
        return {} if link is None else dict(_LINK.iter_unpack(link.output()))

    def close(self) -> None:
        """Unload them."""
        self._stack.close()


_NEEDED: Final = frozenset({"held", "tasks"})


@functools.lru_cache(4096)
def _comm(raw: bytes) -> str:
    return raw.partition(b"\0")[0].decode("utf-8", "replace")


class ProcWalk:
    """/proc/PID/fd of all processes, as far as they may be read (CAP_SYS_PTRACE for those of others)."""

    own: frozenset[tuple[str, int]] = frozenset()

    def look(self) -> Tasks:
        """Return the processes and what they hold, now."""
        found = Tasks([], [], 0)
        hidden = 0
        for pid in _numbers("/proc"):
            try:
                comm = _read(f"/proc/{pid}/comm").strip()
                found.held.extend(self._files(pid, comm))
            except PermissionError:
                hidden += not _has_ended(pid)
                continue
            except OSError:
                continue  # it has ended
            found.tasks.extend(_tasks_of(pid, comm))
        return found._replace(hidden=hidden)

    def counters(self) -> dict[int, Runs]:
        """Return the counters of all programs by their ids; errors as for `run_counts`."""
        return run_counts()

    def maps(self) -> dict[int, MapState]:
        """Return nothing: that takes an iterator."""
        return {}

    def netfilters(self) -> dict[int, int]:
        """Return nothing: /proc tells of no links of netfilter."""
        return {}

    def _files(self, pid: int, comm: str) -> Iterator[Held]:
        for fd in _numbers(f"/proc/{pid}/fd"):
            try:
                kind, name = _FILES.get(os.readlink(f"/proc/{pid}/fd/{fd}"), ("", b""))
            except FileNotFoundError:
                continue
            if kind:
                told = read_fdinfo(f"/proc/{pid}/fdinfo/{fd}") if name else b""
                yield Held(pid, fd, kind, number_in(told, name) or 0, comm)

    def close(self) -> None:
        """Do nothing: it keeps nothing."""


def _has_ended(pid: int) -> bool:
    """Whether a process has ended: the files of one that nobody has waited for yet may not be read any more."""
    try:
        return _read(f"/proc/{pid}/stat").rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


def _numbers(directory: str) -> list[int]:
    return [int(name) for name in os.listdir(directory) if name.isdecimal()]


def _read(path: str) -> str:
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def _tasks_of(pid: int, comm: str) -> Iterator[Task]:
    """Iterate over a process, and over its threads that are in other namespaces."""
    seen: set[tuple[int, int]] = set()
    inner = pid
    with contextlib.suppress(OSError):
        lines = _read(f"/proc/{pid}/status").splitlines()
        numbers = [number for line in lines if line.startswith("NSpid:") for number in line.split()[1:]]
        inner = int(numbers[-1]) if numbers else pid
    with contextlib.suppress(OSError):
        for tid in sorted(_numbers(f"/proc/{pid}/task"), key=lambda each: each != pid):
            try:
                net, mnt, pid_ns = (
                    os.stat(f"/proc/{pid}/task/{tid}/ns/{name}").st_ino for name in ("net", "mnt", "pid")
                )
            except OSError:
                continue
            if (net, mnt) not in seen:
                seen.add((net, mnt))
                yield Task(pid, tid, net, mnt, pid_ns, inner, comm)
