"""`bpftui fuzz`: what it prints and writes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bpftui.core.traffic import Capture
from bpftui.tui.__main__ import main
from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[3]
TRAFFIC = str(ROOT / "bpf/traffic.o")


def test_what_it_writes_can_be_used(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capture, test = tmp_path / "out.pcap", tmp_path / "test_found.py"
    words = ["fuzz", TRAFFIC, "count_traffic", "--seconds", "1", "--pcap", str(capture), "--test", str(test)]
    assert main(words) == 0
    told = capsys.readouterr().out
    assert "of 30 outcomes of jumps" in told
    assert told.endswith(f"written: {capture}\nwritten: {test}\n")
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
        (["--seconds", "0"], "--seconds 0: it takes more than 0"),
        (["--test", "x.py", "--preset", "busy"], "--test: what is written sets variables by --set alone"),
    ],
)
def test_what_makes_no_sense_is_said(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fuzz", TRAFFIC, "count_traffic", *words]) == 2
    assert message in capsys.readouterr().err
