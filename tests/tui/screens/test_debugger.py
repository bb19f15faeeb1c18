"""The debugger on the screen: a run is stepped through, turned back, stopped, asked why, changed."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from bpftui.core.debug import Call, Recording
from bpftui.core.debug.verified import VerifierLogs
from bpftui.core.live import State
from bpftui.core.spec import CollectionSpec
from bpftui.core.vm.runtime import MachineRuntime
from bpftui.tui.screens.debugger import DebuggerScreen
from bpftui.tui.state.stops import KeptStop, SavedStops
from bpftui.tui.widgets.code.listing_view import ListingView
from bpftui.tui.widgets.lists.edit_line import EditLine
from tests.core.debug.test_lacking import READS_MEMORY
from tests.core.debug.test_verified import CODE, LONG, PRUNED
from tests.fuzz.sessions import object_of
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.tui.conftest import Walk

UDP = bytes(12) + b"\x08\0" + b"\x45" + bytes(8) + b"\x11" + bytes(40)


def debugger(walk: Walk) -> DebuggerScreen:
    screen = walk.app.screen
    assert isinstance(screen, DebuggerScreen)
    return screen


async def at(walk: Walk, text: str) -> str:
    """Wait until a text stands on the screen; return the screen."""
    await walk.until(lambda: text in walk.screen)
    return walk.screen


def line_with(screen: str, text: str) -> str:
    return next(line for line in screen.split("\n") if text in line)


async def test_a_run_is_gone_through_forwards_and_backwards(explore: Callable[..., Any]) -> None:
    async with explore("bpf/traffic.o", size=(120, 40)) as walk:
        await walk.press("2", "d")
        screen = await at(walk, "step 0 of 141")
        assert " home › traffic.o › count_traffic › run 1" in screen
        assert "will end XDP_PASS" in screen.split("\n")[0]
        assert "▶" in line_with(screen, "0    r7 = r1")
        assert "r1   ctx" in screen
        # The packet by its layers, of which nothing was read.
        assert "60 bytes · read none · written none" in screen
        await walk.press("n", "n", "n")
        screen = await at(walk, "step 10 of 141")
        assert "▶" in line_with(screen, "11    call bpf_ktime_get_ns#5")
        await walk.press("full_stop")
        await at(walk, "step 11 of 141")
        await walk.press("N")
        await at(walk, "step 10 of 141")
        await walk.press("N")
        await at(walk, "step 7 of 141")
        await walk.press("c")
        screen = await at(walk, "step 141 of 141")
        assert "ended XDP_PASS" in screen
        # What leads on in the run is not in the bar where it is over, and says why.
        bar = screen.splitlines()[-1].rstrip()
        assert bar.startswith("N Back b Break W Why ^s Save as test v View / Search")
        assert not any(f" {each} " in bar for each in ("Next", "Step", "Finish", "Continue"))
        await walk.press("n")
        assert "the run is over: N goes back, ctrl+r to its start" in walk.screen
        assert "r0   2               XDP_PASS" in screen.replace("•", " ")
        assert "read 12…13, 23, 26…29" in screen
        # At its end W asks for the verdict, and enter goes to the step that made it.
        await walk.press("W")
        screen = await at(walk, "Why  r0 = XDP_PASS (2) · 1 of 141 steps matter")
        await walk.press("enter")
        await at(walk, "step 139 of 141")
        await walk.press("enter")
        await at(walk, "this is where the run stands")
        assert "the run is over" not in walk.screen
        await walk.press("4")
        screen = await at(walk, "Maps  4 changed by this run")
        assert line_with(screen, "total_packets").endswith("total_packets  0 → 1")
        await walk.press("6")
        screen = await at(walk, "8 calls")
        assert "bpf_map_update_elem(map=map traffic, key=fp-56" in screen
        await walk.press("ctrl+r")
        await at(walk, "step 0 of 141")
        # Up again, to where it was opened from.
        await walk.press("escape")
        assert walk.app.screen is walk.explorer


async def test_it_stops_where_it_is_told_to_and_knows_it_the_next_time(explore: Callable[..., Any]) -> None:
    async with explore("bpf/traffic.o", size=(120, 40)) as walk:
        await walk.press("2", "d")
        await at(walk, "step 0 of 141")
        await walk.press("colon", *"break traffic.c:138 if total_packets == 1", "enter")
        screen = await at(walk, "● traffic.c:138 if total_packets == 1")
        assert "1 stop, 141 steps to go" in screen
        await walk.press("c")
        screen = await at(walk, "step 67 of 141")
        assert "hit 1" in line_with(screen, "● traffic.c:138 if total_packets == 1")
        assert "●▶" in line_with(screen, "r1 = *(u64 *)(r0 +0)")
        assert "r0 • traffic[{IPV4, UDP}]" in screen
        # What is watched is looked at with each step; • is what the step has changed.
        await walk.press("w", *"total_bytes", "enter")
        await at(walk, "total_bytes = 60")
        await walk.press("w", *"total_bytes", "enter")
        await at(walk, "total_bytes is watched already")
        await walk.press("colon", *"why total_packets", "enter")
        await at(walk, "Why  total_packets = 1 · ")
        # A byte of the packet is changed: what comes is another run, and the one before can be gone back to.
        await walk.press("ctrl+r")
        await at(walk, "step 0 of 141")
        assert "total_bytes = 0" in walk.screen
        await walk.press("3", "G", "k", "k", *["right"] * 7)
        assert debugger(walk).expression() == "pkt[23]"
        await walk.press("e")
        await walk.until(lambda: walk.app.focused is not None and walk.app.focused.check_consume_key("a", "a"))
        await walk.type("6")
        await walk.press("enter")
        await at(walk, "this is another run now")
        assert "TCP" in line_with(walk.screen, "IPv4 ")
        # What was answered was about the run before.
        await walk.press("5")
        await at(walk, "W on a register, a variable")
        assert "total_packets = 1 · " not in walk.screen
        await walk.press("3")
        await walk.press("U")
        await at(walk, "UDP      49152 → 53")
        # An entry that the run itself makes is watched where it is there; reads are no changes.
        await walk.press("c", "c")
        await at(walk, "step 141 of 141")
        await walk.press("colon", *"rwatch traffic[{IPV4, UDP}].packets", "enter")
        await at(walk, "● rwatch traffic[{IPV4, UDP}].packets")
        await walk.press("escape")
        assert walk.app.screen is walk.explorer
        await walk.press("d")
        screen = await at(walk, "step 0 of 141")
        assert "● traffic.c:138 if total_packets == 1" in screen
        assert "total_bytes = 0" in screen
        await walk.press("2", "G")
        await at(walk, "○ rwatch traffic[{IPV4, UDP}].packets  not here yet")
        assert [each[0] for each in SavedStops().of(debugger(walk).debuggee.recording.file)[0]] == [
            "traffic.c:138",
            "traffic[{IPV4, UDP}].packets",
        ]
        await walk.press("c", "c")
        await at(walk, "● rwatch traffic[{IPV4, UDP}].packets")


@pytest.mark.parametrize("size", [(80, 24), (200, 60)])
async def test_panes_alone_and_all_at_once(explore: Callable[..., Any], size: tuple[int, int]) -> None:
    async with explore("bpf/traffic.o", size=size) as walk:
        await walk.press("2", "d")
        await at(walk, "step 0 of 141")
        titles = ("State  count_traffic()", "Packet  60 bytes", "Maps  unchanged by this run", "Why", "Output  0 calls")
        if size[0] == 80:
            assert "r7 = r1" in walk.screen
            assert not [each for each in titles[:3] if each in walk.screen]
            for key, title in zip("23456", titles, strict=True):
                await walk.press(key)
                assert title in walk.screen
                assert "r7 = r1" not in walk.screen
            await walk.press("tab")
            assert "r7 = r1" in walk.screen
        else:
            assert "r7 = r1" in walk.screen
            assert [each for each in titles if each not in walk.screen] == []
            await walk.press("3", "z")
            assert "r7 = r1" not in walk.screen
            assert "Packet  60 bytes" in walk.screen


async def test_what_the_machine_lacks_is_asked_for_and_runs_follow_each_other(explore: Callable[..., Any]) -> None:
    async with explore("tests/objects/dead_by_constants.o", size=(120, 40)) as walk:
        # What is set in the explorer is what runs.
        spec = walk.explorer.spec
        spec.variables["timeout_ms"].set(10)
        recording = Recording.of(spec, "multiplied", [Call(bytes(64)), Call(bytes(60), origin="packet 2 of x.pcap")])
        walk.explorer.debug(recording)
        await at(walk, "step 0 of 5")
        assert "will be stopped" in walk.screen
        await walk.press("c")
        screen = await at(walk, "bpf_sys_close() returns")
        assert "✗ there is no bpf_sys_close (helper 168) here" in screen
        await walk.press(*"-EIO", "enter")
        screen = await at(walk, "will end XDP_PASS · step 5 of 8")
        assert debugger(walk).debuggee.recording.settings.returns == {"bpf_sys_close": -5}
        await walk.press("right_parenthesis")
        screen = await at(walk, "multiplied › run 2")
        assert "packet 2 of x.pcap · will end XDP_PASS · step 0 of 8" in screen
        await walk.press("6")
        screen = await at(walk, "run 2 of 2")
        assert line_with(screen, "1 XDP_PASS")
        await walk.press("g", "down", "enter")
        await at(walk, "multiplied › run 1")
        await walk.press("left_parenthesis")
        await at(walk, "this is the first run")
        # The same in gdb's words, where the question was put off: what comes later begins with it as well.
        await walk.press("escape", "escape")  # the first takes the warning as read
        await walk.until(lambda: walk.app.screen is walk.explorer)
        walk.explorer.debug(recording)
        await at(walk, "step 0 of 5")
        await walk.press("c")
        await at(walk, "bpf_sys_close() returns")
        await walk.press("escape")
        await walk.until(lambda: "bpf_sys_close() returns" not in walk.screen)
        await walk.press("colon", *"answer -EIO", "enter")
        await at(walk, "will end XDP_PASS · step 5 of 8")
        assert debugger(walk).debuggee.recording.settings.returns == {"bpf_sys_close": -5}


async def test_all_that_maps_hold_stands_beside_what_the_run_has_changed(explore: Callable[..., Any]) -> None:
    async with explore("bpf/traffic.o", size=(120, 40)) as walk:
        await walk.press("2", "d")
        await at(walk, "step 0 of 141")
        await walk.press("4")
        await at(walk, "so far; v shows")
        await walk.press("v")
        screen = await at(walk, "unchanged by this run · all that they hold")
        assert line_with(screen, "  traffic ").rstrip().endswith("0 entries")
        assert line_with(screen, "  total_packets ").rstrip().endswith(" 0")
        await walk.press("c")
        screen = await at(walk, "ended XDP_PASS")
        assert "• traffic[{IPV4, UDP}]  {packets=1, bytes=60}" in screen
        assert line_with(screen, "• total_packets ").rstrip().endswith(" 1")
        assert "  lost_events " in screen
        await walk.press("v")
        await at(walk, "new {packets=1")


async def test_memory_that_nobody_gave_is_asked_for(explore: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "reads.o").write_bytes(object_of(READS_MEMORY))
    async with explore(tmp_path / "reads.o", size=(80, 24)) as walk:
        await walk.press("d")
        await at(walk, "step 0 of")
        await walk.press("c")
        screen = await at(walk, "the 8 bytes at 0xffff888800001000 are")
        assert "none: nothing is mapped there" in screen
        await walk.press("ctrl+u", *"1z")
        await at(walk, "'1z' is neither bytes nor a text nor a number")
        await walk.press("ctrl+u", *"0x2a", "enter")
        await at(walk, "will end 42")
        assert debugger(walk).debuggee.recording.settings.memory == {0xFFFF_8888_0000_1000: b"\x2a" + bytes(7)}


async def test_what_the_verifier_knew_stands_beside_the_values(explore: Callable[..., Any], tmp_path: Path) -> None:
    file = tmp_path / "prog.o"
    file.write_bytes(CODE)
    recording = Recording.of(CollectionSpec.from_file(file), "prog", [Call(LONG)])
    async with explore(str(file), size=(120, 40)) as walk:
        walk.explorer.debug(recording, (), VerifierLogs.given(PRUNED, "prog", "log.txt"))
        screen = await at(walk, "the verifier knew")
        assert line_with(screen, "r1   ctx").endswith("✓ ctx")
        await walk.press("full_stop", "full_stop")
        screen = await at(walk, "step 2 of 5")
        assert line_with(screen, "r0   300").endswith("✓ 0x65 … 0xffffffff")
        await walk.press("full_stop")
        screen = await at(walk, "step 3 of 5")
        assert line_with(screen, "r6 • 700").endswith("≠ pruned: 0 … 100")
    async with explore(str(file), size=(80, 24)) as walk:
        walk.explorer.debug(recording, (), VerifierLogs.given(PRUNED, "another", "log.txt"))
        await at(walk, "step 0 of 5")
        await walk.press("2")
        screen = await at(walk, "no ranges of the verifier: log.txt has no log of prog")
        assert "the verifier knew" not in screen


async def test_the_mistake_of_the_guide_is_found_by_nine_keys(explore: Callable[..., Any]) -> None:
    packet = Path("docs/examples/block.bin").read_bytes()
    async with explore("docs/examples/block.o", size=(120, 40)) as walk:
        walk.explorer.debug(Recording.of(walk.explorer.spec, "block", [Call(packet)]))
        await at(walk, "will end XDP_DROP")
        await walk.press("c")
        await at(walk, "ended XDP_DROP")
        await walk.press("W")
        screen = await at(walk, "Why  r0 = XDP_DROP (1) · 20 of 28 steps matter")
        assert "◂ packet bytes 36…37" in line_with(screen, "r0 = *(u16 *)(r1 +36)")
        await walk.press(*["down"] * 6, "enter")
        screen = await at(walk, "step 14 of 28")
        assert "▶" in line_with(screen, "27    r0 = *(u16 *)(r1 +36)")
        assert "r1   pkt+0" in screen


async def test_a_run_is_saved_as_a_test(explore: Callable[..., Any], tmp_path: Path) -> None:
    place = tmp_path / "test_run.py"
    async with explore("bpf/count_packets.o") as walk:
        await walk.press("d")
        await at(walk, "step 0 of")
        assert isinstance(walk.app.focused, ListingView)  # which writes itself elsewhere
        await walk.press("ctrl+s")
        assert "Save as test" in walk.screen
        assert "test_count_packets.py" in walk.screen
        await walk.press("ctrl+u", *str(place), "enter")
        await walk.until(place.exists)
        await walk.until(lambda: "saved as a test: " in walk.screen)
    text = place.read_text()
    assert "def test_count_packets(bpf):" in text
    assert 'assert run.retval == "XDP_PASS"' in text


async def test_a_disk_that_takes_its_time_holds_nothing_up(
    explore: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    may_write, save = threading.Event(), SavedStops.save
    saved: list[list[str]] = []

    def slowly(self: SavedStops, file: str, stops: Sequence[KeptStop], watched: Sequence[str]) -> None:
        may_write.wait(PATIENCE)
        saved.append([each.what for each in stops])
        save(self, file, stops, watched)

    monkeypatch.setattr(SavedStops, "save", slowly)
    async with explore("bpf/traffic.o", size=(120, 40)) as walk:
        await walk.press("2", "d")
        await at(walk, "step 0 of 141")
        for slot in ("40", "41", "42"):
            await walk.press("colon", *f"break {slot}", "enter")
            await at(walk, f"● {slot}")
        await walk.press("n")
        await at(walk, "step 2 of 141")
        assert saved == []
        may_write.set()
        # What came meanwhile is written once, as it was in the end.
        await walk.until(lambda: saved == [["40"], ["40", "41", "42"]])


async def test_what_a_thread_did_not_expect_is_said(explore: Callable[..., Any]) -> None:
    def fail() -> None:
        raise OSError("the disk is gone")

    async with explore("bpf/traffic.o", size=(80, 24)) as walk:
        walk.app.screen.find_out(fail, print)
        await at(walk, "OSError: the disk is gone")
        failed: list[Exception] = []
        walk.app.screen.find_out(fail, print, failed.append)
        await walk.until(lambda: [str(each) for each in failed] == ["the disk is gone"])


async def test_an_error_in_what_is_done_with_it_ends_the_app_as_any_other(explore: Callable[..., Any]) -> None:
    async def fail() -> None:
        async with explore("bpf/traffic.o", size=(80, 24)) as walk:
            walk.app.screen.find_out(lambda: 0, lambda found: print(1 // found))
            await walk.until(lambda: not walk.app.is_running, 20)

    with pytest.raises(ZeroDivisionError):
        await fail()


async def test_stops_that_were_set_last_are_kept_when_the_debugger_is_left(
    explore: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with explore("bpf/traffic.o", size=(80, 24)) as walk:
        walk.explorer.debug(Recording.of(walk.explorer.spec, "count_traffic", [Call(bytes(60))]))
        await at(walk, "step 0 of")
        left = debugger(walk)
        # A thread that does not come to it.
        monkeypatch.setattr(left, "find_out", lambda *_: None)
        left.stops.follow(cast("Any", SimpleNamespace(held=[])), ["r1"])
        left.stops.follow(cast("Any", SimpleNamespace(held=[])), ["r2"])
        assert SavedStops().of(os.path.abspath("bpf/traffic.o"))[1] == ()
        monkeypatch.undo()
        await walk.press("backspace")
        await walk.until(lambda: walk.app.screen is walk.explorer)
        await walk.until(lambda: SavedStops().of(os.path.abspath("bpf/traffic.o"))[1] == ("r2",))


async def test_what_another_run_returned_is_compared(explore: Callable[..., Any]) -> None:
    async with explore("bpf/traffic.o", size=(120, 40)) as walk:
        recording = Recording.of(walk.explorer.spec, "count_traffic", [Call(bytes(60))])
        walk.explorer.debug(recording, why="r0", returned=1)
        await at(walk, "the run returned XDP_DROP, and this one ends XDP_PASS: it begins with the object's maps and")
        await walk.press("backspace")
        await walk.until(lambda: walk.app.screen is walk.explorer)
        walk.explorer.debug(recording, why="r0", returned=2)
        await at(walk, "Why  r0 = XDP_PASS (2)")
        assert "the run returned" not in walk.screen


async def test_the_top_line_of_a_small_screen_cuts_no_number(explore: Callable[..., Any]) -> None:
    async with explore("bpf/traffic.o", size=(80, 24)) as walk:
        walk.explorer.debug(Recording.of(walk.explorer.spec, "count_traffic", [Call(UDP)]))
        await at(walk, "step 0 of 141")
        await walk.press("c")
        await at(walk, "ended XDP_PASS")
        top = walk.screen.split("\n")[0]
        assert top.split("run 1")[1].strip() == "ended XDP_PASS · step 141 of 141"


async def test_what_each_program_of_a_packet_returns_stands_there(explore: Callable[..., Any]) -> None:
    async with explore("tests/objects/passage.o", size=(120, 40)) as walk:
        walk.explorer.debug(
            Recording.of(walk.explorer.spec, "gate", [Call(UDP[:23] + b"\6" + UDP[24:])], behind=["first"])
        )
        await at(walk, "will end TCX_NEXT (first)")
        await walk.press("2")
        assert "▶ gate   will return XDP_PASS (2)  from step 0" in walk.screen
        assert "  first  will return TCX_NEXT (-1)  from step 22" in walk.screen
        await walk.press("slash", *"first", "enter", "enter")
        screen = await at(walk, "step 22 of 40")
        assert "  gate   returned XDP_PASS (2)  from step 0" in screen
        assert "▶ first  will return TCX_NEXT (-1)  from step 22" in screen


async def test_a_value_that_is_refused_stays_to_be_mended(explore: Callable[..., Any]) -> None:
    async with explore("bpf/traffic.o", size=(80, 24)) as walk:
        walk.explorer.debug(Recording.of(walk.explorer.spec, "count_traffic", [Call(UDP)]))
        await at(walk, "step 0 of 141")
        await walk.press("2", "e")
        await walk.until(lambda: debugger(walk).query_one(EditLine).is_open)
        await walk.press(*"1 +", "enter")
        screen = await at(walk, "there should be a value")
        assert "1 +" in screen
        await walk.press("end", *" 1", "enter")
        await at(walk, "r0 = 1 + 1: this is another run now")
        # What is warned of is taken as read first; the debugger is left by another escape.
        await walk.press("C")
        await at(walk, "this is the beginning of the run")
        await walk.press("escape")
        await walk.until(lambda: "this is the beginning of the run" not in walk.screen)
        assert isinstance(walk.app.screen, DebuggerScreen)
        # A step that is chosen where the code is not seen leads to the code.
        await walk.press("c", "W")
        await at(walk, "Why  r0 = XDP_PASS (2)")
        await walk.press("enter")
        await at(walk, "step 139 of")
        assert debugger(walk).tab == "code"


async def test_of_what_is_loaded_a_run_begins_with_what_maps_hold_now(explore: Callable[..., Any]) -> None:
    async with explore("bpf/traffic.o", size=(120, 40), runtime=MachineRuntime()) as walk:
        await walk.press("L")
        await walk.until(lambda: walk.status.stage == State.LOADED)
        walk.app.session.collection.variables["total_packets"].set(41)
        await walk.press("2", "d")
        await at(walk, "step 0 of ")
        assert "the run begins with what maps and variables hold now" in " ".join(walk.screen.split())
        await walk.press("c")
        await at(walk, "ended XDP_PASS")
        await walk.press("4")
        await at(walk, "total_packets")
        assert "41 → 42" in walk.screen
