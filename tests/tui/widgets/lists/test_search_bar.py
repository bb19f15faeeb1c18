"""The search bar: what is found is followed, and drawn where it is another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import App
from textual.widgets import Static

from bpftui.tui.widgets.lists.search_bar import SearchBar
from bpftui.tui.widgets.plain import Label

if TYPE_CHECKING:
    import pytest
    from textual.app import ComposeResult


class Searched(Static, can_focus=True):
    """Finds more from look to look, up to three."""

    looks = 0

    def seek_from_here(self) -> None:
        pass

    def seek(self, pattern: str) -> None:
        pass

    def seek_end(self, *, stay: bool) -> None:
        pass

    def seek_count(self) -> str:
        self.looks += 1
        return f"{min(self.looks, 3)} found"


class Searching(App[None]):
    def compose(self) -> ComposeResult:
        yield Searched()
        yield SearchBar()


async def test_what_is_found_is_drawn_when_it_is_another(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []

    def update(label: Label, content: str, **_: object) -> None:
        told.append(content)
        label.content = content

    monkeypatch.setattr(Label, "update", update)
    async with Searching().run_test(size=(80, 6)) as pilot:
        searched, bar = pilot.app.query_one(Searched), pilot.app.query_one(SearchBar)
        bar.open(searched)
        await pilot.press("a")
        while searched.looks < 8:
            await pilot.pause(0.1)
    assert [each for each in told if "found" in each] == ["1 found", "2 found", "3 found"]
