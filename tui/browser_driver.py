"""The driver of an explorer that `bpftui serve` shows in a browser: Textual's, which speaks in packets over pipes."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from typing import Final

from textual.drivers.web_driver import WebDriver

__all__ = ["BrowserDriver"]

_TAKEN: Final = (signal.SIGINT, signal.SIGTERM)
"""What Textual's driver (8.2) handles by itself, by which the guardian would learn of no signal any more."""


class BrowserDriver(WebDriver):
    """Textual's driver for the web, in a process that ends as one of a terminal does."""

    def start_application_mode(self) -> None:
        """Begin to draw, and leave signals to whom they were for."""
        loop = asyncio.get_running_loop()
        handlers = {number: signal.getsignal(number) for number in _TAKEN}
        wakeup = signal.set_wakeup_fd(-1)
        try:
            super().start_application_mode()
        finally:
            for number, handler in handlers.items():
                loop.remove_signal_handler(number)
                signal.signal(number, handler)
            signal.set_wakeup_fd(wakeup, warn_on_full_buffer=False)

    def run_input_thread(self) -> None:
        """Read until there is no more: whoever looked has gone, as a terminal hangs up."""
        super().run_input_thread()
        if not self.exit_event.is_set():
            os.kill(os.getpid(), signal.SIGHUP)

    def write(self, data: str) -> None:
        """Draw, if there is somebody who looks."""
        with contextlib.suppress(BrokenPipeError):
            super().write(data)

    def write_meta(self, data: dict[str, object]) -> None:
        """Say something to the server, if it is there."""
        with contextlib.suppress(BrokenPipeError):
            super().write_meta(data)
