"""FlowView: the control flow of a function as boxes and lines, which the arrow keys walk along."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple

from rich.segment import Segment
from textual import events, work
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size, Spacing
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from ....core.asm.flow.picture import Ink
from ....core.errors import BpftuiError
from ....core.listing.amount import LEVELS, OF_BLOCK, level
from ....core.listing.block_texts import LineKind
from ...text.charset import is_ascii_terminal
from ...text.colors import joined_lines
from ...text.format import counted
from ..lists.virtual_list import VirtualList
from .code_colors import CODE_CLASSES, asm, c_source
from .code_view import CodeView
from .flow_walk import FlowWalk

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from ....core.asm.flow.picture import Piece
    from ....core.listing.flow_picture import FlowPicture
    from ....core.listing.listing import Listing

__all__ = ["FlowFacts", "FlowView"]

_INKS: Final = {
    Ink.LINE: "flow-view--line",
    Ink.HEAVY_LINE: "flow-view--heavy",
    Ink.LABEL: "flow-view--label",
    Ink.BORDER: "flow-view--border",
    Ink.HEAVY_BORDER: "flow-view--heavy",
    Ink.TITLE: "flow-view--title",
    Ink.NOTE: "flow-view--label",
}
_AROUND: Final = Spacing(2, 3, 2, 3)
"""Cells around the chosen box that are to be seen too."""


class FlowFacts(NamedTuple):
    """What is known of a program's control flow besides its code."""

    counts: Mapping[int, int] | None = None
    """How often each instruction ran, or was walked over by the verifier, by slot; None where that is not known."""
    counted: str = "runs"
    """What of them is counted."""
    removed: Collection[int] = ()
    """Slots of instructions that the verifier removed."""


_NOTHING: Final = FlowFacts()


class FlowView(VirtualList):
    """The blocks of one function. Down and up follow the lines, left and right go to what else they lead to; enter
    opens the block in the listing.

    The picture is made in a thread. Of a function with too many blocks, those near the chosen one are drawn, and boxes
    stand for what is left out: enter there draws what is around them.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "walk_down", "Follow", show=False, id="flow.down", tooltip="To where the block leads"),
        Binding("up,k", "walk_up", "Come from", show=False, id="flow.up", tooltip="To where it is come from"),
        Binding("left,h", "walk_aside(-1)", "Left", show=False, id="flow.left", tooltip="The other way, or left"),
        Binding("right,l", "walk_aside(1)", "Right", show=False, id="flow.right", tooltip="The other way, or right"),
        Binding("v,backspace", "leave", "Listing", id="flow.leave", tooltip="Back to the listing"),
        Binding("enter", "open", "Open", id="flow.open", tooltip="Open the block in the listing"),
        Binding("home,g", "first", "Entry", show=False, id="flow.first", tooltip="To the block that is entered"),
        Binding("end,G", "last", "End", show=False, id="flow.last", tooltip="To the last block"),
        Binding("pageup", "page(-1)", "Page up", show=False, id="flow.page-up", tooltip="One page up"),
        Binding("pagedown", "page(1)", "Page down", show=False, id="flow.page-down", tooltip="One page down"),
        Binding("ctrl+u", "page(-0.5)", "Half up", show=False, id="flow.half-up", tooltip="Half a page up"),
        Binding("ctrl+d", "page(0.5)", "Half down", show=False, id="flow.half-down", tooltip="Half a page down"),
        Binding("plus", "code(True)", "All code", key_display="+", id="flow.code", tooltip="All code in the boxes"),
        Binding("minus", "code(False)", "Less", key_display="-", id="flow.brief", tooltip="Calls, C and ends only"),
        Binding("m", "whole", "Removed", id="flow.whole", tooltip="Blocks that were removed, or are unreachable"),
        Binding("y", "copy", "Copy", show=False, id="flow.copy", tooltip="Copy what the box says"),
        Binding("Y", "copy_all", "Copy all", show=False, id="flow.copy-all", tooltip="Copy the whole picture"),
    ]

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        *CODE_CLASSES,
        "flow-view--line",
        "flow-view--heavy",
        "flow-view--label",
        "flow-view--border",
        "flow-view--title",
        "flow-view--chosen",
        *(f"flow-view--heat-{step}" for step in range(1, LEVELS + 1)),
    }
    """
    | Class | Description |
    | :- | :- |
    | `flow-view--line` | A line from box to box. |
    | `flow-view--heavy` | A line, or the border of a box, on the way of most runs. |
    | `flow-view--label` | Whether a jump is taken, how often, and how long a block is. |
    | `flow-view--border` | The border of a box. |
    | `flow-view--title` | The slot of a block. |
    | `flow-view--chosen` | The border and the title of the chosen box. |
    | `flow-view--heat-1` … | How often a block ran, from few to many. |
    """

    DEFAULT_CSS = (
        CodeView.DEFAULT_CSS.replace("CodeView", "FlowView")
        + """
    FlowView {
        & > .flow-view--line { color: $text-muted; }
        & > .flow-view--heavy { color: $foreground; text-style: bold; }
        & > .flow-view--label { color: $text-muted; }
        & > .flow-view--border { color: $text-muted; }
        & > .flow-view--title { color: $link; text-style: bold; }
        & > .flow-view--chosen { color: $foreground; text-style: bold; }
        &:focus > .flow-view--chosen { color: $primary; text-style: bold; }
    }
    """
        + "\n".join(f"FlowView > .flow-view--heat-{step} {{ color: $heat-{step}; }}" for step in range(1, LEVELS + 1))
    )

    cursor: reactive[int] = reactive(0, repaint=False)
    """The chosen box."""

    class Chosen(Message):
        """Another block was chosen.

        Args:
            slot: Its first instruction.
        """

        def __init__(self, slot: int) -> None:
            super().__init__()
            self.slot = slot

    class Opened(Chosen):
        """The user wants to see a block in the listing."""

    class Left(Message):
        """The user wants to see the listing again."""

    class Drawn(Message):
        """A picture was made.

        Args:
            picture: The picture; None where it could not be made.
            slot: The instruction that it was made for.
            problem: Why it could not be made.
        """

        def __init__(self, picture: FlowPicture | None, slot: int, problem: str = "") -> None:
            super().__init__()
            self.picture = picture
            self.slot = slot
            self.problem = problem

    picture: FlowPicture | None = None
    """What is shown; None while it is made."""
    _listing: Listing | None = None
    _facts: FlowFacts = _NOTHING
    _whole: bool = False
    _code: bool = False
    _walk: FlowWalk | None = None

    # What a pane calls

    def show(self, listing: Listing, slot: int, facts: FlowFacts = _NOTHING) -> None:
        """Draw the function that holds an instruction, and choose its block.

        Args:
            listing: The program's listing.
            slot: The instruction.
            facts: What else is known of the program.
        """
        picture = self.picture
        same = listing is self._listing and facts == self._facts
        self._listing, self._facts = listing, facts
        if same and picture is not None and (node := picture.node_of(slot)) is not None:
            self._choose(node)
        else:
            self._redraw(slot)

    def _redraw(self, slot: int) -> None:
        assert self._listing is not None
        self.picture = self._walk = None
        self.empty_text = "drawing the control flow ..." if is_ascii_terminal() else "drawing the control flow …"
        self.restart()
        self._make(self._listing, slot, self._facts)

    @work(thread=True, exclusive=True, exit_on_error=False, group="flow")
    def _make(self, listing: Listing, slot: int, facts: FlowFacts) -> None:
        """Make a picture, in a thread: that of some hundred blocks takes a second."""
        from ....core.listing.flow_picture import FlowPicture

        make = partial(FlowPicture, counts=facts.counts, removed=facts.removed, whole=self._whole, code=self._code)
        try:
            picture = make(listing, slot, ascii_only=is_ascii_terminal())
        except BpftuiError as error:
            self.post_message(self.Drawn(None, slot, error.message))
        else:
            self.post_message(self.Drawn(picture, slot))

    def on_flow_view_drawn(self, event: Drawn) -> None:
        """Show a picture that was made."""
        event.stop()
        picture = event.picture
        if picture is None:
            self.empty_text = f"✗ {event.problem}"
            self.refresh()
            return
        if picture.listing is not self._listing:
            return  # another one is being made by now
        self.picture, self._walk = picture, FlowWalk(picture)
        self.restart()
        self._choose(picture.node_of(event.slot) or 0)

    @property
    def slot(self) -> int | None:
        """The first instruction of the chosen block; None while there is no picture."""
        return None if self.picture is None else self.picture.slot(self.cursor)

    # Rows

    def row_count(self) -> int:
        """Return the rows of the picture."""
        return 0 if self.picture is None else len(self.picture.drawing)

    def _update_virtual_size(self) -> None:
        width = 0 if self.picture is None else self.picture.drawing.layout.width + 2
        size = Size(width, self.row_count() + self.header_height)
        if size != self.virtual_size:
            self.virtual_size = size

    def _note_width(self, cells: int) -> None:
        """Nothing: how wide the picture is, is known before it is drawn."""

    def row_variant(self, index: int) -> object:
        """Draw the rows of the chosen box anew when it is chosen, and when it has the keyboard."""
        return self.cursor if self._is_chosen_row(index) else None

    def _is_chosen_row(self, index: int) -> bool:
        assert self.picture is not None
        _, top, _, height = self.picture.drawing.layout.boxes[self.cursor]
        return top <= index < top + height

    @property
    def header_height(self) -> int:
        """A line that says what is drawn."""
        return 1

    def draw_header(self, line: int, width: int) -> Strip:
        """Say how much is drawn, and what is not."""
        picture = self.picture
        if picture is None:
            return Strip([])
        dot = " - " if is_ascii_terminal() else " · "
        told = [counted(len(picture.graph), "block"), *picture.remarks]
        if picture.counts is not None:
            told.append(f"heavy: the way of most {self._facts.counted}")
        text = dot.join(told)
        if not picture.is_whole and (picture.removed or picture.unreachable):
            text += " (m shows)"
        # The line stays where it is when the picture is moved sideways.
        return Strip([Segment(" " * (self.scroll_offset.x + 1)), Segment(text[: max(0, width - 1)])])

    def draw_row(self, index: int, width: int) -> Strip:
        """Draw a row of the picture."""
        assert self.picture is not None
        is_chosen = self._is_chosen_row(index)
        box = self.picture.drawing.layout.boxes[self.cursor]
        segments: list[Segment] = []
        at = -1  # left of the picture is a column for the mark
        for piece in self.picture.drawing.row(index):
            chosen = is_chosen and piece.node == self.cursor and piece.ink in _OF_BOX
            if piece.column > at:
                segments.append(Segment(" " * (piece.column - at)))
            if chosen and index == box.top and piece.column == box.left and segments:
                segments[-1] = Segment(segments[-1].text[:-1])
                segments.append(Segment("|" if self.picture.drawing.ascii_only else "▌", self.ink("flow-view--chosen")))
            part = self._piece(piece, chosen=chosen)
            segments += part
            at = piece.column + Segment.get_line_length(part)
        return Strip(segments)

    def _piece(self, piece: Piece, *, chosen: bool) -> list[Segment]:
        if piece.ink is Ink.NOTE and (heat := self._heat(piece)):
            return heat
        if piece.ink is not Ink.TEXT:
            return [Segment(piece.text, self.ink("flow-view--chosen" if chosen else _INKS[piece.ink]))]
        assert self.picture is not None
        kind = self.picture.lines[piece.node][piece.line].kind
        if kind == LineKind.MORE:
            return [Segment(piece.text, self.ink("flow-view--label"))]
        inner = piece.text[1:].rstrip()
        blanks = " " * (len(piece.text) - 1 - len(inner))
        colored = asm(inner, self.ink) if kind == LineKind.ASM else c_source(inner, self.ink)
        return [Segment(" "), *colored, Segment(blanks)]

    def _heat(self, piece: Piece) -> list[Segment]:
        """Draw the note of a box with its bar in the colour of how often it ran; nothing where that is not known."""
        assert self.picture is not None
        count = self.picture.count(piece.node)
        if count is None:
            return []
        said, drawn = piece.text[: -OF_BLOCK - 1], piece.text[-OF_BLOCK - 1 : -1]
        return [
            Segment(said, self.ink("flow-view--label")),
            Segment(drawn, self.ink(f"flow-view--heat-{level(count, self.picture.most)}")),
            Segment(" "),
        ]

    # Walking

    def watch_cursor(self, old: int, new: int) -> None:
        """Bring the chosen box into sight, and say which it is."""
        if self.picture is None or not self.is_mounted:
            return
        self.refresh()
        self._scroll_to_cursor()
        self.post_message(self.Chosen(self.picture.slot(new)))

    def _scroll_to_cursor(self) -> None:
        assert self.picture is not None
        left, top, width, height = self.picture.drawing.layout.boxes[self.cursor]
        # A box that is higher than the view is shown from its top.
        rows, columns = self.page_height, self.scrollable_content_region.width
        wanted = Region(left + 2, top, min(width, columns), min(height, rows))
        x, y = self.scroll_offset
        around = wanted.grow(_AROUND)
        # What is in sight stays where it is; what is not comes to the middle, with what is around it.
        if around.y < y or around.bottom > y + rows:
            y = wanted.y - (rows - wanted.height) // 2
        if around.x < x or around.right > x + columns:
            x = wanted.x - (columns - wanted.width) // 2
        self.scroll_to(max(0, x), max(0, y), animate=False, force=True)

    def _choose(self, node: int) -> None:
        if node == self.cursor:
            self.watch_cursor(node, node)
        self.cursor = node

    def on_resize(self) -> None:
        """Keep the chosen box in sight."""
        if self.picture is not None:
            self._scroll_to_cursor()

    def action_walk_down(self) -> None:
        """Go to where the chosen block leads."""
        if self._walk is not None:
            self.cursor = self._walk.down(self.cursor)

    def action_walk_up(self) -> None:
        """Go to where the chosen block is come from."""
        if self._walk is not None:
            self.cursor = self._walk.up(self.cursor)

    def action_walk_aside(self, step: int) -> None:
        """Go to the next of the boxes that the last step could have led to, or beside the chosen one."""
        if self._walk is None:
            return
        node = self._walk.aside(self.cursor, step)
        if node is not None:
            self.cursor = node
        else:
            self.scroll_relative(x=8 * step, animate=False, force=True)

    def action_first(self) -> None:
        """Go to the block that is entered."""
        self._leap(0)

    def action_last(self) -> None:
        """Go to the last block."""
        if self.picture is not None:
            self._leap(len(self.picture.blocks) - 1)

    def _leap(self, node: int) -> None:
        if self._walk is not None:
            self._walk.leap()
            self._choose(node)

    def action_page(self, pages: float) -> None:
        """Move the picture."""
        self.scroll_relative(y=int(self.page_height * pages), animate=False, force=True)

    # Other actions

    def action_open(self) -> None:
        """Open the chosen block in the listing; draw what is around it, where it is not drawn."""
        if self.picture is None:
            return
        slot = self.picture.slot(self.cursor)
        if self.picture.is_stub(self.cursor):
            self._redraw(slot)
        else:
            self.post_message(self.Opened(slot))

    def action_leave(self) -> None:
        """Show the listing again."""
        self.post_message(self.Left())

    def action_code(self, code: bool) -> None:
        """Show all code in the boxes, or what it calls and how it ends."""
        if self.slot is not None and code != self._code:
            slot, self._code = self.slot, code
            self._redraw(slot)

    def action_whole(self) -> None:
        """Show blocks that were removed, or that no way leads to, or leave them out."""
        if self.slot is not None:
            slot, self._whole = self.slot, not self._whole
            self._redraw(slot)

    def action_copy(self) -> None:
        """Copy what the chosen box says."""
        if self.picture is not None:
            self.typed_app.copy_to_clipboard(joined_lines(*(line.text for line in self.picture.lines[self.cursor])))
            self.notify("block copied", timeout=2)

    def action_copy_all(self) -> None:
        """Copy the picture."""
        if self.picture is not None:
            drawing = self.picture.drawing
            self.typed_app.copy_to_clipboard(joined_lines(*map(drawing.text, range(len(drawing)))))
            self.notify("picture copied", timeout=2)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what there is to show."""
        picture = self.picture
        if action == "code":
            return picture is not None and parameters != (self._code,)
        if action == "whole":
            return picture is not None and bool(picture.removed or picture.unreachable)
        return True

    def why_not(self, action: str) -> str:
        """Return why an action that `check_action` does not offer does not apply now."""
        return "no block was removed, and all can be reached" if action == "whole" else ""

    def on_click(self, event: events.Click) -> None:
        """Choose the box under the pointer; a double click opens it."""
        offset = event.get_content_offset(self)
        if offset is None or self.picture is None or offset.y < self.header_height:
            return
        row = offset.y - self.header_height + self.scroll_offset.y
        column = offset.x - 2 + self.scroll_offset.x
        if row >= self.row_count():
            return
        node = self.picture.drawing.node_at(row, column)
        if node is None:
            return
        self._leap(node)
        if event.chain == 2:
            self.action_open()


_OF_BOX: Final = (Ink.BORDER, Ink.HEAVY_BORDER, Ink.TITLE, Ink.NOTE)
