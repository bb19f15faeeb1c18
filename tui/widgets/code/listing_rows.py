"""ListingRows: how a program's listing is drawn: headers, C, arrows, instructions, and what is folded away."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from rich.cells import cell_len
from rich.segment import Segment
from textual.strip import Strip

from ....core.listing.listing import Listing, RowKind
from .decorations.arrows import Aim, ArrowRows
from .decorations.source_token import find_token, first_of_line
from .folds import Folds

if TYPE_CHECKING:
    from rich.style import Style

    from ....core.listing.listing import Row

__all__ = ["ListingRows"]

_COMMENT_COLUMN: Final = 44
"""Cells from the gutter to the trailing comments, where the instruction is not longer."""
_COMMENT_COLUMN_NEAR: Final = 28
"""The same where there are few cells, or C beside the assembly."""
_ROOMY: Final = 100
_WIDE_ENOUGH: Final = 120
"""Columns of the terminal from which C and assembly stand side by side."""
_NUMBER: Final = 6
"""Cells of the number of a line of C beside the assembly."""
_MAX_WRAPPED: Final = 4
"""Rows beside which a long line of C goes on."""


class ListingRows(ArrowRows):
    """The rows of a listing. Indices are of rows in sight; `place` says which row of the listing one is."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "listing-view--gutter",
        "listing-view--function",
        "listing-view--target",
        "listing-view--arrow",
        "listing-view--position",
        "listing-view--mark",
        "listing-view--token",
        "listing-view--unreachable",
    }
    """
    | Class | Description |
    | :- | :- |
    | `listing-view--gutter` | The slot numbers, and the line between C and assembly. |
    | `listing-view--function` | The header of a function, from edge to edge. |
    | `listing-view--target` | The row that the cursor's instruction goes to, from edge to edge. |
    | `listing-view--arrow` | The arrow and slot behind a jump. |
    | `listing-view--position` | File and line of the C source, a function's length, what is folded. |
    | `listing-view--mark` | The marks of loops and of CO-RE relocations. |
    | `listing-view--token` | The token of C that the cursor's instruction comes from. |
    | `listing-view--unreachable` | Instructions that no way leads to. |
    """

    DEFAULT_CSS = """
    ListingRows {
        & > .listing-view--gutter { color: $text-muted; }
        & > .listing-view--function { color: $text-primary; background: $primary 18%; text-style: bold; }
        & > .listing-view--target { background: $accent 22%; }
        & > .listing-view--arrow { color: $text-accent; text-style: bold; }
        & > .listing-view--position { color: $text-muted; }
        & > .listing-view--mark { color: $text-warning; text-style: bold; }
        & > .listing-view--token { text-style: bold underline; }
        & > .listing-view--unreachable { color: $foreground 40%; text-style: dim; }
    }
    """

    def __init__(
        self,
        listing: Listing | None = None,
        *,
        name: str | None = None,
        id: str | None = None,  # noqa: A002 - Textual's own name
        classes: str | None = None,
        disabled: bool = False,
    ) -> None:
        """Initialise a listing's view.

        Args:
            listing: What to show, if it is known already.
            name: The name of the widget.
            id: The ID of the widget in the DOM.
            classes: The CSS classes of the widget.
            disabled: Whether the widget is disabled.
        """
        super().__init__(name=name, id=id, classes=classes, disabled=disabled)
        self.empty_text = ""  # of a listing that is still to be made nothing is known
        self.folds = Folds(0)
        self.side_by_side = False
        """Whether C and assembly are to stand beside each other, where the terminal is wide enough."""
        self._core: frozenset[int] = frozenset()
        self._sizes: dict[int, int] = {}
        self._target: int | None = None
        self._aimed = range(0)
        self._token: tuple[int, int, int] | None = None
        self.set_reactive(ListingRows.listing, listing)
        self.measure()

    # Rows

    def row_count(self) -> int:
        """Return the rows in sight: functions, C lines and instructions."""
        return len(self.folds) if self.listing is not None else 0

    def place(self, index: int) -> int:
        """Return which row of the listing is at *index*."""
        return self.folds.row(index)

    def row(self, index: int) -> Row:
        """Return the row at *index*, which must be there."""
        assert self.listing is not None
        return self.listing.row(self.place(index))

    def slot_at(self, index: int) -> int:
        """Return the slot of the row at *index*."""
        assert self.listing is not None
        return self.listing.slot_at(self.place(index))

    def index_of_slot(self, slot: int) -> int:
        """Return where an instruction is, or what it is folded below."""
        assert self.listing is not None
        return self.folds.index(self.listing.index_of_slot(slot))

    def row_text(self, index: int) -> str:
        """Return a row as plain text."""
        row = self.row(index)
        if row.kind is not RowKind.INSN:
            return row.text.strip()
        return f"{row.slot}: {row.text}" + (f"  ; {row.comment}" if row.comment else "")

    def row_hint(self, index: int) -> str:
        """Say where in the C source a row is, or the bytes of an instruction."""
        row = self.row(index)
        if row.kind is RowKind.SOURCE:
            return f"{row.file}:{row.line}:{row.column}" if row.file else ""
        return f"slot {row.slot}: {row.raw.hex(' ')}" if row.raw else ""

    def row_mark(self, index: int) -> tuple[str, str]:
        """Mark the target of the instruction under the cursor, and let function headers stand out."""
        mark, component = super().row_mark(index)
        if component:
            return mark, component
        if index == self._target:
            return "▸", "listing-view--target"
        assert self.listing is not None
        heading = self.listing.heading(self.place(index))
        return (" ", "listing-view--function") if heading and heading.kind is RowKind.FUNCTION else (" ", "")

    def row_variant(self, index: int) -> object:
        """Draw arrows anew that light up, and the C whose token is underlined."""
        token = self._token
        if token is not None and not token[0] <= index < token[0] + (_MAX_WRAPPED if self.is_side_by_side else 1):
            token = None
        return token, self._aim if index in self._aimed else None

    # Drawing

    @property
    def is_side_by_side(self) -> bool:
        """Whether C and assembly stand beside each other."""
        return self.side_by_side and self.typed_app.size.width >= _WIDE_ENOUGH

    def draw_row(self, index: int, width: int) -> Strip:
        """Draw a header, a line of C, or an instruction."""
        assert self.listing is not None
        place = self.place(index)
        row = self.listing.row(place)
        gutter = self.listing.slot_width
        folded = self.folds.hidden_below(place)
        if row.kind is RowKind.FUNCTION:
            size = self._sizes.get(row.slot, 0)
            fold = "▸ " if folded else ""
            left = [Segment(f"{'':>{gutter}}  {fold}{row.text}", self.ink("listing-view--function"))]
            return self._with_right(left, f"{size} insns" if size else "", width)
        if row.kind is RowKind.SOURCE:
            left = [*self._arrows(row.slot, insn=False), Segment(" " * (gutter + 2))]
            if folded:
                left.append(Segment("▸ ", self.ink("listing-view--mark")))
            left += self._c_line(index, row.text)
            where = f"{row.file.rpartition('/')[2]}:{row.line}" if row.file else ""
            return self._with_right(left, f"{folded} folded  {where}" if folded else where, width)
        strip = self._instruction(row, gutter)
        return self._beside_c(index, row.slot, strip, width) if self.is_side_by_side else strip

    def _instruction(self, row: Row, gutter: int) -> Strip:
        graph = self._graph(row.slot)
        loop = graph is not None and row.slot in graph.loop_headers
        marks = (("@" if self._ascii else "↻") if loop else " ") + (
            ("*" if self._ascii else "◆") if row.slot in self._core else " "
        )
        segments = self._arrows(row.slot, insn=True)
        arrows = len(segments)
        segments += [
            Segment(f"{row.slot:>{gutter}} ", self.ink("listing-view--gutter")),
            Segment(f"{marks} ", self.ink("listing-view--mark")),
        ]
        margin = Segment.get_line_length(segments)
        segments += self.asm(row.text)
        if row.target is not None:
            arrow = "↓" if row.target > row.slot else "↑"
            place = f" {row.target}" if row.reference is not None else ""
            segments.append(Segment(f"  {arrow}{place}", self.ink("listing-view--arrow")))
        if row.comment:
            used = Segment.get_line_length(segments) - margin
            segments.append(self._comment(row.comment, used, self.ink("code-view--comment")))
        if not row.reachable:
            dim = self.ink("listing-view--unreachable")
            segments[arrows:] = [Segment(segment.text, dim) for segment in segments[arrows:]]
        return Strip(segments)

    def _comment(self, text: str, used: int, style: Style) -> Segment:
        """Return a comment in its column, behind *used* cells of the instruction."""
        near = self.is_side_by_side or self.size.width < _ROOMY
        room = max(2, (_COMMENT_COLUMN_NEAR if near else _COMMENT_COLUMN) - used)
        return Segment(f"{'':{room}}; {text}", style)

    def _c_line(self, index: int, text: str) -> list[Segment]:
        """Return a line of C, with the token underlined that the cursor's instruction comes from."""
        segments = self.c_source(text.expandtabs(4).strip())
        if self._token is None or self._token[0] != index:
            return segments
        _, start, stop = self._token
        strip = Strip(segments)
        middle = strip.crop(start, stop).apply_style(self.ink("listing-view--token"))
        return [*strip.crop(0, start), *middle, *strip.crop(stop)]

    def _beside_c(self, index: int, slot: int, asm: Strip, width: int) -> Strip:
        """Return an instruction with its line of C left of it, which goes on beside the next ones where it is long."""
        assert self.listing is not None
        room = max(24, min(64, width * 2 // 5))
        text = room - _NUMBER
        info = self.listing.source_at(slot)
        number, left = "", Strip([])
        if info is not None:
            first = self.folds.index(first_of_line(self.listing, info))
            part = index - first
            number = "" if part else str(info.line)
            if part < _MAX_WRAPPED:
                left = Strip(self._c_line(first, info.source.strip())).crop(part * text, (part + 1) * text)
        line = "|" if self._ascii else "│"
        return Strip(
            [
                Segment(f"{number:>{_NUMBER - 1}} ", self.ink("listing-view--position")),
                *left,
                Segment(" " * (text - left.cell_length)),
                Segment(line, self.ink("listing-view--gutter")),
                *asm,
            ]
        )

    def _with_right(self, left: list[Segment], right: str, width: int) -> Strip:
        """Return *left* with *right* at the right edge, where there is room for both."""
        space = width - Segment.get_line_length(left) - cell_len(right) - 1
        if not right or space < 2:
            return Strip(left)
        return Strip([*left, Segment(" " * space), Segment(right, self.ink("listing-view--position"))])

    # What follows the cursor

    def measure(self) -> None:
        """Learn what another listing holds: function sizes, CO-RE relocations; unfold everything."""
        listing = self.listing
        self.folds = Folds(len(listing) if listing is not None else 0)
        self._target = self._token = self._aim = None
        self._aimed = range(0)
        if listing is None:
            return
        self._sizes = {function.start: function.size for function in listing.functions}
        self._core = frozenset(item.slot for item in listing.program.linked.core_relocations)

    def aim(self) -> None:
        """Find what the instruction under the cursor goes to and comes from, and draw that."""
        listing = self.listing
        target: int | None = None
        aim: Aim | None = None
        token: tuple[int, int, int] | None = None
        if listing is not None and self.row_count():
            row = self.row(self.cursor)
            target = None if row.target is None else self.index_of_slot(row.target)
            if row.kind is RowKind.INSN:
                aim = self._arrows_at(row.slot)
                found = find_token(listing, row.slot, beside=self.is_side_by_side)
                token = found and (self.folds.index(found.row), found.start, found.stop)
        if (target, aim, token) == (self._target, self._aim, self._token):
            return
        self._target, self._aim, self._token = target, aim, token
        if aim is not None:
            # C above the first instruction belongs to it as far as arrows go.
            self._aimed = range(max(0, self.index_of_slot(aim.first) - 2), self.index_of_slot(aim.last) + 1)
        else:
            self._aimed = range(0)
        self.refresh()
