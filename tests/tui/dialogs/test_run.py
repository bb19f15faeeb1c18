"""The test run: a packet edited by its layers, and what came of it, read off the screen."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest
from textual.events import Paste

from bpftui.core.live import Session, State
from bpftui.core.maps.variable import Variable
from bpftui.core.traffic.capture import CaptureWriter
from bpftui.core.vm.runtime import MachineRuntime
from bpftui.tui.dialogs.run import RunScreen
from bpftui.tui.nodes import Node, NodeKind
from bpftui.tui.state.packets import SavedPackets
from bpftui.tui.terminal import type_ahead
from bpftui.tui.widgets.run.context_pane import ContextPane
from bpftui.tui.widgets.status_line import StatusLine
from tests.core.dap.client import TRAFFIC
from tests.tui.conftest import SIZES
from tests.waiting import PATIENCE, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path


UDP = bytes.fromhex(TRAFFIC["data"])


@pytest.fixture
def run(explore: Callable[..., Any]) -> Callable[..., AbstractAsyncContextManager[Any]]:
    """Return what opens an object in the built-in machine."""

    def opened(path: str = "bpf/traffic.o", **options: Any) -> AbstractAsyncContextManager[Any]:
        return explore(path, runtime=MachineRuntime(), **options)

    return opened


async def opened(walk: Any) -> RunScreen:
    """Load, and open the test run."""
    await walk.press("L")
    await walk.until(lambda: walk.status.stage == State.LOADED)
    await walk.press("R")
    assert isinstance(walk.app.screen, RunScreen)
    return walk.app.screen


def rows(walk: Any, *begins: str) -> list[str]:
    """Return the lines of the screen that begin with one of the texts, cut at the border between the panes."""
    lines = [line.partition("▏")[0].strip(" ▌") for line in walk.screen.splitlines()]
    return [" ".join(line.split()) for line in lines if line.startswith(begins)]


async def test_the_top_line_says_where_one_is_and_one_title_where_the_keys_go(run: Callable[..., Any]) -> None:
    async with run(size=(120, 40)) as walk:
        await opened(walk)
        assert walk.screen.startswith(" home › traffic.o › count_traffic › test run  ")

        def marked() -> list[str]:
            titles = ("Packet  60 bytes", "Bytes  0", "Context", "Result")
            return [title.split()[0] for title in titles if f"▌{title}" in walk.screen]

        assert marked() == ["Packet"]
        for title in ("Bytes", "Context", "Result"):
            await walk.press("tab")
            assert marked() == [title]
        await walk.press("tab", "left", "enter")  # the top line: a step above the program
        await walk.until(lambda: walk.screen.startswith(" home › traffic.o  SPEC → LOADED "))


async def test_a_step_of_the_way_that_is_chosen_twice_is_gone_to_once(run: Callable[..., Any]) -> None:
    async with run() as walk:
        screen = await opened(walk)
        line = screen.query_one(StatusLine)
        for _ in range(2):  # the second is for nobody: it came before the first one was done
            screen.post_message(StatusLine.Chosen(line.crumbs[-2]))
        await walk.until(lambda: not isinstance(walk.app.screen, RunScreen))
        await walk.press("2")
        assert walk.app.is_running


@pytest.mark.parametrize("size", SIZES)
async def test_a_run_and_all_that_came_of_it(run: Callable[..., Any], size: tuple[int, int]) -> None:
    async with run(size=size) as walk:
        await opened(walk)
        assert rows(walk, "▸ payload") == ["▸ payload 18 bytes: zeros"]
        assert "nothing is sent anywhere" in walk.screen
        assert "running" not in walk.screen
        await walk.press("R")
        await walk.until(lambda: "Result  XDP_PASS (2)" in walk.screen)
        assert "traffic[{IPV4, UDP}]  new: {packets=1, bytes=60}" in walk.screen
        assert "map       sources[192.0.2.9]  new: " in walk.screen
        assert "variable  total_packets  0 → 1" in walk.screen
        await walk.press("R")
        await walk.until(lambda: "run 2 of 2" in walk.screen)
        assert "traffic[{IPV4, UDP}].packets  1 → 2" in walk.screen
        await walk.press("comma")
        assert "run 1 of 2" in walk.screen
        await walk.press("comma")
        assert "there is no run before" in walk.screen
        await walk.press("full_stop")
        assert "run 2 of 2" in walk.screen
        await walk.press("full_stop")
        assert "there is no later run" in walk.screen
        await walk.press("escape")
        assert walk.app.screen is walk.explorer


async def test_no_press_of_a_quick_hand_is_lost_while_it_is_loaded_opened_and_run(
    run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type_ahead, "_PATIENCE", PATIENCE)
    async with run() as walk:
        await walk.hurry("R", "R", "R", "R")  # loads and opens it, and runs three times
        assert "run 3 of 3" in walk.screen
        assert "variable  total_packets  2 → 3" in walk.screen


async def test_escape_gives_up_the_load_with_what_was_typed_for_what_does_not_come(
    run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type_ahead, "_PATIENCE", PATIENCE)
    load, begun = Session.load, threading.Event()

    def load_until_given_up(session: Session, *, stop: Any, **options: Any) -> Any:
        begun.set()
        wait_for(stop.is_set)
        return load(session, stop=stop, **options)

    monkeypatch.setattr(Session, "load", load_until_given_up)
    async with run() as walk:
        walk.app.simulate_key("R")
        await asyncio.to_thread(begun.wait, PATIENCE)
        await walk.hurry("2", "escape")
        await walk.until(lambda: walk.status.stage == State.SPEC and walk.explorer.work is None)
        assert walk.app.screen is walk.explorer
        assert "was given up after 0 of 1 programs" in walk.screen
        assert " license " in walk.screen  # it is the overview still


@pytest.mark.parametrize("size", SIZES)
async def test_what_was_built_and_what_ran_is_there_again_after_escape(
    run: Callable[..., Any], size: tuple[int, int]
) -> None:
    async with run(size=size) as walk:
        await opened(walk)
        await walk.press("a", "enter", "R", "R")
        assert rows(walk, "▸ VLAN") == ["▸ VLAN id 1 IPv4"]
        assert "run 2 of 2" in walk.screen
        await walk.press("tab", "tab", "down", "enter")
        await walk.type("3")
        await walk.press("enter")
        await walk.press("comma", "escape")
        assert walk.app.screen is walk.explorer
        await walk.press("R")
        assert "Packet  64 bytes  ✓" in walk.screen
        assert rows(walk, "▸ VLAN") == ["▸ VLAN id 1 IPv4"]
        assert "run 1 of 2" in walk.screen
        assert "variable  total_packets  0 → 1" in walk.screen
        assert "repeat          3" in walk.screen
        await walk.press("U")  # what is done can be undone still
        assert not rows(walk, "▸ VLAN")


@pytest.mark.parametrize("size", SIZES)
async def test_a_field_is_edited_and_checksums_follow(run: Callable[..., Any], size: tuple[int, int]) -> None:
    async with run(size=size) as walk:
        await opened(walk)
        await walk.press("down", "space", *["down"] * 9, "enter")
        typed, takes = walk.screen.splitlines()[-3:-1]
        assert typed.split() == ["IPv4", "TTL", "64"]
        assert takes.strip() == "0 to 255"
        await walk.type("300")
        assert walk.screen.splitlines()[-2].strip() == "✗ TTL has 8 bits, 300 does not fit: 0 to 255"
        await walk.press("enter")  # is refused, and loses nothing
        assert "300" in walk.screen.splitlines()[-3]
        await walk.press("backspace", "enter")
        assert rows(walk, "TTL", "checksum") == ["TTL 30", "checksum 0xd8ae auto"][: 1 if size[1] == 24 else 2]
        assert "d8 ae" in walk.screen
        await walk.press("U")
        assert rows(walk, "TTL") == ["TTL 64"]
        await walk.press("ctrl+y")
        assert rows(walk, "TTL") == ["TTL 30"]


async def test_what_is_wrong_is_kept_and_said(run: Callable[..., Any]) -> None:
    async with run() as walk:
        await opened(walk)
        await walk.press("down", "space", *["down"] * 11, "enter")
        await walk.type("0x1")
        await walk.press("enter")
        assert rows(walk, "checksum") == ["checksum 0x0001 ⚠ kept: 0xb6ae is right"]
        assert "⚠ 1 lengths or checksums" not in walk.screen
        assert "⚠ 1 length or checksum is wrong" in walk.screen
        await walk.press("r")
        assert rows(walk, "checksum") == ["checksum 0xb6ae auto"]


async def test_headers_come_and_go(run: Callable[..., Any]) -> None:
    async with run() as walk:
        screen = await opened(walk)
        await walk.press("a")
        assert "VLAN" in walk.screen
        await walk.press("enter")
        assert rows(walk, "▸") == [
            "▸ Ethernet 02:00:00:00:00:01 → 02:00:00:00:00:00 VLAN",
            "▸ VLAN id 1 IPv4",
            "▸ IPv4 192.0.2.9 → 192.0.2.7 UDP TTL 64",
            "▸ UDP 49152 → 53 length 26",
            "▸ payload 18 bytes: zeros",
        ]
        await walk.press("down", "delete")
        assert [layer.protocol.name for layer in screen.packet.layers] == ["Ethernet", "IPv4", "UDP", "payload"]
        await walk.press("up", "delete")
        assert len(screen.packet.layers) == 4


async def test_templates_and_packets_of_ones_own(run: Callable[..., Any]) -> None:
    async with run() as walk:
        screen = await opened(walk)
        await walk.press("P", "down", "enter")
        assert rows(walk, "▸ TCP") == ["▸ TCP 49152 → 443 SYN"]
        await walk.press("ctrl+s", "ctrl+u")
        await walk.type("my syn")
        await walk.press("enter")
        assert SavedPackets().all() == {"my syn": bytes(screen.packet)}
        await walk.press("P")
        assert "my syn  saved, 72 bytes" in walk.screen
        await walk.press("delete")
        assert SavedPackets().all() == {}


async def test_what_ran_is_saved_as_a_test(run: Callable[..., Any], tmp_path: Path) -> None:
    """Two runs, of which the second one is of another packet; maps and variables as they were before the first."""
    async with run() as walk:
        await opened(walk)
        place = tmp_path / "test_counted.py"
        await walk.press("ctrl+s")
        assert "test_count_traffic.py" in walk.screen
        await walk.press("ctrl+u", *str(place), "enter")
        await walk.until(lambda: "nothing has run here yet: R runs it" in walk.screen)
        await walk.press("R")
        await walk.until(lambda: "XDP_PASS" in walk.screen)
        await walk.press("P", "down", "enter", "R")
        await walk.until(lambda: "run 2 of 2" in walk.screen)
        await walk.press("ctrl+s", "ctrl+u", *str(place), "enter")
        await walk.until(lambda: f"saved as a test: {place}" in walk.screen or place.exists())
    text = place.read_text()
    assert text.count("run = program.run(packet)") == 2
    assert 'assert run.variables == {"total_packets": (1, 2), "total_bytes": (60, 132)}' in text
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", str(place)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert "1 passed" in done.stdout, done.stdout + done.stderr


async def test_a_packet_of_a_capture(run: Callable[..., Any], tmp_path: Path) -> None:
    from bpftui.core.packet import template
    from bpftui.core.traffic import CaptureWriter

    with CaptureWriter(str(tmp_path / "some.pcap")) as writer:
        writer.write(1, bytes(template("IPv4 UDP")))
        writer.write(2, bytes(template("IPv6 TCP")))
    async with run() as walk:
        await opened(walk)
        await walk.press("P", "end", "enter")
        await walk.type(f"{tmp_path}/some.pcap 2")
        await walk.press("enter")
        await walk.until(lambda: "2001:db8::9 → 2001:db8::7" in walk.screen)
        await walk.press("P", "end", "enter")
        await walk.type(f"{tmp_path}/some.pcap 3")
        await walk.press("enter")
        await walk.until(lambda: "has fewer than 3 packets" in walk.screen)


async def test_a_dump_is_the_packet_wherever_it_is_pasted(run: Callable[..., Any]) -> None:
    async with run(size=(80, 24)) as walk:
        screen = await opened(walk)
        walk.app.post_message(Paste("0000  ff ff ff ff ff ff 02 00  00 00 00 01 08 06 45 00  ........\n0010  00 1c\n"))
        await walk.settle()
        assert bytes(screen.packet) == bytes.fromhex("ffffffffffff 020000000001 0806 4500 001c")
        walk.app.post_message(Paste("no packet"))
        await walk.settle()
        assert "what was pasted is no packet" in walk.screen
        assert len(screen.packet) == 18


async def test_a_pasted_dump_without_an_ethernet_header_is_remarked_on(run: Callable[..., Any]) -> None:
    dump = "\t0x0000:  4500 0024 0001 0000 4011 f963 7f00 0001\n\t0x0010:  7f00 0001 04d2 0035 0010 6162 ca61 6420\n"
    async with run(size=(80, 24)) as walk:
        await opened(walk)
        walk.app.post_message(Paste(f"{dump}\t0x0020:  6361 6665\n"))
        await walk.settle()
        await walk.press("R")
        await walk.until(lambda: "tcpdump -xx has it" in walk.screen)
        assert "⚠         the packet begins like an IP packet, without an Ethernet header:" in walk.screen


async def test_bytes_are_edited_a_row_at_a_time(run: Callable[..., Any]) -> None:
    async with run() as walk:
        screen = await opened(walk)
        await walk.press("tab", "down", "enter")
        assert "bytes 0x0010 00 2e 00 00 40 00 40 11 b6 ae c0 00 02 09 c0 00" in walk.screen
        await walk.press("delete", "delete")
        await walk.type("01")
        await walk.press("enter")
        assert bytes(screen.packet)[16:18] == b"\x01\x2e"
        assert "⚠ 1 length or checksum is wrong" not in walk.screen
        assert "⚠ 2 lengths or checksums are wrong" in walk.screen  # the total length, and the checksum over it


async def test_a_dump_that_is_pasted_into_a_field_is_the_packet(run: Callable[..., Any]) -> None:
    async with run() as walk:
        screen = await opened(walk)
        await walk.press("tab", "down", "enter")
        walk.app.post_message(Paste("0000  ff ff ff ff ff ff 02 00  00 00 00 01 08 06 45 00  ........\n0010  00 1c\n"))
        await walk.until(lambda: len(screen.packet) == 18)
        await walk.until(lambda: "bytes 0x0010" not in walk.screen)


async def test_what_others_change_meanwhile_is_said(run: Callable[..., Any]) -> None:
    async with run(attach=[("count_traffic", "sandbox")]) as walk:
        await walk.until(lambda: walk.status.stage == State.ATTACHED)
        await walk.press("R")
        await walk.press("R")
        await walk.until(lambda: "a program is attached: what it changed meanwhile is among this" in walk.screen)


async def test_a_run_says_what_it_takes_and_can_be_given_up(run: Callable[..., Any]) -> None:
    async with run("bpf/global_example.o", size=(80, 24)) as walk:
        await opened(walk)
        await walk.press("tab", "tab", "down", "enter")
        await walk.type("200000000")
        assert "✗ '200000000' is no number of repetitions: 1 to 100,000,000" in walk.screen
        await walk.press("backspace", "enter")
        walk.app.simulate_key("R")  # which nobody waits for
        await walk.until(lambda: "running … esc gives up" in walk.screen)
        walk.app.simulate_key("escape")
        await walk.until(lambda: "was given up after" in walk.screen)
        await walk.press("escape")
        assert walk.app.screen is walk.explorer


async def test_a_sample_that_comes_while_a_program_runs_holds_no_key(
    run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What reads a variable itself waits for the end of the run: only the sampler may, whose thread has no keys."""
    reads: list[threading.Thread] = []
    read = Variable.raw

    def noted(variable: Variable) -> bytes:
        reads.append(threading.current_thread())
        return read(variable)

    async with run("bpf/global_example.o") as walk:
        await opened(walk)
        await walk.until(lambda: walk.app.operations.monitor.last is not None)
        monkeypatch.setattr(Variable, "raw", noted)
        for keys in ((), ("escape",), ("3",)):  # below the dialog, in another tab than theirs, and among the variables
            await walk.press(*keys)
            before = walk.app.operations.monitor.last
            await walk.until(lambda before=before: walk.app.operations.monitor.last is not before)
        assert walk.explorer.navigation.tab == "variables"
        assert reads
        assert threading.main_thread() not in reads


async def test_what_is_known_and_set_of_variables_holds_no_key(
    run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A variable is neither read nor set while a program runs: pages, edits and presets leave that to threads."""
    asked: list[tuple[str, threading.Thread]] = []

    def noted(name: str) -> None:
        does = getattr(Variable, name)

        def note(variable: Variable, *arguments: Any) -> Any:
            asked.append((name, threading.current_thread()))
            return does(variable, *arguments)

        monkeypatch.setattr(Variable, name, note)

    async with run("bpf/traffic.o") as walk:
        await opened(walk)
        await walk.press("escape")
        for name in ("raw", "get", "set", "set_text"):
            noted(name)
        walk.explorer.navigation.go_to(Node(NodeKind.VARIABLE, "counting"))

        def shows(text: str) -> bool:
            return any(" ".join(line.split()).endswith(text) for line in walk.screen.splitlines())

        await walk.press("space", "space", "space")  # each switches over what the one before left
        await walk.until(lambda: shows("counting * bool false file: true"))
        await walk.press("U")
        await walk.until(lambda: shows("counting bool true"))
        await walk.press("P", "escape", "1")
        await walk.until(lambda: shows("value true now"))
    assert [name for name, _ in asked if name in ("set", "set_text")] == ["set_text"] * 4
    assert {name for name, _ in asked} >= {"raw", "get"}
    assert threading.main_thread() not in {thread for _, thread in asked}


async def test_a_context_is_given_by_its_fields(run: Callable[..., Any]) -> None:
    async with run("tests/objects/contexts.o", size=(80, 24)) as walk:
        screen = await opened(walk)
        assert not screen.query_one("#run-packet").display  # it runs on its context alone
        names = ("user_family", "user_ip4", "user_ip6", "user_port")
        for name, value in (("user_family", "2"), ("user_ip4", "198.51.100.1"), ("user_port", "htons(443)")):
            pane = screen.query_one("#run-context", ContextPane)
            pane.cursor = 2 + names.index(name)
            await walk.press("enter")
            await walk.type(value)
            await walk.press("enter")
        assert "user_port       htons(443) *" in walk.screen
        await walk.press("R")
        await walk.until(lambda: "user_ip4=151126208" in walk.screen)
        assert "Result  1 (0x1)" in walk.screen


async def test_the_help_begins_with_the_pane_and_its_keys_work_from_there(run: Callable[..., Any]) -> None:
    async with run(size=(100, 30)) as walk:
        await opened(walk)
        await walk.press("question_mark")
        await walk.until(lambda: "Help: Test run › Packet" in walk.screen)
        shown = [line.strip(" ▌│") for line in walk.screen.splitlines()]
        assert "The packet by its layers. Lengths and checksums follow what you" in walk.screen
        assert any("▸ Test run" in line for line in shown)
        await walk.press("escape", "tab", "tab", "tab")
        await walk.until(lambda: "▌Result" in walk.screen)
        await walk.press("question_mark")
        await walk.until(lambda: "Help: Test run › Result" in walk.screen)


async def test_what_a_key_cannot_do_is_said_in_the_line_above_the_bar(run: Callable[..., Any]) -> None:
    async with run(size=(100, 30)) as walk:
        await opened(walk)
        await walk.press("comma")
        await walk.until(lambda: "⚠ there is no other run yet" in walk.screen)
        assert walk.screen.splitlines()[-2].startswith(" ⚠ there is no other run yet")


async def test_one_key_leads_from_the_result_to_where_it_comes_from(run: Callable[..., Any]) -> None:
    async with run(size=(120, 40)) as walk:
        screen = await opened(walk)
        await walk.press("W")
        assert "nothing was run yet: R runs the program" in walk.screen
        await walk.press("R")
        await walk.until(lambda: "Result  XDP_PASS (2)" in walk.screen)
        assert "W Why" in walk.screen.splitlines()[-1]
        await walk.press("P", "down", "enter")  # another packet: what is asked about is the run that is shown
        await walk.press("W")
        await walk.until(lambda: "Why  r0 = XDP_PASS (2) · 1 of 141 steps matter" in walk.screen)
        assert "step 141 of 141" in walk.screen
        await walk.press("escape")
        assert walk.app.screen is screen


async def test_a_capture_is_debugged_packet_by_packet(run: Callable[..., Any], tmp_path: Path) -> None:
    tcp = UDP[:23] + b"\x06" + UDP[24:]
    with CaptureWriter(str(tmp_path / "two.pcap")) as capture:
        for frame in (UDP, tcp, UDP):
            capture.write(0, frame)
    async with run() as walk:
        await opened(walk)
        await walk.press("P", "end", "up", "up", "enter")
        assert "a run on each packet; maps carry over" in walk.screen
        assert "cap.pcap until return XDP_DROP: begins where" in " ".join(walk.screen.split())
        await walk.type(f"{tmp_path / 'two.pcap'} until return XDP_PASS if pkt[23] == IPPROTO_TCP")
        await walk.press("enter")
        await walk.until(lambda: "run 2" in walk.screen and "packet 2 of two.pcap" in walk.screen)
        await walk.press("6")
        await walk.until(lambda: "Runs 3" in walk.screen)
        assert [line for line in walk.screen.split("\n") if "3 XDP_PASS" in line and "changed traffic" in line]


async def test_packets_of_an_interface_are_refused_where_there_are_none(run: Callable[..., Any]) -> None:
    async with run() as walk:
        screen = await opened(walk)
        await walk.press("P", "end", "up", "enter")
        assert "the next packets that reach the program; that changes nothing" in walk.screen
        await walk.press("enter")
        await walk.until(lambda: "no packets can be taken: the built-in machine is on no interface" in walk.screen)
        assert walk.app.screen is screen
        await walk.press("P", "end", "up", "enter", "ctrl+u", *"many", "enter")
        await walk.until(lambda: "many is no number of packets" in walk.screen)
        assert "Debug the next packets" in walk.screen  # it is asked on, with what was typed
        await walk.press("ctrl+u", *"0", "enter")
        await walk.until(lambda: "a capture takes from 1 to " in walk.screen)


async def test_a_capture_that_is_none_is_asked_for_again(
    run: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with run() as walk:
        screen = await opened(walk)
        monkeypatch.chdir(tmp_path)
        os.mkfifo("pipe")
        await walk.press("P", "end", "up", "up", "enter")
        await walk.type("nothing.pcap")
        await walk.press("enter")
        await walk.until(lambda: "nothing.pcap: there is no such file" in walk.screen)
        assert "Debug a capture" in walk.screen
        await walk.press("ctrl+u")
        await walk.type("pipe")
        await walk.press("enter")
        await walk.until(lambda: "pipe is no file: a capture that is debugged is one" in walk.screen)
        await walk.press("escape")
        assert walk.app.screen is screen
