"""Arrows: the arrows of jumps in the left margin of a listing."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple

from rich.segment import Segment

from .....core.listing.listing import RowKind
from .decoration import Decoration

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .....core.asm.flow import Margin
    from ..folded_listing import FoldedListing
    from .decoration import Canvas, Spot

__all__ = ["Arrows"]

_LANES: Final = ("$register", "$keyword", "$number", "$text-muted")
"""Colours of code that arrows take turns with: lines that lie side by side differ."""
_NARROW: Final = 70
_COLUMNS: Final = 12
_NARROW_COLUMNS: Final = 5
"""How many arrows there may be side by side, in all and where there are few cells."""
_MAX_JUMPS: Final = 20_000
"""Jumps of one function that arrows are drawn for: beyond them no one follows lines."""


class _Aim(NamedTuple):
    """The arrows that begin or end at the cursor's instruction, drawn so that they stand out."""

    jumps: frozenset[int]
    """Indices into the jumps of the function's margin."""
    first: int
    """The first slot that they pass."""
    last: int


class Arrows(Decoration):
    """Lines from jumps to where they go, beside the instructions and beside the C between them."""

    STYLES: ClassVar[Mapping[str, str]] = {
        # those that begin or end at the cursor; those that lead back; the others, in turn
        "listing-view--lit": "color: $foreground; text-style: bold;",
        "listing-view--loop": "color: $foreground;",
        **{f"listing-view--lane-{number}": f"color: {color};" for number, color in enumerate(_LANES)},
    }

    def __init__(self) -> None:
        self._aim: _Aim | None = None
        self._rows = range(0)
        """The rows in sight that the arrows of the aim may pass."""

    def follow(self, shown: FoldedListing, index: int, canvas: Canvas) -> bool:
        """Let the arrows stand out that begin or end at the cursor's instruction."""
        row = shown.row(index)
        aim = _aim_at(shown, row.slot, canvas) if row.kind is RowKind.INSN else None
        if aim == self._aim:
            return False
        self._aim, self._rows = aim, range(0)
        if aim is not None:
            # C above the first instruction belongs to it as far as arrows go.
            self._rows = range(max(0, shown.index_of_slot(aim.first) - 2), shown.index_of_slot(aim.last) + 1)
        return True

    def forget(self) -> None:
        """Let none stand out."""
        self._aim, self._rows = None, range(0)

    def variant(self, index: int) -> object:
        """Return which arrows stand out that pass a row."""
        return self._aim if index in self._rows else None

    def gutter(self, spot: Spot) -> list[Segment]:
        """Return the arrows, in their colours; functions' headers have none."""
        row, ink, aim = spot.row, spot.canvas.ink, self._aim
        margin = _margin(spot.shown, row.slot, spot.canvas) if row.kind is not RowKind.FUNCTION else None
        if margin is None:
            return []
        segments: list[Segment] = []
        for cell in margin.insn(row.slot) if row.kind is RowKind.INSN else margin.above(row.slot):
            if cell.jump is None:
                name = "listing-view--gutter"
            elif aim is not None and cell.jump in aim.jumps and aim.first <= row.slot <= aim.last:
                name = "listing-view--lit"
            elif margin.jumps[cell.jump].goes_back:
                name = "listing-view--loop"
            else:
                name = f"listing-view--lane-{cell.jump % len(_LANES)}"
            segments.append(Segment(cell.text, ink(name)))
        return segments


def _margin(shown: FoldedListing, slot: int, canvas: Canvas) -> Margin | None:
    """Return the arrows of the function that holds a slot; None where there are none."""
    graph = shown.graph(slot)
    if graph is None or len(graph.targets) > _MAX_JUMPS:
        return None
    columns = _NARROW_COLUMNS if canvas.columns < _NARROW else _COLUMNS
    margin = shown.listing.margin(slot, columns, ascii_only=canvas.ascii_only)
    return margin if margin.width else None


def _aim_at(shown: FoldedListing, slot: int, canvas: Canvas) -> _Aim | None:
    """Return the arrows that begin or end at an instruction; None where there are none."""
    margin = _margin(shown, slot, canvas)
    if margin is None:
        return None
    numbers = [n for n, jump in enumerate(margin.jumps) if slot == jump.target or slot in jump.sources]
    if not numbers:
        return None
    jumps = [margin.jumps[number] for number in numbers]
    return _Aim(frozenset(numbers), min(jump.first for jump in jumps), max(jump.last for jump in jumps))
