"""Session: runs that can be stopped, stepped through and turned back.

    recording = Recording.of(spec, "filter", [Call(packet)])
    with Session(recording) as session:
        session.break_at("filter.c:160")
        session.resume()
        print(session.location, session.registers[0])
        session.back.step()

A position is a number of steps: *n* is before the *n*-th instruction of a run, from 0 on. Nothing is undone to go back:
the run is begun again from the state that there was before it, and goes on at some twenty million steps a second.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final

from ..closing import Closing
from ..errors import UsageError
from .breakpoints import Breakpoints
from .evaluation import Evaluator, Value
from .recording import Change
from .stops import Breakpoint, Reason, Stop, Watchpoint
from .symbols import Location, Symbols
from .syntax import ExpressionError
from .timeline import Timeline
from .walk import Activation, Walk
from .world import Outcome, World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from os import PathLike

    from ..runtime import PrintedLine
    from ..vm.engine.memory import AddressSpace
    from .recording import Recording

__all__ = ["Session"]


class Session(Closing):
    """A recording that is looked at; it stands at the beginning of the first run.

    One thread at a time may use it. Maps of `world.collection` are read as they are where it stands.

    Args:
        recording: What comes from outside. Clocks are read where it does not know the time yet, which it does then.

    Raises:
        LoadError, FeatureError: The object cannot be loaded into the machine.
        UsageError: There is no run, or what the recording holds does not fit the object.
    """

    def __init__(self, recording: Recording) -> None:
        if not recording.calls:
            raise UsageError("there is nothing to run: the recording has no call")
        self.recording = recording
        self.world = World(recording)
        self.symbols = Symbols(self.world)
        self.breakpoints = Breakpoints(self.symbols, lambda: self.evaluator)
        self.back = Backwards(self)
        """The same steps, backwards."""
        self.run = 0
        """The run that it is in, from 0 on."""
        self.outcomes: dict[int, Outcome] = {}
        """What came of the runs that were gone through, by their numbers."""
        self.logged: list[str] = []
        """What logpoints said, oldest first."""
        self._timelines: dict[int, Timeline] = {}
        self._walk: Walk | None = None
        self._position: int | None = 0
        """None at the end of a run whose steps nobody has counted yet."""
        self._printed = 0
        self.stop = Stop(Reason.START, 0, 0)
        """Why it stands where it stands."""
        self._begin(0)

    def close(self) -> None:
        """Let go of the machine; a second call does nothing."""
        if self._walk is not None:
            self._walk.close()
            self._walk = None

    def save(self, path: str | PathLike[str]) -> None:
        """Write the recording to a file; it stands where it stood.

        All runs are gone through before, so that what clocks told is in it also of those that nobody looked at.

        Raises:
            ObjectError: It cannot be written.
            UsageError: Something in it cannot be kept in a file.
        """
        position, stop = self._position, self.stop
        self.close()
        self.world.complete()
        self._stand(self.length if position is None else position)
        self.stop = stop._replace(position=self.position)
        self.recording.save(path)

    # Where it stands

    @property
    def position(self) -> int:
        """How many steps of the run have been taken."""
        if self._position is None:
            self._position = self.length
            self.goto(self._position)
        return self._position

    @property
    def length(self) -> int:
        """The position at the end of the run; of one that was stopped, before the instruction that stopped it."""
        return self.timeline.length

    @property
    def timeline(self) -> Timeline:
        """The whole run."""
        found = self._timelines.get(self.run)
        if found is None:
            position, stop = self._position, self.stop
            self.close()
            self.world.before(self.run)
            found = Timeline(self.world, self.recording.calls[self.run], self.symbols)
            while len(self._timelines) >= _MOST_TIMELINES:
                del self._timelines[next(iter(self._timelines))]
            self._timelines[self.run] = found
            self._stand(found.length if position is None else position)
            self.stop = stop._replace(position=self._position or 0)
        return found

    @property
    def at_end(self) -> bool:
        """Whether the run is over."""
        return self._position is None or (self._walk is not None and self._walk.finished)

    @property
    def activations(self) -> list[Activation]:
        """The functions that have begun and not ended, the outermost first; none at the end of a run."""
        return self._walk.activations if self._walk is not None else []

    @property
    def location(self) -> Location | None:
        """The next instruction; None at the end of a run."""
        found = self.activations
        return self.symbols.location(found[-1].machine.place(found[-1].slot)) if found else None

    @property
    def calls(self) -> list[Location]:
        """The call stack, the outermost function first: where each has got to."""
        return [self.symbols.location(each.machine.place(each.slot)) for each in self.activations]

    @property
    def registers(self) -> tuple[int, ...]:
        """r0 to r10, unsigned; at the end of a run only r0 counts, and the others are zeros."""
        found = self.activations
        if found:
            return found[-1].registers
        r0 = self._walk.r0 if self._walk is not None else None
        return (r0 or 0, *[0] * 10)

    @property
    def memory(self) -> AddressSpace:
        """All memory that the program sees, as it is where the session stands."""
        return self.world.host.memory

    @property
    def context_address(self) -> int:
        """Where the context of this run lies, which r1 is at the beginning."""
        return self._walk.context_address if self._walk is not None else 0

    @cached_property
    def evaluator(self) -> Evaluator:
        """Tells what expressions mean where the session stands."""
        return Evaluator(self)

    def evaluate(self, text: str) -> Value:
        """Return what an expression of C means here: see `bpftui.core.debug.evaluation`.

        Raises:
            ExpressionError: It is none, or means nothing here; the message says where in it.
        """
        return self.evaluator.evaluate(text)

    @property
    def packet(self) -> bytes | None:
        """The packet as it is where the session stands; None for a program that is given none."""
        found = self.world.host.packet
        return None if found is None else found.result

    @property
    def printed(self) -> tuple[PrintedLine, ...]:
        """What programs have printed in this run so far."""
        return self.world.host.trace.since(self._printed).lines

    @property
    def retval(self) -> int | None:
        """What the program returned, as an unsigned 32-bit integer; None before it has."""
        r0 = self._walk.r0 if self._walk is not None else None
        return None if r0 is None else r0 & 0xFFFF_FFFF

    @cached_property
    def runs(self) -> int:
        """How many runs there are."""
        return len(self.recording.calls)

    # Going anywhere

    def enter(self, run: int) -> Stop:
        """Go to the beginning of a run, from 0 on; those before it are run, as far as they have not been.

        Raises:
            UsageError: There is no such run.
        """
        if not 0 <= run < self.runs:
            raise UsageError(f"there is no run {run}: there are {self.runs}, from 0 on")
        self._begin(run)
        return self.stopped_by(Reason.START)

    def goto(self, position: int) -> Stop:
        """Go to a position of the run, forwards or backwards.

        Raises:
            UsageError: The run has no such position.
        """
        if not 0 <= position <= self.length:
            raise UsageError(f"there is no step {position} in this run: it has {self.length}")
        self._stand(position)
        return self.stopped_by(Reason.STEP)

    def _begin(self, run: int) -> None:
        """Stand at the beginning of a run."""
        self.close()
        self.world.before(run)
        self.run = run
        self._position = None
        self._stand(0)

    def _stand(self, position: int) -> None:
        """Stand at a position, which there is."""
        here = self._position
        is_there = self._walk is not None and position == here
        if self._walk is None or here is None or position < here or (self._walk.finished and not is_there):
            self.close()
            self.world.before(self.run)
            self._printed = self.world.host.trace.count
            known = self._timelines.get(self.run)
            direct = 0 if known is None else known.direct
            self._walk = Walk(self.world, self.recording.calls[self.run], direct=direct)
            here = -1
        if position > here:
            self._walk.advance(position - here)
        self._position = position
        if self._walk.finished:
            self._note_outcome()

    def _note_outcome(self) -> None:
        walk = self._walk
        assert walk is not None
        data, context = walk.given.left()
        self.outcomes[self.run] = Outcome(self.retval if walk.error is None else None, walk.error, data, context)

    def stopped_by(self, reason: Reason, by: Breakpoint | Watchpoint | None = None) -> Stop:
        """Note why it stands here; the end of a run, and what stopped it there, say so by themselves."""
        if self._walk is not None and self._walk.finished:
            reason = Reason.END
        elif self.run in self._timelines and self.timeline.error is not None and self._position == self.length:
            reason = Reason.ERROR
        self.stop = Stop(reason, self.run, self._position or 0, by)
        return self.stop

    @property
    def error(self) -> str | None:
        """Why the run was stopped where it stands, as a sentence; None where it was not."""
        error = self.timeline.error if self.stop.reason is Reason.ERROR else None
        return None if error is None else error.message

    # What stops it

    def break_at(self, where: str, *, condition: str = "", log: str = "", ignore: int = 0) -> Breakpoint:
        """Stop at a place, which `Breakpoints.find` tells how to say.

        Args:
            where: The place: `prog.c:40`, `17`, `count`, `bpf_map_update_elem`.
            condition: An expression that has to be true; one that cannot be told there stops as well.
            log: What is to be noted in `logged` in place of stopping, with expressions in braces: `length {ctx->len}`.
            ignore: How many hits pass before it stops.

        Raises:
            UnknownNameError, UsageError: There is no such place, or the condition is no expression.
        """
        if condition:
            self.evaluator.check(condition)
        found = self.breakpoints.add(where, condition=condition, log=log, ignore=ignore)
        if condition:
            found.holds = self._condition_of(found)
        return found

    def _condition_of(self, found: Breakpoint) -> Callable[[Session], bool]:
        def holds(_: Session) -> bool:
            try:
                is_true = self.evaluate(found.condition).is_true
            except ExpressionError as error:
                found.problem = error.message
                return True
            found.problem = ""
            return is_true

        return holds

    def watch(self, expression: str) -> Watchpoint:
        """Stop behind what changes the value of an expression that lies in memory: a variable, an entry of a map.

        Raises:
            ExpressionError: It means nothing here, or lies nowhere.
        """
        value = self.evaluate(expression)
        if value.address is None:
            raise ExpressionError(expression, 0, "it lies nowhere in memory, and cannot be watched")
        return self.breakpoints.watch(expression, value.address, value.kind.size)

    def change(self, expression: str, text: str) -> Recording:
        """Change what lies in memory where the session stands: a variable, an entry's value, a byte of the packet.

        What comes after is another run; return the recording as it was, for who wants to go back to it.

        Args:
            expression: What is changed: `total_packets`, `traffic[{IPV4, TCP}].packets`, `pkt[23]`.
            text: Its new value, an expression; for a struct or an array as `CType.parse` takes it.

        Raises:
            ExpressionError: One of them means nothing here, or what is to be changed lies nowhere in memory.
            UsageError: The run is over.
            TypeMismatchError, ValueRangeError: The value does not fit.
        """
        if self.at_end:
            raise UsageError("the run is over, and nothing comes that a change could reach", hint="go back in it first")
        raw, address = self.evaluator.encoded(expression, text)
        before, run, position = self.recording.copy(), self.run, self.position
        kept = [each for each in self.recording.changes if (each.run, each.position) <= (run, position)]
        self.recording.changes[:] = [*kept, Change(run, position, address, raw)]
        self.world.forget(run)
        for number in [each for each in self._timelines if each >= run]:
            del self._timelines[number]
        self.outcomes = {number: outcome for number, outcome in self.outcomes.items() if number < run}
        self.close()
        self._position = None
        self._stand(position)
        self.stopped_by(Reason.STEP)
        return before

    # Steps

    def step_instruction(self, count: int = 1) -> Stop:
        """Go *count* instructions further, or to the end."""
        return self.goto(min(self.position + count, self.length))

    def step(self, count: int = 1) -> Stop:
        """Go on to where a C line begins, also one of a function that is called; or to the end."""
        return self.goto(_repeated(self.timeline.next_line, self.position, count))

    def next(self, count: int = 1) -> Stop:
        """Go on to where a C line begins in this function, or in one that it returns to; or to the end."""
        timeline = self.timeline
        return self.goto(_repeated(lambda at: timeline.next_line(at, timeline.depth(at)), self.position, count))

    def finish(self) -> Stop:
        """Go on until this function has returned; or to the end."""
        return self.goto(self.timeline.after_depth(self.position, self.timeline.depth(self.position) - 1))

    def until(self, where: str) -> Stop:
        """Go on to a place (see `Breakpoints.find`), or to the end: as `resume` with that breakpoint alone."""
        place = self.breakpoints.find(where)
        position = self.position
        while (found := self.timeline.next_at(place.places, position)) is not None:
            self._stand(position := found)
            if place.is_met(self):
                return self.goto(position)
        return self.goto(self.length)

    def resume(self) -> Stop:
        """Go on to the next breakpoint or watchpoint, also of a later run.

        Where none is met it goes to the end: of this run where there are none, else of the last one.
        """
        while True:
            # A run that was stopped by an error stands before the instruction that it never gets past.
            if (self.at_end or self.stop.reason is Reason.ERROR) and self.run + 1 < self.runs:
                self._begin(self.run + 1)
            if self._stops_here(after=self._position if self._position else -1 if self._is_fresh else 0):
                return self.stop
            if not self.breakpoints.active or self.run + 1 == self.runs:
                return self.stop

    @property
    def _is_fresh(self) -> bool:
        """Whether the first instruction of this run may stop it: not where the session stands before it already."""
        return self.stop.run != self.run

    def _stops_here(self, after: int) -> bool:
        """Go on within this run; return whether something stopped it before the end."""
        watched = any(each.enabled for each in self.breakpoints.watchpoints)
        is_changed = bool(self.recording.changes_in(self.run))
        if self.run not in self._timelines and after <= 0 and not watched and not is_changed:
            return self._fly(after)
        timeline, places = self.timeline, self.breakpoints.places
        position: int | None = self.position if after >= 0 else -1
        while True:
            assert position is not None
            found = timeline.next_at(places, position)
            if watched and (by := self.pass_watched(position, timeline.length if found is None else found)) is not None:
                by.hits += 1
                self.stopped_by(Reason.WATCHPOINT, by)
                return True
            if found is None:
                self._stand(timeline.length)
                self.stopped_by(Reason.STEP)
                return self.stop.reason is Reason.ERROR
            self._stand(position := found)
            if (by := self._hit()) is not None:
                self.stopped_by(Reason.BREAKPOINT, by)
                return True

    def _fly(self, after: int) -> bool:
        """Go on from the beginning of a run at full speed, stopping only at what may be breakpoints."""
        self.close()
        self.world.before(self.run)
        self._printed = self.world.host.trace.count
        places = self.breakpoints.places
        self._walk = walk = Walk(self.world, self.recording.calls[self.run], stops=self.breakpoints.stops)
        seen = 0
        while (place := walk.advance(1)) is not None:
            if place not in places:
                continue
            seen += 1
            if seen == 1 and after == 0 and self._at_start(place):
                continue
            at_line = [each for each in self.breakpoints.at(place) if each.at_line]
            if at_line:
                # Whether a line is begun here takes the steps before.
                return self._land(seen)
            if (by := self._hit()) is not None:
                self._land(seen, by)
                return True
        self._position = None
        self._note_outcome()
        self.stop = Stop(Reason.END if walk.error is None else Reason.ERROR, self.run, 0)
        if walk.error is not None:
            self._stand(self.length)
            self.stopped_by(Reason.ERROR)
        return walk.error is not None

    def _at_start(self, place: int) -> bool:
        """Whether a place that was come to first is the first instruction, where the session stood before."""
        return place == self.world.program.machine.place(0)

    def _land(self, seen: int, by: Breakpoint | None = None) -> bool:
        """Stand where a flight came to the *seen*-th place that may stop it, or go on from there step by step."""
        places = self.breakpoints.places
        position = -1
        for _ in range(seen):
            found = self.timeline.next_at(places, position)
            assert found is not None
            position = found
        self._stand(position)
        if by is None and (by := self._hit()) is None:
            return self._stops_here(position)
        self.stopped_by(Reason.BREAKPOINT, by)
        return True

    def _hit(self) -> Breakpoint | None:
        """Return the breakpoint that stops the session where it stands; log what is only to be logged."""
        stopped: Breakpoint | None = None
        for each in self.holding():
            each.hits += 1
            if each.hits <= each.ignore:
                continue
            if each.log:
                self.logged.append(self.evaluator.filled(each.log))
            elif stopped is None:
                stopped = each
        return stopped

    def holding(self) -> Iterator[Breakpoint]:
        """Iterate over the breakpoints that are here and whose conditions hold."""
        found = self.activations
        if not found:
            return
        for each in self.breakpoints.at(found[-1].machine.place(found[-1].slot)):
            if (each.at_line and not self._begins_line()) or (each.check is not None and not each.check(self)):
                continue
            if each.holds is None or each.holds(self):
                yield each

    def _begins_line(self) -> bool:
        return self.timeline.begins_line(self.position)

    def pass_watched(self, start: int, stop: int) -> Watchpoint | None:
        """Go from one position on to another, or to behind what changes watched bytes; return what was changed."""
        self._stand(max(start, 0))
        watched = [each for each in self.breakpoints.watchpoints if each.enabled]
        before = [self.memory.own(each.address, each.size) for each in watched]
        walk = self._walk
        assert walk is not None
        own = self.memory.own
        for position in range(max(start, 0) + 1, stop + 1):
            walk.advance(1)
            self._position = position
            for each, old in zip(watched, before, strict=True):
                if own(each.address, each.size) != old:
                    return each
        return None


class Backwards:
    """Steps backwards: each is the like-named one of a session, turned around.

    Args:
        session: Whose.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def step_instruction(self, count: int = 1) -> Stop:
        """Go *count* instructions back, or to the beginning."""
        session = self._session
        return session.goto(max(session.position - count, 0))

    def step(self, count: int = 1) -> Stop:
        """Go back to where a C line begins: this one where the session stands within it, else the one before."""
        session = self._session
        return session.goto(_repeated(session.timeline.previous_line, session.position, count))

    def next(self, count: int = 1) -> Stop:
        """Go back to where a C line begins in this function, or in one that called it."""
        session = self._session
        timeline = session.timeline
        return session.goto(
            _repeated(lambda at: timeline.previous_line(at, timeline.depth(at)), session.position, count)
        )

    def finish(self) -> Stop:
        """Go back to the call of this function; or to the beginning."""
        session = self._session
        depth = session.timeline.depth(session.position)
        return session.goto(session.timeline.before_depth(session.position, depth - 1) if depth else 0)

    def until(self, where: str) -> Stop:
        """Go back to a place, or to the beginning."""
        session = self._session
        place = session.breakpoints.find(where)
        position = session.position
        while (found := session.timeline.last_at(place.places, position)) is not None:
            session.goto(position := found)
            if place.is_met(session):
                return session.stop
        return session.goto(0)

    def resume(self) -> Stop:
        """Go back to the last breakpoint, or before what changed watched bytes last, also in an earlier run.

        Where there is none it goes to the beginning: of this run where none is set, else of the first one.
        """
        session = self._session
        while True:
            found = self._last(session.position)
            if found is not None:
                position, reason, by = found
                session.goto(position)
                return session.stopped_by(reason, by)
            if not session.run or not session.breakpoints.active:
                session.goto(0)
                return session.stopped_by(Reason.START, None)
            session.enter(session.run - 1)
            session.goto(session.length)

    def _last(self, before: int) -> tuple[int, Reason, Breakpoint | Watchpoint] | None:
        """Return the last position before another at which something stops the run."""
        session = self._session
        last: tuple[int, Reason, Breakpoint | Watchpoint] | None = None
        watched = [each for each in session.breakpoints.watchpoints if each.enabled]
        places = session.breakpoints.places
        if watched:
            session.goto(0)
            at = 0
            while (by := session.pass_watched(at, before)) is not None and (at := session.position) <= before:
                last = (at - 1, Reason.WATCHPOINT, by)
        # From the last one back: conditions rarely hold where a breakpoint without one would stop first.
        position = before
        while (found := session.timeline.last_at(places, position)) is not None:
            if last is not None and found <= last[0]:
                break
            session.goto(position := found)
            if (by := next((each for each in session.holding() if not each.log), None)) is not None:
                return position, Reason.BREAKPOINT, by
        return last


def _repeated(move: Callable[[int], int], position: int, count: int) -> int:
    """Return where *count* moves lead to from a position; those that lead nowhere any more are not taken."""
    for _ in range(count):
        before, position = position, move(position)
        if position == before:
            break
    return position


_MOST_TIMELINES: Final = 8
"""Runs whose steps are kept."""
