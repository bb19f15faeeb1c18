"""bpftui.core.compiler.compiling: a C file to an object."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bpftui.core.btf import cache
from bpftui.core.compiler import compiled, compiling, find_clang
from bpftui.core.errors import BpftuiError, FeatureError
from bpftui.core.spec import CollectionSpec
from tests.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Sequence

PROGRAM = '__attribute__((section("socket"), used)) int f(void *skb) { return VALUE; }\n'


def fake(folder: Path, name: str, script: str) -> None:
    """Put a compiler of that name into a folder."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_the_newest_is_taken_but_for_one_without_a_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FeatureError, match="compiling takes clang, which is not installed"):
        find_clang()
    for name in ("clang-9", "clang-14", "clang-19"):
        fake(tmp_path, name, "exit 0")
    assert find_clang() == str(tmp_path / "clang-19")
    assert find_clang("clang-14") == str(tmp_path / "clang-14")
    fake(tmp_path, "clang", "exit 0")
    assert find_clang() == str(tmp_path / "clang")
    with pytest.raises(FeatureError, match="compiling takes clang-22, which is not installed"):
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
    every = [each.message for each in raised.value.problems.values()]
    assert every == (["a.c:3:7: expected \\x27;\\x27", "a.c:9:1: more"] if "and 1 more" in message else [])


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
    made = compiled(str(source), ["-DVALUE=7", "-mcpu=v2"])  # newer ones take v3 by themselves
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


RIGHTS = "grep -E '^Cap|NoNewPrivs|^Uid' /proc/self/status"
NONE = "0000000000000000"


def rights(path: str = "/proc/self/status") -> dict[str, str]:
    lines = (line.split() for line in Path(path).read_text().splitlines())
    return {words[0]: words[1] for words in lines if words and words[0].startswith(("Cap", "NoNewPrivs", "Uid"))}


def told(source: Path) -> dict[str, str]:
    """Return what the fake compiler `RIGHTS` tells of itself."""
    lines = (line.split() for line in compiled(str(source)).data.decode().splitlines())
    return {words[0]: words[1] for words in lines}


@pytest.mark.parametrize("mode", [0o644, 0o600])
def test_the_compiler_has_no_rights(mode: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """None of the capabilities of this process, no way to any by a set-uid program, whoever may read the file."""
    before = rights()
    fake(tmp_path, "clang", RIGHTS)
    source = tmp_path / "a.c"
    source.touch(mode)
    if os.geteuid() == 0:
        os.chown(source, 65534, 65534)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    found = told(source)
    assert {name: found[name] for name in ("CapInh:", "CapPrm:", "CapEff:", "CapAmb:")} == dict.fromkeys(
        ("CapInh:", "CapPrm:", "CapEff:", "CapAmb:"), NONE
    )
    assert found["NoNewPrivs:"] == "1"
    assert found["CapBnd:"] == NONE or os.geteuid() != 0
    assert rights() == before


@pytest.mark.skipif(os.geteuid() != 0, reason="sudo makes one root")
def test_under_sudo_it_is_the_user_who_called_it(public_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where that user could not run this Python."""
    fake(public_path, "clang", RIGHTS)
    (public_path / "clang").chmod(0o755)
    (public_path / "a.c").touch()
    monkeypatch.setenv("PATH", f"{public_path}:/usr/bin:/bin")
    monkeypatch.setenv("SUDO_UID", "65534")
    monkeypatch.setenv("SUDO_GID", "65534")
    found = told(public_path / "a.c")
    assert (found["Uid:"], found["CapEff:"], found["CapBnd:"]) == ("65534", NONE, NONE)


def test_nothing_of_the_directory_where_one_is_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake(tmp_path, "clang", "echo made")
    for name in (
        "json.py",
        "os.py",
        "resource.py",
        "ctypes.py",
        "encodings.py",
        "sitecustomize.py",
        "usercustomize.py",
    ):
        (tmp_path / name).write_text(f"open({str(tmp_path / 'run')!r}, 'a').write({name!r})\n")
    (tmp_path / "bpftui").mkdir()
    (tmp_path / "bpftui/__init__.py").write_text(f"open({str(tmp_path / 'run')!r}, 'a').write('bpftui')\n")
    (tmp_path / "a.c").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert compiled("a.c").data == b"made\n"
    assert not (tmp_path / "run").exists()


def test_one_that_does_not_end_is_ended_with_all_that_it_has_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake(tmp_path, "clang", f"sleep 100 & echo $! > {tmp_path}/pid; wait")
    (tmp_path / "a.c").touch()
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(compiling, "_PATIENCE", 3.0)
    with pytest.raises(BpftuiError) as raised:
        compiled(str(tmp_path / "a.c"))
    assert raised.value.message == f"{tmp_path}/a.c: {tmp_path}/clang has not compiled it within 3 s"
    started = Path(f"/proc/{(tmp_path / 'pid').read_text().strip()}/stat")
    assert wait_for(lambda: not started.exists() or started.read_text().split()[2] == "Z")


def test_it_ends_with_this_process(tmp_path: Path) -> None:
    fake(tmp_path, "clang", f"echo $$ > {tmp_path}/pid; exec sleep 100")
    (tmp_path / "a.c").touch()
    code = f"from bpftui.core.compiler import compiled; compiled({str(tmp_path / 'a.c')!r})"
    environment = {**os.environ, "PATH": f"{tmp_path}:/usr/bin:/bin"}
    process = subprocess.Popen([sys.executable, "-c", code], env=environment)
    try:
        assert wait_for(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text().endswith("\n"))
    finally:
        process.kill()
        process.wait()
    started = Path(f"/proc/{(tmp_path / 'pid').read_text().strip()}/stat")
    assert wait_for(lambda: not started.exists() or started.read_text().split()[2] == "Z")


def test_of_what_it_says_only_a_part_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake(tmp_path, "clang", "yes 'a.c:1:1: warning: much' | head -c 10000 >&2; echo made")
    (tmp_path / "a.c").touch()
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(compiling, "_MOST_TOLD", 230)
    assert len(compiled(str(tmp_path / "a.c")).warnings) == 10


def test_where_headers_of_the_machine_are_and_what_it_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake(tmp_path, "clang", 'echo "$@"')
    (tmp_path / "a.c").touch()
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(compiling.platform, "machine", lambda: "aarch64")
    begin = "-target bpf -O2 -g -fno-color-diagnostics -H -idirafter /usr/include/aarch64-linux-gnu"
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
    runs: list[Sequence[str]] = []
    run = compiling._run  # pyright: ignore[reportPrivateUsage]
    monkeypatch.setattr(compiling, "_run", lambda name, command: runs.append(command) or run(name, command))
    compiled(str(source))
    compiled(str(source))
    assert len(types) == 1
    assert len(runs) == 3  # the second time clang is run once
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
    assert raised.value.message == f"vmlinux.h cannot be kept: {source}/bpftui/include/vmlinux.h: not a directory"
    assert raised.value.hint == "bpftui show /sys/kernel/btf/vmlinux --header > vmlinux.h, and -I says where it is"


@pytest.mark.parametrize(
    ("name", "installed", "hint"),
    [
        ("bpf/bpf_helpers.h", False, "libbpf's headers are not installed: apt install libbpf-dev"),
        ("bpf/bpf_halpers.h", True, None),
        ("mine/bpf.h", False, None),
    ],
)
def test_where_libbpf_is_missing_it_says_so(
    name: str, installed: bool, hint: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake(tmp_path, "clang", f"echo \"a.c:1:10: fatal error: '{name}' file not found\" >&2; exit 1")
    (tmp_path / "a.c").touch()
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(compiling, "_LIBBPF", str(tmp_path / ("a.c" if installed else "none")))
    with pytest.raises(BpftuiError) as raised:
        compiled(str(tmp_path / "a.c"))
    assert raised.value.message.endswith(f"a.c:1:10: '{name}' file not found")
    assert raised.value.hint == hint


def test_the_headers_that_it_includes_are_named_and_not_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = r"printf '. ./near.h\n.. inc/deep.h\na.c:1:1: warning: odd\n. ./near.h\n' >&2; echo made"
    fake(tmp_path, "clang", told)
    (tmp_path / "a.c").touch()
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.chdir(tmp_path)
    made = compiled("a.c")
    assert made.headers == (f"{tmp_path}/near.h", f"{tmp_path}/inc/deep.h")
    assert [each.text for each in made.warnings] == ["odd"]
    fake(tmp_path, "clang", "printf '. ./near.h\\nit is broken\\n' >&2; exit 1")
    with pytest.raises(BpftuiError, match=r"^a.c does not compile: it is broken$"):
        compiled("a.c")


@pytest.mark.usefixtures("clang")
def test_clang_names_the_headers(tmp_path: Path) -> None:
    (tmp_path / "near.h").write_text("int near;\n")
    (tmp_path / "a.c").write_text('#include <stddef.h>\n#include "near.h"\n')
    assert compiled(str(tmp_path / "a.c")).headers[-1] == f"{tmp_path}/near.h"
