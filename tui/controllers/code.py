"""CodeController: the ways through the code: places in it, references out of it and back, who uses what."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import Binding, BindingType

from ...core.errors import BpftuiError
from ...core.visible import visible
from ..jumps import CodePlace
from ..nodes import Node, NodeKind
from .controller import Controller
from .writing import ask_where_to_write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ...core.analysis.xrefs import Uses
    from ...core.listing.listing import Listing
    from ...core.runtime.theirs import Theirs
    from ...core.spec import CollectionSpec, ProgramSpec
    from ..targets import Thing
    from ..uses import Users
    from ..widgets.code.listing_view import ListingView
    from ..widgets.code.marked_code import MarkedCodePane
    from ..widgets.lists.row_view import RowView
    from .controller import Stage
    from .navigation import Navigation

__all__ = ["CodeController", "slot_of_line"]

_LONG: Final = 20_000
"""Instructions from which on looking through all of them takes more than a frame."""

_USED: Final = frozenset(
    {
        NodeKind.PROGRAM,
        NodeKind.FUNCTION,
        NodeKind.MAP,
        NodeKind.SECTION,
        NodeKind.VARIABLE,
        NodeKind.EXTERN,
    }
)
"""What instructions can refer to."""


class CodeController(Controller):
    """Follows references out of the code, and finds the way back into it.

    Args:
        spec: What is explored.
        pane: The code.
        navigation: Where one is.
        program: Returns the program that is meant; empty where there is none.
        pointed: Returns what the cursor is on, outside of the code.
        theirs: Knows who has it, where others have loaded it.
        system: Goes to what the machine runs.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("u", "uses", "Users", show=False, id="code.uses", tooltip="Who calls, uses or jumps to this"),
    ]

    def __init__(
        self,
        stage: Stage,
        *,
        spec: CollectionSpec,
        pane: MarkedCodePane,
        navigation: Navigation,
        program: Callable[[], str],
        pointed: Callable[[], Node],
        theirs: Theirs | None,
        system: Callable[[Thing], object],
    ) -> None:
        super().__init__(stage)
        self._spec = spec
        self._pane = pane
        self._navigation = navigation
        self._program = program
        self._pointed = pointed
        self._theirs = theirs
        self._system = system

    # Places in the code

    def show_place(self, place: CodePlace) -> None:
        """Show an instruction; the way back leads to where the user was."""
        self._navigation.remember()
        self._pane.go_to(place)
        self._navigation.reveal(Node(NodeKind.PROGRAM, place.program), "code")

    def go_to_slot(self, slot: int) -> None:
        """Show an instruction of the program that is meant."""
        name = self._program()
        count = self._spec.programs[name].insns if name else 0
        if slot < count:
            self.show_place(CodePlace(name, slot))
        else:
            self.stage.notify(f"{name} has {count:,} instructions", severity="warning", timeout=3)

    def go_to_line(self, file: str, line: int) -> None:
        """Show what a line of C became: in the program that is meant, else in the first one that has it.

        Args:
            file: The end of the file's path; empty for any file.
            line: The line; where it became nothing, the next one that became something.
        """
        first = self._program()
        for name in dict.fromkeys([first, *self._spec.programs] if first else ()):
            slot = slot_of_line(self._spec.programs[name], file, line)
            if slot is not None:
                self.show_place(CodePlace(name, slot))
                return
        where = f"{file}:{line}" if file else f"line {line}"
        self.stage.notify(f"no instruction comes from {where} or after", severity="warning", timeout=3)

    # What instructions refer to, and who refers to what

    def follow(self, event: ListingView.Follow) -> None:
        """Go to what an instruction refers to."""
        from ..uses import reference_target

        target = reference_target(self._spec, event.target)
        if isinstance(target, Node):
            self._navigation.go_to(target)
        else:
            self.stage.notify(f"{event.target.name} is outside of this object", timeout=3)

    def action_uses(self) -> None:
        """List who uses what the cursor is on."""
        linked = [program.__dict__.get("linked") for program in self._spec.programs.values()]
        if None not in linked and sum(each.insns for each in linked if each is not None) <= _LONG:
            self._show_found(self._users())
        else:
            self.stage.find_out(self._users, self._show_found, holds_keys=True)

    def _show_found(self, found: Users | str | None) -> None:
        if isinstance(found, str):
            self.stage.notify(found, severity="error")
        elif found is None:
            self.stage.notify("choose a program, a function, a map or a variable first", severity="warning", timeout=3)
        else:
            self._show_users(found)

    def selected(self, event: RowView.Selected) -> None:
        """Say what the helper is that the chosen instruction calls, and who else; or where a table can lead."""
        view = self._pane.view
        if event.view is view and view.listing is not None:
            from ..uses import users_at

            found = users_at(self._index, view.listing.program, view.row(view.cursor))
            if found.noun == "target" and len(found.places) == 1:
                self.show_place(found.places[0])
            elif found.helper is not None or found.noun == "target":
                self._show_users(found)

    def show_helper(self, number: int) -> None:
        """Say what a helper is, and who calls it."""
        from ..uses import callers_of

        self._show_users(callers_of(self._spec, number))

    def _show_users(self, users: Users) -> None:
        """List instructions to choose from."""
        from ..dialogs.uses_page import UsesPage
        from ..uses import helper_text

        note = None if users.helper is None else helper_text(users.helper)
        self.stage.ask(UsesPage(users, self._pane.listing, note), self._show_use)

    def _show_use(self, place: CodePlace | Thing | None) -> None:
        if isinstance(place, CodePlace):
            self.show_place(place)
        elif place is not None:
            self._navigation.remember()
            self._system(place)

    @cached_property
    def _index(self) -> Uses:
        from ...core.analysis.xrefs import Uses

        return self._spec.derived(Uses)

    def _users(self) -> Users | str | None:
        """Return who uses what the cursor is on, or why that cannot be said; None where it is on nothing."""
        from ..uses import related_to, users_at, users_of

        view, node = self._pane.view, self._pointed()
        try:
            if view.has_focus and view.listing is not None and view.row_count():
                return users_at(self._index, view.listing.program, view.row(view.cursor))
            if node.kind in _USED:
                related = related_to(self._theirs, self._spec, node) if self._theirs is not None else ()
                return users_of(self._index, node.name)._replace(related=related)
            return None
        except BpftuiError as error:
            return error.message

    # The listing as a file

    def ask_where_to_write(self, listing: Listing) -> None:
        """Ask for a file to write the listing to."""
        from ..text.listing import listing_lines

        def lines(kind: str) -> Iterable[str]:
            return listing_lines(listing, color=kind != "text", ascii_only=False)

        name = listing.program.name
        notes = ("What it ends with says what it becomes: .html and .svg have colours, all else is text.",)
        ask_where_to_write(self.stage, f"{visible(name)}.html", f"{self._spec.file} {name}", lines, notes)

    def why_not(self, action: str) -> str:
        """Return why an action does not apply."""
        return "choose a program, a function, a map or a variable first"

    def check_action(self, action: str) -> bool:
        """Offer the users of what has some."""
        return self._navigation.node.kind in _USED or self._pane.view.has_focus


def slot_of_line(program: ProgramSpec, file: str, line: int) -> int | None:
    """Return the first instruction of the first line from *line* on, of a file whose path ends with *file*."""
    found: tuple[int, int] | None = None
    try:
        infos = program.linked.line_infos
    except BpftuiError:
        return None
    for info in infos:
        if info.line >= line and info.file.endswith(file) and (found is None or (info.line, info.slot) < found):
            found = info.line, info.slot
    return None if found is None else found[1]
