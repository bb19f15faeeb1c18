"""Text that has to fit into so many cells of a terminal."""

from __future__ import annotations

from rich.cells import cell_len, chop_cells, set_cell_size

__all__ = ["end_of", "fitted"]


def fitted(text: str, width: int) -> str:
    """Return *text* in exactly *width* cells, with an ellipsis at its end where it is longer."""
    return set_cell_size(text, width) if cell_len(text) <= width else set_cell_size(text, width - 1) + "…"


def end_of(text: str, width: int) -> str:
    """Return *text* in at most *width* cells: the end of a longer one, which of a path says most."""
    if cell_len(text) <= width:
        return text
    return "…" + (chop_cells(text[::-1], width - 1)[0][::-1] if width > 1 else "")
