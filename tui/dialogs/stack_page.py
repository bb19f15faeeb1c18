"""StackPage: a stack trace whole, a frame a line."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from ..nodes import Node
from ..targets import Target, Thing
from ..text.colors import joined_lines
from ..text.shown import plain
from ..widgets.lists.search_bar import SearchBar
from ..widgets.live.frame_list import FrameList
from ..widgets.plain import Box, Static
from .explained import ExplainedModal

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import ComposeResult

    from ...core.runtime.stacks import Frame, Stack
    from ..widgets.lists.row_view import RowView

__all__ = ["StackPage"]


class StackPage(ExplainedModal[Target]):
    """The functions that called one another, the most recent first; dismisses with a BPF program that is followed.

    Args:
        title: Which stack it is, and whose.
        stack: The stack.
        program_of: Returns where the BPF program lives that a frame is in; None for other code.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,backspace", "dismiss", "Close", id="stack.close", tooltip="Close the stack"),
        Binding("Y", "copy_all", "Copy all", id="stack.copy", tooltip="Copy all frames"),
    ]

    ABOUT: ClassVar[str] = (
        "A stack trace, the most recent function first: its name, how many bytes into it, the module or file that it "
        "is in, and the address. Below stands why some have no name."
    )
    PAGE: ClassVar[str] = "maps"

    DEFAULT_CSS = """
    StackPage #stack-problem { height: auto; color: $text-warning; margin-top: 1; }
    """

    def __init__(self, title: str, stack: Stack, program_of: Callable[[Frame], Target | None]) -> None:
        super().__init__()
        self._heading = title
        self._stack = stack
        self._program_of = program_of

    def compose(self) -> ComposeResult:
        """Compose the frames, and why some have no name."""
        with Box(classes="dialog page") as box:
            box.border_title = self._heading
            leads = any(map(self._program_of, self._stack.frames))
            box.border_subtitle = (
                f"{'⏎ its program · ' if leads else ''}/ search · y copy line · Y copy all · esc close"
            )
            yield FrameList(self._stack, self._program_of)
            if self._stack.problem:
                yield Static(plain(f"⚠ {self._stack.problem}"), id="stack-problem")
            yield SearchBar()
        yield from super().compose()

    def on_mount(self) -> None:
        """Give the frames the keys."""
        self.set_focus(self.query_one(FrameList))

    def on_row_view_search_requested(self, event: RowView.SearchRequested) -> None:
        """Search in the frames."""
        self.query_one(SearchBar).open(event.view)

    def on_row_view_followed(self, event: RowView.Followed) -> None:
        """Go to a program."""
        event.stop()
        if isinstance(event.target, Node | Thing):
            self.dismiss(event.target)

    def action_copy_all(self) -> None:
        """Copy all frames."""
        frames = self.query_one(FrameList)
        self.app.copy_to_clipboard(joined_lines(*(frames.row_text(index) for index in range(frames.row_count()))))
        self.notify("stack copied", timeout=2)
