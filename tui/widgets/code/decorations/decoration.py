"""Decoration: something that is shown beside the rows of a listing, or over them, and knows no screen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rich.segment import Segment
    from rich.style import Style
    from textual.strip import Strip

    from .....core.listing.listing import Row
    from ..folded_listing import FoldedListing

__all__ = ["Canvas", "Decoration", "RowStyle", "Spot"]


class Canvas(NamedTuple):
    """What rows are drawn with, and how much room there is. A widget has one, and a test makes its own."""

    ink: Callable[[str], Style]
    """The foreground and text style of a component class."""
    style: Callable[[str], Style]
    """The whole style of a component class, its background too."""
    columns: int
    """Cells of the whole list."""
    side_by_side: bool = False
    """Whether C stands beside the assembly, and not above it."""
    ascii_only: bool = False
    """Whether there are no lines, arrows and blocks to draw with."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A row in sight that is being drawn."""

    shown: FoldedListing
    index: int
    """Where it is among those in sight."""
    row: Row
    canvas: Canvas


class RowStyle(NamedTuple):
    """How an instruction is drawn instead of in the colours of its tokens: component classes."""

    text: str
    """What it says."""
    beside: str
    """Its slot, what it goes to, and its comment."""
    is_gone: bool = False
    """Whether it is not in the program: no loop begins there, nothing is relocated, and it goes nowhere."""


class Decoration:
    """Something that is shown of a listing besides its rows. All that a subclass does not give is empty.

    From left to right a row has its mark, the columns of all decorations, the C beside the assembly, their gutters, and
    what it says, with their notes.
    """

    STYLES: ClassVar[Mapping[str, str]] = {}
    """Its component classes, each with its declarations in CSS."""

    def follow(self, shown: FoldedListing, index: int, canvas: Canvas) -> bool:
        """Look at the row that the cursor came to; return whether anything is to be drawn otherwise."""
        return False

    def forget(self) -> None:
        """Forget the row that the cursor was on: another listing is shown."""

    def mark(self, index: int) -> tuple[str, str] | None:
        """Return a row's character in the mark column and the component class of its line; None without a mark."""
        return None

    def variant(self, index: int) -> object:
        """Return what a row's drawing depends on besides the row; it is drawn anew for each different answer."""
        return None

    def column(self, spot: Spot) -> list[Segment]:
        """Return a row's cells at the left edge, equally many for all rows."""
        return []

    @property
    def head(self) -> str:
        """What stands over its column, as wide as that; empty where it needs none."""
        return ""

    def gutter(self, spot: Spot) -> list[Segment]:
        """Return a row's cells left of its slot number, equally many for all rows of a function but its header."""
        return []

    def row_style(self, row: Row) -> RowStyle | None:
        """Return how an instruction is drawn; None for its own colours."""
        return None

    def note(self, row: Row) -> str:
        """Return what stands before an instruction's comment; empty for nothing."""
        return ""

    def over_source(self, index: int, line: list[Segment], canvas: Canvas) -> list[Segment]:
        """Return the line of C that begins in or beside a row with what lies over it, equally long."""
        return line

    def over(self, strip: Strip, canvas: Canvas) -> Strip:
        """Return a whole row with what lies over it, equally long."""
        return strip
