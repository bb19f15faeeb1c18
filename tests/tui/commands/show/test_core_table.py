"""`bpftui show --core`: the table and the JSON, against a BTF file."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from bpftui.core.errors import ObjectError, UsageError
from bpftui.tui.commands.columns import Column, print_columns
from bpftui.tui.commands.show import command as show

OBJECTS = Path(__file__).parents[3] / "objects"
SHAPES, TARGET = str(OBJECTS / "core_shapes.o"), str(OBJECTS / "core_target.o")


def test_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert show.run([SHAPES, "--core", "--btf", TARGET]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["program", "insn", "kind", "access", "resolves", "to"]
    assert len(lines) == 1 + 61
    assert re.split(r" {2,}", lines[1]) == ["fields", "0", "byte_off", "struct moved.second", "offset 64, 4 bytes"]
    renamed = next(line for line in lines if "flavored___here" in line)
    assert renamed.endswith("struct flavored___here.value  struct flavored.value  offset 8, 4 bytes")
    ambiguous = next(line for line in lines if line.startswith("ambiguous"))
    assert f"struct twins.different is ambiguous: the BTF of {TARGET} has" in ambiguous


def test_columns(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [("a", "1", ""), ("ä本", ("22222", "danger"), "x\x1b"), ("", "", "")]
    columns = [Column("name", "good"), Column("n", is_number=True), Column("what")]
    print_columns(columns, rows, color=False)
    expected = ["name      n  what", "a         1", "ä本   22222  x\\x1b", ""]
    assert capsys.readouterr().out.splitlines() == expected
    print_columns(columns, rows, color=True)
    colored = capsys.readouterr().out
    assert re.sub(r"\x1b\[\d*m", "", colored).splitlines() == expected
    assert "\x1b[32mä本\x1b[0m   \x1b[31m22222\x1b[0m  x\\x1b\n" in colored


def test_json_has_one_more_key(capsys: pytest.CaptureFixture[str]) -> None:
    show.run([SHAPES, "--json"])
    plain = json.loads(capsys.readouterr().out)
    assert "core" not in plain
    show.run([SHAPES, "--json", "--core", "--btf", TARGET])
    shown = json.loads(capsys.readouterr().out)
    core = shown.pop("core")
    assert shown == plain
    assert len(core) == sum(program["core_relocations"] for program in plain["programs"]) == 61
    assert core[0] == {
        "program": "fields",
        "insn": 0,
        "kind": "byte_off",
        "access": "0:0",
        "local": "struct moved.second",
        "outcome": "resolved",
        "target": "struct moved.second",
        "exists": True,
        "value": 64,
        "size": 4,
        "module": None,
        "candidates": [1],
        "reason": None,
    }


def test_a_raw_blob_is_the_same_as_the_object(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from bpftui.core.btf.target import read_btf

    blob = tmp_path / "blob.btf"
    blob.write_bytes(read_btf(TARGET).raw)
    show.run([SHAPES, "--core", "--json", "--btf", str(blob)])
    from_blob = capsys.readouterr().out.replace(str(blob), TARGET)
    show.run([SHAPES, "--core", "--json", "--btf", TARGET])
    assert from_blob == capsys.readouterr().out


def test_what_is_no_btf(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="give one of them"):
        show.run([SHAPES, "--btf", TARGET])
    nothing = tmp_path / "nothing"
    nothing.write_bytes(b"no BTF at all, but long enough for a header")
    with pytest.raises(ObjectError, match="no BTF magic"):
        show.run([SHAPES, "--core", "--btf", str(nothing)])
    with pytest.raises(ObjectError, match=r"it has no section \.BTF"):
        show.run([SHAPES, "--core", "--btf", str(OBJECTS / "subprograms.nobtf.o")])


def test_an_object_without_types_has_an_empty_table(capsys: pytest.CaptureFixture[str]) -> None:
    show.run([str(OBJECTS / "subprograms.nobtf.o"), "--core", "--json"])
    assert json.loads(capsys.readouterr().out)["core"] == []
