"""`bpftui debug`: what it prints, as text and as JSON."""

from __future__ import annotations

import io
import json
import struct
import subprocess
from typing import TYPE_CHECKING

import pytest

from bpftui.tui.__main__ import main
from tests.bench.bench_debug import long_loop
from tests.bench.bench_vm import PACKET
from tests.core.debug.test_verified import CODE, LONG, PRUNED

if TYPE_CHECKING:
    from pathlib import Path

UDP = (bytes(12) + b"\x08\0" + b"\x45" + bytes(8) + b"\x11" + bytes(40)).hex()
TRAFFIC = ["debug", "bpf/traffic.o", "count_traffic", "--data", UDP]


def batch(*commands: str) -> list[str]:
    return [word for command in commands for word in ("--batch", command)]


def test_stops_and_answers(capsys: pytest.CaptureFixture[str]) -> None:
    commands = batch("continue", "print total_packets", "p/x 255", "reverse-next", "bt", "delete 1", "c")
    assert main([*TRAFFIC, "--break", "traffic.c:138", *commands]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "step 0 of 141 · count_traffic() 0: r7 = r1 · traffic.c:180: int count_traffic(struct xdp_md *ctx)",
        "step 67 of 141 · breakpoint 1 · count_traffic() 94: r1 = *(u64 *)(r0 +0) · traffic.c:138: volume->packets++;",
        "total_packets = 1",
        "255 = 0xff",
        "step 63 of 141 · count_traffic() 89: r1 = map[traffic] · "
        "traffic.c:133: volume = bpf_map_lookup_elem(&traffic, &packet->kind);",
        "#0 count_traffic() traffic.c:133: volume = bpf_map_lookup_elem(&traffic, &packet->kind);",
        "step 141 of 141 · returned XDP_PASS (2)",
    ]


def test_json_has_an_object_for_each_stop(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*TRAFFIC, "--json", *batch("next", "print total_packets", "continue")]) == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(each["schema"], each["reason"], each["step"]) for each in found] == [
        ("bpftui/debug/1", "start", 0),
        ("bpftui/debug/1", "step", 2),
        ("bpftui/debug/1", "end", 141),
    ]
    assert found[1]["answers"] == [{"command": "print total_packets", "value": 0, "text": "total_packets = 0"}]
    assert (found[1]["program"], found[1]["function"], found[1]["slot"]) == ("count_traffic", "count_traffic", 2)
    assert (found[1]["file"], found[1]["line"], found[1]["retval"]) == ("./traffic.c", 182, None)
    assert list(found[1]["registers"]) == [f"r{number}" for number in range(11)]
    assert (found[2]["retval"], found[2]["slot"], found[2]["error"]) == (2, None, None)


def test_trace(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*TRAFFIC, "--trace"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "               traffic.c:180: int count_traffic(struct xdp_md *ctx)"
    assert lines[1].startswith("     0      0: r7 = r1   ; r7 = 0x")
    assert lines[-4:] == [
        "               traffic.c:197: }",
        "   139    161: w0 = 2   ; r0 = 0x2",
        "   140    162: exit",
        "step 141 of 141 · returned XDP_PASS (2)",
    ]
    assert sum(line[:6].strip().isdecimal() for line in lines) == 141
    assert main([*TRAFFIC, "--trace", "--json"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 142


def test_a_recording_is_an_object(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    saved = str(tmp_path / "run.json")
    assert main([*TRAFFIC, "--set", "track_sources=false", "--save", saved, *batch("continue")]) == 0
    first = capsys.readouterr().out.splitlines()
    assert first[-1] == f"saved: {saved}"
    assert main(["debug", saved, *batch("continue")]) == 0
    assert capsys.readouterr().out.splitlines() == first[:-1]
    assert main(["debug", saved, "count_traffic", "--set", "a=1"]) == 2
    assert "is a recording: it has what its runs are given" in capsys.readouterr().err
    assert main(["debug", saved, "other"]) == 2
    assert "is a recording of count_traffic, not of other" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--json"], []])
def test_what_is_saved_has_what_clocks_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    assert main([*TRAFFIC, "--save", str(tmp_path / "run.json"), *words, *batch("stepi")]) == 0
    capsys.readouterr()
    assert len(json.loads((tmp_path / "run.json").read_bytes())["times"]) == 1


def test_commands_from_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("# nothing\n\nnxt\nstepi 3\nquit\nstepi\n"))
    assert main(TRAFFIC) == 0
    told = capsys.readouterr()
    assert [line.partition(" · ")[0] for line in told.out.splitlines()] == ["step 0 of 141", "step 3 of 141"]
    assert "there is no command 'nxt' (did you mean next?)" in told.err


def test_with_a_file_to_save_commands_still_come_from_standard_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    saved = tmp_path / "run.json"
    monkeypatch.setattr("sys.stdin", io.StringIO("print 1 + 1\n"))
    assert main([*TRAFFIC, "--save", str(saved)]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == ["1 + 1 = 2", f"saved: {saved}"]
    terminal = io.StringIO("print 1 + 1\n")
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr("sys.stdin", terminal)
    assert main([*TRAFFIC, "--save", str(saved)]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == [f"saved: {saved}"]


def test_what_comes_through_a_pipe_is_read_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    saved = tmp_path / "run.json"
    assert main([*TRAFFIC, "--save", str(saved), *batch("c")]) == 0
    assert capsys.readouterr().out.splitlines()[1] == "step 141 of 141 · returned XDP_PASS (2)"
    for source, words in (("bpf/traffic.o", ["count_traffic", "--data", UDP]), (saved, [])):
        with subprocess.Popen(["cat", source], stdout=subprocess.PIPE) as cat:
            assert cat.stdout is not None
            assert main(["debug", f"/dev/fd/{cat.stdout.fileno()}", *words, *batch("c")]) == 0
        assert capsys.readouterr().out.splitlines()[1] == "step 141 of 141 · returned XDP_PASS (2)"


def test_a_trace_goes_through_all_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    frames = [bytes.fromhex(UDP), bytes(60)]
    packets = b"".join(struct.pack("<IIII", 0, 0, len(frame), len(frame)) + frame for frame in frames)
    capture = tmp_path / "two.pcap"
    capture.write_bytes(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1) + packets)
    assert main([*TRAFFIC[:3], "--pcap", str(capture), "--trace"]) == 0
    ends = [line for line in capsys.readouterr().out.splitlines() if line.startswith("run ")]
    assert [end.split(" of ")[0] for end in ends] == ["run 1", "run 2"]
    assert ends[0] == "run 1 of 2 · step 141 of 141 · returned XDP_PASS (2)"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["debug", "bpf/traffic.o"], "debug takes the name of a program behind the object"),
        (["debug", "bpf/traffic.o", "cont_traffic"], "there is no program 'cont_traffic'"),
        ([*TRAFFIC, "--runtime", "kernel"], "debug runs programs on the built-in machine"),
        ([*TRAFFIC, "--pcap", "x.pcap"], "--pcap brings the packets"),
        ([*TRAFFIC, *batch("goto 5000")], "there is no step 5000 in this run: it has 141"),
        ([*TRAFFIC, *batch("run 2")], "there is no run 2: there is 1, from 1 on"),
        ([*TRAFFIC, *batch("print 1 +")], "'1 +' at its end: there should be a value"),
        ([*TRAFFIC, *batch("break")], "break takes a place"),
        ([*TRAFFIC, *batch("step -1")], "a step is taken at least once, not -1 times"),
        (
            [*TRAFFIC, "--trace", *batch("c")],
            "--trace prints all of each run: it goes with neither --break, --until nor --batch",
        ),
        ([*TRAFFIC, "--trace", "--break", "17"], "it goes with neither --break, --until nor --batch"),
        (["debug", "id:1", "x", "--maps", "id:1"], "the maps of id:1 are its own"),
    ],
)
def test_what_is_wrong_is_said(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    told = capsys.readouterr()
    assert said in told.err
    assert "Traceback" not in told.err


def test_ranges_of_the_verifier(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "prog.o").write_bytes(CODE)
    (tmp_path / "log.txt").write_text(
        f"libbpf: prog 'prog': -- BEGIN PROG LOAD LOG --\n{PRUNED}-- END PROG LOAD LOG --\n"
    )
    command = ["debug", str(tmp_path / "prog.o"), "prog", "--data", LONG.hex(), "--ranges", str(tmp_path / "log.txt")]
    assert main([*command, *batch("goto 3", "info ranges")]) == 0
    assert "r6     0x2bc  0 … 100 ≠ pruned" in capsys.readouterr().out.split("\n")
    # Those of others are said to be missing, and what there is goes on.
    (tmp_path / "log.txt").write_text(PRUNED)
    assert main([*TRAFFIC, "--ranges", str(tmp_path / "log.txt"), *batch("goto 3")]) == 0
    (tmp_path / "log.txt").write_text("nothing")
    assert main([*command, *batch("goto 3")]) == 2
    assert "has no log of a verifier" in capsys.readouterr().err
    assert main([*command[:-1], str(tmp_path / "missing"), *batch("goto 3")]) == 1
    assert "missing: there is no such file" in capsys.readouterr().err


def test_a_run_may_have_fewer_steps_or_more(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "long.o").write_bytes(long_loop(222))
    words = ["debug", str(tmp_path / "long.o"), "prog", "--data", PACKET.hex()]
    assert main([*words, "--steps", "5000", *batch("continue")]) == 0
    assert "stopped: the run was stopped after 5,000 steps" in capsys.readouterr().out
    assert main([*TRAFFIC, "--steps", "268435456", *batch("continue")]) == 0
    assert "step 141 of 141 · returned" in capsys.readouterr().out
    for steps in ("0", "268435457"):
        assert main([*TRAFFIC, "--steps", steps]) == 2
        assert f"--steps {int(steps):,} is not between 1 and 268,435,456" in capsys.readouterr().err
