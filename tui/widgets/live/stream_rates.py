"""StreamRates: how many events of each stream come in a second, over some seconds: of rare ones none come in most."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ....core.live.drawn import StreamState

__all__ = ["StreamRates"]

_OVER: Final = 5.0
"""Seconds that a rate is of, or as long as two readings are apart."""


class StreamRates:
    """Readings of how many events came, and the rates that they make."""

    def __init__(self) -> None:
        self._readings: deque[tuple[float, Mapping[str, StreamState]]] = deque()
        """When, in seconds, and how streams were doing then; the oldest first."""

    def read(self, streams: Mapping[str, StreamState], time: float) -> None:
        """Take a reading; one that is no later than the last begins anew, for a recording can be gone back in."""
        readings = self._readings
        if readings and time <= readings[-1][0]:
            readings.clear()
        readings.append((time, streams))
        while len(readings) > 2 and time - readings[1][0] >= _OVER:
            readings.popleft()

    def of(self, name: str) -> float | None:
        """Return how many events of a stream come in a second; None where it was not read twice."""
        known = [(time, streams[name].count) for time, streams in self._readings if name in streams]
        if len(known) < 2 or known[-1][1] < known[0][1]:  # it was cleared: what is loaded is another version
            return None
        return (known[-1][1] - known[0][1]) / (known[-1][0] - known[0][0])
