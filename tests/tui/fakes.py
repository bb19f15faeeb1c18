"""A runtime that only counts: what the explorer needs of one, without a kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bpftui.core.errors import BpftuiError, VerifierError
from bpftui.core.kernel.inspect.inspector import KernelInspector
from bpftui.core.runtime import Entry, ExternAnswer, MapSnapshot, Neighbour, Obstacle, TargetChoice
from tests import fakes
from tests.fakes import STEP, FakeCollection, FakeProgram, FakeVariable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from threading import Event

    from bpftui.core.btf import Value
    from bpftui.core.runtime import Progress
    from bpftui.core.runtime.inspected import Inspector
    from bpftui.core.spec import CollectionSpec, MapSpec, ProgramSpec

__all__ = ["STEP", "FakeRuntime"]


class FakeMap(fakes.FakeMap):
    """Has one entry, of zeros and counters that grow by `STEP` in each sample."""

    def __init__(self, spec: MapSpec) -> None:
        super().__init__(spec)
        self.samples = 0
        self.with_others = ""
        """Who else has it, as `Map.shared` says."""
        self.written: dict[bytes, bytes] = {}
        """What was set by `update`; samples know nothing of it."""

    @property
    def shared(self) -> str:
        return self.with_others

    @property
    def fixed(self) -> str:
        return ""

    @property
    def cpus(self) -> int:
        return 1

    def entry(self, key: bytes) -> Entry | None:
        return Entry(key, (self.written.get(key, bytes(self.spec.value_size)),))

    def update(self, key: Value, value: Value, flags: int = 0) -> None:
        assert isinstance(key, bytes)
        assert isinstance(value, bytes)
        self.written[key] = value

    def count(self, within: float | None = None) -> tuple[int, bool]:
        return 1, True

    def snapshot(self, limit: int | None = None) -> MapSnapshot:
        self.samples += 1
        key = bytes(self.spec.key_size)
        words = self.spec.value_size // 8
        value = (self.samples * STEP).to_bytes(8, "little") * words
        return MapSnapshot((Entry(key, (value.ljust(self.spec.value_size, b"\0"),)),))


class FakeRuntime(fakes.FakeRuntime):
    """Loads anything, unless it has a *log* to refuse it with, or a *failure* of another kind."""

    def __init__(
        self,
        *,
        log: str = "",
        failure: BpftuiError | None = None,
        remarks: tuple[str, ...] = (),
        obstacles: Mapping[str, tuple[Obstacle, ...]] | None = None,
        answers: dict[str, ExternAnswer] | None = None,
    ) -> None:
        super().__init__(obstacles=obstacles, answers=answers)
        self.log, self.failure, self.remarks = log, failure, remarks
        self.neighbours: tuple[Neighbour, ...] = ()
        """Programs at the interface `dummy9`."""

    def targets(self, spec: CollectionSpec, program: ProgramSpec) -> list[TargetChoice]:
        danger = "The default route leads through eth9: a program that drops packets cuts this machine off."
        return [
            TargetChoice("sandbox", "a network of its own", "Harmless."),
            TargetChoice("eth9", "device  up  192.0.2.9/24", "eth9: MTU 1500", danger),
            TargetChoice("dummy9", "dummy  up", "dummy9: MTU 1500", neighbours=self.neighbours),
        ]

    def inspect(self) -> Inspector:
        return KernelInspector()

    def load(
        self,
        spec: CollectionSpec,
        *,
        programs: set[str] | None = None,
        strict: bool = False,
        progress: Progress | None = None,
        stop: Event | None = None,
    ) -> FakeCollection:
        if self.log:
            raise VerifierError(
                "cannot load program count_traffic: invalid access", program="count_traffic", log=self.log
            )
        if self.failure is not None:
            raise self.failure
        copy = spec.copy()
        loaded = FakeCollection(
            copy,
            maps={name: FakeMap(each) for name, each in copy.maps.items()},
            programs={name: FakeProgram(each) for name, each in copy.programs.items()},
            variables={name: FakeVariable(each) for name, each in copy.variables.items()},
            runtime=self,
            remarks=self.remarks,
        )
        self.loaded.append(loaded)
        return loaded
