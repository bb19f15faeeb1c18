"""KeyBar: the footer, with what matters most now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.widgets import Footer
from textual.widgets._footer import FooterKey

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.screen import Screen

__all__ = ["KeyBar"]

_MAX_KEYS: Final = 8

_ORDER: Final = ("load", "attach", "detach", "edit", "select", "pause", "run", "cycle_format", "reset", "search")
"""From what a session needs first to what can be found in the help; what is not listed comes before the search."""

_LAST: Final = ("help", "quit")
"""Always there, at the end."""


class KeyBar(Footer):
    """At most eight keys, in the order in which a session needs them; all the others are in the help.

    A Footer composes nothing until the bindings have changed, and anew at every change. This one is there in the first
    frame, and composes anew only when it has something else to say: the screen asks after every sample.
    """

    def __init__(self) -> None:
        """Initialise the bar: compact, and without the palette's key, which the help has."""
        super().__init__(show_command_palette=False, compact=True)
        self._bindings_ready = True
        self._shown: list[FooterKey] = []
        self._asked = False

    def compose(self) -> ComposeResult:
        """Compose the keys that apply now."""
        self._shown = self._keys()
        yield from self._shown

    def _keys(self) -> list[FooterKey]:
        """Return the keys that apply now, in order."""
        keys = [key for key in super().compose() if isinstance(key, FooterKey)]
        first = sorted((key for key in keys if key.action not in _LAST), key=_rank)
        last = sorted((key for key in keys if key.action in _LAST), key=lambda key: _LAST.index(key.action))
        return [*first[: _MAX_KEYS - len(last)], *last]

    def bindings_changed(self, screen: Screen[object]) -> None:
        """Look at the keys after the next frame, once for however many changes there were by then."""
        in_front: bool = self.app.app_focus  # pyright: ignore[reportUnknownMemberType]
        if screen is self.screen and self.is_attached and in_front and not self._asked:
            self._asked = True
            self.call_after_refresh(self._follow)

    async def _follow(self) -> None:
        self._asked = False
        if [_face(key) for key in self._keys()] != [_face(key) for key in self._shown]:
            await self.recompose()


def _face(key: FooterKey) -> tuple[str, str, str, bool]:
    """Return what a key looks like and does."""
    return key.key_display, key.description, key.action, key.disabled


def _rank(key: FooterKey) -> int:
    name = key.action.rpartition(".")[2].partition("(")[0]
    return _ORDER.index(name) if name in _ORDER else len(_ORDER) - 1
