"""LinkedView: names in rows, of which one is chosen and followed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bpftui.tui.base_app import BaseApp
from bpftui.tui.targets import Thing
from bpftui.tui.text.shown import Text
from bpftui.tui.widgets.lists.linked_view import LinkedView

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from bpftui.tui.targets import Target

ROWS = (("one", "two"), (), ("three",))


class Names(LinkedView):
    def row_count(self) -> int:
        return len(ROWS)

    def row_text(self, index: int) -> str:
        return " ".join(ROWS[index])

    def row_targets(self, index: int) -> Sequence[Target]:
        return [Thing("prog", 10 * index + number) for number in range(len(ROWS[index]))]

    def draw_row(self, index: int, width: int) -> Text:
        text = Text()
        for number, name in enumerate(ROWS[index]):
            text.append(name, self.name_style(index, number))
            text.append(" ")
        return text

    def action_select(self) -> None:
        if not self.follow_link():
            super().action_select()


class NamesApp(BaseApp[None]):
    def __init__(self) -> None:
        super().__init__()
        self.view = Names()
        self.heard: list[object] = []

    def compose(self) -> ComposeResult:
        yield self.view

    def on_row_view_followed(self, message: LinkedView.Followed) -> None:
        self.heard.append((message.index, message.target))

    def on_row_view_selected(self, message: LinkedView.Selected) -> None:
        self.heard.append(message.index)

    def chosen(self) -> list[str]:
        """Return the names that are drawn as the chosen one."""
        lines = [self.view.render_line(number) for number in range(len(ROWS))]
        return [each.text for line in lines for each in line if each.style is not None and each.style.underline]


async def test_a_name_is_chosen_in_the_row_of_the_cursor_and_followed() -> None:
    app = NamesApp()
    async with app.run_test(size=(40, 8)) as pilot:
        await pilot.press("enter")
        assert (app.heard, app.chosen()) == ([0], [])
        chosen: list[list[str]] = []
        for key in ("right", "right", "right", "left", "left", "left", "right", "down", "right", "down", "right"):
            await pilot.press(key)
            chosen.append(app.chosen())
        assert chosen == [["one"], ["two"], ["two"], ["one"], [], [], ["one"], [], [], [], ["three"]]
        await pilot.press("enter")
        assert app.heard[1:] == [(2, Thing("prog", 20))]
        await pilot.press("k")
        assert app.view.chosen_target is None
        await pilot.press("enter")
        assert app.heard[2:] == [1]
