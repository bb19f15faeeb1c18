"""Chart: axes, legend, gaps, and the time that a frame takes."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

import pytest

from bpftui.core.btf.units import Unit
from bpftui.core.live.drawn import ChartSeries, Mark
from bpftui.tui.base_app import BaseApp
from bpftui.tui.widgets.live.chart import Chart

from ..lines import lines

if TYPE_CHECKING:
    from textual.app import ComposeResult

NOW = 1000.0


def wave(label: str, peak: float, slot: int = 0, *, gap: range = range(0)) -> ChartSeries:
    points = [(NOW - 60 + t / 2, peak * abs(math.cos(t / 15))) for t in range(121) if t not in gap]
    return ChartSeries(label, points, slot)


class ChartApp(BaseApp[None]):
    def __init__(self, *, ascii_only: bool = False) -> None:
        super().__init__()
        self.chart = Chart(ascii=ascii_only)

    def compose(self) -> ComposeResult:
        yield self.chart


@pytest.mark.parametrize("size", [(80, 24), (120, 30), (120, 40)])
async def test_axes_and_legend(size: tuple[int, int]) -> None:
    app = ChartApp()
    async with app.run_test(size=size) as pilot:
        app.chart.show([wave("pkt_count[0]", 1_400_000)], NOW)
        await pilot.pause()
        shown = lines(app.chart)
        assert all(len(line) == size[0] for line in shown)
        assert "● pkt_count[0]" in shown[0]
        assert "max 1.40 M/s" in shown[0]
        assert "M/s ┤" in shown[1]
        assert shown[-3].lstrip().startswith("0 ┤")
        labels = shown[-1].split()
        assert (labels[0], labels[-1]) == ("-60s", "now")
        assert "⣿" in "".join(shown)


RAMP = ChartSeries("ramp", [(NOW - 60 + t, 10.0 * t) for t in range(61)])
STEADY = ChartSeries("steady", [(NOW - 60 + t, 300.0) for t in range(61)], 1)
PICTURES = {
    (40, 10): """\
 ● ramp    last 600/s  max 600/s
 ▲ steady  last 300/s  max 300/s
 1 k/s ┤┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈
       │
       │                          ⢀⣀⡠⠤⠤●
       │                 ⣀⣀⡠⠤⠔⠒⠒⠉⠉⠁
       │⠉⠉⠉⠉⠉▲⠉⢉⣉⣉⠭⠭⠝⠛⠛⠉●⠉⠉⠉⠉▲⠉⠉⠉⠉⠉⠉⠉⠉⠉▲
     0 ┤●⠤⠤⠔⠒⠒⠉⠁
       └┴───────────────┴──────────────┴
      -60s            -30s           now""",
    (60, 9): """\
 ● ramp  last 600/s   ▲ steady  last 300/s
 1 k/s ┤┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈
       │
       │                                          ⢀⣀⣀⣀⡠⠤●⠤⠒●
       │                            ⣀⣀⣀⡠●⠤⠤⠔⠒⠒⠒⠉⠉⠉⠁
       │⠈⠉⠉⠉⠉▲⠉⠉⠉⠉⠉⠉⠉⣉⣉⣉●⠭⠭⠭⠛⠛⠛⠛⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉▲⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉▲
     0 ┤⢀⣀⠤⠤⠤⠔⠒⠒⠒⠉⠉⠉⠉
       └┴────────────────┴────────────────┴────────────────┴
      -60s             -40s             -20s             now""",
    (60, 20): """\
 ● ramp    last 600/s  max 600/s  mean 305/s
 ▲ steady  last 300/s  max 300/s  mean 300/s
 600/s ┤┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈⢀⣠⡴⠛●
       │                                            ⣀⣤⠶⠋●
       │                                         ⢀⣤⠞⠉
       │                                      ⣠⡴⠞⠋
       │                                  ⢀⣠⠶⠛⠁
 400/s ┤┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈⢀●⠞⠋⠁┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈
       │                            ⣀⡴⠞⠋
       │⢠⣤⣤⣤⣤▲⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤▲⣤⣤⣤⣤⣶⣿⣭⣤⣤⣤⣤⣤⣤⣤⣤▲⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤▲
       │                     ⢀⣠⠶⠛⠁
       │                  ⣀⣤⠞⠋⠁
 200/s ┤┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈⣀●⠞⠉┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈
       │           ⢀⣠⡴⠛⠉
       │        ⢀⣤⠞⠋⠁
       │     ⣀⣤⠶⠋
       │  ⣠⡴⠞⠉
     0 ┤⠰⠛⠁
       └┴────────────────┴────────────────┴────────────────┴
      -60s             -40s             -20s             now""",
}


@pytest.mark.parametrize("size", list(PICTURES))
async def test_a_chart_to_the_last_cell(size: tuple[int, int]) -> None:
    app = ChartApp()
    async with app.run_test(size=size) as pilot:
        app.chart.show([RAMP, STEADY], NOW)
        await pilot.pause()
        assert [line.rstrip() for line in lines(app.chart)] == PICTURES[size].splitlines()


async def test_a_legend_leaves_out_what_has_no_room() -> None:
    legends = {}
    app = ChartApp()
    async with app.run_test(size=(75, 14)) as pilot:
        for width, height in ((75, 14), (44, 14), (43, 14), (31, 14), (24, 14), (75, 9), (43, 9), (30, 9)):
            await pilot.resize_terminal(width, height)
            app.chart.show([STEADY, RAMP], NOW)
            await pilot.pause()
            legends[width, height] = [line.rstrip() for line in lines(app.chart)[:2]]
    # One a line where there are lines, in columns; what has no room in one has none in the other.
    all_of_it = [" ▲ steady  last 300/s  max 300/s  mean 300/s", " ● ramp    last 600/s  max 600/s  mean 305/s"]
    assert [legends[width, 14] for width in (75, 44)] == [all_of_it, all_of_it]
    assert legends[43, 14] == [" ▲ steady  last 300/s  max 300/s", " ● ramp    last 600/s  max 600/s"]
    assert legends[31, 14] == [" ▲ steady  last 300/s", " ● ramp    last 600/s"]
    assert legends[24, 14] == legends[31, 14]
    # Nine rows leave one line, and six for the plot.
    assert legends[75, 9][0] == " ▲ steady  last 300/s  max 300/s   ● ramp  last 600/s  max 600/s"
    assert legends[43, 9][0] == " ▲ steady  last 300/s   ● ramp  last 600/s"
    assert legends[30, 9][0] == " ▲ steady   ● ramp"


async def test_there_is_no_chart_of_fewer_than_six_rows() -> None:
    app = ChartApp()
    async with app.run_test(size=(60, 8)) as pilot:
        app.chart.show([STEADY, RAMP], NOW, [Mark(NOW - 20, "loaded")])
        await pilot.pause()
        assert "".join(lines(app.chart)).split() == ["no", "room", "for", "a", "chart"]
        await pilot.resize_terminal(60, 9)
        await pilot.pause()
        assert "1 k/s ┤" in lines(app.chart)[1]
        assert "┊" in lines(app.chart)[2]  # the mark is there, its text is not


async def test_what_was_done_is_marked_and_said_below() -> None:
    app = ChartApp()
    async with app.run_test(size=(60, 20)) as pilot:
        marks = [Mark(NOW - 50, "loaded"), Mark(NOW - 20, "sample_every 1000 → 250"), Mark(NOW - 15, "detached x")]
        app.chart.show([RAMP], NOW, [Mark(NOW - 70, "long ago"), *marks])
        await pilot.pause()
        shown = lines(app.chart)
        assert [line.rstrip() for line in shown[-2:]] == [
            "         loaded ┊                  detached x ┊",
            "                  sample_every 1000 → 250 ┊",
        ]
        assert [column for column, cell in enumerate(shown[2]) if cell == "┊"] == [16, 42, 46]
        # What was done long ago has no room on its left: it is said on the right, and what comes after it below.
        app.chart.show([RAMP], NOW, [Mark(NOW - 55, "attached count_packets → sandbox"), Mark(NOW - 20, "loaded")])
        await pilot.pause()
        assert [line.rstrip() for line in lines(app.chart)[-2:]] == [
            "                                   loaded ┊",
            "            ┊ attached count_packets → sandbox",
        ]


async def test_a_cursor_reads_the_moment_that_it_stands_at() -> None:
    app = ChartApp()
    async with app.run_test(size=(80, 20)) as pilot:
        app.chart.show([RAMP, STEADY], NOW, [Mark(NOW - 50, "loaded")])
        app.chart.cursor = NOW - 30
        await pilot.pause()
        shown = lines(app.chart)
        assert [line.rstrip() for line in shown[:2]] == [
            " ● ramp    at cursor 300/s  last 600/s  max 600/s  mean 305/s",
            " ▲ steady  at cursor 300/s  last 300/s  max 300/s  mean 300/s",
        ]
        assert {line.find("│", 9) for line in shown[3:6]} == {44}
        assert app.chart.moment_at(44) == pytest.approx(NOW - 30, abs=0.5)
        # It stays at its moment while time goes on, and reads the oldest that is seen once it is older.
        app.chart.show([RAMP, STEADY], NOW + 15)
        assert app.chart.reading == NOW - 30
        app.chart.show([RAMP, STEADY], NOW + 40)
        assert app.chart.reading == NOW - 20
        app.chart.show([RAMP, STEADY], NOW, [Mark(NOW - 50, "loaded")])
        assert app.chart.move_to_mark(-1)
        assert app.chart.reading == NOW - 50
        assert not app.chart.move_to_mark(-1)
        app.chart.cursor = None
        app.chart.render_line(0)
        app.chart.move_cursor(-1)
        assert app.chart.reading == pytest.approx(NOW - 60 / 71)


async def test_the_most_of_a_line_is_of_its_points_where_cells_have_means() -> None:
    """A value that grows has no last one above its most, however many points a cell stands for."""
    app = ChartApp()
    async with app.run_test(size=(60, 20)) as pilot:
        grown = [(NOW - 60 + t / 20, float(t)) for t in range(1201)]
        app.chart.show([ChartSeries("grown", grown, is_rate=False)], NOW)
        await pilot.pause()
        assert "last 1.20 k  max 1.20 k  mean 600" in lines(app.chart)[0]
        peak = [(time, 9_000.0 if value == 400 else 1.0) for time, value in grown]
        app.chart.show([ChartSeries("grown", peak, is_rate=False)], NOW)
        await pilot.pause()
        assert "max 9.00 k" in lines(app.chart)[0]


async def test_bytes_and_times_are_drawn_in_their_units() -> None:
    app = ChartApp()
    async with app.run_test(size=(60, 20)) as pilot:
        grown = [(NOW - 60 + t, 3 * 1024**2 * t / 60) for t in range(61)]
        app.chart.show([ChartSeries("rx_bytes", grown, unit=Unit.BYTES)], NOW)
        await pilot.pause()
        shown = lines(app.chart)
        assert "last 3.00 MiB/s  max 3.00 MiB/s" in shown[0]
        assert [line.split(" ┤")[0].strip() for line in shown if " ┤" in line] == ["3 MiB/s", "2 MiB/s", "1 MiB/s", "0"]
        spent = [(NOW - 60 + t, 25_000.0) for t in range(61)]
        app.chart.show([ChartSeries("latency_ns", spent, unit=Unit.NANOSECONDS, is_rate=False)], NOW)
        await pilot.pause()
        shown = lines(app.chart)
        assert "last 25 µs  max 25 µs  mean 25 µs" in shown[0]
        assert " 30 µs ┤" in shown[1]


@pytest.mark.parametrize(
    ("window", "labels"),
    [
        (10, ["-10s", "-5s", "now"]),
        (90, ["-90s", "-45s", "now"]),
        (119, ["-119s", "-59.5s", "now"]),
        (120, ["-2m", "-60s", "now"]),
        (300, ["-5m", "-2m30s", "now"]),
    ],
)
async def test_labels_of_the_time_axis(window: int, labels: list[str]) -> None:
    app = ChartApp()
    async with app.run_test(size=(40, 10)) as pilot:
        app.chart.window = window
        app.chart.show([RAMP], NOW)
        await pilot.pause()
        assert lines(app.chart)[-1].split() == labels


async def test_several_series_have_their_own_marker_and_colour() -> None:
    app = ChartApp()
    async with app.run_test(size=(120, 40)) as pilot:
        app.chart.show([wave("ipv4", 900), wave("ipv6", 500, 1), wave("arp", 100, 2)], NOW)
        await pilot.pause()
        strips = [app.chart.render_line(y) for y in range(app.chart.size.height)]
        styles = {
            part.text.split()[1]: part.style.color
            for strip in strips[:3]
            for part in strip
            if part.style and part.text.strip()[:1] in {"●", "▲", "■"}
        }
        assert list(styles) == ["ipv4", "ipv6", "arp"]
        assert len(set(styles.values())) == 3
        plot = "".join(strip.text for strip in strips[3:])
        assert {"●", "▲", "■"} <= set(plot)


async def test_a_gap_has_no_line() -> None:
    app = ChartApp()
    async with app.run_test(size=(120, 30)) as pilot:
        series = wave("n", 100, gap=range(50, 70))
        nan = [*series.points[:50], (NOW - 30, math.nan), *series.points[50:]]
        for points in (series.points, nan):
            app.chart.show([ChartSeries("n", points), ChartSeries("flat", [(NOW - 60, 0.0)])], NOW)
            await pilot.pause()
            middle = [line[64:66] for line in lines(app.chart)[1:-2]]
            assert not any("⠀" < character <= "⣿" for cells in middle for character in cells)


async def test_no_data_is_a_calm_sentence() -> None:
    app = ChartApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert "waiting for the first samples" in "".join(lines(app.chart))
        app.chart.show([ChartSeries("n", [(NOW - 300, 5.0)])], NOW)
        await pilot.pause()
        assert "waiting for the first samples" in "".join(lines(app.chart))
        app.chart.show([ChartSeries("n", [(NOW - 1, math.nan)])], NOW)
        await pilot.pause()
        assert "n  last –  max –  mean –" in "".join(lines(app.chart))


async def test_the_window_moves_the_axis() -> None:
    app = ChartApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.chart.show([wave("n", 100)], NOW)
        app.chart.window = 300
        await pilot.pause()
        assert lines(app.chart)[-1].split()[0] == "-5m"
        app.chart.window = 10
        await pilot.pause()
        assert lines(app.chart)[-1].split()[0] == "-10s"


async def test_ascii_is_ascii() -> None:
    app = ChartApp(ascii_only=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert all(line.isascii() for line in lines(app.chart))
        app.chart.show([wave("a", 900), wave("b", 500, 1)], NOW)
        await pilot.pause()
        shown = lines(app.chart)
        assert all(line.isascii() for line in shown)
        assert {"*", "+"} <= set("".join(shown))


@pytest.mark.parametrize("size", [(11, 4), (14, 5), (20, 4)])
async def test_no_room_is_no_error(size: tuple[int, int]) -> None:
    app = ChartApp()
    async with app.run_test(size=size) as pilot:
        app.chart.show([wave("a", 900), wave("b", 500, 1)], NOW)
        await pilot.pause()
        assert len(lines(app.chart)) == size[1]


async def test_the_same_frame_is_drawn_from_what_was_drawn() -> None:
    """By the processor's time, the best of ten each; a fifth is usual."""
    app = ChartApp()
    async with app.run_test(size=(120, 30)) as pilot:
        await pilot.pause()
        series = [wave(name, peak) for name, peak in (("a", 900), ("b", 500), ("c", 300), ("d", 20))]

        def frame() -> float:
            start = time.process_time()
            app.chart.render_lines(app.chart.size.region)
            return time.process_time() - start

        new: list[float] = []
        for tick in range(10):
            app.chart.show(series, NOW + tick / 2)
            new.append(frame())
        again: list[float] = []
        for _ in range(10):
            app.chart.refresh()
            again.append(frame())
        assert min(again) < min(new)


async def test_rows_of_a_heat_map_take_the_room_that_there_is() -> None:
    app = ChartApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.chart.view = "heat"
        app.chart.show([STEADY], NOW)
        await pilot.pause()
        shown = lines(app.chart)
        assert [line[:10].strip() for line in shown[1:5]] == ["steady ┤█", "│█", "│█", "└┴"]
        app.chart.show([STEADY, *(ChartSeries(f"s{number}", STEADY.points) for number in range(12))], NOW)
        await pilot.pause()
        assert [line[:7].strip() for line in lines(app.chart)[1:4]] == ["s11", "s10", "s9"]


@pytest.mark.parametrize(
    ("width", "count", "legend"),
    [
        (81, 12, " p50 s5  p90 s10  p99 s11  ░░ 0.1/s  ▒▒ 1/s  ▓▓ 10/s  ██ 100/s  +6 rows"),
        (82, 12, " p50 s5  p90 s10  p99 s11  ·· 0.01/s  ░░ 0.1/s  ▒▒ 1/s  ▓▓ 10/s  ██ 100/s  +6 rows"),
        (71, 3, " p50 s1  p90 s2  p99 s2  ·· 0.01/s  ░░ 0.1/s  ▒▒ 1/s  ▓▓ 10/s  ██ 100/s"),
        (70, 3, " p50 s1  p90 s2  p99 s2  ░░ 0.1/s  ▒▒ 1/s  ▓▓ 10/s  ██ 100/s"),
    ],
)
async def test_rows_of_a_heat_map_without_room_are_counted(width: int, count: int, legend: str) -> None:
    app = ChartApp()
    async with app.run_test(size=(width, 9)):
        app.chart.view = "heat"
        app.chart.show([ChartSeries(f"s{number}", STEADY.points) for number in range(count)], NOW)
        first, *rows = (line.rstrip() for line in lines(app.chart))
        assert first == legend
        labels = ["s5", "s4", "s3", "s2", "s1", "s0"] if count == 12 else ["s2", "", "s1", "", "s0", ""]
        assert [row[:3].strip() for row in rows[:6]] == labels
        assert rows[6].strip().startswith("└┴──")


async def test_a_heat_map_of_nothing_but_zeros_says_so() -> None:
    app = ChartApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.chart.view = "heat"
        app.chart.show([ChartSeries(name, [(NOW - 60 + t, 0.0) for t in range(61)]) for name in ("a", "b")], NOW)
        await pilot.pause()
        assert [line.strip() for line in lines(app.chart) if line.strip()] == ["all 2 are 0 in this window"]
