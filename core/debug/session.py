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

import re
from threading import Event
from typing import TYPE_CHECKING, Final

from ..errors import BpftuiError, GivenUpError, UsageError
from ..vm.engine.memory import STACK_SIZE
from .backwards import Backwards, repeated
from .breakpoints import Breakpoints, Place
from .followed import Followed
from .standing import Standing
from .stops import Access, Breakpoint, Owner, Reason, Stop, Waiting, Watchpoint
from .syntax import ExpressionError
from .verified import Verified
from .watching import Watching

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from .recording import Call, Recording
    from .verified import VerifierLogs

__all__ = ["Session"]

_IF: Final = re.compile(r"(?P<where>.*?)\s+if\s+(?P<condition>.+)")


class Session(Standing):
    """A recording that is looked at; it stands at the beginning of the first run.

    One thread at a time may use it. Maps of `world.collection` are read as they are where it stands.

    Args:
        recording: What comes from outside. Clocks are read where it does not know the time yet, which it does then.

    Raises:
        LoadError, FeatureError: The object cannot be loaded into the machine.
        UsageError: There is no run, or what the recording holds does not fit the object.
    """

    def __init__(self, recording: Recording) -> None:
        super().__init__(recording)
        self.breakpoints = Breakpoints(self.symbols, lambda: self.evaluator)
        self.back = Backwards(self)
        """The same steps, backwards."""
        self.logged: list[str] = []
        """What logpoints said, oldest first."""
        self.verified: Verified | None = None
        """Tells what the kernel's verifier knew; None where its logs are not at hand."""
        self.watching = Watching(self)
        """Finds where watchpoints stop it."""
        self.pausing = Event()
        """Set by another thread: `resume` goes on into no other run, and stands still at the beginning of the next."""
        self.halting = Event()
        """Set by another thread: what `interruptible` does stands still, also within a run."""
        self._flown = 0
        """How many steps a flight has come that was given up, at least."""

    def know(self, logs: VerifierLogs) -> None:
        """Have what the verifier knew beside what there is; the logs of the programs are read now."""
        for name in self.recording.programs:
            logs.of(name)
        self.verified = Verified(self, logs)

    def interruptible(self, move: Callable[[], object]) -> None:
        """Go somewhere, until `halting` is set: it stands still then, within the run that is under way.

        That is no further than the run had come, and behind everything that could have stopped it before; a move that
        has to know the whole run first leads nowhere.
        """
        run, position, meter = self.run, self._position, self.world.processor.meter
        self._flown, meter.halt = 0, self.halting
        try:
            move()
        except GivenUpError:
            if not self.halting.is_set() or (meter.stop is not None and meter.stop.is_set()):
                raise
            meter.halt = None
            self.close()
            stands = position if self.run == run and not self._flown else self._flown
            self._position = None
            self._stand(self.length if stands is None else stands)
            self.stopped_by(Reason.PAUSE)
        finally:
            meter.halt = None

    def extend(self, calls: Iterable[Call]) -> None:
        """Add runs behind those that there are; it stands where it stood."""
        self.recording.calls.extend(calls)
        vars(self).pop("runs", None)

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
        return self._conditional(self.breakpoints.add(where, condition=condition, log=log, ignore=ignore))

    def break_as_said(self, text: str) -> Breakpoint:
        """Stop at a place, as `break` is typed: `prog.c:40 if r1 > 5`; errors as for `break_at`."""
        match = _IF.fullmatch(text.strip())
        if not text.strip() or text.strip().startswith("if "):
            raise UsageError("break takes a place", hint="break prog.c:40, break 17, break count, break bpf_redirect")
        where, condition = (match["where"], match["condition"]) if match else (text.strip(), "")
        return self.break_at(where, condition=condition)

    def break_at_place(self, place: int, *, condition: str = "") -> Breakpoint:
        """Stop before an instruction, told by its `Location.place`; errors of a condition as for `break_at`."""
        if condition:
            self.evaluator.check(condition)
        slot = self.symbols.location(place).slot
        return self._conditional(self.breakpoints.add_place(str(slot), Place(frozenset((place,))), condition=condition))

    def _conditional(self, found: Breakpoint) -> Breakpoint:
        if found.condition:
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

    def watch(self, expression: str, access: Access = Access.CHANGE) -> Watchpoint:
        """Stop behind what changes the value of an expression that lies in memory: a variable, an entry of a map.

        Args:
            expression: What is watched; what it means is found out now, and not again.
            access: Whether reads count, or all writes, in place of changes. What is asked is what instructions and
                helpers do: what a kernel function reads or writes shows only as a change.

        Raises:
            ExpressionError: It means nothing here, or lies nowhere.
        """
        value = self.evaluate(expression)
        if value.address is None:
            raise ExpressionError(expression, 0, "it lies nowhere in memory, and cannot be watched")
        return self.watch_bytes(expression, value.address, value.kind.size, access)

    def watch_bytes(self, what: str, address: int, size: int, access: Access = Access.CHANGE) -> Watchpoint:
        """Stop where bytes are accessed that lie at an address now: a packet's are followed; *what* is for people."""
        found = self.breakpoints.watch(what, address, size, access)
        found.owner = self._owner_of(address)
        packets = (each.packet for each in self.world.path if each.packet_sizes is not None)
        found.followed = next((byte for packet in packets if (byte := Followed.at(packet, address))), None)
        return found

    def _owner_of(self, address: int) -> Owner | None:
        """Return the function on whose stack an address lies, of those that others have called."""
        for each, location in zip(self.activations[1:], self.calls[1:], strict=True):
            if each.registers[10] - STACK_SIZE <= address < each.registers[10]:
                timeline = self.timeline
                began = timeline.before_depth(self.position, each.depth - 1) + 1
                return Owner(self.run, began, timeline.places[began], each.depth, location.function)
        return None

    def _arrived(self, position: int) -> Stop:
        """Go forwards to a position."""
        stop = self.goto(position)
        self._leave_scopes()
        return stop

    def _leave_scopes(self) -> None:
        """Take the watchpoints away of functions of runs that are over, as gdb does, and say so.

        In the run of the function they count for nothing behind its end, and again when one goes back.
        """
        for each in self.breakpoints.watchpoints:
            if each.owner is not None and self.run > each.owner.run:
                self.breakpoints.remove(each.number)
                name = each.owner.name
                self.logged.append(f"watchpoint {each.number} on {each.what} is gone: the run of its {name}() is over")

    def stop_at(self, what: str, condition: str = "", access: Access | None = None, *, enabled: bool = True) -> None:
        """Set a breakpoint, or a watchpoint where *access* says so; where it cannot be set here, it waits for that."""
        try:
            self._set(what, condition, access).enabled = enabled
        except BpftuiError as error:
            self.breakpoints.wait(what, condition, access, enabled=enabled, problem=error.message)

    def set_waiting(self) -> None:
        """Set what waits and can be set where the session stands now; it keeps its number."""
        still: list[Waiting] = []
        for each in self.breakpoints.waiting:
            try:
                found = self._set(each.what, each.condition, each.access)
            except BpftuiError as error:
                each.problem = error.message
                still.append(each)
            else:
                found.number, found.enabled = each.number, each.enabled
        self.breakpoints.waiting = still

    def _set(self, what: str, condition: str, access: Access | None) -> Breakpoint | Watchpoint:
        return self.break_at(what, condition=condition) if access is None else self.watch(what, access)

    # Steps

    def step_instruction(self, count: int = 1) -> Stop:
        """Go *count* instructions further, or to the end."""
        return self._arrived(min(self.position + count, self.length))

    def step(self, count: int = 1) -> Stop:
        """Go on to where a C line begins, also one of a function that is called; or to the end."""
        return self._arrived(repeated(self.timeline.next_line, self.position, count))

    def next(self, count: int = 1) -> Stop:
        """Go on to where a C line begins in this function, or in one that it returns to; or to the end."""
        timeline = self.timeline
        return self._arrived(repeated(lambda at: timeline.next_line(at, timeline.depth(at)), self.position, count))

    def finish(self) -> Stop:
        """Go on until this function has returned; or to the end, or where the packet comes to another program."""
        return self._arrived(self.timeline.after_depth(self.position, self.timeline.depth(self.position) - 1))

    def until(self, where: str) -> Stop:
        """Go on to a place (see `Breakpoints.find`), or to the end: as `resume` with that breakpoint alone."""
        place = self.breakpoints.find(where)
        position = self.position
        while (found := self.timeline.next_at(place.places, position)) is not None:
            self._stand(position := found)
            if place.is_met(self):
                return self._arrived(position)
        return self._arrived(self.length)

    def resume(self) -> Stop:
        """Go on to the next breakpoint or watchpoint, also of a later run.

        Where none is met it goes to the end: of this run where there are none, else of the last one.
        """
        stop = self._resumed()
        self._leave_scopes()
        return stop

    def resume_to(self, by: Breakpoint) -> bool:
        """Go on until a breakpoint stops it, past all others, also in a later run.

        Returns:
            Whether it did; else it stands at the end of the last run, or where that was stopped by an error.
        """
        while True:
            stop = self.resume()
            if stop.by is by:
                return True
            if stop.reason in (Reason.ERROR, Reason.END) and self.run + 1 == self.runs:
                return False

    def _resumed(self) -> Stop:
        while True:
            # A run that was stopped by an error stands before the instruction that it never gets past.
            if (self.at_end or self.stop.reason is Reason.ERROR) and self.run + 1 < self.runs:
                self._begin(self.run + 1)
                if self.pausing.is_set():
                    return self.stopped_by(Reason.START)
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
        watched = [each for each in self.breakpoints.watchpoints if each.enabled and each.counts_in(self.run)]
        is_changed = bool(self.recording.changes_in(self.run))
        if self._gone_through.known(self.run) is None and after <= 0 and not watched and not is_changed:
            return self._fly(after)
        timeline, places = self.timeline, self.breakpoints.places
        position: int | None = self.position if after >= 0 else -1
        while True:
            assert position is not None
            found = timeline.next_at(places, position)
            stop = timeline.length if found is None else found
            if watched and (met := self.watching.first(watched, max(position, 0), stop)) is not None:
                self._stand(met.position)
                met.by.hits += 1
                if met.by.stops_at is None or met.by.stops_at(met.by.hits):
                    self.stopped_by(Reason.WATCHPOINT, met.by)
                    return True
                if met.position != found:
                    position = met.position
                    continue
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
        places = self.breakpoints.places
        walk = self._set_out(stops=self.breakpoints.stops)
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
        if isinstance(walk.error, GivenUpError):
            # A quarter of what is charged is never more than what was run.
            self._flown = max(self.world.processor.meter.charged // 4, 0 if after < 0 else after)
            raise walk.error
        self._position = None
        self._note_outcome()
        self.stop = Stop(Reason.END if walk.error is None else Reason.ERROR, self.run, 0)
        if walk.error is not None:
            self._stand(self.length)
            self.stopped_by(Reason.ERROR)
        return walk.error is not None

    def _at_start(self, place: int) -> bool:
        """Whether a place that was come to first is the first instruction, where the session stood before."""
        return place == self.world.path[0].machine.place(0)

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
            if each.hits <= each.ignore or not (each.stops_at is None or each.stops_at(each.hits)):
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
