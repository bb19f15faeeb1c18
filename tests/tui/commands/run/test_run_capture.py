"""`run --pcap` and captures as targets, as a user runs them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from bpftui.core.traffic import Capture, CaptureWriter, make_frames
from tests.core.traffic.files import pcap
from tests.tui.commands.command_line import bpftui

if TYPE_CHECKING:
    from pathlib import Path

FRAMES = make_frames(40)
VM = ("--runtime", "vm")


def capture(folder: Path) -> Path:
    with CaptureWriter(str(folder / "in.pcap")) as writer:
        for number, frame in enumerate(FRAMES):
            writer.write(number * 1_000_000, frame)
        writer.write(10**9, b"short")
    return folder / "in.pcap"


def test_a_summary_and_what_goes_on(tmp_path: Path) -> None:
    out = tmp_path / "out.pcap"
    done = bpftui("run", "bpf/count_packets.o", "count_packets", "--pcap", capture(tmp_path), "--write", out, *VM)
    assert done.code == 0
    reason = "packet 41: a packet has 14 to 73152 bytes in test runs of type xdp, not 5"
    assert done.err == f"bpftui: warning: 1 packet not run: {reason}\n"
    first, row, written = done.out.splitlines()
    assert first.startswith(f"count_packets on 40 packets of {tmp_path}/in.pcap, in ")
    assert row.split()[:4] == ["XDP_PASS", "(2)", "40", "100.0%"]
    assert written == f"written: 40 packets to {out}"
    assert [packet.frame for packet in Capture(str(out))] == FRAMES
    dropping = (
        "run",
        "bpf/constants.o",
        "constants",
        "--set",
        "mode=MODE_DROP",
        "--pcap",
        out,
        "--write",
        out.with_suffix(".2"),
    )
    done = bpftui(*dropping, *VM)
    assert "XDP_DROP (1)  40" in done.out
    assert "written: 0 packets" in done.out


def test_json_has_an_object_for_each_packet(tmp_path: Path) -> None:
    done = bpftui("run", "bpf/count_packets.o", "count_packets", "--pcap", capture(tmp_path), "--json", *VM)
    *runs, last = (json.loads(line) for line in done.out.splitlines())
    assert [run["packet"] for run in runs] == list(range(1, 41))
    assert {(run["schema"], run["retval"], run["data_out"]) for run in runs} == {("bpftui/run/1", 2, None)}
    assert (last["packet"], last["time"]) == (41, 1.0)
    assert last["error"].startswith("a packet has 14 to")


def test_a_damaged_capture_is_run_as_far_as_it_goes(tmp_path: Path) -> None:
    path = capture(tmp_path)
    path.write_bytes(path.read_bytes()[:-1])
    done = bpftui("run", "bpf/count_packets.o", "count_packets", "--pcap", path, *VM)
    assert (done.code, "XDP_PASS (2)  40" in done.out) == (1, True)
    assert done.err.startswith(f"bpftui: error: {path}: packet 41: truncated dump file")


def test_what_was_not_captured_is_said(tmp_path: Path) -> None:
    path = tmp_path / "cut.pcap"
    path.write_bytes(pcap([(0, bytes(12) + b"\x12\x34" + bytes(86))] * 3, cut=50))
    done = bpftui("run", "bpf/count_packets.o", "count_packets", "--pcap", path, *VM)
    assert (done.code, "XDP_PASS (2)  3  100.0%  150 B" in done.out) == (0, True)
    said = "3 packets not captured whole, and run on what there is: packet 1 has 50 of 100 bytes"
    assert done.err == f"bpftui: warning: {said} (tcpdump -s 0 captures all)\n"
    path.write_bytes(pcap([]))
    assert bpftui("run", "bpf/count_packets.o", "count_packets", "--pcap", path, *VM).out == (
        f"count_packets ran on no packet of {path}\n"
    )


def test_a_capture_ends_the_watch(tmp_path: Path) -> None:
    target = f"count_packets={capture(tmp_path)},speed=max"
    done = bpftui("watch", "bpf/count_packets.o", "--attach", target, "--interval", "0.2", "--json", *VM)
    assert (done.code, done.err) == (0, "")
    assert json.loads(done.out.splitlines()[-1])["maps"] == {
        "pkt_count": {"entries": [{"key": 0, "value": 41}], "count": 1, "partial": False}
    }


def test_what_does_not_go_together_is_said(tmp_path: Path) -> None:
    run = ("run", "bpf/count_packets.o", "count_packets")
    assert "neither --data nor --repeat" in bpftui(*run, "--pcap", "x", "--data", "00").refused(2)
    assert "--write is for the packets of --pcap" in bpftui(*run, "--write", "x").refused(2)
    assert "no capture" in bpftui(*run, "--pcap", "README.md").refused(1)
    watch = ("watch", "bpf/count_packets.o", "--attach", "count_packets=x.pcap", *VM)
    assert "there is no such file" in bpftui(*watch).refused(1)
    assert "'foo=1' is no part of traffic" in bpftui("demo", "--traffic", "tcp=1,foo=1").refused(2)
