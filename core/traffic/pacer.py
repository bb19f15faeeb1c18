"""Pacer: delivers packets at a rate, or when they are due."""

from __future__ import annotations

import math
import threading
import time
from abc import ABC, abstractmethod
from bisect import bisect_right
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..errors import BpftuiError, UsageError
from ..threads import start_thread
from .request import SMALLEST, Chunk, Traffic

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

__all__ = ["Pacer"]

_DEFAULT_RATE = 1000.0
_NOTHING = Chunk((), None)
_LONGEST_WAIT = 3600.0


class Pacer(ABC):
    """Delivers packets: a number of them at once, or at a rate, or as they were recorded, until it is closed.

    Args:
        traffic: What flows once it is started.
        longest: Bytes of the longest frame that can be delivered.
        clock: What tells when packets are due, in seconds.

    Raises:
        CaptureError, NoPermissionError, FeatureError: The traffic's capture cannot be read.
    """

    TICK = 0.002
    """Seconds between two batches; a batch holds what became due in between."""
    DEBT = 1.0
    """Seconds of missed traffic that are made up for; what is older is forgotten."""
    BATCH = 1024
    """The most packets of a batch."""

    def __init__(self, traffic: Traffic, longest: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.traffic = traffic
        self._clock = clock
        self._longest = longest
        self._chunks = traffic.chunks(longest)
        self._chunk = _NOTHING
        self._next = 0
        self._sending = threading.Lock()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._rate = self._speed = 0.0
        self._closed = False
        self._finished = False
        self._error: BpftuiError | None = None
        self.sent = 0

    traffic: Traffic
    sent: int
    """Packets delivered so far."""

    @abstractmethod
    def deliver(self, frames: Sequence[bytes], start: int, count: int) -> int:
        """Deliver frames from number *start* on, at most *count* of them; return how many."""

    def release(self) -> None:  # noqa: B027 - not all have something to release
        """Let go of what packets are delivered through: called once, at the end."""

    @property
    def finished(self) -> bool:
        """Whether the traffic has ended: a capture is over, or an error broke it off, which `close` raises."""
        return self._finished

    @property
    def rate(self) -> float:
        """Packets per second; 0 while none are sent, and while they are sent as they were recorded.

        Set, it takes effect at once, instead of recorded times too.
        """
        return self._rate

    @rate.setter
    def rate(self, rate: float) -> None:
        if not 0 <= rate < math.inf:
            raise ValueError(f"a rate of packets cannot be {rate}")
        self._flow(rate, 0.0)

    def start(self) -> None:
        """Let the traffic flow as it was asked for."""
        traffic = self.traffic
        if traffic.capture is not None and traffic.rate is None:
            self._flow(0.0, traffic.speed)
        else:
            self._flow(_DEFAULT_RATE if traffic.rate is None else traffic.rate, 0.0)

    def _flow(self, rate: float, speed: float) -> None:
        with self._changed:
            self._rate, self._speed = rate, speed
            if (rate or speed) and self._thread is None and not self._closed:
                thread = threading.Thread(target=self._pace, name="bpftui-traffic", daemon=True)
                start_thread(thread)
                self._thread = thread
            self._changed.notify()

    def send(self, count: int) -> int:
        """Send *count* packets now, as fast as they are taken; return how many: fewer at the end of a capture."""
        left = count
        with self._sending:
            while left and self._fill():
                sent = self.deliver(self._chunk.frames, self._next, min(left, len(self._chunk.frames) - self._next))
                left -= sent
                self._next += sent
                self.sent += sent
        return count - left

    @contextmanager
    def still(self) -> Generator[None]:
        """Deliver nothing while it is open."""
        with self._sending:
            yield

    def give(self, frames: Sequence[bytes]) -> None:
        """Send these frames now, instead of the traffic's, as they are.

        Raises:
            UsageError: One is shorter than an Ethernet header, or longer than what can be delivered.
        """
        for number, frame in enumerate(frames, 1):
            if not SMALLEST <= len(frame) <= self._longest:
                raise UsageError(
                    f"packet {number} has {len(frame):,} bytes: what is sent has {SMALLEST} to {self._longest:,}"
                )
        with self._sending:
            done = 0
            while done < len(frames):
                sent = self.deliver(frames, done, len(frames) - done)
                done += sent
                self.sent += sent

    def _fill(self) -> bool:
        """Have a frame to send next; False where there is none any more."""
        while self._next >= len(self._chunk.frames):
            chunk = next(self._chunks, None)
            if chunk is None:
                self._finished = True
                return False
            self._chunk, self._next = chunk, 0
        return True

    def close(self) -> None:
        """Stop, and release what packets go through; a second call does nothing.

        Raises:
            BpftuiError: The traffic broke off by itself, and why.
        """
        with self._changed:
            if self._closed:
                return
            self._closed = True
            self._rate = self._speed = 0.0
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()
        with self._sending:
            self.release()
        if self._error is not None:
            raise self._error

    def _pace(self) -> None:
        """Send what is due, sleep until more is; ends with `close`, or with the traffic."""
        try:
            while (wanted := self._wait_for_traffic()) is not None and not self._finished:
                rate, speed = wanted
                if speed:
                    self._replay(speed)
                else:
                    self._keep(rate)
        except BpftuiError as error:
            self._error, self._finished = error, True
        self._rate = self._speed = 0.0

    def _wait_for_traffic(self) -> tuple[float, float] | None:
        with self._changed:
            self._changed.wait_for(lambda: self._rate or self._speed or self._closed)
            return None if self._closed else (self._rate, self._speed)

    def _keep(self, rate: float) -> None:
        """Send at *rate* until it is changed. What is due is told by the clock, so that a late tick is made up for."""
        start, sent = self._clock(), 0
        while not self._finished:
            with self._changed:
                if self._rate != rate:
                    return
                now = self._clock()
                if int((now - start) * rate) <= sent:
                    self._changed.wait(max(start + (sent + 1) / rate - now, self.TICK))
                    continue
            owed = (now - start) - sent / rate - self.DEBT
            if owed > 0:
                start += owed
            # In pieces, so that a new rate does not wait until the debt is paid.
            sent += self.send(min(int((now - start) * rate) - sent, self.BATCH))

    def _replay(self, speed: float) -> None:
        """Send packets when they are due, at *speed* times the recorded pace, until that is changed or they end."""
        start: float | None = None
        while True:
            with self._sending:
                if not self._fill():
                    return
                times, place = self._chunk.times or (0,) * len(self._chunk.frames), self._next
            with self._changed:
                if self._speed != speed:
                    return
                now = self._clock()
                if start is None:
                    start = now - times[place] / 1e9 / speed
                wait = times[place] / 1e9 / speed - (now - start)
                if wait > 0:
                    self._changed.wait(min(max(wait, self.TICK), _LONGEST_WAIT))
                    continue
            if -wait > self.DEBT:
                start += -wait - self.DEBT
            due = len(times) if speed == math.inf else bisect_right(times, (now - start) * speed * 1e9)
            self.send(min(max(1, due - place), self.BATCH))
