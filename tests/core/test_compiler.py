"""bpftui.core.compiler: a C file to an object."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bpftui.core.compiler import compiled, find_clang, parse_flags
from bpftui.core.errors import BpftuiError, FeatureError, UsageError
from bpftui.core.spec import CollectionSpec

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = '__attribute__((section("socket"), used)) int f(void *skb) { return VALUE; }\n'


def fake(folder: Path, name: str, script: str) -> None:
    """Put a compiler of that name into a folder."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


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


def test_the_newest_is_taken_but_for_one_without_a_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FeatureError, match="there is no clang here"):
        find_clang()
    for name in ("clang-9", "clang-14", "clang-19"):
        fake(tmp_path, name, "exit 0")
    assert find_clang() == str(tmp_path / "clang-19")
    assert find_clang("clang-14") == str(tmp_path / "clang-14")
    fake(tmp_path, "clang", "exit 0")
    assert find_clang() == str(tmp_path / "clang")
    with pytest.raises(FeatureError, match="there is no clang-22 here"):
        find_clang("clang-22")


@pytest.mark.parametrize(
    ("script", "message"),
    [
        (
            "echo 'a.c:3:7: error: expected \\x27;\\x27' >&2; echo 'a.c:9:1: error: more' >&2; exit 1",
            "a.c:3:7: expected \\x27;\\x27 (and 1 more)",
        ),
        ("echo 'a.c:1:10: fatal error: no.h' >&2; exit 1", "a.c:1:10: no.h"),
        ("echo 'clang: unknown target' >&2; exit 1", "a.c does not compile: clang: unknown target"),
        ("exit 1", "a.c does not compile: the compiler does not say why"),
        ("exit 0", "a.c does not compile: the compiler does not say why"),
    ],
)
def test_what_a_compiler_says(script: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake(tmp_path, "clang", script)
    (tmp_path / "a.c").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(BpftuiError) as raised:
        compiled("a.c")
    assert raised.value.message == message


def test_an_object_is_made(tmp_path: Path) -> None:
    try:
        find_clang()
    except FeatureError:
        pytest.skip("no clang is installed")
    source = tmp_path / "f.c"
    source.write_text(PROGRAM)
    spec = CollectionSpec.from_bytes(compiled(str(source), ["-DVALUE=7"]))
    assert spec.programs["f"].code.hex() == "b700000007000000" + "9500000000000000"
    with pytest.raises(BpftuiError) as raised:
        compiled(str(source))
    assert raised.value.message == f"{source}:1:68: use of undeclared identifier 'VALUE'"
