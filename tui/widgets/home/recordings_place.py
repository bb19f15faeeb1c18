"""RecordingsPlace: what was kept by `K`, and the recordings of this directory."""

from __future__ import annotations

import asyncio
import os
import time
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

from textual.containers import Horizontal

from ...state.recordings import SUFFIX, known_recordings
from ...text.format import byte_size
from ...text.page import Page
from ...text.recording_page import recording_page
from ..overview import Overview
from .objects_place import SETTLED, ObjectRow, ObjectRows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from ...state.recordings import KnownRecording
    from ..lists.row_view import RowView

__all__ = ["RecordingsPlace"]

_NONE: Final = "No recordings yet: K keeps what an object that is loaded does, `bpftui watch --record FILE` too."


class RecordingsPlace(Horizontal):
    """At the left the recordings by day, the newest first; at the right what the chosen one is."""

    TITLE: ClassVar[str] = "Recordings"

    DEFAULT_CSS = """
    RecordingsPlace {
        & > #recordings-list { width: 46%; max-width: 64; height: 1fr; border-right: vkey $rule; }
        & > Overview { width: 1fr; height: 1fr; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._rows = ObjectRows("recordings-list")
        self._rows.empty_text = _NONE
        self._open: Sequence[tuple[str, str]] = ()
        self._looked_at = ""

    def compose(self) -> ComposeResult:
        """Compose the list and the page."""
        yield self._rows
        yield Overview(Page("", ""))

    def show(self, opened: Sequence[tuple[str, str]]) -> None:
        """Look anew what there is, some of which is open, as path and state."""
        self._open = opened
        self.run_worker(self._list, exclusive=True, group="list")

    async def _list(self) -> None:
        known = await asyncio.to_thread(known_recordings)
        self._rows.show(_rows(known, {path for path, _ in self._open}))
        self._looked_at = ""
        await self._look()

    def on_row_view_highlighted(self, event: RowView.Highlighted) -> None:
        """Look into what the cursor is on."""
        if event.view is self._rows:
            self.refresh_bindings()
            self.run_worker(self._look, exclusive=True, group="look")

    async def _look(self) -> None:
        """Say what the chosen recording is, as soon as the cursor rests on it."""
        row = self._rows.chosen
        if row is None or row.path == self._looked_at:
            return
        await asyncio.sleep(SETTLED if self._looked_at else 0)
        page = await asyncio.to_thread(partial(recording_page, row.path, dict(self._open).get(row.path, "")))
        self._looked_at = row.path
        self.query_one(Overview).show(page)


def _rows(known: Sequence[KnownRecording], opened: set[str]) -> list[ObjectRow]:
    """Return the rows: each day with its heading."""
    rows: list[ObjectRow] = []
    day = ""
    for each in known:
        when = time.localtime(each.changed)
        if (that := time.strftime("%d %b %Y", when)) != day:
            day = that
            rows.append(ObjectRow(day))
        note = f"{time.strftime('%H:%M', when)}  {byte_size(each.size)}"
        name = os.path.basename(each.path).removesuffix(SUFFIX)
        rows.append(ObjectRow(name, each.path, f"{note}  open" if each.path in opened else note, each.path in opened))
    return rows
