"""ListingView: a program's instructions, beside the C that they come from."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final, TypeVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import reactive

from ....core.listing.listing import Listing, RowKind
from ...jumps import remember_place
from ...text.charset import is_ascii_terminal
from ..lists.row_view import compile_pattern
from .code_view import CodeView
from .decorations.arrows import Arrows
from .decorations.changed import ChangedColumn
from .decorations.dead_code import DeadCode
from .decorations.decoration import Canvas
from .decorations.heat import HeatColumn
from .decorations.jump_target import JumpTarget
from .decorations.matches import Matches
from .decorations.runs import RunsColumn
from .decorations.source_token import SourceToken
from .decorations.trail import TrailColumn
from .folded_listing import FoldedListing
from .listing_jumps import ListingJumps
from .listing_rows import ListingRows

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from textual import events
    from textual.content import Content
    from textual.strip import Strip

    from ....core.btf.core import CoreResolver
    from ....core.coverage.program import ProgramCoverage
    from ....core.diff import ProgramMarks
    from ....core.listing.listing import Row
    from ....core.spec import Reference
    from ....core.verifier import Heat
    from ...targets import Target
    from .decorations.trail import Trail
    from .listing_jumps import CodeSpot
    from .object_search import ObjectSearch

__all__ = ["ListingView"]

_Made = TypeVar("_Made")

_LONG: Final = 20_000
"""Instructions from which on a search takes more than a frame."""

_WIDE_ENOUGH: Final = 120
"""Columns of the terminal from which C and assembly stand side by side."""
_STYLES: Final = {
    name: css
    for kind in (
        ListingRows,
        Arrows,
        ChangedColumn,
        DeadCode,
        HeatColumn,
        JumpTarget,
        Matches,
        RunsColumn,
        SourceToken,
        TrailColumn,
    )
    for name, css in kind.STYLES.items()
}
"""What rows and decorations are drawn in: declarations in CSS, by component class."""


class ListingView(CodeView):
    """A listing with arrows, slot numbers, function headers, C source and assembly.

    A jump shows where it goes (`↓ 25`); while the cursor is on it, its target's row is marked and its arrow stands
    out. Enter follows a jump or a call; a reference to a map or a symbol is told to the screen.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "Follow", id="listing.follow", tooltip="Go where the instruction goes"),
        Binding(
            "v",
            "next_view",
            "View",
            id="listing.side",
            tooltip="Next view: assembly, beside C, kernel's, flow",
        ),
        Binding("space", "fold", "Fold", show=False, id="listing.fold", tooltip="Fold a C line or a function"),
        Binding("Y", "copy_function", "Copy all", show=False, id="listing.copy", tooltip="Copy the whole function"),
        Binding(
            "ctrl+s", "write", "Write", show=False, id="listing.write", tooltip="Write the listing: text, HTML, SVG"
        ),
        Binding("plus", "unfold_all", "Unfold all", show=False, id="listing.unfold-all", tooltip="Unfold everything"),
        Binding("minus", "fold_all", "Fold all", show=False, id="listing.fold-all", tooltip="Fold all C lines"),
    ]

    COMMANDS: ClassVar[Sequence[tuple[str, str]]] = (("C source lines on or off", "toggle_source"),)
    """What can be done without a key of its own: what it is called, and the action."""

    COMPONENT_CLASSES: ClassVar[set[str]] = set(_STYLES)

    DEFAULT_CSS = "\n".join(
        ["ListingView {", *(f"    & > .{name} {{ {css} }}" for name, css in _STYLES.items()), "}"],
    )

    listing: reactive[Listing | None] = reactive[Listing | None](None)
    """What is shown."""
    is_writable = True
    """Whether ctrl+s writes it to a file; where it does not, that is left to what it is a part of."""

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

    class ViewsSeen(Message):
        """The user wants to see the program in a way that is none of a listing's."""

    class NotHere(Message):
        """What is searched for is not in this program, or not in this direction.

        Args:
            pattern: What it is.
            step: 1 for a program behind this one, -1 for one before.
        """

        def __init__(self, pattern: re.Pattern[str], step: int = 1) -> None:
            super().__init__()
            self.pattern = pattern
            self.step = step

    class CountAsked(Message):
        """How much of a pattern there is in the whole object is to be found out.

        Args:
            pattern: What is searched for; None for nothing any more.
        """

        def __init__(self, pattern: re.Pattern[str] | None) -> None:
            super().__init__()
            self.pattern = pattern

    class GivenUp(Message):
        """The search is given up: the user wants to be where it began.

        Args:
            spot: Where that was.
        """

        def __init__(self, spot: CodeSpot) -> None:
            super().__init__()
            self.spot = spot

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
        self.side_by_side = False
        """Whether C and assembly are to stand beside each other, where the terminal is wide enough."""
        self._stood = 0, RowKind.INSN
        """Where the cursor stood, of an instruction in which of its rows: a view without C has not all of them."""
        self.jumps = ListingJumps(self)
        """What brings the cursor to an instruction."""
        self._changed = ChangedColumn()
        self._runs = RunsColumn()
        self._heat = HeatColumn()
        self._dead_code = DeadCode()
        self._trail = TrailColumn()
        self._matches = Matches()
        self._rows = ListingRows(
            [
                self._trail,
                self._changed,
                self._runs,
                self._heat,
                Arrows(),
                self._dead_code,
                JumpTarget(),
                SourceToken(),
                self._matches,
            ],
        )
        self._shown: FoldedListing | None = None
        self._ascii = is_ascii_terminal()
        self._pointed = -1
        self.set_reactive(ListingView.listing, listing)
        self._measure()

    # Rows

    def row_count(self) -> int:
        """Return the rows in sight: functions, C lines and instructions."""
        return 0 if self._shown is None else len(self._shown)

    @property
    def shown(self) -> FoldedListing:
        """The rows in sight, of a listing that must be there."""
        assert self._shown is not None
        return self._shown

    def row(self, index: int) -> Row:
        """Return the row at *index*, which must be there."""
        return self.shown.row(index)

    def slot_at(self, index: int) -> int:
        """Return the slot of the row at *index*."""
        return self.shown.slot_at(index)

    def index_of_slot(self, slot: int) -> int:
        """Return where an instruction is, or what it is folded below."""
        return self.shown.index_of_slot(slot)

    def row_targets(self, index: int) -> Sequence[Target]:
        """Return where the name in a row leads, if it has one."""
        from ...uses import row_target

        listing = self.listing
        if listing is None or self.shown.heading(index) is not None:
            return ()
        target = row_target(listing.spec, listing.program, self.row(index)) if listing.spec is not None else None
        return () if target is None else (target,)

    def row_text(self, index: int) -> str:
        """Return a row as plain text."""
        return self._rows.text(self.row(index))

    def row_hint(self, index: int) -> str:
        """Say where in the C source a row is, or the bytes of an instruction."""
        row = self.row(index)
        if row.kind is RowKind.SOURCE:
            return f"{row.file}:{row.line}:{row.column}" if row.file else ""
        return f"slot {row.slot}: {row.raw.hex(' ')}" if row.raw else ""

    def row_of(self, slot: int, lead: int) -> int:
        """Return the row of the listing that stands so many above an instruction; its own where that is of another."""
        listing = self.listing
        assert listing is not None
        insn = listing.index_of_slot(slot)
        row = insn - lead
        return row if 0 <= row < len(listing) and listing.slot_at(row) == slot else insn

    @property
    def folded(self) -> Sequence[tuple[int, int]]:
        """What is folded: of each heading the instruction below, and how many rows it stands above that."""
        listing = self.listing
        if listing is None or self._shown is None:
            return ()
        slots = [(row, listing.slot_at(row)) for row in self._shown.folds.headings]
        return [(slot, listing.index_of_slot(slot) - row) for row, slot in slots]

    def fold_again(self, folded: Iterable[tuple[int, int]]) -> None:
        """Fold what is told as `folded` tells it, as far as it is there, and nothing else."""
        listing = self.listing
        if listing is None or not self.row_count():
            return
        rows = sorted({self.row_of(slot, lead) for slot, lead in folded})
        self._fold_only(listing.span(row) for row in rows if listing.heading(row) is not None)  # pyright: ignore[reportArgumentType] - a heading's span begins with it

    # Drawing

    @property
    def is_side_by_side(self) -> bool:
        """Whether C and assembly stand beside each other."""
        return self.side_by_side and self.typed_app.size.width >= _WIDE_ENOUGH

    @property
    def _canvas(self) -> Canvas:
        return Canvas(
            self.ink,
            self.get_component_rich_style,
            self.size.width,
            side_by_side=self.is_side_by_side,
            ascii_only=self._ascii,
        )

    def row_mark(self, index: int) -> tuple[str, str]:
        """Mark the cursor, what decorations mark, and let function headers stand out."""
        mark, component = super().row_mark(index)
        return (mark, component) if component else self._rows.mark(self.shown, index)

    def row_variant(self, index: int) -> object:
        """Draw anew what the decorations draw otherwise."""
        return self._rows.variant(index)

    def draw_row(self, index: int, width: int) -> Strip:
        """Draw a header, a line of C, or an instruction."""
        return self._rows.draw(self.shown, index, width, self._canvas)

    def decorate(self, strip: Strip) -> Strip:
        """Mark what the search pattern matches."""
        return self._rows.over(strip, self._canvas)

    def _measure(self) -> None:
        """Unfold everything, and forget what belonged to the cursor: another listing is shown."""
        self._shown = None if self.listing is None else FoldedListing(self.listing)
        for decoration in self._rows.decorations:
            decoration.forget()

    def _follow_cursor(self) -> None:
        """Draw what belongs to the instruction under the cursor."""
        if not self.row_count():
            return
        canvas = self._canvas
        changes = [decoration.follow(self.shown, self.cursor, canvas) for decoration in self._rows.decorations]
        if any(changes):
            self.refresh()

    def _redraw(self) -> None:
        self.forget_strips()
        self.refresh()

    # What a screen calls

    @property
    def heads(self) -> str:
        """What stands over its columns, from its left edge on, behind the character that marks a row."""
        return self._rows.heads

    def mark_heat(self, heat: Heat | None) -> None:
        """Show how often the verifier walked over each instruction; None for nothing."""
        if self._heat.show(heat):
            self._redraw()

    def mark_runs(self, coverage: ProgramCoverage | None) -> None:
        """Show what runs came to; None for nothing."""
        if self._runs.show(coverage):
            self._redraw()

    def mark_changes(self, marks: ProgramMarks | None) -> None:
        """Show what is not as it was in the version before; None for nothing."""
        if self._changed.show(marks):
            self._redraw()

    def mark_trail(self, trail: Trail | None) -> None:
        """Show a run's way through the program; None for nothing."""
        if self._trail.show(trail):
            self._redraw()

    def mark_removed(self, removed: Mapping[int, str]) -> None:
        """Strike out instructions.

        Args:
            removed: Their slots, each with what to say of it (`dead: verbose = false`).
        """
        if self._dead_code.show(removed):
            self._redraw()

    def reveal(self, row: int) -> None:
        """Unfold what hides a row of the listing."""
        folds = self.shown.folds
        before = len(folds)
        folds.reveal(row)
        if len(folds) != before:
            with self.prevent(self.Highlighted):
                self.refresh_rows()

    # Searching

    def watch_pattern(self) -> None:
        """Mark the new matches."""
        self._matches.pattern = self.pattern
        super().watch_pattern()

    @property
    def match(self) -> tuple[int, int] | None:
        """Which match the cursor is on, from 1 (0 for none), and how many there are; None without a search."""
        return self._matches.number(self.shown, self.cursor) if self.row_count() else None

    def find(self, pattern: re.Pattern[str], start: int, step: int) -> int | None:
        """Return the nearest match from a row in sight on; what is folded away is found, and unfolded."""
        found = None if self._shown is None else self._matches.nearest(self._shown, pattern, start, step)
        if found is None:
            return None
        self.reveal(found)
        return self.shown.folds.index(found)

    def action_search(self) -> None:
        """Ask for a pattern; what is needed to find it is made while it is being typed."""
        super().action_search()
        if self.listing is not None:
            prepare = self._matches.searcher(self.listing).prepare
            self.call_after_refresh(self.run_worker, prepare, thread=True, exit_on_error=False)

    def _go_to_match(self, start: int, step: int) -> bool:
        """Go to a match; where this program has none, or none before its end, ask for one in another."""
        assert self.pattern is not None
        found = self.listing is not None and self._matches.find(self.listing, self.pattern)
        if found and (not self.everywhere or self.find(self.pattern, start, step) is not None):
            remember_place(self)
            return super()._go_to_match(start, step)
        self.post_message(self.NotHere(self.pattern, step))
        return False

    everywhere = False
    """Whether a search goes on in other programs before it begins again in this one."""
    elsewhere: ObjectSearch | None = None
    """What knows how much there is in the whole object; who shows several programs sets it."""
    _began: CodeSpot | None = None
    _looking: re.Pattern[str] | None = None
    """What a thread looks for."""
    _wanted: re.Pattern[str] | None = None
    """What was typed last."""

    def seek_from_here(self) -> None:
        """Begin to search: the first match is the one from here on."""
        self._began = self.jumps.spot
        self._wanted = None
        self._staying = False
        self.everywhere = False

    def seek(self, text: str) -> None:
        """Go to the first match of what was typed so far, as soon as it is found; back, where there is none."""
        if not text:
            self._wanted = self.pattern = None
            self._to_origin()
        else:
            self.seek_pattern(compile_pattern(text))
        self.post_message(self.CountAsked(self._wanted))

    def seek_pattern(self, pattern: re.Pattern[str]) -> None:
        """Look for a pattern in the program: in a thread, where that may take longer than a frame."""
        listing = self.listing
        self._wanted = pattern
        if listing is None:
            return
        if listing.program.linked.insns <= _LONG:
            self._sought(pattern)
        elif self._looking is None:
            self._looking = pattern
            self.run_worker(partial(self._look, listing, pattern), thread=True, exit_on_error=False, group="search")

    def _look(self, listing: Listing, pattern: re.Pattern[str]) -> None:
        """Look for a pattern, in a thread."""
        self._matches.find(listing, pattern)
        self.typed_app.call_from_thread(self._looked, pattern)

    def _looked(self, pattern: re.Pattern[str]) -> None:
        self._looking = None
        if self._wanted is pattern:
            self._sought(pattern)
        elif self._wanted is not None:
            self.seek_pattern(self._wanted)

    def _sought(self, pattern: re.Pattern[str]) -> None:
        """Go to the first match, which is known by now."""
        if not self.row_count():
            return
        self.pattern = pattern
        self._to_origin()
        found = self.find(pattern, self.cursor, 1)
        if found is None:
            found = self.find(pattern, 0, 1)
        if found is not None:
            self.cursor = found
            self.scroll_to_cursor()
        elif self.everywhere:
            self.post_message(self.NotHere(pattern))
        if self._staying:
            self._stay()

    def mark(self, pattern: re.Pattern[str]) -> None:
        """Mark what a pattern matches, where the cursor is on a match already; in a thread, where that takes longer."""
        self._began = None
        self.seek_pattern(pattern)

    def seek_count(self) -> str:
        """Return which match the cursor is on, of how many in this program."""
        if self._looking is not None or self._wanted is None:
            return "looking …" if self._looking is not None else ""
        number, count = self.match or (0, 0)
        found = f"{number or '–'} of {count:,}" if count else "0"
        if self.everywhere and self.elsewhere is not None:
            return f"{found} here, {self.elsewhere.text()} in the whole object"
        return f"{found} in this program"

    def widen(self) -> None:
        """Search in the whole object, or in this program only."""
        self.everywhere = not self.everywhere

    def wider_count(self) -> str:
        """Return where else can be searched, and how much is found there."""
        if self.elsewhere is None:
            return ""
        if self.everywhere:
            return "this program"
        return f"whole object ({self.elsewhere.text()})" if self.elsewhere.pattern is not None else "whole object"

    def seek_end(self, *, stay: bool) -> None:
        """End the search: *stay* at what was found, and look elsewhere where there is nothing, or go back."""
        if stay:
            self._staying = True
            if self._looking is None:
                self._stay()
            return
        self._wanted = self.pattern = None
        self.post_message(self.CountAsked(None))
        if self._began is not None:
            self.post_message(self.GivenUp(self._began))

    def _stay(self) -> None:
        self._staying = False
        pattern = self._wanted
        if pattern is None or self.listing is None:
            return
        if not self._matches.find(self.listing, pattern):
            self.post_message(self.NotHere(pattern))

    def _to_origin(self) -> None:
        here = self.listing
        if self._began is not None and here is not None and here.program.name == self._began.place.program:
            self.jumps.return_to(self._began)

    # Behaviour

    def watch_listing(self) -> None:
        """Show another listing from its start."""
        self._measure()
        if self.is_mounted:
            self.restart()
            self._follow_cursor()
            if self._wanted is not None and self.pattern is not self._wanted:
                self.seek_pattern(self._wanted)  # it was typed before the listing was there

    def watch_cursor(self, old: int, new: int) -> None:
        """Mark what belongs to the instruction that the cursor came to."""
        self._follow_cursor()
        super().watch_cursor(old, new)

    def on_resize(self) -> None:
        """Let C and assembly stand side by side where there is room, and else below each other.

        Textual calls the base class's handler by itself, here as everywhere.
        """
        if self.side_by_side:
            self._relist()

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
        if self.shown.heading(index) is not None:
            return None
        number = helper_number(self.listing.program, self.slot_at(index))
        return None if number is None else helper_text(number)

    def action_select(self) -> None:
        """Follow the instruction under the cursor."""
        if not self.row_count():
            return
        row = self.row(self.cursor)
        if row.target is not None:
            self.jumps.go_to(row.target)
        elif row.reference is not None:
            self.post_message(self.Follow(self, row.reference))
        elif row.kind is not RowKind.INSN:
            self.action_fold()
        else:
            super().action_select()

    def why_not(self, action: str) -> str:
        """Return why there is nothing to follow here, or to be shown otherwise."""
        if not self.row_count():
            return self.empty_text or "the listing is being made"
        if action == "select":
            return "this instruction leads nowhere: enter follows jumps, calls and names"
        return super().why_not(action)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer to follow what leads somewhere, and other views of what is listed."""
        from ...uses import leads_on

        match action:
            case "select":
                listing = self.listing
                return listing is not None and self.row_count() > 0 and leads_on(listing.program, self.row(self.cursor))
            case "next_view" | "fold" | "copy_function" | "fold_all" | "unfold_all":
                return self.row_count() > 0
            case "write":
                return self.is_writable and self.row_count() > 0
            case _:
                return super().check_action(action, parameters)

    def action_link(self, step: int) -> None:
        """Scroll: a row has one name at most, which enter follows."""
        self.action_side(step)

    def action_toggle_source(self) -> None:
        """Show or hide the C source; the cursor stays on its instruction."""
        if self.listing is not None:
            self._relist(source=not self.listing.source)

    def action_next_view(self) -> None:
        """Go on to the next view: C above its instructions, assembly, C beside it where there is room; then others."""
        listing = self.listing
        if listing is None:
            return
        if not self.side_by_side and listing.source:
            self._relist(source=False)
        elif not self.side_by_side and self.typed_app.size.width >= _WIDE_ENOUGH:
            self.show_side_by_side(True)
        else:
            self.side_by_side = False
            self._relist(source=True)
            self.post_message(self.ViewsSeen())

    def show_side_by_side(self, wanted: bool) -> None:
        """Put C and assembly side by side, or the C above its instructions."""
        if wanted != self.side_by_side:
            self.side_by_side = wanted
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
        if (source, resolver) == (old.source, old.resolver):
            self._list_anew(old)
            return

        def made() -> Listing:
            return Listing(old.program, old.spec, syntax=old.syntax, source=source, resolver=resolver)

        if old.program.linked.insns <= _LONG:
            self._list_anew(made())
        else:
            self._in_thread(old, made, self._list_anew)

    def _in_thread(self, old: Listing, make: Callable[[], _Made], then: Callable[[_Made], None]) -> None:
        """Make in a thread what takes longer than a frame, and use it where *old* is still the listing shown."""

        def use(made: _Made) -> None:
            if self.listing is old and self.row_count():
                then(made)

        self.run_worker(
            lambda: self.typed_app.call_from_thread(use, make()), thread=True, exit_on_error=False, group="listing"
        )

    def _list_anew(self, listing: Listing) -> None:
        """Show another listing of the same program; the cursor stays on its row, else on its instruction.

        A line of C that this listing has no row for is known by the next one that has.
        """
        old, slot, kind = self.listing, self.slot_at(self.cursor), self.row(self.cursor).kind
        if (old is not None and old.source) or kind is not RowKind.INSN or self._stood[0] != slot:
            self._stood = slot, kind
        if listing is not self.listing:
            self.set_reactive(ListingView.listing, listing)
            self._measure()
        with self.prevent(self.Highlighted):
            self.refresh_rows()
        self.cursor = self.shown.folds.index(listing.row_of_kind(*self._stood))
        self._follow_cursor()

    def action_fold(self) -> None:
        """Fold or unfold what the cursor is in: a C line's instructions, or on its header a function."""
        listing = self.listing
        if listing is None or not self.row_count():
            return
        heading, stop = listing.span(self.shown.place(self.cursor))
        if heading is not None:
            self.shown.folds.toggle(heading, stop)
            self._refold(heading)

    def action_fold_all(self) -> None:
        """Fold every C line."""
        listing = self.listing
        if listing is None or not self.row_count():
            return
        if listing.program.linked.insns <= _LONG:
            self._fold_only(listing.spans())
            return

        def folded() -> FoldedListing:
            made = FoldedListing(listing)
            made.folds.fold(listing.spans())
            return made

        self._in_thread(listing, folded, self._show_folded)

    def _show_folded(self, folded: FoldedListing) -> None:
        here = self.shown.place(self.cursor)
        self._shown = folded
        self._refold(here)

    def action_unfold_all(self) -> None:
        """Fold nothing any more."""
        if self.listing is not None and self.row_count():
            self._fold_only([])

    def _fold_only(self, spans: Iterable[tuple[int, int]]) -> None:
        here = self.shown.place(self.cursor)
        self.shown.folds.fold(spans)
        self._refold(here)

    def _refold(self, row: int) -> None:
        with self.prevent(self.Highlighted):
            self.refresh_rows()
        self.cursor = self.shown.folds.index(row)
        self._follow_cursor()
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
