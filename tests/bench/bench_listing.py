"""How fast the listing of a program of 500,000 instructions is drawn and searched, against reading all of its rows.

Run with `make bench`. Nothing here fails for being slow: the ratios are printed, and quoted where they are claimed.
"""

from __future__ import annotations

import asyncio
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bpftui.core.listing.listing import Listing
from bpftui.core.listing.search import ListingSearch
from bpftui.tui.base_app import BaseApp
from bpftui.tui.widgets.code.listing_view import ListingView
from tests.bench.large_program import large_program
from tests.bench.timing import compare

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from bpftui.core.spec import CollectionSpec, ProgramSpec

SHARE = 100
"""One row in so many is read for what all of them would cost."""


class ListingApp(BaseApp[None]):
    def __init__(self, shown: Listing) -> None:
        super().__init__()
        self.view = ListingView(shown)

    def compose(self) -> ComposeResult:
        yield self.view


@pytest.fixture(scope="module")
def large() -> tuple[CollectionSpec, ProgramSpec]:
    """500,000 instructions in some 4,400 functions, 230,000 lines of C."""
    return large_program()


def _all_rows(listing: Listing) -> float:
    start = time.perf_counter()
    for index in range(0, len(listing), SHARE):
        listing.row(index)
    return (time.perf_counter() - start) * SHARE


def _memory() -> float:
    """Return the megabytes that this process has in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6


def test_a_frame_against_all_rows(large: tuple[CollectionSpec, ProgramSpec]) -> None:
    """Goal: under 8 ms for a frame, a line or a page further on; memory within 20 % of before."""
    spec, program = large
    before = _memory()
    listing = Listing(program, spec)
    frames: list[tuple[float, float]] = []

    async def scroll() -> None:
        app = ListingApp(listing)
        async with app.run_test(size=(120, 40)) as pilot:
            await pilot.pause()
            view = app.view
            for _ in range(40):
                times: list[float] = []
                for move in (view.action_cursor_down, lambda: view.action_page(1)):
                    start = time.perf_counter()
                    move()
                    for y in range(view.size.height):
                        view.render_line(y)
                    times.append(time.perf_counter() - start)
                frames.append((times[0], times[1]))

    asyncio.run(scroll())
    print(f"\nmemory: {before:.0f} MB before the listing, {_memory():.0f} MB after scrolling")
    lines, pages = (iter(column) for column in zip(*frames, strict=True))
    compare("a frame one line on against all rows", lambda: next(lines), lambda: _all_rows(listing), runs=5)
    compare("a frame one page on against all rows", lambda: next(pages), lambda: _all_rows(listing), runs=5)


def test_a_search_against_all_rows(large: tuple[CollectionSpec, ProgramSpec]) -> None:
    """A helper's name in all instructions and lines of C, when something was searched for before."""
    spec, program = large
    listing = Listing(program, spec)
    search = ListingSearch(listing)

    def find() -> float:
        start = time.perf_counter()
        assert len(search.find(re.compile("call bpf_map_lookup_elem"))) > 1000
        return time.perf_counter() - start

    compare("a search against all rows", find, lambda: _all_rows(listing), runs=5)
