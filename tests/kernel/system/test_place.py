"""The System place over what this kernel runs, read by a steward for an explorer that has no rights; in a terminal."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING

import pytest

from bpftui import bpf
from bpftui.core import kernel
from bpftui.core.spec import CollectionSpec
from tests.nobody import NOBODY, UNPRIVILEGED, as_nobody
from tests.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = [pytest.mark.kernel, pytest.mark.terminal]

BPFTUI = [sys.executable, "-m", "bpftui.tui"]


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    """Return what runs a command in a terminal."""
    opened: list[Terminal] = []

    def run(*command: str, size: tuple[int, int] = (120, 40)) -> Terminal:
        opened.append(Terminal(size, command, tmp_path))
        return opened[-1]

    yield run
    for each in opened:
        each.close()


def test_what_is_loaded_is_found_counted_and_opened(terminal: Callable[..., Terminal]) -> None:
    """Its owner is this process, of which the explorer sees nothing by itself."""
    with kernel.Sandbox() as sandbox, kernel.load(CollectionSpec.from_file(bpf.path("count_packets"))) as loaded:
        program = loaded.programs["count_packets"]
        number = program.id
        with program.attach(sandbox.target()):
            sandbox.start()
            shown = terminal(*BPFTUI, "top", "--only", "count_pack*", "--sort", "runs")
            shown.until(rf"▌ +{number} count_packets +xdp +▲ \S+, \S+ +• +\d")
            assert "read-only" in shown.text()
            shown.press("u")
            shown.until(r"▌on +xdp ")
            shown.press("Escape")
            shown.until_gone("tag ")
            shown.press("Enter")
            shown.until(r"1 Overview(.*\n)+.*native code")
            shown.press("0", "2")
            shown.until(rf"▌ +{number} count_packets")
            shown.press("q")
            assert shown.exit_code() == "0"


@pytest.fixture
def home() -> Iterator[str]:
    """Return a home that nobody may write to: not pytest's directories."""
    with tempfile.TemporaryDirectory(prefix="bpftui-home-") as folder:
        os.chown(folder, int(NOBODY[1].partition("=")[2]), -1)
        yield folder


@as_nobody
def test_an_ordinary_user_reads_what_is_missing_and_has_the_rest(
    terminal: Callable[..., Terminal], home: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", home)
    monkeypatch.setenv("XDG_STATE_HOME", home)
    shown = terminal(*UNPRIVILEGED, *BPFTUI, "top", size=(80, 24))
    shown.until(r"lacks CAP_SYS_ADMIN")
    shown.press("0")
    shown.until("1 Objects")
    shown.until("Shipped")
    shown.press("q")
    assert shown.exit_code() == "0"


def test_in_a_pipe_it_is_a_table() -> None:
    done = subprocess.run([*BPFTUI, "top", "-b", "--duration", "0.2"], capture_output=True, text=True, check=True)
    assert "% of a CPU" in done.stdout.splitlines()[0]
