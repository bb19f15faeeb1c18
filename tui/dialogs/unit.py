"""UnitDialog: what a number that is drawn is a number of."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from ...core.btf.units import Unit
from .dialog import field
from .narrowing import NarrowingDialog

if TYPE_CHECKING:
    from textual.app import ComposeResult

__all__ = ["UnitDialog"]

_NAMES: Final = {
    Unit.NUMBER: "a number of anything: packets, calls",
    Unit.BYTES: "bytes",
    Unit.NANOSECONDS: "nanoseconds",
    Unit.MICROSECONDS: "microseconds",
    Unit.MILLISECONDS: "milliseconds",
    Unit.SECONDS: "seconds",
}


class UnitDialog(NarrowingDialog[Unit]):
    """Choose a unit; dismisses with it, or None.

    Args:
        of: What the number is called.
        now: What it is drawn as.
        own: What its name or type says.
    """

    title_text: ClassVar[str] = "Unit"
    ABOUT: ClassVar[str] = (
        "What the number of the chosen line counts, where its name and its type do not say it: axis and legend are "
        "written so, and it is kept for this object. Typing narrows the list, enter takes what is highlighted."
    )
    PAGE: ClassVar[str] = "maps"

    def __init__(self, of: str, *, now: Unit, own: Unit) -> None:
        super().__init__([*_NAMES])
        self._of = of
        self._now = now
        self._own = own

    def heading(self) -> str:
        """Return the title."""
        return f"Unit of {self._of}"

    def body(self) -> ComposeResult:
        """Compose what it is now, the field and the list."""
        yield field("now", _NAMES[self._now] + ("" if self._now is self._own else ", chosen"))
        yield from self.choice("narrow the list")

    def line_of(self, item: Unit) -> str:
        """Return a unit by its name."""
        return _NAMES[item] + (", as its name and type say" if item is self._own else "")
