"""The built-in machine in a real terminal and without one: for a user without any right, and without Linux."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.nobody import NOBODY, UNPRIVILEGED, as_nobody
from tests.terminal import SIZES, Terminal, walk
from tests.tui.commands.command_line import COMMAND, ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

ordinary_user = as_nobody if os.geteuid() == 0 else pytest.mark.xfail(False, reason="")
"""Marks what an ordinary user does: whoever runs the tests, or nobody where that is root."""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """Return an empty home that a user without any right may write to: nobody may not enter pytest's directories."""
    if os.geteuid() != 0:
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(prefix="bpftui-home-") as folder:
        os.chown(folder, int(NOBODY[1].partition("=")[2]), -1)
        yield Path(folder)


@pytest.fixture
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the files of configuration and state lie where they do without these variables."""
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.delenv("XDG_STATE_HOME")


def go(size: tuple[int, int], home: Path, command: list[str], directory: Path) -> None:
    """Go the whole line with a command, in a terminal of this size."""
    terminal = Terminal(size, ["env", f"HOME={home}", *command], directory)
    try:
        walk(terminal, "vm")
    finally:
        terminal.close()


@pytest.mark.terminal
@ordinary_user
@pytest.mark.usefixtures("clean")
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_an_ordinary_user_goes_the_whole_line(size: tuple[int, int], home: Path, tmp_path: Path) -> None:
    user = UNPRIVILEGED if os.geteuid() == 0 else []
    go(size, home, [*user, *COMMAND, str(ROOT / "bpf/traffic.o")], tmp_path)
    log = (home / ".local/state/bpftui/log").read_text()
    assert "loaded 1 program and 6 maps" in log
    assert log.index("attached count_traffic → sandbox") < log.index("detached count_traffic → sandbox")


@pytest.mark.terminal
@pytest.mark.usefixtures("clean")
def test_the_whole_line_where_there_is_no_linux(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    go((120, 40), tmp_path, [sys.executable, "-m", "tests.not_linux", "bpf/traffic.o"], tmp_path)


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (
            ["demo", "--duration", "0.5", "--interval", "0.2"],
            "this is the built-in machine, no kernel",
        ),
        (["run", "bpf/global_example.o", "global_example", "--set", "global_u16=7"], "global_example returned 7"),
        (["check", "bpf/traffic.o"], "bpf/traffic.o: everything loads"),
        (["watch", "bpf/count_packets.o", "--attach", "count_packets=sandbox", "--duration", "0.5"], "pkt_count[0] = "),
        (["show", "bpf/traffic.o"], "programs (1)"),
        (["show", "tests/objects/core.o", "--core"], "there is no kernel BTF to resolve it against"),
        (["show", "tests/objects/externs.o", "--externs"], "not in /proc/kallsyms"),
        (["doctor"], "bpf(2) is a system call of Linux, and this is Darwin"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_the_commands_where_there_is_no_linux(arguments: list[str], shown: str, tmp_path: Path) -> None:
    environment = os.environ | {"HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "tests.not_linux", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["demo", "--runtime", "kernel"],
        ["check", "bpf/traffic.o", "--runtime", "kernel"],
        ["disasm", "bpf/traffic.o", "--xlated"],
        ["doctor", "--helpers", "xdp"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_what_takes_a_kernel_says_so_where_there_is_no_linux(arguments: list[str], tmp_path: Path) -> None:
    environment = os.environ | {"HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "tests.not_linux", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr == "bpftui: error: bpf(2) is a system call of Linux, and this is Darwin\n"
