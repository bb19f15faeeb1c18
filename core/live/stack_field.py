"""StackField: a stack trace in a value, as the names of its functions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .field import Field, Form

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..runtime import Entry
    from .stacks import Stacks

__all__ = ["StackField"]


@dataclass(frozen=True, slots=True)
class StackField(Field):
    """A stack trace, as a value has it: the names of its functions in one line, the most recent first."""

    map: str = ""
    """The map that has it."""
    stacks: Stacks | None = None
    """What knows the names."""

    @property
    def is_number(self) -> bool:
        """It is none, however few frames there are."""
        return False

    def text(self, entry: Entry, form: Form = Form.TYPED) -> str:
        """Return the names; in other forms, the addresses."""
        if self.stacks is None or form is not Form.TYPED:
            return self.text_of(entry.values[0], form)
        return self.stacks.text(self.map, entry)

    def text_of(self, whole: bytes, form: Form = Form.TYPED) -> str:
        """Return the addresses: without its entry nobody knows whose they are."""
        return whole.hex(" ") if self.stacks is None else self.stacks.addresses(self.map, whole)

    def rank(self, entry: Entry) -> Any:
        """Return what entries are ordered by: stacks that begin alike stand together."""
        return self.text(entry)

    def essence(self) -> Callable[[Entry], bytes]:
        """Return what gives the bytes that its text depends on: the key tells whose it is."""
        return lambda entry: entry.key + entry.values[0]
