"""CodeScreen: the ways through the code: references, the jump list, who uses what."""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import Binding, BindingType

from ...core.errors import BpftuiError
from ...core.spec import ReferenceKind
from ..nodes import Node, NodeKind
from ..widgets.spec.spec_tree import SpecTree
from .spec_screen import SpecScreen

if TYPE_CHECKING:
    from ...core.analysis.xrefs import Uses
    from ...core.listing.listing import Listing
    from ...core.spec import ProgramSpec
    from ..jumps import CodePlace
    from ..uses import Users
    from ..widgets.code.listing_view import ListingView
    from ..widgets.lists.row_view import RowView
    from ..widgets.spec.core_view import CoreView

__all__ = ["CodeScreen", "slot_of_line"]


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


class CodeScreen(SpecScreen):
    """Follows references out of the code, and finds the way back into it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "backspace,ctrl+o", "jump_back", "Back to the code", show=False, id="code.back", tooltip="Back to the code"
        ),
        Binding("z", "zoom", "Zoom", show=False, id="zoom", tooltip="The tree on or off"),
        Binding("u", "uses", "Users", show=False, id="code.uses", tooltip="Who calls, uses or jumps to this"),
    ]

    @property
    def tab(self) -> str:
        """The id of the active tab."""
        raise NotImplementedError

    def go_to(self, node: Node, tab: str | None = None) -> None:
        """Choose *node* in the tree, and show it in *tab*, without one where it is at home."""
        raise NotImplementedError

    def action_show_tab(self, tab: str) -> None:
        """Show a tab and give it the focus."""
        raise NotImplementedError

    def show_place(self, place: CodePlace, *, remember: bool = True) -> None:
        """Show an instruction; the way back leads to where the user was in the code, unless not to *remember* it."""
        self.panes.code.go_to(place, remember=remember)
        self.query_one(SpecTree).choose(Node(NodeKind.PROGRAM, place.program))
        self.action_show_tab("code")

    def go_to_slot(self, slot: int) -> None:
        """Show an instruction of the program that is meant."""
        from ..jumps import CodePlace

        name = self.program_name()
        count = self.spec.programs[name].insns if name else 0
        if slot < count:
            self.show_place(CodePlace(name, slot))
        else:
            self.notify(f"{name} has {count:,} instructions", severity="warning", timeout=3)

    def go_to_line(self, file: str, line: int) -> None:
        """Show what a line of C became: in the program that is meant, else in the first one that has it.

        Args:
            file: The end of the file's path; empty for any file.
            line: The line; where it became nothing, the next one that became something.
        """
        from ..jumps import CodePlace

        first = self.program_name()
        for name in dict.fromkeys([first, *self.spec.programs] if first else ()):
            slot = slot_of_line(self.spec.programs[name], file, line)
            if slot is not None:
                self.show_place(CodePlace(name, slot))
                return
        where = f"{file}:{line}" if file else f"line {line}"
        self.notify(f"no instruction comes from {where} or after", severity="warning", timeout=3)

    def on_listing_view_follow(self, event: ListingView.Follow) -> None:
        """Go to what an instruction refers to."""
        reference = event.target
        if reference.kind is ReferenceKind.DATA and reference.name in self.spec.variables:
            event.view.remember()
            self.go_to(Node(NodeKind.VARIABLE, reference.name))
        elif reference.map in self.spec.maps:
            event.view.remember()
            found = self.spec.maps[reference.map]
            self.go_to(Node(NodeKind.SECTION if found.is_data else NodeKind.MAP, found.name))
        elif any(reference.name == extern.name for extern in (*self.spec.externs.ksyms, *self.spec.externs.kfuncs)):
            event.view.remember()
            self.go_to(Node(NodeKind.EXTERN, reference.name), "overview")
        else:
            self.notify(f"{reference.name} is outside of this object", timeout=3)

    def on_core_view_opened(self, event: CoreView.Opened) -> None:
        """Go to the instruction of a CO-RE relocation."""
        from ..jumps import CodePlace

        self.show_place(CodePlace(event.row.program, event.row.slot))

    def action_zoom(self) -> None:
        """Hide the tree, or show it again; what is right of it gets its place."""
        tree = self.query_one(SpecTree)
        tree.display = not tree.display
        if not tree.display and (tree.has_focus or self.focused is None):
            self.action_show_tab(self.tab)

    def action_uses(self) -> None:
        """List who uses what the cursor is on."""
        users = self._users()
        if users is not None:
            self.show_users(users)

    def show_users(self, users: Users) -> None:
        """List instructions to choose from."""
        from ..dialogs.uses_page import UsesPage
        from ..uses import helper_text

        note = None if users.helper is None else helper_text(users.helper)
        self.app.push_screen(UsesPage(users, self.panes.code.listing, note), self._show_use)

    def _show_use(self, place: CodePlace | None) -> None:
        if place is not None:
            self.show_place(place)

    @cached_property
    def _index(self) -> Uses:
        from ...core.analysis.xrefs import Uses

        return Uses(self.spec)

    def _users(self) -> Users | None:
        from ..uses import users_at, users_of

        view = self.panes.code.view
        try:
            if view.has_focus and view.listing is not None and view.row_count():
                return users_at(self._index, view.listing.program, view.row(view.cursor))
            return users_of(self._index, self.node.name) if self.node.kind in _USED else None
        except BpftuiError as error:
            self.notify(error.message, severity="error")
            return None

    def on_row_view_selected(self, event: RowView.Selected) -> None:
        """Say what the helper is that the chosen instruction calls, and who else; or where a table can lead."""
        view = self.panes.code.view
        if event.view is view and view.listing is not None:
            from ..uses import users_at

            found = users_at(self._index, view.listing.program, view.row(view.cursor))
            if found.helper is not None or found.noun == "target":
                self.show_users(found)

    def on_listing_view_write_requested(self, event: ListingView.WriteRequested) -> None:
        """Ask for a file to write the listing to."""
        from ..dialogs.ask import AskDialog

        notes = ("What it ends with says what it becomes: .html and .svg have colours, all else is text.",)
        question = AskDialog("Write to", f"{event.listing.program.name}.html", notes=notes, confirm="Write")
        self.app.push_screen(question, partial(self._write, event.listing))

    def _write(self, listing: Listing, path: str | None) -> None:
        if path:
            self.run_worker(partial(self._write_file, listing, path), thread=True, exit_on_error=False)

    def _write_file(self, listing: Listing, path: str) -> None:
        from ..text.export import document, format_of, write_document
        from ..text.listing import listing_lines

        kind = format_of(path)
        lines = listing_lines(listing, color=kind != "text", ascii_only=False)
        try:
            write_document(path, document(lines, kind, f"{self.spec.file} {listing.program.name}"), replace=False)
        except BpftuiError as error:
            self.app.call_from_thread(self.notify, error.message, title="Write", severity="error")
        else:
            self.app.call_from_thread(self.notify, f"wrote {path}", timeout=4)

    def action_jump_back(self) -> None:
        """Return to the code where a reference was followed from."""
        place = self.panes.code.jumps.back(None)
        if place is not None:
            self.show_place(place, remember=False)

    def why_not(self, action: str) -> str:
        """Return why an action does not apply."""
        match action:
            case "jump_back":
                return "nothing was followed out of the code"
            case "uses":
                return "choose a program, a function, a map or a variable first"
            case _:
                return super().why_not(action)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer the way back only where there is one."""
        if action == "jump_back":
            return "panes" in self.__dict__ and self.panes.code.jumps.can_go_back
        if action == "uses":
            return self.node.kind in _USED or ("panes" in self.__dict__ and self.panes.code.view.has_focus)
        return super().check_action(action, parameters)


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
