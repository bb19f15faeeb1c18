"""bpftui.core.compiler.compiling: a C file to an object."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpftui.core.btf import cache
from bpftui.core.compiler import compiled, compiling, find_clang
from bpftui.core.errors import BpftuiError, FeatureError
from bpftui.core.spec import CollectionSpec

PROGRAM = '__attribute__((section("socket"), used)) int f(void *skb) { return VALUE; }\n'


def fake(folder: Path, name: str, script: str) -> None:
    """Put a compiler of that name into a folder."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


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


@pytest.fixture
def clang() -> str:
    try:
        return find_clang()
    except FeatureError:
        pytest.skip("no clang is installed")


@pytest.mark.usefixtures("clang")
def test_an_object_is_made(tmp_path: Path) -> None:
    source = tmp_path / "f.c"
    source.write_text(PROGRAM)
    made = compiled(str(source), ["-DVALUE=7"])
    spec = CollectionSpec.from_bytes(made.data)
    assert spec.programs["f"].code.hex() == "b700000007000000" + "9500000000000000"
    assert made.warnings == ()
    with pytest.raises(BpftuiError) as raised:
        compiled(str(source))
    assert raised.value.message == f"{source}:1:68: use of undeclared identifier 'VALUE' | {PROGRAM.strip()}"


@pytest.mark.usefixtures("clang")
def test_what_it_warns_of_has_its_place(tmp_path: Path) -> None:
    source = tmp_path / "f.c"
    source.write_text("int f(void)\n{\n\tint unused;\n\treturn 0;\n}\n")
    (warning,) = compiled(str(source), ["-Wall"]).warnings
    assert (warning.place, warning.text) == (f"{source}:3:6", "unused variable 'unused' [-Wunused-variable]")


def test_the_compiler_has_no_rights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """None of the capabilities of this process, no way to any by a set-uid program, and this process keeps its own."""
    before = Path("/proc/self/status").read_text()
    fake(tmp_path, "clang", "grep -E '^Cap|NoNewPrivs' /proc/self/status")
    (tmp_path / "a.c").touch()
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    none = "0000000000000000"
    told = dict(line.split() for line in compiled(str(tmp_path / "a.c")).data.decode().splitlines())
    assert {name.rstrip(":"): value for name, value in told.items() if name != "CapBnd:"} == {
        "CapInh": none,
        "CapPrm": none,
        "CapEff": none,
        "CapAmb": none,
        "NoNewPrivs": "1",
    }
    sets = [line for line in before.splitlines() if line.startswith(("Cap", "NoNewPrivs"))]
    assert sets == [
        line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(("Cap", "NoNewPrivs"))
    ]


def test_one_that_does_not_end_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake(tmp_path, "clang", "exec sleep 100")
    (tmp_path / "a.c").touch()
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(compiling, "_PATIENCE", 0.5)
    with pytest.raises(BpftuiError) as raised:
        compiled(str(tmp_path / "a.c"))
    assert raised.value.message == f"{tmp_path}/a.c: {tmp_path}/clang has not compiled it within 0.5 s"


def test_where_headers_of_the_machine_are_and_what_it_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake(tmp_path, "clang", 'echo "$@"')
    (tmp_path / "a.c").touch()
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(compiling.platform, "machine", lambda: "aarch64")
    begin = "-target bpf -O2 -g -fno-color-diagnostics -idirafter /usr/include/aarch64-linux-gnu"
    end = f"-c {tmp_path}/a.c -o -\n"
    assert compiled(str(tmp_path / "a.c")).data.decode() == f"{begin} -D__TARGET_ARCH_arm64 {end}"
    flag = "-D__TARGET_ARCH_riscv"
    assert compiled(str(tmp_path / "a.c"), [flag]).data.decode() == f"{begin} {flag} {end}"


@pytest.mark.vmlinux
@pytest.mark.usefixtures("clang")
def test_a_vmlinux_h_is_made_of_the_kernels_types_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    types: list[object] = []
    monkeypatch.setattr("bpftui.core.btf.header.c_header", lambda btf: types.append(btf) or "struct task_struct;\n")
    source = tmp_path / "f.c"
    source.write_text('#include "vmlinux.h"\nstruct task_struct *current;\n')
    compiled(str(source))
    compiled(str(source))
    assert len(types) == 1
    header = tmp_path / "cache/bpftui/include/vmlinux.h"
    assert header.read_text().splitlines()[1:] == ["struct task_struct;"]
    header.write_text("/* of the kernel before */\n")
    compiled(str(source))
    assert len(types) == 2
    (tmp_path / "vmlinux.h").write_text("struct task_struct { int own; };\nint here;\n")  # one's own comes first
    header.write_text("/* of the kernel before */\n")
    compiled(str(source))
    assert len(types) == 2


@pytest.mark.vmlinux
@pytest.mark.usefixtures("clang")
def test_a_vmlinux_h_that_cannot_be_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "directory", lambda: tmp_path / "f.c" / "bpftui")
    source = tmp_path / "f.c"
    source.write_text('#include "vmlinux.h"\n')
    with pytest.raises(BpftuiError) as raised:
        compiled(str(source))
    assert raised.value.message == f"vmlinux.h cannot be kept: {source}/bpftui/include/vmlinux.h: Not a directory"
    assert raised.value.hint == "bpftui show /sys/kernel/btf/vmlinux --header > vmlinux.h, and -I says where it is"
