"""ListingView: a program's instructions, beside the C that they come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from ....core.listing.listing import Listing, RowKind
from ...jumps import CodePlace, JumpList
from .decorations.matches import SearchedListing
from .listing_rows import ListingRows

if TYPE_CHECKING:
    from textual import events
    from textual.content import Content

    from ....core.btf.core import CoreResolver
    from ....core.spec import Reference

__all__ = ["ListingView"]


class ListingView(SearchedListing):
    """A listing with arrows, slot numbers, function headers, C source and assembly.

    A jump shows where it goes (`↓ 25`); while the cursor is on it, its target's row is marked and its arrow stands
    out. Enter follows a jump or a call, backspace returns; a reference to a map or a symbol is told to the screen.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "Follow", id="listing.follow", tooltip="Go where the instruction goes"),
        Binding("backspace,ctrl+o", "back", "Back", id="listing.back", tooltip="Return from the last jump"),
        Binding(
            "alt+right,ctrl+f", "forward", "Forward", show=False, id="listing.forward", tooltip="Undo the last return"
        ),
        Binding("s", "toggle_source", "Source", id="listing.source", tooltip="C source lines on or off"),
        Binding(
            "v",
            "toggle_side",
            "Side by side",
            show=False,
            id="listing.side",
            tooltip="C beside the assembly, from 120 columns on",
        ),
        Binding("space", "fold", "Fold", show=False, id="listing.fold", tooltip="Fold a C line or a function"),
        Binding("Y", "copy_function", "Copy all", show=False, id="listing.copy", tooltip="Copy the whole function"),
        Binding("w", "write", "Write", show=False, id="listing.write", tooltip="Write the listing: text, HTML, SVG"),
        Binding("f", "fold_all", "Fold all", show=False, id="listing.fold-all", tooltip="Fold all C lines, or none"),
    ]

    class Follow(Message):
        """The user wants to see what an instruction refers to: a map, a variable, a kernel function or symbol.

        Args:
            view: The sender.
            target: What the instruction under the cursor refers to.
        """

        def __init__(self, view: ListingView, target: Reference) -> None:
            super().__init__()
            self.view = view
            self.target = target

        @property
        def control(self) -> ListingView:
            """The sender, for `@on` with a selector."""
            return self.view

    class WriteRequested(Message):
        """The user wants the listing in a file.

        Args:
            listing: The listing, as it is shown.
        """

        def __init__(self, listing: Listing) -> None:
            super().__init__()
            self.listing = listing

    class Left(Message):
        """The way back, or forward, leads to another program.

        Args:
            place: Where it leads.
        """

        def __init__(self, place: CodePlace) -> None:
            super().__init__()
            self.place = place

    def __init__(
        self,
        listing: Listing | None = None,
        *,
        name: str | None = None,
        id: str | None = None,  # noqa: A002 - Textual's own name
        classes: str | None = None,
        disabled: bool = False,
    ) -> None:
        """Initialise a listing's view; the arguments are those of `ListingRows`."""
        super().__init__(listing, name=name, id=id, classes=classes, disabled=disabled)
        self._pointed = -1
        self.jumps = JumpList()
        """Where the user has been; whoever shows other programs keeps it."""

    # What a screen calls

    @property
    def here(self) -> CodePlace | None:
        """Where the cursor is; None without a listing."""
        if self.listing is None or not self.row_count():
            return None
        return CodePlace(self.listing.program.name, self.slot_at(self.cursor))

    def go_to_slot(self, slot: int) -> None:
        """Bring the cursor to an instruction and remember where it was."""
        self.remember()
        self.show_slot(slot)

    def remember(self) -> None:
        """Let the way back lead here."""
        here = self.here
        if here is not None:
            self.jumps.push(here)

    def show_slot(self, slot: int) -> None:
        """Bring the cursor to an instruction, which is unfolded for it."""
        if self.listing is not None:
            self.reveal(self.listing.index_of_slot(slot))
            self.cursor = self.index_of_slot(slot)
            self.refresh_bindings()

    def show_function(self, start: int) -> None:
        """Bring the cursor to the header of the function that begins at a slot."""
        if self.listing is None:
            return
        row = self.listing.index_of_slot(start)
        while row > 0 and (heading := self.listing.heading(row - 1)) is not None and heading.slot == start:
            row -= 1
        self.reveal(row)
        self.cursor = self.folds.index(row)

    # Behaviour

    def watch_listing(self) -> None:
        """Show another listing from its start."""
        self.measure()
        if self.is_mounted:
            self.restart()
            self.aim()

    def watch_cursor(self, old: int, new: int) -> None:
        """Mark what belongs to the instruction that the cursor came to."""
        self.aim()
        super().watch_cursor(old, new)

    def on_resize(self) -> None:
        """Let C and assembly stand side by side where there is room, and else below each other."""
        if self.side_by_side:
            self._relist()
        super().on_resize()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Say what the helper is whose call is under the pointer."""
        offset = event.get_content_offset(self)
        index = -1 if offset is None else offset.y + self.scroll_offset.y
        if index == self._pointed:
            return
        self._pointed = index
        self.tooltip = self._helper_at(index) if 0 <= index < self.row_count() else None

    def _helper_at(self, index: int) -> Content | None:
        from ...uses import helper_number, helper_text

        assert self.listing is not None
        if self.listing.heading(self.place(index)) is not None:
            return None
        number = helper_number(self.listing.program, self.slot_at(index))
        return None if number is None else helper_text(number)

    def action_select(self) -> None:
        """Follow the instruction under the cursor."""
        if not self.row_count():
            return
        row = self.row(self.cursor)
        if row.target is not None:
            self.go_to_slot(row.target)
        elif row.reference is not None:
            self.post_message(self.Follow(self, row.reference))
        elif row.kind is not RowKind.INSN:
            self.action_fold()
        else:
            super().action_select()

    def action_back(self) -> None:
        """Return to where the last jump was followed from."""
        self._travel(self.jumps.back(self.here))

    def action_forward(self) -> None:
        """Go again where the last return came from."""
        self._travel(self.jumps.forward())

    def _travel(self, place: CodePlace | None) -> None:
        if place is None or self.listing is None:
            return
        if place.program == self.listing.program.name:
            self.show_slot(place.slot)
        else:
            self.post_message(self.Left(place))

    def action_toggle_source(self) -> None:
        """Show or hide the C source; the cursor stays on its instruction."""
        if self.listing is not None:
            self._relist(source=not self.listing.source)

    def action_toggle_side(self) -> None:
        """Put C and assembly side by side, or the C above its instructions."""
        if not self.side_by_side and self.typed_app.size.width < 120:
            self.notify("side by side needs a terminal of 120 columns", severity="warning", timeout=3)
            return
        self.side_by_side = not self.side_by_side
        self._relist(source=not self.is_side_by_side)

    def _relist(self, *, source: bool | None = None) -> None:
        """Show the same program in another way; the cursor stays on its instruction."""
        old = self.listing
        if old is None or not self.row_count():
            return
        wanted = (not self.is_side_by_side) if source is None else source and not self.is_side_by_side
        self._replace(old, source=wanted, resolver=old.resolver)

    def resolve_with(self, resolver: CoreResolver | None) -> None:
        """Say what CO-RE relocations become on a kernel; None for no kernel."""
        old = self.listing
        if old is not None and self.row_count():
            self._replace(old, source=old.source, resolver=resolver)

    def _replace(self, old: Listing, *, source: bool, resolver: CoreResolver | None) -> None:
        slot = self.slot_at(self.cursor)
        if (source, resolver) != (old.source, old.resolver):
            listing = Listing(old.program, old.spec, syntax=old.syntax, source=source, resolver=resolver)
            self.set_reactive(ListingRows.listing, listing)
            self.measure()
        with self.prevent(self.Highlighted):
            self.refresh_rows()
        self.cursor = self.index_of_slot(slot)
        self.aim()

    def action_fold(self) -> None:
        """Fold or unfold what the cursor is in: a C line's instructions, or on its header a function."""
        listing = self.listing
        if listing is None or not self.row_count():
            return
        heading, stop = listing.span(self.place(self.cursor))
        if heading is not None:
            self.folds.toggle(heading, stop)
            self._refold(heading)

    def action_fold_all(self) -> None:
        """Fold every C line; if anything is folded, nothing."""
        listing = self.listing
        if listing is None or not self.row_count():
            return
        here = self.place(self.cursor)
        self.folds.fold([] if self.folds else listing.spans())
        self._refold(here)

    def _refold(self, row: int) -> None:
        with self.prevent(self.Highlighted):
            self.refresh_rows()
        self.cursor = self.folds.index(row)
        self.aim()
        self.scroll_to_cursor()

    def action_copy_function(self) -> None:
        """Copy the function that the cursor is in, as `bpftui disasm` prints it."""
        from ...text.colors import joined_lines
        from ...text.listing import listing_lines

        listing = self.listing
        if listing is None or not self.row_count():
            return
        rows = listing.function_rows(self.slot_at(self.cursor))
        lines = listing_lines(listing, color=False, arrows=False, ascii_only=False, span=rows)
        self.typed_app.copy_to_clipboard(joined_lines(*lines, ""))
        self.notify(f"copied {len(rows)} lines", timeout=2)

    def action_write(self) -> None:
        """Ask the screen to write the listing to a file."""
        if self.listing is not None and self.row_count():
            self.post_message(self.WriteRequested(self.listing))

    def why_not(self, action: str) -> str:
        """Return why an action does not apply."""
        jumps = {"back": "nothing was jumped to", "forward": "no jump was taken back"}
        return jumps.get(action) or super().why_not(action)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer the way back only where there is one."""
        match action:
            case "back":
                return self.jumps.can_go_back
            case "forward":
                return self.jumps.can_go_forward
            case _:
                return super().check_action(action, parameters)
