"""VariableEditor: type, range, choices and a field that says at once what is wrong with its text."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on

from ...core.btf import format_value, types
from ...core.btf.typed_text import edit_text, range_text
from ...core.errors import BpftuiError
from ..text.fit import width_of
from ..text.shown import assembled, plain
from ..widgets.plain import Button, Input, Label, OptionList
from .dialog import Dialog, field, line

if TYPE_CHECKING:
    from textual import events
    from textual.app import ComposeResult
    from textual.content import Content
    from textual.widget import Widget

    from ...core.btf import CType
    from ..widgets.spec.variables_view import Place

__all__ = ["VariableEditor"]

_MAX_CHOICES = 200
_MOST_SHOWN = 240
"""Characters of a value above the field, which has all of it: four lines of a dialog."""


class VariableEditor(Dialog[str]):
    """Edit a variable or a member of one; dismisses with a text that fits, or with None.

    Args:
        place: What is edited.
        raw: Its bytes now.
        live: Whether it is in memory already, so that setting it takes effect at once.
        origin: Where the value comes from that nobody has changed (`CollectionSpec.origin`).
    """

    ABOUT: ClassVar[str] = (
        "A value as its type is written: decimal, hexadecimal and octal numbers, names, text in quotes, and "
        "hex: for raw bytes. What does not fit is said while it is typed; where there are choices, the arrows take one."
    )
    PAGE: ClassVar[str] = "variables"

    title_text: ClassVar[str] = "Edit"

    def __init__(self, place: Place, raw: bytes, *, live: bool, signs: str = "", origin: str = "file") -> None:
        super().__init__()
        self._signs = signs
        self._place = place
        self._raw = raw
        self._live = live
        self._origin = origin
        self._choices = _choices(place.type)

    def heading(self) -> str:
        """Return the title."""
        return f"Edit {self._place.name}"

    def body(self) -> ComposeResult:
        """Compose type, current value, range, choices and the field."""
        place = self._place
        declared = place.type.c_text if place.type is not None else f"{place.size} bytes without a type"
        yield field("type", declared)
        yield field("section", f"{place.variable.section}+{place.variable.offset + place.offset:#x}")
        yield field("now", self._shown(self._raw) + self._signs)
        original = place.variable.original[place.offset : place.offset + place.size]
        if original != self._raw:
            yield field(self._origin, self._shown(original))
        yield field("allowed", range_text(place.type, place.size))
        if self._choices:
            wide = max(map(width_of, self._choices))
            choices = OptionList(*(_numbered(place.type, name, wide) for name in self._choices), id="choices")
            choices.border_title = "choices: ↑ ↓ enter"
            yield choices
        yield Input(edit_text(place.type, self._raw), id="value", select_on_focus=True)
        yield line("", id="problem")
        when = "It is loaded: the new value takes effect at once." if self._live else ""
        yield line(when or "It takes effect when the collection is loaded.", classes="dialog-note")

    def buttons(self) -> list[Widget]:
        """Return Cancel and Set."""
        return [Button("Cancel", id="cancel"), Button("Set", id="set", variant="primary")]

    def on_mount(self) -> None:
        """Begin where the typing is, or where the choice is."""
        if not self._choices:
            self.set_focus(self.query_one("#value"))
            return
        choices = self.query_one("#choices", OptionList)
        now = edit_text(self._place.type, self._raw)
        if now in self._choices:
            choices.highlighted = self._choices.index(now)
        self.set_focus(choices)

    def on_key(self, event: events.Key) -> None:
        """Type into the field, also where the list of choices has the keyboard."""
        typed, value = event.character, self.query_one("#value", Input)
        if typed is None or not (typed.isalnum() or typed in "_-") or not isinstance(self.focused, OptionList):
            return
        event.stop()
        value.value = typed
        value.select_on_focus = False  # what comes next stands behind it
        self.set_focus(value)
        value.cursor_position = len(typed)

    def _shown(self, raw: bytes) -> str:
        place = self._place
        if place.type is not None:
            return place.type.format(raw, limit=_MOST_SHOWN)
        return format_value(raw, limit=_MOST_SHOWN)

    def _check(self, text: str) -> str | None:
        """Return what is wrong with *text*, as the variable itself would say it; None when it fits."""
        try:
            self._place.variable.check_text(text, self._place.path)
        except BpftuiError as error:
            return f"{error.message}; {error.hint}" if error.hint else error.message
        return None

    @on(Input.Changed, "#value")
    def validate(self, event: Input.Changed) -> None:
        """Say what is wrong while it is typed."""
        problem = self._check(event.value)
        self.query_one("#problem", Label).update(f"✗ {problem}" if problem else "✓ fits")
        self.query_one("#problem").set_class(problem is not None, "-wrong")
        self.query_one("#set", Button).disabled = problem is not None
        if event.value in self._choices and event.input.has_focus:
            self.query_one("#choices", OptionList).highlighted = self._choices.index(event.value)

    @on(OptionList.OptionHighlighted, "#choices")
    def follow_choice(self, event: OptionList.OptionHighlighted) -> None:
        """Put the choice into the field, unless it is the list that follows what is typed there."""
        if event.option_list.has_focus:
            self.query_one("#value", Input).value = self._choices[event.option_index]

    @on(OptionList.OptionSelected, "#choices")
    def take_choice(self, event: OptionList.OptionSelected) -> None:
        """Set the choice."""
        self.query_one("#value", Input).value = self._choices[event.option_index]
        self._finish()

    @on(Input.Submitted, "#value")
    @on(Button.Pressed, "#set")
    def submit(self) -> None:
        """Set the text when it fits."""
        self._finish()

    def _finish(self) -> None:
        text = self.query_one("#value", Input).value
        if self._check(text) is None:
            self.dismiss(text)


def _numbered(ctype: CType | None, name: str, wide: int) -> Content:
    """Return a choice with the number that it stands for."""
    number = next((each.value for each in ctype.enumerators if each.name == name), None) if ctype is not None else None
    if number is None:
        return plain(name)
    return assembled(name, " " * (wide - width_of(name) + 2), (str(number), "$text-muted"))


def _choices(ctype: CType | None) -> list[str]:
    if ctype is None:
        return []
    match ctype.stripped:
        case types.Int(is_bool=True):
            return ["false", "true"]
        case _:
            return [found.name for found in ctype.enumerators[:_MAX_CHOICES]]
