"""Timers and work queues: callbacks that run when their time has come and no program runs.

The machine interrupts nobody. What is due is called at the end of a run, and before somebody from outside looks at a
map: whoever looks sees what has happened until then. With a clock of the settings that is the same each time.
"""

from __future__ import annotations

import errno
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..engine.errors import RunError

if TYPE_CHECKING:
    from ..engine.calls import Calls
    from ..maps import Store
    from .host import Host

__all__ = ["Timer", "Timers"]

_MOST: Final = 1 << 16


@dataclass(slots=True, eq=False)
class Timer:
    """A timer, or a piece of work, within the value of a map."""

    address: int
    """Of the `struct bpf_timer` or `struct bpf_wq`."""
    map_address: int
    store: Store
    callback: int = 0
    """The address of the function; 0 until one is set."""
    due: int | None = None
    """When it is to be called, by `Host.now`; None while it is not armed."""
    turn: int = 0
    """Which of all that were armed it is: those with the same time are called in that order."""


class Timers:
    """The timers of one collection."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._timers: dict[int, Timer] = {}
        self._armed: set[Timer] = set()
        self._turns = 0
        self._running: Timer | None = None
        host.background.append(self.run_due)
        host.releases.append(self._release)

    def init(self, address: int, map_address: int) -> int:
        """Begin to know a timer; return 0 or the error."""
        store = self._host.maps[map_address]
        if address in self._timers:
            return -errno.EBUSY
        if store.key_at(address) is None:
            raise RunError(f"{address:#x} lies in no value of map {store.name}")
        if len(self._timers) >= _MOST:
            self._forget_deleted()
        if len(self._timers) >= _MOST:
            return -errno.ENOMEM
        self._timers[address] = Timer(address, map_address, store)
        return 0

    def _release(self, place: int, _size: int) -> None:
        if (timer := self._timers.pop(place, None)) is not None:
            self._armed.discard(timer)

    def _forget_deleted(self) -> None:
        gone = [address for address, timer in self._timers.items() if timer.store.key_at(address) is None]
        for address in gone:
            self._armed.discard(self._timers.pop(address))

    def set_callback(self, address: int, callback: int) -> int:
        """Set what is called; return 0 or the error."""
        timer = self._timers.get(address)
        if timer is None:
            return -errno.EINVAL
        timer.callback = callback
        return 0

    def start(self, address: int, due: int) -> int:
        """Arm a timer, anew if it is; return 0 or the error."""
        timer = self._timers.get(address)
        if timer is None or not timer.callback:
            return -errno.EINVAL
        timer.due = due
        self._turns += 1
        timer.turn = self._turns
        self._armed.add(timer)
        return 0

    def cancel(self, address: int) -> int:
        """Disarm a timer and forget its callback; return whether it was armed, or the error."""
        timer = self._timers.get(address)
        if timer is None:
            return -errno.EINVAL
        if timer is self._running:
            return -errno.EDEADLK
        timer.callback = 0
        was_armed = timer in self._armed
        self._armed.discard(timer)
        return int(was_armed)

    @property
    def next_due(self) -> int | None:
        """When the next one is to be called, by `Host.now`; None where none is armed."""
        return min((timer.due for timer in self._armed if timer.due is not None), default=None)

    def run_due(self) -> Calls[None]:
        """Call what is due, and not what is armed meanwhile.

        Raises:
            RunError: A callback was stopped; it is not armed any more.
        """
        if not self._armed:
            return
        now, last = self._host.now(), self._turns
        due = [timer for timer in self._armed if timer.due is not None and timer.due <= now]
        for timer in sorted(due, key=lambda timer: (timer.due, timer.turn)):
            if timer in self._armed and timer.turn <= last:
                self._armed.discard(timer)
                yield from self._call(timer)

    def _call(self, timer: Timer) -> Calls[None]:
        host = self._host
        key, value = timer.store.key_at(timer.address), host.memory.find(timer.address)
        if key is None or value is None:
            # Its element was deleted.
            self._timers.pop(timer.address, None)
            return
        stride = timer.store.shape.stride
        place = value.base + (timer.address - value.base) // stride * stride
        region = host.memory.map("the key of a callback", key, writable=False)
        self._running = timer
        try:
            yield timer.callback, timer.map_address, region.base, place
        except RunError as error:
            error.message = f"a timer of map {timer.store.name} was stopped: {error.message}"
            error.args = (error.message,)
            raise
        finally:
            self._running = None
            host.memory.unmap(region)
