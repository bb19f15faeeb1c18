"""Packets that reach a loaded program, taken on its interface: runs of the debugger, on what its maps held then."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
import time
from threading import Event
from typing import TYPE_CHECKING, Any, cast

import pytest

from bpftui import bpf
from bpftui.core.debug import Recording, Session
from bpftui.core.errors import UsageError
from bpftui.core.kernel import KernelRuntime
from bpftui.core.spec import CollectionSpec
from bpftui.core.system.captured import Capturing, meeting_of
from bpftui.core.system.inventory import Inventory
from bpftui.tui.__main__ import main
from tests.kernel.system.test_opened import somebody
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.kernel

TRAFFIC = str(bpf.path("traffic"))


def test_packets_of_xdp_are_taken_before_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "run.json"
    with somebody(TRAFFIC, "count_traffic", "traffic", "200") as ids:
        words = ["debug", f"id:{ids.program}", "--capture", "4", "--batch", "print total_packets", "--save", str(file)]
        assert main(words) == 0
        out, err = capsys.readouterr()
        said = "bpftui: taking the next 4 packets on veth0, before the program: as veth1 sends them; ctrl+c "
        said += "begins with those that there are\n"
        assert err.endswith(said)
        assert out.startswith("run 1 of 4 · step 0 of ")
        # The object's code on the same: what is loaded has its maps, its constants and its packets.
        words = ["debug", TRAFFIC, "count_traffic", "--maps", f"id:{ids.program}", "--capture", "500"]
        words += ["--until", "return XDP_PASS if pkt_len > 0 && pkt[23] == IPPROTO_UDP", "--batch", "print pkt[23]"]
        assert main(words) == 0
        out, err = capsys.readouterr()
        assert "until one comes to return XDP_PASS if pkt_len > 0 && pkt[23] == IPPROTO_UDP" in err
        assert "pkt[23] = 17" in out
        assert "breakpoint 1" in out
        assert main(["debug", f"id:{ids.program}", "--capture", "9", "--until", "nowhere.c:4"]) == 2
        err = capsys.readouterr().err
        assert "there is no C file 'nowhere.c'" in err
        assert "taking" not in err
    recording = Recording.read(file)
    assert [call.origin for call in recording.calls] == [f"packet {number} on veth1" for number in range(1, 5)]
    assert all(call.data is not None and len(call.data) >= 42 for call in recording.calls)
    with Session(recording) as session:
        before = int(session.evaluate("total_packets").text)
        assert before > 0
        session.enter(3)
        session.goto(session.length)
        assert int(session.evaluate("total_packets").text) == before + 4


@pytest.mark.parametrize(
    ("program", "is_outgoing", "where"),
    [
        ("on_tc", False, "before the program"),
        ("on_tcx", True, "behind the program: those that it lets through, as it leaves them"),
    ],
)
def test_where_traffic_control_is_met(program: str, is_outgoing: bool, where: str) -> None:
    with somebody("tests/objects/attached.o", program, "sockets", "10") as ids, Inventory() as inventory:
        meeting = meeting_of(inventory.snapshot(), ids.program)
    assert meeting[0] == meeting.tapped == "veth0"
    assert (meeting.is_outgoing, meeting.where, meeting.is_before) == (is_outgoing, where, not is_outgoing)


class Slow:
    """A socket from which packets are taken out more slowly than they come in."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self.taken = 0

    def recvmsg(self, *sizes: int) -> Any:
        time.sleep(0.02)
        self.taken += 1
        assert self.taken < 100, "more came than there was"
        return self._channel.recvmsg(*sizes)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._channel, name)


def test_what_came_is_dropped_though_more_comes() -> None:
    with somebody(TRAFFIC, "count_traffic", "traffic", "200") as ids, Inventory() as inventory:
        meeting = meeting_of(inventory.snapshot(), ids.program)
        with Capturing(meeting) as capturing:
            assert len(list(capturing.packets(3, Event()))) == 3
            capturing.channel = slow = cast("Any", Slow(capturing.channel))
            capturing.drop()
            assert slow.taken < 100
            assert len(list(capturing.packets(3, Event()))) == 3


@pytest.mark.parametrize(
    ("pressed", "until", "code", "runs"),
    [(3, [], 0, "run 1 of 3 · step 0 of "), (3, ["--until", "return XDP_DROP"], 0, "run 3 of 3 · "), (0, [], 130, "")],
)
def test_ctrl_c_begins_with_the_packets_that_there_are(
    pressed: int,
    until: list[str],
    code: int,
    runs: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    packets = Capturing.packets

    def interrupted(capturing: Capturing, most: int, stop: Event) -> Iterator[bytes]:
        taken = 0
        for taken, packet in enumerate(packets(capturing, most if pressed else 0, stop), 1):
            if taken == pressed:
                signal.raise_signal(signal.SIGINT)
            yield packet
        if taken == 0:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(Capturing, "packets", interrupted)
    before = signal.getsignal(signal.SIGINT)
    with somebody(TRAFFIC, "count_traffic", "traffic", "200") as ids:
        words = ["debug", f"id:{ids.program}", "--capture", "100000", *until, "--batch", "info breakpoints"]
        assert main(words) == code
    assert signal.getsignal(signal.SIGINT) is before
    assert capsys.readouterr().out.startswith(runs)


def test_what_meets_no_packets_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    with KernelRuntime().load(CollectionSpec.from_file(TRAFFIC)) as collection, Inventory() as inventory:
        number = collection.programs["count_traffic"].id
        with pytest.raises(UsageError, match=f"program {number} is attached to nothing: packets are captured where"):
            meeting_of(inventory.snapshot(), number)
        assert main(["debug", f"id:{number}", "--capture", "0"]) == 2
        assert "--capture takes from 1 to 100,000 packets, and not 0" in capsys.readouterr().err
        assert main(["debug", f"id:{number}", "--capture", "1", "--data", "00"]) == 2
        assert "--capture brings the packets" in capsys.readouterr().err
    assert main(["debug", TRAFFIC, "count_traffic", "--capture", "1"]) == 2
    assert "--capture takes packets that reach what is loaded" in capsys.readouterr().err


def test_a_steward_takes_packets_for_who_has_no_rights() -> None:
    script = """
        import sys
        from threading import Event
        from bpftui.core.errors import BpftuiError
        from bpftui.core.privileges import drop, hire
        from bpftui.core.privileges.steward import INVENTORY, INVENTORY_RIGHTS
        hire(INVENTORY, INVENTORY_RIGHTS)
        drop([])
        from bpftui.core.system.taking import take_packets
        with take_packets(int(sys.argv[1])) as capturing:
            print(capturing.meeting.interface, capturing.meeting.where)
            capturing.drop()
            print(min(len(each) for each in capturing.packets(3, Event())) >= 42)
        try:
            take_packets(1 << 30)
        except BpftuiError as error:
            print(error.message)
    """
    with somebody(TRAFFIC, "count_traffic", "traffic", "200") as ids:
        command = [sys.executable, "-c", textwrap.dedent(script), str(ids.program)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert done.stdout.splitlines() == [
        "veth0 before the program: as veth1 sends them",
        "True",
        "program 1073741824 is attached to nothing: packets are captured where XDP and traffic control meet them, "
        "on an interface",
    ], done.stderr
