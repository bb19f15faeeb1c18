"""What ends a process: a signal, and where it does not come to its keys, one that means the end."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from bpftui.tui.terminal.guardian import until_told
from bpftui.tui.terminal.own_time import OwnTime
from tests.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Generator

BUSY: Final = """
import time, tty
from bpftui.tui.terminal.guardian import guardian, hire
tty.setraw(0)
hire()
guardian().screen(True)
print("busy", flush=True)
time.sleep(60)
"""

STARVED: Final = """
import os, sys, time, tty
from bpftui.tui.terminal.guardian import guardian, hire
tty.setraw(0)
hire()
guardian().screen(True)
print("busy", flush=True)
os.nice(19)
begun = time.monotonic()
while time.monotonic() - begun < 2.5:  # by the clock twice what a key has; of a processor it gets hardly any
    pass
os.write(1, os.read(0, 1))
guardian().screen(False)
os._exit(0)  # what Python does at its end would take seconds of what it gets
"""


@pytest.fixture
def busy() -> Generator[tuple[subprocess.Popen[bytes], int]]:
    """A process that draws on a terminal and reads nothing from it, and the end where keys are typed."""
    keys, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", BUSY], stdin=terminal, stdout=subprocess.PIPE, stderr=terminal, start_new_session=True
    )
    os.close(terminal)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"busy\n"
        yield process, keys
    finally:
        process.kill()
        process.communicate()
        os.close(keys)


@pytest.mark.parametrize("key", [b"q", b"\x1b[99;5u"])
def test_a_key_that_means_the_end_ends_what_does_not_read_it(
    busy: tuple[subprocess.Popen[bytes], int], key: bytes
) -> None:
    process, keys = busy
    os.write(keys, key)
    assert wait_for(lambda: process.poll() is not None)
    assert process.returncode == -signal.SIGTERM


def test_other_keys_end_nothing(busy: tuple[subprocess.Popen[bytes], int]) -> None:
    process, keys = busy
    os.write(keys, b"j")
    assert not wait_for(lambda: process.poll() is not None, 2)  # it is read after 1.2 s
    os.write(keys, b"q")
    assert wait_for(lambda: process.poll() is not None)


@pytest.fixture
def one_processor() -> Generator[None]:
    """A processor on which something else has all the time; this process and those that it starts are on it."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as other:
        try:
            yield
        finally:
            other.kill()
            os.sched_setaffinity(0, before)


@pytest.mark.usefixtures("one_processor")
def test_a_key_that_waits_while_others_have_the_processor_is_left_to_the_process() -> None:
    keys, terminal = pty.openpty()
    # In the session of the other one: between sessions the kernel may divide time evenly, whatever is nice.
    with subprocess.Popen(
        [sys.executable, "-c", STARVED], stdin=terminal, stdout=subprocess.PIPE, stderr=terminal
    ) as process:
        os.close(terminal)
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"busy\n"
            os.write(keys, b"q")
            assert wait_for(lambda: process.poll() is not None)
            assert (process.returncode, process.stdout.read()) == (0, b"q")
        finally:
            process.kill()
            os.close(keys)


@pytest.mark.usefixtures("one_processor")
def test_time_in_which_a_process_is_to_run_and_does_not_hardly_counts() -> None:
    with subprocess.Popen(["nice", "-n", "19", sys.executable, "-c", "while True: pass"]) as process:
        try:
            began, (ran, waited) = time.monotonic(), scheduled(process.pid)
            own = OwnTime(process.pid)
            since = time.monotonic()
            assert wait_for(lambda: scheduled(process.pid)[1] > waited + 0.5)
            least = 0.1 * (time.monotonic() - since)
            counted = own()
            most = 0.1 * (time.monotonic() - began)
            assert least <= counted <= max(most, scheduled(process.pid)[0] - ran)
        finally:
            process.kill()


def scheduled(process: int) -> tuple[float, float]:
    """Return the seconds that a process ran, and those that it was to run and did not."""
    ran, waited, _ = Path(f"/proc/{process}/schedstat").read_text().split()
    return int(ran) / 1e9, int(waited) / 1e9


@pytest.fixture
def handlers() -> Generator[None]:
    """SIGHUP is ignored, as `nohup` has it, and what was before comes back."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("handlers")
def test_the_first_signal_is_told_the_next_one_ends_and_an_ignored_one_stays_so() -> None:
    left: list[str] = []
    with until_told(lambda: left.append("left")) as told:
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        assert not told
        os.kill(os.getpid(), signal.SIGTERM)
        assert (bool(told), told.number, left) == (True, signal.SIGTERM, ["left"])
        assert signal.getsignal(signal.SIGTERM) is signal.getsignal(signal.SIGINT) is signal.SIG_DFL
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


@pytest.mark.usefixtures("handlers")
def test_without_a_signal_all_is_as_before() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with until_told(lambda: None) as told:
        assert signal.getsignal(signal.SIGTERM) is not before
    assert not told
    assert signal.getsignal(signal.SIGTERM) is before
