"""Side: a collection loaded for tests into one of the runtimes, and what looks at it before and after each run."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from ..analysis.counting import Counting
from ..closing import Closing
from ..context.values import layout_of
from ..errors import FeatureError
from ..live import EventReader
from ..live.counters import decoded, entry_value
from ..live.effects import EffectsReader
from ..live.events import record_value
from ..vm.program import Program as MachineProgram
from .errors import NotHereError
from .run import Event, Run
from .values import Change, Entries, PacketOut, Retval

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ..runtime import Collection, Counts, MapSnapshot, Program
    from ..spec import ProgramSpec

__all__ = ["Side"]


class Side(Closing):
    """A collection in a runtime; closed with its context, and the collection with it."""

    def __init__(self, collection: Collection) -> None:
        self.collection = collection
        with ExitStack() as stack:
            stack.callback(collection.close)
            self._events = stack.enter_context(EventReader(collection))
            self._printed = stack.enter_context(collection.printed())
            self._stack = stack.pop_all()
        self._effects = EffectsReader(collection)
        self._counting = collection.spec.derived(Counting)
        for program in collection.programs.values():
            program.count()

    @property
    def name(self) -> str:
        """The runtime's name."""
        return self.collection.runtime.name

    def program(self, name: str) -> Program:
        """Return the loaded program; raise why it was not loaded."""
        found = self.collection.programs.get(name)
        if found is not None:
            return found
        raise self.collection.problems.get(name) or FeatureError(f"the {self.name} runtime did not load {name}")

    def run(self, name: str, packet: bytes | None, ctx: Mapping[str, Any] | bytes | None, cpu: int) -> Run:
        """Run a program once.

        Raises:
            NotHereError: This runtime cannot run it like that.
            BpftuiError: The run was stopped, or makes no sense.
        """
        program = self.program(name)
        self._look()  # what was changed from outside is no part of the run
        before = self._effects.held
        counted: Callable[[], int] | None = None
        try:
            if isinstance(program, MachineProgram):
                first = _taken(program)
                result = program.run(packet, context=ctx, cpu=cpu)
                last = _taken(program)
                counted = lambda: _steps(last) - _steps(first)  # noqa: E731  # reckoned for who asks
            elif cpu:
                raise NotHereError(f"cpu={cpu}: in the kernel, test runs have the CPU on which they are made")
            else:
                result = program.run(packet, context=ctx)
        except NotHereError:
            raise
        except FeatureError as error:
            raise NotHereError(f"{self.name}: {error.message}", hint=error.hint) from error
        effects, events, printed = self._look()
        after = self._effects.held
        return Run(
            name,
            self.name,
            Retval(result.retval, program.spec),
            PacketOut(result.data),
            _fields(program.spec, result.context),
            result.context,
            {map_: self._change(map_, before[map_], now) for map_, now in after.items()},
            {each: (self._value(each, e.before), self._value(each, e.after)) for each, e in effects.variables.items()},
            events,
            printed,
            result.duration_ns,
            counted,
        )

    def _look(self) -> tuple[Any, tuple[Event, ...], tuple[str, ...]]:
        effects = self._effects.read()
        events = tuple(
            Event(name, record_value(raw, self._events.types[name]), raw)
            for name, found in self._events.take().items()
            for raw in found.records
        )
        return effects, events, self._printed.read().texts

    def _value(self, variable: str, raw: bytes) -> Any:
        return decoded(self.collection.variables[variable].spec.type, raw)

    def _change(self, name: str, before: MapSnapshot, after: MapSnapshot) -> Change:
        source = self.collection.maps[name]

        def entries(snapshot: MapSnapshot) -> Entries:
            return Entries(
                [
                    (decoded(source.key, each.key), entry_value(source, each, counting=self._counting))
                    for each in snapshot.entries
                ]
            )

        return Change(lambda: entries(before), lambda: entries(after), is_touched=before != after)

    def close(self) -> None:
        """Let go of the collection and of its streams; a second call does nothing."""
        self._stack.close()


def _fields(program: ProgramSpec, raw: bytes) -> dict[str, Any]:
    layout = layout_of(program)
    return layout.decode(raw) if layout is not None and raw else {}


def _taken(program: MachineProgram) -> list[Callable[[], Counts]]:
    """Return what was counted until now, of all programs that share the machine."""
    return [each.counter.taken() for each in program.machine.processor.machines if each.counter is not None]


def _steps(taken: Iterable[Callable[[], Counts]]) -> int:
    return sum(sum(each().runs) for each in taken)
