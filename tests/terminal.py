"""The explorer in a real terminal (tmux), driven from the keyboard alone."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import termios
import time
from typing import TYPE_CHECKING

from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["SIZES", "Terminal", "walk"]

SIZES = [(80, 24), (120, 40)]


class Terminal:
    """A tmux server of its own with one window, in which *command* runs.

    Args:
        size: Columns and rows.
        command: What runs in it.
        directory: An own one, where the command's process number and its exit code go.
    """

    def __init__(self, size: tuple[int, int], command: Sequence[str], directory: Path) -> None:
        self._tmux = ["tmux", "-L", f"bpftui-{os.getpid()}-{directory.name}", "-f", os.devnull]
        self.columns = size[0]
        self.status = directory / "status"
        self.pid = directory / "pid"
        inner = f"echo $$ > {shlex.quote(str(self.pid))}; exec {shlex.join(command)}"
        line = f"sh -c {shlex.quote(inner)}; echo $? > {shlex.quote(str(self.status))}"
        self._run("new-session", "-d", "-x", str(size[0]), "-y", str(size[1]), line)

    def _run(self, *arguments: str) -> str:
        # The environment as Python has it: behind its back, readline puts in COLUMNS=80, which Textual would believe.
        environment = dict(os.environ)
        command = [*self._tmux, *arguments]
        done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment, timeout=PATIENCE)
        return done.stdout

    def press(self, *keys: str) -> None:
        """Press keys, as tmux names them."""
        for key in keys:
            self._run("send-keys", key)
            time.sleep(0.05)

    def keep(self) -> None:
        """Let what is to be seen stay when the command has ended."""
        self._run("set-option", "-g", "remain-on-exit", "on")

    def resize(self, columns: int, rows: int) -> None:
        """Give the window another size."""
        self._run("resize-window", "-x", str(columns), "-y", str(rows))

    def send_line(self, line: str, *keys: str) -> None:
        """Type a line, and right after it press keys."""
        self._run("send-keys", line, "Enter", *keys)

    def until_modes(self, *, echo: bool, seconds: float = PATIENCE) -> None:
        """Wait until the terminal echoes what is typed, or does not."""
        own = os.open(self._run("display-message", "-p", "#{pane_tty}").strip(), os.O_RDWR | os.O_NOCTTY)
        try:
            stop = time.monotonic() + seconds
            while bool(termios.tcgetattr(own)[3] & termios.ECHO) != echo:
                assert time.monotonic() < stop, self.text()
                time.sleep(0.01)
        finally:
            os.close(own)

    def text(self) -> str:
        """Return what is to be seen."""
        return self._run("capture-pane", "-p")

    def painted(self) -> list[str]:
        """Return the lines that are to be seen, with their colours."""
        return self._run("capture-pane", "-p", "-e", "-N").removesuffix("\n").split("\n")

    def until(self, pattern: str, seconds: float = PATIENCE) -> re.Match[str]:
        """Wait for text that a regular expression matches."""
        stop = time.monotonic() + seconds
        shown = ""
        while time.monotonic() < stop:
            shown = self.text()
            found = re.search(pattern, shown)
            if found is not None:
                return found
            time.sleep(0.1)
        raise AssertionError(f"{pattern!r} never came:\n{shown}")

    def until_gone(self, text: str, seconds: float = PATIENCE) -> None:
        """Wait for *text* to be no longer there."""
        stop = time.monotonic() + seconds
        while text in (shown := self.text()):
            assert time.monotonic() < stop, f"{text!r} never went:\n{shown}"
            time.sleep(0.1)

    def number(self, pattern: str) -> int:
        """Wait for a number with thousands separators, the pattern's group, and return it."""
        return int(self.until(pattern)[1].replace(",", ""))

    def exit_code(self) -> str:
        """Wait for the end of the program."""
        stop = time.monotonic() + PATIENCE
        while not self.status.exists() or not self.status.read_text().strip():
            assert time.monotonic() < stop, self.text()
            time.sleep(0.1)
        return self.status.read_text().strip()

    def close(self) -> None:
        """End the server, and what still runs in it."""
        subprocess.run([*self._tmux, "kill-server"], capture_output=True, check=False, timeout=PATIENCE)


def walk(terminal: Terminal, runtime: str) -> None:
    """Go the whole line with bpf/traffic.o: open, set, load, attach, watch, graph, run, detach, quit."""
    terminal.until(" SPEC")
    terminal.until(rf"\A.{{{terminal.columns - 1}}}\n")  # the runtime stands at the edge
    terminal.until("count_traffic")
    terminal.until(rf" {runtime} *\n")
    terminal.press("3", "e")
    terminal.until("Edit sample_every")
    terminal.press("5", "0", "Enter")
    terminal.until(r"sample_every \*\s+__u32\s+50\b")

    terminal.press("L")
    terminal.until("LOADED")
    terminal.press("A")
    terminal.until("Cancel")
    terminal.press("Enter")
    terminal.until("▲ ATTACHED")
    terminal.until(r"runs/s")

    counter = r"UDP\s+•?\s*([\d,]+)"
    before = terminal.number(counter)
    stop = time.monotonic() + PATIENCE
    while terminal.number(counter) <= before:
        assert time.monotonic() < stop, "the counter stands still"
        time.sleep(0.2)

    terminal.press("w")
    terminal.until("-60s")
    terminal.press("[")
    terminal.until("-30s")
    terminal.press("p")
    terminal.until("PAUSED")
    terminal.press("R")
    terminal.until("nothing is sent anywhere")
    terminal.press("R")
    terminal.until(r"Result +XDP_PASS \(2\)")
    terminal.press("Escape")
    terminal.until_gone("Result  XDP_PASS")
    tabs = {"1": "max entries", "2": r"call bpf_ktime_get_ns#5", "3": "total_packets", "6": "attached"}
    for tab, shown in tabs.items():
        terminal.press(tab)
        terminal.until(shown)
    terminal.press("D")
    terminal.until("LOADED")
    terminal.press("q")
    terminal.until("These are set, and in no preset")
    terminal.press("y")
    assert terminal.exit_code() == "0"
