"""QuantityDialog: which number of a thing is drawn over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ...core.live.quantity import Quantity
from ..widgets.plain import Button
from .narrowing import NarrowingDialog

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from textual.app import ComposeResult
    from textual.widget import Widget

__all__ = ["QuantityDialog"]


class QuantityDialog(NarrowingDialog[Quantity]):
    """Choose a quantity; dismisses with it, or None.

    Args:
        of: What it is of.
        quantities: Those there are.
        label: What each is called.
        drawn: Those that are drawn already.
    """

    title_text: ClassVar[str] = "Draw over time"
    ABOUT: ClassVar[str] = (
        "One of these numbers is drawn in the graph, beside those that are there; one that is there already is drawn "
        "no more. Typing narrows the list, enter takes what is highlighted."
    )
    PAGE: ClassVar[str] = "maps"

    def __init__(
        self,
        of: str,
        quantities: Sequence[Quantity],
        label: Callable[[Quantity], str],
        *,
        drawn: Collection[Quantity],
    ) -> None:
        super().__init__(quantities)
        self._of = of
        self._label = label
        self._drawn = drawn

    def heading(self) -> str:
        """Return the title."""
        return f"Draw over time: {self._of}"

    def body(self) -> ComposeResult:
        """Compose the field and the list."""
        yield from self.choice("narrow the list")

    def buttons(self) -> list[Widget]:
        """Return Cancel and Draw."""
        return [Button("Cancel", id="cancel"), Button("Draw", id="set", variant="primary")]

    def line_of(self, item: Quantity) -> str:
        """Return what it is called, of what it is a number as it is drawn, and whether it is."""
        unit = item.unit.value
        how = f"{unit} a run" if item.is_mean else f"{unit}/s" if item.grows else unit
        how = f"  {how}" if how else ""
        return f"{self._label(item)}{how}{'  ✓ drawn' if item in self._drawn else ''}"
