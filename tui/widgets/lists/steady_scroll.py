"""SteadyScroll: what keeps its scrollbars as they are where nothing of them changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.geometry import Size
    from textual.scroll_view import ScrollView

    _Scrolled = ScrollView
else:
    _Scrolled = object  # no widget itself, for Textual inherits styles from the first

__all__ = ["SteadyScroll"]


class SteadyScroll(_Scrolled):
    """What makes a scroll view stay as it is in a layout that gives it the room that it has.

    Textual takes the room around it for its own, finds that it is another one with each layout of the screen, and draws
    its scrollbars anew, from the top to the bottom.
    """

    _room: tuple[object, ...] = ()

    def _size_updated(self, size: Size, virtual_size: Size, container_size: Size, layout: bool = True) -> bool:
        room = (size, container_size, self.virtual_size, self.scrollbars_enabled, self.scrollbar_gutter)
        if room == self._room:
            return False
        self._room = room
        return super()._size_updated(size, virtual_size, container_size, layout)
