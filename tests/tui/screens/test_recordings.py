"""A recording in the explorer: home lists it, it opens as it was, and time is gone through by keys and the mouse."""

from __future__ import annotations

import re
import sqlite3
import time
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bpftui.core.choice import choose_runtime
from bpftui.core.live import Sampler, counters
from bpftui.core.live.quantity import OfEntry
from bpftui.core.runtime import Printed
from bpftui.core.spec import CollectionSpec
from bpftui.core.tape import PlayedSession, Recorder
from bpftui.tui.app import BpftuiApp
from bpftui.tui.nodes import Node, NodeKind
from bpftui.tui.widgets.live.time_slider import TimeSlider
from tests.core.tape.test_tape import record
from tests.tui.conftest import Walk, let_messages_stay
from tests.tui.fakes import FakeRuntime

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator

    from bpftui.core.live.monitor import Observation

TICKS = 11


@pytest.fixture(autouse=True)
def messages_stay(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    let_messages_stay(monkeypatch)
    with monkeypatch.context() as there:
        there.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


@pytest.fixture
def recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A recording of eleven seconds, in the directory where one is."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    here = tmp_path / "here"
    here.mkdir()
    path = here / "traffic-1.rec"
    record(path, TICKS)
    monkeypatch.chdir(here)
    return path


@asynccontextmanager
async def played(path: Path, size: tuple[int, int] = (120, 40)) -> AsyncGenerator[Walk]:
    with PlayedSession(str(path)) as session:
        app = BpftuiApp(session)
        try:
            async with app.run_test(size=size, notifications=True) as pilot:
                walk = Walk(app, pilot, FakeRuntime())
                await walk.until(app.explorer.furnished.is_set)
                await walk.until(lambda: app.operations.monitor.last is not None)
                yield walk
        finally:
            app.operations.close()


def at(walk: Walk) -> str:
    """Return how far it is, as the slider says it."""
    found = re.search(r"\d:\d\d of \d:\d\d · ( *\d+ of \d+)", walk.screen)
    return "" if found is None else re.sub(" +", " ", found[0])


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_it_opens_at_its_end_with_all_that_was(recording: Path, size: tuple[int, int]) -> None:
    async with played(recording, size) as walk:
        assert "REC 15 Jan" in walk.screen  # 1,800,000,000 seconds after 1970
        assert at(walk) == "0:10 of 0:10 · 11 of 11"
        assert walk.status.runtime == "vm"  # on which it was recorded
        assert "L Load" not in walk.screen
        await walk.press("4")
        await walk.until(lambda: "percpu_hash" in walk.screen)
        assert re.search(r"IPV4 +UDP", walk.screen)
        await walk.press("L")
        await walk.until(lambda: "this is a recording: it is looked at, and nothing of it runs" in walk.screen)
        await walk.press("K")
        await walk.until(lambda: "this is a recording already" in walk.screen)


async def test_keys_lead_through_time(recording: Path) -> None:
    async with played(recording) as walk:
        assert [key for key in walk.footer if key in ("Before", "After")] == ["Before", "After"]
        await walk.press("comma", "comma", "comma")
        await walk.until(lambda: at(walk) == "0:07 of 0:10 · 8 of 11")
        await walk.press("full_stop")
        await walk.until(lambda: at(walk) == "0:08 of 0:10 · 9 of 11")
        await walk.press("less_than_sign")
        await walk.until(lambda: at(walk) == "0:00 of 0:10 · 1 of 11")
        assert "attached count_traffic → eth1" in walk.screen
        await walk.press("comma")
        await walk.until(lambda: "the recording begins here" in walk.screen)
        await walk.press("greater_than_sign")
        await walk.until(lambda: "nothing was done after this moment" in walk.screen)


async def test_they_do_so_in_the_graph_as_well(recording: Path) -> None:
    async with played(recording) as walk:
        await walk.press("5")
        await walk.until(lambda: walk.explorer.panes.graph.has_focus)
        await walk.press("comma")
        await walk.until(lambda: at(walk) == "0:09 of 0:10 · 10 of 11")
        await walk.press("less_than_sign")
        await walk.until(lambda: at(walk) == "0:00 of 0:10 · 1 of 11")


def counts(walk: Walk) -> dict[str, int]:
    """Return how many packets of each protocol the table shows."""
    return {name: int(number) for name, number in re.findall(r"IPV4 +([A-Z]+)[ ●▲■•]+(\d+) ", walk.screen)}


async def test_tables_and_events_are_as_they_were(recording: Path) -> None:
    async with played(recording) as walk:
        await walk.press("4")
        await walk.until(lambda: counts(walk) == {"TCP": 4, "UDP": 2})  # those since the map was emptied
        walk.explorer.playhead.go_to(2)
        await walk.until(lambda: counts(walk) == {"TCP": 1})
        walk.explorer.playhead.go_to(3)
        await walk.until(lambda: counts(walk) == {"TCP": 2, "UDP": 1})
        walk.explorer.navigation.go_to(Node(NodeKind.MAP, "events"))
        await walk.until(lambda: events(walk) == 2)
        walk.explorer.playhead.go_to(4)
        await walk.until(lambda: events(walk) == 3)
        walk.explorer.playhead.go_to(1)
        await walk.until(lambda: "no events yet" in walk.screen)


def events(walk: Any) -> int:
    """Return how many events stand on the screen: rows that begin with when they were seen."""
    return sum(re.match(r"[▌ ]*\d+\.\d{3}s  ", line.partition("▕")[2]) is not None for line in walk.screen.splitlines())


async def test_a_click_leads_to_a_moment(recording: Path) -> None:
    async with played(recording) as walk:
        slider = walk.explorer.query_one(TimeSlider)
        await walk.pilot.click(TimeSlider, offset=(slider._bar.start, 0))
        await walk.until(lambda: at(walk) == "0:00 of 0:10 · 1 of 11")
        await walk.pilot.click(TimeSlider, offset=(slider._bar.stop - 1, 0))
        await walk.until(lambda: at(walk) == "0:10 of 0:10 · 11 of 11")


async def test_it_plays_quicker_and_stops_at_its_end(recording: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with played(recording) as walk:
        await walk.press(*["left_curly_bracket"] * 3)
        assert "×10" in walk.screen
        came: list[float] = []
        monitor = walk.app.operations.monitor
        observe = monitor.observe

        def observed(observation: Observation) -> None:
            came.append(observation.sample.time)
            observe(observation)

        # What was seen is counted where it arrives: between two looks at the screen it may have played whole.
        monkeypatch.setattr(monitor, "observe", observed)
        await walk.press("p")
        await walk.until(lambda: len(came) >= TICKS and walk.status.paused)
        await walk.until(lambda: at(walk) == "0:10 of 0:10 · 11 of 11")
        assert came == [float(second) for second in range(TICKS)]


async def test_home_lists_recordings_and_says_what_they_are(recording: Path) -> None:
    broken = recording.with_name("broken.rec")
    broken.write_bytes(recording.read_bytes()[:9000])
    app = BpftuiApp(runtime="vm")
    try:
        async with app.run_test(size=(120, 40), notifications=True) as pilot:
            walk: Any = Walk(app, pilot, FakeRuntime())
            await walk.press("3")
            await walk.until(lambda: "traffic-1 " in walk.screen)
            if "object" not in walk.screen:
                await walk.press("down")
            await walk.until(lambda: "11 samples, 1 s apart" in walk.screen)
            for line in (r"object +\S*traffic\.o", r"began +15 Jan 2027 08:00:00", r"length +0:10", r"runtime +vm"):
                assert re.search(line, walk.screen), line
            assert re.search(r"0:00 +attached count_traffic → eth1", walk.screen)
            await walk.press("enter")
            await walk.until(lambda: bool(app.objects) and at(walk) == "0:10 of 0:10 · 11 of 11")
            await walk.press("0")
            await walk.until(lambda: "REC 15 Jan" in walk.screen)
    finally:
        for each in app.objects:
            each.operations.close()


async def test_without_any_home_says_how_there_will_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    app = BpftuiApp(runtime="vm")
    async with app.run_test(size=(80, 24)) as pilot:
        walk: Any = Walk(app, pilot, FakeRuntime())
        await walk.press("3")
        await walk.until(lambda: "K keeps what" in walk.screen)


async def test_a_mark_is_seen_in_the_sample_behind_it(recording: Path) -> None:
    with sqlite3.connect(recording) as database:
        database.execute("INSERT INTO mark VALUES(NULL, 2.5, 'set', CAST('x' AS BLOB), CAST('1 → 2' AS BLOB))")
    async with played(recording) as walk:
        await walk.press("less_than_sign")
        await walk.until(lambda: at(walk) == "0:03 of 0:10 · 4 of 11")
        assert "x 1 → 2" in walk.screen


async def test_what_was_done_is_among_the_messages(recording: Path) -> None:
    async with played(recording) as walk:
        await walk.press("6")
        await walk.until(lambda: "below is what was done" in walk.screen)
        assert re.search(r"08:00:00  recorded: attached count_traffic → eth1", walk.screen)


async def test_its_first_page_says_what_can_be_done_with_it(recording: Path) -> None:
    async with played(recording) as walk:
        walk.explorer.navigation.go_to(Node(NodeKind.COLLECTION))
        await walk.until(lambda: "the sample before, the next one; p plays them" in walk.screen)
        assert "attach a program" not in walk.screen


async def test_beside_the_bar_there_is_no_moment(recording: Path) -> None:
    async with played(recording) as walk:
        for x in (1, walk.explorer.query_one(TimeSlider).size.width - 2):
            await walk.pilot.click(TimeSlider, offset=(x, 0))
            assert at(walk) == "0:10 of 0:10 · 11 of 11"
        await walk.press(*["left_curly_bracket"] * 12)
        assert "×1e+03" not in walk.screen
        assert "×1000" in walk.screen


async def test_it_says_which_recording_it_is_and_what_p_does(recording: Path) -> None:
    async with played(recording, size=(120, 40)) as walk:
        assert re.search(rf"home › {re.escape(recording.name)}", walk.screen.splitlines()[0])
        assert "p Play" in walk.screen


async def test_the_slider_stays_where_it_is(recording: Path) -> None:
    async with played(recording, size=(100, 30)) as walk:
        bars = set()
        for _ in range(TICKS):
            bars.add(tuple(walk.app.screen.query_one(TimeSlider)._bar))
            assert "┊" in walk.screen or "●" in walk.screen
            await walk.press("comma")
        assert len(bars) == 1


async def test_a_heat_map_has_the_past_of_all_slots(tmp_path: Path) -> None:
    path, second = tmp_path / "slots.rec", 0
    spec = CollectionSpec.from_file(Path(__file__).parents[2] / "objects" / "histograms.o")
    with choose_runtime("vm").load(spec) as collection:
        sampler = Sampler(collection, clock=lambda: float(second))
        with Recorder.of(str(path), collection, interval=1.0) as tape:
            for second in range(8):  # noqa: B007 - the clock reads it
                tape.add(sampler.take(), {}, Printed((), 0))
                for length in (64, 100, 1000):
                    collection.programs["lengths"].run(bytes(length))
    async with played(path) as walk:
        graph = walk.app.operations.monitor.graph
        (counter,) = counters(spec.maps["bytes_hist"])
        walk.explorer.sampling.draw(OfEntry(counter, bytes([3, 0, 0, 0])))
        walk.explorer.navigation.action_show_tab("graph")
        await walk.until(lambda: "[3] bytes_hist  last 0/s" in walk.screen)
        await walk.press("v", "v")
        rows = ["512 B ┤", "256 B ┤", "128 B ┤", "64 B ┤"]
        await walk.until(lambda: rows[0] in walk.screen and rows[-1] in walk.screen)
        assert walk.app.operations.monitor.graph is not graph
        await walk.press("comma")
        await walk.until(lambda: at(walk).endswith("7 of 8"))
        assert all(row in walk.screen for row in rows)
