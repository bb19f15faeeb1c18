"""CompareDialog: with what an object is compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from textual import on
from textual.widgets.option_list import Option

from ..text.shown import assembled
from ..widgets.plain import Button, Input, OptionList
from .dialog import Dialog, line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult
    from textual.widget import Widget

    from ...core.spec import CollectionSpec

__all__ = ["CompareDialog", "Offer"]


class Offer(NamedTuple):
    """Something that it can be compared with."""

    name: str
    note: str
    what: str | CollectionSpec
    """The name of what is to be read, or what is in memory."""


class CompareDialog(Dialog["Offer"]):
    """Ask with what; dismisses with it, or with None.

    Args:
        title: What is compared.
        offers: What there is to choose from.
    """

    ABOUT: ClassVar[str] = (
        "Another object is asked for, to be laid beside this one: a file by its name, a C file too, which is compiled; "
        "what is loaded, as id:42 or name:GLOB; or one of the list below, in which the version before stands first "
        "where the file has changed."
    )
    PAGE: ClassVar[str] = "collection"

    def __init__(self, title: str, offers: Sequence[Offer]) -> None:
        super().__init__()
        self._title = title
        self._offers = offers

    def heading(self) -> str:
        """Return the title."""
        return f"Compare {self._title} with"

    def body(self) -> ComposeResult:
        """Compose the field and the list."""
        yield Input(placeholder="prog.o, prog.c, id:42", id="answer")
        if self._offers:
            yield OptionList(
                *(
                    Option(assembled((each.name, "bold"), f"  {each.note}" if each.note else ""))
                    for each in self._offers
                ),
                id="offers",
            )
        yield line("a BPF object, a C file, or what is loaded: id:42", classes="dialog-note")

    def buttons(self) -> list[Widget]:
        """Return Cancel and the other one."""
        return [Button("Cancel", id="cancel"), Button("Compare", id="confirm", variant="primary")]

    def on_mount(self) -> None:
        """Begin to type, or to choose where the version before is offered."""
        lists = self.query(OptionList)
        if lists and not isinstance(self._offers[0].what, str):
            lists.first().highlighted = 0
            self.set_focus(lists.first())
        else:
            self.set_focus(self.query_one(Input))

    @on(OptionList.OptionSelected)
    def choose(self, event: OptionList.OptionSelected) -> None:
        """Answer with one of the list."""
        self.dismiss(self._offers[event.option_index])

    @on(Input.Submitted)
    @on(Button.Pressed, "#confirm")
    def submit(self) -> None:
        """Answer with what was typed, else with what is chosen in the list."""
        typed = self.query_one(Input).value.strip()
        lists = self.query(OptionList)
        at = lists.first().highlighted if lists else None
        if typed:
            self.dismiss(Offer(typed, "", typed))
        elif at is not None:
            self.dismiss(self._offers[at])
