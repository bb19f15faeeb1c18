"""Pilots wait until the app is at rest: for all that has been begun, however slow the machine is."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

import pytest
from textual import events
from textual.app import App

from tests import rest
from tests.rest import wait_for_rest


class ChainApp(App[None]):
    """Does for a key what is told: one thing after the other, each begun by the one before."""

    def __init__(self) -> None:
        super().__init__()
        self.done: list[str] = []
        self.gate = threading.Event()
        self.frames = 0

    def post_display_hook(self) -> None:
        self.frames += 1

    def on_key(self, event: events.Key) -> None:
        getattr(self, f"key_of_{event.key}")()

    def key_of_m(self, left: int = 50) -> None:
        """Go through the queue so many times."""
        if left:
            self.call_later(self.key_of_m, left - 1)
        else:
            self.done.append("messages")

    def key_of_w(self) -> None:
        """Have a worker's thread do something that takes its time."""

        def work() -> None:
            time.sleep(0.05)
            self.call_from_thread(self.done.append, "worker")

        self.run_worker(work, thread=True)

    def key_of_t(self) -> None:
        """Have a coroutine wait for a thread."""

        async def work() -> None:
            await asyncio.to_thread(time.sleep, 0.05)
            self.done.append("thread")

        self.run_worker(work())

    def key_of_f(self) -> None:
        """Do something with the next frame, and something after that."""
        self.refresh()
        self.call_after_refresh(lambda: self.set_timer(0.01, lambda: self.done.append("frame")))

    def key_of_g(self) -> None:
        """Have a thread wait for what somebody else is to say."""

        def work() -> None:
            self.gate.wait()
            self.call_from_thread(self.done.append, "gate")

        self.run_worker(work, thread=True)

    def key_of_x(self) -> None:
        """Leave, with something to be drawn still."""
        self.refresh()
        self.screen._update_timer.resume()
        self.exit()

    def key_of_d(self, left: int = 50) -> None:
        """Change what is on the screen so many times."""
        self.screen.refresh()
        if left:
            self.call_later(self.key_of_d, left - 1)

    def key_of_i(self) -> None:
        """Do something again and again, which begins before a thread has done what the key had it do."""
        self.set_interval(0.025, lambda: self.done.append("again"))
        self.key_of_w()

    def key_of_s(self) -> None:
        """Have a thread of its own tell again and again that it is time to do something, and more than there is."""

        def tell() -> None:
            while not self.gate.is_set():
                self.post_message(events.Callback(callback=lambda: self.done.append("sample")))
                time.sleep(0.0005)

        threading.Thread(target=tell, daemon=True).start()
        self.key_of_w()

    def key_of_r(self) -> None:
        """Do something again and again, without a pause on a machine as slow as this."""
        self.set_interval(0.03, lambda: time.sleep(0.03))

    def key_of_a(self) -> None:
        """Have threads do something again and again, one after the other without a pause."""

        async def work() -> None:
            while True:
                await asyncio.to_thread(time.sleep, 0.03)

        self.run_worker(work())


@pytest.fixture(autouse=True)
def no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the machine stand still for ten seconds before each look at the clock."""
    now = time.monotonic()

    def monotonic() -> float:
        nonlocal now
        now += 10
        return now

    monkeypatch.setattr(rest, "time", _Time(monotonic))


class _Time:
    def __init__(self, monotonic: Any) -> None:
        self.monotonic = monotonic


@pytest.mark.parametrize(("key", "done"), [("m", "messages"), ("w", "worker"), ("t", "thread"), ("f", "frame")])
async def test_a_key_has_been_pressed_when_all_that_it_does_is_done(key: str, done: str) -> None:
    app = ChainApp()
    async with app.run_test() as pilot:
        await pilot.press(key)
        assert app.done == [done]
        app.simulate_key(key)
        await pilot.pause()
        assert app.done == [done, done]


async def test_a_thread_that_waits_for_a_word_is_waited_for_when_it_has_it() -> None:
    app = ChainApp()
    async with app.run_test() as pilot:
        await pilot.press("g", "m")
        assert app.done == ["messages"]
        app.gate.set()
        await pilot.pause()
        assert app.done == ["messages", "gate"]


async def test_an_app_that_is_left_draws_no_more() -> None:
    app = ChainApp()
    async with app.run_test() as pilot:
        await pilot.press("x")
        assert app._exit


async def test_what_happens_again_and_again_is_not_waited_for() -> None:
    app = ChainApp()
    async with app.run_test() as pilot:
        await pilot.press("r", "m", "m")
        assert app.done == ["messages", "messages"]
        await pilot.press("a", "m", "w")
        assert app.done == ["messages", "messages", "messages", "worker"]


async def test_what_recurs_comes_when_all_is_done_that_a_key_does() -> None:
    app = ChainApp()
    async with app.run_test() as pilot:
        await pilot.press("i")
        assert app.done[0] == "worker"
        while "again" not in app.done:
            await pilot.pause()


async def test_what_a_thread_tells_that_has_a_time_of_its_own_comes_when_all_is_done_that_a_key_does() -> None:
    app = ChainApp()
    async with app.run_test() as pilot:
        try:
            await pilot.press("s")
            assert app.done[0] == "worker"
            while "sample" not in app.done:
                await pilot.pause()
        finally:
            app.gate.set()


async def test_what_a_key_changes_is_drawn_once() -> None:
    app = ChainApp()
    async with app.run_test() as pilot:
        before = app.frames
        await pilot.press("d")
        assert app.frames == before + 1


async def test_what_is_told_without_a_pause_is_left_alone_and_a_thread_without_an_end_is_said() -> None:
    async def turn() -> None:
        while True:
            await asyncio.sleep(0)

    task = asyncio.create_task(turn())
    await wait_for_rest()
    task.cancel()
    is_over = threading.Event()

    def work() -> None:
        while not is_over.is_set():
            time.sleep(0.001)

    thread = asyncio.create_task(asyncio.to_thread(work))
    with pytest.raises(AssertionError, match=r"the app does not come to rest: .*work"):
        await wait_for_rest()
    is_over.set()
    await thread
