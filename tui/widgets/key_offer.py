"""KeyOffer: tells the key bar when a widget offers other keys than before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.actions import parse

if TYPE_CHECKING:
    from textual.widget import Widget

__all__ = ["KeyOffer"]


class KeyOffer:
    """What of a widget's keys the bar shows, as `check_action` had it last.

    The bar looks at all keys of the screen; a widget whose cursor moves with each key asks for that only where its
    answer is another one.

    Args:
        widget: Whose keys they are.
    """

    def __init__(self, widget: Widget) -> None:
        self._widget = widget
        self._actions: list[tuple[str, tuple[object, ...]]] | None = None
        self._last: list[bool | None] = []

    def follow(self) -> None:
        """Let the bar look again where other things can be done here than before."""
        widget = self._widget
        if not widget.is_mounted:
            return
        if self._actions is None:
            bindings = widget._bindings.key_to_bindings.values()  # pyright: ignore[reportPrivateUsage]
            shown = dict.fromkeys(each.action for same in bindings for each in same if each.show)
            self._actions = [(parsed[1], parsed[2]) for parsed in map(parse, shown)]
        now = [widget.check_action(*each) for each in self._actions]
        if now != self._last:
            self._last = now
            widget.refresh_bindings()
