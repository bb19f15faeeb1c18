"""`watch --record`, and recordings where commands take objects."""

from __future__ import annotations

import fcntl
import json
from pathlib import Path

import pytest

from bpftui.core.errors import ExitCode
from tests.tui.commands.command_line import bpftui

TRAFFIC = "bpf/traffic.o"
WATCH = ("--runtime", "vm", "--attach", "count_traffic=sandbox", "--interval", "0.05", "--duration", "0.4")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A recording, and what was printed while it was made."""
    path = str(tmp_path_factory.mktemp("recordings") / "traffic.rec")
    result = bpftui("watch", TRAFFIC, *WATCH, "--set", "sample_every=3", "--record", path, "--json")
    assert result.code == 0, result.err
    return path, result.out


def ordered(line: str) -> object:
    """Return a sample with the entries of maps in an order of their own: that of an LRU map is whom it met last."""
    sample = json.loads(line)
    for each in sample["maps"].values():
        each["entries"].sort(key=lambda entry: json.dumps(entry["key"]))
    return sample


def test_it_is_played_as_it_was_watched(made: tuple[str, str]) -> None:
    path, told = made
    times = [*(json.loads(line)["time"] for line in told.splitlines()), 99.0]
    played = bpftui("watch", path, "--json").out
    assert [*map(ordered, played.splitlines())] == [*map(ordered, told.splitlines())]
    few = bpftui(
        "watch", path, "--json", "--duration", str((times[0] + times[1]) / 2), "--map", "traffic"
    ).out.splitlines()
    assert [[*json.loads(line)["maps"]] for line in few] == [["traffic"]]


def test_its_object_is_as_it_was_loaded(made: tuple[str, str]) -> None:
    path, told = made
    shown = bpftui("show", path).out
    assert "const volatile __u32 sample_every = 3 " in shown
    count = len(told.splitlines())
    assert f", {count} sample{'s' * (count > 1)} in " in shown
    assert " s, vm runtime, Linux " in shown
    assert shown.endswith("     0.000 s  loaded  traffic.o\n     0.000 s  attached  count_traffic  sandbox\n")
    document = json.loads(bpftui("show", path, "--json").out)
    assert document["file"] == TRAFFIC
    recorded = document["recording"]
    assert (recorded["samples"], recorded["runtime"], recorded["runs"]) == (count, "vm", [])
    assert recorded["is_written"] is False
    with open(path, "rb") as writer:  # as its recorder does
        fcntl.flock(writer, fcntl.LOCK_EX)
        assert json.loads(bpftui("show", path, "--json").out)["recording"]["is_written"] is True
    assert recorded["marks"] == [
        {"time": 0.0, "kind": "loaded", "what": TRAFFIC.rpartition("/")[2], "detail": ""},
        {"time": 0.0, "kind": "attached", "what": "count_traffic", "detail": "sandbox"},
    ]
    # What takes an object takes it, too.
    checked = bpftui("check", path, "--runtime", "vm")
    assert (checked.code, "everything loads" in checked.out) == (0, True)
    assert bpftui("disasm", path, "count_traffic").out == bpftui("disasm", TRAFFIC, "count_traffic").out


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (
            ("watch", TRAFFIC, *WATCH, "--record", "{made}"),
            ExitCode.USAGE,
            "there is a file of that name already",
        ),
        (
            ("watch", TRAFFIC, *WATCH, "--record", "{made}/a"),
            ExitCode.REFUSED,
            "the recording cannot be written: not a directory",
        ),
        (
            ("watch", "{made}", "--set", "sample_every=1"),
            ExitCode.USAGE,
            "is a recording: it is played, and not changed",
        ),
        (("watch", "{made}", "--map", "trafic"), ExitCode.USAGE, "there is no map 'trafic'"),
        (("watch", "{broken}"), ExitCode.REFUSED, "the recording is damaged"),
        (("show", "{broken}"), ExitCode.REFUSED, "the recording is damaged"),
    ],
)
def test_what_does_not_go_is_a_sentence(
    made: tuple[str, str], tmp_path: Path, arguments: tuple[str, ...], code: ExitCode, message: str
) -> None:
    whole = Path(made[0]).read_bytes()
    broken = tmp_path / "broken.rec"
    broken.write_bytes(whole[: len(whole) // 2])
    result = bpftui(*(each.format(made=made[0], broken=broken) for each in arguments))
    assert (result.code, message in result.err) == (code, True), result.err
    assert Path(made[0]).read_bytes() == whole
