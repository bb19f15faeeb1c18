"""Standing: where in a recording somebody stands, and what is to be seen there."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final

from ..closing import Closing
from ..errors import UsageError
from ..vm.engine.errors import RunError
from .changes import change_of, change_of_bytes
from .evaluation import Evaluator
from .locals import Locals
from .runs import Runs
from .scope import Scope
from .stops import Reason, Stop
from .turns import seen
from .walk import Walk
from .world import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping
    from os import PathLike

    from ..runtime import PrintedLine
    from ..vm.engine.errors import Lack
    from ..vm.engine.memory import AddressSpace
    from .recording import Change, Recording
    from .stops import Breakpoint, Watchpoint
    from .symbols import Location, Symbols
    from .timeline import Timeline
    from .turns import TurnSeen
    from .values import Value
    from .walk import Activation
    from .world import World

__all__ = ["Standing"]

_FAR: Final = 1 << 16
"""Steps that are gone by a walk that stops at each of them, which can go on from there."""
_WORTH: Final = 64
"""Steps for each instruction of a program from which on it is worth to translate it for one stop."""


class Standing(Closing):
    """Stands at a position of one of a recording's runs, and can be brought to any other.

    Args, errors: those of `Session`.
    """

    def __init__(self, recording: Recording) -> None:
        self._gone_through = Runs(recording)
        self.run = 0
        """The run that it is in, from 0 on."""
        self._walk: Walk | None = None
        self._position: int | None = 0
        """None at the end of a run whose steps nobody has counted yet."""
        self._sparse = False
        """Whether the walk stops at the place where it stands, and nowhere else."""
        self._printed = 0
        self.stop = Stop(Reason.START, 0, 0)
        """Why it stands where it stands."""
        self.level = 0
        """Which function expressions are about: 0 for the innermost, 1 for the one that called it; 0 after a move."""
        self._evaluators: dict[str, Evaluator] = {}
        """By program."""
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

    @property
    def recording(self) -> Recording:
        """What comes from outside."""
        return self._gone_through.recording

    @property
    def world(self) -> World:
        """The machine with it."""
        return self._gone_through.world

    @property
    def symbols(self) -> Symbols:
        """Where instructions come from."""
        return self._gone_through.symbols

    @property
    def outcomes(self) -> dict[int, Outcome]:
        """What came of the runs that were gone through, by their numbers."""
        return self._gone_through.outcomes

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
    def turns(self) -> tuple[TurnSeen, ...]:
        """What becomes of the packet in each program that it may come to; empty where there is one."""
        path = self.world.path
        return seen([each.spec for each in path], self.timeline.turns) if len(path) > 1 else ()

    @property
    def timeline(self) -> Timeline:
        """The whole run."""
        found = self._gone_through.known(self.run)
        if found is None:
            position, stop = self._position, self.stop
            self.close()
            found = self._gone_through.timeline(self.run)
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

    @property
    def frame(self) -> Activation | None:
        """The function that expressions are about, `level` functions out; None at the end of a run."""
        found = self.activations
        return found[-1 - min(self.level, len(found) - 1)] if found else None

    @cached_property
    def locals(self) -> Locals:
        """Finds the C variables of functions."""
        return Locals(self)

    @property
    def scope(self) -> Scope:
        """Tells what names mean where the session stands."""
        return self.evaluator.scope

    @property
    def evaluator(self) -> Evaluator:
        """Tells what expressions mean where the session stands: each program has a context of its own."""
        program = self.world.program
        found = self._evaluators.get(program.name)
        if found is None:
            found = self._evaluators[program.name] = Evaluator(Scope(self), program.spec)
        return found

    def evaluate(self, text: str) -> Value:
        """Return what an expression of C means here; what its names mean is told in `bpftui.core.debug.scope`.

        Raises:
            ExpressionError: It is none, or means nothing here; the message says where in it.
        """
        return self.evaluator.evaluate(text)

    @property
    def packet(self) -> bytes | None:
        """The packet as the program sees it where the session stands; None for a program that is given none."""
        found = self.world.host.packet
        return None if found is None else found.whole

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

    def take_step(self) -> None:
        """Go one instruction further, as quick as it can be: why it stands there is not noted."""
        assert self._position is not None
        if self._sparse:
            self._stand(self._position + 1)
            return
        assert self._walk is not None
        self._walk.advance(1)
        self._position += 1

    def _begin(self, run: int) -> None:
        """Stand at the beginning of a run."""
        self.close()
        self.world.before(run)
        self.run = run
        self._position = None
        self._stand(0)

    def _stand(self, position: int) -> None:
        """Stand at a position, which there is."""
        self.level = 0
        here = self._position
        is_there = self._walk is not None and position == here
        walk = self._walk
        begins = walk is None or here is None or position < here or (not is_there and (self._sparse or walk.finished))
        known = self._gone_through.known(self.run)
        straight = None
        if known is not None and not is_there and self._is_far(position, begins=begins):
            straight = self._straight(known, position)
        if straight is not None:
            walk, here = straight, position
        elif begins:
            is_whole = known is not None and known.error is None and position == known.length
            # Nothing stops it before the end, but what was changed, which is changed where it stops.
            if is_whole and not self.recording.changes_in(self.run):
                walk = self._set_out(stops={})
            else:
                walk = self._set_out(direct=0 if known is None else known.direct)
            here = -1
        assert walk is not None
        assert here is not None
        if position > here:
            walk.advance(position - here)
        self._position = position
        if walk.finished:
            self._note_outcome()

    def _is_far(self, position: int, *, begins: bool) -> bool:
        """Whether the most of the way to a position is still to be gone: straight it is quicker, from the beginning.

        Args:
            position: Where it is to stand.
            begins: Whether the walk that there is does not lead there.
        """
        here = self._position or 0
        if begins:
            # From where it stands by such a walk one step further: who goes on so is to go on quickly from there.
            return not (self._sparse and 0 <= position - here < _FAR)
        return position - here > _FAR and 2 * (position - here) > position

    def _straight(self, known: Timeline, position: int) -> Walk | None:
        """Go to a position by a walk that stops nowhere but at its place; None where that is not worth it.

        That is as quick as a run that nobody looks at, but what is asked for next takes a walk of its own.
        """
        if position < _FAR or position >= known.direct or self.recording.changes_in(self.run):
            return None
        place = known.places[position]
        machine, slot = self.world.processor.at(place)
        count = known.count(place, position + 1)
        if count is None or machine.is_stepped or position < _WORTH * len(machine.code.insns):
            return None
        walk = self._set_out(stops={machine.number: frozenset({slot})})
        walk.advance(count)
        self._sparse = True
        return walk

    def _set_out(self, *, stops: Mapping[int, frozenset[int]] | None = None, direct: int = 0) -> Walk:
        """Begin the run anew; arguments as `Walk` has them."""
        self.close()
        self.world.before(self.run)
        self._printed = self.world.host.trace.count
        self._sparse = False
        self._walk = Walk(self.world, self.recording.calls[self.run], stops=stops, direct=direct)
        return self._walk

    def _note_outcome(self) -> None:
        walk = self._walk
        assert walk is not None
        data, context = walk.given.left()
        retval = self.retval if walk.error is None else None
        self.outcomes[self.run] = Outcome(retval, walk.error, data, context, self.printed)

    def stopped_by(self, reason: Reason, by: Breakpoint | Watchpoint | None = None) -> Stop:
        """Note why it stands here; the end of a run, and what stopped it there, say so by themselves."""
        known = self._gone_through.known(self.run)
        if self._walk is not None and self._walk.finished:
            reason = Reason.END
        elif known is not None and known.error is not None and self._position == known.length:
            reason = Reason.ERROR
        self.stop = Stop(reason, self.run, self._position or 0, by)
        return self.stop

    @property
    def error(self) -> str | None:
        """Why the run was stopped where it stands, as a sentence; None where it was not."""
        error = self.timeline.error if self.stop.reason is Reason.ERROR else None
        return None if error is None else error.message

    # What is changed

    def change(self, expression: str, text: str) -> Recording:
        """Change something where the session stands: a variable, an entry's value, a byte of the packet, a register.

        What comes after is another run; return the recording as it was, for who wants to go back to it.

        Args:
            expression: What is changed: `total_packets`, `traffic[{IPV4, TCP}].packets`, `pkt[23]`; of the innermost
                function `r3`, or `w3`, with which the upper half becomes zero.
            text: Its new value, an expression; for a struct or an array as `CType.parse` takes it.

        Raises:
            ExpressionError: One of them means nothing here, or what is to be changed lies nowhere in memory.
            UsageError: The run is over.
            TypeMismatchError, ValueRangeError: The value does not fit.
        """
        return self._changed(change_of(self, expression, text))

    def change_bytes(self, address: int, raw: bytes) -> Recording:
        """Change bytes of memory where the session stands; see `change`.

        Raises:
            UsageError: The run is over, or they do not lie in memory that can be changed.
        """
        return self._changed(change_of_bytes(self, address, raw))

    @property
    def lacks(self) -> Lack | None:
        """What stopped the run here because the machine has it not and a user may; None for nothing."""
        error = self.timeline.error if self.stop.reason is Reason.ERROR else None
        return error.lacks if isinstance(error, RunError) else None

    def answer(self, text: str) -> Recording:
        """Say what the function returns, or what the memory holds, that the machine lacks here; the run goes on then.

        The answer is part of the recording and holds for all of its runs; return the recording as it was.

        Args:
            text: The value, as `Recording.answered` takes it: a number, `-ENOENT`, bytes.

        Raises:
            UsageError: Nothing is lacking here, or that is no value.
        """
        lacks = self.lacks
        if lacks is None:
            raise UsageError("nothing stopped the run here that an answer could help with")
        before, position = self.recording, self.position
        recording = before.answered(lacks, text)
        self.close()
        self._gone_through.replace(recording)
        self._evaluators.clear()
        vars(self).pop("locals", None)
        self._stand_anew(position)
        return before

    def _changed(self, change: Change) -> Recording:
        """Change something; return the recording as it was."""
        position = self.position
        self.close()
        before = self._gone_through.change(change)
        self._stand_anew(position)
        return before

    def _stand_anew(self, position: int) -> None:
        """Stand where it stood, in a run that is another one now."""
        self._position = None
        self._stand(position)
        self.stopped_by(Reason.STEP)
