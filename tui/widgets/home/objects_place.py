"""ObjectsPlace: the objects that are open, those that were, those of this directory, those that ship."""

from __future__ import annotations

import asyncio
import os
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple

from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message

from ...state.objects import known_objects
from ...text.fit import fitted, width_of
from ...text.object_page import object_page
from ...text.page import Page
from ...text.shown import Text
from ..lists.row_view import RowView
from ..overview import Overview

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.style import Style
    from textual.app import ComposeResult

    from ...state.objects import KnownObject

__all__ = ["SETTLED", "ObjectRow", "ObjectRows", "ObjectsPlace"]

SETTLED: Final = 0.15
"""Seconds that the cursor rests on an object before it is looked into."""
_AGES: Final = 5.0
"""Seconds after which what is said of its age is said anew."""


class ObjectRow(NamedTuple):
    """A row: an object, or the heading of a group."""

    name: str
    """As it is shown: the name of the file, or of the group."""
    path: str = ""
    """Empty for a heading."""
    note: str = ""
    is_open: bool = False


class ObjectRows(RowView):
    """Objects by group; the cursor passes over the headings.

    Args:
        name: What the list is called in style sheets.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "Open", id="rows.select", tooltip="Open the object, or go to it"),
        Binding("delete", "close", "Close", id="home.close", tooltip="Close an open object: detach and unload it"),
    ]

    class Closed(Message):
        """The user wants an open object closed."""

        def __init__(self, path: str) -> None:
            super().__init__()
            self.path = path

    def __init__(self, name: str = "objects-list") -> None:
        super().__init__(id=name)
        self.rows: list[ObjectRow] = []
        self._width = 0

    def show(self, rows: list[ObjectRow]) -> None:
        """Show *rows*; the cursor stays on its object, but for one that was closed: then on the next at its place."""
        here, at = self.chosen, self.cursor
        self.rows = rows
        self._width = max((width_of(row.name) for row in rows if row.path), default=0)
        self.refresh_rows()
        there = next((index for index, row in enumerate(rows) if here is not None and row.path == here.path), None)
        if here is None or there is None:
            self.cursor = next((index for index, row in enumerate(rows) if row.path), 0)
        else:
            closed = here.is_open and not rows[there].is_open
            self.cursor = self._passing(at, 1) if closed else there

    @property
    def chosen(self) -> ObjectRow | None:
        """The object that the cursor is on."""
        row = self.rows[self.cursor] if self.cursor < len(self.rows) else None
        return row if row is not None and row.path else None

    def row_count(self) -> int:
        """Return how many rows there are."""
        return len(self.rows)

    def row_value(self, index: int) -> str:
        """Return a row's path; empty for a heading."""
        return self.rows[index].path

    def row_text(self, index: int) -> str:
        """Return a row's path, or its heading."""
        row = self.rows[index]
        return f"{row.path} {row.note}".rstrip() or row.name

    def draw_row(self, index: int, width: int) -> Text:
        """Draw a row."""
        row = self.rows[index]
        if not row.path:
            return Text(fitted(row.name, width).rstrip(), "bold", no_wrap=True)
        names = min(self._width, max(14, width // 2))
        text = Text(f" {fitted(row.name, names)}  ", no_wrap=True)
        return text.append(row.note, self._note_ink(row))

    def _note_ink(self, row: ObjectRow) -> Style:
        return self.ink("row-view--muted")

    def _passing(self, cursor: int, step: int) -> int:
        """Return the object from *cursor* on, in steps of 1 or -1; where there is none, the nearest the other way."""
        rows = self.rows
        if not rows:
            return 0
        cursor = max(0, min(cursor, len(rows) - 1))
        onward = range(cursor, len(rows) if step > 0 else -1, step)
        return next((at for at in (*onward, *range(cursor, len(rows)), *range(cursor, -1, -1)) if rows[at].path), 0)

    def action_cursor_up(self) -> None:
        """Go up."""
        self.cursor = self._passing(self.cursor - 1, -1)

    def action_cursor_down(self) -> None:
        """Go down."""
        self.cursor = self._passing(self.cursor + 1, 1)

    def action_first(self) -> None:
        """Go to the first object, with its heading in sight."""
        self.cursor = self._passing(0, 1)
        self.scroll_to(y=0, animate=False, force=True)

    def action_page(self, pages: float) -> None:
        """Move by a part of a page."""
        super().action_page(pages)
        self.cursor = self._passing(self.cursor, 1 if pages > 0 else -1)

    def action_select(self) -> None:
        """Choose an object."""
        if self.chosen is not None:
            super().action_select()

    def action_close(self) -> None:
        """Close an open object."""
        if self.chosen is not None:
            self.post_message(self.Closed(self.chosen.path))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer to close what is open."""
        if action == "close":
            return self.chosen is not None and self.chosen.is_open
        return super().check_action(action, parameters)

    def why_not(self, action: str) -> str:
        """Return why an action does not apply."""
        return "it is not open" if action == "close" else super().why_not(action)


class ObjectsPlace(Horizontal):
    """At the left what there is; at the right what the chosen one is, of which nothing is opened to be looked at."""

    TITLE: ClassVar[str] = "Objects"

    DEFAULT_CSS = """
    ObjectsPlace {
        & > #objects-list { width: 46%; max-width: 64; height: 1fr; border-right: vkey $rule; }
        & > Overview { width: 1fr; height: 1fr; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._rows = ObjectRows()
        self._open: Sequence[tuple[str, str]] = ()
        self._known: Sequence[KnownObject] = ()
        self._looked_at = ""
        self._page: Page | None = None
        """What stands at the right."""

    def compose(self) -> ComposeResult:
        """Compose the list and the page."""
        yield self._rows
        yield Overview(Page("", ""))

    def on_mount(self) -> None:
        """Let nothing be called younger than it is."""
        self.set_interval(_AGES, self.tell_age)

    def tell_age(self) -> None:
        """Say anew how old the chosen object is, or what has become of it; in place."""
        if self._page is not None and self.screen.is_current:
            self.run_worker(self._look_again, exclusive=True, group="age")

    def show(self, opened: Sequence[tuple[str, str]]) -> None:
        """Show the objects that are open, as path and state, and look anew what else there is."""
        self._open = opened
        if self._known:  # what is open and what is not shows at once: enter acts on it
            self._rows.show(_rows(opened, self._known))
        self.run_worker(self._list, exclusive=True, group="list")

    async def _list(self) -> None:
        self._known = await asyncio.to_thread(known_objects)
        self._rows.show(_rows(self._open, self._known))
        self._looked_at, self._page = "", None
        await self._look()

    def on_row_view_highlighted(self, event: RowView.Highlighted) -> None:
        """Look into what the cursor is on."""
        if event.view is not self._rows:
            return
        self.refresh_bindings()
        self.run_worker(self._look, exclusive=True, group="look")

    async def _look(self) -> None:
        """Say what the chosen object is, as soon as the cursor rests on it."""
        row = self._rows.chosen
        if row is None or row.path == self._looked_at:
            return
        await asyncio.sleep(SETTLED if self._looked_at else 0)
        self._page = await self._page_of(row)
        self._looked_at = row.path
        self.query_one(Overview).show(self._page)

    async def _look_again(self) -> None:
        """Say what has become of the object that is shown, if it is the chosen one."""
        row, before = self._rows.chosen, self._page
        if row is None or row.path != self._looked_at:
            return
        page = await self._page_of(row, before)
        if self._page is before:  # else another one has been chosen meanwhile
            self._page = page
            self.query_one(Overview).show(page, keep_place=True)

    async def _page_of(self, row: ObjectRow, before: Page | None = None) -> Page:
        state = dict(self._open).get(row.path, "")
        note = "" if row.is_open else row.note
        return await asyncio.to_thread(partial(object_page, row.path, note, state, before))


def _rows(opened: Sequence[tuple[str, str]], known: Sequence[KnownObject]) -> list[ObjectRow]:
    """Return the rows: each group with its heading; what is open stands once, at the top."""
    rows: list[ObjectRow] = []
    if opened:
        rows.append(ObjectRow("Open"))
        rows += [ObjectRow(os.path.basename(path), path, state, True) for path, state in opened]
    paths = {path for path, _ in opened}
    group = ""
    for each in known:
        if each.path in paths:
            continue
        if each.group != group:
            group = each.group
            rows.append(ObjectRow(group))
        rows.append(ObjectRow(os.path.basename(each.path), each.path, each.note))
    return rows
