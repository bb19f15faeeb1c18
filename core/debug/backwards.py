"""Backwards: the steps of a session, turned around."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .stops import Breakpoint, Reason, Stop, Watchpoint

if TYPE_CHECKING:
    from collections.abc import Callable

    from .session import Session

__all__ = ["Backwards", "repeated"]


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
        return session.goto(repeated(session.timeline.previous_line, session.position, count))

    def next(self, count: int = 1) -> Stop:
        """Go back to where a C line begins in this function, or in one that called it."""
        session = self._session
        timeline = session.timeline
        return session.goto(
            repeated(lambda at: timeline.previous_line(at, timeline.depth(at)), session.position, count)
        )

    def finish(self) -> Stop:
        """Go back to the call of this function; or to the beginning of the program."""
        session = self._session
        timeline, position = session.timeline, session.position
        depth = timeline.depth(position)
        return session.goto(timeline.before_depth(position, depth - 1) if depth else timeline.before_program(position))

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
            if not session.run or not session.breakpoints.active or session.pausing.is_set():
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
        if watched and (met := session.watching.last(watched, before)) is not None:
            last = (met.position - 1, Reason.WATCHPOINT, met.by)
        # From the last one back: conditions rarely hold where a breakpoint without one would stop first.
        position = before
        while (found := session.timeline.last_at(places, position)) is not None:
            if last is not None and found <= last[0]:
                break
            session.goto(position := found)
            if (by := next((each for each in session.holding() if not each.log), None)) is not None:
                return position, Reason.BREAKPOINT, by
        return last


def repeated(move: Callable[[int], int], position: int, count: int) -> int:
    """Return where *count* moves lead to from a position; those that lead nowhere any more are not taken."""
    for _ in range(count):
        before, position = position, move(position)
        if position == before:
            break
    return position
