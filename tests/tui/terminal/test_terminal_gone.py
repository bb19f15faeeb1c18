"""A terminal that is closed ends the explorer at once, whatever it is doing, and is no error of anybody's."""

from __future__ import annotations

import os
import pty
import select
import signal
import sys
import time
from pathlib import Path

import pytest

from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[3]
EXPLORER = f"""
import sys
from bpftui.tui.__main__ import main
from bpftui.tui.terminal import guardian
guardian._Watch._begin_to_end.__defaults__ = ({PATIENCE},)  # whoever has a second and a half may be too slow
sys.exit(main(None))
"""


@pytest.mark.parametrize("heard", [True, False], ids=["hangup", "nohup"])
def test_a_terminal_that_is_closed_ends_the_explorer_at_once(tmp_path: Path, heard: bool) -> None:
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(ROOT)
        os.environ["TERM"] = "xterm-256color"
        os.environ["XDG_STATE_HOME"] = str(tmp_path)
        signal.signal(signal.SIGHUP, signal.SIG_DFL if heard else signal.SIG_IGN)
        os.execv(sys.executable, [sys.executable, "-c", EXPLORER, "--runtime", "vm", "bpf/traffic.o"])
    shown = b""
    deadline = time.monotonic() + PATIENCE
    while b"Search" not in shown and time.monotonic() < deadline:
        if select.select([terminal], [], [], 0.1)[0]:
            shown += os.read(terminal, 1 << 16)
    assert b"Search" in shown
    os.write(terminal, b"\x10")  # ctrl+p: there is something to be drawn
    # Its leader gets SIGHUP and SIGCONT. One that does not get to its end would be ended by a signal.
    os.close(terminal)
    ended = status = 0
    deadline = time.monotonic() + PATIENCE
    while not ended and time.monotonic() < deadline:
        ended, status = os.waitpid(pid, os.WNOHANG)
        time.sleep(0.02)
    if not ended:
        os.kill(pid, 9)
        _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 130
    assert "Traceback" not in (tmp_path / "bpftui" / "log").read_text()
