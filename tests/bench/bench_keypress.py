"""How long after a key the screen is painted, with 500,000 instructions behind it.

    python -m tests.bench.bench_keypress [--rounds N] [--slots N] [--size 120x40] [KEY …]

The explorer runs in a terminal, with a program of 500,000 instructions in an object of 5,000 functions, and keys are
written to it one after the other, as by a user who waits for the screen. Of each are told:

- *paint*: from the key's bytes to the first that the explorer writes after it, by the clock;
- *work*: the processor's time that the thread of its loop took until then;
- *held*: the longest time for which the loop did one thing until all was quiet again, in which it paints nothing and
  hears no key, as the processor's time of its thread.

A machine that has other things to do makes the first useless and the others longer, by what it takes of caches and of
the other half of a core: a loop of a fixed length is timed beside each key, and *work* and *held* are scaled by how
much slower it was than the quickest one of the walk. The least of all rounds counts: what is more is the machine's.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import select
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from tests.bench.large_program import SLOTS, large_program

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

QUIET: Final = 0.2
"""Seconds without a byte, and without work in the loop, after which a key has done what it does."""
LONGEST: Final = 6.0
_BUSY: Final = 0.04
"""The share of a processor that the loop takes while it only waits."""
_RECORD: Final = struct.Struct("dd")
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
    "ctrl+left": "\x1b[1;5D",
    "ctrl+right": "\x1b[1;5C",
}

WALK: Final = {
    "tree": "down up j k pagedown pageup ctrl+d ctrl+u G g j j space space l h minus plus y / l o o k enter n N escape",
    "overview": "1 down down right left enter backspace escape",
    "code": "2 j j down up pagedown pageup ctrl+d ctrl+u G g pagedown right left space space minus plus m m m > <"
    " v / m a p _ enter n N escape v v v u down escape enter backspace y Y ctrl+s escape x escape escape",
    "flow": "2 v v v down right up + - G g pagedown ctrl+d m m enter backspace v escape",
    "places": ": 2 5 0 0 0 0 enter backspace ctrl+f ctrl+p s t e p escape ctrl+p @ s u b enter backspace",
    "variables": "3 j j e 5 enter U ctrl+y space v v r ctrl+r Y / c o u n escape escape",
    "maps": "4 j v v v / escape a escape escape",
    "others": "5 6 j 1 escape z z ctrl+left ctrl+right ? j ? j escape escape P escape 0 escape )",
}
"""The keys of each place; a blank stands between two."""


class Pressed(NamedTuple):
    """What became of a key, in seconds."""

    place: str
    key: str
    paint: float
    """0 where nothing was written."""
    work: float
    held: float
    slow: float
    """The loop of a fixed length, beside it."""


class Explorer:
    """The explorer in a terminal of its own.

    Args:
        slots: Instructions of its program.
        columns: The size of the terminal.
        rows: The same.
    """

    def __init__(self, slots: int, columns: int, rows: int, home: str) -> None:
        self._master, slave = os.openpty()
        subprocess.run(["stty", "cols", str(columns), "rows", str(rows)], stdin=slave, check=True)
        self._held, held = os.pipe()
        os.set_blocking(self._held, False)
        environment = os.environ | {"TERM": "xterm-256color", "COLORTERM": "truecolor", "HOME": home}
        environment |= {"XDG_STATE_HOME": home, "XDG_CONFIG_HOME": home}
        command = [sys.executable, "-m", __spec__.name, "--inside", str(held), "--slots", str(slots)]
        self._process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, pass_fds=[held], env=environment, start_new_session=True
        )
        os.close(slave)
        os.close(held)
        self._schedstat = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/schedstat")

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()
        os.close(self._master)
        os.close(self._held)

    def settle(self, quiet: float = QUIET, longest: float = LONGEST) -> float:
        """Wait until nothing is written and nothing is done; return when the first bytes came, 0 for never."""
        begun = since = time.monotonic()
        first, worked = 0.0, self.worked()
        while (now := time.monotonic()) - since < quiet and now - begun < longest:
            if select.select([self._master], [], [], 0.01)[0]:
                os.read(self._master, 1 << 20)
                since = time.monotonic()
                if not first:
                    first = since
                    self._at_first = self.worked()
            elif (work := self.worked()) - worked > _BUSY * quiet:
                since, worked = now, work
        return first

    def worked(self) -> float:
        """Return the processor's time that the thread of its loop took, in seconds."""
        return int(self._schedstat.read_text().split()[0]) / 1e9

    def press(self, place: str, key: str) -> Pressed:
        """Press a key, and wait until all is quiet."""
        slow = spin(100_000)
        tuple(self._longest())
        worked, start = self.worked(), time.monotonic()
        os.write(self._master, _bytes(key))
        first = self.settle()
        held = max(self._longest(), default=0.0)
        paint, work = (first - start, self._at_first - worked) if first else (0.0, 0.0)
        return Pressed(place, key, paint, work, held, (slow + spin(100_000)) / 2)

    def _longest(self) -> Iterator[float]:
        with contextlib.suppress(BlockingIOError):
            while told := os.read(self._held, _RECORD.size * 256):
                yield from (held for _, held in _RECORD.iter_unpack(told))


def _bytes(key: str) -> bytes:
    if key.startswith("ctrl+") and len(key) == len("ctrl+x"):
        return bytes([ord(key[-1]) & 31])
    name = {"minus": "-", "plus": "+"}.get(key, key)
    return _NAMED.get(name, name).encode()


def spin(rounds: int) -> float:
    """Return the work of so many rounds of a loop, in seconds: a million takes some 0.02 on a quiet machine."""
    start = time.thread_time()
    for _ in range(rounds):
        pass
    return time.thread_time() - start


def inside(held: int, slots: int) -> None:
    """Be the explorer, and tell of what its loop is at for more than a millisecond."""
    import gc

    from bpftui.tui.running import run

    turn = asyncio.Handle._run  # pyright: ignore[reportPrivateUsage, reportAttributeAccessIssue, reportUnknownVariableType, reportUnknownMemberType]

    def timed(self: asyncio.Handle) -> None:
        start = time.thread_time()
        turn(self)
        if (took := time.thread_time() - start) > 0.001:
            os.write(held, _RECORD.pack(time.monotonic(), took))

    asyncio.Handle._run = timed  # pyright: ignore[reportPrivateUsage, reportAttributeAccessIssue]
    gc.disable()  # as commands do that open an object; the screen turns it on as soon as it is furnished
    spec, program = large_program(slots)
    spec.programs = {program.name: program, **dict(list(spec.programs.items())[:20])}  # pyright: ignore[reportAttributeAccessIssue]
    run(spec, runtime="vm")


def walk(places: Mapping[str, Sequence[str]], rounds: int, slots: int, columns: int, rows: int) -> list[list[Pressed]]:
    """Open the object, and press keys; return what became of them in each round."""
    with tempfile.TemporaryDirectory() as home:
        explorer = Explorer(slots, columns, rows, home)
        try:
            explorer.settle(quiet=5, longest=90)
            return [
                [explorer.press(place, key) for place, keys in places.items() for key in keys] for _ in range(rounds)
            ]
        finally:
            explorer.close()


def told(rounds: Sequence[Sequence[Pressed]]) -> None:
    """Print what became of each key, those that are slow first, and how many are quick."""
    quickest = min(each.slow for found in rounds for each in found)
    keys: list[tuple[Pressed, float, float, float]] = []
    for same in zip(*rounds, strict=True):
        scaled = [(each.paint, each.work * quickest / each.slow, each.held * quickest / each.slow) for each in same]
        keys.append((same[0], *(min(column) for column in zip(*scaled, strict=True))))
    for each, paint, work, held in sorted(keys, key=lambda key: -max(key[2:])):
        mark = " ←" if max(work, held) > 0.05 else ""
        print(f"{each.place:10} {each.key:10} paint {_ms(paint)}   work {_ms(work)}   held {_ms(held)}{mark}")
    painted = [key for key in keys if key[1]]
    print(
        f"\n{len(keys)} keys, {len(painted)} paint; {len(rounds)} rounds; loop of a fixed length {_ms(quickest * 10)}"
    )
    for what, times in zip(("paint", "work", "held"), zip(*(key[1:] for key in painted), strict=True), strict=True):
        cuts = statistics.quantiles(times, n=100, method="inclusive")
        quick = sum(each < 0.05 for each in times) / len(times)
        print(
            f"{what:6} half under {_ms(cuts[49])}, 95 % under {_ms(cuts[94])}, 99 % under {_ms(cuts[98])},"
            f" longest {_ms(max(times))}; {quick * 100:.1f} % under 50 ms"
        )


def _ms(seconds: float) -> str:
    return f"{seconds * 1e3:7.1f} ms"


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--slots", type=int, default=SLOTS, help="instructions of the program")
    parser.add_argument("--size", default="120x40", help="columns and rows of the terminal")
    parser.add_argument("--place", action="append", choices=WALK, help="only the keys of this place")
    parser.add_argument("--inside", type=int, help=argparse.SUPPRESS)
    parser.add_argument("keys", nargs="*")
    options = parser.parse_args()
    if options.inside is not None:
        inside(options.inside, options.slots)
        return
    places: dict[str, Sequence[str]] = {
        place: keys.split() for place, keys in WALK.items() if not options.place or place in options.place
    }
    if options.keys:
        places = {"": options.keys}
    columns, rows = map(int, options.size.split("x"))
    told(walk(places, options.rounds, options.slots, columns, rows))


if __name__ == "__main__":
    main()
