"""The System place over what this kernel runs, read by a steward for an explorer that has no rights; in a terminal."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bpftui import bpf
from bpftui.core import kernel
from bpftui.core.spec import CollectionSpec
from tests.nobody import NOBODY, UNPRIVILEGED, as_nobody
from tests.terminal import Terminal
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = [pytest.mark.kernel, pytest.mark.terminal]

BPFTUI = [sys.executable, "-m", "bpftui.tui"]
PRINTS = Path(__file__).parents[2] / "objects/prints.o"


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    """Return what runs a command in a terminal."""
    opened: list[Terminal] = []

    def run(*command: str, size: tuple[int, int] = (120, 40)) -> Terminal:
        own = tmp_path / f"terminal{len(opened)}"
        own.mkdir()
        opened.append(Terminal(size, command, own))
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
            shown.until(rf"▌ +{number} count_packets +xdp +▲ \S+(, \S+)? +• +\d")
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


def test_two_at_once_do_not_disturb_each_other(terminal: Callable[..., Terminal]) -> None:
    """Each has runs counted, and a trace buffer of its own: what one ends, and what it reads, is not the other's."""
    with kernel.load(CollectionSpec.from_file(PRINTS), programs={"hello"}) as loaded:
        program = loaded.programs["hello"]
        first, second = (terminal(*BPFTUI, "top", "--only", "hello", size=(80, 24)) for _ in range(2))
        for shown in (first, second):
            shown.until(rf"{program.id} hello")
            shown.press("9")
            shown.until("no program has printed a line since this was opened")
        program.run()
        for shown in (first, second):
            shown.until(rf"{program.id} hello +hello 42")
        first.press("q")
        assert first.exit_code() == "0"
        program.run()
        second.until(rf"(?s)({program.id} hello +hello 42.*){{2}}")
        second.press("1")
        second.until(rf"{program.id} hello ")
        stop = time.monotonic() + PATIENCE
        while not re.search(rf"{program.id} hello .* [1-9][\d,]* +[1-9][\d,]* ", second.text()):
            assert time.monotonic() < stop, second.text()
            program.run(repeat=100)  # the rate of one look stands there until the next
        second.press("q")
        assert second.exit_code() == "0"
