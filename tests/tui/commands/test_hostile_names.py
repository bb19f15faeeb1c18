"""Names come from files: no command may hand what a terminal obeys on to it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bpftui.tui.__main__ import main
from tests.core.spec.test_legacy import Maker
from tests.hostile import record_hostile
from tests.waiting import PATIENCE

TITLE = "evil\x1b]0;owned\x07\nname\u202e"
SHOWN = r"evil\x1b]0;owned\x07\nname\u202e"
TRAFFIC = str(Path(__file__).parents[3] / "bpf/traffic.o")
COMMANDS = [
    ["show"],
    ["show", "--graph"],
    ["show", "--graph", "--blocks"],
    ["show", "--core"],
    ["show", "--externs"],
    ["check", "--runtime", "vm"],
    ["disasm"],
    ["disasm", "--raw"],
    ["disasm", "--raw", "--syntax", "llvm"],
    ["diff", TRAFFIC],
    ["diff", TRAFFIC, "--html"],
]


@pytest.fixture
def hostile(tmp_path: Path) -> str:
    """Return an object whose program, map and sections have such names."""
    maker = Maker()
    maker.maps("maps", (TITLE + "map", maker.words(2, 4, 8, 1, 0)))
    maker.program("xdp/" + TITLE, TITLE)
    maker.program("socket", "other")
    maker.sections.append(("license", 1, 3, TITLE.encode() + b"\0"))
    path = tmp_path / "hostile.o"
    path.write_bytes(maker.build())
    return str(path)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_names_are_shown_with_escapes(words: list[str], hostile: str, capsys: pytest.CaptureFixture[str]) -> None:
    main([*words, hostile])
    told = capsys.readouterr()
    for text in (told.out, told.err):
        assert not set(text) & {"\x1b", "\x07", "\u202e"}
        assert "\nname" not in text
    if words not in (["show", "--core"], ["show", "--externs"], ["disasm", "--raw", "--syntax", "llvm"]):
        assert SHOWN in told.out


@pytest.mark.parametrize("command", ["cover", "fuzz"])
def test_a_program_that_is_run_has_such_a_name(command: str, hostile: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--data", "00" * 64] if command == "cover" else ["--seconds", "0.05"]
    main([command, *words, hostile, TITLE])
    told = capsys.readouterr()
    assert not set(told.out + told.err) & {"\x1b", "\x07", "\u202e"}
    assert SHOWN in told.out + told.err


@pytest.mark.parametrize("form", [[], ["--html"]], ids=["text", "html"])
def test_both_objects_that_are_compared_have_such_names(
    form: list[str], hostile: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    maker = Maker()
    maker.program("socket", f"second {TITLE}")
    (tmp_path / "second.o").write_bytes(maker.build())
    main(["diff", *form, hostile, str(tmp_path / "second.o")])
    told = capsys.readouterr().out
    assert not set(told) & {"\x1b", "\x07", "\u202e"}
    assert told.count(SHOWN) > told.count(f"second {SHOWN}") > 0


@pytest.mark.parametrize("form", ["jsonl", "csv", "perfetto"])
def test_a_recording_has_such_names(
    form: str, hostile: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record_hostile(hostile, tmp_path / "a.rec")
    for more in ([], ["--output", str(tmp_path / "out")]):
        assert main(["export", str(tmp_path / "a.rec"), "--format", form, *more]) == 0
    told = capsys.readouterr().out
    assert (tmp_path / "out").read_text() == told
    assert not set(told) & {"\x1b", "\x07", "\u202e"}
    assert (SHOWN if form == "csv" else json.dumps(TITLE)[1:-1]) in told


def test_an_error_that_quotes_a_name(hostile: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["disasm", hostile, "missing\x1b[31m"]) != 0
    told = capsys.readouterr().err
    assert r"missing\x1b[31m" in told
    assert "\x1b" not in told


def test_cells_of_a_spreadsheet_are_no_formulas(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    maker = Maker()
    maker.program("socket", "=HYPERLINK(1)")
    (tmp_path / "@sum.o").write_bytes(maker.build())
    main(["check", "--runtime", "vm", "--csv", str(tmp_path / "@sum.o")])
    assert capsys.readouterr().out.splitlines()[1].startswith("'@sum.o,'=HYPERLINK(1),")
    record_hostile(tmp_path / "@sum.o", tmp_path / "a.rec")
    main(["export", str(tmp_path / "a.rec"), "--format", "csv"])
    assert "0.000000,program,'=HYPERLINK(1),,run_cnt,0" in capsys.readouterr().out.splitlines()


def test_a_command_to_be_copied_is_as_a_shell_takes_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    maker = Maker()
    maker.program("socket", "name")
    for name, shown in (("a;id $(id).o", "'{}'"), ("a\nid\x1b.o", "OBJECT")):
        path = tmp_path / name
        path.write_bytes(maker.build())
        assert main([str(path)]) == 2
        assert f"(try: bpftui show {shown.format(path)})" in capsys.readouterr().err


def test_standard_input_that_is_closed_is_empty() -> None:
    for words in (["show", "-"], ["disasm", "-", "--endian", "little"], ["log", "-"]):
        command = ["sh", "-c", 'exec "$@" <&-', "sh", sys.executable, "-m", "bpftui.tui", *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
        assert done.returncode == 1
        assert done.stdout == ""
        assert re.fullmatch(r"bpftui: error: (-|standard input): [^\n]*\n", done.stderr)
        assert "unexpected" not in done.stderr
