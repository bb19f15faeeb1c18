"""Recordings over time: what a collection held, in a file, written while it runs and opened as if it still did."""

from __future__ import annotations

from .played import Playback, PlayedCollection, PlayedEvents, PlayedRuntime, Player
from .playing import PlayedMonitor, PlayedSession
from .recorder import Recorder
from .tape import Mark, Tape

__all__ = [
    "Mark",
    "Playback",
    "PlayedCollection",
    "PlayedEvents",
    "PlayedMonitor",
    "PlayedRuntime",
    "PlayedSession",
    "Player",
    "Recorder",
    "Tape",
]
