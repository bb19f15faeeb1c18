"""A runtime that runs nothing: what the tests of core.live need of one, and no more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bpftui.core.errors import LoadError
from bpftui.core.runtime import Entry, MapSnapshot
from bpftui.core.spec import CollectionSpec, MapSpec, MapType, ProgramSpec, ProgramType, VariableSpec
from tests import fakes
from tests.fakes import FakeCollection, FakeProgram, FakeVariable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from threading import Event

    from bpftui.core.runtime import Progress


class FakeMap(fakes.FakeMap):
    """Has some entries, or an *error* instead."""

    def __init__(
        self,
        spec: MapSpec,
        entries: Mapping[bytes, tuple[bytes, ...]] | None = None,
        *,
        error: Exception | None = None,
    ) -> None:
        super().__init__(spec)
        self.entries = entries or {}
        self.error = error

    def count(self, within: float | None = None) -> tuple[int, bool]:
        return len(self.entries), True

    def snapshot(self, limit: int | None = None) -> MapSnapshot:
        if self.error is not None:
            raise self.error
        entries = tuple(Entry(key, values) for key, values in self.entries.items())
        return MapSnapshot(entries[:limit], partial=limit is not None and len(entries) > limit)


class FakeRuntime(fakes.FakeRuntime):
    """Loads two programs, or those named, of any object."""

    def __init__(self, *, verifies: bool = False) -> None:
        super().__init__(verifies=verifies)
        self.fails = False

    def load(
        self,
        spec: CollectionSpec,
        *,
        programs: set[str] | None = None,
        strict: bool = False,
        progress: Progress | None = None,
        stop: Event | None = None,
    ) -> FakeCollection:
        if self.fails:
            raise LoadError("no")
        found = {name: program(name) for name in ("one", "two") if programs is None or name in programs}
        self.loaded.append(FakeCollection(spec, maps={}, programs=found, variables={}, runtime=self))
        return self.loaded[-1]


def program(name: str) -> FakeProgram:
    """Return a program of type XDP."""
    return FakeProgram(ProgramSpec(name, "xdp", ProgramType.XDP))


def map_spec(name: str = "counts", map_type: MapType = MapType.HASH, **sizes: Any) -> MapSpec:
    """Return a map of u32 → u64 without type information, as far as *sizes* do not say otherwise."""
    values: dict[str, Any] = {"key_size": 4, "value_size": 8, "max_entries": 16, **sizes}
    return MapSpec(name, ".maps", map_type, **values)


def variable(name: str, value: bytes) -> FakeVariable:
    """Return a variable that has a data section for itself."""
    section = MapSpec(".data", ".data", MapType.ARRAY, 4, len(value), 1, data=bytearray(value))
    return FakeVariable(VariableSpec(name, section, 0, len(value), value))


def collection(*maps: FakeMap, **variables: bytes) -> FakeCollection:
    """Return what is loaded of an object with a program, some maps, and the values of some variables."""
    return FakeCollection(
        CollectionSpec("fake.o"),
        maps={each.name: each for each in maps},
        programs={"count": program("count")},
        variables={name: variable(name, value) for name, value in variables.items()},
    )
