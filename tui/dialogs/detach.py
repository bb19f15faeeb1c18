"""DetachDialog: which of several attachments is to end."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from textual import on

from ..widgets.plain import Button, SelectionList
from .dialog import Dialog, line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult
    from textual.widget import Widget

__all__ = ["DetachDialog"]


class DetachDialog(Dialog[tuple[int, ...]]):
    """Choose attachments; dismisses with the indices of those that are to end.

    Args:
        attached: One `program → target` for each.
    """

    ABOUT: ClassVar[str] = "What is ticked is detached: it does not run there any more. Nothing else changes."
    PAGE: ClassVar[str] = "attaching"

    title_text: ClassVar[str] = "Detach"

    def __init__(self, attached: Sequence[str]) -> None:
        super().__init__()
        self._attached = attached

    def body(self) -> ComposeResult:
        """Compose the list, everything ticked."""
        yield line("What is ticked is detached (space changes it):")
        yield SelectionList[int](((text, index) for index, text in enumerate(self._attached)), id="attached")

    def buttons(self) -> list[Widget]:
        """Return Cancel and Detach."""
        return [Button("Cancel", id="cancel"), Button("Detach", id="detach", variant="primary")]

    def enter(self, focused: Widget) -> tuple[str, bool]:
        """Return what enter does in the list."""
        return "Tick", True

    def on_mount(self) -> None:
        """Detaching is harmless: focus it."""
        self.set_focus(self.query_one("#detach"))

    @on(Button.Pressed, "#detach")
    def detach(self) -> None:
        """Decide."""
        self.dismiss(tuple(sorted(cast("SelectionList[int]", self.query_one("#attached")).selected)))
