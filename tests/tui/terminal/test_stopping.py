"""ctrl+z stops the explorer between two turns of its loop, and what goes on has the terminal again."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any

from textual.app import App
from textual.drivers.headless_driver import HeadlessDriver

from bpftui.tui.driver import guarded

if TYPE_CHECKING:
    import pytest


async def test_a_stop_waits_for_the_end_of_the_turn_that_it_interrupts() -> None:
    """Who is interrupted may hold the lock of what is written to the terminal, and giving it up would wait for that."""
    told: list[str] = []

    class Terminal(HeadlessDriver):
        """What Textual's driver of a terminal does with signals, without a terminal."""

        def start_application_mode(self) -> None:
            told.append("begins")

        def _sigtstp_application(self, *_arguments: Any) -> None:
            self.suspend_application_mode()
            told.append("stopped")

        def _sigcont_application(self, *_arguments: Any) -> None:
            told.append("goes on")
            self.resume_application_mode()

    app: App[None] = App()
    driver: Any = guarded(Terminal, lambda _message: False)(app)
    driver.start_application_mode()
    driver._sigtstp_application()
    told.append("the turn is over")
    await asyncio.sleep(0)
    driver._sigcont_application()
    assert told == ["begins", "the turn is over", "stopped", "goes on", "begins"]


def test_a_stop_after_the_app_has_ended_gives_nothing_up_and_takes_nothing_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The handlers are there until the process ends, or the next app takes them; the loop of this one is over."""
    told: list[str] = []

    class Terminal(HeadlessDriver):
        """Textual's handlers, without a terminal."""

        def start_application_mode(self) -> None:
            told.append("begins")

        def _sigtstp_application(self, *_arguments: Any) -> None:
            told.append("gives up")

        def _sigcont_application(self, *_arguments: Any) -> None:
            told.append("takes back")

    async def begun() -> Any:
        app: App[None] = App()
        driver: Any = guarded(Terminal, lambda _message: False)(app)
        driver.start_application_mode()
        return driver

    driver = asyncio.run(begun())
    monkeypatch.setattr(os, "kill", lambda process, _number: told.append(f"stops {process == os.getpid()}"))
    driver._sigtstp_application()
    driver._sigcont_application()
    assert told == ["begins", "stops True"]
