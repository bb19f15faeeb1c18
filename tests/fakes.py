"""A runtime that runs nothing: each part is a protocol of `bpftui.core.runtime` by declaration.

So a type checker tells when a protocol has changed. What no test asks a fake for says that it is not there.
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, Literal, Never, Self, TypeVar, cast

from bpftui.core.context.packet_sizes import PacketSizes, packet_sizes
from bpftui.core.errors import AttachError, UnknownNameError, UsageError
from bpftui.core.runtime import (
    AttachTarget,
    Collection,
    Forecast,
    Link,
    Map,
    Namespace,
    Printed,
    PrintReader,
    Program,
    ProgramInfo,
    RunResult,
    Runtime,
    Sandbox,
    Variable,
)
from bpftui.core.runtime.stacks import NoSymbols
from bpftui.core.verifier import explain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from threading import Event
    from types import TracebackType

    from bpftui.core.btf import CType, Value
    from bpftui.core.context.values import ContextValues
    from bpftui.core.errors import BpftuiError
    from bpftui.core.runtime import (
        CheckReport,
        Entry,
        ExternAnswer,
        MapSnapshot,
        Obstacle,
        Progress,
        TargetChoice,
        XdpMode,
    )
    from bpftui.core.runtime.inspected import Inspector
    from bpftui.core.runtime.stacks import Symbols
    from bpftui.core.spec import CollectionSpec, MapSpec, MapType, ProgramSpec, ProgramType, VariableSpec
    from bpftui.core.traffic import Traffic
    from bpftui.core.verifier import Explanation, VerifierLog

_T = TypeVar("_T")

STEP = 500
"""What every counter grows by in each sample."""


def _unasked() -> Never:
    raise AssertionError("no test has asked a fake for this before")


class FakeMap(Map):
    """A map of which only the entries can be had, all at once; a subclass has them."""

    def __init__(self, spec: MapSpec) -> None:
        self._spec = spec

    @property
    def spec(self) -> MapSpec:
        return self._spec

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def type(self) -> MapType:
        return self.spec.type

    @property
    def id(self) -> int:
        return 7

    @property
    def key_size(self) -> int:
        return self.spec.key_size

    @property
    def value_size(self) -> int:
        return self.spec.value_size

    @property
    def max_entries(self) -> int:
        return self.spec.max_entries

    @property
    def key(self) -> CType | None:
        return self.spec.key

    @property
    def value(self) -> CType | None:
        return self.spec.value

    @property
    def cpus(self) -> int:
        return 1

    def count(self, within: float | None = None) -> tuple[int, bool]:
        return len(self.snapshot().entries), True

    def snapshot(self, limit: int | None = None) -> MapSnapshot:
        _unasked()

    def entry(self, key: bytes) -> Entry | None:
        return next((entry for entry in self.snapshot().entries if entry.key == key), None)

    def scan(self) -> Iterator[Sequence[Entry]]:
        yield self.snapshot().entries

    @property
    def fixed(self) -> str:
        return ""

    @property
    def shared(self) -> str:
        return ""

    def lookup(self, key: Value) -> Value:
        _unasked()

    def update(self, key: Value, value: Value, flags: int = 0) -> None:
        _unasked()

    def delete(self, key: Value) -> None:
        _unasked()

    def items(self) -> Iterator[tuple[Value, Value]]:
        _unasked()

    def __getitem__(self, key: Value) -> Value:
        _unasked()

    def __setitem__(self, key: Value, value: Value) -> None:
        _unasked()

    def __delitem__(self, key: Value) -> None:
        _unasked()

    def __iter__(self) -> Iterator[Value]:
        _unasked()

    def __contains__(self, key: object) -> bool:
        _unasked()

    def __len__(self) -> int:
        return len(self.snapshot().entries)

    def __bool__(self) -> bool:
        return True


class FakeLink(Link):
    """Counts how often it is detached, and refuses where it is to."""

    def __init__(self, program: str, target: AttachTarget) -> None:
        self._program = program
        self._target = target
        self._gone = False
        self.fails = False
        self.detached = 0

    @property
    def program(self) -> str:
        return self._program

    @property
    def target(self) -> AttachTarget:
        return self._target

    @property
    def id(self) -> int:
        return 3

    @property
    def gone(self) -> bool:
        return self._gone

    @gone.setter
    def gone(self, gone: bool) -> None:
        self._gone = gone

    @property
    def fixed(self) -> str:
        return "a fake is what it is"

    def detach(self) -> None:
        self.detached += 1
        if self.fails:
            raise AttachError("the link is stuck")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.detach()


class FakeProgram(Program):
    """Counts in steps of `STEP`, and drops every packet with another last byte."""

    def __init__(self, spec: ProgramSpec) -> None:
        self._spec = spec
        self.samples = 0
        self.links: list[FakeLink] = []
        self.fails = False

    @property
    def spec(self) -> ProgramSpec:
        return self._spec

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def type(self) -> ProgramType:
        return self.spec.type

    @property
    def id(self) -> int:
        return 5

    @property
    def takes_packet(self) -> bool:
        return True

    @property
    def packet_sizes(self) -> PacketSizes | None:
        return packet_sizes(self.type)

    def attach(self, target: AttachTarget | None = None) -> FakeLink:
        assert target is not None
        if self.fails:
            raise AttachError("busy")
        self.links.append(FakeLink(self.name, target))
        return self.links[-1]

    def count(self) -> bool:
        return False

    @property
    def counts(self) -> None:
        return None

    def info(self) -> ProgramInfo:
        self.samples += 1
        return ProgramInfo(5, "0123456789abcdef", self.samples * STEP, self.samples * STEP * 50, 100, 800, 600)

    def run(
        self,
        data: bytes | None = None,
        *,
        context: bytes | ContextValues | None = None,
        repeat: int = 1,
        stop: Event | None = None,
    ) -> RunResult:
        return RunResult(2, (data or bytes(14))[:-1] + b"\xff", b"", 42)


class FakeVariable(Variable):
    """A variable whose value stays in its spec."""

    def __init__(self, spec: VariableSpec) -> None:
        self._spec = spec

    @property
    def spec(self) -> VariableSpec:
        return self._spec

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def read_only(self) -> bool:
        return self.spec.constant

    def raw(self) -> bytes:
        return self.spec.raw

    def get(self) -> Any:
        return self.spec.get()

    def set(self, value: Value) -> None:
        if self.read_only:
            raise UsageError(f"variable {self.name} is a constant")
        self.spec.set(value)

    def set_text(self, text: str, path: str = "") -> None:
        self.spec.set_text(text, path)


class FakePrintReader(PrintReader):
    """Reads what programs print that print nothing."""

    @property
    def problem(self) -> str:
        return ""

    def read(self) -> Printed:
        return Printed()

    def close(self) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class FakeCollection(Collection):
    """Counts how often it is closed."""

    def __init__(
        self,
        spec: CollectionSpec,
        *,
        maps: Mapping[str, FakeMap],
        programs: Mapping[str, FakeProgram],
        variables: Mapping[str, FakeVariable],
        runtime: FakeRuntime | None = None,
        remarks: tuple[str, ...] = (),
    ) -> None:
        self._spec = spec
        self._maps, self._programs, self._variables = maps, programs, variables
        self._runtime = runtime or FakeRuntime()
        self._remarks = remarks
        self._problems: dict[str, BpftuiError] = {}
        self.closed = 0

    @property
    def spec(self) -> CollectionSpec:
        return self._spec

    @property
    def runtime(self) -> Runtime:
        return self._runtime

    @property
    def maps(self) -> Mapping[str, FakeMap]:
        return self._maps

    @property
    def programs(self) -> Mapping[str, FakeProgram]:
        return self._programs

    @property
    def variables(self) -> Mapping[str, FakeVariable]:
        return self._variables

    @property
    def problems(self) -> dict[str, BpftuiError]:
        return self._problems

    @property
    def remarks(self) -> tuple[str, ...]:
        return self._remarks

    @property
    def symbols(self) -> Symbols:
        return NoSymbols()

    def printed(self) -> PrintReader:
        return FakePrintReader()

    def close(self) -> None:
        self.closed += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class FakeSandbox(Sandbox, Namespace):
    """Lets no packet flow: it only says at which rate it would."""

    def __init__(self, traffic: Traffic | None = None) -> None:
        self.traffic = traffic
        self._rate = 0.0
        self._finished = False
        self.started = False
        self.closed = 0

    @property
    def rate(self) -> float:
        return self._rate

    @rate.setter
    def rate(self, rate: float) -> None:
        self._rate = rate

    def target(self, mode: XdpMode | None = None) -> AttachTarget:
        return AttachTarget("veth0", 2, self, mode)

    def run(self, call: Callable[[], _T]) -> _T:
        return call()

    def start(self) -> None:
        self.started = True
        self.rate = 1000

    def send(self, count: int) -> int:
        return count

    def give(self, frames: Sequence[bytes]) -> None:
        pass

    @property
    def finished(self) -> bool:
        return self._finished

    @finished.setter
    def finished(self, finished: bool) -> None:
        self._finished = finished

    def close(self) -> None:
        self.closed += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class FakeRuntime(Runtime):
    """Attaches to a sandbox only, and says what it is told to; a subclass loads."""

    def __init__(
        self,
        *,
        obstacles: Mapping[str, tuple[Obstacle, ...]] | None = None,
        verifies: bool = False,
        answers: dict[str, ExternAnswer] | None = None,
    ) -> None:
        self.loaded: list[FakeCollection] = []
        self.sandboxes: list[FakeSandbox] = []
        self.obstacles = obstacles or {}
        self.answers = answers or {}
        self._verifies = verifies

    @property
    def name(self) -> Literal["kernel", "vm"]:
        return "vm"

    @property
    def remark(self) -> str:
        return ""

    def load(
        self,
        spec: CollectionSpec,
        *,
        programs: set[str] | None = None,
        strict: bool = False,
        progress: Progress | None = None,
        stop: Event | None = None,
    ) -> FakeCollection:
        _unasked()

    def statistics(self) -> AbstractContextManager[str]:
        return nullcontext("")

    def sandbox(self, traffic: Traffic | None = None) -> FakeSandbox:
        self.sandboxes.append(FakeSandbox(traffic))
        return self.sandboxes[-1]

    def wants_sandbox(self, program: ProgramSpec, text: str) -> bool:
        return text.partition(",")[0] == "sandbox"

    def target(self, program: ProgramSpec, text: str, sandbox: Sandbox | None = None) -> AttachTarget:
        if sandbox is None:
            raise UnknownNameError("interface", text, ["veth0"])
        return sandbox.target(cast("XdpMode | None", text.partition(",")[2] or None))

    def targets(self, spec: CollectionSpec, program: ProgramSpec) -> list[TargetChoice]:
        return []

    def forecast(
        self, spec: CollectionSpec, *, progress: Progress | None = None, stop: Event | None = None
    ) -> Forecast:
        return Forecast({}, self.obstacles)

    def externs(self, spec: CollectionSpec) -> dict[str, ExternAnswer]:
        return self.answers

    @property
    def has_hooks(self) -> bool:
        return True

    @property
    def verifies(self) -> bool:
        return self._verifies

    @verifies.setter
    def verifies(self, verifies: bool) -> None:
        self._verifies = verifies

    def explain(self, log: VerifierLog, program: ProgramSpec | None = None) -> Explanation | None:
        return explain(log)

    def check(self, spec: CollectionSpec, *, log_level: int = 4) -> CheckReport:
        _unasked()

    def inspect(self) -> Inspector:
        raise UsageError("nothing becomes of programs here")
