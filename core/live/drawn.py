"""What the chart and the event list are given to draw: plain data, so that who makes it need not load who draws it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from ..btf.units import Unit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..btf import CType
    from .histogram import Span
    from .series import Bucket

__all__ = ["ChartSeries", "EventLine", "Mark", "MarkKind", "StreamState", "mark_text"]

MarkKind: TypeAlias = Literal["loaded", "swapped", "attached", "detached", "set", "ran", "gone", "dropped"]
"""What happens while something is watched: `ran` is a test run, `swapped` what was put in the place of the version
before, `gone` what something was attached to, `dropped` the oldest events."""


@dataclass(frozen=True, slots=True)
class ChartSeries:
    """One line of a chart."""

    label: str
    """Its name in the legend."""
    points: Sequence[tuple[float, float]]
    """(seconds, value), oldest first, on the same clock as the chart's `now`. A value that is NaN is a gap."""
    slot: int = 0
    """Which of the colours and shapes is its own: in the legend, along the line, and in the table that it is from."""
    unit: Unit = Unit.NUMBER
    """What its values are of."""
    is_rate: bool = True
    """Whether its values tell of the time before each point: what a second of it brought."""
    is_mean: bool = False
    """Whether what they tell of that time is not per second, but of each of what happened."""
    buckets: Sequence[Bucket] = ()
    """Where its points are means of many: the least and the greatest with each."""

    span: Span | None = None
    """The numbers that it counts, where it is a slot of a histogram."""

    @property
    def per_second(self) -> bool:
        """Whether its values are per second."""
        return self.is_rate and not self.is_mean


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment at which something was done."""

    time: float
    """On the clock of the points."""
    text: str
    """What: `sample_every 1000 → 250`, `attached count → eth1`."""


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
    type: CType | None = None
    """The same as a type; None where nothing tells."""


def mark_text(kind: str, what: str = "", detail: str = "") -> str:
    """Return what is said at a moment: of what was loaded that it was, for there is but one."""
    match kind:
        case "loaded" | "swapped":
            return kind
        case "set":
            return f"{what} {detail}"
        case _:
            return f"{kind} {what} → {detail}" if detail else f"{kind} {what}"
