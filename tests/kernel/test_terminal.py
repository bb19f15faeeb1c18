"""The explorer in a real terminal, against the running kernel, from the keyboard alone."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.kernel, pytest.mark.terminal]

ROOT = Path(__file__).parents[2]


class Terminal:
    """A tmux server of its own with one window."""

    def __init__(self, width: int, height: int, command: list[str], directory: Path) -> None:
        self._tmux = ["tmux", "-L", f"bpftui-{os.getpid()}-{width}", "-f", os.devnull]
        self.status = directory / "status"
        self.pid = directory / "pid"
        inner = f"echo $$ > {shlex.quote(str(self.pid))}; exec {shlex.join(command)}"
        line = f"sh -c {shlex.quote(inner)}; echo $? > {shlex.quote(str(self.status))}"
        self._run("new-session", "-d", "-x", str(width), "-y", str(height), line)

    def _run(self, *arguments: str) -> str:
        return subprocess.run([*self._tmux, *arguments], check=True, capture_output=True, text=True).stdout

    def press(self, *keys: str) -> None:
        for key in keys:
            self._run("send-keys", key)
            time.sleep(0.05)

    def text(self) -> str:
        return self._run("capture-pane", "-p")

    def until(self, pattern: str, seconds: float = 15.0) -> re.Match[str]:
        stop = time.monotonic() + seconds
        shown = ""
        while time.monotonic() < stop:
            shown = self.text()
            found = re.search(pattern, shown)
            if found is not None:
                return found
            time.sleep(0.1)
        raise AssertionError(f"{pattern!r} never came:\n{shown}")

    def exit_code(self) -> str:
        """Wait for the end of the program."""
        stop = time.monotonic() + 10
        while not self.status.exists() or not self.status.read_text().strip():
            assert time.monotonic() < stop, self.text()
            time.sleep(0.1)
        return self.status.read_text().strip()

    def close(self) -> None:
        subprocess.run([*self._tmux, "kill-server"], capture_output=True, check=False)


@pytest.fixture(params=[(80, 24), (120, 40)], ids=["80x24", "120x40"])
def terminal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Terminal]:
    """Return a terminal with traffic.o open in it."""
    command = [sys.executable, "-m", "bpftui.tui", str(ROOT / "bpf/traffic.o")]
    found = Terminal(*request.param, command, tmp_path)
    try:
        yield found
    finally:
        found.close()


def test_a_walk_from_the_keyboard(terminal: Terminal) -> None:
    terminal.until("● SPEC")
    terminal.until("count_traffic")
    terminal.press("3", "e")
    terminal.until("Edit sample_every")
    terminal.press("5", "0", "Enter")
    terminal.until(r"sample_every\s+__u32\s+50 \*")

    terminal.press("L")
    terminal.until("● LOADED")
    terminal.press("A")
    terminal.until("Cancel")
    terminal.press("Tab", "Enter")
    terminal.until("● ATTACHED")
    terminal.until(r"runs/s")

    before = int(terminal.until(r"UDP\}\s+•?\s*([\d,]+)")[1].replace(",", ""))
    stop = time.monotonic() + 10
    while int(terminal.until(r"UDP\}\s+•?\s*([\d,]+)")[1].replace(",", "")) <= before:
        assert time.monotonic() < stop, "the counter stands still"
        time.sleep(0.2)

    terminal.press("Enter")
    terminal.until("-60s")
    terminal.press("[")
    terminal.until("-30s")
    terminal.press("p")
    terminal.until("PAUSED")
    terminal.press("D")
    terminal.until("● LOADED")
    terminal.press("q")
    assert terminal.exit_code() == "0"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("terminal", [(80, 24)], indirect=True)
def test_a_signal_leaves_nothing_attached(terminal: Terminal, number: signal.Signals) -> None:
    """The leftovers that there would be fail the whole run (tests/conftest.py)."""
    terminal.until("● SPEC")
    terminal.press("L")
    terminal.until("● LOADED")
    terminal.press("A")
    terminal.until("Cancel")
    terminal.press("Tab", "Enter")
    terminal.until("● ATTACHED")
    os.kill(int(terminal.pid.read_text()), number)
    assert terminal.exit_code() == "130"
