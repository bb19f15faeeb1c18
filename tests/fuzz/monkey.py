"""A monkey at the explorer: random keys, clicks, drags, pastes, sizes and stops, in the real program on a terminal.

    python -m tests.fuzz.monkey --minutes 60 [--seed N] [--stay M] [--runtime kernel|vm|both]

It opens one object after another, some with an attachment to a sandbox, some as a recording of one, and stays with
each for some minutes, or until the program is told to quit. Where it has been (`PLACES`) is told at the end. What goes
wrong: a traceback, on the terminal or in the user's log; an end that nobody had asked for; a screen that does not
answer within `PATIENCE`; memory that grows; processes, maps, programs, links or namespaces that are left when it has
ended, or a terminal that is left otherwise than it was. The seed of a stay says all that is done in it, up to the
timing of the machine.

**Nothing but bpftui's own sandbox is ever attached to.** For the kernel's runtime the program has network, mount and
cgroup namespaces of its own, in which there is no device and no cgroup, and opens only objects whose programs attach to
nothing else (`APART`). `Monkey` looks before the first key whether both hold, and does not press one where they do not.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import random
import re
import select
import shutil
import signal
import string
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bpftui.core.spec import CollectionSpec
from bpftui.core.uapi import ProgramType
from tests.victim import Victim

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["KEYS", "PLACES", "Monkey", "NotApartError", "Plan", "main", "places", "require_apart"]

ROOT: Final = Path(__file__).parents[2]

PATIENCE: Final = 2.0
"""Seconds of a processor's time that an answer may take: where others use it too, it takes longer by the clock."""
_LONGEST: Final = 300.0
"""Seconds by the clock."""
_SHOWN: Final = 200_000
"""Bytes of what the terminal was sent last that are kept."""
_GROWTH: Final = 1.5
"""How many times the memory that it had when it was a minute old it may have later, …"""
_MORE: Final = 20.0
"""… and megabytes besides: its history, the samples of its charts and what it read of the kernel come by and by."""
KEPT: Final = ROOT / "build/monkey"
"""Where all that is known of what went wrong is kept, a file for each seed."""
_SIZES: Final = ((80, 24), (120, 40), (200, 60), (10, 3), (40, 10), (80, 24), (300, 100), (1, 1))

APART: Final = frozenset({ProgramType.XDP, ProgramType.SCHED_CLS, ProgramType.SOCKET_FILTER})
"""Types of programs that attach to network devices and sockets of a namespace, and to nothing of the whole machine."""
_APART: Final = ("bpf/traffic.o", "bpf/count_packets.o", "bpf/global_example.o", "bpf/constants.o", "bpf/my_map.o")
"""What the kernel's runtime opens."""
_READ: Final = (
    "tests/objects/subprograms.o",
    "tests/objects/nested_maps.o",
    "tests/objects/map_kinds.o",
    "tests/objects/values.o",
    "tests/objects/bad_loop.o",
    "tests/objects/core.o",
    "tests/objects/externs.o",
    "tests/objects/data_sections.o",
    "tests/objects/sections.o",
    "tests/objects/subprograms.nobtf.o",
    "tests/objects/rust_counter.o",
)
"""What only the built-in machine opens besides: the kernel would attach some of their programs to the whole machine."""
_RECORDING: Final = "traffic.rec"
_KILLED: Final = "it was told to end, did not get to it, and was killed"
_NAMESPACES: Final = ("net", "mnt", "cgroup")
_WITHIN: Final = (
    *("unshare", "--net", "--mount", "--cgroup"),
    *("sh", "-c", 'mount -t tmpfs none /sys/fs/cgroup && exec "$@"', "sh"),
)

_NAMED: Final = {
    "up": "\x1b[A",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "home": "\x1b[H",
    "end": "\x1b[F",
    "pageup": "\x1b[5~",
    "pagedown": "\x1b[6~",
    "delete": "\x1b[3~",
    "enter": "\r",
    "escape": "\x1b",
    "tab": "\t",
    "shift+tab": "\x1b[Z",
    "backspace": "\x7f",
    "space": " ",
    "ctrl+d": "\x04",
    "ctrl+u": "\x15",
    "ctrl+p": "\x10",
    "ctrl+r": "\x12",
    "ctrl+y": "\x19",
    "ctrl+s": "\x13",
    "ctrl+left": "\x1b[1;5D",
    "ctrl+right": "\x1b[1;5C",
    "ctrl+o": "\x0f",
    "ctrl+c": "\x03",
    "ctrl+a": "\x01",
    "alt+right": "\x1b[1;3C",
    "f1": "\x1bOP",
    "f5": "\x1b[15~",
}
KEYS: Final = (
    *_NAMED,
    *"1234561234567890()hjklgGnNyYuUwWvoxdmzpPRLADeab/:?[]{}<>,.+-=r",
    *set(string.ascii_letters) - {"q"},
    *("enter",) * 12,
    *("escape",) * 6,
    *("down", "up", "tab") * 5,
)
"""What is pressed, the useful more often; any letter besides, but what quits."""
_WALKS: Final = (
    "L",
    "LA\t\r",
    "2v",
    "2vvv",
    "2m",
    "2m>",
    "u\r\r",
    "R\r",
    "Ra\r",
    "RR\x1b\x1b",
    "RP\r",
    "/a\r",
    "/a\t\r",
    "3e5\r",
    "3 ",
    "Px\r",
    ":l\r",
    "2u\r",
    "?\x1b",
    "??\x1b",
    "4\r",
    "4v",
    "4ww5v",
    "4e5\r",
    "4a",
    "5vv",
    "5,,",
    "W",
    "02\r",
    "02",
    *(f"02{noun}" for noun in range(2, 10)),
    "02w",
    "024\r",
    "0\r",
    "03\r",
    "\x10a\r",
    "Rd",
    "R\rd",
    "dnnsf",
    "dc6",
    "dcW5",
    "dNSF",
    "dbcC",
    "de1\r",
    "K",
    "=\r",
    f"={ROOT}/bpf/traffic.o\r",
    f"={ROOT}/bpf/count_packets.o\r",
    "p,,..",
)
"""Ways that go deep."""
_TOUR: Final = (
    "\x1b[H2R\r",
    "\x1b[H2Rd",
    f"={ROOT}/bpf/traffic.o\r",
    "?",
    "\x10a",
    "02",
    "0",
)
"""From an object to each place that it leads to: chance alone is in one of them for minutes, and never in another."""
_BETWEEN: Final = 25
"""Deeds between two stations of the tour."""
PLACES: Final = {
    "home": re.compile(r"1 Objects +2 System +3 Recordings"),
    "system": re.compile(r"home › system"),
    "explorer": re.compile(r"1 Overview +2 Code"),
    "recording": re.compile(r"REC \d\d \w{3} \d\d:\d\d:\d\d"),
    "test run": re.compile(r"› test run"),
    "debugger": re.compile(r"› run \d+ "),
    "comparison": re.compile(r"< > hunks"),
    "finder": re.compile(r"⏎ go · esc close"),
    "help": re.compile(r"\? manual · esc close"),
}
"""By where one can be, what stands on the screen there."""
_PASTES: Final = (
    "45 00 00 1c\n00 01",
    "0000  ff ff ff ff ff ff 02 00  00 00 00 01 08 00 45 00  ........\n0010  00 1c\n",
    "[/x] [bold]\n\x07",
    "a" * 5000,
    "\n",
    "x\u202ey\u200bz",
)


def places(text: str) -> set[str]:
    """Return where somebody is, or was, who sees a text on the screen."""
    return {name for name, sign in PLACES.items() if sign.search(text)}


class NotApartError(Exception):
    """The monkey could reach what is not its own: it must not be let loose."""


def require_apart(pid: int, path: Path, *, outside: int | None = None) -> None:
    """Check that a process can attach an object's programs to nothing but what it makes itself.

    Args:
        pid: The process.
        path: What it opens.
        outside: The process whose namespaces it must not have; this one without.

    Raises:
        NotApartError: It can.
    """
    for kind in _NAMESPACES:
        if os.readlink(f"/proc/{pid}/ns/{kind}") == os.readlink(f"/proc/{outside or os.getpid()}/ns/{kind}"):
            raise NotApartError(f"process {pid} has no {kind} namespace of its own")
    devices = [line.partition(":")[0].strip() for line in Path(f"/proc/{pid}/net/dev").read_text().splitlines()[2:]]
    if devices != ["lo"]:
        raise NotApartError(f"process {pid} sees {', '.join(devices)}")
    for program in CollectionSpec.from_file(path).programs.values():
        if program.type not in APART:
            raise NotApartError(f"{path}: {program.name} attaches to the whole machine")


@dataclass
class Plan:
    """What the monkey opens; it follows from the seed."""

    seed: int
    runtime: str
    path: Path = ROOT
    arguments: list[str] = field(default_factory=list[str])
    recorded: list[str] = field(default_factory=list[str])
    """What makes a recording, which is opened in place of the object: the words behind `bpftui`."""

    @classmethod
    def of(cls, seed: int, runtime: str) -> Plan:
        """Return the plan of a seed."""
        chance = random.Random(f"{seed} plan")
        path = chance.choice(_APART if runtime == "kernel" else _APART + _READ)
        attached: list[str] = []
        if path in _APART[:2] and chance.random() < 0.5:
            program = "count_traffic" if "traffic" in path else "count_packets"
            attached = ["--attach", f"{program}=sandbox"]
        if runtime == "vm" and seed % 4 == 0:
            recorded = ["watch", str(ROOT / _APART[0]), "--attach", "count_traffic=sandbox", "--runtime", "vm"]
            recorded += ["--interval", "0.1", "--duration", "2", "--record", _RECORDING]
            # A recording without runs leads to no test run: the object beside it does, a `)` away.
            opened = ["--runtime", "vm", "--read-only", _RECORDING, str(ROOT / _APART[0])]
            return cls(seed, runtime, Path(_RECORDING), opened, recorded)
        return cls(seed, runtime, ROOT / path, ["--runtime", runtime, "--read-only", str(ROOT / path), *attached])

    def __str__(self) -> str:
        """Return the seed and what is opened."""
        attached = ", attached" if "--attach" in self.arguments else ""
        return f"seed {self.seed} ({self.runtime}, {self.path.name}{attached})"


class Monkey:
    """Someone at a terminal with the program, who knows nothing and is never at rest.

    Args:
        plan: What is opened.
        home: A directory for all that the program writes.

    Raises:
        NotApartError: It is the kernel's runtime, and more could be attached to than its own sandbox.
    """

    def __init__(self, plan: Plan, home: Path) -> None:
        self.plan = plan
        self.done: list[str] = []
        """What it did."""
        self.memory: list[float] = []
        """Megabytes of memory in use, a figure a minute."""
        self.trace = ""
        """The last traceback."""
        self.places = Counter[str]()
        """How often it saw each of `PLACES`, looked at after each deed."""
        self.late = False
        """Whether the guardian killed it, on a machine that has no processor left for it to end in time."""
        self._home = home
        self._chance = random.Random(f"{plan.seed} keys")
        self._may_end = False
        self._fresh = b""
        self._deeds = 0
        environment: dict[str, str] = dict.fromkeys(("HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"), str(home))
        environment["VISUAL"] = "true"  # a real editor would take the keys, and can do anything
        if plan.recorded:
            command = [sys.executable, "-m", "bpftui.tui", *plan.recorded]
            subprocess.run(command, cwd=home, env=os.environ | environment, stdout=subprocess.DEVNULL, check=True)
        self._victim = Victim(
            ["-m", "bpftui.tui", *plan.arguments],
            terminal=True,
            environment=environment,
            within=_WITHIN if plan.runtime == "kernel" else (),
            cwd=home,
        )

    def stay(self, wanted: Callable[[Monkey], bool]) -> str:
        """Do this and that for as long as it is *wanted*, and end it; return what went wrong, empty for nothing."""
        try:
            why = self._stay(wanted)
        finally:
            self._victim.close()
        return why

    def _stay(self, wanted: Callable[[Monkey], bool]) -> str:
        if not self._until(lambda: b"Quit" in self._victim.shown, 10 * PATIENCE):
            return self._why("it never showed anything")
        if self.plan.runtime == "kernel":
            require_apart(self._victim.pid, self.plan.path)
        began = time.monotonic()
        while wanted(self):
            if time.monotonic() - began >= 60 * (len(self.memory) + 1):
                self.memory.append(self._resident())
                print(f"{self.plan}: minute {len(self.memory)}, {self.memory[-1]:.1f} MB", flush=True)
            why = self._do_something()
            self.places.update(places(_plain(self._fresh)))
            self._fresh = b""
            if self._victim.ended():
                break
            if not why and self._chance.random() < 0.1:
                why = self._probe()
            if why:
                return self._why(why)
        return self._quit()

    def _do_something(self) -> str:
        """Do something; return what is wrong with the answer."""
        chance = self._chance
        kind = chance.random()
        self._deeds += 1
        if self._deeds % _BETWEEN == 0:
            station = _TOUR[self._deeds // _BETWEEN % len(_TOUR)]
            which = chance.choice((1, 2))  # of what is open, seen from home
            for text in (*("\x1b",) * 4, *(")",) * which, station):
                self._send(text, text)
                self._read(0.3)  # an escape is one where nothing comes behind it for a while
        elif kind < 0.2:
            text = chance.choice(_WALKS)
            self._send(text, text)
        elif kind < 0.28:
            self._click(chance.choice((1, 1, 2)))
        elif kind < 0.32:
            self._drag()
        elif kind < 0.36:
            self._send("wheel", f"\x1b[<{chance.choice((64, 65))};{chance.randint(1, 100)};{chance.randint(1, 30)}M")
        elif kind < 0.39:
            self._send("paste", f"\x1b[200~{chance.choice(_PASTES)}\x1b[201~")
        elif kind < 0.43:
            self._resize(*chance.choice(_SIZES))
        elif kind < 0.45:
            return self._stop_and_go_on()
        else:
            for _ in range(chance.randint(1, 6)):
                key = chance.choice(KEYS)
                self._send(key, _NAMED.get(key, key))
        self._read(chance.choice((0, 0, 0.01, 0.05, 0.2)))
        return ""

    def _click(self, times: int) -> None:
        column, row = self._chance.randint(1, 120), self._chance.randint(1, 40)
        for end in "Mm" * times:
            self._send("click", f"\x1b[<0;{column};{row}{end}")
        self._may_end = True  # on Quit

    def _drag(self) -> None:
        chance = self._chance
        places = [(chance.randint(1, 120), chance.randint(1, 40)) for _ in range(chance.randint(2, 5))]
        moves = [(32, place, "M") for place in places]
        for button, (column, row), end in ((0, places[0], "M"), *moves, (0, places[-1], "m")):
            self._send("drag", f"\x1b[<{button};{column};{row}{end}")
        self._may_end = True

    def _stop_and_go_on(self) -> str:
        """Stop it as ctrl+z of a shell does, and let it go on as `fg` does."""
        self.done.append("stop")
        self._signal(signal.SIGTSTP)
        stopped = self._until(lambda: self._state() == "T")
        self._signal(signal.SIGCONT)
        return "" if stopped or self._victim.ended() else "SIGTSTP does not stop it"

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.kill(self._victim.pid, number)

    def _send(self, name: str, text: str) -> None:
        self.done.append(name)
        if "q" in text or name in ("ctrl+c", ":l\r"):
            self._may_end = True
        terminal = self._victim.terminal
        assert terminal is not None
        data = text.encode()
        while data and select.select([], [terminal], [], 5)[1]:
            try:
                data = data[os.write(terminal, data[:1024]) :]
            except OSError:  # it has ended
                return
            self._read(0)

    def _resize(self, columns: int, rows: int) -> None:
        self.done.append(f"{columns}×{rows}")
        assert self._victim.terminal is not None
        fcntl.ioctl(self._victim.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def _probe(self) -> str:
        """Return what is wrong where a new size is not answered by a new picture."""
        self._read(0.05)
        for size in ((90, 30), (91, 31)):
            before, self._victim.shown = self._victim.shown, b""
            self._resize(*size)
            answered = self._until(lambda: bool(self._victim.shown))
            self._victim.shown = before + self._victim.shown
            if not answered and not self._victim.ended():
                return "the screen does not answer"
        return ""

    def _until(self, condition: Callable[[], bool], patience: float = PATIENCE) -> bool:
        """Wait for a condition, for so many seconds of a processor's time; return whether it came."""
        used, stop = self._used(), time.monotonic() + _LONGEST
        while not condition():
            self._read(0.05)
            if self._victim.ended() or self._used() - used > patience or time.monotonic() > stop:
                return condition()
        return True

    def _read(self, seconds: float) -> None:
        before = len(self._victim.shown)
        self._victim.read(seconds)
        self._fresh += self._victim.shown[before:]
        self._victim.shown = self._victim.shown[-_SHOWN:]

    def _state(self) -> str:
        fields = self._fields()
        return fields[0] if fields else ""

    def _used(self) -> float:
        """Return the processor's time that the program has had."""
        fields = self._fields()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") if fields else 0.0

    def _fields(self) -> list[str]:
        try:
            return Path(f"/proc/{self._victim.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return []

    def _resident(self) -> float:
        """Return the megabytes that the program has in memory."""
        with suppress(OSError):
            pages = int(Path(f"/proc/{self._victim.pid}/statm").read_text().split()[1])
            return pages * os.sysconf("SC_PAGESIZE") / 1e6
        return 0.0

    def _quit(self) -> str:
        """End it as a user would, then with a signal; return what went wrong."""
        victim = self._victim
        if not victim.ended():
            self._may_end = True
            self._resize(100, 30)
            victim.note()
            for text in ("\x1b", "\x1b", "\x1b", "q"):
                self._send("q" if text == "q" else "escape", text)
                self._read(0.3)
            if victim.wait(1.0, longest=10.0) is None:  # it may be where q is a letter, or asks first
                victim.send(signal.SIGTERM)
                if victim.wait(10.0) is None:
                    return self._why("SIGTERM does not end it")
        return self._why("")

    def _why(self, why: str) -> str:
        """Return what went wrong, seen from the end."""
        victim = self._victim
        self._read(0.1)
        log = self._home / "bpftui/log"
        written = log.read_text(errors="replace") if log.exists() else ""
        if found := re.search(r"(?:Traceback|unexpected)[^\n]*", self.shown) or re.search(r"Traceback", written):
            self.trace = (written[written.rindex("Traceback") :] if "Traceback" in written else self.shown)[-6000:]
            last = re.findall(r"^\S*(?:Error|Exception|Timeout)\b[^\n]*", self.shown + "\n" + written, re.MULTILINE)
            return f"traceback: {last[-1] if last else found[0]}"
        if why:
            return why
        if victim.ended() and victim.code() == -signal.SIGKILL and _KILLED in self.shown and _is_busy():
            self.late = True
            return ""
        if victim.ended() and victim.code() not in (0, 130, -signal.SIGINT, -signal.SIGTERM):
            return f"exit code {victim.code()}"
        if not self._may_end:
            return "it ended, and nobody had asked for it"
        if left := victim.left() + victim.terminal_left():
            return f"left behind: {', '.join(left)}"
        if self.memory and max(self.memory) > self.memory[0] * _GROWTH + _MORE:
            return f"its memory grows: {', '.join(f'{each:.0f}' for each in self.memory)} MB"
        return ""

    def keep(self, why: str, folder: Path = KEPT) -> Path:
        """Write down what went wrong, what was done before, the user's log and what the terminal was sent; where."""
        log = self._home / "bpftui/log"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"seed-{self.plan.seed}-{self.plan.runtime}.txt"
        parts = (
            f"{self.plan}: {why}",
            " ".join(map(repr, self.done)),
            log.read_text(errors="replace") if log.exists() else "no log",
            self.shown,
        )
        path.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
        return path

    @property
    def shown(self) -> str:
        """What the program wrote last, without escape sequences."""
        return _plain(self._victim.shown)


def _plain(raw: bytes) -> str:
    """Return what was sent to a terminal without escape sequences."""
    text = raw.decode(errors="replace")
    return re.sub(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[()].|.)", "", text).replace("\r", "")


def _is_busy() -> bool:
    """Whether something waited for a processor for most of the last ten seconds."""
    with suppress(OSError):
        return float(Path("/proc/pressure/cpu").read_text().split()[1].removeprefix("avg10=")) > 50
    return False


def main(arguments: list[str] | None = None) -> int:
    """Let it loose until the time is over, and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60, help="in all")
    parser.add_argument("--stay", type=float, default=10, help="minutes with one object")
    parser.add_argument("--seed", type=int, default=1, help="of the first object; the next has the next")
    parser.add_argument("--runtime", choices=("kernel", "vm", "both"), default="both" if os.geteuid() == 0 else "vm")
    options = parser.parse_args(arguments)
    stop = time.monotonic() + options.minutes * 60
    stays = deeds = wrong = late = 0
    memory: list[float] = []
    growth: list[float] = []
    seen = Counter[str]()
    seed: int = options.seed
    while time.monotonic() < stop:
        chosen: str = options.runtime
        plan = Plan.of(seed, ("vm", "kernel")[seed % 2] if chosen == "both" else chosen)
        home = Path(tempfile.mkdtemp(prefix="bpftui-monkey-"))
        leave = min(stop, time.monotonic() + options.stay * 60)
        try:
            monkey = Monkey(plan, home)
            if why := monkey.stay(lambda _, leave=leave: time.monotonic() < leave):
                wrong += 1
                print(f"{plan}: {why}\n  last: {' '.join(map(repr, monkey.done[-12:]))}")
                print("  " + "\n  ".join((monkey.trace or monkey.shown[-1500:]).splitlines()[-40:]))
                print(f"  all of it: {monkey.keep(why)}", flush=True)
        finally:
            shutil.rmtree(home, ignore_errors=True)
        stays, deeds, seed = stays + 1, deeds + len(monkey.done), seed + 1
        memory += monkey.memory
        growth += [monkey.memory[-1] / monkey.memory[0]] if len(monkey.memory) > 1 else []
        seen.update(monkey.places)
        late += monkey.late
    figures = f", {min(memory):.0f} to {max(memory):.0f} MB" if memory else ""
    if growth:
        figures += f", at the end of a stay at most {max(growth):.2f} of what it was after a minute"
    print(
        f"{stays} objects, {deeds:,} keys and the like in {options.minutes:g} minutes{figures}: {wrong} went wrong"
        + (f", {late} were too busy to end in time" if late else "")
    )
    print(f"places: {', '.join(f'{name} {seen[name]:,}' for name in PLACES)}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
