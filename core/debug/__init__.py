"""The debugger's engine: runs on the built-in machine as recordings, which are gone through in both directions."""

from __future__ import annotations

from .recording import Call, Change, Recording
from .session import Session
from .stops import Access, Breakpoint, Reason, Stop, Watchpoint
from .symbols import Location
from .walk import Activation
from .why import Why, why
from .world import Outcome

__all__ = [
    "Access",
    "Activation",
    "Breakpoint",
    "Call",
    "Change",
    "Location",
    "Outcome",
    "Reason",
    "Recording",
    "Session",
    "Stop",
    "Watchpoint",
    "Why",
    "why",
]
