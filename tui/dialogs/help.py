"""HelpScreen: every key with one line, made from the bindings themselves."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content

from ..text.keys import key_names
from ..text.shown import assembled, styled
from ..widgets.plain import ScrollBox, Static
from .modal import Modal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from textual.app import ComposeResult

__all__ = ["HelpScreen"]

_KEY_WIDTH = 16
"""Cells of the column of keys: `backspace ctrl+o`."""


class HelpScreen(Modal[None]):
    """The keys, by where they work.

    Args:
        groups: Bindings by the heading under which they are listed.
        keymap: Remapped keys by the id of a binding.
        page: The page of the manual that is about this place.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark", "manual", "Manual", key_display="?", id="help.manual", tooltip="The manual"),
        Binding("escape,q", "dismiss", "Close", id="help.close", tooltip="Close the help"),
        Binding("j", "scroll('down')", show=False, id="help.down", tooltip="Down"),
        Binding("k", "scroll('up')", show=False, id="help.up", tooltip="Up"),
    ]

    def __init__(
        self, groups: Mapping[str, Sequence[BindingType]], keymap: Mapping[str, str], *, page: str = ""
    ) -> None:
        super().__init__()
        self._groups = groups
        self._keymap = keymap
        self._page = page

    def compose(self) -> ComposeResult:
        """Compose the list."""
        with ScrollBox(classes="dialog help") as box:
            box.border_title = "Keys"
            box.border_subtitle = "↑ ↓ scroll · ? manual · esc close"
            for title, bindings in self._groups.items():
                yield Static(self._group(title, bindings), classes="help-group")
        yield from super().compose()

    def _group(self, title: str, bindings: Sequence[BindingType]) -> Content:
        rows = [styled(title, "bold")]
        for binding in _documented(bindings):
            first, *more = wrap(key_names(self._keymap.get(binding.id or "", binding.key)), _KEY_WIDTH)
            rows.append(assembled((f"  {first:<{_KEY_WIDTH}}  ", "bold $primary"), binding.tooltip))
            rows += [styled(f"  {keys}", "bold $primary") for keys in more]
        return Content("\n").join(rows)

    def action_manual(self) -> None:
        """Open the manual, over the help."""
        from .manual import ManualScreen

        self.app.push_screen(ManualScreen(self._keymap, page=self._page))

    async def action_scroll(self, direction: str) -> None:
        """Scroll by a line."""
        box = self.query_one(ScrollBox)
        box.scroll_relative(y=1 if direction == "down" else -1, animate=False)


def _documented(bindings: Iterable[BindingType]) -> list[Binding]:
    return [each for each in bindings if isinstance(each, Binding) and each.tooltip]
