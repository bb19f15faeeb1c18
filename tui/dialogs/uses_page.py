"""UsesPage: who uses a thing, to choose an instruction from; of a helper also what it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from ..jumps import CodePlace
from ..targets import Thing, thing_of
from ..text.fit import fitted, width_of
from ..text.format import counted
from ..text.shown import Text
from ..widgets.code.code_view import CodeView
from ..widgets.lists.search_bar import SearchBar
from ..widgets.plain import Box, Static
from .explained import ExplainedModal

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import ComposeResult
    from textual.content import Content

    from ...core.listing.listing import Listing
    from ..uses import Users
    from ..widgets.lists.row_view import RowView

__all__ = ["UsesList", "UsesPage"]


class UsesList(CodeView):
    """Who has it on this machine; then program, function, slot and text of each instruction."""

    DEFAULT_CSS = """
    UsesList { height: 1fr; }
    """

    def __init__(self, users: Users, listing: Callable[[str], Listing | None]) -> None:
        """Initialise the list of *users*; *listing* gives a program's listing by its name."""
        super().__init__()
        self.places = places = users.places
        self._related = users.related
        self._how = users.how
        self._how_width = max(map(len, users.how), default=0)
        self._listing = listing
        self.empty_text = "no instruction of what is open here"
        self._width = min(40, max((width_of(place.program) for place in places), default=0) + 2)

    def row_count(self) -> int:
        """Return how many there are."""
        return len(self._related) + len(self.places)

    def target(self, index: int) -> CodePlace | Thing | None:
        """Return where a row leads; None for one that leads nowhere."""
        of = index - len(self._related)
        return self.places[of] if of >= 0 else thing_of(self._related[index])

    def _parts(self, index: int) -> tuple[str, str, str]:
        """Return function, instruction and line of C of a place."""
        place = self.places[index]
        listing = self._listing(place.program)
        if listing is None:
            return "", "", ""
        function = next((f.name for f in listing.functions if f.start <= place.slot < f.stop), "")
        info = listing.source_at(place.slot)
        line = f"{info.file.rpartition('/')[2]}:{info.line}" if info is not None else ""
        return function, listing.text(place.slot), line

    def row_text(self, index: int) -> str:
        """Return a place as one line."""
        if index < len(self._related):
            return self._related[index].text
        index -= len(self._related)
        place = self.places[index]
        function, text, line = self._parts(index)
        return f"{place.program} {function}() {place.slot}: {self._how[index]} {text} {line}".rstrip()

    def draw_row(self, index: int, width: int) -> Text:
        """Draw a place."""
        if index < len(self._related):
            leads = self.target(index) is not None
            return Text(self._related[index].text, self.ink("linked-view--link") if leads else "", no_wrap=True)
        index -= len(self._related)
        place = self.places[index]
        function, insn, line = self._parts(index)
        muted = self.ink("row-view--muted")
        text = Text(fitted(place.program, self._width), no_wrap=True)
        where = f"{function}()" if function and function != place.program else ""
        text.append(f"{where:<18} {place.slot:>6}  ", muted)
        if self._how_width:
            text.append(f"{self._how[index]:<{self._how_width}}  ", self.ink("code-view--label"))
        for segment in self.asm(insn):
            text.append(segment.text, segment.style)
        text.append(f"  {line}", muted)
        return text


class UsesPage(ExplainedModal[CodePlace | Thing | None]):
    """Dismisses with the chosen instruction, or what has it on this machine, or with None.

    Args:
        uses: Who uses what.
        listing: Gives a program's listing by its name.
        note: What there is to say about the thing, above the list.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss", "Close", id="uses.close", tooltip="Close the list"),
    ]

    ABOUT: ClassVar[str] = (
        "Who uses it: program, function, instruction and C line; before them, of what others have loaded, who on this "
        "machine has it. Enter goes there, backspace then comes back."
    )

    def __init__(self, uses: Users, listing: Callable[[str], Listing | None], note: Content | None = None) -> None:
        super().__init__()
        self._uses = uses
        self._list = UsesList(uses, listing)
        self._note = note

    def compose(self) -> ComposeResult:
        """Compose the note and the list."""
        with Box(classes="dialog page") as box:
            box.border_title = f"{self._uses.title}: {self._counts()}"
            box.border_subtitle = "enter go there · / search · esc close"
            if self._note is not None:
                yield Static(self._note, classes="page-note")
            yield self._list
            yield SearchBar()
        yield from super().compose()

    def _counts(self) -> str:
        had = f"{counted(len(self._uses.related), 'user')} on this machine" if self._uses.related else ""
        used = counted(len(self._uses.places), self._uses.noun) if self._uses.places or not had else ""
        return ", ".join(filter(None, (had, used)))

    def on_mount(self) -> None:
        """Begin in the list."""
        self.set_focus(self._list)

    def on_row_view_search_requested(self, event: RowView.SearchRequested) -> None:
        """Search in the list."""
        self.query_one(SearchBar).open(event.view)

    def on_row_view_selected(self, event: RowView.Selected) -> None:
        """Choose."""
        if (target := self._list.target(event.index)) is not None:
            self.dismiss(target)
