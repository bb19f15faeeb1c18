"""`bpftui show --against`: structs beside those of a BTF file, as a table and as JSON."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from bpftui.core.errors import UsageError
from bpftui.tui.commands.show import command as show

OBJECTS = Path(__file__).parents[3] / "objects"
SHAPES, TARGET = str(OBJECTS / "core_shapes.o"), str(OBJECTS / "core_target.o")


def test_one_struct_whole(capsys: pytest.CaptureFixture[str]) -> None:
    assert show.run([SHAPES, "--layout", "struct twins", "--against", TARGET]) == 0
    assert [re.split(r" {2,}", line) for line in capsys.readouterr().out.splitlines()] == [
        [f"struct twins, 8 bytes, beside that of {TARGET}: 2 moved"],
        ["", "member", "here: offset, bytes, type", "there", "CO-RE"],
        ["⚠", "same", "0", "4", "int", "4", "4", "moved", "names:4 byte_off"],
        ["⚠", "different", "4", "4", "int", "0", "4", "moved", "ambiguous:0 byte_off"],
    ]


def test_all_that_differ_and_the_names_of_the_others(capsys: pytest.CaptureFixture[str]) -> None:
    assert show.run([SHAPES, "--against", SHAPES]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith(f"the same as that of {SHAPES}: struct moved, struct point, ")
    assert show.run([SHAPES, "--against", TARGET]) == 0
    shown = capsys.readouterr().out
    assert f"struct moved, 104 bytes, beside that of {TARGET}: 2 only there, 9 moved" in shown
    assert shown.splitlines()[-1] == f"the same as that of {TARGET}: none"


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert show.run([SHAPES, "--json", "--layout", "twins", "--against", TARGET]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["schema"] == "bpftui/spec/1"
    (twins,) = found["against"]
    assert (twins["type"], twins["size"], twins["other_size"], twins["same"]) == ("struct twins", 8, 8, False)
    assert twins["members"][0] == {
        "name": "same",
        "difference": ["moved"],
        "here": {"type": "int", "bit_offset": 0, "bits": 32},
        "there": {"type": "int", "bit_offset": 32, "bits": 32},
        "core": [{"program": "names", "slot": 4, "kind": "byte_off"}],
    }


def test_what_is_not_there_is_said() -> None:
    with pytest.raises(UsageError) as raised:
        show.run([SHAPES, "--layout", "struct absent", "--against", TARGET])
    assert str(raised.value) == f"{SHAPES}: struct absent is not among the types of {TARGET}"
