"""EntriesController: what changes the entries of maps, and asks first where others have them too."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from .controller import Controller

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...core.live.stacks import StackPlace
    from ...core.runtime.stacks import Stack
    from ..held import HeldObjects
    from ..messages import MapEdited
    from ..operations import EditRequest, Operations
    from ..targets import Target
    from ..widgets.live.entries_view import EntriesView
    from .controller import Stage
    from .log import Log
    from .others import OthersController

__all__ = ["EntriesController"]


class EntriesController(Controller):
    """Sets, adds and deletes entries, and takes that back; shows what they hold.

    Args:
        operations: What does it.
        view: The entries.
        log: Where it is noted.
        others: What asks before what others have loaded is changed.
        follow: Goes where a name leads.
    """

    def __init__(
        self,
        stage: Stage,
        *,
        operations: Operations,
        view: EntriesView,
        log: Log,
        others: OthersController,
        follow: Callable[[Target], object],
    ) -> None:
        super().__init__(stage)
        self._others = others
        self._operations = operations
        self._view = view
        self._log = log
        self._follow = follow
        view.asks = lambda name: bool(operations.session.reaches(name))

    def edit(self, request: EditRequest) -> None:
        """Do what was asked for; where it reaches more than a sandbox, after a question."""
        journal = self._operations.journal
        edit = {"undo": journal.last, "redo": journal.undone}.get(request.action)
        if request.action in ("undo", "redo") and edit is None:
            what = "take back" if request.action == "undo" else "make again"
            self.stage.notify(f"there is no edit to {what}", severity="warning", timeout=3)
            return
        name = request.map if edit is None else edit.map.name
        reached = self._operations.session.reaches(name)
        if not reached:
            self._operations.edit_map(request)
            return
        what = request.text if edit is None else f"{request.action}: {edit.text}"
        confirm = {"delete": "Delete", "add": "Add", "set": "Set", "undo": "Undo", "redo": "Redo"}[request.action]
        if self._operations.session.theirs is not None:
            lines = [*reached, "U takes it back afterwards"]
            self._others.ask(what, lines, partial(self._operations.edit_map, request), confirm=confirm)
            return
        from ..dialogs.confirm import ConfirmDialog

        listed = "\n".join(f"  {reason}" for reason in reached)
        question = f"{what}\n\nMap {name} is not the sandbox's alone:\n{listed}\n\nU takes it back afterwards."
        self.stage.ask(ConfirmDialog("Change the map", question, confirm=confirm), partial(self._answered, request))

    def _answered(self, request: EditRequest, sure: bool | None) -> None:
        if sure:
            self._operations.edit_map(request)

    def edited(self, message: MapEdited) -> None:
        """Show what was done, and say how it is taken back."""
        did = {"undo": "taken back: ", "redo": "again: "}.get(message.action, "")
        self._log.line(f"{did}{message.edit.text}")
        self._view.changed(message.edit, message.now)
        back = "ctrl+y makes it again" if message.action == "undo" else "U takes it back"
        self.stage.notify(f"{did}{message.edit.text} · {back}", timeout=4)

    def ask_entry(self, event: EntriesView.EntryAsked) -> None:
        """Ask for the fields of a new entry."""
        from ..dialogs.map_entry import EntryDialog

        reached = self._operations.session.reaches(event.map.name)
        note = f"Asks before it is added: {'; '.join(reached)}" if reached else ""
        self.stage.ask(EntryDialog(event.map, event.rows.fields, note), self._entry_typed)

    def _entry_typed(self, request: EditRequest | None) -> None:
        if request is not None:
            self.edit(request)

    def open(self, event: EntriesView.EntryOpened) -> None:
        """Show an entry as a whole."""
        from ..dialogs.map_entry import EntryPage

        fields = event.table.fields
        title = f"{fields.name} · {fields.key_text(event.entry)}"
        self.stage.ask(EntryPage(title, fields, event.entry, self._view.held_in(event.entry)), self._followed)

    def _followed(self, target: Target | None) -> None:
        if target is not None:
            self._follow(target)

    def show_stack(self, place: StackPlace) -> None:
        """Show a stack trace as it is now."""
        held = self._view.held
        if held is not None and (stacks := held.stacks) is not None:
            self.stage.find_out(partial(stacks.find, place), partial(self._show_stack, place, held), holds_keys=True)

    def _show_stack(self, place: StackPlace, held: HeldObjects, stack: Stack | None) -> None:
        from ..dialogs.stack_page import StackPage

        if stack is None:
            gone = f"there is no stack {place.id} in {place.map} any more"
            self.stage.notify(gone, severity="warning", timeout=4)
            return
        whose = f" · process {place.process}" if place.process else ""
        title = f"{place.map} · stack {place.id}{whose}"
        self.stage.ask(StackPage(title, stack, held.program_of), self._followed)
