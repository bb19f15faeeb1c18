"""`show --externs`, and `--btf` on the commands that load."""

from __future__ import annotations

import json
import platform
import re
from pathlib import Path

import pytest

from bpftui.core.errors import UsageError
from bpftui.tui.commands.check import command as check
from bpftui.tui.commands.run import command as run
from bpftui.tui.commands.show import command as show

ROOT = Path(__file__).parents[4]
EXTERNS, CORE = str(ROOT / "tests/objects/externs.o"), str(ROOT / "tests/objects/core.o")
TARGET = str(ROOT / "tests/objects/core_target.o")


def test_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert show.run([EXTERNS, "--externs"]) == 0
    rows = [re.split(r" {2,}", line) for line in capsys.readouterr().out.splitlines()]
    assert rows[0] == ["kind", "extern", "on this kernel"]
    assert [row[0] for row in rows[1:]] == ["kconfig"] * 2 + ["ksym"] * 2 + ["kfunc"] * 3
    assert rows[2][:2] == ["kconfig", "int LINUX_KERNEL_VERSION"]
    assert rows[2][2].endswith(f": {platform.release()}")
    assert rows[4][1:] == [
        "const void symbol_that_is_not_there",
        "not in /proc/kallsyms; it may be missing, and is 0 then",
    ]


ON_OTHER_TYPES = """\
bool CONFIG_THAT_IS_NOT_THERE |33 only a running kernel tells: its types do not
int LINUX_KERNEL_VERSION |31 only a running kernel tells: its types do not
const void init_task |33 only a running kernel tells: its types do not
const void symbol_that_is_not_there |33 only a running kernel tells: its types do not
void bpf_rcu_read_lock(void) |33 not in the BTF of T |2 ; it may be missing, and is 0 then
void bpf_rcu_read_unlock(void) |33 not in the BTF of T |2 ; it may be missing, and is 0 then
int kfunc_that_is_not_there(int) |33 not in the BTF of T |2 ; it may be missing, and is 0 then
"""
"""Behind what is declared, the colour of each part of what is said: 33 is yellow, 31 red, 2 dim."""


def test_what_a_program_cannot_do_without_is_red(capsys: pytest.CaptureFixture[str]) -> None:
    assert show.run([EXTERNS, "--externs", "--btf", TARGET, "--color", "always"]) == 0
    lines = capsys.readouterr().out.replace(TARGET, "T").replace("\x1b[0m", "").splitlines()[1:]
    told = [line[7:].replace("\x1b[36m", "").strip() for line in lines]
    assert [re.sub(" *\x1b\\[(\\d+)m", r" |\1 ", line) for line in told] == ON_OTHER_TYPES.splitlines()


def test_json_against_other_types(capsys: pytest.CaptureFixture[str]) -> None:
    assert show.run([EXTERNS, "--externs", "--json", "--btf", TARGET]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["schema"] == "bpftui/spec/1"
    assert "core" not in shown
    assert shown["externs_resolved"][1] == {
        "name": "LINUX_KERNEL_VERSION",
        "kind": "kconfig",
        "weak": False,
        "type": "int LINUX_KERNEL_VERSION",
        "found": False,
        "answer": "only a running kernel tells: its types do not",
    }


def test_btf_alone_is_refused() -> None:
    with pytest.raises(UsageError, match="--btf says what --core and --externs resolve against"):
        show.run([EXTERNS, "--btf", TARGET])


@pytest.mark.kernel
@pytest.mark.vmlinux
def test_check_and_run_adapt_to_the_types_in_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert check.run([CORE, "--json"]) == 0
    capsys.readouterr()
    assert check.run([CORE, "--json", "--btf", TARGET]) == 1
    (program,) = json.loads(capsys.readouterr().out)["programs"]
    assert not program["ok"]
    assert run.run([CORE, "core", "--json", "--btf", "/sys/kernel/btf/vmlinux"]) == 0
    assert json.loads(capsys.readouterr().out)["schema"] == "bpftui/run/1"
