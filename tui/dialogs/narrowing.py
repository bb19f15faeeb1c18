"""NarrowingDialog: a list to choose from, which what is typed narrows."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, TypeVar

from textual import on
from textual.widgets.option_list import Option

from ..text.shown import plain
from ..widgets.plain import Button, Input, OptionList
from .dialog import Dialog

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events
    from textual.app import ComposeResult
    from textual.widget import Widget

__all__ = ["NarrowingDialog"]

_Item = TypeVar("_Item")


class NarrowingDialog(Dialog[_Item]):
    """Choose one of a list; dismisses with it, or None. While one types, the arrows move in the list.

    A subclass gives `line_of`, and has `choice` in its body.

    Args:
        items: All of the list.
    """

    ABOUT: ClassVar[str] = (
        "What is typed narrows the list; the arrows choose while one types, enter takes what is highlighted."
    )

    def __init__(self, items: Sequence[_Item]) -> None:
        super().__init__()
        self._items = items
        self._shown: Sequence[_Item] = ()

    def matching(self, text: str) -> list[_Item]:
        """Return the items that have all the words that are typed."""
        words = text.lower().split()
        return [item for item in self._items if all(word in self.line_of(item).lower() for word in words)]

    def line_of(self, item: _Item) -> str:
        """Return the line of an item."""
        raise NotImplementedError

    def choice(self, placeholder: str) -> ComposeResult:
        """Compose the field and the list."""
        yield Input(placeholder=placeholder)
        yield OptionList(id="narrowed")

    def buttons(self) -> list[Widget]:
        """Return Cancel and Set."""
        return [Button("Cancel", id="cancel"), Button("Set", id="set", variant="primary")]

    def on_mount(self) -> None:
        """Show the whole list."""
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
        self._narrow(event.value.strip())

    def _narrow(self, text: str) -> None:
        self._shown = self.matching(text)
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options(Option(plain(self.line_of(each))) for each in self._shown)
        if not self._shown:
            said = f"none of {len(self._items):,} has {text!r}" if self._items else "there is nothing to choose from"
            options.add_option(Option(plain(said), disabled=True))
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
