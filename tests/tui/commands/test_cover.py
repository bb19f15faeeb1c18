"""`bpftui cover`: what it prints and writes."""

from __future__ import annotations

import json
import os
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
    reports += ["--lcov", f"{tmp_path}/out.info", "--cobertura", f"{tmp_path}/2.xml", "--html", f"{tmp_path}/new/html"]
    assert main([*words, *reports]) == 0
    told = capsys.readouterr()
    document = json.loads(told.out)
    assert f"written: {tmp_path}/out.info\n" in told.err
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
    for name in ("out.xml", "2.xml"):
        assert (tmp_path / name).read_text().startswith("<?xml")
    assert (tmp_path / "out.info").read_text().startswith("TN:\nSF:")
    assert (tmp_path / "new/html/index.html").read_text() == (tmp_path / "out.html").read_text()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--runtime", "kernel"], "cover runs programs on the built-in machine"),
        (["--report", "pdf"], "there is no report 'pdf'"),
        (["--pcap", "x", "--data", "00"], "--pcap brings the packets"),
        (["--report", "html:/dev/null/x"], "/dev/null/x: the report cannot be written: not a directory"),
        (["--lcov", "/"], "/: the report cannot be written: this is a directory"),
        (["--html", __file__], "test_cover.py/index.html: the report cannot be written: not a directory"),
        (["--json", "--report", "term"], "--report term and --json are both for standard output"),
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


def test_a_capture_is_gone_through_whatever_stops_a_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(tmp_path / "in.pcap")
    with CaptureWriter(path) as writer:
        for number, size in enumerate((64, 10, 64)):
            writer.write(number, bytes(size))
    assert main(["cover", str(ROOT / "tests/objects/bad_null.o"), "bad_null", "--pcap", path]) == 0
    told = capsys.readouterr()
    assert "3 runs of 3 stopped: packet 1: program bad_null was stopped at instruction 9 " in told.err
    assert "3 runs:" in told.out
    assert main(["cover", TRAFFIC, "count_traffic", "--pcap", path]) == 0
    told = capsys.readouterr()
    assert "1 run of 3 stopped: packet 2: a packet has 14 to " in told.err
    assert "count_traffic, 3 runs: " in told.out
    with CaptureWriter(path) as writer:
        writer.write(0, bytes(10))
    assert main(["cover", TRAFFIC, "count_traffic", "--pcap", path]) == 2
    assert "error: packet 1: a packet has 14 to " in capsys.readouterr().err


def test_a_report_goes_through_a_pipe(capfd: pytest.CaptureFixture[str]) -> None:
    """What `/dev/stdout` and `>(…)` are: neither is a file that another one could take the place of."""
    reader, writer = os.pipe()
    with open(reader, encoding="utf-8") as told:
        assert main(["cover", TRAFFIC, "count_traffic", "--data", "00" * 64, "--lcov", f"/dev/fd/{writer}"]) == 0
        os.close(writer)
        assert told.readline() == "TN:\n"
