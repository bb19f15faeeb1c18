"""Keys of a quick hand: they wait until what they are meant for is there."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar

from textual.screen import Screen

from bpftui.tui.base_app import BaseApp

if TYPE_CHECKING:
    from textual.binding import BindingType


class Slow(Screen[None]):
    """A screen that is not there for as long as the test wants, and looks for what is in it at a key."""

    BINDINGS: ClassVar[list[BindingType]] = [("x", "note", "Note")]

    def __init__(self) -> None:
        super().__init__()
        self.come = asyncio.Event()
        self.noted: list[bool] = []

    async def on_mount(self) -> None:
        await self.come.wait()

    def action_note(self) -> None:
        self.noted.append(self.is_mounted)


async def test_a_key_that_nobody_took_means_nothing_on_a_screen_that_is_only_coming() -> None:
    app, screen = BaseApp[None](), Slow()
    async with app.run_test():
        coming = app.push_screen(screen)
        assert not await app._check_bindings("x")  # pyright: ignore[reportPrivateUsage]
        screen.come.set()
        await coming
        assert await app._check_bindings("x")  # pyright: ignore[reportPrivateUsage]
        assert screen.noted == [True]
