"""The protocols that both runtimes implement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol, Self, TypeVar, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from threading import Event
    from types import TracebackType

    from ..btf import CType, Value
    from ..context.packet_sizes import PacketSizes
    from ..context.values import ContextValues
    from ..errors import BpftuiError
    from ..spec import CollectionSpec, MapSpec, MapType, ProgramSpec, ProgramType, VariableSpec
    from ..traffic import Traffic
    from ..verifier import Explanation, VerifierLog
    from .facts import (
        AttachTarget,
        CheckReport,
        Counts,
        Entry,
        ExternAnswer,
        Forecast,
        MapSnapshot,
        Printed,
        ProgramInfo,
        Progress,
        RunResult,
        TargetChoice,
        XdpMode,
    )
    from .inspected import Inspector
    from .stacks import Symbols

__all__ = [
    "Collection",
    "Link",
    "Map",
    "Namespace",
    "PrintReader",
    "Program",
    "Replaceable",
    "Runtime",
    "Sandbox",
    "Variable",
]

_T = TypeVar("_T")


class Namespace(Protocol):
    """A network namespace that calls can be made in."""

    def run(self, call: Callable[[], _T]) -> _T:
        """Run *call* in a thread that is inside the namespace, and return what it returns."""
        ...


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

    def count(self, within: float | None = None) -> tuple[int, bool]:
        """Count the entries for at most *within* seconds; return how many were found, and whether those are all."""
        ...

    def entry(self, key: bytes) -> Entry | None:
        """Read one entry as bytes; None where there is none at *key*."""
        ...

    def scan(self) -> Iterator[Sequence[Entry]]:
        """Iterate over the entries as bytes, some thousands at a time, so that millions are never held at once."""
        ...

    @property
    def cpus(self) -> int:
        """How many values an entry has: one, or of a per-CPU map one for each possible CPU."""
        ...

    @property
    def fixed(self) -> str:
        """Why user space cannot change its entries, as a clause; empty where it can."""
        ...

    @property
    def shared(self) -> str:
        """Who else may have it, as a clause; empty for a map that its collection made for itself alone."""
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

    @property
    def gone(self) -> bool:
        """Whether what it was attached to is gone, as far as anybody tells: a deleted interface or control group."""
        ...

    @property
    def fixed(self) -> str:
        """Why no other program can be put in its program's place, as a clause; empty where one can."""
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

    def send(self, count: int) -> int:
        """Send so many packets of that traffic now; return how many: fewer only at the end of a capture.

        When it returns they have been received.
        """
        ...

    def give(self, frames: Sequence[bytes]) -> None:
        """Send these frames now instead, as they are. When it returns they have been received.

        Raises:
            UsageError: One is shorter than an Ethernet header, or longer than what can be sent.
        """
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

    @property
    def takes_packet(self) -> bool:
        """Whether `run` takes a packet; without, it runs on its context alone."""
        ...

    @property
    def packet_sizes(self) -> PacketSizes | None:
        """How large that may be; None where it may be anything, also nothing."""
        ...

    def run(
        self,
        data: bytes | None = None,
        *,
        context: bytes | ContextValues | None = None,
        repeat: int = 1,
        stop: Event | None = None,
    ) -> RunResult:
        """Run it once (or *repeat* times, timed) on a packet; without *data* on an empty one of the smallest size.

        A *context* is bytes, or values by the names of its fields (`{"mark": 5}`). Once another thread sets *stop* the
        run is given up, with GivenUpError: on the built-in machine soon, in the kernel between two rounds of it.
        """
        ...

    def attach(self, target: AttachTarget | None = None) -> Link:
        """Attach it to *target*; without one, to what its section says."""
        ...

    def info(self) -> ProgramInfo:
        """Return what the runtime knows of it now: its tag, its sizes, and how often it ran."""
        ...

    def count(self) -> bool:
        """Count from now on what its runs come to; return whether that is possible here."""
        ...

    @property
    def counts(self) -> Counts | None:
        """What its runs came to since `count` was called, those that other programs' tail calls began among them.

        None where nothing counts.
        """
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


class PrintReader(Protocol):
    """Reads what the programs of one collection print, and nobody else's, while it is open."""

    @property
    def problem(self) -> str:
        """Why not all can be read, as a sentence; empty where it can. That may change with each look."""
        ...

    def read(self) -> Printed:
        """Return what was printed since the last look; it does not wait."""
        ...

    def close(self) -> None:
        """Stop; a second call does nothing."""
        ...

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


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

    @property
    def remarks(self) -> Sequence[str]:
        """What was done without, though the object has it: sentences."""
        ...

    @property
    def symbols(self) -> Symbols:
        """What knows the functions in stack traces that its maps hold."""
        ...

    def printed(self) -> PrintReader:
        """Return what reads the lines that its programs print from now on; it is the caller's to close."""
        ...

    def close(self) -> None:
        """Detach and close everything; a second call does nothing."""
        ...

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


@runtime_checkable
class Replaceable(Collection, Protocol):
    """A collection that another version can be put in place of while its programs are attached: see `core.live.Swap`.

    The order is: `successor`, then in one `handing_over` a `take_over` of each link, then `close` of the old one.
    """

    def keeps(self, name: str) -> str:
        """Return why a map of its cannot be handed over to another version, as a clause; empty where it can."""
        ...

    def successor(
        self,
        spec: CollectionSpec,
        handed: Iterable[str],
        *,
        programs: set[str] | None = None,
        progress: Progress | None = None,
        stop: Event | None = None,
    ) -> Collection:
        """Load another version beside this one, which goes on as it is.

        Args:
            spec: The other version.
            handed: The maps that both are to have, with what they hold, from `handing_over` on at the latest. They are
                declared alike in both.
            programs: As for `Runtime.load`, as are *progress* and *stop*, and what is raised.
            progress: Told of each program.
            stop: Gives it up.
        """
        ...

    def handing_over(self, successor: Collection) -> AbstractContextManager[None]:
        """Return what is open while links are taken over: where maps are copied, no program runs meanwhile."""
        ...

    def take_over(self, link: Link) -> None:
        """Put the program of this collection that bears the link's name where the link's is, in one step.

        The link, which must not be `fixed`, is this collection's from then on.

        Raises:
            UsageError, UnknownNameError: It cannot be.
            AttachError, FeatureError: The kernel said no.
        """
        ...


class Runtime(Protocol):
    """Something that can load a spec: the kernel, or the built-in machine."""

    @property
    def name(self) -> Literal["kernel", "vm"]:
        """What it is called on the command line."""
        ...

    def load(
        self,
        spec: CollectionSpec,
        *,
        programs: set[str] | None = None,
        strict: bool = False,
        progress: Progress | None = None,
        stop: Event | None = None,
    ) -> Collection:
        """Create the maps and load the programs: those named, of which all must load, else those with `autoload`.

        With those named come the programs that their program arrays hold. Of these, and of those with `autoload`, one
        that does not load does not sink the others unless it is to be *strict*, or none loads:
        it is missing in `programs`, and `problems` says why.

        *progress* is told of each program before it is loaded. Once another thread sets *stop* the load is given up
        before the next map or program, with GivenUpError, and what was created is closed; where *stop* is an
        `Interrupt`, the verification of the program that is being loaded is given up, too.
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

    def inspect(self) -> Inspector:
        """Return what tells what becomes of programs when they are loaded.

        Raises:
            UsageError: Nothing does: they run as they are.
        """
        ...

    def forecast(
        self, spec: CollectionSpec, *, progress: Progress | None = None, stop: Event | None = None
    ) -> Forecast:
        """Return what is known to keep maps and programs from being loaded. Nothing of the object is loaded for it.

        *progress* is told of each program before it is looked at. Once another thread sets *stop* it is given up before
        the next one, with GivenUpError.
        """
        ...

    def externs(self, spec: CollectionSpec) -> Mapping[str, ExternAnswer]:
        """Return what each of a spec's externs is here, by name; nothing is raised for what is missing."""
        ...

    @property
    def has_hooks(self) -> bool:
        """Whether there are hooks of a kernel, in its drivers and in both directions, to choose from."""
        ...

    @property
    def verifies(self) -> bool:
        """Whether a verifier looks at programs when they are loaded: then there is a log, and something to inspect."""
        ...

    def explain(self, log: VerifierLog, program: ProgramSpec | None = None) -> Explanation | None:
        """Return why the verifier refused a program, and whether only for want of a right; None where it did not.

        Args:
            log: What it said.
            program: The program, where it is at hand.
        """
        ...
