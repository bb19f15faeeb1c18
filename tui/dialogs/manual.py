"""ManualScreen: eleven short pages on what there is to know."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Markdown

from ..text.manual import pages
from ..widgets.plain import OptionList, ScrollBox
from .modal import Modal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from textual.app import ComposeResult

__all__ = ["ManualScreen"]


class ManualScreen(Modal[None]):
    """The pages' titles, and the page that is highlighted.

    Args:
        keymap: Remapped keys by the id of a binding.
        page: The name of the page to begin at; empty for the first.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark", "dismiss", "Close", id="manual.close", tooltip="Close the manual"),
        Binding("tab,shift+tab", "app.focus_next", "Pages or text", id="manual.next", tooltip="From pages to text"),
        Binding("j", "move(1)", show=False, id="manual.down", tooltip="Down"),
        Binding("k", "move(-1)", show=False, id="manual.up", tooltip="Up"),
    ]

    DEFAULT_CSS = """
    ManualScreen {
        align: center middle;
        background: $background 60%;
        & > .manual { width: 120; max-width: 96%; height: 92%; border: round $primary; background: $surface; }
        & #manual-pages { width: 30; height: 1fr; border: none; border-right: vkey $rule; }
        & #manual-text { width: 1fr; height: 1fr; padding: 0 1; }
        &.-narrow #manual-pages { width: 24; }
    }
    """

    def __init__(self, keymap: Mapping[str, str], *, page: str = "") -> None:
        super().__init__()
        self._pages = pages(keymap)
        self._page = page

    def compose(self) -> ComposeResult:
        """Compose titles and text."""
        with Horizontal(classes="manual"):
            yield OptionList(*(page.title for page in self._pages), id="manual-pages", compact=True)
            with ScrollBox(id="manual-text"):
                yield Markdown(open_links=False)
        yield from super().compose()

    def on_mount(self) -> None:
        """Begin at the page that is about where the user was."""
        titles = self.query_one(OptionList)
        titles.highlighted = next((at for at, page in enumerate(self._pages) if page.name == self._page), 0)
        self.set_focus(titles)

    async def on_option_list_option_highlighted(self) -> None:
        """Show the page that is highlighted by now, which may be another one than the message tells of."""
        at = self.query_one(OptionList).highlighted
        await self.query_one(Markdown).update(self._pages[at or 0].text)
        self.query_one(ScrollBox).scroll_home(animate=False)

    def on_option_list_option_selected(self) -> None:
        """Read the page."""
        self.query_one(ScrollBox).focus()

    def action_move(self, rows: int) -> None:
        """Go to another page, or scroll."""
        if isinstance(self.focused, OptionList):
            (self.focused.action_cursor_down if rows > 0 else self.focused.action_cursor_up)()
        else:
            self.query_one(ScrollBox).scroll_relative(y=rows, animate=False)
