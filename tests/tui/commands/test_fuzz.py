"""`bpftui fuzz`: what it prints and writes."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bpftui.core.fuzz.search import Found, Search
from bpftui.core.spec import CollectionSpec
from bpftui.core.traffic import Capture
from bpftui.tui.__main__ import main
from bpftui.tui.commands.fuzz.told import covered_lines, told_lines
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from bpftui.core.fuzz.inputs import Input

ROOT = Path(__file__).parents[3]
TRAFFIC = str(ROOT / "bpf/traffic.o")


def test_what_it_writes_can_be_used(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test looks for the object from where it is, with the variables that were set; from wherever pytest runs."""
    capture, test = tmp_path / "out.pcap", tmp_path / "test_found.py"
    monkeypatch.chdir(ROOT / "bpf")
    words = ["fuzz", "traffic.o", "count_traffic", "--seconds", "0.3", "--pcap", str(capture), "--test", str(test)]
    assert main([*words, "--set", "sample_every=0x10", "--set", "track_sources=false"]) == 0
    told = capsys.readouterr()
    assert "of 26 outcomes of jumps" in told.out
    assert told.err.endswith(f"bpftui: written: {capture}\nbpftui: written: {test}\n")
    assert 'set={"sample_every": 16, "track_sources": False}, programs=["count_traffic"])' in test.read_text()
    packets = [packet.frame for packet in Capture(str(capture))]
    assert packets
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", str(test)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_the_types_of_another_kernel_are_those_of_the_test_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT / "tests/objects")
    test = tmp_path / "test_found.py"
    words = ["fuzz", "core.o", "core", "--btf", "core_target.o", "--seconds", "0.1", "--test", str(test)]
    assert main(words) == 0, capsys.readouterr().err
    assert f'bpf.load(OBJECT, btf="{ROOT}/tests/objects/core_target.o", programs=[' in test.read_text()


def test_what_was_found_until_ctrl_c_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Search.run

    def interrupted(search: Search, given: Input) -> bool:
        if search.found.runs == 50:
            signal.raise_signal(signal.SIGINT)
        return run(search, given)

    monkeypatch.setattr(Search, "run", interrupted)
    monkeypatch.setattr("bpftui.tui.commands.fuzz.command._QUIET", 0)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        code = main(["fuzz", TRAFFIC, "count_traffic", "--seconds", "3600", "--pcap", str(tmp_path / "out.pcap")])
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    assert code == 130
    told = capsys.readouterr()
    assert " and 51 runs; " in told.out
    assert " of 30 outcomes of jumps after " in told.err
    assert told.err.endswith(f" s and 51 runs\nbpftui: written: {tmp_path}/out.pcap\n")
    assert [*Capture(str(tmp_path / "out.pcap"))]


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fuzz", TRAFFIC, "count_traffic", "--seconds", "0.2", "--seed", "3", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["schema"], document["program"], document["seed"]) == ("bpftui/fuzz/1", "count_traffic", 3)
    assert document["outcomes"]["of"] == 30
    assert document["inputs"][0].keys() >= {"packet"}
    assert document["stopped"] == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--runtime", "kernel"], "fuzz runs programs on the built-in machine"),
        (["--seconds", "0"], "--seconds 0 is not between 0 and 86,400"),
        (["--test", "x.py", "--return", "bpf_get_prandom_u32=0"], "--test: a test has no --return"),
        (["--test", "x.py", "--type", "count_traffic=xdp"], "--test: a test has no --type"),
        (["--may-differ", "events"], "--may-differ is what --compare leaves out"),
        (["--compare", "kernel", "--return", "bpf_ktime_get_ns=5"], "leave --return out"),
        (["--test", __file__], "test_fuzz.py: there is a file of that name already"),
        (
            ["--test", "/nowhere/x.py"],
            "/nowhere/x.py: it cannot be written: there is no directory /nowhere",
        ),
        (["--pcap", "/dev/null/x.pcap"], "/dev/null/x.pcap: it cannot be written: not a directory"),
        (["--pcap", "/"], "/: it cannot be written: this is a directory"),
    ],
)
def test_what_makes_no_sense_is_said(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fuzz", TRAFFIC, "count_traffic", *words]) in (1, 2)
    assert message in capsys.readouterr().err


@pytest.mark.kernel
def test_the_kernel_is_asked_the_same(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    words = ["fuzz", TRAFFIC, "count_traffic", "--seconds", "0.2", "--compare", "kernel"]
    words += ["--set", "track_sources=false"]
    assert main(words) == 0
    out = capsys.readouterr().out
    assert "\nkernel: 1 difference to " in out
    assert "\ndiffers: events[0].time: 1000000000 (vm), " in out
    test = tmp_path / "test_it.py"
    assert main([*words, "--may-differ", "events.time", "--json", "--test", str(test)]) == 0
    document = json.loads(capsys.readouterr().out)["kernel"]
    assert (document["differs"], document["not_taken"]) == ([], 0)
    assert document["inputs"] >= 1
    assert 'may_differ=["events.time"]' in test.read_text()


def test_without_rights_the_kernel_is_not_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("bpftui.core.kernel.available", lambda: "no rights")
    assert main(["fuzz", TRAFFIC, "count_traffic", "--compare", "kernel"]) == 3
    assert "the kernel cannot be asked: no rights" in capsys.readouterr().err


def test_what_the_fewest_inputs_do_not_reach_is_told() -> None:
    """A full ring buffer takes hundreds of runs, which a search makes and the inputs that are written do not."""
    found = Found(outcomes=12, all_outcomes=14, runs=16_754, seconds=3.0)
    begins = "count: 12 of 14 outcomes of jumps (85.7 %) in 3.0 s and 16,754 runs; 2 inputs reach "
    (all_of_them, *_) = told_lines("count", found, [(b"",), (b"a",)], 12, [], None)
    (some_of_them, *_) = told_lines("count", found, [(b"",), (b"a",)], 11, [], None)
    assert all_of_them == f"{begins}them"
    assert some_of_them == f"{begins}11 of them, and the rest what many runs left behind"


def test_what_inputs_reach_is_counted_by_lines_and_by_outcomes() -> None:
    spec = CollectionSpec.from_file(TRAFFIC)
    files, reached = covered_lines(spec, "count_traffic", lambda: Search(spec, "count_traffic"), [(bytes(64),)])
    assert reached == sum(each.summary.outcomes for each in files) > 0


def test_what_may_differ_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["fuzz", TRAFFIC, "count_traffic", "--seconds", "1", "--compare", "kernel", "--may-differ"]
    assert main([*words, "source.last_seen"]) == 2
    assert "there is no map or variable 'source' in traffic.o (did you mean 'sources'?)" in capsys.readouterr().err
