"""The one seam between a spec and what runs it.

`core.kernel` and `core.vm` both implement these protocols; the screen and the command line use nothing else, and never
ask which of the two they have.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, Self, TypeVar, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from types import TracebackType

    from .btf import CType, Value
    from .errors import BpftuiError
    from .spec import CollectionSpec, MapSpec, MapType, ProgramSpec, ProgramType, VariableSpec
    from .spec.context_values import ContextValues
    from .traffic import Traffic

__all__ = [
    "AttachTarget",
    "CheckReport",
    "Collection",
    "Entry",
    "Forecast",
    "Link",
    "LoadOutcome",
    "Map",
    "MapSnapshot",
    "Namespace",
    "Obstacle",
    "Program",
    "ProgramInfo",
    "RunResult",
    "Runtime",
    "Sandbox",
    "TargetChoice",
    "Variable",
    "XdpMode",
]

XdpMode = Literal["native", "generic"]

_T = TypeVar("_T")


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


@dataclass(frozen=True, slots=True)
class RunResult:
    """What BPF_PROG_TEST_RUN, or its like, brought."""

    retval: int
    """r0 as an unsigned 32-bit integer."""
    data: bytes
    """The packet as the program left it."""
    context: bytes
    """The context as the program left it; empty where the program type has none."""
    duration_ns: int
    """Mean time of one repetition."""


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


class Namespace(Protocol):
    """A network namespace that calls can be made in."""

    def run(self, call: Callable[[], _T]) -> _T:
        """Run *call* in a thread that is inside the namespace, and return what it returns."""
        ...


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


@runtime_checkable
class Map(Protocol):
    """A map that exists. Keys and values are Python values of their C types; bytes are always possible.

    A per-CPU map's value is a list with one value for each possible CPU.
    """

    @property
    def spec(self) -> MapSpec:
        """What it was created from."""
        ...

    @property
    def name(self) -> str:
        """Its name in the object, in full."""
        ...

    @property
    def type(self) -> MapType:
        """Its type, as the kernel numbers them."""
        ...

    @property
    def id(self) -> int:
        """The kernel's id, which `bpftool map show id N` takes; 0 where there is no kernel."""
        ...

    @property
    def key_size(self) -> int:
        """Bytes of a key."""
        ...

    @property
    def value_size(self) -> int:
        """Bytes of a value; of a per-CPU map, of the value of one CPU."""
        ...

    @property
    def max_entries(self) -> int:
        """How many entries it can hold: what was created, which may be more than the object asks for."""
        ...

    @property
    def key(self) -> CType | None:
        """The key's C type, None where it is not known: keys are bytes then."""
        ...

    @property
    def value(self) -> CType | None:
        """The value's C type, None where it is not known: values are bytes then."""
        ...

    def lookup(self, key: Value) -> Value:
        """Return the value at *key*; KeyError when there is none."""
        ...

    def update(self, key: Value, value: Value, flags: int = 0) -> None:
        """Set the value at *key*. Flags: 0 any, 1 only a new entry, 2 only an existing one."""
        ...

    def delete(self, key: Value) -> None:
        """Remove the entry at *key*; KeyError when there is none."""
        ...

    def items(self) -> Iterator[tuple[Value, Value]]:
        """Iterate over typed entries; bounded, also while the map changes."""
        ...

    def snapshot(self, limit: int | None = None) -> MapSnapshot:
        """Read the entries as bytes, at most *limit* of them, in batches where the map can do that."""
        ...

    def __getitem__(self, key: Value) -> Value: ...
    def __setitem__(self, key: Value, value: Value) -> None: ...
    def __delitem__(self, key: Value) -> None: ...
    def __iter__(self) -> Iterator[Value]: ...
    def __contains__(self, key: object) -> bool: ...
    def __len__(self) -> int: ...


class Link(Protocol):
    """A program's attachment. It ends with `detach()`, with its context, or with the process."""

    @property
    def program(self) -> str:
        """The attached program's name."""
        ...

    @property
    def target(self) -> AttachTarget:
        """What it is attached to."""
        ...

    @property
    def id(self) -> int:
        """The kernel's id of the link; 0 where it has none."""
        ...

    def detach(self) -> None:
        """Detach; a second call does nothing."""
        ...

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Sandbox(Protocol):
    """A place to attach programs to where they do no harm, with traffic in it."""

    @property
    def rate(self) -> float:
        """Packets per second that flow; set it at any time. 0 while they flow as they were recorded."""
        ...

    @rate.setter
    def rate(self, rate: float) -> None: ...

    def target(self, mode: XdpMode | None = None) -> AttachTarget:
        """Return what programs are attached to."""
        ...

    def start(self) -> None:
        """Let the traffic flow that it was made with."""
        ...

    @property
    def finished(self) -> bool:
        """Whether the traffic has ended: a capture is over, or an error broke it off, which `close` raises."""
        ...

    def close(self) -> None:
        """Stop the traffic and give the place up; a second call does nothing."""
        ...

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Program(Protocol):
    """A program that is loaded."""

    @property
    def spec(self) -> ProgramSpec:
        """What it was loaded from."""
        ...

    @property
    def name(self) -> str:
        """Its name in the object."""
        ...

    @property
    def type(self) -> ProgramType:
        """Its type, as the kernel numbers them."""
        ...

    @property
    def id(self) -> int:
        """The kernel's id, which `bpftool prog show id N` takes; 0 where there is no kernel."""
        ...

    def run(
        self, data: bytes | None = None, *, context: bytes | ContextValues | None = None, repeat: int = 1
    ) -> RunResult:
        """Run it once (or *repeat* times, timed) on a packet; without *data* on an empty one of the smallest size.

        A *context* is bytes, or values by the names of its fields (`{"mark": 5}`).
        """
        ...

    def attach(self, target: AttachTarget | None = None) -> Link:
        """Attach it to *target*; without one, to what its section says."""
        ...

    def info(self) -> ProgramInfo:
        """Return what the runtime knows of it now: its tag, its sizes, and how often it ran."""
        ...


class Variable(Protocol):
    """A global variable of a loaded collection, read and written in place."""

    @property
    def spec(self) -> VariableSpec:
        """What the object says of it."""
        ...

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def read_only(self) -> bool:
        """Whether it can no longer be set: a constant of a frozen section."""
        ...

    def raw(self) -> bytes:
        """Its bytes at this moment."""
        ...

    def get(self) -> Value:
        """Return the value at this moment: typed where its C type is known, else bytes."""
        ...

    def set(self, value: Value) -> None:
        """Set the value, which programs read from then on.

        Raises:
            LoadError: It is a constant, whose section is frozen once it is loaded.
            TypeMismatchError, ValueRangeError: The value has the wrong shape, or does not fit.
        """
        ...

    def set_text(self, text: str, path: str = "") -> None:
        """Set it, or the member at *path* (`.limits[2].rate`), from text as a user types it; errors as for `set`."""
        ...


class Collection(Protocol):
    """The loaded counterpart of a CollectionSpec; owns all that was created, and closes it with its context."""

    @property
    def spec(self) -> CollectionSpec:
        """What it was loaded from."""
        ...

    @property
    def runtime(self) -> Runtime:
        """What it was loaded into."""
        ...

    @property
    def maps(self) -> Mapping[str, Map]:
        """The maps by name, data sections among them."""
        ...

    @property
    def programs(self) -> Mapping[str, Program]:
        """The programs that were loaded, by name."""
        ...

    @property
    def variables(self) -> Mapping[str, Variable]:
        """The global variables by name: each a window onto the map of its section."""
        ...

    @property
    def problems(self) -> Mapping[str, BpftuiError]:
        """Why programs that were wanted did not load, by their names."""
        ...

    def close(self) -> None:
        """Detach and close everything; a second call does nothing."""
        ...

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


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


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What loads, what does not, and why."""

    maps: tuple[LoadOutcome, ...]
    programs: tuple[LoadOutcome, ...]
    load_ms: float

    @property
    def ok(self) -> bool:
        """Whether everything loads."""
        return all(outcome.ok for outcome in (*self.maps, *self.programs))


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


class Runtime(Protocol):
    """Something that can load a spec: the kernel, or the built-in machine."""

    @property
    def name(self) -> Literal["kernel", "vm"]:
        """What it is called on the command line."""
        ...

    def load(self, spec: CollectionSpec, *, programs: set[str] | None = None, strict: bool = False) -> Collection:
        """Create the maps and load the programs: those named, of which all must load, else those with `autoload`.

        Of the latter, one that does not load does not sink the others unless it is to be *strict*, or none loads:
        it is missing in `programs`, and `problems` says why.
        """
        ...

    def statistics(self) -> AbstractContextManager[str]:
        """Return what makes programs count their runs and their time while it is open.

        What it gives is the reason why they do not count, as a sentence; empty where they do.
        """
        ...

    @property
    def remark(self) -> str:
        """What a user is to know of it, as a sentence; empty for the kernel."""
        ...

    def sandbox(self, traffic: Traffic | None = None) -> Sandbox:
        """Return a new sandbox, in which *traffic* flows once it is started; without, generated packets.

        Raises:
            CaptureError, NoPermissionError, FeatureError: The traffic's capture cannot be read.
        """
        ...

    def target(self, program: ProgramSpec, text: str, sandbox: Sandbox | None = None) -> AttachTarget:
        """Return what *text*, as a user types it, is as a target of *program*.

        Args:
            program: What is to be attached.
            text: See `bpftui.core.spec.targets.parse_target`.
            sandbox: The sandbox to attach to, where the text names one.

        Raises:
            UsageError: It makes no sense for this program.
            UnknownNameError, FeatureError: There is no such thing.
        """
        ...

    def check(self, spec: CollectionSpec, *, log_level: int = 4) -> CheckReport:
        """Try every map and program by itself, close everything again, and report.

        Args:
            spec: What to try.
            log_level: What the verifier logs: 1 the path that it refuses, 2 all paths, 4 its numbers, or a sum.
        """
        ...

    def wants_sandbox(self, program: ProgramSpec, text: str) -> bool:
        """Whether *text* as a target of *program* asks for a sandbox; UsageError where it makes no sense."""
        ...

    def targets(self, spec: CollectionSpec, program: ProgramSpec) -> list[TargetChoice]:
        """Return what *program* of *spec* can be attached to on this machine, the harmless first; it takes a while.

        Empty where nothing can be listed: what a user types may still be one.
        """
        ...

    def forecast(self, spec: CollectionSpec) -> Forecast:
        """Return what is known to keep maps and programs from being loaded. Nothing of the object is loaded for it."""
        ...
