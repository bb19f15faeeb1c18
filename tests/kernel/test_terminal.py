"""The explorer in a real terminal, against the running kernel, from the keyboard alone."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.terminal import SIZES, Terminal, walk

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.kernel, pytest.mark.terminal]

ROOT = Path(__file__).parents[2]


@pytest.fixture(params=SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def terminal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Terminal]:
    """Return a terminal with traffic.o open in it."""
    command = [sys.executable, "-m", "bpftui.tui", str(ROOT / "bpf/traffic.o")]
    found = Terminal(request.param, command, tmp_path)
    try:
        yield found
    finally:
        found.close()


def test_a_walk_from_the_keyboard(terminal: Terminal) -> None:
    walk(terminal, "kernel")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("terminal", [(80, 24)], indirect=True)
def test_a_signal_leaves_nothing_attached(terminal: Terminal, number: signal.Signals) -> None:
    """The leftovers that there would be fail the whole run (tests/conftest.py)."""
    terminal.until(" SPEC")
    terminal.press("L")
    terminal.until("LOADED")
    terminal.press("A")
    terminal.until("Cancel")
    terminal.press("Enter")
    terminal.until("▲ ATTACHED")
    os.kill(int(terminal.pid.read_text()), number)
    assert terminal.exit_code() == "130"
