"""CompareDialog: with what an object is compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple

from textual import on, work
from textual.widgets.option_list import Option

from ...core.errors import BpftuiError
from ..status import told
from ..text.shown import assembled
from ..widgets.plain import Button, Input, Label, OptionList
from .dialog import Dialog, line

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual import events
    from textual.app import ComposeResult
    from textual.widget import Widget

    from ...core.spec import CollectionSpec

__all__ = ["CompareDialog", "Offer", "Other"]

_OF_NAMES: Final = "/.~_-:"
"""What names of files, and of what is loaded, begin with and hold beside letters and digits."""


class Offer(NamedTuple):
    """Something that it can be compared with."""

    name: str
    note: str
    what: str | CollectionSpec
    """The name of what is to be read, or what is in memory."""


class Other(NamedTuple):
    """What it is compared with, as it was read."""

    name: str
    spec: CollectionSpec
    remarks: Sequence[str] = ()
    """What was said of it then."""


class CompareDialog(Dialog["Other"]):
    """Ask with what; dismisses with it as it was read, or with None.

    Args:
        title: What is compared.
        offers: What there is to choose from.
        read: Reads what has a name, in a thread; what is wrong with it is said, and it is asked on.
    """

    ABOUT: ClassVar[str] = (
        "Another object is asked for, to be laid beside this one: a file by its name, a C file too, which is compiled; "
        "what is loaded, as id:42 or name:GLOB; or one of the list below, in which the version before stands first "
        "where the file has changed."
    )
    PAGE: ClassVar[str] = "collection"

    def __init__(self, title: str, offers: Sequence[Offer], read: Callable[[str], Other]) -> None:
        super().__init__()
        self._read = read
        self._reading = ""
        """What is asked for, and is being read."""
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
        yield line("", id="problem")
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

    def on_key(self, event: events.Key) -> None:
        """Type into the field, also where the list has the keyboard."""
        typed, answer = event.character, self.query_one(Input)
        if typed is None or not (typed.isalnum() or typed in _OF_NAMES) or not isinstance(self.focused, OptionList):
            return
        event.stop()
        answer.select_on_focus = False  # what comes next stands behind it
        self.set_focus(answer)
        answer.value += typed
        answer.cursor_position = len(answer.value)

    @on(OptionList.OptionSelected)
    def choose(self, event: OptionList.OptionSelected) -> None:
        """Answer with one of the list."""
        offer = self._offers[event.option_index]
        if isinstance(offer.what, str):
            self._take(offer.what)
        else:
            self.dismiss(Other(offer.name, offer.what))

    @on(Input.Submitted)
    @on(Button.Pressed, "#confirm")
    def submit(self) -> None:
        """Answer with what was typed."""
        if typed := self.query_one(Input).value.strip():
            self._take(typed)
        else:
            self._say("type a name, or choose one of the list" if self._offers else "type a name", is_wrong=True)

    def _take(self, name: str) -> None:
        self._reading = name
        self._say(f"reading {name} …", is_wrong=False)
        self._try(name)

    @work(thread=True, exit_on_error=False, exclusive=True, group="read")
    def _try(self, name: str) -> None:
        try:
            found = self._read(name)
        except Exception as error:  # a file may be anything
            hint = error.hint if isinstance(error, BpftuiError) else None
            text = f"✗ {told(error)}; {hint}" if hint else f"✗ {told(error)}"
            self._tell(name, lambda: self._say(text, is_wrong=True))
        else:
            self._tell(name, lambda: self.dismiss(found))

    def _tell(self, name: str, call: Callable[[], object]) -> None:
        if self.is_attached and self._reading == name:  # else it was cancelled, or another one is asked for
            self.app.call_from_thread(call)

    def _say(self, text: str, *, is_wrong: bool) -> None:
        label = self.query_one("#problem", Label)
        label.set_class(is_wrong, "-wrong")
        label.update(text)
