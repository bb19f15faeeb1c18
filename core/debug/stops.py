"""Stops: breakpoints and watchpoints, and why a session stands where it stands."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from .followed import Followed
    from .session import Session
    from .timeline import Timeline

__all__ = ["Access", "Breakpoint", "Owner", "Reason", "Stop", "Waiting", "Watchpoint"]


class Reason(enum.StrEnum):
    """Why a session stands where it stands."""

    START = "start"
    STEP = "step"
    BREAKPOINT = "breakpoint"
    WATCHPOINT = "watchpoint"
    PAUSE = "pause"
    """Somebody asked for it on the way."""
    END = "end"
    ERROR = "error"
    """The run was stopped there, before an instruction that cannot be executed."""


@dataclass(eq=False)
class Breakpoint:
    """Stops before an instruction."""

    number: int
    """From 1 on, as it was added."""
    what: str
    """Where, as it was asked for: `prog.c:40`."""
    places: frozenset[int] = field(repr=False)
    """The instructions (`Location.place`)."""
    at_line: bool = False
    """Whether it is a C line's: it stops where the line is begun, and not again within it."""
    check: Callable[[Session], bool] | None = field(default=None, repr=False)
    """Tells whether a session that stands at one of them is where it was meant (a map, a return value)."""
    condition: str = ""
    """The expression that has to be true; empty where it always stops."""
    holds: Callable[[Session], bool] | None = field(default=None, repr=False)
    """Tells whether the condition holds where a session stands."""
    log: str = ""
    """What is printed in place of stopping, with expressions in braces: `length {ctx->len}`."""
    enabled: bool = True
    ignore: int = 0
    """How many hits pass before it stops."""
    stops_at: Callable[[int], bool] | None = field(default=None, repr=False)
    """Tells whether it stops when it is hit for the so-many-th time; None where it always does."""
    hits: int = 0
    """How often it was come to, forwards, with its condition true."""
    problem: str = ""
    """Why its condition could not be told the last time, where it could not: it stops then."""

    def stops_like(self, other: Breakpoint | Watchpoint) -> bool:
        """Whether another one stops at the same, each time, and does no more than that."""
        if not isinstance(other, Breakpoint) or other.log or other.ignore or other.stops_at is not None:
            return False
        return (self.what, self.places, self.condition) == (other.what, other.places, other.condition)


class Access(enum.StrEnum):
    """What a watchpoint stops at."""

    CHANGE = "watch"
    """Bytes have other values than before, whoever has changed them."""
    READ = "rwatch"
    WRITE = "write"
    """They are written to, also with what is there already."""
    ANY = "awatch"
    """They are read or written to."""

    @property
    def command(self) -> str:
        """The command that sets such a watchpoint."""
        return "watch -w" if self is Access.WRITE else self.value


class Owner(NamedTuple):
    """A call of a function, on whose stack something lies: the stack is another one's afterwards."""

    run: int
    """In which run."""
    began: int
    """The position before its first instruction."""
    place: int
    """That instruction (`Location.place`)."""
    depth: int
    """How many functions are around it."""
    name: str
    """The function's."""

    def scope(self, timeline: Timeline) -> range:
        """Return between which positions of its run it runs; empty where a change has led the run elsewhere before."""
        places = timeline.places
        if self.began >= len(places) or places[self.began] != self.place or timeline.depth(self.began) != self.depth:
            return range(0)
        return range(self.began, timeline.after_depth(self.began, self.depth - 1))


@dataclass(eq=False)
class Watchpoint:
    """Stops behind what changes, reads or writes some bytes; going backwards, before it."""

    number: int
    what: str
    """What is watched, as it was asked for: `packet.family`."""
    address: int
    size: int
    """In bytes."""
    access: Access = Access.CHANGE
    followed: Followed | None = None
    """The first of them where they are a packet's: it is watched where it gets to, whatever lies at the address."""
    owner: Owner | None = None
    """Of what lies on the stack of a function that others call, that function."""
    enabled: bool = True
    stops_at: Callable[[int], bool] | None = field(default=None, repr=False)
    """Tells whether it stops when it is hit for the so-many-th time; None where it always does."""
    hits: int = 0
    """How often that happened, forwards."""

    def stops_like(self, other: Breakpoint | Watchpoint) -> bool:
        """Whether another one stops at the same, each time."""
        if not isinstance(other, Watchpoint) or other.stops_at is not None:
            return False
        mine, theirs = ((each.address, each.size, each.access, each.followed, each.owner) for each in (self, other))
        return mine == theirs

    def counts_in(self, run: int) -> bool:
        """Whether it may stop a run: a stack is that of one call, in one run."""
        return self.owner is None or self.owner.run == run


@dataclass(eq=False)
class Waiting:
    """A breakpoint or a watchpoint that nothing here fits yet: an entry that is not in its map, a line without code."""

    number: int
    what: str
    condition: str = ""
    access: Access | None = None
    """What a watchpoint stops at; None for a breakpoint."""
    enabled: bool = True
    problem: str = ""
    """Why it could not be set the last time."""


class Stop(NamedTuple):
    """Where a session has come to a stand, and why."""

    reason: Reason
    run: int
    """Which run, from 0 on."""
    position: int
    """How many steps of it have been taken."""
    by: Breakpoint | Watchpoint | None = None
    """What stopped it."""
