"""ContextPane: what a run is given beside its packet: the program, how often, and the fields of its context."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import Binding, BindingType
from textual.message import Message

from ....core.context.values import form_of
from ...text.shown import Text
from ..lists.row_view import RowView

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ....core.spec import ProgramSpec

__all__ = ["ContextPane"]

_NAME_WIDTH: Final = 15
"""Cells of most names: ingress_ifindex."""


class ContextPane(RowView):
    """A row for the program, one for the repetitions, one for each field of the context.

    Args:
        program: The program.
        given: The fields that have a value already, as typed.
        repeat: How often it runs.
    """

    is_pane: ClassVar[bool] = True

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("e", "select", "Edit", id="context.edit", tooltip="Edit the row: program, repetitions, a field"),
        Binding("r", "reset", "Reset", show=False, id="context.reset", tooltip="Back to what it is by default"),
    ]

    PROGRAM: ClassVar[str] = "program"
    REPEAT: ClassVar[str] = "repeat"

    class EditRequested(Message):
        """A row is to be edited.

        Args:
            name: The field of the context; `ContextPane.PROGRAM` or `REPEAT`, which no field is called.
            is_field: Whether it is a field of the context.
        """

        def __init__(self, name: str, *, is_field: bool) -> None:
            super().__init__()
            self.name = name
            self.is_field = is_field

    def __init__(
        self,
        program: ProgramSpec,
        given: Mapping[str, str],
        repeat: int = 1,
        *,
        id: str,  # noqa: A002 - Textual's own name
    ) -> None:
        super().__init__(id=id)
        self.repeat = repeat
        self.choose(program)
        self._given.update(given)

    repeat: int
    """How often the program runs."""

    def choose(self, program: ProgramSpec) -> None:
        """Show the context of a program; what was given for another one is forgotten."""
        self.program = program
        self._fields = form_of(program)
        self._given: dict[str, str] = {}
        if self.is_mounted:
            self.refresh_rows()

    @property
    def given(self) -> Mapping[str, str]:
        """The fields that have a value, as typed."""
        return self._given

    def give(self, name: str, text: str) -> None:
        """Give a field a value; an empty text is none."""
        if text.strip():
            self._given[name] = text.strip()
        else:
            self._given.pop(name, None)
        self.refresh_rows()

    def row_count(self) -> int:
        """Return how many rows there are."""
        return 2 + len(self._fields)

    def row_text(self, index: int) -> str:
        """Return a row as plain text."""
        return self.draw_row(index, 0).plain

    def draw_row(self, index: int, width: int) -> Text:
        """Draw a row: name, type, value."""
        muted = self.ink("row-view--muted")
        if index == 0:
            name = (self.program.name, "bold")
            return Text.assemble((f"{self.PROGRAM:<{_NAME_WIDTH}} ", muted), name, f"  {self.program.type.label}")
        if index == 1:
            return Text.assemble((f"{self.REPEAT:<{_NAME_WIDTH}} ", muted), f"{self.repeat:,}")
        name = list(self._fields)[index - 2]
        value = self._given.get(name, "")
        shown = Text(f"{value} *", "bold") if value else Text("0", muted)
        return Text.assemble((f"{name:<{_NAME_WIDTH}} ", muted), shown, (f"  {self._fields[name]}", muted))

    @property
    def header_height(self) -> int:
        """A title."""
        return 1

    def draw_header(self, line: int, width: int) -> Text:
        """Draw the title."""
        return Text("Context" if self._fields else "Context  nothing of it can be given")

    def action_select(self) -> None:
        """Edit the row."""
        if self.cursor < 2:
            self.post_message(self.EditRequested((self.PROGRAM, self.REPEAT)[self.cursor], is_field=False))
        else:
            self.post_message(self.EditRequested(list(self._fields)[self.cursor - 2], is_field=True))

    def action_reset(self) -> None:
        """Make the row what it is by default."""
        if self.cursor == 1:
            self.repeat = 1
        elif self.cursor >= 2:
            self._given.pop(list(self._fields)[self.cursor - 2], None)
        self.refresh_rows()
