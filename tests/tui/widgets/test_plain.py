"""What is typed costs no layout: only what takes other room does."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bpftui.core.spec import CollectionSpec
from bpftui.tui.base_app import BaseApp
from bpftui.tui.dialogs.variable_editor import VariableEditor
from bpftui.tui.widgets.plain import Input, Label, OptionList, SelectionList, Static
from bpftui.tui.widgets.spec.variables_view import whole

if TYPE_CHECKING:
    import pytest
    from textual.app import ComposeResult
    from textual.geometry import Size
    from textual.screen import Screen

OBJECT = Path(__file__).parents[2] / "objects" / "data_sections.o"


class Layouts:
    """Counts how often screens are laid out."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from textual.screen import Screen

        self.count = 0
        original = Screen._refresh_layout  # pyright: ignore[reportPrivateUsage]

        def counted(screen: Screen[object], size: Size | None = None, scroll: bool = False) -> None:
            self.count += 1
            original(screen, size, scroll)

        monkeypatch.setattr(Screen, "_refresh_layout", counted)


async def test_typing_lays_nothing_out(monkeypatch: pytest.MonkeyPatch) -> None:
    variable = CollectionSpec.from_file(OBJECT).variables["in_bss_big"]
    app = BaseApp[None]()
    async with app.run_test(size=(120, 40)) as pilot:
        app.push_screen(VariableEditor(whole(variable), variable.raw, live=False))
        await pilot.pause()
        field = app.screen.query_one("#value", Input)
        field.focus()
        await pilot.pause()
        layouts = Layouts(monkeypatch)
        await pilot.press(*"12, 34, 56, 7")
        await pilot.pause()
        assert layouts.count <= 3  # of 13 keys: where the sentence takes another line
        assert field.value == "12, 34, 56, 7"  # in place of what was selected
        assert "✗" in str(app.screen.query_one("#problem", Label).render())


class TextApp(BaseApp[None]):
    def compose(self) -> ComposeResult:
        yield Static("one", id="text")


async def test_a_text_that_takes_another_line_is_laid_out(monkeypatch: pytest.MonkeyPatch) -> None:
    app = TextApp()
    async with app.run_test(size=(20, 10)) as pilot:
        text = app.query_one("#text", Static)
        await pilot.pause()
        layouts = Layouts(monkeypatch)
        text.update("two")
        await pilot.pause()
        assert (layouts.count, text.size.height) == (0, 1)
        text.update("so many words take two lines")
        await pilot.pause()
        assert layouts.count
        assert text.size.height == 2


class ChoiceApp(BaseApp[None]):
    def compose(self) -> ComposeResult:
        yield OptionList("one", "two", id="choices")


async def test_choices_have_a_height_in_a_terminal_of_one_cell() -> None:
    class Asking(BaseApp[None]):
        """Choices with room around them."""

        CSS = "#choices, #ticked { height: auto; padding: 0 2; }"

        def compose(self) -> ComposeResult:
            yield OptionList("a long name", id="choices")
            yield SelectionList([("a long name", 1)], id="ticked")

    app = Asking()
    async with app.run_test(size=(1, 1)) as pilot:
        await pilot.resize_terminal(40, 10)
        await pilot.pause()
        assert app.query_one("#choices").size.height == 1
        await pilot.resize_terminal(1, 1)
        await pilot.pause()
        assert app.query_one("#choices").size.width == 0


async def test_without_colours_the_highlighted_choice_is_underlined(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    app = ChoiceApp()
    async with app.run_test() as pilot:
        choices = app.query_one(OptionList)
        choices.focus()
        choices.highlighted = 1
        await pilot.pause()
        rows = choices.render_lines(choices.region.reset_offset)
        segments = [segment for row in rows for segment in row]
        underlined = [each.text.strip() for each in segments if each.style is not None and each.style.underline]
        assert [text for text in underlined if text] == ["two"]
