"""bpftui.core.compiler.flags: which flags, and whose word counts for what."""

from __future__ import annotations

import json
import os
from typing import IO, TYPE_CHECKING

import pytest

from bpftui.core.compiler import Flags, flags_of, parse_flags
from bpftui.core.errors import BpftuiError, UsageError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", (None, ())),
        ("-mcpu=v2 -O1", (None, ("-mcpu=v2", "-O1"))),
        ("clang-14 -D 'A=1 2' -I include", ("clang-14", ("-D", "A=1 2", "-I", "include"))),
        ("-mllvm -bpf-stack-size=1024", (None, ("-mllvm", "-bpf-stack-size=1024"))),
    ],
)
def test_flags_as_a_shell_reads_them(text: str, found: tuple[str | None, tuple[str, ...]]) -> None:
    assert parse_flags(text) == found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("-D 'A", 'the flags "-D \'A" cannot be read: no closing quotation'),
        ("-o /etc/passwd", "-o is not for the flags '-o /etc/passwd': what is made is a BPF object"),
        ("-o/etc/passwd", "-o/etc/passwd is not for the flags '-o/etc/passwd': what is made is a BPF object"),
        ("-O2 other.c", "'other.c' in the flags '-O2 other.c' is no flag"),
        ("--target=x86_64", "--target=x86_64 is not for the flags '--target=x86_64': what is made is a BPF object"),
    ],
)
def test_flags_that_are_none(text: str, message: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse_flags(text)
    assert raised.value.message == message


@pytest.fixture
def source(tmp_path: Path) -> str:
    (tmp_path / "src/bpf").mkdir(parents=True)
    path = tmp_path / "src/bpf/prog.c"
    path.write_text("// bpftui: -I include -DOWN -std=gnu11\nint f;\n")
    return str(path)


def commands(place: Path, *entries: object) -> None:
    (place / "compile_commands.json").write_text(json.dumps(entries))


def test_the_first_line_has_some(source: str, tmp_path: Path) -> None:
    include = str(tmp_path / "src/bpf/include")
    assert flags_of(source) == Flags(None, ("-I", include, "-DOWN", "-std=gnu11"), f"the first line of {source}", ())


@pytest.mark.parametrize("line", ["/* bpftui: -DOWN */", "/* bpftui: -DOWN", "  //bpftui:-DOWN", "// bpftui:  -DOWN\r"])
def test_a_comment_of_either_kind(line: str, tmp_path: Path) -> None:
    (tmp_path / "a.c").write_bytes(line.encode() + b"\nint f;\n")
    assert flags_of(str(tmp_path / "a.c")).words == ("-DOWN",)


@pytest.mark.parametrize("text", ["", "int f; // bpftui: -DOWN\n", "\n// bpftui: -DOWN\n", "// see bpftui: -DOWN\n"])
def test_any_other_line_has_none(text: str, tmp_path: Path) -> None:
    (tmp_path / "a.c").write_text(text)
    assert flags_of(str(tmp_path / "a.c")) == Flags(None, (), "", ())


def test_a_file_that_is_not_there_has_none(tmp_path: Path) -> None:
    assert flags_of(str(tmp_path / "none.c")) == Flags(None, (), "", ())


def test_what_the_user_says_is_taken_alone(source: str) -> None:
    assert flags_of(source, "clang-14 -mllvm -x") == Flags("clang-14", ("-mllvm", "-x"), "--cflags", ())
    assert flags_of(source, "") == Flags(None, (), "--cflags", ())


def test_a_compile_commands_json_near_it_comes_before_its_own_line(source: str, tmp_path: Path) -> None:
    other = {"directory": str(tmp_path), "file": "other.c", "command": "clang -DOTHER -c other.c"}
    ours = {
        "directory": "src",
        "file": "bpf/prog.c",
        "arguments": ["clang", "-target", "bpf", "-g", "-Iinc", "-I", "/usr/inc", "-DX=a b", "-c", "bpf/prog.c"],
    }
    commands(tmp_path, other, ours)
    place = f"{tmp_path}/compile_commands.json"
    words = ("-I", f"{tmp_path}/src/inc", "-I", "/usr/inc", "-DX=a b")
    assert flags_of(source) == Flags(None, words, place, ())
    (tmp_path / "src/build").mkdir()
    commands(tmp_path / "src/build", {"directory": str(tmp_path), "file": source, "command": "cc -O1 -D 'X=a b'"})
    near = f"{tmp_path}/src/build/compile_commands.json"
    assert flags_of(source) == Flags(None, ("-O1", "-D", "X=a b"), near, ())


def test_one_without_the_file_is_passed_over(source: str, tmp_path: Path) -> None:
    commands(tmp_path, {"directory": str(tmp_path), "file": "other.c", "command": "clang -DOTHER"})
    assert flags_of(source).words[2:] == ("-DOWN", "-std=gnu11")


@pytest.mark.parametrize(
    ("words", "taken", "left"),
    [
        (
            "-I. -D A -U B -mcpu=v4 -Os -Wall -Wno-error=x",
            ["-I", "{}/.", "-D", "A", "-U", "B", "-mcpu=v4", "-Os", "-Wall", "-Wno-error=x"],
            [],
        ),
        ("-include x.h -std=gnu11", ["-include", "{}/x.h", "-std=gnu11"], []),
        (
            "-isystem sys -idirafter /after -iquote q",
            ["-isystem", "{}/sys", "-idirafter", "/after", "-iquote", "{}/q"],
            [],
        ),
        ("-fms-extensions", ["-fms-extensions"], []),
        ("-fplugin=evil.so", [], ["-fplugin=evil.so"]),
        ("-Xclang -load -Xclang evil.so", [], ["-Xclang", "-Xclang"]),
        ("-mllvm -load=evil.so", [], ["-mllvm"]),
        ("-include-pch evil.pch -multiply_defined -Iinc", ["-I", "{}/inc"], ["-include-pch", "-multiply_defined"]),
        ("-ObjC++ -mbig-endian -module-dependency-dir x", [], ["-ObjC++", "-mbig-endian", "-module-dependency-dir"]),
        ("-Wp,-MD,/etc/passwd -Wa,x -Wl,x", [], ["-Wp,-MD,/etc/passwd", "-Wa,x", "-Wl,x"]),
        ("-o /etc/passwd -MD -MF /etc/passwd", [], ["-MF"]),
        ("@evil -march=native --config=evil", [], ["-march=native", "--config=evil"]),
    ],
)
def test_of_a_file_only_what_neither_writes_nor_loads_is_taken(
    words: str, taken: list[str], left: list[str], tmp_path: Path
) -> None:
    (tmp_path / "a.c").write_text(f"// bpftui: {words}\n")
    found = flags_of(str(tmp_path / "a.c"))
    assert [each.replace(str(tmp_path), "{}") for each in found.words] == taken
    assert list(found.left_out) == left


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        ("{}", "it is no list"),
        ("[7]", "an entry has no 'directory'"),
        ('[{"directory": "."}]', "an entry has no 'file'"),
        ('[{"directory": ".", "file": "prog.c", "command": "cc \'"}]', "no closing quotation"),
        ('[{"directory": ".", "file": "prog.c", "arguments": 7}]', "the arguments of an entry are no list"),
    ],
)
def test_a_compile_commands_json_that_is_none(text: str, reason: str, source: str, tmp_path: Path) -> None:
    place = tmp_path / "src/bpf/compile_commands.json"
    place.write_text(text)
    with pytest.raises(BpftuiError) as raised:
        flags_of(source)
    assert raised.value.message == f"{place}: it cannot be read: {reason}"
    assert raised.value.hint == "--cflags says the flags instead"


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"// bpftui: -DX=a\0b", "there is a byte of 0 in them"),
        (b"// bpftui: -D'X", "no closing quotation"),
    ],
)
def test_a_first_line_that_cannot_be_read(line: bytes, why: str, tmp_path: Path) -> None:
    (tmp_path / "a.c").write_bytes(line + b"\n")
    with pytest.raises(UsageError) as raised:
        flags_of(str(tmp_path / "a.c"))
    assert raised.value.message.endswith(f" cannot be read: {why}")


@pytest.mark.parametrize("flag", ["-DX=\\u0000", "-DX=\\ud800"])
def test_words_that_no_program_can_be_given(flag: str, source: str, tmp_path: Path) -> None:
    place = tmp_path / "compile_commands.json"
    place.write_text(f'[{{"directory": "src/bpf", "file": "prog.c", "arguments": ["cc", "{flag}"]}}]')
    with pytest.raises(BpftuiError, match="cannot be read: "):
        flags_of(source)


@pytest.mark.skipif(os.geteuid() != 0, reason="gives a file to somebody else")
def test_what_a_stranger_wrote_does_not_count(source: str, tmp_path: Path) -> None:
    commands(tmp_path, {"directory": str(tmp_path), "file": source, "command": "cc -DTHEIRS"})
    os.chown(tmp_path / "compile_commands.json", 65534, 65534)
    assert flags_of(source).words[2:] == ("-DOWN", "-std=gnu11")
    os.chown(source, 65534, 65534)
    assert flags_of(source).words == ("-DTHEIRS",)


def test_a_pipe_is_no_c_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.c")
    assert flags_of(str(tmp_path / "a.c")) == Flags(None, (), "", ())


def test_a_compile_commands_json_is_read_once_for_all_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "compile_commands.json"
    entries = [{"directory": ".", "file": f"{name}.c", "command": f"cc -D{name}"} for name in ("one", "two", "one")]
    place.write_text(json.dumps(entries))
    reads: list[object] = []

    def load(file: IO[bytes]) -> object:
        reads.append(file)
        return json.loads(file.read())

    monkeypatch.setattr(json, "load", load)
    for name in ("one", "two", "one"):
        (tmp_path / f"{name}.c").touch()
        assert flags_of(str(tmp_path / f"{name}.c")).words == (f"-D{name}",)
    assert len(reads) == 1
    place.write_text(json.dumps(entries[1:2]))
    assert flags_of(str(tmp_path / "one.c")).words == ()
    assert len(reads) == 2


@pytest.mark.parametrize(("length", "is_taken"), [(4096, True), (4097, False)])
def test_a_first_line_is_taken_whole_or_not(length: int, is_taken: bool, tmp_path: Path) -> None:
    source = tmp_path / "prog.c"
    begin = "// bpftui: -D"
    source.write_text(f"{begin}{'A' * (length - len(begin))}\nint f;\n")
    if is_taken:
        assert flags_of(str(source)).words == (f"-D{'A' * (length - len(begin))}",)
        return
    with pytest.raises(UsageError) as raised:
        flags_of(str(source))
    assert raised.value.message == f"the first line of {source} has flags, and more than 4,096 bytes"
