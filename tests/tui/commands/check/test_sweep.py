"""`bpftui check --sweep`: each combination of values, in one table."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from bpftui.core.errors import UsageError
from bpftui.tui.__main__ import main
from bpftui.tui.commands.check.sweep import swept

TRAFFIC = str(Path(__file__).parents[4] / "bpf/traffic.o")
SWEEP = ["--sweep", "sample_every=0,1", "--sweep", "total_packets=5,6"]


def test_values_of_a_name() -> None:
    assert swept(["mode=STRICT,LAX", "debug= 0,1", "mode=OFF,LAX"]) == {
        "mode": ["STRICT", "LAX", "OFF"],
        "debug": ["0", "1"],
    }
    assert swept(['a=[1,2],{"x": [3,4]}', 'b="p,q",r']) == {"a": ["[1,2]", '{"x": [3,4]}'], "b": ['"p,q"', "r"]}
    assert swept(["a=],1,2"]) == {"a": ["]", "1", "2"]}
    with pytest.raises(UsageError, match="--sweep 'mode' is not of the form NAME=VALUE,VALUE"):
        swept(["mode"])
    with pytest.raises(UsageError, match="1,100 combinations are more than 1,000"):
        swept([f"a={','.join(map(str, range(100)))}", f"b={','.join(map(str, range(11)))}"])


def test_each_combination_has_its_row(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", TRAFFIC, "--runtime", "vm", *SWEEP]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == [
        "sample_every",
        "total_packets",
        "program",
        "verified",
        "states",
        "peak",
        "µs",
        "why",
        "not",
    ]
    rows = [line.split()[:4] for line in lines[1:-1]]
    assert rows == [["ok", one, two, "count_traffic"] for one in "01" for two in "56"]
    assert lines[-1] == "combinations of sample_every, total_packets: all 4 load"


def test_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", TRAFFIC, "--runtime", "vm", "--json", *SWEEP]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["schema"], found["ok"], len(found["combinations"])) == ("bpftui/sweep/1", True, 4)
    last = found["combinations"][-1]
    assert last["values"] == {"sample_every": "1", "total_packets": "6"}
    assert last["check"]["schema"] == "bpftui/check/1"


def test_what_makes_no_sense(capsys: pytest.CaptureFixture[str]) -> None:
    for words, said in (
        (["--sweep", "sample_evry=1"], "there is no variable 'sample_evry'"),
        ([*SWEEP, "--csv"], "--sweep is a table of its own"),
        ([*SWEEP, "--sort", "peak"], "--sweep is a table of its own"),
        ([TRAFFIC, *SWEEP], "--sweep takes one object"),
    ):
        assert main(["check", "--runtime", "vm", TRAFFIC, *words]) == 2
        assert said in capsys.readouterr().err


def test_a_value_that_does_not_fit_is_found_out_first(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[object] = []
    monkeypatch.setattr("bpftui.tui.commands.check.sweep.check_json", tried.append)
    words = ["--sweep", "sample_every=0,1", "--sweep", "total_packets=5,many"]
    assert main(["check", TRAFFIC, "--runtime", "vm", *words]) != 0
    assert "many" in capsys.readouterr().err
    assert tried == []


def test_standard_input_is_read_once(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(Path(TRAFFIC).read_bytes())))
    assert main(["check", "-", "--runtime", "vm", *SWEEP]) == 0
    assert capsys.readouterr().out.splitlines()[-1].endswith("all 4 load")


@pytest.mark.kernel
def test_what_the_verifier_walks_over_depends_on_the_constant(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", TRAFFIC, "--runtime", "kernel", "--sweep", "sample_every=0,1", "--json"]) == 0
    without, with_ = (each["check"]["programs"][0] for each in json.loads(capsys.readouterr().out)["combinations"])
    assert without["processed_insns"] < with_["processed_insns"]
