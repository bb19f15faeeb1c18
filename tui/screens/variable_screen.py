"""VariableScreen: what sets variables, one of them or a whole preset."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import Binding, BindingType

from ...core.errors import BpftuiError
from ..widgets.spec.spec_tree import SpecTree
from .spec_screen import SpecScreen

if TYPE_CHECKING:
    from ..dialogs.presets import PresetRequest
    from ..state.presets import Presets
    from ..widgets.spec.variables_view import Place, VariablesView

__all__ = ["VariableScreen"]

_SAID: Final = 5
"""Problems of a preset that a message names."""


class VariableScreen(SpecScreen):
    """Edits variables and takes changes back; saves, restores and deletes presets."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("P", "presets", "Presets", show=False, id="presets", tooltip="Save and restore values of variables"),
    ]

    def log_line(self, text: str, error: Exception | None = None) -> None:
        """Add to the session's messages and to the user's log, there with the traceback of an *error*."""
        self.panes.log.add(text)
        self.note(text, error)

    def note(self, text: str, error: Exception | None = None) -> None:
        """Add to the user's log only; where there can be none, the session's messages say so once."""
        if problem := self.operations.note(text, error):
            self.panes.log.add(problem)

    # One variable

    def on_variables_view_reset_requested(self, event: VariablesView.ResetRequested) -> None:
        """Take changes of variables back."""
        for place in event.places:
            original = place.variable.original[place.offset : place.offset + place.size]
            self._set(place, f"hex:{original.hex()}")

    def on_variables_view_edit_requested(self, event: VariablesView.EditRequested) -> None:
        """Edit a variable."""
        from ..dialogs.variable_editor import VariableEditor

        raw = self.panes.variables.raw(event.place)
        live = self.operations.collection is not None
        self.app.push_screen(VariableEditor(event.place, raw, live=live), partial(self._set, event.place))

    def _set(self, place: Place, text: str | None) -> None:
        if text is None or not self.operations.set_variable(place, text):
            return
        self.log_line(f"set {place.name} = {text}")
        self.values_changed()

    def values_changed(self) -> None:
        """Show the values as they are now."""
        self.panes.variables.refresh_values()
        self.query_one(SpecTree).refresh_labels()
        self.refresh_bindings()

    # Presets

    def action_presets(self) -> None:
        """Ask what to save, to restore or to delete."""
        from ..dialogs.presets import PresetsDialog
        from ..state.presets import Presets, current_values

        presets = Presets(self.spec)
        operations = self.operations
        try:
            known = presets.all()
        except BpftuiError as error:
            self._complain(error)
            return
        values = current_values(self.spec, operations.collection, operations.edited)
        dialog = PresetsDialog(known, values, live=operations.collection is not None)
        self.app.push_screen(dialog, partial(self._do, presets))

    def _do(self, presets: Presets, request: PresetRequest | None) -> None:
        from ..state.presets import current_values

        if request is None:
            return
        operations = self.operations
        try:
            match request.action:
                case "save":
                    presets.save(request.name, current_values(self.spec, operations.collection, operations.edited))
                    self.log_line(f"saved preset {request.name}")
                    self.notify(f"saved as {request.name}", timeout=3)
                case "delete":
                    presets.delete(request.name)
                    self.log_line(f"deleted preset {request.name}")
                    self.action_presets()
                case "restore":
                    self.restore(request.name)
        except BpftuiError as error:
            self._complain(error)

    def restore(self, name: str) -> None:
        """Restore a preset, and say what of it does not fit.

        Raises:
            BpftuiError: There is no such preset, or it cannot be read.
        """
        from ..state.presets import Presets, restore

        restored = restore(self.spec, Presets(self.spec).named(name), self.operations.collection)
        self.operations.edited.update(restored.variables if self.operations.collection is not None else ())
        count = len(restored.variables)
        said = f"preset {name}: {count} {'variable' if count == 1 else 'variables'} set"
        self.log_line("\n".join([said, *restored.problems]))
        if restored.problems:
            more = len(restored.problems) - _SAID
            text = "\n".join([*restored.problems[:_SAID], *([f"{more} more: see the log"] if more > 0 else [])])
            self.notify(text, title=f"{said}, {len(restored.problems)} not", severity="warning")
        else:
            self.notify(said, timeout=3)
        self.values_changed()

    def _complain(self, error: BpftuiError) -> None:
        self.log_line(error.message)
        self.notify(error.message, title="Presets", severity="error", timeout=8)
