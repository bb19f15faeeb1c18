"""How long after a key the screen is painted, with 500,000 instructions behind it.

    python -m tests.bench.bench_keypress [--rounds N] [--slots N] [--size 120x40] [--place PLACE] [KEY …]

The explorer runs in a terminal, with a program of 500,000 instructions in an object of 5,000 functions, and keys are
written to it one after the other, as by a user who waits for the screen. Of each are told:

- *clock*: from the key's bytes to the first that the explorer writes after it;
- *paint*: the same on a machine that does nothing else, what the thread of its loop works until then and what is
  waited for, without what other threads take of Python meanwhile;
- *threads*: the same with all that other threads work meanwhile, which is the most that it can be;
- *last*: as *paint*, to the last frame that the key brought about;
- *held*: the longest time for which the loop did one thing until all was quiet again, in which it paints nothing and
  hears no key, as the processor's time of its thread.

A machine that has other things to do makes the clock useless and work longer, by what it takes of caches and of
the other half of a core: a loop of a fixed length is timed beside each key, and work is scaled by how
much slower it was than the quickest one of the walk. The least of all rounds counts: what is more is the machine's.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from typing import TYPE_CHECKING, Final, NamedTuple

from tests.bench.large_program import SLOTS, large_program
from tests.bench.pressing import Pressed, Terminal, tell

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_PREPARING: Final = 400
"""Seconds that the explorer may be at work after it has opened the object: on a quiet machine it takes some 30."""

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


def inside(told: int, slots: int) -> None:
    """Be the explorer of an object with a large program, and tell of oneself."""
    import gc

    from bpftui.tui.running import run

    tell(told)
    gc.disable()  # as commands do that open an object; the screen turns it on as soon as it is furnished
    spec, program = large_program(slots)
    spec.programs = {program.name: program, **dict(list(spec.programs.items())[:20])}  # pyright: ignore[reportAttributeAccessIssue]
    run(spec, runtime="vm")


def walk(places: Mapping[str, Sequence[str]], rounds: int, slots: int, columns: int, rows: int) -> list[list[Pressed]]:
    """Open the object, and press keys; return what became of them in each round."""
    with tempfile.TemporaryDirectory() as home:
        arguments = ["-m", __spec__.name, "--inside", "{}", "--slots", str(slots)]
        terminal = Terminal(arguments, columns, rows, home)
        try:
            terminal.settle(quiet=3, longest=_PREPARING)  # an outline of the program and a look at what can be loaded
            terminal.opened()
            return [
                [terminal.press(place, key) for place, keys in places.items() for key in keys] for _ in range(rounds)
            ]
        finally:
            terminal.close()


class Key(NamedTuple):
    """What became of a key in the quickest of its rounds, in seconds; *held* of the whole walk's."""

    place: str
    key: str
    clock: float
    paint: float
    threads: float
    last: float
    held: float
    waits: float
    frames: int

    @property
    def slowness(self) -> float:
        """By what keys are sorted."""
        return max(self.paint, self.held)


def scaled(rounds: Sequence[Sequence[Pressed]]) -> list[Key]:
    """Return what became of each key."""
    quickest = min(each.slow for found in rounds for each in found)
    keys: list[Key] = []
    for same in zip(*rounds, strict=True):
        each_round = [
            Key(
                each.place,
                each.key,
                each.clock,
                each.work * quickest / each.slow + each.waits,
                each.threads * quickest / each.slow + each.waits,
                each.last * quickest / each.slow + each.waits,
                each.held * quickest / each.slow,
                each.waits,
                each.frames,
            )
            for each in same
        ]
        least = min(each_round, key=lambda key: key.paint)
        keys.append(least._replace(clock=min(each.clock for each in same), held=min(key.held for key in each_round)))
    return keys


def told(keys: Sequence[Key], *, most: int) -> None:
    """Print what became of keys, those that are slow first, and how many are quick."""
    for each in sorted(keys, key=lambda key: -key.slowness)[:most]:
        mark = " ←" if each.slowness > 0.05 else ""
        print(
            f"{each.place:10} {each.key:10} clock {_ms(each.clock)}   paint {_ms(each.paint)} (waits {_ms(each.waits)})"
            f"   threads {_ms(each.threads)}   last {_ms(each.last)} of {each.frames}   held {_ms(each.held)}{mark}"
        )
    painted = [key for key in keys if key.frames]
    print(f"\n{len(keys)} keys, {len(painted)} paint")
    for what in ("clock", "paint", "threads", "last", "held"):
        times: list[float] = [getattr(key, what) for key in painted]
        cuts = statistics.quantiles(times, n=100, method="inclusive")
        quick = sum(each < 0.05 for each in times) / len(times)
        print(
            f"{what:7} half under {_ms(cuts[49])}, 95 % under {_ms(cuts[94])}, 99 % under {_ms(cuts[98])},"
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
    parser.add_argument("--most", type=int, default=1000, help="so many keys are told of, the slowest ones")
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
    told(scaled(walk(places, options.rounds, options.slots, columns, rows)), most=options.most)


if __name__ == "__main__":
    main()
