"""`bpftui cover`: what it prints and writes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bpftui.core.packet import template
from bpftui.core.traffic import CaptureWriter
from bpftui.tui.__main__ import main

ROOT = Path(__file__).parents[3]
TRAFFIC = str(ROOT / "bpf/traffic.o")


def test_the_source_with_its_counts(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert main(["cover", "bpf/traffic.o", "count_traffic", "--data", bytes(template("IPv4 UDP")).hex()]) == 0
    told = capsys.readouterr().out
    assert told.startswith("bpf/traffic.c\n")
    assert "      1    101 if (eth->h_proto == bpf_htons(ETH_P_IP)) {\n" in told
    assert "  never    111 __u8 *next = (void *)(ip + 1);\n" in told
    assert "⚠ jump 1 of 2: if w4 == 0xdd86 goto pc+15 never jumped to line 111\n" in told
    assert told.endswith(
        "count_traffic, 1 run: 40 of 51 lines (78.4 %), 13 of 30 outcomes of jumps (43.3 %), "
        "141 of 171 instructions (82.5 %)\n"
    )


def test_json_reports_and_a_capture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with CaptureWriter(str(tmp_path / "in.pcap")) as writer:
        for number, name in enumerate(("IPv4 UDP", "IPv6 TCP")):
            writer.write(number, bytes(template(name)))
    words = ["cover", TRAFFIC, "count_traffic", "--pcap", str(tmp_path / "in.pcap"), "--json"]
    reports = ["--report", f"html:{tmp_path}/out.html", "--report", f"cobertura:{tmp_path}/out.xml"]
    assert main([*words, *reports]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["schema"], document["program"], document["runs"]) == ("bpftui/cover/1", "count_traffic", 2)
    (file,) = document["files"]
    lines = {line["line"]: line for line in file["source"]}
    assert (lines[101]["runs"], lines[111]["runs"], lines[111]["state"]) == (2, 1, "run")
    assert lines[101]["jumps"][0] == {
        "slot": 25,
        "text": "if w4 == 0xdd86 goto pc+15",
        "on": 1,
        "jumped": 1,
        "decided": None,
    }
    assert (tmp_path / "out.html").read_text().startswith("<!doctype html>")
    assert (tmp_path / "out.xml").read_text().startswith("<?xml")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--runtime", "kernel"], "cover runs programs on the built-in machine"),
        (["--report", "pdf"], "there is no report 'pdf'"),
        (["--pcap", "x", "--data", "00"], "--pcap brings the packets"),
        (["--report", "html:/dev/null/x"], "the report cannot be written"),
    ],
)
def test_what_makes_no_sense_is_said(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cover", TRAFFIC, "count_traffic", *words]) in (1, 2)
    assert message in capsys.readouterr().err


def test_runs_that_were_stopped_are_counted_and_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cover", str(ROOT / "tests/objects/bad_null.o"), "bad_null"]) == 0
    told = capsys.readouterr()
    assert "1 run of 1 stopped" in told.err
    assert "1 run:" in told.out
