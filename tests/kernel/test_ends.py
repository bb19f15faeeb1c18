"""What was told to end ends within two seconds, with all that it holds, whatever it is doing.

The loops are planted (tests/planted.py) while a program is attached in a sandbox.
"""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

import pytest

from tests.victim import Victim
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.kernel

LIMIT = 2.0
"""Seconds."""
EXPLORER = ["bpf/traffic.o", "--attach", "count_traffic=sandbox"]
WATCH = ["watch", "bpf/count_packets.o", "--attach", "count_packets=sandbox", "--interval", "0.1"]
DEMO = ["demo", "--plain", "--interval", "0.1"]
RUN = ["run", "bpf/global_example.o", "global_example"]
CHECK = ["check", "bpf/traffic.o"]
KILLED = b"bpftui: error: it was told to end, did not get to it, and was killed"


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Victim]]:
    """Return what starts bpftui with a loop planted in it, and returns when it is in there."""
    started: list[Victim] = []

    def enter(place: str, arguments: list[str], *, terminal: bool = False) -> Victim:
        mark = tmp_path / "entered"
        victim = Victim(["-m", "tests.planted", place, str(mark), *arguments], terminal=terminal)
        started.append(victim)
        stop = time.monotonic() + PATIENCE
        while not mark.exists() and time.monotonic() < stop and not victim.ended():
            victim.read(0.02)
        assert mark.exists(), victim.shown[-2000:].decode("utf-8", "replace")
        return victim

    yield enter
    for victim in started:
        victim.close()


@pytest.fixture
def attached() -> Iterator[Callable[..., Victim]]:
    """Return what starts the explorer, and returns when it has attached what it is to attach."""
    started: list[Victim] = []

    def enter(arguments: list[str], *python: str) -> Victim:
        victim = Victim([*(python or ("-m", "bpftui.tui")), *arguments], terminal=True)
        started.append(victim)
        assert victim.read(120, "▲ ATTACHED".encode()), victim.shown[-2000:].decode("utf-8", "replace")
        return victim

    yield enter
    for victim in started:
        victim.close()


def tell(victim: Victim, how: signal.Signals | str) -> None:
    """Tell it to end: by a signal, a key, or the end of its terminal."""
    if isinstance(how, signal.Signals):
        victim.send(how)
    elif how == "hang up":
        victim.hang_up()
    else:
        victim.press(how.encode())


@pytest.mark.parametrize(
    ("place", "how", "codes"),
    [
        # A worker that does not end is left behind: everything else is undone in order.
        # (Where the machine has too much to do for that, it is ended like the others.)
        ("worker", "q\t\r", {0, -signal.SIGTERM}),
        ("worker", signal.SIGTERM, {130, -signal.SIGTERM}),
        ("worker", "hang up", {130, -signal.SIGTERM}),
        # The event loop cannot be left: what is there ends with the process, by the signal that it was told with.
        ("main", signal.SIGINT, {-signal.SIGINT}),
        ("main", "hang up", {-signal.SIGTERM}),
        ("main", "q", {-signal.SIGTERM, -signal.SIGKILL}),
        # No code of Python runs any more.
        ("worker-in-c", "hang up", {-signal.SIGKILL}),
        ("main-in-c", signal.SIGHUP, {-signal.SIGKILL}),
        ("main-in-c", "\x11", {-signal.SIGKILL}),
    ],
    ids=str,
)
def test_the_explorer_ends(
    start: Callable[..., Victim], place: str, how: signal.Signals | str, codes: set[int]
) -> None:
    victim = start(place, EXPLORER, terminal=True)
    limit = LIMIT
    if how == "q\t\r":  # it asks first, and Cancel is the default: two more keys, which the loop has to come to
        victim.press(b"q")
        assert victim.read(20, b"will be detached")
        how, limit = "\t\r", 5 * LIMIT
    tell(victim, how)
    assert {kind for kind, _ in victim.holds} == {"prog", "map", "link"}
    seconds = victim.wait(limit + 1)
    assert seconds is not None
    assert seconds < limit
    assert victim.code() in codes
    assert victim.left() == []
    assert victim.terminal_left() == []
    assert b"Traceback" not in victim.shown
    assert (KILLED in victim.shown) == (victim.code() == -signal.SIGKILL and how != "hang up")


@pytest.mark.parametrize(
    ("arguments", "place", "number", "codes"),
    [
        (WATCH, "worker", signal.SIGINT, {130, -signal.SIGINT}),
        (DEMO, "main", signal.SIGTERM, {-signal.SIGTERM}),
        (WATCH, "main", signal.SIGHUP, {-signal.SIGTERM}),
        (DEMO, "worker-in-c", signal.SIGINT, {-signal.SIGKILL}),
        (WATCH, "main-in-c", signal.SIGTERM, {-signal.SIGKILL}),
    ],
    ids=str,
)
def test_a_command_that_watches_ends(
    start: Callable[..., Victim], arguments: list[str], place: str, number: signal.Signals, codes: set[int]
) -> None:
    victim = start(place, arguments)
    tell(victim, number)
    assert {kind for kind, _ in victim.holds} == {"prog", "map", "link"}
    seconds = victim.wait(LIMIT + 1)
    assert seconds is not None
    assert seconds < LIMIT
    assert victim.code() in codes
    assert victim.left() == []
    assert b"Traceback" not in victim.shown


@pytest.mark.parametrize(
    ("arguments", "place", "number"),
    [
        (RUN, "main", signal.SIGINT),
        (RUN, "worker-in-c", signal.SIGINT),
        (CHECK, "worker", signal.SIGINT),
        (CHECK, "main-in-c", signal.SIGHUP),
    ],
    ids=str,
)
def test_a_command_that_ends_by_itself_is_ended_at_once(
    start: Callable[..., Victim], arguments: list[str], place: str, number: signal.Signals
) -> None:
    victim = start(place, arguments)
    tell(victim, number)
    assert "map" in {kind for kind, _ in victim.holds}
    seconds = victim.wait(LIMIT)
    assert seconds is not None
    assert victim.code() == -number
    assert victim.left() == []
    assert victim.shown == b""


def test_what_comes_to_its_end_by_itself_has_the_time_that_it_takes(start: Callable[..., Victim]) -> None:
    victim = start("slow-close", [*WATCH, "--duration", "0.2"])
    victim.hang_up()  # who read it has gone (`| head`)
    assert victim.wait(10) is not None
    assert victim.code() == 0
    assert victim.left() == []


def test_unless_it_is_told_meanwhile(start: Callable[..., Victim]) -> None:
    victim = start("slow-close", [*WATCH, "--duration", "0.2"])
    tell(victim, signal.SIGTERM)
    seconds = victim.wait(LIMIT + 1)
    assert seconds is not None
    assert seconds < LIMIT
    assert victim.code() == -signal.SIGTERM
    assert victim.left() == []


def test_the_steps_of_one_end_have_no_time_of_their_own(attached: Callable[..., Victim], tmp_path: Path) -> None:
    victim = attached(EXPLORER, "-m", "tests.planted", "slow-end", str(tmp_path / "entered"))
    victim.press(b"q")
    assert victim.read(20, b"will be detached")
    victim.press(b"\t")
    victim.read(1)
    tell(victim, "\r")
    seconds = victim.wait(LIMIT + 1)
    assert seconds is not None
    assert seconds < 2.5, "the loop takes 1.4 s to leave: had the rest a time of its own, these were 2.9 s"
    # Its own patience and the guardian's end at the same time: where the loop left early, it ends by itself.
    assert victim.code() in (0, -signal.SIGTERM, -signal.SIGKILL)
    assert victim.left() == []
    assert victim.terminal_left() == []


@pytest.mark.parametrize("key", ["2", "3", "6"])
def test_what_is_analysed_is_not_waited_for(attached: Callable[..., Victim], key: str) -> None:
    """The type of `p`'s access has 282 million places; its analysis took the event loop, and then all that ends it."""
    victim = attached(["tests/objects/nested_unions.o", "--attach", "attached=sandbox"])
    victim.press(key.encode())
    assert {kind for kind, _ in victim.holds} == {"prog", "link"}
    assert victim.namespaces
    victim.read(0.3)
    tell(victim, "hang up")
    seconds = victim.wait(LIMIT + 1)
    assert seconds is not None
    assert seconds < LIMIT
    assert victim.code() in (130, -signal.SIGTERM)
    assert victim.left() == []
    assert b"Traceback" not in victim.shown


def test_what_cannot_be_undone_in_order_ends_with_the_process(attached: Callable[..., Victim], tmp_path: Path) -> None:
    victim = attached(EXPLORER, "-m", "tests.planted", "failing-close", str(tmp_path / "entered"))
    tell(victim, signal.SIGTERM)
    assert {kind for kind, _ in victim.holds} == {"prog", "map", "link"}
    seconds = victim.wait(LIMIT + 1)
    assert seconds is not None
    assert seconds < LIMIT
    assert victim.code() in (1, -signal.SIGTERM)
    assert victim.left() == []
    assert victim.terminal_left() == []
    assert b"Traceback" not in victim.shown
    assert victim.code() != 1 or b"bpftui: error: the sandbox cannot be taken down" in victim.shown


@pytest.mark.parametrize("how", [signal.SIGTERM, "hang up", "q\t\r"], ids=str)
def test_it_ends_without_its_guardian_as_well(attached: Callable[..., Victim], how: signal.Signals | str) -> None:
    victim = attached(EXPLORER)
    (guardian,) = victim.children("bpftui-guardian")
    os.kill(guardian, signal.SIGKILL)
    limit = LIMIT
    if how == "q\t\r":
        victim.press(b"q")
        assert victim.read(20, b"will be detached")
        how, limit = "\t\r", 5 * LIMIT
    tell(victim, how)
    assert {kind for kind, _ in victim.holds} == {"prog", "map", "link"}
    seconds = victim.wait(limit + 1)
    assert seconds is not None
    assert seconds < limit
    assert victim.code() == (0 if how == "\t\r" else 130)
    assert victim.left() == []
    assert victim.terminal_left() == []
    assert b"Traceback" not in victim.shown
    assert b"ignored" not in victim.shown


@pytest.mark.parametrize(
    "arguments", [[*WATCH], [*DEMO], ["top", "--batch", "--interval", "0.1"]], ids=lambda arguments: arguments[0]
)
def test_a_terminal_that_went_away_is_no_error_of_the_output(arguments: list[str]) -> None:
    # SIGHUP comes behind the first write that fails, or not at all: here it is ignored.
    victim = Victim(["-m", "bpftui.tui", *arguments], terminal=True, within=["env", "--ignore-signal=HUP"])
    try:
        assert victim.read(PATIENCE, b"pkt_count" if arguments == WATCH else b"/s")
        victim.hang_up()
        assert victim.wait(PATIENCE) is not None
        assert victim.code() == 130
        assert victim.left() == []
    finally:
        victim.close()


def test_who_is_read_by_nobody_ends_before_there_is_more_to_say() -> None:
    victim = Victim(["-m", "bpftui.tui", *WATCH, "--interval", "3600"], terminal=False)
    try:
        assert victim.read(30, b" s\n")
        victim.hang_up()
        assert victim.wait(10) is not None
        assert victim.code() == 0
        assert victim.left() == []
    finally:
        victim.close()
