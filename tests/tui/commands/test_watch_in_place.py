"""`watch` in a real terminal: a table in its place, which stays when it is interrupted."""

from __future__ import annotations

import os
import re
import signal
import time
from typing import TYPE_CHECKING

import pytest

from tests.terminal import Terminal
from tests.tui.commands.command_line import COMMAND, ROOT, bpftui
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from pathlib import Path

WATCH = ["watch", str(ROOT / "bpf/traffic.o"), "--runtime", "vm", "--attach", "count_traffic=sandbox,rate=500"]


@pytest.mark.terminal
def test_the_table_stays_in_its_place_and_where_it_is_at_the_end(tmp_path: Path) -> None:
    terminal = Terminal((80, 24), ["env", "TERM=xterm-256color", *COMMAND, *WATCH, "--interval", "0.2"], tmp_path)
    try:
        terminal.until(r"IPV4 +TCP +•[\d,]+ +[\d,.]+ +•")
        first = terminal.number(r"total_packets +•?([\d,]+)")
        stop = time.monotonic() + PATIENCE
        while terminal.number(r"total_packets +•?([\d,]+)") <= first:
            assert time.monotonic() < stop
        text = terminal.text()
        assert text.count("ctrl+c ends") == 1
        assert re.search(r"family +protocol +packets +packets/s +bytes +bytes/s", text)
        assert all(len(line) <= 80 for line in text.splitlines())
        terminal.resize(50, 20)
        terminal.until(r"sources .* \+\d columns? →")
        assert terminal.text().count("percpu_hash") == 1
        terminal.keep()
        os.kill(int(terminal.pid.read_text()), signal.SIGINT)
        assert terminal.exit_code() == "130"
        assert terminal.text().count("percpu_hash") == 1
    finally:
        terminal.close()


def test_a_pipe_gets_lines() -> None:
    told = bpftui(*WATCH, "--interval", "0.2", "--duration", "0.5")
    assert told.code == 0
    assert "\x1b" not in told.out
    assert re.search(r"^    0\.\d+ s$", told.out, re.MULTILINE)
    assert re.search(r"^  traffic\[\{family=IPV4, protocol=TCP\}\] = ", told.out, re.MULTILINE)


@pytest.mark.terminal
def test_a_terminal_that_can_only_write_gets_lines(tmp_path: Path) -> None:
    command = ["env", "TERM=dumb", *COMMAND, *WATCH, "--duration", "0.5", "--interval", "0.2"]
    terminal = Terminal((80, 24), ["sh", "-c", '"$@"; sleep 2', "sh", *command], tmp_path)
    try:
        terminal.until(r"total_packets = \d")
        assert "ctrl+c ends" not in terminal.text()
    finally:
        terminal.close()
