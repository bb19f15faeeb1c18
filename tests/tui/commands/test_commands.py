"""What the commands print, and how they end."""

from __future__ import annotations

import json
import os
import platform
import re
import signal
import subprocess
import sys
from importlib import metadata
from typing import TYPE_CHECKING

import pytest

from bpftui.tui.commands import versions
from tests.tui.commands.command_line import COMMAND, ROOT, bpftui, user_environment
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from pathlib import Path


def shell(script: str) -> subprocess.CompletedProcess[str]:
    """Run a bash script in which $B stands for bpftui; a part of a pipe that fails makes it fail."""
    script = f"set -o pipefail; B='{' '.join(COMMAND)}'; {script}"
    return subprocess.run(
        ["bash", "-c", script],
        cwd=ROOT,
        env=user_environment(),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def test_show_json_is_one_document() -> None:
    done = bpftui("show", "--json", "bpf/traffic.o", "--set", "sample_every=7", "--set", "counting=off")
    assert (done.code, done.err) == (0, "")
    spec = json.loads(done.out)
    assert spec["schema"] == "bpftui/spec/1"
    assert spec["file"] == "bpf/traffic.o"
    assert {v["name"]: v["value"] for v in spec["variables"]} == {
        "sample_every": 7,
        "track_sources": True,
        "counting": False,
        "total_packets": 0,
        "total_bytes": 0,
        "lost_events": 0,
    }


def test_show_as_text() -> None:
    done = bpftui("show", "bpf/constants.o", "--set", "mode=MODE_DROP")
    assert (done.code, done.err) == (0, "")
    assert "\x1b" not in done.out
    for text in (
        "bpf/constants.o  little-endian, license 'Dual MIT/GPL', 62 types",
        "constants  xdp  ",
        "by_name  hash  char[16] → __u64",
        "const volatile enum mode mode = MODE_DROP  .rodata+0x4, 4 bytes, changed",
        'const volatile char name[16] = "default"',
    ):
        assert text in done.out
    assert all(line == line.rstrip() for line in done.out.splitlines())


def test_show_says_why_something_is_not_usable() -> None:
    assert "hidden_var  variable: hidden visibility" in bpftui("show", "bpf/hidden_example.o").out


@pytest.mark.parametrize("choice", ["always", "never"])
def test_colours_on_demand(choice: str) -> None:
    for command in ("show", "disasm"):
        assert ("\x1b[" in bpftui(command, "bpf/my_map.o", "--color", choice).out) == (choice == "always")


def test_disasm_shows_source_and_names() -> None:
    out = bpftui("disasm", "bpf/count_packets.o").out.splitlines()
    assert out[0] == "count_packets:"
    assert "; __u64 *count = bpf_map_lookup_elem(&pkt_count, &key); @ count_packets.c:16" in out
    assert any("map[pkt_count]" in line for line in out)
    plain = bpftui("disasm", "bpf/count_packets.o", "--no-source").out.splitlines()
    assert all(re.match(r" *\d+: |count_packets:", line) for line in plain)


def test_disasm_raw_of_one_section() -> None:
    out = bpftui("disasm", "bpf/traffic.o", "--raw", "--section", ".text", "--syntax", "llvm").out.splitlines()
    assert out[0].startswith("0: ")
    assert out[-1].endswith("exit")


@pytest.mark.kernel
def test_a_variable_that_is_set_counts_up_from_there() -> None:
    arguments = ["run", "bpf/global_example.o", "global_example", "--set", "global_u16=9000", "--repeat", "3"]
    done = bpftui(*arguments)
    assert (done.code, done.err) == (0, "")
    assert [int(n) for n in re.findall(r"^global_example returned (\d+) ", done.out, re.MULTILINE)] == [
        9000,
        9001,
        9002,
    ]
    runs = [json.loads(line) for line in bpftui(*arguments, "--json").out.splitlines()]
    assert [run["retval"] for run in runs] == [9000, 9001, 9002]
    for run in runs:
        changes = {"maps", "variables", "events", "lost", "printed"}
        assert set(run) == {"schema", "program", "retval", "duration_ns", "data_out"} | changes
        assert (run["schema"], run["program"]) == ("bpftui/run/1", "global_example")
    assert [run["variables"] for run in runs] == [{"global_u16": value} for value in (9001, 9002, 9003)]


@pytest.mark.kernel
def test_a_packet_from_a_file_and_one_from_digits(tmp_path: Path) -> None:
    packet = bytes(range(64))
    (tmp_path / "packet").write_bytes(packet)
    for data in (f"@{tmp_path}/packet", packet.hex(), "0x" + packet.hex(":")):
        (line,) = bpftui("run", "bpf/count_packets.o", "count_packets", "--data", data, "--json").out.splitlines()
        run = json.loads(line)
        assert run["retval"] == 2
        assert run["data_out"] == packet.hex()


@pytest.mark.kernel
def test_check() -> None:
    done = bpftui("check", "tests/objects/bad_bounds.o", "--json")
    assert (done.code, done.err) == (1, "")
    report = json.loads(done.out)
    assert set(report) == {"schema", "file", "runtime", "ok", "maps", "programs", "open_ms", "load_ms"}
    assert [(p["name"], p["ok"]) for p in report["programs"]] == [("fine", True), ("bad_bounds", False)]
    assert "invalid access to packet" in report["programs"][1]["log"]
    assert "everything loads" in bpftui("check", "bpf/constants.o").out
    text = bpftui("check", "tests/objects/bad_bounds.o")
    assert text.code == 1
    assert "1 of 2 do not load" in text.out


@pytest.mark.kernel
def test_watch_prints_samples() -> None:
    arguments = ["watch", "bpf/count_packets.o", "--attach", "count_packets=sandbox", "--interval", "0.2"]
    done = bpftui(*arguments, "--duration", "1", "--json")
    assert (done.code, done.err) == (0, "")
    samples = [json.loads(line) for line in done.out.splitlines()]
    assert len(samples) >= 4
    assert all(sample["schema"] == "bpftui/sample/2" for sample in samples)
    times = [sample["time"] for sample in samples]
    counts = [sample["maps"]["pkt_count"]["entries"][0]["value"] for sample in samples]
    assert times == sorted(times)
    assert counts == sorted(counts)
    assert counts[-1] > counts[0]


@pytest.mark.kernel
def test_demo_prints_a_line_a_second_and_ends() -> None:
    """On a machine that has much else to do, lines come late, and packets are sent later than they were to be."""
    done = bpftui("demo", "--duration", "2", "--rate", "2000")
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    found = [re.fullmatch(r" +(\d+\.\d) s  pkt_count +([\d,]+) +([\d,]+) packets/s  (█*)", line) for line in lines[1:]]
    assert 1 <= len(found) <= 2
    for number, match in enumerate(found, 1):
        assert match is not None
        assert number - 0.3 < float(match[1]) < number + 10
        assert 0 < int(match[3].replace(",", "")) < 20_000
        assert match[4]


@pytest.mark.kernel
def test_demo_as_json() -> None:
    samples = [json.loads(line) for line in bpftui("demo", "--duration", "1", "--json").out.splitlines()]
    keys = {"schema", "time", "maps", "variables", "programs", "events", "lost", "printed"}
    assert [set(sample) for sample in samples] == [keys] * len(samples)
    (entry,) = samples[-1]["maps"]["pkt_count"]["entries"]
    assert entry["key"] == 0
    assert entry["value"] > 1000
    assert samples[-1]["programs"]["count_packets"]["run_cnt"] > 1000
    # Runs are counted from the first on, and read after the maps.
    for sample in samples:
        assert sample["programs"]["count_packets"]["run_cnt"] >= sample["maps"]["pkt_count"]["entries"][0]["value"]


@pytest.mark.parametrize(
    "command",
    [
        "$B show tests/objects/sections.o | true",
        "$B show --json tests/objects/sections.o | true",
        "$B disasm tests/objects/sections.o | head -1",
        "$B disasm tests/objects/sections.o --color always | head -1",
        "$B --help | true",
    ],
)
def test_a_reader_that_goes_away_is_no_error(command: str) -> None:
    done = shell(command)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.kernel
def test_a_reader_of_the_demo_that_goes_away() -> None:
    done = shell("$B demo --duration 5 --interval 0.1 | head -2")
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == 2


@pytest.mark.parametrize("options", ["", "--json"])
def test_a_full_disk_is_one_line(options: str) -> None:
    done = shell(f"$B show bpf/traffic.o {options} >/dev/full")
    assert done.returncode == 1
    assert done.stderr == "bpftui: error: the output cannot be written: no space left on device\n"


def test_closed_streams_are_no_traceback() -> None:
    assert shell("$B show bpf/traffic.o >&-").stderr == ""
    assert shell("$B show bpf/no.o 2>&-").returncode == 1


@pytest.mark.kernel
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
@pytest.mark.parametrize(
    "arguments",
    [["demo", "--duration", "30"], ["watch", "bpf/count_packets.o", "--attach", "count_packets=sandbox"]],
    ids=lambda arguments: arguments[0],
)
def test_a_signal_ends_it_in_order(arguments: list[str], number: signal.Signals) -> None:
    """That nothing is left is checked for the whole run, in tests/conftest.py."""
    process = subprocess.Popen(
        [*COMMAND, *arguments, "--interval", "0.1"],
        cwd=ROOT,
        env=user_environment(PYTHONUNBUFFERED="1"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(number)
        _, err = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
        process.wait()
    # Where the machine has too much to do for that, it ends by the signal.
    by_signal = signal.SIGTERM if number == signal.SIGHUP else number
    assert process.returncode in (130, -by_signal)
    assert err == ""


HEAVY = {"textual", "rich", "numpy", "capstone", "pyroute2", "elftools", "pygments"}
ELSEWHERE = {"tempfile", "random", "lzma", "datetime"}
"""What nobody needs who only reads an object. (How a package is called takes them: `--version`.)"""


@pytest.mark.parametrize(
    "arguments",
    [
        ["--version"],
        ["--help"],
        ["show", "--json", "bpf/traffic.o"],
        ["show", "--json", "bpf/traffic.o", "--set", "sample_every=1"],
    ],
    ids=" ".join,
)
def test_what_starts_quickly_loads_nothing_heavy(arguments: list[str]) -> None:
    script = (
        "import sys; from bpftui.tui.__main__ import main; main(sys.argv[1:]);"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    loaded = set(done.stderr.splitlines()[-1].split())
    assert "bpftui" in loaded
    assert not loaded & (HEAVY | ELSEWHERE if arguments[0] == "show" else HEAVY)


def test_version_and_help() -> None:
    assert re.fullmatch(r"bpftui \d+\.\d+\.\d+", bpftui("--version").out.splitlines()[0])
    out = bpftui("--help").out
    for command in ("show", "disasm", "run", "watch", "check", "demo", "doctor"):
        assert f"bpftui {command}" in out
        done = bpftui(command, "--help")
        assert (done.code, done.err) == (0, "")
        assert f"usage: bpftui {command}" in done.out


def test_the_version_tells_where_a_fault_happened() -> None:
    first, *facts = bpftui("--version", env=user_environment(TERM="foot", COLORTERM="truecolor")).out.splitlines()
    told = {line.split(None, 1)[0]: line.split(None, 1)[1] for line in facts}
    assert list(told) == ["python", "packages", "kernel", "rights", "terminal"]
    assert platform.python_version() in told["python"]
    packages = dict(each.split(" ") for each in told["packages"].split(", "))
    assert packages == {name: metadata.version(name) for name in packages}
    assert set(packages) >= {"textual", "rich", "pyelftools", "capstone"}
    assert os.uname().release in told["kernel"]
    assert f"user {os.geteuid()}, " in told["rights"]
    assert "TERM=foot, COLORTERM=truecolor" in told["terminal"]
    assert first.startswith("bpftui ")


def test_the_version_is_told_of_a_copy_without_metadata(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", missing)
    monkeypatch.setattr(versions, "_TYPES", "/nonexistent")
    report = versions.version_report().splitlines()
    assert report[0] == "bpftui, of a version that is not known"
    assert "textual not installed" in report[2]
    assert "publishes no types" in report[3]


def test_a_file_named_like_a_command_is_opened_with_its_path(tmp_path: Path) -> None:
    (tmp_path / "show").write_bytes((ROOT / "bpf/my_map.o").read_bytes())
    environment = user_environment(PYTHONPATH="")
    line = bpftui("./show", cwd=tmp_path, env=environment).refused(2)
    assert "bpftui show ./show" in line
