"""EnumList: the names that an enum has, with their numbers, in a list where its value stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual import on
from textual.binding import Binding, BindingType

from ..text.fit import width_of
from ..text.shown import assembled
from ..widgets.plain import OptionList
from .explained import ExplainedModal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events
    from textual.app import ComposeResult
    from textual.geometry import Offset

__all__ = ["OTHER", "EnumList"]

OTHER: Final = ""
"""What it dismisses with where a value is wanted that has no name."""
_MOST_ROWS: Final = 12
_FRAME: Final = 4
"""Cells of its borders, and of a space beside them."""


class EnumList(ExplainedModal[str]):
    """Dismisses with the name that was chosen, with `OTHER`, or with None.

    Args:
        names: The names with their numbers.
        now: The name that the value has.
        at: Where the value stands on the screen.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "Set", id="enum.set", tooltip="Set this value"),
        Binding("e", "other", "Other value", id="enum.other", tooltip="Type a number that has no name"),
        Binding("escape,space,q", "leave", "Leave", id="enum.leave", tooltip="Leave the value as it is"),
        Binding("j", "move(1)", show=False, id="enum.down", tooltip="The next name"),
        Binding("k", "move(-1)", show=False, id="enum.up", tooltip="The name before"),
    ]

    DEFAULT_CSS = """
    EnumList {
        background: transparent;
        align: left top;
        & > OptionList { width: auto; height: auto; border: round $primary; background: $panel; padding: 0; }
        & > OptionList:focus { border: round $primary; }
    }
    """

    ABOUT: ClassVar[str] = "The values that have a name, with their numbers: enter sets the highlighted one."
    PAGE: ClassVar[str] = "variables"

    def __init__(self, names: Sequence[tuple[str, int]], now: str, at: Offset) -> None:
        super().__init__()
        self._names = names
        self._now = now
        self._at = at

    def place(self) -> str:
        """Return what it is called."""
        return "Values"

    def compose(self) -> ComposeResult:
        """Compose the list."""
        wide = max(width_of(name) for name, _ in self._names)
        digits = max(len(str(number)) for _, number in self._names)
        yield OptionList(
            *(
                assembled(name, " " * (wide - width_of(name) + 2), (f"{number:>{digits}}", "$text-muted"))
                for name, number in self._names
            ),
            id="enum-names",
        )
        yield from super().compose()

    @property
    def _list(self) -> OptionList:
        return self.query_one(OptionList)

    def on_mount(self) -> None:
        """Begin at the value that there is."""
        names = [name for name, _ in self._names]
        self._list.highlighted = names.index(self._now) if self._now in names else 0
        self._list.focus()
        self._place()

    def on_resize(self, event: events.Resize) -> None:
        """Stay within the screen."""
        self._place()

    def _place(self) -> None:
        """Stand at the value, below it, or above where there is no room below."""
        rows = min(len(self._names), _MOST_ROWS, max(1, self.size.height - _FRAME))
        width = max(width_of(str(each.prompt)) for each in self._list.options) + _FRAME
        y = self._at.y + 1 if self._at.y + rows + 3 < self.size.height else self._at.y - rows - 2
        self._list.styles.max_height = rows + 2
        self._list.styles.offset = (max(0, min(self._at.x - 2, self.size.width - width)), max(0, y))

    @on(OptionList.OptionSelected)
    def chosen(self, event: OptionList.OptionSelected) -> None:
        """Take the name."""
        self.dismiss(self._names[event.option_index][0])

    def action_choose(self) -> None:
        """Take the name that is highlighted."""
        self._list.action_select()

    def action_move(self, step: int) -> None:
        """Go to another name."""
        if step > 0:
            self._list.action_cursor_down()
        else:
            self._list.action_cursor_up()

    def action_other(self) -> None:
        """Type the value."""
        self.dismiss(OTHER)

    def action_leave(self) -> None:
        """Leave the value as it is."""
        self.dismiss(None)
