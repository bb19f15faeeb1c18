"""SIGTERM and SIGHUP for the commands that hold kernel objects: they end like any other way out, in order."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator
    from types import FrameType

__all__ = ["orderly_exit"]


@contextmanager
def orderly_exit() -> Generator[None]:
    """Turn SIGTERM and SIGHUP into KeyboardInterrupt, so that every context manager closes what it owns."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
