"""The gauge of a map: how many entries it has, and how full it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ...text.charset import is_ascii_terminal
from ...text.format import grouped
from ...text.shown import assembled, plain

if TYPE_CHECKING:
    from textual.content import Content

    from ....core.spec import MapType

__all__ = ["gauge"]

_CELLS: Final = 10
_HIGH: Final = 0.9
"""Of the entries that a map takes, from which on it is nearly full."""


def gauge(kind: MapType, count: int, most: int, *, is_counted: bool = True) -> Content:
    """Return how many of the *most* entries there are: in numbers, as a bar, and what it means when it is full.

    Of an array, whose entries are all there always, the number alone.
    """
    number = f"{'' if is_counted else '≥ '}{grouped(count)}"
    if kind.is_indexed or not most:
        return plain(f"{number} {'entry' if count == 1 else 'entries'}")
    full, empty = ("#", ".") if is_ascii_terminal() else ("█", "░")
    cells = min(_CELLS, -(-count * _CELLS // most))  # one entry is something
    if count < most:
        cells = min(cells, _CELLS - 1)
    colour = "$text-muted" if count < most * _HIGH else "$text-warning"
    said = ""
    if count >= most:
        said = "  full: the oldest go" if kind.is_lru else "  ⚠ full: new ones are refused"
    return assembled(
        (f"{number} of {grouped(most)} ", ""), (full * cells + empty * (_CELLS - cells), colour), (said, colour)
    )
