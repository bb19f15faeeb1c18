"""`bpftui check`: the table, several objects, comparisons, explanations."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bpftui.core.vm.runtime import MachineRuntime
from bpftui.tui.commands.check.command import run
from tests.tui.commands.command_line import bpftui

if TYPE_CHECKING:
    from bpftui.core.runtime import CheckReport
    from bpftui.core.spec import CollectionSpec

ROOT = Path(__file__).parents[4]


def check(*arguments: str) -> tuple[int, str, str]:
    done = bpftui("check", *arguments)
    return done.code, done.out, done.err


@pytest.mark.kernel
def test_the_table_and_the_explanation() -> None:
    code, out, err = check("tests/objects/bad_offbyone.o", "bpf/constants.o", "/nonexistent.o")
    assert (code, err) == (1, "bpftui: warning: /nonexistent.o: there is no such file\n")
    head, row = out.splitlines()[1:3]
    assert head.split() == [
        "kind",
        "name",
        "type",
        "insns",
        "verified",
        "states",
        "peak",
        "µs",
        "log",
        "bytes",
        "stack",
        "why",
        "not",
    ]
    assert re.fullmatch(
        r"NO  program  bad_offbyone  xdp      14         8       0     0 +[\d,]+ +[\d,]+      0  bad_offbyone\.c:14: "
        r"the check covers 13 bytes of the packet, this access needs 14: off by one",
        row,
    )
    assert "── bad_offbyone\nbad_offbyone.c:14: the check covers 13 bytes" in out
    assert "tests/objects/bad_offbyone.o: 1 of 1 do not load" in out
    assert "bpf/constants.o: everything loads" in out


def test_an_object_that_meets_a_bug_does_not_hide_the_others(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(self: MachineRuntime, spec: CollectionSpec, *, log_level: int = 0) -> CheckReport:
        if spec.file.endswith("map_attributes.o"):
            raise KeyError(".bss")
        return whole(self, spec, log_level=log_level)

    whole = MachineRuntime.check
    monkeypatch.setattr(MachineRuntime, "check", fails)
    monkeypatch.chdir(ROOT)
    assert run(["--runtime", "vm", "tests/objects/map_attributes.o", "tests/objects/pinned_map.o"]) == 1
    out, err = capsys.readouterr()
    assert err.startswith("bpftui: warning: tests/objects/map_attributes.o: unexpected KeyError: '.bss'; ")
    assert "ok  map      shared  hash" in out


def test_a_number_that_does_not_fit_is_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--runtime", "vm", str(ROOT / "tests/objects/map_attributes.o")]) == 1
    reason = "its attribute max_entries is 4294967304, which does not fit into 32 bits"
    assert f"cannot create map too_wide: {reason}" in capsys.readouterr().out


@pytest.mark.kernel
def test_json_and_what_a_constant_changes(tmp_path: Path) -> None:
    code, out, _ = check("bpf/traffic.o", "--json")
    assert code == 0
    document = json.loads(out)
    (program,) = document["programs"]
    assert program["verified_insns"] == program["processed_insns"] == 427
    assert (program["states"], program["peak_states"], program["stack"], program["explanation"]) == (
        26,
        26,
        [56, 0],
        None,
    )
    before = tmp_path / "before.json"
    before.write_text(out)
    _, same, _ = check("bpf/traffic.o", "--compare", str(before))
    assert same.endswith(f"compared with {before}: nothing is different\n")
    _, changed, _ = check("bpf/traffic.o", "--set", "sample_every=0")
    assert "compared with without --set: 1 different" in changed
    assert re.search(r"count_traffic  ok      ok   \d+ → \d+ \(-\d+\.\d %\)  \d+ → \d+ \(-\d+\.\d %\)", changed)
    code, several, _ = check("bpf/traffic.o", "tests/objects/bad_null.o", "--json")
    assert code == 1
    assert [(found["file"], found["ok"]) for found in json.loads(several)] == [
        ("bpf/traffic.o", True),
        ("tests/objects/bad_null.o", False),
    ]
    explanation = json.loads(several)[1]["programs"][0]["explanation"]
    assert (explanation["key"], explanation["register"], explanation["line"]) == ("null-pointer", "r0", 18)


@pytest.mark.kernel
def test_the_log_level() -> None:
    _, out, _ = check("bpf/constants.o", "--json", "--log-level", "6")
    log = json.loads(out)["programs"][0]["log"]
    assert re.search(r"^0: R1=ctx\(", log, re.MULTILINE)
    assert "verification time" in log


def test_what_cannot_be_compared_with(tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    for text, reason in (("{", "it is no JSON"), ("[1]", "it is not of the schema"), ('{"schema": 1}', "it is not of")):
        other.write_text(text)
        code, out, err = check("bpf/traffic.o", "--compare", str(other))
        assert (code, out) == (1, "")
        assert err.startswith(f"bpftui: error: {other}: {reason}")
    assert check("bpf/traffic.o", "--log-level", "9")[0] == 2


@pytest.mark.kernel
def test_the_programs_of_several_objects_in_one_table_and_as_csv(tmp_path: Path) -> None:
    objects = ("tests/objects/bad_null.o", "bpf/traffic.o", "bpf/count_packets.o")
    code, out, err = check(*objects, "--table", "--sort", "verified")
    head, *rows, total = out.splitlines()
    assert (code, err) == (1, "")
    assert head.split() == ["file", "program", "type", "insns", "verified", "states", "peak", "µs"]
    assert [row.split()[:7] for row in rows] == [
        ["ok", "traffic.o", "count_traffic", "xdp", "183", "427", "26"],
        ["ok", "count_packets.o", "count_packets", "xdp", "12", "11", "1"],
        ["NO", "bad_null.o", "bad_null", "socket_filter", "14", "9", "0"],
    ]
    assert total == "programs of 3 objects: 1 of 3 do not load; 447 instructions walked over"
    _, out, _ = check(*objects, "--csv", "--sort", "name")
    head, *rows = out.splitlines()
    assert head == "file_name,prog_name,verdict,duration,total_insns,total_states,peak_states,max_states_per_insn"
    assert [re.sub(r"(success|failure),\d+,", r"\1,µs,", row) for row in rows] == [
        "bad_null.o,bad_null,failure,µs,9,0,0,0",
        "count_packets.o,count_packets,success,µs,11,1,1,0",
        "traffic.o,count_traffic,success,µs,427,26,26,1",
    ]
    before = tmp_path / "before.csv"
    before.write_text(out)
    _, same, _ = check("bpf/traffic.o", "--compare", str(before))
    assert same.endswith(f"compared with {before}: nothing is different\n")
    before.write_text("file,prog,verdict,insns\ntraffic.o,count_traffic,failure,500\n")  # veristat -e … -o csv
    _, changed, _ = check("bpf/traffic.o", "--compare", str(before))
    assert re.search(r"count_traffic +NO +ok +500 → 427 \(-14\.6 %\) +26 +26$", changed, re.MULTILINE)
    assert check("bpf/traffic.o", "--csv", "--json")[0] == 2


def test_csv_that_is_damaged(tmp_path: Path) -> None:
    before = tmp_path / "before.csv"
    for text, reason in (
        ("a,b\n", "it has no columns file_name and prog_name (as of veristat -o csv)"),
        ("file,prog,insns\nx.o,x,many\n", "line 2: invalid literal for int() with base 10: 'many'"),
        ("file,prog,insns\nx.o,x,1,2\n", "line 2 has 4 columns instead of 3"),
        ("file,prog,insns\nx.o\n", "line 2 has 1 columns instead of 3"),
    ):
        before.write_text(text)
        code, out, err = check("bpf/traffic.o", "--compare", str(before))
        assert (code, out, err) == (1, "", f"bpftui: error: {before}: {reason}\n")


@pytest.mark.kernel
def test_sorted_and_some_of_the_programs_only() -> None:
    def names(*options: str) -> list[str]:
        _, out, _ = check("tests/objects/needs.o", *options)
        return [line.split()[2] for line in out.splitlines() if line[4:].startswith("program")]

    assert names("--only", "*_kfunc", "--only", "bare_f*") == ["bare_field", "bare_kfunc", "asked_kfunc"]
    assert names("--sort", "insns")[:2] == ["asked_field", "argument_helper"]
    assert names("--sort", "verified")[0] == "argument_helper"
    assert names("--sort", "verified")[-1] == "misspelt_hook"  # it was not walked through
    assert names("--sort", "name") == sorted(names())
    code, _, err = check("tests/objects/needs.o", "--only", "bare_felid")
    assert (code, err) == (
        2,
        "bpftui: error: there is no program 'bare_felid' in tests/objects/needs.o (did you mean 'bare_field'?)\n",
    )
    assert check("tests/objects/needs.o", "--sort", "colour")[0] == 2
