"""EventView: events as they come."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import TYPE_CHECKING

from bpftui.core.analysis.records import RecordType, record_candidates, record_type
from bpftui.core.live.drawn import EventLine, StreamState
from bpftui.core.live.field import Form
from bpftui.core.live.monitor import event_line
from bpftui.core.spec import CollectionSpec
from bpftui.tui.base_app import BaseApp
from bpftui.tui.widgets.live.event_view import EventView

from ..lines import lines

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from bpftui.core.btf import CType, Value

ROOT = Path(__file__).parents[4]


def events(start: int, stop: int) -> list[EventLine]:
    return [EventLine(number / 10, f"{{number={number}}}") for number in range(start, stop)]


class EventApp(BaseApp[None]):
    def __init__(self) -> None:
        super().__init__()
        self.view = EventView(capacity=100)

    def compose(self) -> ComposeResult:
        yield self.view


async def test_the_newest_event_stays_in_sight() -> None:
    app = EventApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert "no events yet" in "".join(lines(app.view))
        for start in range(0, 60, 20):
            app.view.append(events(start, start + 20))
            await pilot.pause()
        assert lines(app.view)[-1].split() == ["▌", "5.900s", "{number=59}"]
        assert app.view.following


async def test_going_up_stops_following_and_the_bottom_resumes() -> None:
    app = EventApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.view.append(events(0, 60))
        await pilot.pause()
        await pilot.press("ctrl+u")
        reading = app.view.row_text(app.view.cursor)
        assert not app.view.following
        before = lines(app.view)
        app.view.append(events(60, 90))
        await pilot.pause()
        assert lines(app.view) == before
        # Old rows go, and what is read stays where it is.
        app.view.append(events(90, 105))
        await pilot.pause()
        assert app.view.row_text(app.view.cursor) == reading
        assert lines(app.view) == before
        await pilot.press("G")
        assert app.view.following
        app.view.append(events(105, 106))
        await pilot.pause()
        assert "number=105" in lines(app.view)[-1]


async def test_the_wheel_stops_following_too() -> None:
    app = EventApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.view.append(events(0, 60))
        await pilot.pause()
        app.view.scroll_up(animate=False)
        await pilot.pause()
        assert not app.view.following
        app.view.scroll_end(animate=False)
        await pilot.pause()
        assert app.view.following


async def test_memory_is_bounded_and_what_came_is_counted() -> None:
    app = EventApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.view.append(events(0, 1500))
        app.view.state = StreamState(6000, lost=12, full=2)
        await pilot.pause()
        assert app.view.row_count() == 100
        assert app.view.count == 1500
        assert app.view.said == "6,000 seen · 12 lost · found full 2 times · 75 % not drawn"
        await pilot.press("ctrl+r")
        assert (app.view.row_count(), app.view.count) == (0, 0)
        app.view.state = StreamState(6010, lost=13)
        app.view.append(events(0, 10))
        assert app.view.said == "10 seen · 1 lost"


async def test_only_what_has_a_text_is_shown_and_what_comes_is_narrowed_too() -> None:
    app = EventApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.view.append(events(0, 90))
        await pilot.pause()
        assert app.view.search("number=4")
        assert [app.view.row_text(row) for row in range(3)] == ["{number=4}", "{number=40}", "{number=41}"]
        assert "11 of 90 kept have 'number=4' · esc shows all" in lines(app.view)[0]
        app.view.append(events(390, 402))
        await pilot.pause()
        # Of a hundred that are kept, the two oldest went; of the new ones two have it.
        assert "13 of 100 kept have 'number=4'" in lines(app.view)[0]
        assert [line.split()[-1] for line in lines(app.view)[11:14]] == ["{number=49}", "{number=400}", "{number=401}"]
        await pilot.press("escape")
        assert lines(app.view)[-1].split()[-1] == "{number=401}"
        app.view.narrow("no such")
        await pilot.pause()
        assert "no event has 'no such': esc shows all" in "".join(lines(app.view))


async def test_events_are_narrowed_by_a_condition_on_their_fields() -> None:
    spec = CollectionSpec.from_file(ROOT / "tests/objects/record_tags.o")
    (opened,) = [each for each in record_candidates(spec) if each.stripped.name == "opened"]
    app = EventApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.view.state = StreamState(3, type=opened)
        raws = [struct.pack("=QIIQ", 5, what, pid, 1) for what, pid in ((1, 9), (2, 1_500), (2, 20))]
        app.view.append([EventLine(0.0, f"event {number}", raw) for number, raw in enumerate(raws)])
        app.view.narrow("pid > 1000")
        await pilot.pause()
        assert "1 of 3 kept with pid > 1000 · esc shows all" in "".join(lines(app.view))
        assert [line.lstrip("▌").split() for line in lines(app.view) if "CLOSED" in line and "kept" not in line] == [
            ["0.000s", "5", "CLOSED", "1,500", "1"]
        ]
        app.view.narrow("what == CLOSED && pid < 1000")
        await pilot.pause()
        assert [line.lstrip("▌").split() for line in lines(app.view) if "CLOSED" in line and "kept" not in line] == [
            ["0.000s", "5", "CLOSED", "20", "1"]
        ]
        app.view.narrow("1,500")  # a text, as it stands there
        await pilot.pause()
        assert app.view.totals[1] == 3


async def test_x_shows_the_bytes() -> None:
    app = EventApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.view.append([EventLine(1.0, '{comm="sh"}', b"sh\0^")])
        await pilot.pause()
        assert '1.000s  {comm="sh"}' in "".join(lines(app.view))
        await pilot.press("x")
        await pilot.pause()
        assert "1.000s  73 68 00 5e" in "".join(lines(app.view))
        assert app.view.row_text(0) == "73 68 00 5e"


async def test_what_is_missing_is_said() -> None:
    app = EventApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.view.state = StreamState(5000, 12, 300, 2)
        app.view.per_second = 1234.0
        await pilot.pause()
        said = "5,000 seen · 1,234/s · 12 lost · about 300 behind · found full 2 times · 100 % not drawn"
        assert app.view.said == said


def record(number: int, *, length: int = 60, time: int = 7) -> EventLine:
    """Return an event of `traffic.o`."""
    kind: Value = {"family": "IPV4", "protocol": "UDP"}
    value: Value = {"time": time, "number": number, "kind": kind, "length": length}
    raw = of_traffic().encode(value)
    return event_line(number / 10, raw, RecordType(of_traffic()))


def of_traffic() -> CType:
    spec = CollectionSpec.from_file(ROOT / "bpf/traffic.o")
    found = record_type(spec, spec.maps["events"]).type
    assert found is not None
    return found


async def test_each_field_has_a_column_and_no_digit_is_cut() -> None:
    app = EventApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.view.state = StreamState(3, type=of_traffic())
        app.view.append(
            [record(1), record(2, length=1_234_567), EventLine(0.3, "4 bytes, …: 07 00 00 00", b"\7\0\0\0")]
        )
        await pilot.pause()
        head, *rows = lines(app.view)[:4]
        assert head.split()[:5] == ["seen", "time", "number", "kind.family", ".protocol"]
        assert [rows[0].split()[:5], rows[1].split()[:5]] == [
            ["0.100s", "7", "1", "IPV4", "UDP"],
            ["0.200s", "7", "2", "IPV4", "UDP"],
        ]
        # What is no such record stands as it is.
        assert rows[2].split("s  ", 1)[1].startswith("4 bytes, …: 07 00 00 00")
        columns = app.view._columns
        assert columns is not None
        place = columns.titles.index("length")
        assert columns.cells(record(2, length=1_234_567).raw)[place] == "1,234,567"
        await pilot.press("g", *["right"] * place)
        head, *rows = lines(app.view)[:4]
        assert head.index("length") + len("length") == rows[1].index("1,234,567") + len("1,234,567")
        assert rows[0].index("60") + 2 == rows[1].index("1,234,567") + len("1,234,567")
        await pilot.resize_terminal(40, 24)
        await pilot.pause()
        head, *rows = lines(app.view)[:4]
        assert "← " in head
        assert "1,234,567" in rows[1]
        assert app.view.search("1,234,567")
        assert "1 of 3 kept have '1,234,567'" in lines(app.view)[1]


async def test_columns_are_written_in_each_form_and_copied_whole() -> None:
    app = EventApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.view.state = StreamState(3, type=of_traffic())
        app.view.append([record(300)])
        await pilot.pause()
        assert app.view.row_text(0).split("\t")[:5] == ["30.000", "7", "300", "IPV4", "UDP"]
        await pilot.press("x")
        assert app.view.row_text(0).split("\t")[:5] == ["30.000", "0x7", "0x12c", "0x2", "0x11"]
        await pilot.press("x")
        assert app.view.row_text(0).split("\t")[:5] == ["30.000", "7", "300", "2", "17"]
        await pilot.press("x")
        assert app.view.row_text(0).startswith("07 00 00 00 00 00 00 00 2c 01")
        assert "number" not in lines(app.view)[0]
        await pilot.press("x")
        assert "number" in lines(app.view)[0]


async def test_a_condition_narrows_by_fields_and_half_of_one_says_what_is_missing() -> None:
    app = EventApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.view.state = StreamState(3, type=of_traffic())
        app.view.append([*(record(number, length=number * 100) for number in range(8)), EventLine(0.9, "?", b"\7")])
        await pilot.pause()
        app.view.narrow("length >= 500 && ")
        await pilot.pause()
        assert lines(app.view)[1].strip() == "the name of a field is missing · esc shows all"
        assert app.view.row_count() == 9
        app.view.narrow("length >= 500 && protocol == UDP")
        await pilot.pause()
        # What is no such record has no fields to ask for.
        assert lines(app.view)[1].strip() == "3 of 9 kept with length >= 500 && protocol == UDP · esc shows all"
        assert [line.split()[0] for line in lines(app.view)[2:5]] == ["0.500s", "0.600s", "▌"]
        app.view.append([record(9, length=100), record(10, length=501)])
        await pilot.pause()
        assert lines(app.view)[1].strip().startswith("4 of 11 kept with")
        app.view.narrow("length > 900")
        await pilot.pause()
        assert "no event with length > 900: esc shows all" in "".join(lines(app.view))


async def test_events_that_tell_when_they_were_need_no_other_time_where_there_is_little_room() -> None:
    app = EventApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.view.state = StreamState(1, type=of_traffic())
        app.view.append([record(1, time=49_123_456_789_012)])
        await pilot.pause()
        assert lines(app.view)[1].split() == ["▌", "0.100s", "49123.456789s", "1", "IPV4", "UDP", "OTHER", "60"]
        await pilot.resize_terminal(64, 24)
        await pilot.pause()
        head, row = lines(app.view)[:2]
        assert head.split() == ["time", "number", "kind.family", ".protocol", "source", "length"]
        assert row.split() == ["▌", "49123.456789s", "1", "IPV4", "UDP", "OTHER", "60"]
        app.view.form = Form.DECIMAL
        await pilot.pause()
        assert "49123456789012" in lines(app.view)[1]


async def test_the_titles_stand_apart_from_the_columns_that_are_counted() -> None:
    app = EventApp()
    async with app.run_test(size=(45, 24)) as pilot:
        app.view.state = StreamState(3, type=of_traffic())
        app.view.append([record(1)])
        await pilot.pause()
        for _ in range(6):
            head = lines(app.view)[0]
            assert head.count("column") + head.count("←") >= 1
            for sign in ("←", "+"):
                before = head.partition(sign)[0] if sign in head else "  "
                assert before.endswith(" "), head
            await pilot.press("right")
