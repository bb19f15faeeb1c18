"""What the explorer and the lists before it have in common."""

from __future__ import annotations

import selectors
import threading
from typing import TYPE_CHECKING

import pytest
from textual.screen import Screen

from bpftui.tui.base_app import BaseApp, _Selector  # pyright: ignore[reportPrivateUsage]

if TYPE_CHECKING:
    from collections.abc import Callable


class Told(Screen[None]):
    """A screen that is told something that it cannot take."""

    def take(self) -> None:
        raise ZeroDivisionError


def tell(app: BaseApp[None], callback: Callable[[], object]) -> None:
    """Have a thread call something in the event loop; the thread itself may fail unheard."""
    app.run_worker(lambda: app.call_from_thread(callback), thread=True, exit_on_error=False, description="tell")


async def told_by_a_thread() -> None:
    app, screen = BaseApp[None](), Told()
    async with app.run_test() as pilot:
        await app.push_screen(screen)
        tell(app, screen.take)
        while app.is_running:
            await pilot.pause(0.01)


async def test_what_is_raised_in_the_event_loop_for_a_thread_ends_the_app() -> None:
    with pytest.raises(ZeroDivisionError):
        await told_by_a_thread()


async def test_a_screen_that_was_left_meanwhile_is_no_news() -> None:
    app, screen, told = BaseApp[None](), Told(), list[str]()
    async with app.run_test() as pilot:
        await app.push_screen(screen)
        await app.pop_screen()
        tell(app, screen.take)
        tell(app, lambda: told.append("after it"))
        while not told:
            await pilot.pause(0.01)
    assert told == ["after it"]


def test_a_loop_that_has_something_to_do_asks_what_came_only_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    now, asked = 100.0, list[float | None]()
    monkeypatch.setattr("bpftui.tui.base_app.time.monotonic", lambda: now)
    monkeypatch.setattr(selectors.DefaultSelector, "select", lambda _, timeout=None: asked.append(timeout) or [])
    selector = _Selector()
    for timeout in (0, 0, None, 0, 1.5):
        selector.select(timeout)
    assert asked == [0, None, 1.5]
    now += 0.1
    selector.select(0)
    assert asked == [0, None, 1.5, 0]
    selector.close()


def test_a_worker_waits_while_the_loop_does_something_but_once(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float | None] = []
    monkeypatch.setattr(selectors.DefaultSelector, "select", lambda _, timeout=None: [])
    selector = _Selector()
    monkeypatch.setattr(selector._idle, "wait", waited.append)

    def work() -> None:
        selector.give_way()
        selector.give_way()

    def worked() -> int:
        waited.clear()
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        return len(waited)

    assert worked() == 0  # nothing has come yet
    selector.select(1.5)
    assert worked() == 1
    waited.clear()
    work()
    assert waited == []  # in the loop's own thread
    selector.select(1.5)
    assert worked() == 1
    monkeypatch.setattr(selectors.DefaultSelector, "select", lambda _, timeout=None: [worked()])
    assert selector.select(1.5) == [0]
    selector.close()
