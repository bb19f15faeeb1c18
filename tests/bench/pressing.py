"""An app in a terminal of its own, keys that are pressed there, and when the screen is painted after each.

Three things of a key are told apart, each of which something else makes longer: what the app *works* until it paints,
as the processor's time of its threads; what it *waits* for, a timer or the end of what may be the beginning of an
escape sequence; and what the machine does meanwhile, of which a key of this app knows nothing. The first two are the
*paint* on a quiet machine, and can be told on a busy one as well. By the *clock* it is all three.

The app tells of itself through a pipe, in records of fixed length.
"""

# pyright: reportPrivateUsage=false

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import select
import selectors
import struct
import subprocess
import sys
import threading
import time
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["Pressed", "Terminal", "bytes_of", "spin", "tell"]

QUIET: Final = 0.15
"""Seconds without a byte, and without a thread that runs or would, after which a key has done what it does."""
LONGEST: Final = 10.0
_NAMED: Final = {
    "up": "\x1b[A",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "pageup": "\x1b[5~",
    "pagedown": "\x1b[6~",
    "delete": "\x1b[3~",
    "enter": "\r",
    "escape": "\x1b",
    "backspace": "\x7f",
    "tab": "\t",
    "space": " ",
    "minus": "-",
    "plus": "+",
    "ctrl+left": "\x1b[1;5D",
    "ctrl+right": "\x1b[1;5C",
}


class What(IntEnum):
    """What a record tells of."""

    TURN = 0
    """The loop did one thing, in which it paints nothing and hears no key: when it began, and its thread's time."""
    WAIT = 1
    """The loop waited until something was due: when it began, and for how many seconds."""
    INPUT_WAIT = 2
    """The thread that reads keys did."""
    HEARD = 3
    """A key was read: when, and the processor's time that the loop's thread and all of them had taken by then."""
    FRAME = 4
    """The screen was drawn, and is on its way to the terminal: the same."""


class Record(NamedTuple):
    """What the app tells of itself, in seconds."""

    what: int
    when: float
    amount: float
    """Of the loop's thread, or waited for."""
    threads: float = 0
    """Of all threads."""


_RECORD: Final = struct.Struct("=Bddd")


class Pressed(NamedTuple):
    """What became of a key, in seconds."""

    place: str
    key: str
    clock: float
    """From its bytes to the first that were written after it; 0 where nothing was."""
    work: float
    """The processor's time of the loop's thread until then, …"""
    threads: float
    """… that of all threads, …"""
    waits: float
    """… and what was waited for."""
    last: float
    """The loop's work until the last frame."""
    frames: int
    held: float
    """The longest time for which the loop did one thing, until all was quiet: the processor's time of its thread."""
    slow: float
    """What a loop of a fixed length takes beside it."""


class Terminal:
    """An app in a terminal of its own.

    Args:
        arguments: Of this interpreter; `{}` stands for the descriptor to which the app is to `tell`.
        columns: The size of the terminal.
        rows: The same.
        home: Where its state is kept.
    """

    def __init__(self, arguments: Sequence[str], columns: int, rows: int, home: str) -> None:
        self._master, slave = os.openpty()
        subprocess.run(["stty", "cols", str(columns), "rows", str(rows)], stdin=slave, check=True)
        self._told, told = os.pipe()
        os.set_blocking(self._told, False)
        fcntl.fcntl(told, fcntl.F_SETPIPE_SZ, 1 << 20)
        self._begun = time.monotonic()
        environment = os.environ | {"TERM": "xterm-256color", "COLORTERM": "truecolor", "HOME": home}
        environment |= {"XDG_STATE_HOME": home, "XDG_CONFIG_HOME": home}
        command = [sys.executable, *(each.format(told) for each in arguments)]
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, pass_fds=[told], env=environment, start_new_session=True
        )
        os.close(slave)
        os.close(told)
        self._tasks = Path(f"/proc/{self.process.pid}/task")

    def close(self) -> None:
        """End it."""
        self.process.kill()
        self.process.wait()
        os.close(self._master)
        os.close(self._told)

    def settle(self, quiet: float = QUIET, longest: float = LONGEST) -> float:
        """Wait until nothing is written and nothing is done; return when the first bytes came, 0 for never."""
        begun = since = time.monotonic()
        first = 0.0
        while (now := time.monotonic()) - since < quiet and now - begun < longest:
            if select.select([self._master], [], [], 0.01)[0]:
                os.read(self._master, 1 << 20)
                since = time.monotonic()
                first = first or since
            elif self._is_at_work():
                since = time.monotonic()
        return first

    def _is_at_work(self) -> bool:
        """Whether one of its threads runs, or would if it had a processor."""
        for task in self._tasks.iterdir():
            with contextlib.suppress(OSError):  # it has ended
                if (task / "stat").read_text().rpartition(") ")[2].startswith("R"):
                    return True
        return False

    def opened(self) -> None:
        """Print what the first frames took, and what the app is in memory."""
        frames = [each for each in self.records() if each.what == What.FRAME]
        status = dict(line.split(":", 1) for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines())
        memory = int(status["VmRSS"].split()[0]) / 1024
        for frame, which in (frames[0], "first"), (frames[-1], "last"):
            print(f"{which} frame after {frame.when - self._begun:.1f} s, {frame.threads:.1f} s of a processor")
        print(f"{memory:.0f} MB in memory")

    def write(self, key: str) -> None:
        """Press a key, and wait for nothing."""
        os.write(self._master, bytes_of(key))

    def press(self, place: str, key: str) -> Pressed:
        """Press a key, and wait until all is quiet."""
        slow = spin(100_000)
        tuple(self.records())
        start = time.monotonic()
        self.write(key)
        first = self.settle()
        records = [each for each in self.records() if each.when >= start]
        held = max((each.amount for each in records if each.what == What.TURN), default=0.0)
        heard = next((each for each in records if each.what == What.HEARD), None)
        frames = [each for each in records if each.what == What.FRAME and heard is not None and each.when > heard.when]
        slow = (slow + spin(100_000)) / 2
        if heard is None or not frames:
            return Pressed(place, key, 0, 0, 0, 0, 0, 0, held, slow)

        first_frame, last_frame = frames[0], frames[-1]
        waits = sum(
            each.amount
            for each in records
            if (each.what == What.INPUT_WAIT and each.when < heard.when)
            or (each.what == What.WAIT and heard.when < each.when < first_frame.when)
        )
        return Pressed(
            place=place,
            key=key,
            clock=first - start,
            work=first_frame.amount - heard.amount,
            threads=first_frame.threads - heard.threads,
            waits=waits,
            last=last_frame.amount - heard.amount,
            frames=len(frames),
            held=held,
            slow=slow,
        )

    def records(self) -> Iterator[Record]:
        """Yield what the app has told since."""
        rest = b""
        with contextlib.suppress(BlockingIOError):
            while told := os.read(self._told, 1 << 16):
                rest += told
        for fields in _RECORD.iter_unpack(rest[: len(rest) // _RECORD.size * _RECORD.size]):
            yield Record(*fields)


def bytes_of(key: str) -> bytes:
    """Return what a terminal sends for a key."""
    if key.startswith("ctrl+") and len(key) == len("ctrl+x"):
        return bytes([ord(key[-1]) & 31])
    return _NAMED.get(key, key).encode()


def spin(rounds: int) -> float:
    """Return the work of so many rounds of a loop, in seconds: a million takes some 0.02 on a quiet machine."""
    start = time.thread_time()
    for _ in range(rounds):
        pass
    return time.thread_time() - start


def tell(to: int) -> None:
    """Have the app that this process is going to be tell of itself.

    Args:
        to: A descriptor, which is written to.
    """
    from textual.app import App
    from textual.events import Key

    from bpftui.tui import base_app

    clock = time.pthread_getcpuclockid(threading.get_ident())

    def record(what: What, when: float, amount: float, threads: float = 0) -> None:
        try:
            os.write(to, _RECORD.pack(what, when, amount, threads))
        except BrokenPipeError:  # whoever pressed the keys was ended, and ends nobody any more
            os._exit(1)

    def spent(what: What) -> None:
        record(what, time.monotonic(), time.clock_gettime(clock), time.process_time())

    turn = asyncio.Handle._run  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType, reportUnknownMemberType]

    def timed(self: asyncio.Handle) -> None:
        begun, start = time.monotonic(), time.thread_time()
        turn(self)
        if (took := time.thread_time() - start) > 0.001:
            record(What.TURN, begun, took)

    asyncio.Handle._run = timed  # pyright: ignore[reportAttributeAccessIssue]

    for selector, what in ((selectors.DefaultSelector, What.WAIT), (selectors.SelectSelector, What.INPUT_WAIT)):
        wait = selector.select

        def waited(
            self: Any, timeout: float | None = None, wait: Any = wait, what: What = what
        ) -> list[tuple[selectors.SelectorKey, int]]:
            begun = time.monotonic()
            ready: list[tuple[selectors.SelectorKey, int]] = wait(self, timeout)
            if not ready and timeout is not None and timeout > 0:
                record(what, begun, timeout)
            return ready

        selector.select = waited

    guarded = base_app.guarded

    def listening(*arguments: Any) -> Any:
        class Listening(guarded(*arguments)):
            def process_message(self, message: Any) -> None:
                if isinstance(message, Key):
                    spent(What.HEARD)
                super().process_message(message)

        return Listening

    base_app.guarded = listening
    display = App._display  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]

    def displayed(self: App[Any], screen: Any, renderable: Any) -> None:
        display(self, screen, renderable)
        if renderable is not None:
            spent(What.FRAME)

    App._display = displayed
