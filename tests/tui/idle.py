"""When an app on a screen that nobody sees has done all that it does by itself.

Textual's pilot waits by the processor's time: until 20 ms have passed in which the whole process used less than one. On
a busy machine that says too little, on an idle one it is most of what a test takes. The event loop knows better.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import pytest
import textual.app
import textual.pilot
from textual._context import active_app

if TYPE_CHECKING:
    from collections.abc import Generator

    from textual.app import App

__all__ = ["quick_pilots", "wait_for_idle"]

_TURNS: Final = 3
"""Turns of the loop in which nothing is ready: a message goes from a queue to its handler in one or two."""
_SOON: Final = 0.02
"""Seconds: what is due within is waited for, such as the next frame (a sixtieth); a cursor that blinks is not."""
_SLICE: Final = 0.001


@contextmanager
def quick_pilots() -> Generator[None]:
    """Have Textual's pilots wait for what the app has to do, not for the processor's time."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (textual.app, textual.pilot):
            patch.setattr(module, "wait_for_idle", wait_for_idle)
        yield


async def wait_for_idle(min_sleep: float = 0, max_sleep: float = 1) -> None:
    """Wait until nothing is ready, nothing due soon, and no thread at work; *max_sleep* seconds at most.

    In the place of `textual._wait.wait_for_idle`, whose parameters it has.
    """
    loop: Any = asyncio.get_running_loop()
    stop = time.monotonic() + max_sleep
    quiet = 0
    while quiet < _TURNS and time.monotonic() < stop:
        await asyncio.sleep(0)
        due = [timer.when() for timer in loop._scheduled if not timer.cancelled()]
        if loop._ready:
            quiet = 0
        elif (due and min(due) < loop.time() + _SOON) or _at_work():
            quiet = 0
            await asyncio.sleep(_SLICE)
        else:
            quiet += 1


def _at_work() -> bool:
    """Whether a thread works for the app. What is no thread is seen in the loop, or waits for an answer of the user."""
    try:
        app: App[Any] = active_app.get()
    except LookupError:
        return False
    return any(worker.is_running and worker._thread_worker for worker in app.workers)
