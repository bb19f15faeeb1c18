"""ListingRows: how a program's listing is drawn: headers, C, instructions, and what decorates them.

Like Textual's sparkline, it knows no screen: a widget gives it a canvas.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from ....core.listing.listing import RowKind
from .code_colors import asm, c_source
from .decorations.decoration import RowStyle, Spot
from .decorations.source_token import MAX_WRAPPED, first_of_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ....core.listing.listing import Row
    from ....core.spec.program import LineInfo
    from .decorations.decoration import Canvas, Decoration
    from .folded_listing import FoldedListing

__all__ = ["ListingRows"]

_COMMENT_COLUMN: Final = 44
"""Cells from the gutter to the trailing comments, where the instruction is not longer."""
_COMMENT_COLUMN_NEAR: Final = 28
"""The same where there are few cells, or C beside the assembly."""
_ROOMY: Final = 100
_NUMBER: Final = 6
"""Cells of the number of a line of C beside the assembly."""
_LINK: Final = Style(meta={"target": 0})
"""Marks what leads where the row's only target is."""
_UNREACHABLE: Final = RowStyle("listing-view--unreachable", "listing-view--unreachable")


class ListingRows:
    """Draws the rows of a listing.

    Args:
        decorations: What decorates them. Columns, gutters and notes come in this order; of styles and marks the first
            one counts.
    """

    STYLES: Final[Mapping[str, str]] = {
        # slot numbers, and the line between C and assembly
        "listing-view--gutter": "color: $text-muted;",
        # the header of a function, from edge to edge
        "listing-view--function": "color: $foreground; background: $panel; text-style: bold;",
        # the arrow and slot behind a jump
        "listing-view--arrow": "color: $link;",
        # file and line of the C source, a function's length, what is folded
        "listing-view--position": "color: $text-muted;",
        # the marks of loops and of CO-RE relocations
        "listing-view--mark": "color: $foreground; text-style: bold;",
        # instructions that no way leads to
        "listing-view--unreachable": "color: $text-muted; text-style: italic;",
    }
    """Its component classes, each with its declarations in CSS."""

    def __init__(self, decorations: Sequence[Decoration]) -> None:
        self.decorations = tuple(decorations)

    def text(self, row: Row) -> str:
        """Return a row as plain text, with what is noted of it."""
        if row.kind is not RowKind.INSN:
            return row.text.strip()
        comment = self._comment_of(row)
        return f"{row.slot}: {row.text}" + (f"  ; {comment}" if comment else "")

    def mark(self, shown: FoldedListing, index: int) -> tuple[str, str]:
        """Return a row's character in the mark column, and the component class of its line or ""."""
        for decoration in self.decorations:
            mark = decoration.mark(index)
            if mark is not None:
                return mark
        heading = shown.heading(index)
        return " ", "listing-view--function" if heading and heading.kind is RowKind.FUNCTION else ""

    @property
    def heads(self) -> str:
        """What stands over the columns at the left edge; blank where none of them needs it."""
        return "".join(decoration.head for decoration in self.decorations)

    def variant(self, index: int) -> object:
        """Return what a row's drawing depends on besides the row."""
        return tuple([decoration.variant(index) for decoration in self.decorations])

    def over(self, strip: Strip, canvas: Canvas) -> Strip:
        """Return a row that was drawn with what lies over it."""
        for decoration in self.decorations:
            strip = decoration.over(strip, canvas)
        return strip

    def draw(self, shown: FoldedListing, index: int, width: int, canvas: Canvas) -> Strip:
        """Draw a header, a line of C, or an instruction for *width* cells; it may be shorter or longer."""
        spot = Spot(shown, index, shown.row(index), canvas)
        columns = [segment for decoration in self.decorations for segment in decoration.column(spot)]
        width -= Segment.get_line_length(columns)
        if spot.row.kind is RowKind.FUNCTION:
            row = self._function(spot, width)
        elif spot.row.kind is RowKind.SOURCE:
            row = self._source(spot, width)
        else:
            row = self._instruction(spot)
            row = self._beside_c(spot, row, width) if canvas.side_by_side else row
        return Strip([*columns, *row])

    def _function(self, spot: Spot, width: int) -> list[Segment]:
        shown, row, ink = spot.shown, spot.row, spot.canvas.ink
        size = shown.sizes.get(row.slot, 0)
        fold = "▸ " if shown.folds.hidden_below(shown.place(spot.index)) else ""
        left = [Segment(f"{'':>{shown.listing.slot_width}}  {fold}{row.text}", ink("listing-view--function"))]
        return _with_right(left, f"{size} insns" if size else "", width, spot.canvas)

    def _source(self, spot: Spot, width: int) -> list[Segment]:
        shown, row, ink = spot.shown, spot.row, spot.canvas.ink
        folded = shown.folds.hidden_below(shown.place(spot.index))
        left = [*self._gutter(spot), Segment(" " * (shown.listing.slot_width + 2))]
        if folded:
            left.append(Segment("▸ ", ink("listing-view--mark")))
        left += self._c_line(spot.index, row.text, spot.canvas)
        where = f"{row.file.rpartition('/')[2]}:{row.line}" if row.file else ""
        return _with_right(left, f"{folded} folded  {where}" if folded else where, width, spot.canvas)

    def _instruction(self, spot: Spot) -> list[Segment]:
        row, ink = spot.row, spot.canvas.ink
        style = self._row_style(row)
        is_gone = style is not None and style.is_gone
        beside = None if style is None else ink(style.beside)
        slot = f"{row.slot:>{spot.shown.listing.slot_width}} "
        start = [
            Segment(slot, beside or ink("listing-view--gutter")),
            Segment("   " if is_gone else f"{_marks(spot)} ", beside or ink("listing-view--mark")),
        ]
        leads = row.text.startswith("call ") or row.reference is not None or row.target is not None
        said = asm(row.text, ink, _LINK if leads else None) if style is None else [Segment(row.text, ink(style.text))]
        if row.target is not None and not is_gone:
            arrow = "↓" if row.target > row.slot else "↑"
            place = f" {row.target}" if row.reference is not None else ""
            said.append(Segment(f"  {arrow}{place}", (beside or ink("listing-view--arrow")) + _LINK))
        comment = self._comment_of(row)
        if comment:
            near = spot.canvas.side_by_side or spot.canvas.columns < _ROOMY
            column = _COMMENT_COLUMN_NEAR if near else _COMMENT_COLUMN
            room = max(2, column - Segment.get_line_length(said))
            said.append(Segment(f"{'':{room}}; {comment}", beside or ink("code-view--comment")))
        return [*self._gutter(spot), *start, *said]

    def _gutter(self, spot: Spot) -> list[Segment]:
        return [segment for decoration in self.decorations for segment in decoration.gutter(spot)]

    def _row_style(self, row: Row) -> RowStyle | None:
        styles = (decoration.row_style(row) for decoration in self.decorations)
        return next((style for style in styles if style is not None), None if row.reachable else _UNREACHABLE)

    def _comment_of(self, row: Row) -> str:
        notes = (decoration.note(row) for decoration in self.decorations)
        return ", ".join(part for part in (*notes, row.comment) if part)

    def _c_line(self, index: int, text: str, canvas: Canvas) -> list[Segment]:
        """Return a line of C that begins in or beside a row."""
        line = c_source(text.expandtabs(4).strip(), canvas.ink)
        for decoration in self.decorations:
            line = decoration.over_source(index, line, canvas)
        return line

    def _beside_c(self, spot: Spot, code: list[Segment], width: int) -> list[Segment]:
        """Return an instruction with its line of C left of it, which goes on beside the next ones where it is long."""
        shown, canvas = spot.shown, spot.canvas
        room = max(24, min(64, width * 2 // 5))
        text = room - _NUMBER
        info = shown.listing.source_at(spot.row.slot)
        number, left = "", Strip([])
        if info is not None:
            first = shown.folds.index(first_of_line(shown.listing, info))
            part = spot.index - first
            number = "" if part else str(info.line)
            if part < MAX_WRAPPED:
                line = Strip(self._c_line(first, info.source.strip(), canvas))
                start, stop = _piece(line.text, text, part)
                left = line.crop(start, stop)
                if stop < line.cell_length and (part + 1 == MAX_WRAPPED or not _goes_on(shown, spot.index, info)):
                    left = Strip(
                        [
                            *line.crop(start, min(stop, start + text - 1)),
                            Segment("…", canvas.ink("listing-view--position")),
                        ]
                    )
        return [
            Segment(f"{number:>{_NUMBER - 1}} ", canvas.ink("listing-view--position")),
            *left,
            Segment(" " * (text - left.cell_length)),
            Segment("|" if canvas.ascii_only else "│", canvas.ink("listing-view--gutter")),
            *code,
        ]


def _goes_on(shown: FoldedListing, index: int, info: LineInfo) -> bool:
    """Whether the row behind one is of the same line of C."""
    if index + 1 == len(shown) or shown.heading(index + 1) is not None:
        return False
    following = shown.listing.source_at(shown.slot_at(index + 1))
    return following is not None and (following.line, following.file) == (info.line, info.file)


def _piece(text: str, width: int, number: int) -> tuple[int, int]:
    """Return where a piece of a line of C begins and ends that is broken between tokens: its cells, as a slice."""
    start = 0
    while True:
        stop = min(len(text), start + width)
        if stop < len(text):
            breaks = (at for at in range(stop, start + width // 3, -1) if text[at] == " " or text[at - 1] in " (,;)")
            stop = next(breaks, stop)
        if not number:
            return cell_len(text[:start]), cell_len(text[:stop])
        start, number = stop + (text[stop : stop + 1] == " "), number - 1
        if start >= len(text):
            return cell_len(text), cell_len(text)


def _marks(spot: Spot) -> str:
    """Return whether a loop begins at an instruction, and whether CO-RE changes it: a character for each."""
    graph, slot = spot.shown.graph(spot.row.slot), spot.row.slot
    loop, relocated = ("@", "*") if spot.canvas.ascii_only else ("↻", "◆")
    begins_loop = graph is not None and slot in graph.loop_headers
    return (loop if begins_loop else " ") + (relocated if slot in spot.shown.relocated else " ")


def _with_right(left: list[Segment], right: str, width: int, canvas: Canvas) -> list[Segment]:
    """Return *left* with *right* at the right edge, where there is room for both."""
    space = width - Segment.get_line_length(left) - cell_len(right) - 1
    if not right or space < 2:
        return left
    return [*left, Segment(" " * space), Segment(right, canvas.ink("listing-view--position"))]
