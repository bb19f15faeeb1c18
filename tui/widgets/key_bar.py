"""KeyBar: the footer, with what matters most now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.widgets import Footer
from textual.widgets._footer import FooterKey

if TYPE_CHECKING:
    from textual.app import ComposeResult

__all__ = ["KeyBar"]

_MAX_KEYS: Final = 8

_ORDER: Final = ("load", "attach", "detach", "edit", "select", "pause", "run", "cycle_format", "reset", "search")
"""From what a session needs first to what can be found in the help; what is not listed comes before the search."""

_LAST: Final = ("help", "quit")
"""Always there, at the end."""


class KeyBar(Footer):
    """At most eight keys, in the order in which a session needs them; all the others are in the help."""

    def compose(self) -> ComposeResult:
        """Compose the keys that apply now."""
        keys = [key for key in super().compose() if isinstance(key, FooterKey)]
        first = sorted((key for key in keys if key.action not in _LAST), key=_rank)
        last = sorted((key for key in keys if key.action in _LAST), key=lambda key: _LAST.index(key.action))
        yield from first[: _MAX_KEYS - len(last)]
        yield from last


def _rank(key: FooterKey) -> int:
    name = key.action.rpartition(".")[2].partition("(")[0]
    return _ORDER.index(name) if name in _ORDER else len(_ORDER) - 1
