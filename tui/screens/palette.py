"""Palette: the command palette, in which enter means what was typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.command import CommandList, CommandPalette
from textual.widgets import Input

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from textual.command import Command, DiscoveryHit, Hit

__all__ = ["Palette"]


class Palette(CommandPalette):
    """Where enter comes before the hits of what was typed, it waits for them.

    Textual's own takes the first of the list that is still there then: `:40` typed quickly would load the object.
    Keys that came before it was open are not in its text, so enter alone takes nothing.
    """

    _searched: str | None = None
    """What the last search was for."""
    _listed: str | None = None
    """What the list belongs to; None before there is one."""
    _entered = False
    """Whether the first hit is to be taken as soon as it is there."""

    @on(Input.Changed)
    def forget_enter(self) -> None:
        """Take nothing: something else is being typed."""
        self._entered = False

    @on(Input.Submitted)
    def wait_for_hits(self, event: Input.Submitted) -> None:
        """Wait for the hits, where they are not there yet; without a text, only what was chosen is taken."""
        text = event.value.strip()
        unchosen = not text and not self.query_one(CommandList).highlighted
        if unchosen or self._listed != text:
            self._entered = not unchosen
            event.stop()
            event.prevent_default()

    def _search_for(self, search_value: str) -> AsyncGenerator[DiscoveryHit | Hit, bool]:
        self._searched = search_value
        return super()._search_for(search_value)

    def _refresh_command_list(self, command_list: CommandList, commands: list[Command], clear_current: bool) -> None:
        super()._refresh_command_list(command_list, commands, clear_current)
        self._listed = self._searched
        if self._entered:
            self._entered = False
            self.call_later(self._select_or_command)
