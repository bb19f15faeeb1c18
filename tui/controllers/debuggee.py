"""Debuggee: the run that is debugged; what is done with it is done in a thread, one thing after the other."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ...core.errors import BpftuiError, GivenUpError
from ...core.interrupt import Interrupt
from ..status import Failure, Work

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ...core.debug import Recording, Session
    from ...core.debug.sight import Eyes, Sight
    from .controller import Stage

__all__ = ["Debuggee"]

_MOST_WAITING: Final = 16
"""Keys that wait for those before them; more are dropped, as nobody counts them."""


class _Job(NamedTuple):
    """Something to be done."""

    what: str
    work: Callable[[Session], Any]
    then: Callable[[Any], None] | None


class _Done(NamedTuple):
    """What came of it."""

    turn: int
    job: _Job
    session: Session | None
    eyes: Eyes | None
    sight: Sight | None
    result: Any
    error: Exception | None


class Debuggee:
    """A recording and the session that stands in it.

    Args:
        stage: Says what is being done, and runs it in a thread.
        recording: What is debugged.
        show: Is given what is to be seen, whenever that may be something else.
        prepare: Is called with a new session, in its thread, before anything is done with it.
    """

    def __init__(
        self,
        stage: Stage,
        recording: Recording,
        *,
        show: Callable[[Sight], None],
        prepare: Callable[[Session], None] = lambda _: None,
    ) -> None:
        self._stage = stage
        self.recording = recording
        self._before = recording
        """It as it was before what is being done."""
        self._show = show
        self._prepare = prepare
        self._session: Session | None = None
        self._eyes: Eyes | None = None
        self._jobs: deque[_Job] = deque()
        self._turn = 0
        """Which session it is: what is found out with one that was given up is for nobody."""
        self._given_up = Interrupt()
        self.busy = False
        self.sight: Sight | None = None
        """What was seen last."""
        self.expressions: list[str] = []
        """What is watched."""
        self.wants_holdings = False
        """Whether all that maps hold is to be seen."""
        self._place = (0, 0)
        """Run and position of what was seen last."""

    # What a controller calls

    def begin(self) -> None:
        """Make the session, and stand at the beginning of the first run."""
        self.do("preparing the run", lambda _: None)

    def do(self, what: str, work: Callable[[Session], Any], then: Callable[[Any], None] | None = None) -> None:
        """Do something as soon as all before it is done.

        Args:
            what: What is done, as a participle: `stepping`.
            work: Does it, in a thread.
            then: Is given what it returned, in the event loop, once what is to be seen is shown.
        """
        if len(self._jobs) >= _MOST_WAITING:
            return
        self._jobs.append(_Job(what, work, then))
        self._next()

    def close(self) -> None:
        """Let go of it; what is being done is given up."""
        self._abandon()

    def give_up(self) -> None:
        """Give up what is being done, and stand where it began."""
        if self.busy:
            # What was given up may go on for a while, with a recording that nobody else uses any more.
            self.recording = self._before
        self._abandon()
        run, position = self._place
        self._stage.show_work(None)
        if self.sight is None:
            self._stage.notify("given up: the run is not prepared; whatever moves in it begins anew", timeout=4)
        else:
            self._stage.notify("given up: the run stands where it stood", timeout=4)
            self.do("going back", lambda session: _go_to(session, run, position))

    def replace(self, recording: Recording, run: int = 0, position: int = 0) -> None:
        """Debug another recording, from a step of a run on."""
        self._abandon()
        self.sight, self._place = None, (run, position)
        self.recording = recording
        self.do("preparing the run", lambda session: _go_to(session, run, position))

    def _abandon(self) -> None:
        """Let go of the session; one that is in use is closed by who gets it back."""
        self._jobs.clear()
        self._turn += 1
        self._given_up.set()
        self._given_up = Interrupt()
        if not self.busy and self._session is not None:
            self._session.close()
        self._session = self._eyes = None
        self.busy = False

    # One after the other

    def _next(self) -> None:
        if self.busy or not self._jobs:
            return
        job = self._jobs.popleft()
        self.busy = True
        self._before = self.recording.copy()
        self._stage.show_work(Work(job.what, self.give_up))
        turn, session, eyes, given_up = self._turn, self._session, self._eyes, self._given_up
        recording = self.recording
        self._stage.find_out(lambda: self._done(turn, job, recording, session, eyes, given_up), self._take)

    def _done(
        self,
        turn: int,
        job: _Job,
        recording: Recording,
        session: Session | None,
        eyes: Eyes | None,
        given_up: Interrupt,
    ) -> _Done:
        """Do a job, in a thread."""
        from ...core.debug import Session as NewSession
        from ...core.debug.sight import Eyes as NewEyes

        result: Any = None
        error: Exception | None = None
        sight: Sight | None = None
        try:
            if session is None or eyes is None:
                session = NewSession(recording)
                session.world.processor.meter.stop = given_up
                self._prepare(session)
                eyes = NewEyes(session)
            try:
                with given_up:  # where the kernel is asked something, it stops as well
                    result = job.work(session)
            except BpftuiError as raised:
                error = raised
            eyes.expressions = list(self.expressions)
            eyes.wants_holdings = self.wants_holdings
            if not given_up.is_set():
                session.set_waiting()
            if not given_up.is_set():
                sight = eyes.look()
        except Exception as raised:  # what nobody expected is said as well, and not lost with the thread
            error = raised
            if eyes is None and session is not None:
                session.close()
                session = None
        return _Done(turn, job, session, eyes, sight, result, error)

    def _take(self, done: _Done) -> None:
        if done.turn != self._turn:
            if done.session is not None:
                done.session.close()
            return
        self.busy = False
        self._session, self._eyes = done.session, done.eyes
        self._stage.show_work(None)
        if done.sight is not None:
            self.sight = done.sight
            self._place = done.sight.stop.run, done.sight.position
            self._show(done.sight)
        error = done.error
        if isinstance(error, BpftuiError) and not isinstance(error, GivenUpError) and done.sight is not None:
            self._stage.notify(
                error.message + (f" ({error.hint})" if error.hint else ""), severity="warning", timeout=8
            )
        elif error is not None:
            self._jobs.clear()
            is_known = isinstance(error, BpftuiError)
            why = error.message if is_known else f"{done.job.what}: {type(error).__name__}: {error}"
            self._stage.fail(Failure("debug", why, (error.hint if is_known else None) or ""))
        elif done.job.then is not None:
            done.job.then(done.result)
        self._next()

    def look_at_maps(self, *, whole: bool) -> None:
        """Have all that maps and variables hold seen from now on, or only what has changed."""
        self.wants_holdings = whole
        self.do("looking", lambda _: None)

    def watch(self, expressions: Sequence[str]) -> None:
        """Watch other expressions from now on."""
        self.expressions = list(expressions)
        self.do("looking", lambda _: None)


def _go_to(session: Session, run: int, position: int) -> None:
    if run:
        session.enter(run)
    session.goto(position)
