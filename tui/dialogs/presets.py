"""PresetsDialog: values of variables under names, to save, restore and delete."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple

from textual import on
from textual.binding import Binding, BindingType
from textual.widgets.option_list import Option

from ...core.btf import format_value
from ..text.shown import assembled
from ..widgets.plain import Button, Input, OptionList
from .dialog import Dialog, line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from textual.app import ComposeResult
    from textual.widget import Widget

    from ...core.btf import Value
    from ..state.presets import Preset

__all__ = ["PresetRequest", "PresetsDialog"]

_MUTED = "$text-muted"


class PresetRequest(NamedTuple):
    """What is to be done with a preset."""

    action: Literal["save", "restore", "delete"]
    name: str


class PresetsDialog(Dialog[PresetRequest]):
    """Save what was set under a name, or choose a preset to restore or to delete; dismisses with that, or None.

    Args:
        presets: What there is.
        values: What would be saved, by variable.
        live: Whether the object is loaded, so that restoring takes effect at once, and constants stay as they are.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("delete", "delete", "Delete", id="presets.delete", tooltip="Delete the highlighted preset"),
    ]

    ABOUT: ClassVar[str] = (
        "Values of variables under a name. Saving keeps what you have set; restoring sets it again, in this "
        "object or one like it."
    )
    PAGE: ClassVar[str] = "variables"

    title_text: ClassVar[str] = "Presets of variables"

    def __init__(self, presets: Sequence[Preset], values: Mapping[str, Value], *, live: bool) -> None:
        super().__init__()
        self._presets = presets
        self._values = values
        self._live = live

    def body(self) -> ComposeResult:
        """Compose what would be saved, the field for its name, and the list."""
        if self._values:
            yield line(f"Set now: {_listed(self._values)}", classes="dialog-text")
            yield Input(placeholder="save it under this name", id="preset-name")
        else:
            yield line(
                "Every variable is as in the file. What is set (3, then e) can be kept here under a name.",
                classes="dialog-text",
            )
        if self._presets:
            yield OptionList(*map(_option, self._presets), id="presets")
            others = "variables only: constants are frozen" if self._live else "all others become as in the file"
            yield line(f"enter restores what is highlighted; {others}", classes="dialog-note")

    def buttons(self) -> list[Widget]:
        """Return Cancel, and what can be done."""
        buttons: list[Widget] = [Button("Cancel", id="cancel")]
        if self._presets:
            buttons += [Button("Delete", id="delete"), Button("Restore", id="restore", variant="primary")]
        if self._values:
            buttons.append(Button("Save", id="save", variant="default" if self._presets else "primary"))
        return buttons

    def enter(self, focused: Widget) -> tuple[str, bool]:
        """Return what enter does: in the field it saves, in the list it restores."""
        return ("Save" if isinstance(focused, Input) else "Restore"), True

    def on_mount(self) -> None:
        """Begin where there is something to choose, else to type."""
        if self._presets:
            self.query_one(OptionList).highlighted = 0
        self.set_focus(self.query_one("#presets" if self._presets else "#preset-name" if self._values else "#cancel"))

    @on(Input.Submitted)
    @on(Button.Pressed, "#save")
    def save(self) -> None:
        """Save, once there is a name."""
        field = self.query_one(Input)
        if name := field.value.strip():
            self.dismiss(PresetRequest("save", name))
        else:
            self.set_focus(field)

    @on(OptionList.OptionSelected)
    @on(Button.Pressed, "#restore")
    def restore(self) -> None:
        """Restore what is highlighted."""
        self._decide("restore")

    @on(Button.Pressed, "#delete")
    def action_delete(self) -> None:
        """Delete what is highlighted."""
        self._decide("delete")

    def _decide(self, action: Literal["restore", "delete"]) -> None:
        at = self.query_one(OptionList).highlighted if self._presets else None
        if at is not None:
            self.dismiss(PresetRequest(action, self._presets[at].name))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave the key to the field while something is typed there."""
        if action == "delete":
            return bool(self._presets) and not isinstance(self.focused, Input)
        return super().check_action(action, parameters)


def _option(preset: Preset) -> Option:
    return Option(assembled((preset.name, "bold"), (f"  {preset.saved} UTC", _MUTED), f"  {_listed(preset.values)}"))


def _listed(values: Mapping[str, Value]) -> str:
    """Return the first few values, on one line."""
    shown = [f"{name} = {format_value(value)}" for name, value in list(values.items())[:4]]
    short = [text if len(text) <= 40 else f"{text[:39]}…" for text in shown]
    return ", ".join(short) + (f" and {len(values) - 4} more" if len(values) > 4 else "")
