"""What the chart and the event list are given to draw: plain data, so that who makes it need not load who draws it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["ChartSeries", "EventLine", "StreamState"]


@dataclass(frozen=True, slots=True)
class ChartSeries:
    """One line of a chart."""

    label: str
    """Its name in the legend."""
    points: Sequence[tuple[float, float]]
    """(seconds, value), oldest first, on the same clock as the chart's `now`. A value that is NaN is a gap."""


@dataclass(frozen=True, slots=True)
class EventLine:
    """One event, as it is shown."""

    time: float
    """Seconds since the stream began."""
    text: str
    """The event by its C type, on one line."""
    raw: bytes = b""
    """Its bytes."""


@dataclass(frozen=True, slots=True)
class StreamState:
    """How a stream is doing."""

    count: int = 0
    """How many events came."""
    lost: int = 0
    """How many were lost, as far as anybody tells."""
    behind: int = 0
    """About how many wait."""
    full: int = 0
    """How often it was found full."""
    type_text: str = ""
    """What its events are taken for: `struct event`, with the reason where that is a guess."""
