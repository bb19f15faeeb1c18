"""KeyBar: the footer, with what matters most now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.app import App
from textual.screen import Screen
from textual.widgets import Footer
from textual.widgets._footer import FooterKey

if TYPE_CHECKING:
    from textual.app import ComposeResult

__all__ = ["KeyBar"]

_MAX_KEYS: Final = 8

_ORDER: Final = ("load", "attach", "detach", "edit", "select", "pause", "run", "cycle_format", "reset", "search")
"""From what a session needs first to what can be found in the help; what is not listed comes before the search."""

_MAX_OF_PANE: Final = 4
"""How many keys of the pane that has the focus have a place before those of the session: the half, so that what is
attached can always be seen to be detached."""

_LOADING: Final = ("attach", "run")
"""What loads first where that has not been done: the bar names what is done then."""

_MOVING: Final = "go_back"
"""What backspace does, where that key does not take away a character that was typed."""

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
        """Return the keys that apply now: load, which all else needs, some of the pane's, the session's, the end."""
        keys = [key for key in super().compose() if isinstance(key, FooterKey)]
        focused = self.screen.focused
        if focused is not None and focused.check_consume_key("a", "a"):
            keys = [key for key in keys if _name(key) != _MOVING]
        own = {
            active.binding.action
            for active in self.screen.active_bindings.values()
            if not isinstance(active.node, Screen | App)
        }
        ranked = sorted((key for key in keys if key.action not in _LAST), key=_rank)
        of_pane = [key for key in ranked if key.action in own and _name(key) != "search"][:_MAX_OF_PANE]
        load = [key for key in ranked if _name(key) == "load"]
        if load:  # they load first as well, and say so
            ranked = [key for key in ranked if _name(key) not in _LOADING]
        first = dict.fromkeys([*load, *of_pane, *ranked])
        last = sorted((key for key in keys if key.action in _LAST), key=lambda key: _LAST.index(key.action))
        return [*list(first)[: _MAX_KEYS - len(last)], *last]

    def bindings_changed(self, screen: Screen[object]) -> None:
        """Look at the keys after the next frame, once for however many changes there were by then."""
        in_front: bool = self.app.app_focus  # pyright: ignore[reportUnknownMemberType]
        if screen is self.screen and self.is_attached and in_front and not self._asked:
            self._asked = True
            self.call_after_refresh(self._follow)

    async def _follow(self) -> None:
        self._asked = False
        if not self.is_attached:  # a dialog was closed before its next frame
            return
        if [_face(key) for key in self._keys()] != [_face(key) for key in self._shown]:
            await self.recompose()


def _face(key: FooterKey) -> tuple[str, str, str, bool]:
    """Return what a key looks like and does."""
    return key.key_display, key.description, key.action, key.disabled


def _name(key: FooterKey) -> str:
    return key.action.rpartition(".")[2].partition("(")[0]


def _rank(key: FooterKey) -> int:
    name = _name(key)
    return _ORDER.index(name) if name in _ORDER else len(_ORDER) - 1
