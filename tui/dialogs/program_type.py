"""ProgramTypeDialog: say what a program is, where its section does not or says it wrong."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.widgets.option_list import Option

from ...core.spec.sections import SECTIONS, split_section
from ...core.uapi import ProgramType
from ..text.shown import plain
from ..widgets.plain import Button, Input, OptionList
from .dialog import Dialog, field, line

if TYPE_CHECKING:
    from textual import events
    from textual.app import ComposeResult
    from textual.widget import Widget

    from ...core.spec import ProgramSpec

__all__ = ["ProgramTypeDialog", "ranked_names"]

_NAME_WIDTH = 24


class ProgramTypeDialog(Dialog[str]):
    """Choose a program's type and attach type; dismisses with a name that `ProgramSpec.set_type` takes, or None.

    The list has the `SEC()` names and the program types, what is nearest to the program's section first. What is typed
    narrows it, and may itself be a name with something to attach to: `fentry/do_unlinkat`.
    """

    title_text: ClassVar[str] = "Program type"

    def __init__(self, program: ProgramSpec) -> None:
        super().__init__()
        self._program = program
        self._names = ranked_names(program.section)
        self._shown: list[str] = []

    def heading(self) -> str:
        """Return the title."""
        return f"Type of {self._program.name}"

    def body(self) -> ComposeResult:
        """Compose what it is now, the field and the list."""
        program = self._program
        attach = f" · {program.attach_type.label}" if program.attach_type is not None else ""
        hooks = f" → {program.attach_to}" if program.attach_to else ""
        yield field("section", f'SEC("{program.section}")')
        yield field("now", f"{program.type.label}{attach}{hooks}")
        yield Input(placeholder="narrow the list, or a name with a target: fentry/do_unlinkat", id="type-name")
        yield OptionList(id="type-names")
        yield line("As --type PROGRAM=TYPE on the command line; it counts until you quit.", classes="dialog-note")

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
        self._narrow(event.value.strip())

    def _narrow(self, text: str) -> None:
        words = text.lower().split()
        self._shown = [name for name in self._names if all(word in _line(name).lower() for word in words)]
        typed = split_section(text)
        if typed is not None and text not in self._shown:
            self._shown.insert(0, text)
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options(Option(plain(_line(name))) for name in self._shown)
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


def ranked_names(section: str) -> list[str]:
    """Return every name that `ProgramSpec.set_type` takes, those most like *section* first."""
    wanted = section.removeprefix("?").lower()
    known = [*SECTIONS, *(each.label for each in ProgramType if each and each.label not in SECTIONS)]
    order = {name: at for at, name in enumerate(known)}

    def rank(name: str) -> tuple[int, float, int]:
        rest = wanted.removeprefix(name)
        begins = len(name) if wanted.startswith(name) and not rest[:1].isalpha() else 0
        return -begins, -SequenceMatcher(None, wanted, name).ratio(), order[name]

    return sorted(known, key=rank)


def _line(name: str) -> str:
    """Return a name with the program type and the attach type that it stands for."""
    found = split_section(name)
    if found is None:
        return f"{name:<{_NAME_WIDTH}} {name}, attach type open"
    kind, _ = found
    attach = f" · {kind.attach_type.label}" if kind.attach_type is not None else ""
    return f"{name:<{_NAME_WIDTH}} {kind.type.label}{attach}"
