"""Stops of the debugger that are kept."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING

import pytest

from bpftui.core.errors import UsageError
from bpftui.tui.state.stops import KeptStop, SavedStops

if TYPE_CHECKING:
    from pathlib import Path


def test_a_watchpoint_is_kept_with_what_it_stops_at(tmp_path: Path) -> None:
    path = tmp_path / "stops.json"
    stops = (
        KeptStop("prog.c:40", "r1 > 5"),
        KeptStop("total", "", False, "rwatch"),
        KeptStop("pkt[3]", access="write"),
    )
    SavedStops(path).save("/prog.o", stops, ["r0"])
    assert SavedStops(path).of("/prog.o") == (stops, ("r0",))


def test_files_of_before_say_only_whether_it_is_a_watchpoint(tmp_path: Path) -> None:
    path = tmp_path / "stops.json"
    stops = [["prog.c:40", "", True, False], ["total", "", True, True]]
    document = {"schema": "bpftui/stops/1", "objects": {"/prog.o": {"stops": stops, "watched": []}}}
    path.write_text(json.dumps(document))
    assert SavedStops(path).of("/prog.o") == ((KeptStop("prog.c:40"), KeptStop("total", access="watch")), ())
    stops[1][3] = "sometimes"  # pyright: ignore[reportArgumentType]
    path.write_text(json.dumps(document))
    with pytest.raises(UsageError, match="stops"):
        SavedStops(path).of("/prog.o")


def test_two_debuggers_that_keep_theirs_at_once_lose_none(tmp_path: Path) -> None:
    path = tmp_path / "stops.json"
    files = [f"/{number}.o" for number in range(30)]
    threads = [threading.Thread(target=SavedStops(path).save, args=(each, [KeptStop("17")], ())) for each in files]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert [SavedStops(path).of(each) for each in files] == [((KeptStop("17"),), ())] * 30
