"""How long after a key the screen is painted, with 500,000 instructions behind it.

    python -m tests.bench.bench_keypress [--rounds N] [--slots N] [KEY …]

Real keys go through the app, with a program of 500,000 instructions in an object of 5,000 functions, one after the
other, as a user presses them who waits for the screen. Two times are taken of each: until the first paint after it,
and the longest time in which the loop could have painted nothing, whoever was at it, until all was quiet again. Both as
time on the clock, and as work of the loop's thread, which says about the same on a machine that has other things to
do, but for what they take of its caches and its other half of a core: a loop of a fixed length is timed before each
key, and the work is scaled by how much slower it was than the quickest one of the walk.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import statistics
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from bpftui.core.live import Session
from bpftui.tui.app import BpftuiApp
from tests.bench.large_program import SLOTS, large_program
from tests.tui.fakes import FakeRuntime

if TYPE_CHECKING:
    from collections.abc import Sequence

QUIET = 0.25
"""Seconds without a paint after which a key has done what it does."""
LONGEST = 8.0

WALK = (
    *("down", "down", "pagedown", "2", "down", "down", "pagedown", "G", "g", "ctrl+d", "ctrl+u", "right", "left"),
    *("space", "space", "minus", "plus", "v", "v", "v", "v", "slash", *"lookup", "enter", "n", "N", "u", "escape"),
    *("enter", "backspace", "3", "down", "4", "down", "5", "6", "1", "escape", "z", "z", "ctrl+p", *"step", "escape"),
    *("colon", *"250000", "enter", "y", "question_mark", "escape", "2", "z", "z", "escape", "minus", "plus"),
)


class Press(NamedTuple):
    """What became of a key, in seconds."""

    key: str
    paint: float
    """Until the first paint; 0 where nothing was painted."""
    paint_work: float
    stall: float
    """The longest time in which nothing could be painted."""
    stall_work: float
    slow: float
    """Seconds of the loop of a fixed length, before it."""


class Meter:
    """Notes when an app paints, and when its loop does not get round.

    Args:
        app: The app.
    """

    def __init__(self, app: BpftuiApp) -> None:
        self.paints: list[tuple[float, float]] = []
        self.stalls: list[tuple[float, float]] = []
        display = app._display  # pyright: ignore[reportPrivateUsage]

        def painted(*arguments: Any) -> None:
            display(*arguments)
            self.paints.append((time.perf_counter(), time.thread_time()))

        app._display = painted  # pyright: ignore[reportPrivateUsage, reportAttributeAccessIssue]

    async def beat(self) -> None:
        """Note how long the loop takes for each round."""
        while True:
            start, work = time.perf_counter(), time.thread_time()
            await asyncio.sleep(0.001)
            self.stalls.append((time.perf_counter() - start - 0.001, time.thread_time() - work))


async def pressed(app: BpftuiApp, meter: Meter, key: str) -> Press:
    """Press a key, and wait until all is quiet."""
    slow = spin(100_000)
    meter.paints.clear()
    meter.stalls.clear()
    start, work = time.perf_counter(), time.thread_time()
    app.simulate_key(key)
    while True:
        await asyncio.sleep(0.005)
        last = meter.paints[-1][0] if meter.paints else start
        if time.perf_counter() - last > QUIET or time.perf_counter() - start > LONGEST:
            break
    paint, paint_work = meter.paints[0] if meter.paints else (start, work)
    stall, stall_work = (max(column) for column in zip(*meter.stalls, strict=True))
    return Press(key, paint - start, paint_work - work, stall, stall_work, slow)


def spin(rounds: int) -> float:
    """Return the work of so many rounds of a loop, in seconds: a million takes some 0.03 on a quiet machine."""
    start = time.thread_time()
    for _ in range(rounds):
        pass
    return time.thread_time() - start


async def walk(keys: Sequence[str], rounds: int, slots: int) -> list[Press]:
    """Open the object, and press keys."""
    gc.disable()  # as `explore` does; the screen turns it on as soon as it is furnished
    spec, program = large_program(slots)
    spec.programs = {program.name: program, **dict(list(spec.programs.items())[:20])}  # pyright: ignore[reportAttributeAccessIssue]
    app = BpftuiApp(Session(spec, FakeRuntime()), runtime="vm")
    found: list[Press] = []
    async with app.run_test(size=(120, 40)) as pilot:
        await app.explorer.furnished.wait()
        await pilot.pause(3)
        meter = Meter(app)
        beat = asyncio.create_task(meter.beat())
        for _ in range(rounds):
            for key in keys:
                found.append(await pressed(app, meter, key))
        beat.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await beat
    app.operations.close()
    return found


def told(found: Sequence[Press]) -> None:
    """Print what is slow, and how many are quick."""
    quickest = min(each.slow for each in found)
    for each in found:
        scale = quickest / each.slow
        mark = " ←" if max(each.paint_work, each.stall_work) * scale > 0.05 else ""
        print(
            f"{each.key:14} paint {each.paint * 1e3:7.1f} ms, work {each.paint_work * 1e3:6.1f}"
            f"   stall {each.stall * 1e3:7.1f} ms, work {each.stall_work * 1e3:6.1f}"
            f"   scaled {each.paint_work * scale * 1e3:6.1f}, {each.stall_work * scale * 1e3:6.1f}{mark}"
        )
    for what, times in (
        ("paint, on the clock", [each.paint for each in found if each.paint]),
        ("paint, work", [each.paint_work for each in found if each.paint]),
        ("paint, work scaled", [each.paint_work * quickest / each.slow for each in found if each.paint]),
        ("stall, on the clock", [each.stall for each in found]),
        ("stall, work", [each.stall_work for each in found]),
        ("stall, work scaled", [each.stall_work * quickest / each.slow for each in found]),
    ):
        cuts = statistics.quantiles(times, n=100)
        quick = sum(each < 0.05 for each in times) / len(times)
        print(
            f"{what:20} {len(times)} keys: half under {cuts[49] * 1e3:.1f} ms, 99 % under {cuts[98] * 1e3:.1f},"
            f" longest {max(times) * 1e3:.1f}; {quick:.1%} under 50 ms".replace("%", " %", 0)
        )


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--slots", type=int, default=SLOTS, help="instructions of the program")
    parser.add_argument("keys", nargs="*", default=WALK)
    options = parser.parse_args()
    before = spin(1_000_000)
    told(asyncio.run(walk(options.keys, options.rounds, options.slots)))
    print(f"a million rounds of a loop: {before * 1e3:.1f} ms before, {spin(1_000_000) * 1e3:.1f} after")


if __name__ == "__main__":
    main()
