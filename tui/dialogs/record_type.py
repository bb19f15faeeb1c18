"""RecordTypeDialog: say what the events of a stream are."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.widgets.option_list import Option

from ...core.analysis.records import RecordType, record_candidates
from ..text.shown import plain
from ..widgets.plain import Button, Input, OptionList
from .dialog import Dialog, field

if TYPE_CHECKING:
    from textual import events
    from textual.app import ComposeResult
    from textual.widget import Widget

    from ...core.spec import CollectionSpec

__all__ = ["RecordTypeDialog"]

_BYTES = RecordType(None)


class RecordTypeDialog(Dialog[RecordType]):
    """Choose one of the object's structures for the events of a stream, or bytes; dismisses with it, or None."""

    title_text: ClassVar[str] = "Events"

    def __init__(self, spec: CollectionSpec, stream: str, now: RecordType) -> None:
        super().__init__()
        self._stream = stream
        self._now = now
        self._known = [*map(RecordType, record_candidates(spec)), _BYTES]
        self._shown: list[RecordType] = []

    def heading(self) -> str:
        """Return the title."""
        return f"Events of {self._stream}"

    def body(self) -> ComposeResult:
        """Compose what they are now, the field and the list."""
        yield field("now", self._now.text)
        yield Input(placeholder="narrow the list", id="record-name")
        yield OptionList(id="record-types")

    def buttons(self) -> list[Widget]:
        """Return Cancel and Set."""
        return [Button("Cancel", id="cancel"), Button("Set", id="set", variant="primary")]

    def on_mount(self) -> None:
        """Show the whole list; typing narrows it, the arrows choose."""
        self._narrow("")
        self.set_focus(self.query_one(Input))

    def on_key(self, event: events.Key) -> None:
        """Move in the list while the field has the focus."""
        if self.query_one(Input).has_focus:
            options = self.query_one(OptionList)
            if event.key == "up":
                options.action_cursor_up()
            elif event.key == "down":
                options.action_cursor_down()

    @on(Input.Changed)
    def narrow(self, event: Input.Changed) -> None:
        """Show what matches."""
        self._narrow(event.value.strip().lower())

    def _narrow(self, text: str) -> None:
        self._shown = [each for each in self._known if text in each.text.lower()]
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options(Option(plain(_line(each))) for each in self._shown)
        options.highlighted = 0 if self._shown else None
        self.query_one("#set", Button).disabled = not self._shown

    @on(Input.Submitted)
    @on(OptionList.OptionSelected)
    @on(Button.Pressed, "#set")
    def submit(self) -> None:
        """Take what is highlighted."""
        at = self.query_one(OptionList).highlighted
        if at is not None:
            self.dismiss(self._shown[at])


def _line(record: RecordType) -> str:
    size = "" if record.type is None else f"{record.type.size:,} bytes"
    return f"{record.text:<40} {size}".rstrip()
