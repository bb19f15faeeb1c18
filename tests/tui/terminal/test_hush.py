"""What is typed before anything is drawn is not echoed, and acts when the panes are there."""

from __future__ import annotations

import json
import re
import signal
import termios
import time
from typing import TYPE_CHECKING

import pytest
from textual import events
from textual.app import App
from textual.drivers.headless_driver import HeadlessDriver

from bpftui.tui.commands import explores
from bpftui.tui.driver import guarded
from tests.terminal import Terminal
from tests.tui.commands.command_line import COMMAND
from tests.victim import Victim
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from textual.message import Message

_EXPLORER = ["-m", "bpftui.tui", "--runtime", "vm", "bpf/traffic.o"]
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")
_EDITED = r"sample_every +\* +__u32 +50\b"
_OTHER_SCREEN = b"\x1b[?1049h"


@pytest.fixture
def victims() -> Iterator[list[Victim]]:
    made: list[Victim] = []
    yield made
    for each in made:
        each.close()


def start(victims: list[Victim], *arguments: str, state: Path | None = None) -> Victim:
    victims.append(Victim(arguments, terminal=True, environment={"XDG_STATE_HOME": str(state)} if state else None))
    return victims[-1]


def until_shown(victim: Victim, pattern: str) -> None:
    """Wait for text that a regular expression matches, whatever its colours."""
    stop = time.monotonic() + PATIENCE
    while not re.search(pattern, _ESCAPES.sub("", victim.shown.decode("utf-8", "replace"))):
        assert time.monotonic() < stop
        victim.read(0.2)


def wait_until_hushed(victim: Victim) -> None:
    """Wait until the terminal echoes nothing; before anything is drawn."""
    assert victim.terminal is not None
    stop = time.monotonic() + PATIENCE
    while termios.tcgetattr(victim.terminal)[3] & termios.ECHO:
        assert time.monotonic() < stop
        time.sleep(0.001)
    assert victim.shown == b""


def test_what_is_typed_before_anything_is_drawn_acts_and_is_not_echoed(victims: list[Victim]) -> None:
    victim = start(victims, *_EXPLORER)
    wait_until_hushed(victim)
    victim.press(b"3e50\r")
    until_shown(victim, _EDITED)
    assert victim.shown.startswith(_OTHER_SCREEN)
    victim.press(b"q")
    until_shown(victim, "Yes")  # the value is in no preset
    victim.press(b"y")
    assert victim.wait(10) is not None
    assert victim.code() == 0
    assert victim.terminal_left() == []


async def test_a_key_that_comes_before_there_is_a_screen_ends_nothing() -> None:
    """The thread that reads keys may be faster than the event loop."""
    app: App[None] = App()
    told: list[Message] = []
    driver = guarded(HeadlessDriver, lambda message: bool(told.append(message)))(app)
    for key in ("q", "ctrl+c", "x"):
        driver.process_message(events.Key(key, None))
    assert len(told) == 3


def test_what_is_typed_while_the_terminal_still_edits_lines_acts_too(victims: list[Victim]) -> None:
    victim = start(victims, *_EXPLORER)
    victim.press(b"3e50\r")  # the terminal makes a line feed of it
    until_shown(victim, _EDITED)


def test_what_is_typed_at_home_for_what_is_opened_acts_there(victims: list[Victim], tmp_path: Path) -> None:
    victim = start(victims, "-m", "bpftui.tui", "--runtime", "vm", state=tmp_path)
    victim.press(b"/traf\r\r3e50\r")
    until_shown(victim, _EDITED)


def test_what_was_typed_for_an_object_that_is_refused_is_forgotten(victims: list[Victim], tmp_path: Path) -> None:
    broken = tmp_path / "broken.o"
    broken.write_bytes(b"no object")
    (tmp_path / "bpftui").mkdir()
    recent = {"schema": "bpftui/recent/1", "files": [str(broken)]}
    (tmp_path / "bpftui/recent.json").write_text(json.dumps(recent))
    victim = start(victims, "-m", "bpftui.tui", "--runtime", "vm", state=tmp_path)
    victim.press(b"\rq")
    until_shown(victim, "✗ /")
    assert victim.wait(1) is None  # q was for the object
    victim.press(b"q")
    assert victim.wait(10) is not None


def test_the_terminal_of_an_object_that_is_refused_is_as_it_was(victims: list[Victim]) -> None:
    victim = start(victims, "-m", "bpftui.tui", "missing.o")
    wait_until_hushed(victim)
    assert victim.wait(20) is not None
    assert victim.code() == 1
    assert victim.terminal_left() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT], ids=lambda n: n.name)
def test_the_terminal_of_what_is_ended_while_it_starts_is_as_it_was(
    victims: list[Victim], number: signal.Signals
) -> None:
    victim = start(victims, *_EXPLORER)
    wait_until_hushed(victim)
    victim.send(number)
    assert victim.wait(10) is not None
    assert victim.code() == -number
    assert victim.left() == []
    assert victim.terminal_left() == []


_AT_THE_WRONG_MOMENT = """
import os, signal, termios, time
from bpftui.tui.terminal.hush import hush
change = termios.tcsetattr
def hooked(*arguments):
    termios.tcsetattr = change
    change(*arguments)
    os.kill(os.getpid(), signal.SIGHUP)
termios.tcsetattr = hooked
hush()
time.sleep(10)
"""


def test_a_signal_that_comes_right_after_the_terminal_was_changed_gives_it_back(victims: list[Victim]) -> None:
    victim = start(victims, "-c", _AT_THE_WRONG_MOMENT)
    assert victim.wait(10) is not None
    assert victim.code() == -signal.SIGHUP
    assert victim.terminal_left() == []


@pytest.mark.terminal
def test_a_shell_has_its_terminal_while_what_starts_is_stopped(tmp_path: Path) -> None:
    terminal = Terminal((80, 24), ["env", "PS1=>", "sh", "-i"], tmp_path)
    try:
        terminal.until(">")
        terminal.send_line(f"{' '.join(COMMAND)} --runtime vm bpf/traffic.o")
        terminal.until_modes(echo=False)
        terminal.press("C-z")
        terminal.until("Stopped|suspended")
        terminal.until_modes(echo=True)
        terminal.send_line("fg")
        terminal.until_modes(echo=False)
        terminal.until("count_traffic  SPEC")
    finally:
        terminal.close()


@pytest.mark.terminal
def test_what_is_told_to_end_while_it_is_stopped_ends_and_leaves_the_terminal_alone(tmp_path: Path) -> None:
    terminal = Terminal((80, 24), ["env", "PS1=>", "bash", "--norc", "--noprofile"], tmp_path)
    try:
        terminal.until(">")
        terminal.send_line(f"{' '.join(COMMAND)} --runtime vm bpf/traffic.o")
        terminal.until("count_traffic  SPEC")
        terminal.press("C-z")
        terminal.until("Stopped")
        terminal.send_line("fg")
        terminal.until("count_traffic  SPEC")
        terminal.press("C-z")
        terminal.until("Stopped")
        terminal.send_line("P=$(jobs -p); kill %1; while kill -0 $P 2>/dev/null; do sleep 0.1; done; echo ended")
        terminal.until("\nended\n>")
    finally:
        terminal.close()


@pytest.mark.parametrize(
    ("arguments", "explorer"),
    [
        ([], True),
        (["prog.o"], True),
        (["explore", "show"], True),
        (["--runtime", "vm", "prog.o"], True),
        (["demo"], True),
        (["show", "prog.o"], False),
        (["watch", "prog.o"], False),
        (["--help"], False),
        (["-V"], False),
    ],
    ids=str,
)
def test_which_commands_listen_from_the_first_moment(arguments: list[str], explorer: bool) -> None:
    assert explores(arguments) is explorer
