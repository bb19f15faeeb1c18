"""A runtime that runs nothing: what the tests of core.live need of one, and no more."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

from bpftui.core.errors import AttachError, BpftuiError, LoadError, UnknownNameError
from bpftui.core.runtime import AttachTarget, Collection, Entry, MapSnapshot, Runtime
from bpftui.core.spec import CollectionSpec, MapSpec, MapType, ProgramSpec, ProgramType


@dataclass
class FakeMap:
    spec: MapSpec
    entries: dict[bytes, tuple[bytes, ...]] = field(default_factory=dict[bytes, tuple[bytes, ...]])
    error: Exception | None = None

    @property
    def type(self) -> MapType:
        return self.spec.type

    def count(self, within: float | None = None) -> tuple[int, bool]:
        return len(self.entries), True

    def snapshot(self, limit: int | None = None) -> MapSnapshot:
        if self.error is not None:
            raise self.error
        entries = tuple(Entry(key, values) for key, values in self.entries.items())
        return MapSnapshot(entries[:limit], partial=limit is not None and len(entries) > limit)


@dataclass
class FakeLink:
    program: str
    target: AttachTarget
    fails: bool = False
    detached: int = 0
    gone: bool = False

    def detach(self) -> None:
        self.detached += 1
        if self.fails:
            raise AttachError("the link is stuck")


@dataclass
class FakeProgram:
    """A program of type XDP."""

    name: str
    links: list[FakeLink] = field(default_factory=list[FakeLink])
    fails: bool = False

    @property
    def spec(self) -> ProgramSpec:
        return ProgramSpec(self.name, "xdp", ProgramType.XDP)

    def attach(self, target: AttachTarget) -> FakeLink:
        if self.fails:
            raise AttachError("busy")
        self.links.append(FakeLink(self.name, target))
        return self.links[-1]

    def info(self) -> str:
        return f"info of {self.name}"


@dataclass
class FakeVariable:
    value: bytes

    def raw(self) -> bytes:
        return self.value


@dataclass
class FakeCollection:
    spec: CollectionSpec
    maps: dict[str, FakeMap] = field(default_factory=dict[str, FakeMap])
    programs: dict[str, FakeProgram] = field(default_factory=dict[str, FakeProgram])
    variables: dict[str, FakeVariable] = field(default_factory=dict[str, FakeVariable])
    problems: dict[str, BpftuiError] = field(default_factory=dict[str, BpftuiError])
    closed: int = 0

    def close(self) -> None:
        self.closed += 1

    @property
    def face(self) -> Collection:
        return cast("Collection", self)


@dataclass
class FakeRuntime:
    fails: bool = False
    name: str = "vm"
    remark: str = ""
    verifies: bool = False
    loaded: list[FakeCollection] = field(default_factory=list[FakeCollection])

    def load(self, spec: CollectionSpec, *, programs: set[str] | None = None, strict: bool = False) -> Any:
        if self.fails:
            raise LoadError("no")
        names = ("one", "two") if programs is None else programs
        self.loaded.append(FakeCollection(spec, programs={name: FakeProgram(name) for name in names}))
        return self.loaded[-1]

    def wants_sandbox(self, program: ProgramSpec, text: str) -> bool:
        return text.partition(",")[0] == "sandbox"

    def target(self, program: ProgramSpec, text: str, sandbox: Any = None) -> AttachTarget:
        if sandbox is None:
            raise UnknownNameError("interface", text, ["veth0"])
        return sandbox.target(text.partition(",")[2] or None)

    @property
    def face(self) -> Runtime:
        return cast("Runtime", self)


def map_spec(name: str = "counts", map_type: MapType = MapType.HASH, **sizes: Any) -> MapSpec:
    """Return a map of u32 → u64 without type information, as far as *sizes* do not say otherwise."""
    values = {"key_size": 4, "value_size": 8, "max_entries": 16, **sizes}
    return MapSpec(name, ".maps", map_type, **values)


def collection(*maps: FakeMap, **variables: bytes) -> FakeCollection:
    return FakeCollection(
        CollectionSpec("fake.o"),
        maps={each.spec.name: each for each in maps},
        programs={"count": FakeProgram("count")},
        variables={name: FakeVariable(value) for name, value in variables.items()},
    )
