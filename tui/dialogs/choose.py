"""ChooseDialog: one of several things, by its name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widgets.option_list import Option

from ..text.shown import assembled
from ..widgets.plain import Button, OptionList
from .dialog import Dialog, line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult
    from textual.widget import Widget

__all__ = ["Choice", "ChooseDialog"]

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Choice(Generic[_Value]):
    """Something to choose."""

    value: _Value
    """What is chosen."""
    name: str
    note: str = ""
    """What there is to know of it."""
    deletable: bool = False
    """Whether it may be deleted from the list."""


class ChooseDialog(Dialog[tuple[str, _Value]]):
    """Choose one of a list; dismisses with `choose` or `delete` and the value, or with None.

    Args:
        title: What is chosen.
        choices: What there is.
        note: A sentence below the list.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("delete", "delete", "Delete", id="choose.delete", tooltip="Delete what is highlighted"),
    ]

    ABOUT: ClassVar[str] = "One of the list is chosen: enter takes what is highlighted."

    def __init__(self, title: str, choices: Sequence[Choice[_Value]], *, note: str = "") -> None:
        super().__init__()
        self._title = title
        self._choices = choices
        self._note = note

    def heading(self) -> str:
        """Return the title."""
        return self._title

    def body(self) -> ComposeResult:
        """Compose the list."""
        yield OptionList(*map(_option, self._choices), id="choices")
        if self._note:
            yield line(self._note, classes="dialog-note")

    def buttons(self) -> list[Widget]:
        """Return Cancel and OK."""
        return [Button("Cancel", id="cancel"), Button("OK", id="choose", variant="primary")]

    def on_mount(self) -> None:
        """Begin at the first."""
        choices = self.query_one(OptionList)
        choices.highlighted = 0
        self.set_focus(choices)

    @on(OptionList.OptionHighlighted)
    def offer(self) -> None:
        """Offer to delete what may be deleted."""
        self.refresh_bindings()

    @on(OptionList.OptionSelected)
    @on(Button.Pressed, "#choose")
    def choose(self) -> None:
        """Choose what is highlighted."""
        if (found := self._highlighted) is not None:
            self.dismiss(("choose", found.value))

    def action_delete(self) -> None:
        """Delete what is highlighted."""
        if (found := self._highlighted) is not None:
            self.dismiss(("delete", found.value))

    @property
    def _highlighted(self) -> Choice[_Value] | None:
        at = self.query_one(OptionList).highlighted if self.is_mounted else None
        return None if at is None else self._choices[at]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer to delete what may be deleted."""
        if action == "delete":
            return (found := self._highlighted) is not None and found.deletable
        return super().check_action(action, parameters)


def _option(choice: Choice[Any]) -> Option:
    return Option(assembled((choice.name, "bold"), f"  {choice.note}" if choice.note else ""))
