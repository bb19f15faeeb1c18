"""EntryDialog and EntryPage: a new entry of a map, field by field; and one that there is, as a whole."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal

from ...core.errors import BpftuiError
from ...core.runtime import Entry
from ..operations import EditRequest
from ..targets import Target, TypeTarget
from ..text.colors import joined_lines
from ..widgets.lists.search_bar import SearchBar
from ..widgets.live.field_list import FieldList
from ..widgets.plain import Box, Button, Input, Label
from .dialog import Dialog, line
from .explained import ExplainedModal
from .type_page import TypePage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from textual.app import ComposeResult
    from textual.widget import Widget

    from ...core.live.field import Field
    from ...core.live.fields import Fields
    from ...core.runtime import Map
    from ..held import HeldObject
    from ..widgets.lists.row_view import RowView

__all__ = ["EntryDialog", "EntryPage"]


class EntryDialog(Dialog[EditRequest]):
    """Asks for a new entry, one line a field; dismisses with a request to add it, or with None.

    Args:
        target: The map.
        fields: Its fields.
        note: What is to be known before it is added; empty for nothing.
    """

    ABOUT: ClassVar[str] = (
        "A new entry of the map, field by field. What a field takes stands in it; what does not fit is said "
        "while it is typed."
    )
    PAGE: ClassVar[str] = "maps"

    title_text: ClassVar[str] = "Add an entry"

    DEFAULT_CSS = """
    EntryDialog .entry-field {
        height: 1;
        & > Label { width: 40%; text-wrap: nowrap; text-overflow: ellipsis; padding-right: 1; }
        & > Input { width: 1fr; height: 1; border: none; padding: 0; }
    }
    EntryDialog #problem { width: 100%; margin-top: 1; color: $text-success; &.-wrong { color: $text-error; } }
    """

    def __init__(self, target: Map, fields: Fields, note: str = "") -> None:
        super().__init__()
        self._map = target
        self._fields = fields
        self._note = note
        self._empty = Entry(bytes(target.key_size), (bytes(target.value_size),) * target.cpus)

    def heading(self) -> str:
        """Return the title."""
        return f"Add an entry to {self._map.name}"

    def body(self) -> ComposeResult:
        """Compose a line for each field, and what is wrong with them."""
        for place, field in enumerate(self._fields.all):
            text = field.edit_text_of(self._empty)
            if text.startswith("hex:"):
                text = ""  # no bytes that anybody wants to begin with
            with Horizontal(classes="entry-field"):
                yield Label(f"{field.of}{field.path}  {field.declared}")
                yield Input(text, placeholder=field.takes, id=f"field-{place}")
        yield line("", id="problem")
        if self._note:
            yield line(self._note, classes="dialog-note")

    def buttons(self) -> list[Widget]:
        """Return Cancel and Add."""
        return [Button("Cancel", id="cancel"), Button("Add", id="add", variant="primary")]

    def on_mount(self) -> None:
        """Begin with the key."""
        self.set_focus(self.query(Input).first())
        self.check()

    def _text(self, field: Field) -> str:
        place = self._fields.all.index(field)
        return self.query_one(f"#field-{place}", Input).value

    def _entry(self) -> Entry:
        """Return what was typed; BpftuiError where a field does not take it."""
        key = self._empty.key
        for field in self._fields.keys:
            key = field.put(self._text(field), key)
        entry = self._empty._replace(key=key)
        for field in self._fields.values:
            entry = entry._replace(values=field.put_into(self._text(field), entry))
        return entry

    @on(Input.Changed)
    def check(self) -> None:
        """Say what is wrong while it is typed, and what the field takes."""
        problem = ""
        try:
            self._entry()
        except BpftuiError as error:
            problem = f"✗ {error.message}; {error.hint}" if error.hint else f"✗ {error.message}"
        label = self.query_one("#problem", Label)
        label.set_class(bool(problem), "-wrong")
        label.update(problem or f"✓ fits; {self._takes()}")
        self.query_one("#add", Button).disabled = bool(problem)

    def _takes(self) -> str:
        focused = self.focused
        if focused is None or not (focused.id or "").startswith("field-"):
            return "enter adds it"
        field = self._fields.all[int((focused.id or "").removeprefix("field-"))]
        return f"{field.label} takes {field.takes}"

    def on_descendant_focus(self) -> None:
        """Say what the field takes that is typed into now."""
        self.check()

    @on(Input.Submitted)
    @on(Button.Pressed, "#add")
    def add(self) -> None:
        """Add it, where all fields fit."""
        try:
            entry = self._entry()
        except BpftuiError:
            return
        text = f"add {self._map.name}[{self._fields.key_text(entry)}]"
        self.dismiss(EditRequest("add", self._map.name, entry.key, entry.values, (), text))


class EntryPage(ExplainedModal[Target]):
    """All fields of an entry or a record, one a line: as typed and as bytes, with their offsets and C types.

    It dismisses with what a field stands for, where that is followed.

    Args:
        title: What it is.
        fields: Its fields; those of a record have no key.
        entry: The entry.
        held: What fields of its stand for.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,backspace", "dismiss", "Close", id="entry.close", tooltip="Close the entry"),
        Binding("Y", "copy_all", "Copy all", id="entry.copy", tooltip="Copy all fields"),
    ]

    ABOUT: ClassVar[str] = "All fields of an entry or an event: as typed and as bytes, with their offsets and C types."
    PAGE: ClassVar[str] = "maps"

    def __init__(
        self, title: str, fields: Fields, entry: Entry, held: Mapping[Field, HeldObject] = MappingProxyType({})
    ) -> None:
        super().__init__()
        self._heading = title
        self._fields = fields
        self._entry = entry
        self._held = held

    def compose(self) -> ComposeResult:
        """Compose the list of fields."""
        with Box(classes="dialog page") as box:
            box.border_title = self._heading
            leads = "its stack or type" if self._held else "its type"
            box.border_subtitle = f"⏎ {leads} · / search · y copy line · Y copy all · esc close"
            yield FieldList(self._fields, self._entry, self._held)
            yield SearchBar()
        yield from super().compose()

    def on_mount(self) -> None:
        """Give the list the keys."""
        self.set_focus(self.query_one(FieldList))

    def on_row_view_search_requested(self, event: RowView.SearchRequested) -> None:
        """Search in the fields."""
        self.query_one(SearchBar).open(event.view)

    def on_row_view_followed(self, event: RowView.Followed) -> None:
        """Show the type of a field, or go to what it stands for."""
        event.stop()
        if isinstance(event.target, TypeTarget):
            self.app.push_screen(TypePage(event.target.ctype))
        else:
            self.dismiss(event.target)

    def action_copy_all(self) -> None:
        """Copy all fields."""
        fields = self.query_one(FieldList)
        self.app.copy_to_clipboard(joined_lines(*(fields.row_text(index) for index in range(fields.row_count()))))
        self.notify("entry copied", timeout=2)
