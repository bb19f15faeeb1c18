"""EditedCell: a field of an entry while it is edited: what can be typed, and what comes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ....core.errors import BpftuiError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ....core.live.field import Field, Form
    from ....core.runtime import Entry

__all__ = ["EditedCell"]


class EditedCell(NamedTuple):
    """A field of an entry."""

    field: Field
    entry: Entry
    form: Form
    """How it is written."""

    @property
    def text(self) -> str:
        """What an editor begins with."""
        return self.field.edit_text_of(self.entry, self.form)

    @property
    def choices(self) -> Sequence[str]:
        """The names that its value can have; none where it can have any."""
        ctype = self.field.type
        if ctype is None:
            return ()
        if ctype.limits == (0, 1) and not ctype.enumerators and not ctype.bit_size:
            return ("false", "true")
        return [each.name for each in ctype.enumerators]

    @property
    def hint(self) -> str:
        """What it takes, and what it is now."""
        cpus = ""
        if len(self.entry.values) > 1:
            each = "the first CPU has it, the others 0" if self.field.counter is not None else "every CPU gets it"
            cpus = f" · {each}; or [one, for, each]"
        now = self.field.text(self.entry, self.form)
        return f"{self.field.label}  {self.field.declared}  {self.field.takes}{cpus}  now {now}"

    def problem(self, text: str) -> str:
        """Return what is wrong with a text, as a sentence; empty where it fits."""
        try:
            self.values(text)
        except BpftuiError as error:
            return f"{error.message}; {error.hint}" if error.hint else error.message
        return ""

    def values(self, text: str) -> tuple[bytes, ...]:
        """Return the values of the entry with a text in the field; errors as for `Field.put_into`."""
        return self.field.put_into(text, self.entry, self.form)
