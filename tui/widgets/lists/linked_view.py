"""LinkedView: a list in whose rows names stand that lead somewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.style import Style
from textual.binding import Binding, BindingType
from textual.reactive import reactive

from .row_view import RowView

if TYPE_CHECKING:
    from ...targets import Target

__all__ = ["LinkedView"]


class LinkedView(RowView):
    """A list with names to follow: left and right choose one of the cursor's row, enter and a click follow it.

    At first none is chosen: enter is what the row itself does with it, and the way to the sides scrolls where there is
    no further name. A subclass gives `row_targets`, draws names with `name_style`, and begins its `action_select` with
    `follow_link`.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "link(-1)", "Left", show=False, id="links.left", tooltip="The name before in this row"),
        Binding("right,l", "link(1)", "Right", show=False, id="links.right", tooltip="The next name in this row"),
    ]

    COMPONENT_CLASSES: ClassVar[set[str]] = {"linked-view--link", "linked-view--chosen"}
    """
    | Class | Description |
    | :- | :- |
    | `linked-view--link` | What leads somewhere. |
    | `linked-view--chosen` | The name that enter follows. |
    """

    DEFAULT_CSS = """
    LinkedView {
        & > .linked-view--link { color: $link; }
        & > .linked-view--chosen { color: $link; text-style: bold underline; }
    }
    """

    first_link: ClassVar[int] = -1
    """Which name of a row is chosen when the cursor comes to it; -1 for none."""

    link: reactive[int] = reactive(-1)
    """Which name of the cursor's row is chosen; -1 for none."""

    def watch_cursor(self, old: int, new: int) -> None:
        """Begin anew in the row that the cursor came to."""
        self.link = self.first_link
        super().watch_cursor(old, new)

    def row_variant(self, index: int) -> object:
        """Draw the cursor's row anew for each name that is chosen in it."""
        return self.link if index == self.cursor else None

    def name_style(self, index: int, number: int) -> Style:
        """Return what the *number*-th name of a row is drawn with."""
        is_chosen = index == self.cursor and number == self.link
        ink = self.ink("linked-view--chosen" if is_chosen else "linked-view--link")
        return ink + Style(meta={"target": number})

    @property
    def chosen_target(self) -> Target | None:
        """Where the chosen name leads; None where none is chosen."""
        targets = self.row_targets(self.cursor) if self.link >= 0 and self.row_count() else ()
        return targets[self.link] if 0 <= self.link < len(targets) else None

    def follow_link(self) -> bool:
        """Follow the chosen name; return whether there was one."""
        target = self.chosen_target
        if target is not None:
            self.post_message(self.Followed(self, self.cursor, target))
        return target is not None

    def action_link(self, step: int) -> None:
        """Choose another name of the row; where there is none on that side, scroll."""
        names = len(self.row_targets(self.cursor)) if self.row_count() else 0
        if -1 <= self.link + step < names and not (step < 0 and self.scroll_offset.x and self.link < 0):
            self.link += step
        else:
            self.action_side(step)
