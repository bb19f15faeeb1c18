"""FrameList: a stack trace, a line for each frame, the most recent first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.segment import Segment
from textual.strip import Strip

from ...text.colors import tabbed
from ...text.fit import fitted, width_of
from ..lists.linked_view import LinkedView

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ....core.runtime.stacks import Frame, Stack
    from ...targets import Target

__all__ = ["FrameList"]


class FrameList(LinkedView):
    """The function of each frame with where in it, and its address.

    Args:
        stack: The stack.
        program_of: Returns where the BPF program lives that a frame is in; None for other code.
    """

    DEFAULT_CSS = """
    FrameList { height: 1fr; }
    """

    def __init__(self, stack: Stack, program_of: Callable[[Frame], Target | None]) -> None:
        super().__init__()
        self.stack = stack
        self._program_of = program_of
        self.empty_text = "no frame: nobody called it"
        self._number_width = len(str(len(stack.frames)))
        self._width = max((width_of(str(each)) for each in stack.frames if each.name), default=0)

    def row_count(self) -> int:
        """Return the frames."""
        return len(self.stack.frames)

    def row_text(self, index: int) -> str:
        """Return the function and the address, with a tab between."""
        frame = self.stack.frames[index]
        return tabbed(str(frame), str(frame.call))

    def draw_row(self, index: int, width: int) -> Strip:
        """Draw a frame; the address of one without a function stands where functions do."""
        frame = self.stack.frames[index]
        muted = self.ink("row-view--muted")
        number = Segment(f"{index:>{self._number_width}} ", muted)
        if not frame.name:
            address = "" if str(frame) == str(frame.call) else f"  {frame.call}"
            return Strip([number, Segment(fitted(str(frame), self._width)), Segment(address, muted)])
        name = self.name_style(index, 0) if self.row_targets(index) else None
        # What is behind the name is fainter: who reads a stack reads names.
        inside = str(frame).removeprefix(frame.name)
        rest = fitted(inside, self._width - width_of(frame.name))
        return Strip([number, Segment(frame.name, name), Segment(f"{rest}  {frame.call}", muted)])

    def row_targets(self, index: int) -> Sequence[Target]:
        """Return where the BPF program lives that a frame is in."""
        target = self._program_of(self.stack.frames[index])
        return () if target is None else (target,)

    def action_select(self) -> None:
        """Go to the program: there is nothing else that enter could open."""
        for target in self.row_targets(self.cursor)[:1] if self.row_count() else ():
            self.post_message(self.Followed(self, self.cursor, target))
