"""ValuesController: what sets variables, one of them or a whole preset."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple, TypeAlias, TypeVar

from textual.binding import Binding, BindingType

from ...core.btf.typed_text import edit_text
from ...core.errors import BpftuiError
from ...core.history import History
from ..status import told
from .controller import Controller
from .turns import Turns

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ...core.spec import CollectionSpec
    from ..dialogs.presets import PresetRequest
    from ..operations import Operations
    from ..state.presets import Presets, Restored, Value
    from ..widgets.spec.variables_view import Place, VariablesView
    from .controller import Stage
    from .log import Log
    from .others import OthersController

__all__ = ["ValuesController"]

_Result = TypeVar("_Result")

_Held: TypeAlias = "Mapping[str, bytes]"
"""What the variables hold, by their names."""
_SAID: Final = 5
"""Problems of a preset that a message names."""


class _Change(NamedTuple):
    """What was set, as bytes."""

    place: Place
    before: bytes
    after: bytes


class ValuesController(Controller):
    """Edits variables and takes changes back; saves, restores and deletes presets.

    Args:
        spec: What is explored.
        operations: What sets variables.
        view: The list of variables.
        log: Where it is noted.
        changed: Shows anew what values change, besides the list.
        others: What asks before what others have loaded is changed.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("P", "presets", "Presets", show=False, id="presets", tooltip="Save and restore values of variables"),
    ]

    def __init__(
        self,
        stage: Stage,
        *,
        spec: CollectionSpec,
        operations: Operations,
        view: VariablesView,
        log: Log,
        changed: Callable[[], None],
        others: OthersController,
    ) -> None:
        super().__init__(stage)
        self._spec = spec
        self._operations = operations
        self._view = view
        self._log = log
        self._changed = changed
        self._others = others
        self._history = History[list[_Change]]()
        self._turns = Turns(stage, self._complain)
        """What reads and sets variables."""

    # One variable

    def _asked(self, what: str, places: Sequence[Place], then: Callable[[], None]) -> None:
        """Call *then*: where these are variables of others, only after a question."""
        theirs = self._operations.session.theirs
        if theirs is None:
            then()
            return
        maps = dict.fromkeys(place.variable.map.name for place in places)
        lines = [each.text for name in maps for each in theirs.users(name)]
        self._others.ask(what, [*lines, "U takes it back afterwards"], then, confirm="Set")

    def reset(self, event: VariablesView.ResetRequested) -> None:
        """Take changes of variables back."""
        names = ", ".join(place.name for place in event.places)
        self._asked(f"reset {names}", event.places, partial(self._reset, event.places))

    def _reset(self, places: Sequence[Place]) -> None:
        originals = [place.variable.original[place.offset : place.offset + place.size] for place in places]
        texts = [f"hex:{original.hex()}" for original in originals]
        self._set(list(zip(places, texts, strict=True)), self._remember)

    def switch(self, event: VariablesView.SwitchRequested) -> None:
        """Switch a bool over, from what it is when it is set."""
        place = event.place
        what = f"{place.name} = {_switched(self._view.raw(place))}"
        self._asked(what, [place], lambda: self._set([(place, _switched)], self._remember))

    def undo(self, event: VariablesView.UndoRequested) -> None:
        """Take the last change back, or make it again; what the program wrote meanwhile is lost with it."""
        self._turns.after(partial(self._undo_last, redo=event.redo))  # what is being set is the last change by then

    def _undo_last(self, *, redo: bool) -> None:
        history = self._history
        step = history.undone if redo else history.last
        if step is None:
            text = "nothing was undone" if redo else "there is no change of yours to undo"
            self.stage.notify(text, severity="warning", timeout=3)
            return
        places = [change.place for change in step]
        what = f"set {', '.join(place.name for place in places)} {'again' if redo else 'back'}"
        self._asked(what, places, partial(self._undo, redo=redo))

    def _undo(self, *, redo: bool) -> None:
        step = self._history.redo() if redo else self._history.undo()
        self._set([(each.place, f"hex:{(each.after if redo else each.before).hex()}") for each in step])

    def copy(self, event: VariablesView.CopyRequested) -> None:
        """Copy a text."""
        self.stage.copy(event.text)

    def edit(self, event: VariablesView.EditRequested) -> None:
        """Edit a variable."""
        from ..dialogs.variable_editor import VariableEditor

        place = event.place
        raw = self._view.raw(place)
        if len(raw) < place.size:  # the list reads the head of a large one
            raw = bytes(place.variable.raw[place.offset : place.offset + place.size])
        live = self._operations.collection is not None
        self.stage.ask(
            VariableEditor(place, raw, live=live, signs=self._view.signs(place), origin=self._spec.origin),
            partial(self._edited, place),
        )

    def choose(self, event: VariablesView.NamesRequested) -> None:
        """Offer the names that an enum has, where its value stands."""
        from ..dialogs.enum_list import OTHER, EnumList

        place = event.place
        assert place.type is not None
        names = [(each.name, each.value) for each in place.type.enumerators]
        dialog = EnumList(names, edit_text(place.type, self._view.raw(place)), self._view.value_offset())

        def chosen(text: str | None) -> None:
            if text == OTHER:
                self.edit(event)
            else:
                self._edited(place, text)

        self.stage.ask(dialog, chosen)

    def _edited(self, place: Place, text: str | None) -> None:
        if text is not None:
            self._asked(f"{place.name} = {text}", [place], lambda: self._set([(place, text)], self._remember))

    def _set(
        self,
        wanted: Sequence[tuple[Place, str | Callable[[bytes], str]]],
        then: Callable[[list[_Change]], None] = lambda _: None,
    ) -> None:
        """Set places to texts, or to what is made of what they hold; *then* gets those that are another value by it."""

        def set_all() -> tuple[list[tuple[Place, str]], _Held, _Held]:
            before = self._operations.read_variables()
            texts = [
                text if isinstance(text, str) else text(place.within(before[place.variable.name]))
                for place, text in wanted
            ]
            asked = zip((place for place, _ in wanted), texts, strict=True)
            taken = [(place, text) for place, text in asked if self._operations.set_variable(place, text)]
            return taken, before, self._operations.read_variables()

        def done(found: tuple[list[tuple[Place, str]], _Held, _Held]) -> None:
            taken, before, now = found
            if taken:
                for place, text in taken:
                    self._log.line(f"set {place.name} = {text}")
                then(self._show_changes([place for place, _ in taken], before, now))

        self._in_turn(set_all, done)

    def _in_turn(self, work: Callable[[], _Result], then: Callable[[_Result], None]) -> None:
        """Do what reads or sets variables, behind what is being done; *then* gets what it returns.

        Once they are in memory it is done in a thread, for they cannot be had while a program of the machine runs.
        """
        if self._operations.collection is None and not self._turns.is_taken:
            then(work())
        else:
            self._turns.take(work, then)

    def _remember(self, step: list[_Change]) -> None:
        """Remember changes that are undone together."""
        if step:
            self._history.did(step)

    def _show_changes(self, places: Sequence[Place], before: _Held, now: _Held) -> list[_Change]:
        """Show what places were set to; return those that are another value by that."""
        changes = [
            _Change(place, place.within(before[place.variable.name]), place.within(now[place.variable.name]))
            for place in places
        ]
        for change in changes:
            self._view.note_set(change.place, change.after)
        self._view.show_read(now, self._operations.monitor.graph.now)
        self._changed()
        return [change for change in changes if change.before != change.after]

    def check_action(self, action: str) -> bool:
        """Offer presets for variables of one's own."""
        return self._operations.session.theirs is None

    def why_not(self, action: str) -> str:
        """Return why there are no presets."""
        return "presets are for what one has loaded oneself: this is somebody else's"

    # Presets

    def action_presets(self) -> None:
        """Ask what to save, to restore or to delete."""
        from ..dialogs.presets import PresetsDialog
        from ..state.presets import Presets, current_values

        presets = Presets(self._spec)
        operations = self._operations
        try:
            mended = presets.mend()
            known = presets.all()
        except BpftuiError as error:
            self._complain(error)
            return
        for sentence in mended:
            self._log.line(sentence)
            self.stage.notify(sentence, severity="warning", timeout=8)

        def ask(values: Mapping[str, Value]) -> None:
            dialog = PresetsDialog(known, values, live=operations.collection is not None)
            self.stage.ask(dialog, partial(self._do, presets))

        self._in_turn(lambda: current_values(self._spec, operations.collection, operations.edited), ask)

    def _do(self, presets: Presets, request: PresetRequest | None) -> None:
        from ..state.presets import current_values

        if request is None:
            return
        operations = self._operations
        try:
            match request.action:
                case "save":
                    self._in_turn(
                        lambda: current_values(self._spec, operations.collection, operations.edited),
                        partial(self._save, presets, request.name),
                    )
                case "delete":
                    presets.delete(request.name)
                    self._log.line(f"deleted preset {request.name}")
                    self.action_presets()
                case "restore":
                    self.restore(request.name)
        except BpftuiError as error:
            self._complain(error)

    def _save(self, presets: Presets, name: str, values: Mapping[str, Value]) -> None:
        try:
            replaced = any(each.name == name for each in presets.all())
            presets.save(name, values)
        except BpftuiError as error:
            self._complain(error)
            return
        self._operations.unsaved.clear()
        instead = ", in place of what had that name" if replaced else ""
        self._log.line(f"saved preset {name}{instead}")
        self.stage.notify(f"saved as {name}{instead}", timeout=3)

    def restore(self, name: str) -> None:
        """Restore a preset, and say what of it does not fit.

        Raises:
            BpftuiError: There is no such preset, or it cannot be read.
        """
        from ..state.presets import Presets, restore

        operations, preset = self._operations, Presets(self._spec).named(name)

        def restore_it() -> tuple[Restored, _Held, _Held]:
            before = operations.read_variables()
            return restore(self._spec, preset, operations.collection), before, operations.read_variables()

        self._in_turn(restore_it, partial(self._restored, name))

    def _restored(self, name: str, found: tuple[Restored, _Held, _Held]) -> None:
        from ..widgets.spec.variables_view import whole

        restored, before, now = found
        self._operations.edited.update(restored.variables if self._operations.collection is not None else ())
        if self._operations.collection is None:
            self._operations.unsaved.clear()  # what is not in the preset is as in the file then
        self._operations.unsaved.difference_update(restored.variables)
        count = len(restored.variables)
        said = f"preset {name}: {count} {'variable' if count == 1 else 'variables'} set"
        self._log.line("\n".join([said, *restored.problems]))
        if restored.problems:
            more = len(restored.problems) - _SAID
            text = "\n".join([*restored.problems[:_SAID], *([f"{more} more: see the log"] if more > 0 else [])])
            self.stage.notify(text, title=f"{said}, {len(restored.problems)} not", severity="warning")
        else:
            self.stage.notify(said, timeout=3)
        places = [
            whole(variable)
            for variable in self._spec.variables.values()
            if self._operations.collection is None or variable.name in restored.variables
        ]
        self._remember(self._show_changes(places, before, now))

    def _complain(self, error: Exception) -> None:
        self._log.line(told(error))
        self.stage.notify(told(error), title="Variables", severity="error", timeout=8)


def _switched(before: bytes) -> str:
    """Return what a bool is switched over to."""
    return "false" if any(before) else "true"
