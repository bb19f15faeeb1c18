"""Tests that are written for the user: readable, and green when they are run."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bpftui.core.debug import Call, Recording
from bpftui.core.errors import UsageError
from bpftui.core.foreign import RECORDING
from bpftui.core.packet import template
from bpftui.core.pytest_source import literal
from bpftui.core.spec import CollectionSpec
from bpftui.core.testing.bpf import Bpf
from bpftui.core.testing.saved import TestedRecording
from bpftui.core.testing.written import Given, World, written
from bpftui.core.vm.world.settings import Settings
from bpftui.tui.__main__ import main

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[3]
UDP = bytes(template("IPv4 UDP"))


def run_saved(file: Path) -> str:
    """Run the one test in a file as pytest would; return its code."""
    text = file.read_text()
    namespace: dict[str, Any] = {"__file__": str(file)}
    exec(compile(text, str(file), "exec"), namespace)
    (test,) = (each for name, each in namespace.items() if name.startswith("test_"))
    call: Callable[[Bpf], None] = test
    with Bpf("vm") as bpf:
        call(bpf)
    return text


def test_packets_by_layers_and_what_came_of_them(tmp_path: Path) -> None:
    file = tmp_path / "test_saved.py"
    runs = [Given(UDP, origin="packet 1 of x.pcap"), Given(UDP[:20], origin='packet 2 of "\n'), Given(b"")]
    file.write_text(
        written(
            str(ROOT / "bpf/traffic.o"), "count_traffic", runs, str(file), World({"sample_every": 0}, {}, {"cpus": 1})
        )
    )
    text = run_saved(file)
    lines = text.splitlines()
    at = lines.index("    # packet 1 of x.pcap")
    assert lines[at : at + 11] == [
        "    # packet 1 of x.pcap",
        "    packet = bytes.fromhex(",
        '        "0200000000000200000000010800"  # Ethernet',
        '        "4500002e000040004011b6aec0000209c0000207"  # IPv4',
        '        "c0000035001abb73"  # UDP',
        '        "000000000000000000000000000000000000"  # payload',
        "    )",
        "    run = program.run(packet)",
        '    assert run.retval == "XDP_PASS"',
        "    assert run.packet == packet",
        '    key = {"family": "IPV4", "protocol": "UDP"}',
    ]
    assert '    obj = bpf.load(OBJECT, programs=["count_traffic"], set={"sample_every": 0}, cpus=1)' in lines
    assert '    assert run.variables == {"total_packets": (0, 1), "total_bytes": (0, 60)}' in lines
    assert "    # packet 2 of '\\\\n" in lines
    assert lines[-1] == (
        '    assert stopped.value.message == "a packet has 14 to 73152 bytes in test runs of type xdp, not 0"'
    )
    # It is a test: with another outcome it is red.
    file.write_text(text.replace('"total_packets": (0, 1)', '"total_packets": (0, 2)'))
    with pytest.raises(AssertionError):
        run_saved(file)


def test_what_maps_held_before(tmp_path: Path) -> None:
    file = tmp_path / "test_saved.py"
    contents = {"pkt_count": [(bytes(4), (41).to_bytes(8, "little"))]}
    text = written(str(ROOT / "bpf/count_packets.o"), "count_packets", [Given(UDP)], str(file), World({}, contents))
    file.write_text(text)
    assert '    obj.maps["pkt_count"][0] = 41\n' in run_saved(file)
    assert '    assert run.maps["pkt_count"][0] == 42\n' in text


def test_too_many_runs() -> None:
    with pytest.raises(UsageError, match="101 runs are too many for a test: 100 at most"):
        written("bpf/traffic.o", "count_traffic", [Given(UDP)] * 101, "test.py")


def test_numbers_that_are_none(tmp_path: Path) -> None:
    assert literal([float("inf"), float("-inf"), 1.5]) == '[float("inf"), float("-inf"), 1.5]'
    file = tmp_path / "test_nan.py"
    text = written("tests/objects/values.o", "values", [Given(UDP)], str(file), World(set={"f32": float("nan")}))
    assert 'set={"f32": float("nan")}' in text
    file.write_text(text)
    run_saved(file)


def test_a_recording_of_another_world(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What a test says of the world is the recording's; what it cannot say is refused; a tape is no object."""
    spec = CollectionSpec.from_file(str(ROOT / "bpf/traffic.o"))
    for number, (settings, said) in enumerate(
        (
            (Settings(memory={0x1000: b"x"}), "not say: memory of the kernel's or of processes"),
            (Settings(pid=5, comm="x", returns={"bpf_ktime_get_ns": 1}), "the pid of the task, the comm of the task"),
            (Settings(cpus=3, seed=9), "cpus=3, seed=9, time=1000)"),
        )
    ):
        place, file = str(tmp_path / f"{number}.rec"), tmp_path / f"test_{number}.py"
        recording = Recording.of(spec, "count_traffic", [Call(UDP)], settings=settings)
        recording.times += [1000, 2000]
        recording.save(place)
        status = main(["debug", place, "--batch", "info registers", "--save-test", str(file)])
        error = capsys.readouterr().err
        if said.endswith(")"):
            assert (status, said in run_saved(file)) == (0, True)
            assert "the first of the 2 times" in error
        else:
            assert (status, said in error, file.exists()) == (2, True, False)
    tape = tmp_path / "a.rec"
    tape.write_bytes(b"SQLite format 3\0".ljust(68, b"\0") + RECORDING.ljust(100, b"\0"))
    assert main(["run", str(tape), "count_traffic", "--save-test", str(tmp_path / "test.py")]) == 2
    assert f"{tape} is a recording" in capsys.readouterr().err


def test_that_a_run_would_have_asked_for_memory_is_no_matter_of_a_test() -> None:
    spec = CollectionSpec.from_file(ROOT / "bpf/traffic.o")
    recording = Recording.of(spec, "count_traffic", [Call(UDP)], asks_memory=True)
    assert TestedRecording(recording).world == {}
    recording.settings = recording.settings._replace(memory={0x1000: b"\1"})
    with pytest.raises(UsageError, match="what a test does not say: memory of the kernel's or of processes"):
        TestedRecording(recording)


def test_saved_by_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    traffic, sizes = str(ROOT / "bpf/traffic.o"), ["--set", "sample_every=0", "--data", UDP.hex()]
    file, again = tmp_path / "test_run.py", tmp_path / "test_debug.py"
    assert main(["run", traffic, "count_traffic", *sizes, "--save-test", str(file)]) == 0
    assert capsys.readouterr().out.endswith(f"saved as a test: {file}\n")
    batch = ["--batch", "info registers"]
    assert main(["debug", traffic, "count_traffic", *sizes, *batch, "--save-test", str(again)]) == 0
    for each in (file, again):  # the debugger's has the time of day that its run saw
        assert '    run = program.run(packet)\n    assert run.retval == "XDP_PASS"\n' in run_saved(each)
    assert "time=" in again.read_text()
    with contextlib.suppress(SystemExit):
        assert main(["run", traffic, "count_traffic", *sizes, "--save-test", str(file)]) == 2
    assert f"{file}: there is a file of that name already" in capsys.readouterr().err
