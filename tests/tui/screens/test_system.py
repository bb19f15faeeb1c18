"""The System place: what this machine runs, as it stands on the screen, and the ways through it."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import pytest
from textual.screen import Screen

from bpftui.core.errors import BpftuiError, NoPermissionError
from bpftui.core.system.load import ProgramLoad
from bpftui.tui.app import BpftuiApp
from bpftui.tui.controllers import looking
from bpftui.tui.screens import system as system_screen
from bpftui.tui.screens.system import Beginning, SystemScreen
from bpftui.tui.targets import Thing
from tests.tui.conftest import ROOT, Walk
from tests.tui.fakes import FakeRuntime
from tests.tui.looker import LOADS, MadeLooker, a_program, machine, many_programs

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator


@asynccontextmanager
async def at_system(
    looker: MadeLooker | None = None, size: tuple[int, int] = (120, 40)
) -> AsyncGenerator[tuple[Walk, MadeLooker]]:
    """Go to the System place, and wait for the second look, the first with rates; no other comes by itself."""
    looker = looker or MadeLooker()
    app = BpftuiApp(runtime="vm", observe=lambda: looker)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(looking, "_FIRST", 0.01)
        patch.setattr(system_screen, "Beginning", partial(Beginning, interval=1000.0))
        async with app.run_test(size=size) as pilot:
            walk = Walk(app, pilot, FakeRuntime())
            await walk.until(lambda: "2 System" in walk.screen)
            app.simulate_key("2")
            await walk.until(lambda: app.current_mode == "system")
            await walk.until(lambda: looker.looks >= 2 or looker.error is not None)
            await walk.settle()
            yield walk, looker


def system(walk: Walk) -> SystemScreen:
    screen = walk.app.screen_stack[0]
    assert isinstance(screen, SystemScreen)
    return screen


async def look(walk: Walk) -> None:
    """Look once more."""
    system(walk).looking.look()
    await walk.settle()


PROGRAMS = """\
    ID name               type          on                   runs/s▾   ns/run   CPU % last minute    memory owner
       all 8                                                  1.42 M      133   18.82          █    913 KiB
▌   42 count_traffic      xdp           ▲ eth1            •  984,210       96    9.45          █   84.0 KiB systemd
    57 cil_from_container sched_cls     ▲ veth3 tcx in 1  •  211,902      388    8.22          ▂    412 KiB cilium
    58 cil_to_container   sched_cls     ▲ veth3 tcx out 1 •  108,455       61    0.66          ▁    397 KiB cilium
    90 audit_in           sched_cls     ▲ veth3 tcx in 2  •  108,377       41    0.44          ▁   4.00 KiB tetragon
    19 sd_fw_ingress      cgroup_skb    ▲ /system.slice   •    4,118      122    0.05          ▁   4.00 KiB systemd 1
    63 handle_exec        tracing       ▲ fentry execve   •       12    1,904    0.00          ▁   8.00 KiB tetragon
    71 old_filter         socket_filter ⚠ not attached             0        –    0.00              4.00 KiB pinned
    88 probe_tcp          kprobe        ▲ tcp_connect              0        –    0.00                     ? ?
""".splitlines()


def lines(walk: Walk) -> list[str]:
    return walk.screen.splitlines()


async def test_programs_under_load() -> None:
    async with at_system() as (walk, _):
        shown = lines(walk)
        assert shown[0].startswith(" home › system  ")
        assert "8 programs · 1.42 M runs/s · 18.8 % of a CPU" in shown[0]
        assert shown[1].startswith(" 1 prog  2 map  3 link ")
        assert [line.rstrip() for line in shown[2:12]] == PROGRAMS
        assert "? = unknown: takes CAP_SYS_PTRACE · counted while this is open" in walk.screen
        assert "8 of 8" in walk.screen


async def test_columns_without_room_are_left_out_whole_and_counted() -> None:
    async with at_system(size=(80, 24)) as (walk, _):
        shown = lines(walk)
        assert shown[2].split() == ["ID", "name", "on", "runs/s▾", "ns/run", "CPU", "%", "owner"]
        assert "  984,210       96    9.45 systemd" in shown[4]
        assert "8 of 8 · +6 columns →" in walk.screen
        await walk.press("left", "left")  # what is chosen is never left out
        assert lines(walk)[2].split() == ["ID", "name", "type", "on", "runs/s▾", "CPU", "%", "owner"]
        assert "+6 columns →" in walk.screen


async def test_what_is_known_of_a_program_stands_beside_the_table_where_there_is_room() -> None:
    async with at_system(size=(200, 60)) as (walk, _):
        assert "42 count_traffic" in lines(walk)[2]
        assert "type       xdp" in lines(walk)[3]
        await walk.press("down")
        assert "57 cil_from_container" in lines(walk)[2]


async def test_the_kernels_own_names_of_what_it_tells_stand_whole_beside_their_values() -> None:
    async with at_system(size=(200, 60)) as (walk, _):
        await walk.press("3", "slash", *"execve", "enter")
        assert "target_obj_id 1" in walk.screen
        assert "type          tracing, fentry" in walk.screen
        await walk.press("escape", "slash", *"eth1", "enter")
        assert "type       xdp" in walk.screen  # not twice
        assert "xdp, xdp" not in walk.screen


async def test_rows_are_ordered_by_any_column_and_back() -> None:
    async with at_system() as (walk, _):
        await walk.press("right", "right", "o")  # CPU %
        assert "CPU %▾" in lines(walk)[2]
        await walk.press("o")
        assert "CPU %▴" in lines(walk)[2]
        assert "984,210" in lines(walk)[11]
        await walk.press("left", "left", "left", "left", "left", "o")
        assert "name▾" in lines(walk)[2]
        assert [line.split()[1] for line in lines(walk)[5:8]] == [
            "cil_from_container",
            "cil_to_container",
            "count_traffic",
        ]


async def test_the_filter_narrows_while_it_is_typed() -> None:
    async with at_system() as (walk, _):
        await walk.press("slash", *"cil")
        assert " 2 of 8 have this · ⏎ keep them" in walk.screen
        assert lines(walk)[3].split()[:2] == ["all", "2"]
        await walk.press("enter", "down")
        assert "▌   58 cil_to_container" in walk.screen
        await walk.press("escape")
        assert "8 of 8" in walk.screen
        assert "▌   58 cil_to_container" in walk.screen  # the cursor stays on its thing
        await walk.press("slash", *"nosuch", "enter")
        assert "no programs have that: esc shows all" in walk.screen
        await look(walk)  # and goes on to say so
        assert "no programs have that: esc shows all" in walk.screen
        await walk.press("escape")
        assert "8 of 8" in walk.screen


async def test_a_look_lays_nothing_out_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    async with at_system() as (walk, looker):
        laid_out: list[Screen[object]] = []
        monkeypatch.setattr(Screen, "_refresh_layout", lambda screen, **_: laid_out.append(screen))
        await look(walk)
        assert looker.looks == 3
        assert laid_out == []


async def test_a_filter_is_not_to_blame_where_there_is_nothing() -> None:
    async with at_system(MadeLooker(replace(machine(), pins=()))) as (walk, _):
        await walk.press("7", "slash", *"nosuch", "enter")
        assert "nothing is pinned here" in walk.screen
        assert lines(walk)[-1].strip() == "p Pause ? Help q Quit"  # there is nothing to open, order or remove
        await walk.press("1")
        assert lines(walk)[-1].startswith("⏎ Open / Filter o Order w Watch u Users p Pause")


async def test_the_first_row_of_an_empty_table_is_shown_when_it_comes() -> None:
    first = machine()
    async with at_system(MadeLooker(replace(first, pins=()), replace(first, pins=()), first)) as (walk, _):
        await walk.press("7")
        assert "nothing is pinned here" in walk.screen
        await look(walk)
        assert "/sys/fs/bpf/old" in walk.screen
        assert "3 of 3" in walk.screen


async def test_rows_stay_where_they_are_and_what_came_or_went_is_marked() -> None:
    first = machine()
    second = replace(first, programs={**first.programs, 91: a_program(91, "newcomer", "xdp")})
    gone = {number: each for number, each in second.programs.items() if number != 57}
    third = replace(second, programs=gone)

    def loads(look: int) -> dict[int, ProgramLoad]:
        return {**LOADS, 63: ProgramLoad(5e6, 10.0, 5.0, 0.0)} if look > 2 else LOADS

    looker = MadeLooker(first, first, second, third, loads=loads)
    async with at_system(looker) as (walk, _):
        await walk.press("down", "down")
        await look(walk)
        await look(walk)
        assert "✗  57 cil_from_container" in walk.screen
        names = [line.split()[2 if line.split()[0] in "▌✗+" else 1] for line in lines(walk)[4:13]]
        assert names[0] == "count_traffic"  # though handle_exec runs most now
        assert "handle_exec" in lines(walk)[9]
        assert "5.00 M" in lines(walk)[9]
        assert "newcomer" in lines(walk)[12]
        assert "+  91 newcomer" in lines(walk)[12]
        assert lines(walk)[6].startswith("▌   58 cil_to_container")


async def test_from_each_thing_to_all_that_it_is_related_to() -> None:
    async with at_system() as (walk, _):
        await walk.press("u")
        assert "▌on         xdp eth1 native" in walk.screen
        await walk.press("down", "down")
        assert "▌map        12 ct4  lru_hash" in walk.screen
        await walk.press("enter")
        assert "▌used by    42 count_traffic  xdp" in walk.screen
        assert "▌   12 ct4" in walk.screen
        await walk.press("down", "enter")
        assert "57 cil_from_container" in walk.screen
        assert "pinned     /sys/fs/bpf/cil_from_container" in walk.screen
        await walk.press("backspace")
        assert "▌   12 ct4" in walk.screen
        await walk.press("backspace")
        assert "   42 count_traffic" in walk.screen
        await walk.press("escape")
        assert "▌   42 count_traffic" in walk.screen
        assert "ct4" not in walk.screen
        await walk.press("escape")
        await walk.until(lambda: walk.screen.startswith(" home   "))


async def test_the_tabs_have_their_digits_and_enter_opens_what_is_loaded() -> None:
    opened: list[str] = []
    async with at_system() as (walk, _):
        system(walk)._open_object = opened.append
        await walk.press("enter", "2", "enter", "3", "enter", "7", "enter", "down", "enter")
        assert opened == ["id:42", "map:13", "link:35", "/sys/fs/bpf/cil_from_container", "map:12"]
        await walk.press("3")
        assert "⚠ nothing any more" in walk.screen
        await walk.press("8", "enter")  # types are read as those of an object are; u has what they are of
        assert opened[-1] == "btf:70"
        await walk.press("u")
        assert "program    42 count_traffic  xdp" in walk.screen


async def test_what_is_no_object_shows_what_it_is_related_to_and_the_bar_says_so() -> None:
    async with at_system() as (walk, _):
        assert lines(walk)[-1].startswith("⏎ Open ")
        await walk.press("6")
        assert lines(walk)[-1].startswith("⏎ Related ")
        await walk.press("enter")
        assert lines(walk)[-1].startswith("⏎ Follow ")
        await walk.press("escape", "4")  # an interface is gone into
        assert lines(walk)[-1].startswith("⏎ Open ")


async def test_runs_are_counted_while_it_is_in_front_only() -> None:
    async with at_system() as (walk, looker):
        await walk.press("question_mark")
        assert "What this machine runs of BPF" in walk.screen
        await look(walk)  # a dialog does not take it away
        assert looker.looks == 3
        assert looker.closed == 0
        await walk.press("escape", "0")
        await walk.until(lambda: walk.screen.startswith(" home   "))
        assert looker.closed == 1
        await walk.press("colon", *"map", "enter")
        await walk.until(lambda: "lb4_services" in walk.screen)
        await walk.press("p")
        assert "‖ PAUSED" in walk.screen


async def test_a_second_question_mark_opens_the_page_about_it() -> None:
    async with at_system() as (walk, _):
        await walk.press("question_mark", "question_mark")
        await walk.until(lambda: "what runs of BPF on this machine, whoever loaded it" in walk.screen)
        await walk.press("escape", "escape")
        assert "42 count_traffic" in walk.screen


async def test_without_rights_one_line_says_what_is_missing() -> None:
    error = NoPermissionError("the kernel lists nothing without CAP_SYS_ADMIN", hint="start it as root: sudo bpftui")
    async with at_system(MadeLooker(error=error)) as (walk, _):
        assert walk.screen.count("the kernel lists nothing without CAP_SYS_ADMIN") == 1
        assert lines(walk)[-1].strip() == "p Pause ? Help q Quit"
        await walk.press("enter", "u", "o", "2", "down", "escape", "escape")
        await walk.until(lambda: walk.screen.startswith(" home   "))


async def test_rows_that_can_be_seen_no_more_are_called_old_until_they_can() -> None:
    async with at_system() as (walk, looker):
        looker.error = BpftuiError("the steward is gone")
        await look(walk)
        await walk.until(lambda: "the steward is gone" in walk.screen)
        assert "8 programs" not in lines(walk)[0]
        await walk.press("2")  # what is shown of other tabs is as old
        assert "nothing can be seen: these rows are old" in lines(walk)[0]
        assert "12 ct4" in walk.screen
        await walk.press("escape")  # answered: it is not said again at each look that fails
        await walk.until(lambda: "the steward is gone" not in walk.screen)
        failed = looker.failed
        for number in (1, 2):
            await look(walk)
            await walk.until(lambda number=number: looker.failed == failed + number)
        assert "the steward is gone" not in walk.screen
        looker.error = None
        await look(walk)
        await walk.until(lambda: "8 programs" in lines(walk)[0])
        assert "these rows are old" not in walk.screen


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_hostile_names_stay_in_their_cells(size: tuple[int, int]) -> None:
    programs = {
        number: a_program(number, name, "xdp")
        for number, name in enumerate(["x" * 200, "", "\x1b[31m", "a\nb", "[bold]", "\u202eo"], 1)
    }
    async with at_system(MadeLooker(replace(machine(), programs=programs), loads=lambda _: {}), size) as (walk, _):
        assert "…" in walk.screen
        assert ["2", "–"] in [line.split()[:2] for line in lines(walk)]  # it has no name: that is not left blank
        assert r"\x1b[31m" in walk.screen
        assert r"a\nb" in walk.screen
        assert "[bold]" in walk.screen
        assert len(lines(walk)) <= size[1]


async def test_ten_thousand_rows() -> None:
    looker = MadeLooker(many_programs(10_000), loads=lambda _: {1: ProgramLoad(1.0, 1.0, 0.1, 0.0)})
    async with at_system(looker) as (walk, _):
        await walk.press("end")
        assert "10,000 of 10,000" in walk.screen
        await walk.press("slash", *"_976")
        assert "10 of 10,000" in walk.screen


async def test_of_thousands_of_rows_those_in_sight_have_the_width_that_they_want() -> None:
    """Some are measured when they come; one that is not is cut for no longer than it is out of sight."""
    snapshot = many_programs(10_000)
    wide = replace(snapshot, programs={**snapshot.programs, 7778: a_program(7778, "seldom", "raw_tracepoint_writable")})
    looker = MadeLooker(wide, loads=lambda _: {7778: ProgramLoad(1.0, 1.0, 0.1, 0.0)})
    async with at_system(looker) as (walk, _):
        assert lines(walk)[4].split()[:4] == ["▌", "7778", "seldom", "raw_tracepoint_writable"]


async def test_rows_that_come_in_sight_by_a_scroll_have_the_width_that_they_want_at_once() -> None:
    snapshot = many_programs(10_000)
    wide = replace(snapshot, programs={**snapshot.programs, 9998: a_program(9998, "seldom", "raw_tracepoint_writable")})
    looker = MadeLooker(wide, loads=lambda _: {1: ProgramLoad(1.0, 1.0, 0.1, 0.0)})
    async with at_system(looker) as (walk, _):
        assert "raw_tracepoint_writable" not in walk.screen
        await walk.press("end")
        assert any(line.split()[:3] == ["9998", "seldom", "raw_tracepoint_writable"] for line in lines(walk)), (
            walk.screen[-2500:]
        )


async def test_it_begins_as_top_was_asked_to() -> None:
    app = BpftuiApp(runtime="vm", observe=MadeLooker, begin_at=Beginning("memory", "cil_*", 5.0))
    async with app.run_test(size=(120, 40)) as pilot:
        walk = Walk(app, pilot, FakeRuntime())
        await walk.until(lambda: "2 of 8" in walk.screen)
        assert walk.screen.startswith(" home › system")
        assert "memory▾" in lines(walk)[2]
        assert "cil_from_container" in lines(walk)[4]
        assert system(walk).looking.interval == 5.0
        walk.app.open_object(str(ROOT / "bpf/my_map.o"))
        await walk.until(lambda: walk.screen.startswith(" home › my_map.o"))
        await walk.press("0")
        await walk.until(lambda: "1 Objects" in walk.screen)


async def test_rows_are_marked_and_added_up() -> None:
    async with at_system() as (walk, _):
        await walk.press("space", "down", "space")  # 42, and two below it
        shown = lines(walk)
        assert shown[3].split()[:4] == ["marked", "2", "1.09", "M"]
        assert shown[4].startswith(" *  42 count_traffic")
        assert shown[5].startswith("    57 cil_from_con")
        assert shown[6].startswith(" *  58 cil_to_contai")
        await walk.press("Y")
        await walk.until(lambda: walk.app.clipboard.count("\n") == 2)
        assert "count_traffic" in walk.app.clipboard
        assert "cil_from_container" not in walk.app.clipboard
        await walk.press("escape")
        assert lines(walk)[3].split()[:2] == ["all", "8"]
        assert lines(walk)[4].startswith("    42 ")


async def test_a_number_is_put_into_the_chart_and_out() -> None:
    async with at_system() as (walk, _):
        assert lines(walk)[-1].startswith("⏎ Open / Filter o Order w Watch u Users p Pause ? Help")
        await walk.press("w")
        await walk.until(lambda: "● 42 count_traffic runs/s" in walk.screen)
        await look(walk)
        assert lines(walk)[4].startswith("▌●  42 count_traffic")
        await walk.press("down", "right", "w")
        await walk.until(lambda: "▲ 57 cil_from_container ns/run" in walk.screen)
        assert lines(walk)[5].startswith("▌▲  57 cil_from_container")
        await walk.press("w", "left", "up", "w")
        await walk.until(lambda: "count_traffic runs/s" not in walk.screen)
        assert lines(walk)[4].startswith("▌   42 count_traffic")
        await walk.press("left")  # where it is attached is no number
        assert "w Watch" not in lines(walk)[-1]


async def test_what_one_was_led_to_stays_under_the_cursor_when_rates_order_the_rows() -> None:
    """Without rates it stood first, where the cursor of who chose nothing is."""
    looker = MadeLooker(loads=lambda _: {**LOADS, 63: ProgramLoad(5e6, 10.0, 5.0, 0.0)})
    app = BpftuiApp(runtime="vm", observe=lambda: looker)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(looking, "_FIRST", 1000.0)
        async with app.run_test(size=(120, 40)) as pilot:
            walk = Walk(app, pilot, FakeRuntime())
            await walk.until(lambda: "2 System" in walk.screen)
            app.simulate_key("2")
            await walk.until(lambda: "8 of 8" in walk.screen)
            assert lines(walk)[4].startswith("▌   42 count_traffic ")
            system(walk).go_to(Thing("prog", 42))
            await look(walk)
            assert lines(walk)[4].startswith("    63 handle_exec ")
            assert lines(walk)[5].startswith("▌   42 count_traffic ")
