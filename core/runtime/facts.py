"""What runtimes tell: entries, results, reports, and the places that programs are attached to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from ..errors import GivenUpError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .protocols import Namespace

__all__ = [
    "AttachTarget",
    "CheckReport",
    "Counts",
    "Entry",
    "ExternAnswer",
    "Forecast",
    "LoadOutcome",
    "MapSnapshot",
    "Neighbour",
    "Obstacle",
    "Printed",
    "PrintedLine",
    "ProgramInfo",
    "Progress",
    "RunResult",
    "TargetChoice",
    "XdpMode",
    "given_up",
    "load_given_up",
]

XdpMode = Literal["native", "generic"]

Progress: TypeAlias = "Callable[[int, int, str], None]"
"""Told of each program before it is loaded: its number, from 1, how many there are, and its name."""


class Entry(NamedTuple):
    """One entry of a map, as bytes. A tuple, because a map can have millions of them."""

    key: bytes
    values: tuple[bytes, ...]
    """One value; for a per-CPU map one for each possible CPU, each of value_size bytes."""


@dataclass(frozen=True, slots=True)
class MapSnapshot:
    """What a map held when it was read. A live map changes while it is read: this is no atomic picture."""

    entries: tuple[Entry, ...]
    partial: bool = False
    """Whether the reading stopped before the end: at the limit asked for, or because the map kept changing."""
    beyond: int = 0
    """How many entries there are beyond these, as far as they were counted."""
    is_counted: bool = True
    """Whether `count` is all of them; else there are at least so many."""
    note: str = ""
    """Why there is nothing to list, as a clause; empty where there is."""
    upcoming: bytes | None = None
    """The value that a queue or stack would give next; None when it is empty, and of other maps."""

    @property
    def count(self) -> int:
        """How many entries the map has."""
        return len(self.entries) + self.beyond


class PrintedLine(NamedTuple):
    """A line that a program printed."""

    text: str
    """Without a newline at its end; what a program prints is text of a stranger."""
    program: str = ""
    """Which one did; empty where that cannot be told."""
    stream: Literal["trace", "stdout", "stderr"] = "trace"
    """Where to: the kernel's trace buffer (bpf_trace_printk, bpf_trace_vprintk), or a stream of the program's own, to
    which the kernel writes as well, of its runtime errors (Linux 6.17)."""


class Printed(NamedTuple):
    """What programs printed since the last look."""

    lines: tuple[PrintedLine, ...] = ()
    """One for each call, oldest first; those of streams behind the others."""
    lost: int = 0
    """How many more there were, which nobody kept: too many came between two looks."""

    @property
    def texts(self) -> tuple[str, ...]:
        """What the lines say."""
        return tuple(line.text for line in self.lines)


@dataclass(frozen=True, slots=True)
class RunResult:
    """What BPF_PROG_TEST_RUN, or its like, brought."""

    retval: int
    """r0 as an unsigned 32-bit integer."""
    data: bytes
    """The packet as the program left it; of an iterator on the built-in machine, what it wrote."""
    context: bytes
    """The context as the program left it; empty where the program type has none."""
    duration_ns: int
    """Mean time of one repetition."""


class Counts(NamedTuple):
    """What of a program's code its runs came to."""

    runs: tuple[int, ...]
    """By slot of the linked code, how often the instruction was begun; 0 for second halves."""
    outcomes: Mapping[int, tuple[int, int]]
    """By the slot of a conditional jump: how often it went on with the next instruction, and how often it jumped."""


def load_given_up(file: str, done: int, total: int) -> GivenUpError:
    """Return the error of a load that was given up after so many of its programs."""
    return GivenUpError(f"the load of {file} was given up after {done:,} of {total:,} programs")


def forecast_given_up(file: str, done: int, total: int) -> GivenUpError:
    """Return the error of a look ahead that was given up after so many of the object's programs."""
    return GivenUpError(f"whether {file} loads here was looked at for {done:,} of {total:,} programs and then given up")


def given_up(program: str, done: int, repeat: int) -> GivenUpError:
    """Return the error for a run that its user gave up after *done* of *repeat* rounds."""
    return GivenUpError(f"the run of {program} was given up after {done:,} of {repeat:,} rounds")


@dataclass(frozen=True, slots=True)
class ProgramInfo:
    """What the runtime knows of a loaded program."""

    id: int
    """The kernel's id, 0 where there is none."""
    tag: str
    """Prefix of a hash of the instructions (SHA-1, since Linux 6.18 SHA-256), 16 hex digits."""
    run_cnt: int
    """Runs so far; counts only while statistics are on."""
    run_time_ns: int
    verified_insns: int | None
    """Instructions that the verifier walked; None where it does not tell."""
    xlated_size: int
    """Bytes after the verifier rewrote it."""
    jited_size: int
    """Bytes of native code; 0 without a JIT."""
    name: str = ""
    """As the kernel has it, at most 15 characters."""
    recursion_misses: int = 0
    """Runs that were left out because the program was running on that CPU already (Linux 5.12)."""
    memlock: int = 0
    """Bytes of memory that it takes, roughly."""
    created_by_uid: int = 0
    """The user who loaded it (Linux 4.15)."""
    load_time_ns: int = 0
    """When it was loaded, in nanoseconds since boot (Linux 4.15); 0 where nobody tells."""
    map_ids: tuple[int, ...] = ()
    """The kernel's ids of the maps that it uses (Linux 4.15)."""
    btf_id: int = 0
    """The kernel's id of its types; 0 where it was loaded without."""
    gpl_compatible: bool = False
    """Whether its license lets it call what is for GPL programs only (Linux 4.18)."""
    attach_btf_id: int = 0
    """The BTF id of what it is tied to: a function, a tracepoint's typedef, a struct; 0 for nothing."""
    attach_btf_obj_id: int = 0
    """The kernel's id of the BTF that attach_btf_id is in, its own or a module's (Linux 5.17)."""


@dataclass(frozen=True, slots=True)
class AttachTarget:
    """Where a program is attached."""

    name: str = ""
    """As it is shown and typed: an interface, a control group's directory, a tracepoint; empty for what the program's
    section says."""
    index: int = 0
    """The interface's index, within its namespace."""
    namespace: Namespace | None = None
    """The namespace it is in; None for the one that the process lives in."""
    mode: XdpMode | None = None
    """How XDP is attached; None lets the kernel choose."""
    options: tuple[str, ...] = ()
    """What else was said: `egress`, `priority=-10`; see `bpftui.core.spec.targets`."""
    remark: str = ""
    """What of that is without effect here, as a sentence; empty where all has one."""


class Neighbour(NamedTuple):
    """A program that is at a hook already, before or after which another one can come."""

    which: str
    """What a user types for it, behind `before=` and `after=`: `id:42`."""
    title: str
    """What it is, in a few words: `count_packets, id 42, link 7`."""
    hooks: tuple[str, ...] = ("",)
    """What is typed for the hook that it is at (`egress`); empty for the one that the section of a program says."""


@dataclass(frozen=True, slots=True)
class TargetChoice:
    """A place that a program can be attached to, among those to choose from."""

    text: str
    """What a user would type for it (see `Runtime.target`); empty for what the program's section says."""
    title: str
    """What it is, in a few words: `veth  up  192.0.2.1/24`."""
    detail: str = ""
    """What there is to know, as a sentence."""
    danger: str = ""
    """What attaching there can break, as a sentence; empty where it is harmless."""
    neighbours: tuple[Neighbour, ...] = ()
    """The programs that are there, in the order in which they run; none where a new one cannot be put among them."""


@dataclass(frozen=True, slots=True)
class LoadOutcome:
    """What became of one map or program when everything was tried by itself (`Runtime.check`)."""

    name: str
    type: str
    """The map's or program's type, as its label."""
    ok: bool
    error: str | None = None
    verified_insns: int | None = None
    log: str | None = None
    """The verifier's log, whole; None for maps and where there is none."""
    optional: bool = False
    """Whether the object itself leaves it to its loader (`?` in the section's name) and a kernel may lack it."""
    jited_size: int | None = None
    """Of a program that loads, bytes of native code; None where nothing is compiled."""

    @property
    def failed(self) -> bool:
        """Whether it does not load, and was to."""
        return not self.ok and not self.optional


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What loads, what does not, and why."""

    maps: tuple[LoadOutcome, ...]
    programs: tuple[LoadOutcome, ...]
    load_ms: float
    remarks: tuple[str, ...] = ()
    """What was done without, though the object has it: sentences."""

    @property
    def ok(self) -> bool:
        """Whether everything loads that is not optional."""
        return not any(outcome.failed for outcome in (*self.maps, *self.programs))


class Obstacle(NamedTuple):
    """Something that keeps a map or a program from being loaded here."""

    reason: str
    """A clause: what is lacking."""
    hint: str = ""
    """What to do about it, where there is something to do."""
    slots: tuple[int, ...] = ()
    """The instructions that it is about, where it is about some."""

    @property
    def place(self) -> str:
        """`instruction 3`, `instructions 3, 5, 8, …`, or nothing."""
        shown = ", ".join(map(str, self.slots[:4])) + (", …" if len(self.slots) > 4 else "")
        return f"instruction{'s' if len(self.slots) > 1 else ''} {shown}" if shown else ""


class ExternAnswer(NamedTuple):
    """What one extern is where a runtime loads (`Runtime.externs`)."""

    name: str
    found: bool
    """Whether there is one that can be used. A weak one that is not there is 0, and the program loads all the same."""
    text: str
    """The option's value, the symbol's address, the BTF id and prototype of a function; else why there is none."""
    kind: Literal["kconfig", "ksym", "kfunc"] = "kconfig"
    weak: bool = False
    """Whether it may be missing."""
    declared: str = ""
    """What the object takes it for, as C."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is known before the load to keep parts of an object from being loaded (`Runtime.forecast`).

    That nothing is known against a program is no promise: the verifier has the last word.
    """

    maps: Mapping[str, tuple[Obstacle, ...]]
    """By the names of maps; those without obstacles are not in it."""
    programs: Mapping[str, tuple[Obstacle, ...]]
    """By the names of programs; those without obstacles are not in it. What is wrong with a map is wrong with each
    program that uses it."""
    optional: frozenset[str] = frozenset()
    """The names of the maps and programs among them that are left out where the kernel lacks what they are for."""
    remarks: tuple[str, ...] = ()
    """What the runtime lacks without which a program loads all the same: sentences."""
