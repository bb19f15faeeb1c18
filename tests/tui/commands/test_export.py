"""`bpftui export`: a recording as JSON lines, as a table, as a capture, as a trace."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bpftui.core.choice import choose_runtime
from bpftui.core.errors import ExitCode
from bpftui.core.live import EventReader, Sampler
from bpftui.core.live.trial import Ran
from bpftui.core.runtime import Entry, MapSnapshot, Printed, PrintedLine
from bpftui.core.spec import CollectionSpec
from bpftui.core.tape import Recorder
from bpftui.core.traffic import Capture
from tests.tui.commands.command_line import bpftui

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

OBJECTS = Path(__file__).parents[2] / "objects"
UDP = bytes(12) + b"\x08\0" + b"\x45" + bytes(8) + b"\x11" + bytes(2) + bytes([192, 0, 2, 9]) + bytes(34)
OUT = b"\xff" * 6 + UDP[6:]


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the shipped counter over three seconds: two packets, of which the second empties a map, and test runs."""
    path = str(tmp_path_factory.mktemp("export") / "a.rec")
    spec = CollectionSpec.from_file("bpf/traffic.o")
    spec.set("sample_every", 1)
    tick = 0
    with choose_runtime("vm").load(spec) as collection, EventReader(collection) as events:
        sampler = Sampler(collection, clock=lambda: float(tick))
        with Recorder.of(path, collection, interval=1.0) as tape:
            tape._date = lambda: 1_800_000_000.0  # when it began
            tape.mark(0.0, "loaded", "traffic.o")
            for tick in range(3):
                if tick:
                    collection.programs["count_traffic"].run(UDP)
                if tick == 2:
                    for entry in collection.maps["sources"].snapshot().entries:
                        collection.maps["sources"].delete(entry.key)
                line = PrintedLine('said "\x1b[31m"', "count_traffic")
                sample = sampler.take()
                counted = {name: replace(info, run_cnt=tick * 5) for name, info in sample.programs.items()}
                tape.add(replace(sample, programs=counted), events.take(), Printed((line,) if tick == 1 else ()))
            tape.mark(1.5, "ran", "count_traffic", "XDP_PASS")
            tape.ran(1.5, Ran("count_traffic", UDP, OUT, 2, 1500))
            tape.ran(1.75, Ran("count_traffic", UDP, UDP, 1, 700))
            tape.ran(1.8, Ran("no_packet", b"", b"", 2**32 - 1, 10))
    return path


def lines(recording: str, form: str) -> list[str]:
    done = bpftui("export", recording, "--format", form)
    assert (done.code, done.err) == (0, "")
    return done.out.splitlines()


def test_json_lines_are_what_watch_prints(recording: str) -> None:
    exported = lines(recording, "jsonl")
    assert exported == bpftui("watch", recording, "--json").out.splitlines()
    assert [json.loads(line)["time"] for line in exported] == [0.0, 1.0, 2.0]
    assert json.loads(exported[1])["printed"] == ['said "\x1b[31m"']


def test_a_table_has_what_changed(recording: str) -> None:
    header, *rows = csv.reader(io.StringIO("\n".join(lines(recording, "csv"))))
    assert header == ["time", "kind", "name", "key", "field", "value"]
    key = "{family=IPV4, protocol=UDP}"
    assert [row for row in rows if row[2] == "traffic"] == [
        ["1.000000", "map", "traffic", key, "packets", "1"],
        ["1.000000", "map", "traffic", key, "bytes", "64"],
        ["2.000000", "map", "traffic", key, "packets", "2"],
        ["2.000000", "map", "traffic", key, "bytes", "128"],
    ]
    # It was there for a second.
    assert [row[:4] + row[5:] for row in rows if row[2] == "sources" and row[4] in ("packets", "")] == [
        ["1.000000", "map", "sources", "192.0.2.9", "1"],
        ["2.000000", "map", "sources", "192.0.2.9", ""],
    ]
    assert [row[0::5] for row in rows if row[2] == "total_packets"] == [
        ["0.000000", "0"],
        ["1.000000", "1"],
        ["2.000000", "2"],
    ]
    assert [row for row in rows if row[2] == "sample_every"] == [["0.000000", "variable", "sample_every", "", "", "1"]]
    assert [row[0::5] for row in rows if row[4] == "run_cnt"] == [
        ["0.000000", "0"],
        ["1.000000", "5"],
        ["2.000000", "10"],
    ]


def table_of(path: str, wanted: Mapping[str, Sequence[MapSnapshot]] | None = None) -> list[list[str]]:
    """Record an object as it is loaded, a second for each snapshot of its maps, and return the table's rows."""
    file = f"{path}.rec"
    with choose_runtime("vm").load(CollectionSpec.from_file(path)) as collection, EventReader(collection) as events:
        sample = Sampler(collection, clock=lambda: 0.0).take()
        with Recorder.of(file, collection, interval=1.0) as tape:
            for tick in range(max(map(len, (wanted or {"": [None]}).values()))):
                maps = {name: found[tick] for name, found in (wanted or {}).items()}
                one = replace(sample, time=float(tick), maps={**sample.maps, **maps})
                tape.add(one, events.take(), Printed(()))
    return [*csv.reader(io.StringIO("\n".join(lines(file, "csv"))))][1:]


@pytest.mark.parametrize(
    ("path", "name", "cells"),
    [
        ("typed.o", "last", [["mode", "MODE_OFF"], ["size", "0"]]),
        (
            "values.o",
            "flags",
            [["one", "1"], ["three", "5"], ["minus", "-3"], ["wide", "8589934591"], ["colour", "BLUE"]],
        ),
    ],
)
def test_a_variable_has_rows_of_numbers_and_texts(path: str, name: str, cells: list[list[str]], tmp_path: Path) -> None:
    here = shutil.copy(OBJECTS / path, tmp_path)
    assert [row[4:] for row in table_of(str(here)) if row[2] == name] == cells


def test_what_is_missing_from_a_snapshot_that_is_not_whole_is_not_gone(tmp_path: Path) -> None:
    a, b = (Entry(bytes(15) + bytes([last]), (bytes([last + 4, 0, 0, 0]),)) for last in (1, 2))
    snapshots = [
        MapSnapshot((a, b)),
        MapSnapshot((a,), partial=True),
        MapSnapshot((b,), partial=True, beyond=1),
        MapSnapshot((a,)),
        MapSnapshot((a, b), partial=True),
    ]
    here = shutil.copy(OBJECTS / "flows.o", tmp_path)
    assert [row for row in table_of(str(here), {"hosts": snapshots}) if row[2] == "hosts"] == [
        ["0.000000", "map", "hosts", "::1", "", "5"],
        ["0.000000", "map", "hosts", "::2", "", "6"],
        ["3.000000", "map", "hosts", "::2", "", ""],
        ["4.000000", "map", "hosts", "::2", "", "6"],
    ]


def test_packets_of_test_runs(recording: str, tmp_path: Path) -> None:
    file = tmp_path / "runs.pcapng"
    done = bpftui("export", recording, "--output", str(file))
    assert (done.code, done.out) == (0, f"written: 4 packets to {file}\n")
    assert "1 run had no packet" in done.err
    assert [(each.time, each.frame) for each in Capture(str(file))] == [
        # libpcap gives them in microseconds
        (1_800_000_001_500_000_000, UDP),
        (1_800_000_001_500_001_000, OUT),
        (1_800_000_001_750_000_000, UDP),
        (1_800_000_001_750_000_000, UDP),
    ]
    refused = bpftui("export", recording, "--output", str(file)).refused(ExitCode.USAGE)
    assert "there is a file of that name already" in refused


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
def test_tshark_reads_the_packets(recording: str, tmp_path: Path) -> None:
    file = str(tmp_path / "runs.pcapng")
    assert bpftui("export", recording, "--format", "pcapng", "--output", file).code == 0
    wanted = ["frame.time_epoch", "frame.interface_name", "frame.packet_flags_direction", "frame.comment", "eth.dst"]
    command = ["tshark", "-n", "-r", file, "-T", "fields", *(word for each in wanted for word in ("-e", each))]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert [line.split("\t") for line in done.stdout.splitlines()] == [
        ["1800000001.500000000", "count_traffic", "0x00000001", "into count_traffic", "00:00:00:00:00:00"],
        ["1800000001.500001500", "count_traffic", "0x00000002", "count_traffic: XDP_PASS", "ff:ff:ff:ff:ff:ff"],
        ["1800000001.750000000", "count_traffic", "0x00000001", "into count_traffic", "00:00:00:00:00:00"],
        ["1800000001.750000700", "count_traffic", "0x00000002", "count_traffic: XDP_DROP", "00:00:00:00:00:00"],
    ]


def test_a_trace_has_the_documented_shape(recording: str) -> None:
    """As Trace Event Format has it: what events of each phase must have, and of which type."""
    document = json.loads("\n".join(lines(recording, "perfetto")))
    assert document["displayTimeUnit"] in ("ms", "ns")
    events: list[dict[str, Any]] = document["traceEvents"]
    for each in events:
        assert isinstance(each["name"], str)
        assert {type(each[name]) for name in ("pid", "tid")} == {int}
        assert isinstance(each["ts"], int | float)
        assert isinstance(each["args"], dict)
        match each["ph"]:
            case "X":
                assert each["dur"] >= 0
            case "i":
                assert each["s"] in ("g", "p", "t")
            case "C":
                assert all(isinstance(value, int | float) for value in each["args"].values())
            case "M":
                assert each["name"] in ("process_name", "thread_name")
                assert isinstance(each["args"]["name"], str)
            case phase:
                pytest.fail(phase)
    tracks = {each["tid"]: each["args"]["name"] for each in events if each["name"] == "thread_name"}
    told = [(each["ph"], tracks.get(each["tid"], ""), each["name"], each["ts"]) for each in events if each["ph"] != "M"]
    assert told == [
        ("i", "", "loaded traffic.o", 0),
        ("X", "count_traffic", "run: XDP_PASS", 1_500_000),
        ("X", "count_traffic", "run: XDP_DROP", 1_750_000),
        ("X", "", "run: 4294967295", 1_800_000),
        ("i", "events", "events", 1_000_000),
        ("i", "printed", 'said "\x1b[31m"', 1_000_000),
        ("C", "", "count_traffic runs/s", 1_000_000),
        ("i", "events", "events", 2_000_000),
        ("C", "", "count_traffic runs/s", 2_000_000),
    ]
    counted = [each["args"] for each in events if each["ph"] == "C"]
    assert counted == [{"runs/s": 5.0}] * 2
    run = next(each for each in events if each["ph"] == "X")
    assert (run["dur"], run["args"]["retval"], run["args"]["packet"]) == (1.5, 2, UDP.hex())
    record = next(each["args"]["record"] for each in events if each["name"] == "events")
    assert record["kind"]["protocol"] == "UDP"


def test_mistakes(recording: str, tmp_path: Path) -> None:
    assert "it is no recording" in bpftui("export", "bpf/traffic.o").refused(ExitCode.REFUSED)
    assert "there is no such file" in bpftui("export", "none.rec").refused(ExitCode.REFUSED)
    assert "name a file" in bpftui("export", recording, "--format", "pcapng").refused(ExitCode.USAGE)
    nowhere = str(tmp_path / "none" / "a.csv")
    for form in ("csv", "pcapng"):
        message = bpftui("export", recording, "--format", form, "--output", nowhere).refused(ExitCode.REFUSED)
        assert message == f"{nowhere}: it cannot be written: there is no directory {tmp_path}/none"
    written = tmp_path / "a.csv"
    written.write_text("mine")
    assert "of that name already" in bpftui("export", recording, "--output", str(written)).refused(ExitCode.USAGE)
    assert written.read_text() == "mine"
