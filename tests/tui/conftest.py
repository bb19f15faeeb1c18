"""An explorer on a screen that nobody sees."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bpftui.core.live import Session
from bpftui.core.spec import CollectionSpec
from bpftui.tui.app import BpftuiApp
from bpftui.tui.screens.explorer import ExplorerScreen
from bpftui.tui.widgets.key_bar import KeyBar
from bpftui.tui.widgets.message_line import MessageLine
from bpftui.tui.widgets.status_line import StatusLine
from tests.tui.fakes import FakeRuntime
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from textual.app import App
    from textual.pilot import Pilot

    from bpftui.core.runtime import Runtime
    from bpftui.tui.status import Status

ROOT = Path(__file__).parents[2]
SIZES = [(80, 24), (120, 40)]
THEMES = ["bpftui-dark", "bpftui-light"]


def screen_text(app: App[Any]) -> str:
    """Return what stands on the screen of an app, line by line."""
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)


@dataclass
class Walk:
    """A user at the keyboard."""

    app: BpftuiApp
    pilot: Pilot[Any]
    runtime: Runtime

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.pilot.press(key)
        await self.settle()

    async def hurry(self, *keys: str) -> None:
        """Press keys without a pause, as a quick hand does."""
        for key in keys:
            self.app.simulate_key(key)
        await self.settle()

    async def settle(self) -> None:
        """Wait until every key has done what it does."""
        await self.pilot.pause()
        await self.until(lambda: self.app.type_ahead.idle)
        await self.pilot.pause()

    @property
    def screen(self) -> str:
        """What stands on the screen, line by line."""
        return screen_text(self.app)

    async def type(self, text: str) -> None:
        await self.press(*text)

    async def until(self, what: Callable[[], bool], seconds: float = PATIENCE) -> None:
        """Wait for *what*."""
        stop = time.monotonic() + seconds
        while not what():
            assert time.monotonic() < stop, f"it never happened:\n{self.screen}"
            await self.pilot.pause(0.02)

    @property
    def explorer(self) -> ExplorerScreen:
        screen = self.app.screen_stack[0]
        assert isinstance(screen, ExplorerScreen)
        return screen

    @property
    def status(self) -> Status:
        return self.explorer.query_one(StatusLine).status

    @property
    def message(self) -> str:
        """What the message line says, in one line."""
        return " ".join(self.explorer.message_line.render().plain.split())

    @property
    def footer(self) -> list[str]:
        """What the footer offers."""
        return [key.description for key in self.explorer.query_one(KeyBar).keys]


def let_messages_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have what is said stay, however slow the machine is."""
    say = MessageLine.say
    monkeypatch.setattr(
        MessageLine, "say", lambda line, text, severity="", seconds=0.0: say(line, text, severity, 3600)
    )


@pytest.fixture
def explore(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Return what opens an object. What is said there stays."""
    let_messages_stay(monkeypatch)

    @asynccontextmanager
    async def opened(
        path: str = "bpf/traffic.o",
        *,
        size: tuple[int, int] = (120, 40),
        theme: str = "bpftui-dark",
        runtime: Runtime | None = None,
        furnished: bool = True,
        messages: bool = False,
        **options: Any,
    ) -> AsyncGenerator[Walk]:
        runtime = runtime or FakeRuntime()
        owner = Session(CollectionSpec.from_file(ROOT / path), runtime)
        app = BpftuiApp(owner, runtime="vm", **options)
        app.theme = theme
        app.operations.monitor.interval = 0.2
        try:
            async with app.run_test(size=size, notifications=messages) as pilot:
                if furnished:
                    await asyncio.wait_for(app.explorer.furnished.wait(), PATIENCE)
                    await pilot.pause()
                yield Walk(app, pilot, runtime)
        finally:
            for each in app.objects:
                each.operations.close()

    return opened
