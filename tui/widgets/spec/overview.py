"""Overview: what the chosen node is, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.message import Message

from ..plain import Static

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.content import Content

__all__ = ["Overview"]


class Overview(VerticalScroll, can_focus=True):
    """A page of text that scrolls."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", show=False, id="overview.open", tooltip="Go where it is at home: to its tab"),
        Binding("j", "scroll_down", show=False, id="overview.down", tooltip="Scroll down"),
        Binding("k", "scroll_up", show=False, id="overview.up", tooltip="Scroll up"),
        Binding("g", "scroll_home", show=False, id="overview.top", tooltip="Go to the top"),
        Binding("G", "scroll_end", show=False, id="overview.bottom", tooltip="Go to the bottom"),
        Binding("ctrl+d", "page_down", show=False, id="overview.page-down", tooltip="One page down"),
        Binding("ctrl+u", "page_up", show=False, id="overview.page-up", tooltip="One page up"),
    ]

    DEFAULT_CSS = """
    Overview {
        background: $surface;
        padding: 0 1;
        & > Static { height: auto; }
    }
    """

    class Opened(Message):
        """The user wants to go where the chosen node is at home."""

    def __init__(self, page: Content) -> None:
        """Initialise it with the *page* that is shown at first."""
        super().__init__()
        self._page = page

    def compose(self) -> ComposeResult:
        """Compose the page."""
        yield Static(self._page, id="page")

    def show(self, page: Content, *, keep_place: bool = False) -> None:
        """Show *page*, from its top unless it is the same page as before."""
        if not page.is_same(self._page):
            self._page = page
            self.query_one("#page", Static).update(page)
        if not keep_place:
            self.scroll_home(animate=False)

    def action_open(self) -> None:
        """Ask the screen to go there."""
        self.post_message(self.Opened())
