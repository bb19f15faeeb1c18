"""Side: a collection loaded for tests into one of the runtimes, and what looks at it before and after what happens."""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from ..analysis.counting import Counting
from ..closing import Closing
from ..context.values import layout_of
from ..errors import FeatureError, NoPermissionError
from ..live import EventReader
from ..live.counters import decoded, entry_value
from ..live.effects import EffectsReader
from ..live.events import record_value
from ..spec.targets import SANDBOX
from ..vm.program import Program as MachineProgram
from .errors import NotHereError
from .named import Named
from .run import Event, Flow, Run
from .values import Change, Entries, PacketOut, Retval
from .way import Way

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence

    from ..runtime import Collection, Counts, MapSnapshot, Program, Sandbox
    from ..spec import ProgramSpec
    from ..traffic import Traffic
    from ..vm.engine.machine import Machine

__all__ = ["Place", "Side"]


class Place(NamedTuple):
    """A sandbox with programs that are attached to it."""

    sandbox: Sandbox
    close: Callable[[], None]
    """Detaches the programs and gives the sandbox up; a second call does nothing."""


class Side(Closing):
    """A collection in a runtime; closed with its context, and the collection with it."""

    def __init__(self, collection: Collection) -> None:
        self.collection = collection
        with ExitStack() as stack:
            stack.callback(collection.close)
            self._events = stack.enter_context(EventReader(collection))
            self._printed = stack.enter_context(collection.printed())
            self._stack = stack.pop_all()
        self._places: list[ExitStack] = []
        """What is attached now."""
        self._stack.callback(self._leave)
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
        went: Callable[[], Way] | None = None
        try:
            if isinstance(program, MachineProgram):
                first = _taken(program)
                result = program.run(packet, context=ctx, cpu=cpu)
                last = _taken(program)
                counted = lambda: _steps(last) - _steps(first)  # noqa: E731  # reckoned for who asks
                went = lambda: Way(program.spec, _ran(program, first, last))  # noqa: E731
            else:
                with _on_cpu(cpu):
                    result = program.run(packet, context=ctx)
        except NotHereError:
            raise
        except FeatureError as error:
            raise NotHereError(f"{self.name}: {error.message}", hint=error.hint) from error
        return Run(
            program=name,
            retval=Retval(result.retval, program.spec),
            packet=PacketOut(result.data),
            ctx=_fields(program.spec, result.context),
            raw_ctx=result.context,
            duration_ns=result.duration_ns,
            counted=counted,
            went=went,
            **self._changed(before),
        )

    def attach(self, names: Sequence[str], traffic: Traffic | None) -> Place:
        """Attach programs to a sandbox of their own; it is closed with this at the latest.

        Raises:
            NotHereError: There is none here, or a program is not attached to such.
            BpftuiError: The traffic cannot be read, or a program not be attached.
        """
        runtime = self.collection.runtime
        programs = [self.program(name) for name in names]
        for each in programs:
            if not runtime.wants_sandbox(each.spec, SANDBOX):
                raise NotHereError(f"{self.name}: {each.name} is attached to a place of the kernel's, and no sandbox")
        with ExitStack() as stack:
            try:
                sandbox = stack.enter_context(runtime.sandbox(traffic))
                for each in programs:
                    stack.enter_context(each.attach(runtime.target(each.spec, SANDBOX, sandbox)))
            except (FeatureError, NoPermissionError) as error:
                raise NotHereError(f"{self.name}: {error.message}", hint=error.hint) from error
            places, place = self._places, stack.pop_all()

        def leave() -> None:
            if place in places:
                places.remove(place)
            place.close()

        places.append(place)
        return Place(sandbox, leave)

    def _leave(self) -> None:
        with ExitStack() as stack:
            while self._places:
                stack.push(self._places.pop())

    def flow(self, names: Sequence[str], send: Callable[[], int]) -> Flow:
        """Send something to attached programs and return what they did with it.

        Args:
            names: The programs.
            send: Sends, and returns how much.

        Raises:
            BpftuiError: A program was stopped.
        """
        self._look()
        before = self._effects.held
        sent = send()
        return Flow(programs=tuple(names), sent=sent, **self._changed(before))

    def _changed(self, before: Mapping[str, MapSnapshot]) -> dict[str, Any]:
        """Return what was changed since something was held *before*, as arguments of `Changes`."""
        effects, events, printed = self._look()
        where = self.collection.spec.title
        return {
            "runtime": self.name,
            "maps": Named(
                "map",
                {name: self._change(name, before[name], now) for name, now in self._effects.held.items()},
                where,
                self.collection.maps,
                "has no entries that can be read: what came out of it is among the events",
            ),
            "variables": Named(
                "variable",
                {
                    name: (self._value(name, each.before), self._value(name, each.after))
                    for name, each in effects.variables.items()
                },
                where,
                self.collection.variables,
                "was not changed",
            ),
            "events": events,
            "printk": printed,
        }

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


@contextmanager
def _on_cpu(cpu: int) -> Generator[None]:
    """Have this thread on a CPU: in the kernel, test runs have the one on which they are made.

    Raises:
        NotHereError: The process may not be there. Where it may not be on the first one, it stays where it is.
    """
    try:
        before = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {cpu})
    except (OSError, ValueError, OverflowError) as error:
        if cpu:
            raise NotHereError(f"cpu={cpu}: this process may not run there ({error})") from error
        yield
        return
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _fields(program: ProgramSpec, raw: bytes) -> dict[str, Any]:
    layout = layout_of(program)
    return layout.decode(raw) if layout is not None and raw else {}


_Taken: TypeAlias = "dict[Machine, Callable[[], Counts]]"


def _taken(program: MachineProgram) -> _Taken:
    """Return what was counted until now, of all programs that share the machine."""
    machines = program.machine.processor.machines
    return {each: each.counter.taken() for each in machines if each.counter is not None}


def _steps(taken: _Taken) -> int:
    return sum(sum(each().runs) for each in taken.values())


def _ran(program: MachineProgram, first: _Taken, last: _Taken) -> list[int]:
    """Return how often each instruction of a program ran between two counts."""
    before, after = (taken[program.machine]().runs for taken in (first, last))
    return [now - then for then, now in zip(before, after, strict=True)]
