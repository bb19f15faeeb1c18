"""A process of bpftui that is to be ended: in a terminal of its own or without one; what it holds, and what is left."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import glob
import os
import re
import select
import signal
import struct
import sys
import termios
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.census import objects
from tests.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["ROOT", "Victim"]

ROOT = Path(__file__).parents[1]
_MARK = "BPFTUI_VICTIM"
_TOLD = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)
_AT_MOST = 300.0
"""Seconds that an end is waited for, however little it runs."""
_IDS = re.compile(r"^(prog|map|link)_id:\s*(\d+)$", re.MULTILINE)
_SWITCHED = re.compile(rb"\x1b\[\?(\d+)([hl])")
_ON = {b"1000": "mouse", b"1003": "mouse", b"1006": "mouse", b"1049": "other screen", b"2004": "bracketed paste"}


class Victim:
    """`python …` with *arguments*, and everything that it starts, known by a variable of the environment.

    Args:
        arguments: What Python runs.
        terminal: Whether it gets a terminal (pty) of its own, whose session it leads.
        environment: More variables.
        within: A command that runs another one, as `unshare` does, in the same process.
        cwd: Its working directory.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        *,
        terminal: bool,
        environment: Mapping[str, str] | None = None,
        within: Sequence[str] = (),
        cwd: Path = ROOT,
    ) -> None:
        self._mark = f"{_MARK}={os.getpid()}-{time.monotonic_ns()}"
        name, _, value = self._mark.partition("=")
        env = os.environ | {"TERM": "xterm-256color", name: value} | dict(environment or {})
        command = [*within, sys.executable, *arguments]
        self.shown = b""
        self._before = objects()
        """What there was before it: it may look at what others have."""
        self.holds: set[tuple[str, int]] = set()
        self.namespaces: set[str] = set()
        self._status: int | None = None
        self._delays: dict[str, int] = {}
        self._of_it: list[int] = []
        self.terminal: int | None
        self._slave = -1
        streams = [os.open(os.devnull, os.O_RDONLY), -1]
        if terminal:
            # The slave is held open, so that its modes can be looked at when it has ended.
            self.terminal, self._slave = os.openpty()
            fcntl.ioctl(self._slave, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
            self._modes = termios.tcgetattr(self._slave)
        else:
            self.terminal, streams[1] = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)  # none is left where a run of the tests is killed
            for number in _TOLD:  # a shell's job in the background ignores some
                signal.signal(number, signal.SIG_DFL)
            if terminal:
                os.close(self.terminal)
                os.login_tty(self._slave)
            else:
                os.setsid()
                for number, stream in enumerate([*streams, streams[1]]):
                    os.dup2(stream, number)
            os.chdir(cwd)
            os.execvpe(command[0], command, env)
        for stream in streams:
            if stream >= 0:
                os.close(stream)

    def read(self, seconds: float, until: bytes | None = None) -> bool:
        """Read what it prints, for some seconds or until *until* has been printed; return whether it has."""
        stop = time.monotonic() + seconds
        while until is None or until not in self.shown:
            left = stop - time.monotonic()
            if left <= 0:
                return False
            if self.terminal is None or not select.select([self.terminal], [], [], min(left, 0.05))[0]:
                if self.terminal is None:
                    time.sleep(min(left, 0.05))
                continue
            try:
                data = os.read(self.terminal, 1 << 16)
            except OSError:
                data = b""
            if not data:
                time.sleep(min(left, 0.02))
                if until is not None and self.ended():
                    return until in self.shown
            self.shown += data
        return True

    def note(self) -> None:
        """Note what it holds in the kernel now."""
        self._of_it = self.processes()
        for process in self._of_it:
            for info in _there_now(f"/proc/{process}/fdinfo/*"):
                with contextlib.suppress(OSError):
                    self.holds |= {(kind, int(number)) for kind, number in _IDS.findall(info.read_text())}
            self.namespaces |= _namespaces(process) - _namespaces(os.getpid())

    def send(self, number: signal.Signals) -> None:
        """Send it a signal, having noted what it holds."""
        self.note()
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def press(self, keys: bytes) -> None:
        """Press keys, having noted what it holds."""
        self.note()
        assert self.terminal is not None
        os.write(self.terminal, keys)

    def hang_up(self) -> None:
        """Close its terminal, or the pipe that it prints to."""
        self.note()
        if self._slave >= 0:
            os.close(self._slave)
            self._slave = -1
        if self.terminal is not None:
            os.close(self.terminal)
            self.terminal = None

    def ended(self) -> bool:
        """Whether it has ended."""
        if self._status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self._status = os.waitstatus_to_exitcode(status) if pid else None
        return self._status is not None

    def code(self) -> int:
        """Return its exit code; negative for the signal that ended it."""
        assert self._status is not None
        return self._status

    def wait(self, seconds: float, longest: float = _AT_MOST) -> float | None:
        """Wait for the end; return after how many seconds it came, None where it did not.

        The time does not count for which its threads, or this one, were to run and got no processor: a machine may
        have much else to do. *longest* is by the clock.
        """
        start, delayed, taken = time.monotonic(), self._delayed(), 0.0
        while not self.ended():
            if taken > seconds or time.monotonic() - start > longest:
                return None
            self.read(0.01)
            taken = max(taken, time.monotonic() - start - (self._delayed() - delayed))
        return taken

    def _delayed(self) -> float:
        """Return the seconds for which there was no processor for it and for this thread, up to now."""
        for process in {os.getpid(), self.pid, *self._of_it}:
            for path in _there_now(f"/proc/{process}/task/*/schedstat"):
                with contextlib.suppress(OSError, IndexError):  # that ended
                    self._delays[str(path)] = int(path.read_text().split()[1])
        return sum(self._delays.values()) / 1e9

    def processes(self) -> list[int]:
        """Return the processes that there are of it."""
        found: list[int] = []
        for path in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if self._mark.encode() in (path / "environ").read_bytes():
                    found.append(int(path.name))
        return found

    def children(self, name: str) -> list[int]:
        """Return its processes of this name."""
        return [each for each in self.processes() if Path(f"/proc/{each}/comm").read_text().strip() == name]

    def left(self, patience: float = 30.0) -> list[str]:
        """Return what is left of it after *patience* seconds: processes, and what they held in the kernel.

        Interfaces and mounts are in the namespaces, which go with their processes unless they are pinned. (The kernel
        gives their numbers to others at once: that a process is in one of that number tells nothing.)
        """
        stop = time.monotonic() + patience
        while True:
            now = objects()
            left = [f"process {each} ({_described(each)})" for each in self.processes()]
            left += [f"{kind} {number}" for kind, number in sorted(self.holds - self._before & now)]
            if self.namespaces:
                left += [f"namespace {each}" for each in sorted(self.namespaces & _pinned_namespaces())]
            if not left or time.monotonic() > stop:
                return left
            self.read(0.05)

    def terminal_left(self) -> list[str]:
        """Return what the terminal is left in that it was not in before."""
        if self._slave < 0:
            return []
        self.read(0.05)
        left: list[str] = []
        if termios.tcgetattr(self._slave)[:4] != self._modes[:4]:
            left.append("modes")
        state = dict(_SWITCHED.findall(self.shown))
        left += sorted({what for number, what in _ON.items() if state.get(number) == b"h"})
        if state.get(b"25") == b"l":
            left.append("no cursor")
        return left

    def close(self) -> None:
        """End what is still there."""
        found = self.processes()
        if not self.ended():  # before it runs what it is to run, it has no mark
            found.append(self.pid)
        for process in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        assert wait_for(self.ended), f"process {self.pid} does not end by SIGKILL"
        self.hang_up()


def _described(process: int) -> str:
    try:
        return Path(f"/proc/{process}/stat").read_text().partition("(")[2][:30]
    except OSError:
        return "gone"


def _there_now(pattern: str) -> Iterator[Path]:
    """Return what there is of a process that may end meanwhile, which Path.glob answers by an error (Python 3.11)."""
    return map(Path, glob.iglob(pattern))


def _namespaces(process: int) -> set[str]:
    """Return the network and mount namespaces that the threads of a process are in."""
    found: set[str] = set()
    for kind in ("net", "mnt"):
        for link in _there_now(f"/proc/{process}/task/*/ns/{kind}"):
            with contextlib.suppress(OSError):
                found.add(os.readlink(link))
    return found


def _pinned_namespaces() -> set[str]:
    """Return the namespaces that are mounted somewhere."""
    mounts = [line.split() for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    return {fields[3] for fields in mounts if fields[fields.index("-") + 1] == "nsfs"}
