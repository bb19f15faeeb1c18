"""A terminal that is closed ends the explorer at once, whatever it is doing."""

from __future__ import annotations

import os
import pty
import select
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_a_terminal_that_is_closed_ends_the_explorer_at_once() -> None:
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(ROOT)
        os.environ["TERM"] = "xterm-256color"
        os.execv(sys.executable, [sys.executable, "-m", "bpftui.tui", "--runtime", "vm", "bpf/traffic.o"])
    shown = b""
    deadline = time.monotonic() + 20
    while b"Search" not in shown and time.monotonic() < deadline:
        if select.select([terminal], [], [], 0.1)[0]:
            shown += os.read(terminal, 1 << 16)
    assert b"Search" in shown
    # Its leader gets SIGHUP and SIGCONT; a second signal, which ends it in any case, comes after 5 seconds.
    os.close(terminal)
    deadline = time.monotonic() + 4
    ended = 0
    while not ended and time.monotonic() < deadline:
        ended, _ = os.waitpid(pid, os.WNOHANG)
        time.sleep(0.02)
    if not ended:
        os.kill(pid, 9)
        os.waitpid(pid, 0)
    assert ended == pid
