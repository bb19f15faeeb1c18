"""Text that has to fit into so many cells of a terminal, where it stands as `visible` makes it."""

from __future__ import annotations

import textwrap
from typing import Final

from rich.cells import cell_len, chop_cells, set_cell_size

from ...core.visible import visible

__all__ = ["end_of", "fitted", "width_of", "wrapped"]

_JOINED: Final = "\xa0"
"""A blank at which no line is broken; `visible` leaves none in a text."""


def width_of(text: str) -> int:
    """Return the cells that *text* takes."""
    return cell_len(visible(text))


def fitted(text: str, width: int) -> str:
    """Return *text* in exactly *width* cells, with an ellipsis at its end where it is longer."""
    text = visible(text)
    return set_cell_size(text, width) if cell_len(text) <= width else set_cell_size(text, width - 1) + "…"


def end_of(text: str, width: int) -> str:
    """Return *text* in at most *width* cells: the end of a longer one, which of a path says most."""
    text = visible(text)
    if cell_len(text) <= width:
        return text
    return "…" + (chop_cells(text[::-1], width - 1)[0][::-1] if width > 1 else "")


def wrapped(text: str, width: int, *, whole: bool = False) -> list[str]:
    """Return the lines of a sentence of at most *width* cells each; a word that is longer goes on, or has an ellipsis.

    No line begins with a per cent sign: it stays with its number.

    Args:
        text: The sentence.
        width: Cells.
        whole: Whether nothing of a longer word may be missing.
    """
    joined = visible(text).replace(" %", f"{_JOINED}%")
    lines = textwrap.wrap(joined, max(1, width), break_long_words=whole, break_on_hyphens=False)
    return [fitted(line.replace(_JOINED, " "), width).rstrip() for line in lines]
