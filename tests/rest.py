"""When an app on a screen that nobody sees has done all that was asked of it.

Textual's pilot (8.2) waits by clocks: until 20 ms have passed in which the whole process used less than one of the
processor, and for a second at most. On a busy machine that second is over in the middle of what a key does, on an idle
one the 20 ms are most of what a test takes. The event loop and the threads know better, whatever the time is.

What they cannot know has a time of its own: samples, looks at the machine, what is due later than the next frame. Tests
wait for these by what they bring (`Walk.until`). And nobody rests while the kernel's verifier is at work: a test that
looks at what is under way has the app take a key (`App.simulate_key`), and waits for what it looks at.

While a pilot waits, the app's time stands still. What recurs, as a sample or a cursor that blinks, comes after: on a
slow machine it would be there again before all is done that it brings. A frame is there once nothing else is to be
done, instead of at each sixtieth of a second, when most of what it shows is not there yet; and it is drawn then, not
whenever something is laid out: all these pictures are half of what a test of the screen takes, and nobody sees them.
"""

from __future__ import annotations

import asyncio
import functools
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary, WeakSet

import pytest
import textual.app
import textual.pilot
from textual._context import active_app
from textual.message_pump import MessagePump
from textual.screen import Screen
from textual.timer import Timer

from tests.waiting import PATIENCE, waits

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from textual.app import App
    from textual.message import Message
    from textual.pilot import Pilot

__all__ = ["patient_pilots", "wait_for_rest"]

_TURNS: Final = 3
"""Turns of the loop in which nothing is ready: a message goes from a queue to its handler in one or two."""
_SOON: Final = 0.02
"""Seconds: what is due within is waited for, and frames (each sixtieth); a cursor that blinks is not."""
_SLICES: Final = (0.001, 0.004)
"""Seconds between two looks: those of the first, and, as it gets longer, of the last."""
_MOST: Final = 1000
"""Turns in which something is ready. The longest way of a key through the explorer takes some sixty."""
_FRAMES: Final = 20
"""How many are drawn: what changes with each of them comes of no key."""
_AGAIN: Final = 2
"""How often a thread may begin with the same while it is waited for: what goes on beginning comes of no key."""
_LEAST: Final = 1000
"""Looks before it is said that there will be no rest."""


@dataclass(eq=False)
class _Call:
    """Something that a thread of the loop's pool does, or is to do."""

    loop: asyncio.AbstractEventLoop
    what: str
    """The names of the functions that are called."""
    future: asyncio.Future[Any] | None = None
    thread: int | None = None
    """Which, while it is at it."""

    @property
    def is_over(self) -> bool:
        """Whether it is done, or will never be: it was given up before its turn came."""
        return self.future is not None and self.future.done() and self.thread is None

    @property
    def is_at_work(self) -> bool:
        """Whether something will come of it without anybody's doing: it does not wait for another thread's word."""
        return not self.is_over and (self.thread is None or not waits(self.thread))


class _Wait:
    """A wait for rest."""

    def __init__(self) -> None:
        self.over = asyncio.Event()
        self.held: list[tuple[MessagePump, Message]] = []
        """What threads told meanwhile that have a time of their own, as the one that takes samples."""


_calls: set[_Call] = set()
_waits: WeakKeyDictionary[asyncio.AbstractEventLoop, _Wait] = WeakKeyDictionary()
"""By loop, the wait that is under way."""
_changing = threading.Lock()
_undrawn: WeakSet[Screen[Any]] = WeakSet()
"""Screens that have been laid out, or have changed, since they were drawn."""
_refresh, _update = Screen[Any]._compositor_refresh, Screen[Any]._on_timer_update


@contextmanager
def patient_pilots() -> Generator[None]:
    """Have Textual's pilots wait after all that they do until the app is at rest."""
    begin, press = asyncio.BaseEventLoop.run_in_executor, textual.pilot.Pilot.press
    tick, post = Timer._tick, MessagePump.post_message

    def run_in_executor(loop: Any, executor: Any, work: Callable[..., Any], *arguments: Any) -> asyncio.Future[Any]:
        call = _Call(loop, " ".join(_names(work, *arguments)))

        def run() -> Any:
            call.thread = threading.get_ident()
            try:
                return work(*arguments)
            finally:
                call.thread = None

        call.future = begin(loop, executor, run)
        _calls.add(call)
        return call.future

    async def wait_for_idle(_least: float = 0, _most: float = 1) -> None:
        await wait_for_rest()

    async def wait_for_screen(_pilot: Pilot[Any], _timeout: float = PATIENCE) -> bool:
        await wait_for_rest()
        return True

    async def press_at_rest(pilot: Pilot[Any], *keys: str) -> None:
        await wait_for_rest()  # what the test itself has changed is on the screen
        await press(pilot, *keys)

    async def pause(_pilot: Pilot[Any], delay: float | None = None) -> None:
        # Whoever says for how long looks at what is under way.
        await (wait_for_rest() if delay is None else asyncio.sleep(delay))

    async def tick_after_wait(timer: Timer, **when: Any) -> None:
        if _recurs(timer) and (wait := _waits.get(asyncio.get_running_loop())):
            await wait.over.wait()
            await timer._active.wait()  # it may have been told to stand, or to begin anew
        if not timer._reset:
            await tick(timer, **when)

    def post_after_wait(pump: MessagePump, message: Message) -> bool:
        thread = threading.get_ident()
        if pump._thread_id != thread and not any(call.thread == thread for call in [*_calls]):
            loop = pump.app._loop
            with _changing:
                if loop is not None and (wait := _waits.get(loop)):
                    wait.held.append((pump, message))
                    return True
        return post(pump, message)

    def frame_after_wait(screen: Screen[Any]) -> None:
        if asyncio.get_running_loop() not in _waits:
            _update(screen)

    def refresh_later(screen: Screen[Any]) -> None:
        if screen is not screen.app.screen:
            _refresh(screen)  # says to the one above what has changed
            return
        _undrawn.add(screen)
        screen._dirty_widgets.clear()
        screen.app._update_mouse_over(screen)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asyncio.BaseEventLoop, "run_in_executor", run_in_executor)
        for module in (textual.app, textual.pilot):
            patch.setattr(module, "wait_for_idle", wait_for_idle)
        patch.setattr(textual.pilot.Pilot, "_wait_for_screen", wait_for_screen)
        patch.setattr(textual.pilot.Pilot, "pause", pause)
        patch.setattr(textual.pilot.Pilot, "press", press_at_rest)
        patch.setattr(Timer, "_tick", tick_after_wait)
        patch.setattr(MessagePump, "post_message", post_after_wait)
        patch.setattr(Screen, "_on_timer_update", frame_after_wait)
        patch.setattr(Screen, "_compositor_refresh", refresh_later)
        yield


async def wait_for_rest(seconds: float = PATIENCE) -> None:
    """Wait until nothing is ready in the event loop, nothing due soon, and no thread at work for it.

    Then every message has been handled, with those that came of it, and what they changed has been drawn. An app that
    is told something again and again does not rest where the machine is slow: there, what had been begun is over after
    so many turns.

    Raises:
        AssertionError: A thread, or something that is due, never comes to its end.
    """
    loop: Any = asyncio.get_running_loop()
    while before := _waits.get(loop):
        await before.over.wait()
    wait = _waits[loop] = _Wait()
    try:
        await _wait(loop, time.monotonic() + seconds)
    finally:
        with _changing:
            del _waits[loop]
        wait.over.set()
        for pump, message in wait.held:
            pump.post_message(message)


async def _wait(loop: Any, stop: float) -> None:
    waited = busy = quiet = frames = 0
    begun: dict[str, set[_Call]] = {}
    slice_, longest = _SLICES
    while quiet < _TURNS and busy < _MOST:
        await asyncio.sleep(0)
        if why := _at_work(loop, begun):
            quiet = 0
        elif loop._ready:
            quiet, busy = 0, busy + 1
            continue
        elif not (why := _due(loop)):
            quiet += 1
            if quiet == _TURNS and frames < _FRAMES and _frame():
                quiet, frames = 0, frames + 1
            continue
        await asyncio.sleep(min(slice_ * (1 + waited // 8), longest))
        waited += 1
        # By looks as well: a machine that stood still for a while has done nothing in that time.
        assert waited < _LEAST or time.monotonic() < stop, f"the app does not come to rest: {why}"


def _frame() -> bool:
    """Do what is to be done with the next frame, and when nothing is, draw it; return whether there was something."""
    app = active_app.get(None)
    if app is None or app._exit:  # one that is being left draws no more
        return False
    screens = [screen for stack in app._screen_stacks.values() for screen in stack]
    if due := [screen for screen in screens if screen._update_timer._active.is_set()]:
        _do(app, _update, due)
        return True
    if undrawn := [screen for screen in screens if screen in _undrawn]:
        _undrawn.difference_update(undrawn)
        _do(app, _refresh, undrawn)
    return bool(undrawn)


def _do(app: App[Any], what: Callable[[Screen[Any]], None], screens: list[Screen[Any]]) -> None:
    for screen in screens:
        with screen._context():
            try:
                what(screen)
            except Exception as error:  # as Textual does
                app._handle_exception(error)


def _at_work(loop: object, begun: dict[str, set[_Call]]) -> list[str]:
    """Return what threads do for the app, but for what they begin again and again.

    Args:
        loop: The app's.
        begun: By what it is, what has been seen to begin since the waiting began.
    """
    _calls.difference_update([call for call in _calls if call.is_over])
    for call in _calls:
        begun.setdefault(call.what, set()).add(call)
    return [call.what for call in _calls if call.loop is loop and call.is_at_work and len(begun[call.what]) <= _AGAIN]


def _names(*called: object) -> Iterator[str]:
    """Yield the names of functions, of those in them as well, as `asyncio.to_thread` and workers pack them."""
    for each in called:
        if isinstance(each, functools.partial):
            yield from _names(each.func, *each.args)
        elif callable(each):
            yield getattr(each, "__qualname__", repr(each))


def _due(loop: Any) -> list[object]:
    """Return what happens soon, but for frames, and for what happens again and again: that comes after the wait."""
    soon = loop.time() + _SOON
    return [handle for handle in loop._scheduled if not handle.cancelled() and _is_due(handle, soon)]


def _is_due(handle: Any, soon: float) -> bool:
    timer = _timer(handle)
    if timer is None or timer._repeat is not None:
        return handle.when() < soon
    if _recurs(timer) or not timer._active.is_set() or (timer._callback is not None and timer.name == "screen_update"):
        return False
    app = active_app.get(None)
    return not (app is None or app._exit)  # what moves; it may come two frames from now


def _recurs(timer: Timer) -> bool:
    return timer._repeat is None and timer._interval > _SOON


def _timer(handle: Any) -> Timer | None:
    """Return the timer of Textual's that is woken up, if it is one."""
    for future in handle._args or ():
        for callback, _ in getattr(future, "_callbacks", None) or ():
            task = getattr(callback, "__self__", None)
            if isinstance(task, asyncio.Task):
                coroutine: Any = task.get_coro()
                if coroutine.cr_code is Timer._run_timer.__code__ and coroutine.cr_frame is not None:
                    return coroutine.cr_frame.f_locals["self"]
    return None
