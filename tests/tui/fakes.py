"""A runtime that only counts: what the explorer needs of one, without a kernel."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from bpftui.core.context.packet_sizes import PacketSizes, packet_sizes
from bpftui.core.errors import BpftuiError, UnknownNameError, UsageError, VerifierError
from bpftui.core.kernel.inspect.inspector import KernelInspector
from bpftui.core.runtime import (
    AttachTarget,
    Entry,
    ExternAnswer,
    Forecast,
    MapSnapshot,
    Obstacle,
    ProgramInfo,
    RunResult,
    Runtime,
    TargetChoice,
)
from bpftui.core.spec import ProgramType
from bpftui.core.verifier import explain

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from bpftui.core.runtime.inspected import Inspector
    from bpftui.core.spec import CollectionSpec, MapSpec, MapType, ProgramSpec, VariableSpec
    from bpftui.core.verifier import Explanation, VerifierLog

STEP = 500
"""What every counter grows by in each sample."""


@dataclass
class FakeMap:
    spec: MapSpec
    samples: int = 0
    id: int = 7

    @property
    def type(self) -> MapType:
        return self.spec.type

    @property
    def max_entries(self) -> int:
        return self.spec.max_entries

    def count(self, within: float | None = None) -> tuple[int, bool]:
        return 1, True

    def snapshot(self, limit: int | None = None) -> MapSnapshot:
        self.samples += 1
        key = bytes(self.spec.key_size)
        words = self.spec.value_size // 8
        value = (self.samples * STEP).to_bytes(8, "little") * words
        return MapSnapshot((Entry(key, (value.ljust(self.spec.value_size, b"\0"),)),))


@dataclass(eq=False)
class FakeLink:
    program: str
    target: AttachTarget
    id: int = 3
    detached: int = 0
    gone: bool = False

    def detach(self) -> None:
        self.detached += 1


@dataclass
class FakeProgram:
    spec: ProgramSpec
    samples: int = 0
    id: int = 5
    links: list[FakeLink] = field(default_factory=list[FakeLink])
    takes_packet: bool = True
    packet_sizes: PacketSizes | None = packet_sizes(ProgramType.XDP)  # noqa: RUF009 - a tuple

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def type(self) -> ProgramType:
        return self.spec.type

    def attach(self, target: AttachTarget) -> FakeLink:
        self.links.append(FakeLink(self.name, target))
        return self.links[-1]

    def info(self) -> ProgramInfo:
        self.samples += 1
        return ProgramInfo(5, "0123456789abcdef", self.samples * STEP, self.samples * STEP * 50, 100, 800, 600)

    def run(
        self, data: bytes | None = None, *, context: bytes | None = None, repeat: int = 1, stop: object = None
    ) -> RunResult:
        return RunResult(2, (data or bytes(14))[:-1] + b"\xff", b"", 42)


@dataclass
class FakeVariable:
    spec: VariableSpec

    @property
    def read_only(self) -> bool:
        return self.spec.constant

    def raw(self) -> bytes:
        return self.spec.raw

    def get(self) -> Any:
        return self.spec.get()

    def set(self, value: Any) -> None:
        if self.spec.constant:
            raise UsageError(f"variable {self.spec.name} is a constant")
        self.spec.set(value)

    def set_text(self, text: str, path: str = "") -> None:
        self.spec.set_text(text, path)


@dataclass
class FakeCollection:
    spec: CollectionSpec
    closed: int = 0
    problems: dict[str, BpftuiError] = field(default_factory=dict[str, BpftuiError])
    remarks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.maps = {name: FakeMap(spec) for name, spec in self.spec.maps.items()}
        self.programs = {name: FakeProgram(spec) for name, spec in self.spec.programs.items()}
        self.variables = {name: FakeVariable(spec) for name, spec in self.spec.variables.items()}

    def close(self) -> None:
        self.closed += 1


@dataclass
class FakeRuntime:
    """Loads anything, unless it has a *log* to refuse it with, or a *failure* of another kind."""

    log: str = ""
    failure: BpftuiError | None = None
    loaded: list[FakeCollection] = field(default_factory=list[FakeCollection])
    name: str = "vm"
    remark: str = ""
    remarks: tuple[str, ...] = ()
    obstacles: dict[str, tuple[Obstacle, ...]] = field(default_factory=dict[str, "tuple[Obstacle, ...]"])
    answers: dict[str, ExternAnswer] = field(default_factory=dict[str, ExternAnswer])
    verifies: bool = False

    def targets(self, spec: CollectionSpec, program: ProgramSpec) -> list[TargetChoice]:
        danger = "The default route leads through eth9: a program that drops packets cuts this machine off."
        return [
            TargetChoice("sandbox", "a network of its own", "Harmless."),
            TargetChoice("eth9", "device  up  192.0.2.9/24", "eth9: MTU 1500", danger),
            TargetChoice("dummy9", "dummy  up", "dummy9: MTU 1500"),
        ]

    def wants_sandbox(self, program: ProgramSpec, text: str) -> bool:
        return text.partition(",")[0] == "sandbox"

    def target(self, program: ProgramSpec, text: str, sandbox: Any = None) -> Any:
        if sandbox is None:
            raise UnknownNameError("interface", text, ["veth0"])
        return sandbox.target()

    def load(self, spec: CollectionSpec, *, programs: set[str] | None = None, strict: bool = False) -> Any:
        if self.log:
            raise VerifierError(
                "cannot load program count_traffic: invalid access", program="count_traffic", log=self.log
            )
        if self.failure is not None:
            raise self.failure
        self.loaded.append(FakeCollection(spec.copy(), remarks=self.remarks))
        return self.loaded[-1]

    def statistics(self) -> AbstractContextManager[str]:
        return nullcontext("")

    def forecast(self, spec: CollectionSpec) -> Forecast:
        return Forecast({}, self.obstacles)

    def externs(self, spec: CollectionSpec) -> dict[str, ExternAnswer]:
        return self.answers

    def explain(self, log: VerifierLog, program: ProgramSpec | None = None) -> Explanation | None:
        return explain(log)

    def inspect(self) -> Inspector:
        return KernelInspector()

    @property
    def face(self) -> Runtime:
        return cast("Runtime", self)


@dataclass
class FakeSandbox:
    rate: float = 0
    closed: int = 0

    def target(self, mode: Any = None) -> AttachTarget:
        return AttachTarget("veth0", 2, cast("Any", self), mode)

    def start(self) -> None:
        self.rate = 1000

    def close(self) -> None:
        self.closed += 1

    def __enter__(self) -> FakeSandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
