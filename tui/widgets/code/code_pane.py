"""CodePane: a program's listing under one line that says where it is."""

from __future__ import annotations

import contextlib
import gc
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.reactive import reactive

from ....core.errors import BpftuiError
from ...jumps import CodePlace, remember_place
from ...text.shown import assembled, plain, styled
from ..lists.row_view import RowView  # noqa: TC001 - Textual asks for the annotation at run time
from ..pane_title import PaneTitle
from ..plain import Static
from .flow_view import FlowFacts, FlowView
from .listing_view import ListingView
from .object_search import ObjectSearch

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Sequence

    from textual.app import ComposeResult

    from ....core.btf import Btf
    from ....core.btf.core import CoreResolver
    from ....core.listing.listing import Listing
    from ....core.spec import CollectionSpec, LinkedCode
    from .listing_jumps import CodeSpot

__all__ = ["CodePane"]

_LONG = 20_000
"""Instructions from which on making a listing takes more than a frame: 500,000 take half a second."""
_MOST_FOLDS = 1000
"""Folds that are taken over to another version."""
_PALE = "$text-muted"


class CodePane(Vertical):
    """The code of one program at a time; a listing is made when it is first looked at, and kept."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "x",
            "kernel_types",
            "BTF",
            show=False,
            id="code.types",
            tooltip="What CO-RE accesses become, with the chosen BTF",
        ),
    ]

    COMMANDS: ClassVar[Sequence[tuple[str, str]]] = (("Control flow as a picture", "flow"),)
    """What can be done without a key of its own: what it is called, and the action."""

    DEFAULT_CSS = """
    CodePane {
        & > #code-heads { height: 1; display: none; color: $text-muted; text-wrap: nowrap; }
        & > ListingView { height: 1fr; }
        & > FlowView { height: 1fr; display: none; }
    }
    """

    class Shown(Message):
        """Another function is shown than before: the cursor is in it."""

    program: reactive[str] = reactive("", init=False)
    """The program whose code is shown."""

    def __init__(self, spec: CollectionSpec, *, id: str | None = None, is_writable: bool = True) -> None:  # noqa: A002 - Textual's own name
        """Initialise the pane for the programs of *spec*.

        Args:
            spec: The object.
            id: As Textual has it.
            is_writable: As `ListingView` has it.
        """
        super().__init__(id=id)
        self._is_writable = is_writable
        self.spec = spec
        self.target: Btf | None = None
        """The kernel's types that CO-RE relocations are resolved against, when asked for; None for this one's."""
        self.resolver: CoreResolver | None = None
        """Resolves them, where that was asked for."""
        self._listings: dict[str, Listing] = {}
        self._elsewhere = ObjectSearch(self._listing_of)
        self._before_flow = 0
        self._shown_program = ""
        self.function = ""
        """The function that the cursor is in; empty before there is one."""
        self._waiting: dict[str, list[Callable[[Listing], None]]] = {}
        """What is to be done with listings that are being made, by program."""

    def compose(self) -> ComposeResult:
        """Compose title and listing."""
        yield PaneTitle(id="code-title")
        yield Static(id="code-heads")
        view = ListingView()
        view.is_writable = self._is_writable
        yield view
        yield FlowView()

    def on_mount(self) -> None:
        """Say how many matches there are as soon as something is searched for, and that there is nothing to show."""
        if len(self.spec.programs) > 1:
            self.view.elsewhere = self._elsewhere
        if not self.spec.programs:
            self.query_one(ListingView).empty_text = "this object has no programs"
        self.watch(self.query_one(ListingView), "pattern", self._show_title, init=False)
        self.watch(self.query_one(ListingView), "scroll_x", self._show_heads, init=False)

    def watch_program(self, name: str) -> None:
        """Show another program's listing as soon as it can be seen."""
        self.leave_flow()
        self._show_when_visible()

    def on_show(self) -> None:
        """Make the listing that was asked for while the pane was hidden."""
        self._show_when_visible()

    def _show_when_visible(self) -> None:
        if not self.program and self.spec.programs:
            self.set_reactive(CodePane.program, next(iter(self.spec.programs)))
        if not self.program or not self.is_on_screen:
            return
        self._with_listing(self.program, self._show_listing)

    def _show_listing(self, listing: Listing) -> None:
        view = self.query_one(ListingView)
        if view.listing is None or view.listing.program is not listing.program:
            view.listing = listing
        self._show_title()

    def _with_listing(self, name: str, then: Callable[[Listing], None]) -> None:
        """Call *then* with a program's listing; not at all where its code is damaged.

        A long one is made in a thread: then that is later, and only if it is still the program that is shown.
        """
        linked: LinkedCode | None = self.spec.programs[name].__dict__.get("linked")
        if name in self._listings or linked is None or linked.insns <= _LONG:
            listing = self.listing(name)
            if listing is not None:
                then(listing)
            return
        title = assembled((name, "bold"), "  listing its instructions …")
        self.query_one("#code-title", Static).update(title)
        waiting = self._waiting.setdefault(name, [])
        waiting.append(then)
        if len(waiting) == 1:
            self.run_worker(partial(self._make_listing, name), thread=True, exit_on_error=False, group="listing")

    def _make_listing(self, name: str) -> None:
        """Make a listing in a thread."""
        from ....core.listing.listing import Listing

        resolver = self.resolver
        with contextlib.suppress(BpftuiError):  # damaged code says so itself
            listing = Listing(self.spec.programs[name], self.spec, resolver=resolver)
            listing.rows(0, 1)  # what the first row takes: its flow, its names
            if resolver is self.resolver:
                self._listings[name] = listing
        self.view.typed_app.call_from_thread(self._made_listing, name)

    def _made_listing(self, name: str) -> None:
        gc.freeze()  # a listing stays: looking through its 500,000 things for what is not needed any more costs frames
        waiting = self._waiting.pop(name)
        listing = self.listing(name) if name == self.program else None
        if listing is not None:
            for then in waiting:
                then(listing)

    def listing(self, name: str) -> Listing | None:
        """Return a program's listing, made when it is first asked for; None where its code is damaged."""
        from ....core.listing.listing import Listing

        if name not in self._listings:
            try:
                self._listings[name] = Listing(self.spec.programs[name], self.spec, resolver=self.resolver)
            except BpftuiError as error:
                self.query_one("#code-title", Static).update(styled(f"✗ {error.message}", "$text-error"))
                return None
        return self._listings[name]

    # Control flow as a picture

    @property
    def flow(self) -> FlowView:
        """The control flow of a function as a picture, which is out of sight as a rule."""
        return self.query_one(FlowView)

    def flow_facts(self) -> FlowFacts:
        """Return what else is known of the program's control flow."""
        return FlowFacts()

    def show_flow(self) -> None:
        """Show the control flow of the function that the cursor is in; anew where more is known of it by now."""
        view, flow = self.view, self.flow
        if view.listing is None or not view.row_count():
            return
        had_focus = view.has_focus or flow.has_focus
        slot = view.slot_at(view.cursor)
        if not flow.display:
            self._before_flow = slot
            flow.display, view.display = True, False
        flow.show(view.listing, slot, self.flow_facts())
        if had_focus:
            flow.focus()

    def action_flow(self) -> None:
        """Show the control flow."""
        self.show_flow()

    def leave_flow(self) -> None:
        """Show the listing again."""
        flow = self.flow
        if flow.display:
            had_focus = flow.has_focus
            flow.display, self.view.display = False, True
            if had_focus:
                self.view.focus()

    def on_listing_view_views_seen(self) -> None:
        """Show what comes after the listing."""
        self.show_next_view()

    def show_next_view(self) -> None:
        """Show what comes after the listing: the control flow."""
        self.show_flow()

    def on_flow_view_left(self) -> None:
        """Show the listing at the block that was chosen."""
        self.leave_flow()

    def on_flow_view_chosen(self, event: FlowView.Chosen) -> None:
        """Let the listing follow the picture, so that leaving it leads to the same block."""
        view, picture = self.view, self.flow.picture
        if not self.flow.display or picture is None or not view.row_count():
            return
        if picture.node_of(view.slot_at(view.cursor)) != picture.node_of(event.slot):
            view.jumps.show(event.slot)

    def on_flow_view_opened(self, event: FlowView.Opened) -> None:
        """Show a block in the listing; the way back leads to where the user was before the picture."""
        self.leave_flow()
        self.view.jumps.show(self._before_flow)
        self.view.jumps.go_to(event.slot)

    def show_function(self, program: str, function: str) -> None:
        """Show a program with the cursor on the header of one of its functions."""
        self.leave_flow()
        self.program = program

        def show(listing: Listing) -> None:
            start = next((found.start for found in listing.functions if found.name == function), None)
            view = self.query_one(ListingView)
            view.listing = listing
            if start is not None:
                view.jumps.show_function(start)

        self._with_listing(program, show)

    def go_to(self, place: CodePlace) -> None:
        """Show an instruction of a program."""
        self._show(place.program, lambda: self.view.jumps.show(place.slot))

    def spot(self) -> CodeSpot | None:
        """Return where one is in the code; None where there is none."""
        return self.view.jumps.spot

    def return_to(self, spot: CodeSpot | None) -> None:
        """Show a program again, with the row and the scroll that one had there."""
        if spot is not None and spot.place.program in self.spec.programs:  # it was of another version of the object
            self._show(spot.place.program, lambda: self.view.jumps.return_to(spot))

    def take_over(self, other: CodePane, moved: Callable[[str, int], int | None]) -> None:
        """Show a program as another version's pane showed it: C or none, what is folded, what is searched for.

        Args:
            other: The pane.
            moved: Returns where an instruction of a program is now; None where it is not known.
        """
        before, view, name = other.view, self.view, other.program
        if before.listing is None or name not in self.spec.programs:
            return
        wants_source, folded = before.listing.source, before.folded[:_MOST_FOLDS]
        here = [(moved(name, slot), lead) for slot, lead in folded]

        def show() -> None:
            view.side_by_side = before.side_by_side
            if view.listing is not None and view.listing.source is not wants_source:
                view.action_toggle_source()
            view.fold_again((slot, lead) for slot, lead in here if slot is not None)
            view.pattern = before.pattern

        self._show(name, show)

    def _show(self, program: str, then: Callable[[], None]) -> None:
        """Show a program's listing, then do something there."""
        self.leave_flow()
        self.program = program

        def show(listing: Listing) -> None:
            self._show_listing(listing)
            then()

        self._with_listing(program, show)

    def action_kernel_types(self) -> None:
        """Say what CO-RE relocations become, and name what a kernel's types tell; or no more."""
        if self.resolver is not None:
            self.resolve_with(None)
        elif self.spec.btf is None:
            self.notify("this object has no BTF, and so no CO-RE relocations", severity="warning", timeout=3)
        else:
            self.run_worker(self._find_types, thread=True, exclusive=True, exit_on_error=False, group="types")

    def _find_types(self) -> None:
        """Read a kernel's types, and resolve what the program shown has, in a thread."""
        from ....core.btf.core import CoreResolver
        from ....core.spec.relocate_core import resolve_core
        from ..spec.core_view import running_types

        assert self.spec.btf is not None
        resolver = CoreResolver(self.spec.btf, self.target or running_types())
        with contextlib.suppress(BpftuiError):  # damaged code says so itself
            resolve_core(self.spec.programs[self.program], resolver)
        self.view.typed_app.call_from_thread(self.resolve_with, resolver)

    def resolve_with(self, resolver: CoreResolver | None) -> None:
        """Show what relocations become; None for nothing."""
        if resolver is not None and resolver.target is None:
            self.notify("this kernel publishes no BTF; choose a file in the list of relocations", severity="warning")
            return
        self.resolver = resolver
        self._listings.clear()
        view = self.query_one(ListingView)
        view.resolve_with(resolver)
        if view.listing is not None:
            self._listings[view.listing.program.name] = view.listing
        self._show_title()

    @property
    def view(self) -> ListingView:
        """The list of instructions."""
        return self.query_one(ListingView)

    @property
    def map_here(self) -> str | None:
        """The map that the cursor's row is about, or another one of its line of C; None for none."""
        from ...uses import map_of

        view = self.view
        listing = view.listing
        if listing is None or not view.row_count():
            return None
        row = view.shown.place(view.cursor)
        heading, stop = listing.span(row)
        slots = range(listing.slot_at(row if heading is None else heading), listing.slot_at(stop - 1) + 1)
        return map_of(listing.program, self.spec, slots, nearest=view.slot_at(view.cursor))

    # Searching in other programs

    def _listing_of(self, name: str) -> Listing:
        """Return a program's listing, in a thread.

        Raises:
            BpftuiError: Its code is damaged.
        """
        from ....core.listing.listing import Listing

        return self._listings.get(name) or Listing(self.spec.programs[name], self.spec, resolver=self.resolver)

    def _from_here(self, step: int) -> list[str]:
        """Return the names of the programs, this one first, forwards or backwards."""
        names = list(self.spec.programs)
        here = names.index(self.program) if self.program in names else 0
        return [*names[here:], *names[:here]] if step > 0 else [*names[here::-1], *names[:here:-1]]

    def on_listing_view_count_asked(self, event: ListingView.CountAsked) -> None:
        """Find out how much there is of a pattern in the whole object."""
        search = self._elsewhere
        turn = search.begin(event.pattern)
        if event.pattern is not None and len(self.spec.programs) > 1:
            self.run_worker(
                partial(search.look, turn, self._from_here(1)), thread=True, exit_on_error=False, group="count"
            )

    def on_listing_view_not_here(self, event: ListingView.NotHere) -> None:
        """Look for a pattern in the programs after this one, or before it, and show the first match."""
        work = partial(self._look_elsewhere, event.pattern, event.step, self._from_here(event.step))
        self.run_worker(work, thread=True, exit_on_error=False, group="elsewhere", exclusive=True)

    def _look_elsewhere(self, pattern: re.Pattern[str], step: int, names: list[str]) -> None:
        """Look for a pattern in other programs, and at last in the first one again, in a thread."""
        found = self._elsewhere.next(pattern, [*names[1:], *names[:1]], step)
        self.view.typed_app.call_from_thread(self._found_elsewhere, pattern, found)

    def _found_elsewhere(self, pattern: re.Pattern[str], found: tuple[str, int] | None) -> None:
        view = self.view
        if found is None:
            self.notify(f"no match for {pattern.pattern!r} in any program", severity="warning", timeout=3)
            return
        name, row = found
        if name != self.program:
            self.notify(f"found in {name}", timeout=3)
        if not self.screen.focused or self.screen.focused is view:  # while it is typed, esc leads back
            remember_place(self)

        def show() -> None:
            assert view.listing is not None
            view.reveal(row)
            view.cursor = view.shown.folds.index(row)
            view.scroll_to_cursor()
            view.mark(pattern)

        self._show(name, show)

    def on_listing_view_given_up(self, event: ListingView.GivenUp) -> None:
        """Go back to where the search began."""
        self.return_to(event.spot)

    def on_row_view_highlighted(self, event: RowView.Highlighted) -> None:
        """Keep the title's position up to date."""
        self._show_title()

    def remark(self) -> str:
        """Return what else the title says of the program shown; empty for nothing."""
        return f"CO-RE: {self.resolver.where}" if self.resolver is not None else ""

    def _show_heads(self) -> None:
        """Say over the listing's columns what they count; where it shows none, there is no such line."""
        view, heads = self.query_one(ListingView), self.query_one("#code-heads", Static)
        text = f" {view.heads}"[round(view.scroll_x) :]
        heads.update(plain(text), layout=False)  # a line, or none
        heads.display = bool(view.heads) and view.display

    def _show_title(self) -> None:
        self._show_heads()
        view = self.query_one(ListingView)
        listing = view.listing
        if listing is None or not len(listing):
            return
        slot = view.slot_at(view.cursor)
        function = next((found.name for found in listing.functions if found.start <= slot < found.stop), "")
        if (listing.program.name, function) != (self._shown_program, self.function):
            self._shown_program, self.function = listing.program.name, function
            self.post_message(self.Shown())
        where = f"{function}()" if function else ""
        info = listing.source_at(slot)
        place = f"  {info.file.rsplit('/', 1)[-1]}:{info.line}" if info is not None else ""
        match = view.match
        found = f"  match {match[0] or '–'}/{match[1]}" if match is not None else ""
        remark = self.remark()
        self.query_one("#code-title", Static).update(
            assembled(
                (self.program, "bold"),
                (f"  {remark}" if remark else "", "bold"),
                (f" › {where}", ""),
                (f"  insn {slot}{place}", _PALE),
                (found, "bold"),
            )
        )
