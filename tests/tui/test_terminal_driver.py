"""What keys the driver makes of bytes, and how long it waits for more of them."""

from __future__ import annotations

import os
import selectors
import threading
from types import SimpleNamespace
from typing import TYPE_CHECKING

from textual import constants
from textual.events import Key, Paste

from bpftui.tui.terminal_driver import TerminalDriver

if TYPE_CHECKING:
    import pytest
    from textual.message import Message


class Driver(TerminalDriver):
    """One that reads from a pipe until it has read so many messages."""

    def __init__(self, text: bytes, count: int) -> None:
        self.fileno, self.other_end = os.pipe()
        os.write(self.other_end, text)
        self.exit_event = threading.Event()
        self._debug = False
        self._count = count
        self.read: list[Message] = []

    def process_message(self, message: Message) -> None:
        self.read.append(message)
        if len(self.read) == self._count:
            self.exit_event.set()


def read(text: bytes, count: int, monkeypatch: pytest.MonkeyPatch) -> tuple[list[Message], list[float]]:
    """Return what a driver reads of a text, and how long it was ready to wait for more each time nothing came."""
    monkeypatch.setattr(constants, "ESCAPE_DELAY", 0.03)
    waits: list[float] = []
    select = selectors.SelectSelector.select

    def waited(self: selectors.SelectSelector, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = select(self, timeout)
        if not ready and timeout is not None:
            waits.append(timeout)
        return ready

    monkeypatch.setattr(selectors.SelectSelector, "select", waited)
    driver = Driver(text, count)
    driver.run_input_thread()
    os.close(driver.fileno)
    os.close(driver.other_end)
    return driver.read, waits


def keys(messages: list[Message]) -> list[str]:
    assert all(isinstance(each, Key) for each in messages)
    return [each.key for each in messages if isinstance(each, Key)]


def test_escape_is_a_key_as_soon_as_nothing_has_followed_for_its_delay(monkeypatch: pytest.MonkeyPatch) -> None:
    found, (*waits, last) = read(b"\x1b", 1, monkeypatch)
    assert keys(found) == ["escape"]
    assert waits
    assert sum(waits) <= 0.03
    assert last == 0.1, "what the terminal still answers is waited for at the end"


def test_a_sequence_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    found, waits = read(b"j\x1b[Ak", 3, monkeypatch)
    assert keys(found) == ["j", "up", "k"]
    assert waits == [0.1]


def test_what_is_no_utf_8_is_shown_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    found, _ = read(b"\x1b[200~Stra\xdfe\x1b[201~x", 2, monkeypatch)
    assert isinstance(found[0], Paste)
    assert found[0].text == "Stra\N{REPLACEMENT CHARACTER}e"
    assert keys(found[1:]) == ["x"]


def test_a_terminal_that_has_gone_ends_the_app() -> None:
    driver = Driver(b"j", 2)
    os.close(driver.other_end)
    ended: list[object] = []
    driver._app = SimpleNamespace(exit="exit", call_later=ended.append)  # pyright: ignore[reportAttributeAccessIssue]
    driver.run_input_thread()
    os.close(driver.fileno)
    assert keys(driver.read) == ["j"]
    assert ended == ["exit"]
