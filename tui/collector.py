"""Collector: the garbage collector looks at all that there is while nobody waits for the screen.

By itself Python does so again and again as an analysis makes objects, whichever thread makes them, and all threads
stand still meanwhile: 0.1 to 0.4 seconds with a program of 500,000 instructions. What is young is looked at as ever,
which takes some milliseconds.
"""

from __future__ import annotations

import gc
import time
from typing import Final

__all__ = ["LOOK", "Collector"]

LOOK: Final = 1.0
"""Seconds between two calls of `look`."""
_YOUNG: Final = 700
"""New objects after which the young are looked at, and …"""
_OLDER: Final = 10
"""… how often they are until those that survived it are: both are Python's own."""
_NEVER: Final = 1 << 30
_DUE: Final = ((10, 2.0), (40, 0.3), (400, 0.0))
"""After more than so many looks at those all are to be looked at, where no key was pressed and no mouse was moved for
so many seconds: 40 are up to 280,000 new objects, which take some 20 milliseconds."""
_LONG: Final = 0.03
"""Seconds of a look after which what survived is never looked at again: it is an analysis, and stays."""


class Collector:
    """Decides when all objects are looked at. Whoever runs the event loop calls `look` every `LOOK` seconds."""

    def __init__(self) -> None:
        self._touched = time.monotonic()

    def begin(self) -> None:
        """Turn the collector on; what there is by now stays to the end, and is not looked at again."""
        gc.freeze()
        gc.set_threshold(_YOUNG, _OLDER, _NEVER)
        gc.enable()

    def touch(self) -> None:
        """Note that somebody is there."""
        self._touched = time.monotonic()

    def look(self) -> None:
        """Look at all objects, where it is time to and nobody notices."""
        looks, start = gc.get_count()[2], time.monotonic()
        if not any(looks > many and start - self._touched >= seconds for many, seconds in _DUE):
            return
        gc.collect()
        if time.monotonic() - start > _LONG:
            gc.freeze()
