"""Ratios of two commands, run in turn in the same session: what a shared machine's drift cannot spoil.

Both find their modules compiled, as they are from a user's second start on: the first run of each, which is not
counted, writes the bytecode to a directory of its own, whatever the environment says about writing it.
"""

from __future__ import annotations

import fcntl
import os
import pty
import resource
import select
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


_HOME = tempfile.TemporaryDirectory(prefix="bpftui-bench-")


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


class Took(NamedTuple):
    """What a command takes, in seconds; or how many times as much as another one."""

    clock: float
    processor: float
    """Of all processors, its children's too."""


def took(command: Sequence[str], path: str | os.PathLike[str] = os.devnull) -> Took:
    """Run a command, its output to a file, and return what it took; 1 as its exit code is an answer too."""
    with open(path, "wb") as out:
        before, start = _processor(), time.perf_counter()
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=out, env=environment(), check=False)
        seconds = time.perf_counter() - start
    assert done.returncode in (0, 1), command
    return Took(seconds, _processor() - before)


def compare_both(name: str, ours: Callable[[], Took], theirs: Callable[[], Took], *, runs: int = 3) -> Took:
    """Do as `compare`, by the clock and in processor time: what others do on the machine adds more to the former."""
    ours()
    theirs()
    pairs = [(ours(), theirs()) for _ in range(runs)]
    ratios = Took(*(statistics.median(a / b for a, b in zip(*each, strict=True)) for each in _columns(pairs)))
    a, b = (Took(*map(statistics.median, zip(*column, strict=True))) for column in zip(*pairs, strict=True))
    print(
        f"\n{name}: {ratios.clock:.2f} × by the clock, {ratios.processor:.2f} × in processor time; {a.clock:.2f} s and "
        f"{a.processor:.2f} s against {b.clock:.2f} s and {b.processor:.2f} s, medians of {runs}"
    )
    return ratios


def _columns(pairs: Sequence[tuple[Took, Took]]) -> Iterator[tuple[list[float], list[float]]]:
    """Yield the times of both by the clock, then in processor time."""
    for number in range(2):
        yield [ours[number] for ours, _ in pairs], [theirs[number] for _, theirs in pairs]


def _processor() -> float:
    """Return the seconds of all processors that commands have taken so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def wall(command: Sequence[str]) -> float:
    """Return the seconds that a command takes from start to end."""
    start = time.perf_counter()
    subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=environment(), check=True)
    return time.perf_counter() - start


def until_drawn(command: Sequence[str], *texts: bytes, columns: int = 120, lines: int = 40) -> float:
    """Return the seconds from a command's start in a terminal until all of *texts* have been written to it."""
    child, master = pty.fork()
    if child == 0:
        os.execvpe(command[0], list(command), environment() | {"TERM": "xterm-256color", "COLORTERM": "truecolor"})
    try:
        fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("4H", lines, columns, 0, 0))
        start = time.perf_counter()
        seen = b""
        while not all(text in seen for text in texts):
            if not select.select([master], [], [], 20)[0]:
                raise TimeoutError(f"{command} did not write all of {texts!r}")
            seen += os.read(master, 65536)
        return time.perf_counter() - start
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(master)


def environment() -> dict[str, str]:
    """Return the environment of commands that are timed: bytecode and state go to a directory of their own."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"PYTHONPYCACHEPREFIX": f"{_HOME.name}/bytecode", "XDG_STATE_HOME": f"{_HOME.name}/state"}


PYTHON = sys.executable
