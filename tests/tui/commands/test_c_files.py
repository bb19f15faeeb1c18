"""Wherever an object is named, a C file can be: it is compiled, and then it is as any other."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from bpftui.core.compiler import find_clang
from bpftui.core.errors import FeatureError
from bpftui.tui.commands.explore import reader
from tests.tui.commands.command_line import bpftui

if TYPE_CHECKING:
    from pathlib import Path

SOURCE = """\
// bpftui: -DANSWER=7 -mcpu=v1 -fsafe
int limit = 3;
__attribute__((section("xdp"), used)) int count(void *context)
{
	return limit > 2 ? ANSWER : 1;
}
char LICENSE[] __attribute__((section("license"), used)) = "GPL";
"""
NOT_TAKEN = "not taken: -fsafe; --cflags says the flags instead"
PACKET = "00" * 14


@pytest.fixture
def source(tmp_path: Path) -> Path:
    try:
        find_clang()
    except FeatureError:
        pytest.skip("no clang is installed")
    path = tmp_path / "prog.c"
    path.write_text(SOURCE)
    return path


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (("show",), "count  xdp  SEC"),
        (("disasm",), "return limit > 2 ? ANSWER : 1; @ prog.c:5"),
        (("check", "--runtime", "vm"), "ok  program  count"),
        (("run", "count", "--runtime", "vm", "--data", PACKET), "count returned 7 (0x7)"),
        (("run", "count", "--runtime", "vm", "--data", PACKET, "--set", "limit=1"), "count returned XDP_DROP (1)"),
        (("debug", "count", "--data", PACKET, "--batch", "continue"), "step 7 of 7 · returned 7"),
        (("doctor", "--kernels", "6.1"), "count"),
        (("cover", "count", "--data", PACKET, "--runtime", "vm"), "count"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_a_command_compiles_it(words: tuple[str, ...], shown: str, source: Path) -> None:
    done = bpftui(words[0], str(source), *words[1:], cwd=source.parent)
    assert shown in done.out
    assert f"bpftui: warning: the first line of {source}: {NOT_TAKEN}\n" in done.err
    assert done.code == 0


def test_flags_of_the_command_line_are_taken_in_place_of_its_own(source: Path) -> None:
    done = bpftui("run", str(source), "count", "--runtime", "vm", "--data", PACKET, "--json", "--cflags=-DANSWER=9")
    assert json.loads(done.out)["retval"] == 9
    assert "not taken" not in done.err


def test_what_does_not_compile_is_one_sentence_with_its_line(source: Path) -> None:
    source.write_text(SOURCE.replace("limit > 2", "limi > 2"))
    done = bpftui("show", str(source), "--cflags", "-DANSWER=9")
    error = f"{source}:5:9: use of undeclared identifier 'limi'; did you mean 'limit'? | return limi > 2 ? ANSWER : 1;"
    assert (done.code, done.out, done.err) == (1, "", f"bpftui: error: {error}\n")


def test_what_does_not_compile_says_which_of_its_flags_were_not_taken(source: Path) -> None:
    source.write_text(SOURCE.replace("limit > 2", "limi > 2"))
    done = bpftui("show", str(source))
    assert done.err.endswith(f" (the first line of {source}: {NOT_TAKEN})\n")


def test_what_the_compiler_warns_of_is_said(source: Path) -> None:
    done = bpftui("show", str(source), "--cflags=-DANSWER=9 -Wall -Wextra")
    place = f"{source}:3:55"
    assert done.err == f"bpftui: warning: {place}: unused parameter 'context' [-Wunused-parameter]\n"


def test_flags_without_a_c_file(source: Path) -> None:
    done = bpftui("show", "bpf/traffic.o", "--cflags=-DX")
    assert (done.code, done.err) == (2, "bpftui: error: --cflags are for a C file, and bpf/traffic.o is none\n")
    done = bpftui("diff", "bpf/traffic.o", "bpf/traffic.o", "--cflags=-DX")
    assert (done.code, done.err) == (2, "bpftui: error: --cflags are for a C file, and neither of these is one\n")


def test_a_c_file_is_compared_with_an_object(source: Path) -> None:
    done = bpftui("diff", str(source), str(source), "--cflags=-DANSWER=9")
    assert done.code == 0
    assert bpftui("diff", str(source), "bpf/traffic.o").code == 1


def test_what_the_explorer_opens_is_compiled_as_well(source: Path) -> None:
    said: list[str] = []
    assert [*reader()(str(source), said.append).programs] == ["count"]
    assert said == [f"the first line of {source}: {NOT_TAKEN}"]
    assert (
        reader(cflags="-DANSWER=9 -mcpu=v1")(str(source), said.append)
        .programs["count"]
        .code.count(bytes([0xB7, 0, 0, 0, 9]))
    )
    assert len(said) == 1
