"""Sight: all that is to be seen where a session stands, as data: who draws it needs no session any more."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from ..asm.arithmetic import signed
from ..context.fields import return_codes
from ..live.effects import EffectsReader
from ..vm.engine.memory import STACK_SIZE
from .pointers import Pointers, layers_of
from .stops import Breakpoint, Stop, Watchpoint
from .syntax import ExpressionError
from .trail import HelperCall, Trail

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..live.effects import EffectLine
    from ..packet.layers import Layer
    from ..spec import ProgramSpec
    from ..vm.engine.errors import Lack
    from .session import Session
    from .stops import Access
    from .symbols import Location
    from .timeline import Timeline
    from .turns import TurnSeen
    from .verified import Known
    from .world import World

__all__ = ["Eyes", "Held", "Register", "RunSeen", "Sight", "Slot", "Watched"]

_NEAR: Final = 8
"""Runs before and behind this one that are seen with it."""
_HELD: Final = 200
"""Entries of a map that are seen where all is wanted."""
_SHORT: Final = 100_000
"""Steps of a run up to which those around it are gone through by themselves."""
_AROUND: Final = 0.05
"""Seconds that this may take each time."""
_WORD: Final = 8


class Register(NamedTuple):
    """A register."""

    name: str
    value: int
    pointer: str = ""
    """Where it points to; empty for a number."""
    there: str = ""
    """What lies there."""
    changed: bool = False
    """Whether it has another value than where the session stood before."""
    expression: str = ""
    """What it is called in expressions: `r3`, or `$r3` where a C variable has that name."""

    @property
    def text(self) -> str:
        """It for people."""
        return self.pointer or f"{signed(self.value, 64):,}"


class Slot(NamedTuple):
    """Eight bytes of a stack frame."""

    offset: int
    """From the frame pointer: -8, -16, …"""
    text: str
    changed: bool = False


class Watched(NamedTuple):
    """An expression, and what it is here."""

    expression: str
    text: str
    is_error: bool = False
    changed: bool = False


class Held(NamedTuple):
    """A breakpoint or a watchpoint."""

    number: int
    what: str
    condition: str
    enabled: bool
    hits: int
    access: Access | None
    """What a watchpoint stops at; None for a breakpoint."""
    problem: str = ""
    is_waiting: bool = False
    """Whether it could not be set yet; `problem` says why."""

    @property
    def text(self) -> str:
        """It for people, as it is typed."""
        condition = f" if {self.condition}" if self.condition else ""
        return (self.what if self.access is None else f"{self.access.command} {self.what}") + condition


class RunSeen(NamedTuple):
    """A run among others."""

    run: int
    """From 0 on."""
    origin: str
    verdict: str
    """What it came to; empty where nobody has looked at it yet."""
    steps: int = 0
    """How many it took; 0 where nobody has looked at it yet."""
    changed: tuple[str, ...] = ()
    """The maps and variables that it changed."""


@dataclass(frozen=True)
class Sight:
    """Where a session stands, and what is to be seen there."""

    stop: Stop
    runs: int
    origin: str
    """What the run is given, for people: `packet 3 of http.pcap`; empty where nothing tells."""
    program: str
    """The program that was loaded."""
    position: int
    length: int
    at_end: bool
    error: str | None
    """Why the run was stopped here."""
    ends: str
    """What will come of the run: `XDP_DROP`, `7`; empty where it is stopped before its end."""
    fails: str
    """Why the run will be stopped before its end; empty where it will not."""
    lacks: Lack | None
    """What the machine has not, where the run was stopped here for want of it; None for nothing."""
    turns: tuple[TurnSeen, ...]
    """The programs that the packet may come to, where there are several."""
    near: tuple[RunSeen, ...]
    """This run and those around it, where there are several."""
    location: Location | None
    last: Location | None
    """The instruction before; None at the beginning."""
    will_jump: bool | None
    """Whether the next instruction jumps; None where it is no conditional jump."""
    registers: tuple[Register, ...]
    known: Mapping[str, Known]
    """What the kernel's verifier knew here of `r0` to `r10`, `fp-8`, …; empty where it is not known."""
    unknown: str
    """Why that is not known, where it was asked for; empty where it was not, or is."""
    stack: tuple[Slot, ...]
    calls: tuple[Location, ...]
    """The functions that have begun, the outermost first."""
    packet: bytes | None
    layers: tuple[Layer, ...]
    read: frozenset[int]
    """The bytes of the packet that were read."""
    written: frozenset[int]
    changes: tuple[EffectLine, ...]
    """What this run has changed in maps and variables."""
    holdings: tuple[EffectLine, ...]
    """All that maps and variables hold here; empty where nobody wants to see it."""
    called: tuple[HelperCall, ...]
    printed: tuple[str, ...]
    logged: tuple[str, ...]
    held: tuple[Held, ...]
    watched: tuple[Watched, ...]
    trail: Trail
    counts: Mapping[int, int]
    """How often the run is at each slot of the program that is shown."""
    first: Mapping[int, int]
    """The first step at each of them."""
    stops: frozenset[int]
    """The slots of that program at which there are breakpoints that are on."""
    marks: tuple[int, ...]
    """The steps of this run at which breakpoints are, for the line of the run; not of all where there are many."""

    @property
    def has_more_marks(self) -> bool:
        """Whether there may be more breakpoints in the run than `marks` has."""
        return len(self.marks) == _MOST_MARKS

    @property
    def verdict(self) -> str:
        """What the run came to, or will."""
        if self.fails:
            return "stopped" if self.error is not None else "will be stopped"
        return f"{'ended' if self.at_end else 'will end'} {self.ends}"


_MOST_MARKS: Final = 200


class Eyes:
    """Looks at a session.

    Args:
        session: Which one; used by whoever looks, and by nobody else meanwhile.
        expressions: Those that are watched.
    """

    def __init__(self, session: Session, expressions: Sequence[str] = ()) -> None:
        self.session = session
        self.expressions = list(expressions)
        self.wants_holdings = False
        """Whether all that maps hold is to be seen, which takes a while for large ones."""
        self._trails: dict[int, Trail] = {}
        self._run = -1
        self._effects: EffectsReader | None = None
        self._before: Sight | None = None
        self._came: dict[int, RunSeen] = {}
        """What came of the runs that were looked at."""
        self._changes = len(session.recording.changes)
        self._world: World | None = None
        """The machine that was looked at: an answer to what it lacks puts another in its place."""

    def look(self) -> Sight:
        """Return what is to be seen."""
        session = self.session
        run = session.run
        position, stop = session.position, session.stop
        if session.world is not self._world:
            self._world, self._effects = session.world, None
            self._trails.clear()
            self._came.clear()
        if run != self._run or self._effects is None:
            session.goto(0)
            self._effects = EffectsReader(session.world.collection)
            session.goto(position)
            session.stop = stop
            self._run = run
        trail = self._trails.get(run)
        if trail is None or trail.timeline is not session.timeline:
            self._trails = {run: Trail(session)}
            trail = self._trails[run]
            if (changes := len(session.recording.changes)) != self._changes:
                self._came = {number: seen for number, seen in self._came.items() if number < run}
                self._changes = changes
        self._look_around()
        self._before = self._seen(trail, self._effects)
        return self._before

    def _seen(self, trail: Trail, effects: EffectsReader) -> Sight:
        session, timeline = self.session, self.session.timeline
        before = self._before if self._before is not None and self._before.stop.run == session.run else None
        position, location = session.position, session.location
        places = timeline.places
        at = min(position, len(places) - 1)
        shown = session.world.processor.at(places[at])[0] if places else session.world.program.machine
        first_place = shown.place(0)
        slots = {place - first_place for place in trail.counts if session.world.processor.at(place)[0] is shown}
        read, written = trail.packet_use(position, session.world.host.packet)
        packet = session.packet
        known = {} if session.verified is None else session.verified.here()
        ends = _ending(timeline)
        stops = session.breakpoints.places
        return Sight(
            stop=session.stop,
            runs=session.runs,
            origin=session.recording.calls[session.run].origin,
            program=session.world.program.name if location is None else location.program,
            position=position,
            length=session.length,
            at_end=session.at_end,
            error=session.error,
            ends=ends,
            fails="" if timeline.error is None else timeline.error.message,
            lacks=session.lacks,
            turns=session.turns,
            near=self._near(),
            location=location,
            last=session.symbols.location(timeline.places[position - 1]) if position else None,
            will_jump=self._jumps(position),
            registers=self._registers(before, known),
            known=known,
            unknown="" if session.verified is None else session.verified.problem,
            stack=self._stack(before),
            calls=tuple(session.calls),
            packet=packet,
            layers=() if not packet else layers_of(session, packet),
            read=frozenset(read),
            written=frozenset(written),
            changes=tuple(effects.peek().lines(session.world.collection)),
            holdings=tuple(effects.holdings(session.world.collection, _HELD)) if self.wants_holdings else (),
            called=tuple(trail.called(position)),
            printed=tuple(line.text for line in session.printed),
            logged=tuple(session.logged),
            held=self._held(),
            watched=self._watched(before),
            trail=trail,
            counts={slot: trail.counts[first_place + slot] for slot in slots},
            first={slot: trail.first[first_place + slot] for slot in slots},
            stops=frozenset(place - first_place for place in stops if session.world.processor.at(place)[0] is shown),
            marks=self._marks(stops),
        )

    def _near(self) -> tuple[RunSeen, ...]:
        session = self.session
        if session.runs == 1:
            return ()
        return tuple(
            self._came.get(number) or RunSeen(number, session.recording.calls[number].origin, "")
            for number in self._around()
        )

    def _around(self) -> range:
        """Return this run and those around it."""
        session = self.session
        return range(max(0, session.run - _NEAR), min(session.runs, session.run + _NEAR + 1))

    def _look_around(self) -> None:
        """Go through this run and those around it that nobody has looked at, as far as that takes no time to speak of.

        The session stands where it stood afterwards.
        """
        session = self.session
        if session.runs == 1 or session.length > _SHORT:
            return
        run, position, stop, level = session.run, session.position, session.stop, session.level
        until = time.perf_counter() + _AROUND
        numbers = [number for number in self._around() if number not in self._came]
        for number in sorted(numbers, key=lambda number: number != run):
            session.enter(number)
            effects = EffectsReader(session.world.collection)
            session.goto(session.length)
            timeline = session.timeline
            verdict = _ending(timeline) or "stopped"
            lines = effects.peek().lines(session.world.collection)
            changed = tuple(dict.fromkeys(re.split(r"[\[.]", each.what)[0] for each in lines))
            self._came[number] = RunSeen(
                number, session.recording.calls[number].origin, verdict, session.length, changed
            )
            if time.perf_counter() > until:
                break
        if numbers:
            session.enter(run)
            session.goto(position)
            session.stop, session.level = stop, level

    def _jumps(self, position: int) -> bool | None:
        session = self.session
        places = session.timeline.places
        if position >= session.length:
            return None
        machine, slot = session.world.processor.at(places[position])
        insn = machine.code.at(slot)
        if not insn.is_conditional or position + 1 >= len(places):
            return None
        return session.world.processor.at(places[position + 1])[1] == insn.jump_target(slot)

    def _registers(self, before: Sight | None, known: Mapping[str, Known]) -> tuple[Register, ...]:
        session, pointers = self.session, Pointers(self.session)
        old = {} if before is None else {each.name: each.value for each in before.registers}
        found: list[Register] = []
        values = session.registers[:1] if session.at_end else session.registers
        for number, value in enumerate(values):
            name = f"r{number}"
            pointed = None if name in known and known[name].is_number else pointers.at(value)
            text, there = ("", "") if pointed is None else pointed
            if pointed is None and number == 0 and session.at_end:
                there = _verdict(session.world.program.spec, value)
            expression = name if session.scope.register(name) is not None else f"${name}"
            found.append(Register(name, value, text, there, name in old and old[name] != value, expression))
        return tuple(found)

    def _stack(self, before: Sight | None) -> tuple[Slot, ...]:
        """Return what of the innermost frame is not zero, or was not before."""
        session, pointers = self.session, Pointers(self.session)
        if not session.activations:
            return ()
        frame = session.registers[10]
        old = {} if before is None else {each.offset: each.text for each in before.stack}
        found: list[Slot] = []
        for offset in range(-_WORD, -STACK_SIZE - 1, -_WORD):
            raw = session.memory.own(frame + offset, _WORD)
            if raw is None or (not any(raw) and offset not in old):
                continue
            number = int.from_bytes(raw, session.symbols.byte_order)
            pointed = pointers.at(number)
            text = pointed.text if pointed is not None else f"{number:,}" if number < 1 << 16 else f"{number:#018x}"
            found.append(Slot(offset, text, before is not None and old.get(offset, "0") != text))
        return tuple(found)

    def _held(self) -> tuple[Held, ...]:
        breakpoints = self.session.breakpoints
        found: list[Held] = []
        for each in (*breakpoints.breakpoints, *breakpoints.watchpoints, *breakpoints.waiting):
            match each:
                case Breakpoint():
                    held = Held(each.number, each.what, each.condition, each.enabled, each.hits, None, each.problem)
                case Watchpoint():
                    held = Held(each.number, each.what, "", each.enabled, each.hits, each.access)
                case _:
                    held = Held(
                        each.number, each.what, each.condition, each.enabled, 0, each.access, each.problem, True
                    )
            found.append(held)
        return tuple(sorted(found, key=lambda held: held.number))

    def _watched(self, before: Sight | None) -> tuple[Watched, ...]:
        old = {} if before is None else {each.expression: each.text for each in before.watched}
        found: list[Watched] = []
        for expression in self.expressions:
            try:
                text, is_error = self.session.evaluate(expression).text, False
            except ExpressionError as error:
                text, is_error = error.message, True
            found.append(Watched(expression, text, is_error, old.get(expression, text) != text))
        return tuple(found)

    def _marks(self, places: frozenset[int]) -> tuple[int, ...]:
        """Return the steps at which the run is at breakpoints, as far as there are not too many."""
        timeline = self.session.timeline
        found: list[int] = []
        position: int | None = -1
        while places and len(found) < _MOST_MARKS and position is not None:
            position = timeline.next_at(places, position)
            if position is not None and self._is_stop(position):
                found.append(position)
        return tuple(found)

    def _is_stop(self, position: int) -> bool:
        timeline = self.session.timeline
        at = self.session.breakpoints.at(timeline.places[position]) if position < len(timeline.places) else []
        return any(not each.at_line or timeline.begins_line(position) for each in at)


def _verdict(program: ProgramSpec, r0: int) -> str:
    """Return what a program returned, by name where that has one."""
    number = signed(r0 & 0xFFFF_FFFF, 32)
    return return_codes(program).get(number) or str(number)


def _ending(timeline: Timeline) -> str:
    """Return what a run came to, empty where it was stopped; behind it by which program, where it could have come to
    several."""
    if timeline.error is not None or timeline.r0 is None:
        return ""
    last = timeline.turns[-1].program
    verdict = _verdict(last, timeline.r0)
    return verdict if timeline.is_alone else f"{verdict} ({last.name})"
