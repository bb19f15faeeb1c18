"""`disasm`: bare instructions, colours, all syntaxes; in this process, for the sake of time."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from bpftui.core import spread
from bpftui.core.asm import Instruction
from bpftui.tui.__main__ import main
from tests.core.asm.golden import elf_of
from tests.tui.commands.command_line import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable

    Given = Callable[[bytes], None]
    from pathlib import Path

# r1 = 0x500000007 (two slots); if r1 == 0 goto +1; call 1; exit
LITTLE = bytes.fromhex("1801000007000000 0000000005000000 1501010000000000 8500000001000000 9500000000000000")
BIG = bytes.fromhex("1810000000000007 0000000000000005 1510000100000000 8500000000000001 9500000000000000")
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> Given:
    """Put bytes on standard input."""

    def put(data: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))

    return put


@pytest.mark.parametrize(
    ("data", "endian"),
    [(LITTLE, "little"), (BIG, "big"), (LITTLE.hex(" ").encode(), "little"), (BIG.hex().encode(), "big")],
)
def test_bare_instructions(data: bytes, endian: str, given: Given, capsys: pytest.CaptureFixture[str]) -> None:
    given(data)
    assert main(["disasm", "-", "--endian", endian]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "0: r1 = 0x500000007",
        "2: if r1 == 0x0 goto pc+1",
        "3: call bpf_map_lookup_elem#1",
        "4: exit",
    ]


def test_bare_instructions_of_a_file_in_another_syntax(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "code.bin"
    path.write_bytes(LITTLE + LITTLE[:8])
    assert main(["disasm", str(path), "--endian", "little", "--syntax", "llvm"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "0: r1 = 0x500000007 ll",
        "2: if r1 == 0x0 goto +0x1",
        "3: call 0x1",
        "4: exit",
        "5: <unknown> ; incomplete: the code ends within this 64-bit load",
    ]


@pytest.mark.parametrize(
    ("arguments", "data", "code", "message"),
    [
        (["-", "--endian", "little"], b"b7 00 zz", 1, "-: line 1, column 7: 'zz' is not hexadecimal digits"),
        (["-", "--endian", "little"], LITTLE[:9], 1, "-: offset 0x8: the code ends with 1 stray bytes"),
        (["-", "--endian", "little"], b"", 1, "-: no instructions came in"),
        (["-"], b"b7 00", 1, "(for bare instructions, say --endian little or --endian big)"),
        (["bpf/traffic.o", "--endian", "little"], b"", 2, "it is an ELF file, which has a byte order of its own"),
        (["-", "main", "--endian", "big"], b"", 2, "--endian is for bare instructions, which have no programs"),
        (["/no/where", "--endian", "big"], b"", 1, "/no/where: there is no such"),
    ],
)
def test_what_is_no_code(
    arguments: list[str],
    data: bytes,
    code: int,
    message: str,
    given: Given,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(ROOT)
    given(data)
    assert main(["disasm", *arguments]) == code
    done = capsys.readouterr()
    assert done.out == ""
    assert message in done.err
    assert done.err.count("\n") == 1


@pytest.mark.parametrize("arguments", [[], ["--raw"], ["--raw", "--syntax", "llvm"], ["--syntax", "capstone"]])
def test_colours_are_all_that_colours_add(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    path = str(ROOT / "bpf/traffic.o")
    assert main(["disasm", path, *arguments]) == 0
    plain = capsys.readouterr().out
    assert main(["disasm", path, *arguments, "--color", "always"]) == 0
    colored = capsys.readouterr().out
    assert "\x1b" not in plain
    assert ESCAPE.sub("", colored) == plain
    assert "\x1b[36mr1\x1b[0m" in colored
    assert "\x1b[1mcall\x1b[0m" in colored or "capstone" in arguments


def test_raw_code_of_one_function(capsys: pytest.CaptureFixture[str]) -> None:
    path = str(ROOT / "tests/objects/subprograms.o")
    assert main(["disasm", path, "third", "--raw"]) == 0
    assert capsys.readouterr().out.splitlines() == ["18: w0 = 3", "19: exit"]
    assert main(["disasm", path, "fourth", "--raw"]) == 2
    assert capsys.readouterr().err.startswith(f"bpftui: error: there is no function 'fourth' in {path} (")


def test_a_syntax_with_source(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["disasm", str(ROOT / "bpf/count_packets.o"), "--syntax", "llvm"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert "; if (count) @ count_packets.c:19" in out
    assert "   7: if r0 == 0x0 goto +0x2 <L10>" in out


def test_arrows_beside_the_code(capsys: pytest.CaptureFixture[str]) -> None:
    path = str(ROOT / "bpf/count_packets.o")
    assert main(["disasm", path, "count_packets", "--arrows"]) == 0
    drawn = capsys.readouterr().out.splitlines()
    assert main(["disasm", path, "count_packets"]) == 0
    plain = capsys.readouterr().out.splitlines()
    assert drawn[0] == plain[0] == "count_packets:"
    assert [line[2:] for line in drawn[1:]] == plain[1:]
    assert [line[:2] for line in drawn if line[2:].lstrip()[:2] in ("7:", "8:", "9:", "10")] == ["╭─", "│ ", "│ ", "╰►"]
    assert "│ ; __sync_fetch_and_add(count, 1); @ count_packets.c:20" in drawn


def test_arrows_where_the_output_has_no_box_characters(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), "latin-1")
    monkeypatch.setattr(sys, "stdout", stream)
    assert main(["disasm", str(ROOT / "bpf/count_packets.o"), "--arrows"]) == 0
    stream.seek(0)
    assert ".-   7: if r0 == 0x0 goto L10\n" in stream.read()


def test_targets_beside_the_symbols_are_named_as_llvm_objdump_names_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without symbols the section's name is one, and what lies before it is far behind it: places are unsigned."""
    code = b"".join(
        Instruction(opcode, offset=offset).encode("little")
        for opcode, offset in ((0x05, -3), (0x15, 100), (0x05, -3), (0x95, 0))
    )
    path = tmp_path / "stripped.o"
    path.write_bytes(elf_of(code, "little"))
    assert main(["disasm", str(path), "--raw", "--syntax", "llvm"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out == [
        "0: goto -0x3 <.text+0xfffffffffffffff0>",
        "1: if r0 == 0x0 goto +0x64 <.text+0x330>",
        "2: goto -0x3 <.text>",
        "3: exit",
    ]
    if objdump := shutil.which("llvm-objdump-22"):
        command = [objdump, "-d", "--no-show-raw-insn", str(path)]
        theirs = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        assert [f"{slot}: {text}" for slot, text in re.findall(r"^ *(\d+):\t(.*)$", theirs, re.MULTILINE)] == out


@pytest.mark.parametrize("arguments", [[], ["--raw", "--syntax", "llvm"]])
def test_a_terminal_does_not_obey_names(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A symbol that would clear the screen, were it written as it is."""
    data = (ROOT / "bpf/traffic.o").read_bytes()
    assert data.count(b"\0count_traffic\0") >= 1
    path = tmp_path / "evil.o"
    path.write_bytes(data.replace(b"\0count_traffic\0", b"\0\x1b[2J\x9btraffic\0\0"))
    assert main(["disasm", str(path), *arguments]) == 0
    out = capsys.readouterr().out
    assert r"\x1b[2J" in out
    assert "\x1b" not in out


def test_what_relocations_become(capsys: pytest.CaptureFixture[str]) -> None:
    shapes, target = ROOT / "tests/objects/core_shapes.o", ROOT / "tests/objects/core_target.o"
    assert main(["disasm", str(shapes), "loads", "--btf", str(target), "--no-source"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].endswith("r2 = *(u32 *)(r1 +0) ; sizes->grows (CO-RE 0 → 8)")
    assert main(["disasm", str(shapes), "--btf", str(target), "--raw"]) == 2
    assert "--btf is for listings" in capsys.readouterr().err


def test_an_object_without_programs_is_not_passed_over_in_silence(capsys: pytest.CaptureFixture[str]) -> None:
    path = f"{ROOT}/tests/objects/core_target.o"
    assert main(["disasm", path]) == 0
    assert capsys.readouterr() == (
        "",
        f"bpftui: warning: {path} holds no programs; --raw prints the instructions that it has\n",
    )


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")  # pytest-xdist has threads
@pytest.mark.parametrize(
    "arguments",
    [
        ["disasm"],
        ["disasm", "--arrows", "--color=always"],
        ["disasm", "--no-source", "--syntax=llvm"],
        ["show", "--graph"],
        ["show", "--graph", "--format=dot"],
    ],
)
def test_several_processes_print_what_one_does(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of programs that share subprograms."""
    monkeypatch.chdir(ROOT)
    for name in ("linked", "old_calls"):
        command = [*arguments, f"tests/objects/{name}.o"]
        assert main(command) == 0
        expected = capsys.readouterr()
        with monkeypatch.context() as patched:
            patched.setattr(spread, "_MANY", 0)
            patched.setattr(spread, "_processors", lambda: 2)
            assert main(command) == 0
        assert capsys.readouterr() == expected
        assert expected.out.count("\n") > 4
