"""Ratios of two commands, run in turn in the same session: what a shared machine's drift cannot spoil."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import statistics
import struct
import subprocess
import sys
import termios
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def compare(name: str, ours: Callable[[], float], theirs: Callable[[], float], *, runs: int = 9) -> float:
    """Time both in turn, *runs* times after one warm-up, print medians and ratios, and return the median ratio."""
    ours()
    theirs()
    pairs = [(ours(), theirs()) for _ in range(runs)]
    ratios = sorted(a / b for a, b in pairs)
    ratio = statistics.median(ratios)
    a, b = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(
        f"\n{name}: {ratio:.2f} × (from {ratios[0]:.2f} to {ratios[-1]:.2f}); "
        f"{a * 1000:.1f} ms against {b * 1000:.1f} ms, medians of {runs}"
    )
    return ratio


def wall(command: Sequence[str]) -> float:
    """Return the seconds that a command takes from start to end."""
    start = time.perf_counter()
    subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start


def until_drawn(command: Sequence[str], text: bytes, *, columns: int = 120, lines: int = 40) -> float:
    """Return the seconds from a command's start in a terminal until *text* has been written to it."""
    child, master = pty.fork()
    if child == 0:
        os.environ.update(TERM="xterm-256color", COLORTERM="truecolor")
        os.execvp(command[0], list(command))
    try:
        fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("4H", lines, columns, 0, 0))
        start = time.perf_counter()
        seen = b""
        while text not in seen:
            if not select.select([master], [], [], 20)[0]:
                raise TimeoutError(f"{command} did not write {text!r}")
            seen += os.read(master, 65536)
        return time.perf_counter() - start
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(master)


PYTHON = sys.executable
