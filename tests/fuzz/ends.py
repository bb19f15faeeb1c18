"""Ends at random moments: demo, watch, the explorer, the System place, by signals, or a terminal that goes away.

    python -m tests.fuzz.ends [--count N] [--seed S] [--first NUMBER] [--limit SECONDS]

Each is started, told to end after a random time (while it starts, draws, loads, attaches, samples; one in three is told
again while it ends), and has to be gone within two seconds, with no process, BPF object or namespace of its own left,
its terminal as it was, an exit code that tells the truth, and no traceback. Its own things are known by its environment
and its descriptors, so that others may do what they like meanwhile.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Final

from bpftui.core.spec import CollectionSpec
from tests.census import objects
from tests.home import own_home
from tests.victim import ROOT, Victim

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Ending", "try_end"]

LIMIT: Final = 2.0
"""Seconds from being told to being gone."""
_EXPLORER: Final = ["bpf/traffic.o", "--attach", "count_traffic=sandbox"]
_WATCH: Final = ["watch", "bpf/count_packets.o", "--attach", "count_packets=sandbox", "--interval", "0.1"]
_THEIRS: Final = "id:THEIRS"
"""A program that this process has loaded."""
_ATTACHED: Final = "▲ ATTACHED".encode()
"""As long as it is not, the word stands there without the circle."""
_COMMANDS: Final[dict[str, tuple[bool, bytes, list[str]]]] = {
    "explorer": (True, b"Search", ["bpf/traffic.o"]),
    "explorer attached": (True, _ATTACHED, _EXPLORER),
    "explorer vm": (True, _ATTACHED, [*_EXPLORER, "--runtime", "vm"]),
    "picker": (True, b"Quit", []),
    "system": (True, b"printed", ["top"]),
    "opened": (True, b"LOADED", [_THEIRS]),
    "demo": (True, _ATTACHED, ["demo"]),
    "demo plain": (False, b"packets/s", ["demo", "--plain", "--interval", "0.1", "--duration", "60"]),
    "watch": (False, b"pkt_count", _WATCH),
    "watch terminal": (True, b"pkt_count", _WATCH),
    "top terminal": (True, b"runs/s", ["top", "--batch", "--interval", "0.1"]),
    "debug terminal": (True, b"step 0", ["debug", "bpf/count_packets.o", "count_packets", "--prompt"]),
}
"""Whether it runs in a terminal, what it prints when it has started, and its arguments."""
_HOW: Final = ("SIGKILL", "SIGTERM", "SIGHUP", "SIGINT", "SIGQUIT", "hang up")
_PYTHON_ITSELF: Final = (
    b"init_import_site",
    b"Fatal Python error",
    b"<frozen runpy>",
    b"<frozen site>",
    b"_get_module_lock",
)
"""What SIGINT brings before the first line of ours runs; some of it goes on as if nothing had been."""
_KILLED: Final = b"bpftui: error: it was told to end, did not get to it, and was killed"


@dataclass
class Ending:
    """One trial, and what came of it."""

    command: str
    how: str
    started: bool
    """Whether the time counts from when it has started."""
    after: float
    again: tuple[str, float] | None
    seconds: float | None = None
    """From being told to the end, without those for which there was no processor."""
    elapsed: float = 0.0
    """All of them."""
    code: int | None = None
    held: set[str] = field(default_factory=set[str])
    faults: list[str] = field(default_factory=list[str])

    def __str__(self) -> str:
        again = f", again {self.again[0]} after {self.again[1]:.3f} s" if self.again else ""
        seconds = "never" if self.seconds is None else f"{self.seconds:.2f} s"
        faults = "; ".join(self.faults) or "ok"
        since = " from its start" if self.started else ""
        took = f"{seconds} of {self.elapsed:.2f} s"
        return f"{self.command}: {self.how} after {self.after:.2f} s{since}{again}: {took}, code {self.code}: {faults}"


def _plan(seed: int, number: int) -> Ending:
    random = Random(f"{seed}:{number}")
    started = random.random() < 0.6
    after = random.random() if started else 0.05 * 60 ** random.random()
    again = (random.choice(_HOW), random.random() * 0.4) if random.random() < 1 / 3 else None
    return Ending(random.choice(list(_COMMANDS)), random.choice(_HOW), started, after, again)


def _tell(victim: Victim, how: str) -> None:
    if how == "hang up":
        victim.hang_up()
    else:
        victim.send(getattr(signal, how))


def try_end(seed: int, number: int, *, limit: float = LIMIT) -> Ending:
    """Try the trial with this number."""
    ending = _plan(seed, number)
    terminal, mark, arguments = _COMMANDS[ending.command]
    if not terminal and ending.how == "hang up":
        ending.how = "SIGTERM"  # a pipe that is closed is told by the next line that is written
    with ExitStack() as theirs:
        if _THEIRS in arguments:
            loaded = theirs.enter_context(CollectionSpec.from_file(ROOT / "bpf/count_packets.o").load())
            arguments = [f"id:{loaded.programs['count_packets'].id}"]
        others = objects()  # whoever looks at the machine opens them, for a moment or for longer
        victim = Victim(["-m", "bpftui.tui", *arguments], terminal=terminal)
        _end(ending, victim, mark, others, limit)
    return ending


def _end(ending: Ending, victim: Victim, mark: bytes, others: set[tuple[str, int]], limit: float) -> None:
    """End *victim* as planned, and judge what came of it: *others* had these objects before."""
    try:
        if ending.started:
            victim.read(60, mark)
        victim.read(ending.after)
        if victim.ended():
            ending.faults.append(f"it ended by itself: {victim.shown[-300:]!r}")
            return
        start = time.monotonic()
        _tell(victim, ending.how)
        if ending.again is None:
            ending.seconds = victim.wait(limit + 2)
        else:
            ending.seconds = victim.wait(ending.again[1])
            if ending.seconds is None:
                _tell(victim, ending.again[0])
                seconds = victim.wait(limit + 2)
                ending.seconds = None if seconds is None else ending.again[1] + seconds
        ending.elapsed = time.monotonic() - start
        victim.read(0.1)  # the last of what it printed
        victim.holds -= others
        ending.held = {kind for kind, _ in victim.holds} | ({"namespace"} if victim.namespaces else set())
        _judge(ending, victim, limit)
    finally:
        victim.close()


def _judge(ending: Ending, victim: Victim, limit: float) -> None:
    if any(each in victim.shown for each in _PYTHON_ITSELF):
        ending.code = -signal.SIGINT
        return
    if ending.seconds is None:
        ending.faults.append("it never ended")
        return
    if ending.seconds > limit:
        ending.faults.append(f"it took {ending.seconds:.2f} s")
    ending.code = victim.code()
    told = {ending.how} | ({ending.again[0]} if ending.again else set[str]())
    truth = {0, 130} | {-signal.SIGTERM, -signal.SIGKILL}
    truth |= {-getattr(signal, how) for how in told if how != "hang up"} | {-signal.SIGHUP}
    killed = {"SIGKILL", "hang up"} & told or _KILLED in victim.shown
    if ending.code not in truth or (ending.code == -signal.SIGKILL and not killed):
        ending.faults.append(f"code {ending.code}")
    ending.faults += [f"left: {each}" for each in victim.left()]
    # Whoever is killed before there is a guardian cannot give the terminal back; its shell does so.
    excused = {"modes"} if "SIGKILL" in told and not ending.started else set[str]()
    ending.faults += [f"terminal: {each}" for each in victim.terminal_left() if each not in excused]
    for word in (b"Traceback", b"unexpected", b"Exception ignored", b"MountError"):
        if word in victim.shown:
            ending.faults.append(f"{word.decode()} in {victim.shown[-1500:].decode('utf-8', 'replace')!r}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Try many; print what was wrong, and figures."""
    parser = argparse.ArgumentParser(prog="tests.fuzz.ends")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="the number of the first trial")
    parser.add_argument("--limit", type=float, default=LIMIT, help="seconds from being told to being gone")
    options = parser.parse_args(arguments)
    endings: list[Ending] = []
    for number in range(options.first, options.first + options.count):
        endings.append(try_end(options.seed, number, limit=options.limit))
        if endings[-1].faults:
            print(f"{number}: {endings[-1]}", flush=True)
    faulty = sum(bool(each.faults) for each in endings)
    times = sorted(each.seconds for each in endings if each.seconds is not None)
    print(f"{len(endings)} ends, {faulty} with faults")
    print(f"  seconds: median {times[len(times) // 2]:.2f}, slowest {times[-1]:.2f}" if times else "  none ended")
    for what, counted in (
        ("commands", Counter(each.command for each in endings)),
        ("told by", Counter(each.how for each in endings)),
        ("codes", Counter(str(each.code) for each in endings)),
        ("held", Counter(kind for each in endings for kind in sorted(each.held))),
    ):
        print(f"  {what}: {', '.join(f'{name} {count}' for name, count in counted.most_common())}")
    return 1 if faulty else 0


if __name__ == "__main__":
    with own_home():
        sys.exit(main())
