"""CodePane: a program's listing under one line that says where it is."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from textual.containers import Vertical
from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Static

from ...core.errors import BpftuiError
from .listing_view import ListingView
from .row_view import RowView  # noqa: TC001 - Textual asks for the annotation at run time

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from ...core.spec import CollectionSpec
    from ...core.spec.listing import Listing

__all__ = ["CodePane"]

_PALE = "$foreground 60%"


class CodePane(Vertical):
    """The code of one program at a time; a listing is made when it is first looked at, and kept."""

    DEFAULT_CSS = """
    CodePane {
        & > #code-title { height: 1; background: $panel; padding: 0 1; }
        & > ListingView { height: 1fr; }
    }
    """

    program: reactive[str] = reactive("", init=False)
    """The program whose code is shown."""

    def __init__(self, spec: CollectionSpec, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        """Initialise the pane for the programs of *spec*."""
        super().__init__(id=id)
        self.spec = spec
        self._listings: dict[str, Listing] = {}

    def compose(self) -> ComposeResult:
        """Compose title and listing."""
        yield Static(id="code-title")
        yield ListingView()

    def watch_program(self, name: str) -> None:
        """Show another program's listing as soon as it can be seen."""
        self._show_when_visible()

    def on_show(self) -> None:
        """Make the listing that was asked for while the pane was hidden."""
        self._show_when_visible()

    def _show_when_visible(self) -> None:
        if not self.program and self.spec.programs:
            self.set_reactive(CodePane.program, next(iter(self.spec.programs)))
        if not self.program or not self.is_on_screen:
            return
        view = self.query_one(ListingView)
        listing = self._listing(self.program)
        if view.listing is not listing:
            view.listing = listing
        self._show_title()

    def _listing(self, name: str) -> Listing | None:
        from ...core.spec.listing import Listing

        if name not in self._listings:
            try:
                self._listings[name] = Listing(self.spec.programs[name])
            except BpftuiError as error:
                self.query_one("#code-title", Static).update(Content.styled(f"✗ {error.message}", "$text-error"))
                return None
        return self._listings[name]

    def show_function(self, program: str, function: str) -> None:
        """Show a program with the cursor on the first line of one of its functions."""
        self.program = program
        listing = self._listing(program)
        if listing is None:
            return
        from ...core.spec.listing import RowKind

        start = next((found.start for found in listing.functions if found.name == function), None)
        view = self.query_one(ListingView)
        view.listing = listing
        if start is not None:
            index = listing.index_of_slot(start)
            while index > 0 and listing.row(index).kind is not RowKind.FUNCTION:
                index -= 1
            view.cursor = index

    def go_to_slot(self, slot: int) -> None:
        """Put the cursor on an instruction of the program that is shown."""
        listing = self._listing(self.program)
        if listing is not None:
            view = self.query_one(ListingView)
            view.listing = listing
            view.go_to_slot(slot)

    def on_row_view_highlighted(self, event: RowView.Highlighted) -> None:
        """Keep the title's position up to date."""
        self._show_title()

    def _show_title(self) -> None:
        view = self.query_one(ListingView)
        listing = view.listing
        if listing is None or not len(listing):
            return
        row = listing.row(view.cursor)
        function = next((found.name for found in listing.functions if found.start <= row.slot < found.stop), "")
        where = f"{function}()" if function else ""
        infos = self.spec.programs[self.program].linked.line_infos
        index = bisect_right(infos, row.slot, key=lambda info: info.slot) - 1
        place = f"  {infos[index].file.rsplit('/', 1)[-1]}:{infos[index].line}" if index >= 0 else ""
        self.query_one("#code-title", Static).update(
            Content.assemble((self.program, "bold"), (f" › {where}", ""), (f"  insn {row.slot}{place}", _PALE))
        )
