"""A monkey at the explorer's keyboard: random keys, clicks, pastes and sizes, in the real program on a terminal.

    python -m tests.fuzz.keys --minutes 5 [--seed N] [--runtime kernel|vm]

Each walk opens one object, some with an attachment to a sandbox, and goes on until the program is told to quit or has
had its share of keys. What is reported: a traceback, on the terminal or in the user's log; an end that nobody asked
for; a screen that does not answer within `PATIENCE`. The seed of a walk says all that it does, up to the timing of the
machine. For the kernel's runtime the program has network, mount and cgroup namespaces of its own, without a cgroup.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import pty
import random
import re
import select
import shutil
import signal
import struct
import sys
import tempfile
import termios
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

__all__ = ["KEYS", "Failure", "Plan", "Walker", "main", "typed"]

ROOT: Final = Path(__file__).parents[2]

PATIENCE: Final = 2.0
"""Seconds of a processor's time that an answer may take: where others use it too, it takes longer by the clock."""
_KEYS_A_WALK: Final = 250
_SIZES: Final = ((80, 24), (120, 40), (200, 60), (10, 3), (40, 10), (80, 24), (300, 100), (1, 1))
_TARGETS: Final = ("bpf/traffic.o", "bpf/count_packets.o", "bpf/global_example.o", "bpf/constants.o", "bpf/my_map.o")
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
"""What only the built-in runtime loads: programs that the kernel would attach to what is not in a namespace."""

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
    "ctrl+o": "\x0f",
    "ctrl+c": "\x03",
    "ctrl+a": "\x01",
    "alt+right": "\x1b[1;3C",
    "f1": "\x1bOP",
    "f5": "\x1b[15~",
}
KEYS: Final = (
    *_NAMED,
    *"123456123456hjklgGnNyYuwvVoxcdsfbHmzpPRLADe/:?[]+-=r",
    *("enter",) * 12,
    *("escape",) * 6,
    *("down", "up", "tab") * 5,
)
"""What is pressed, the useful more often; a random letter besides."""
_WALKS: Final = (
    "L",
    "LA\t\r",
    "2c",
    "2d",
    "2H",
    "u\r\r",
    "R\r",
    "/a\r",
    "3e5\r",
    "Px\r",
    ":l\r",
    "2u\r",
    "?\x1b",
    "4\r",
)
"""Ways that go deep."""
_PASTES: Final = (
    "45 00 00 1c\n00 01",
    "0000  ff ff ff ff ff ff 02 00  00 00 00 01 08 00 45 00  ........\n0010  00 1c\n",
    "[/x] [bold]\n\x07",
    "a" * 5000,
    "\n",
    "x\u202ey\u200bz",
)


def typed(key: str) -> str:
    """Return what a terminal sends for a key."""
    return _NAMED.get(key, key)


@dataclass
class Failure:
    """What went wrong, and where."""

    what: str
    plan: Plan
    keys: list[str]
    shown: str


@dataclass
class Plan:
    """What a walk opens; it follows from its seed."""

    seed: int
    runtime: str
    arguments: list[str] = field(default_factory=list[str])

    @classmethod
    def of(cls, seed: int, runtime: str) -> Plan:
        """Return the plan of a seed."""
        chance = random.Random(f"{seed} plan")
        path = chance.choice(_TARGETS if runtime == "kernel" else _TARGETS + _READ)
        arguments = ["--runtime", runtime, str(ROOT / path)]
        if path in _TARGETS[:2] and chance.random() < 0.5:
            program = "count_traffic" if "traffic" in path else "count_packets"
            arguments += ["--attach", f"{program}=sandbox"]
        return cls(seed, runtime, arguments)


class Walker:
    """The program on a terminal of its own, and what is pressed there.

    Args:
        plan: What is opened.
        home: A directory for all that the program writes.
    """

    def __init__(self, plan: Plan, home: Path) -> None:
        self.plan = plan
        self.keys: list[str] = []
        self._home = home
        self._chance = random.Random(f"{plan.seed} keys")
        self._shown = b""
        self._may_end = False
        self._pid, self._terminal = pty.fork()
        if self._pid == 0:  # pragma: no cover - the program's side
            self._become_program()
        self._resize(80, 24)

    def _become_program(self) -> None:
        os.chdir(self._home)
        command = [sys.executable, "-m", "bpftui.tui", *self.plan.arguments]
        if self.plan.runtime == "kernel":
            hidden = 'mount -t tmpfs none /sys/fs/cgroup && exec "$@"'
            command = ["unshare", "--net", "--mount", "--cgroup", "sh", "-c", hidden, "sh", *command]
        home = str(self._home)
        chosen = {"HOME": home, "XDG_STATE_HOME": home, "XDG_CONFIG_HOME": home, "TERM": "xterm-256color"}
        os.execvpe(command[0], command, os.environ | chosen | {"PYTHONPATH": str(ROOT)})

    def walk(self) -> str:
        """Press keys until it ends or has had enough; return what went wrong, empty for nothing."""
        if not self._answers(30, b"Quit"):
            return self._why("it never showed anything")
        while len(self.keys) < _KEYS_A_WALK:
            self._press_some()
            if not self._running():
                break
            if self._chance.random() < 0.3 and (why := self._probe()):
                return self._why(why)
        self._quit()
        return self._why("")

    def _press_some(self) -> None:
        chance = self._chance
        kind = chance.random()
        if kind < 0.25:
            text = chance.choice(_WALKS)
            self._send(text, text)
        elif kind < 0.33:
            column, row = chance.randint(1, 120), chance.randint(1, 40)
            for end in "Mm" * chance.choice((1, 2)):
                self._send("click", f"\x1b[<0;{column};{row}{end}")
            self._may_end = True  # on Quit
        elif kind < 0.37:
            wheel = chance.choice((64, 65))
            self._send("wheel", f"\x1b[<{wheel};{chance.randint(1, 100)};{chance.randint(1, 30)}M")
        elif kind < 0.4:
            self._send("paste", f"\x1b[200~{chance.choice(_PASTES)}\x1b[201~")
        elif kind < 0.45:
            self._resize(*chance.choice(_SIZES))
        else:
            for _ in range(chance.randint(1, 6)):
                key = chance.choice(KEYS)
                self._send(key, typed(key))
        self._read(chance.choice((0, 0, 0.01, 0.05, 0.2)))

    def _send(self, name: str, text: str) -> None:
        self.keys.append(name)
        if "q" in text or name in ("ctrl+c", ":l\r"):
            self._may_end = True
        with contextlib.suppress(OSError):
            data = text.encode()
            while data:
                _, ready, _ = select.select([], [self._terminal], [], 5)
                if not ready:
                    return
                data = data[os.write(self._terminal, data[:1024]) :]
                self._read(0)

    def _resize(self, columns: int, rows: int) -> None:
        self.keys.append(f"{columns}×{rows}")
        fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def _probe(self) -> str:
        """Return what is wrong where a new size is not answered by a new picture."""
        self._read(0.05)
        for size in ((90, 30), (91, 31)):
            used = self._used()
            stop = time.monotonic() + 60
            self._resize(*size)
            while not self._read(0.1):
                if not self._running():
                    return ""
                if self._used() - used > PATIENCE or time.monotonic() > stop:
                    return "the screen does not answer"
        return ""

    def _used(self) -> float:
        """Return the processor's time that the program has had."""
        try:
            fields = Path(f"/proc/{self._pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _answers(self, seconds: float, text: bytes) -> bool:
        stop = time.monotonic() + seconds
        while text not in self._shown:
            self._read(0.1)
            if time.monotonic() > stop or not self._running():
                return text in self._shown
        return True

    def _read(self, seconds: float) -> bool:
        """Take what the program writes for so long; return whether there was something."""
        found = False
        stop = time.monotonic() + seconds
        while True:
            ready, _, _ = select.select([self._terminal], [], [], max(0.0, stop - time.monotonic()))
            if not ready:
                return found
            try:
                data = os.read(self._terminal, 1 << 16)
            except OSError:
                return found
            if not data:
                return found
            found = True
            self._shown = (self._shown + data)[-200_000:]
            if time.monotonic() > stop:
                return found

    _ended: int | None = None

    def _running(self) -> bool:
        if self._ended is None:
            pid, status = os.waitpid(self._pid, os.WNOHANG)
            if pid:
                self._ended = os.waitstatus_to_exitcode(status)
                self._read(0.05)
        return self._ended is None

    def _quit(self) -> None:
        """End it as a user would; then with a signal."""
        if not self._running():
            return
        self._may_end = True
        self._resize(100, 30)
        for text in ("\x1b", "\x1b", "\x1b", "q"):
            self._send("escape" if text != "q" else "q", text)
            self._read(0.3)
        self._read(0.5)
        if self._running():
            os.kill(self._pid, signal.SIGTERM)
            stop = time.monotonic() + 20
            while self._running() and time.monotonic() < stop:
                self._read(0.1)
        if self._running():
            self.stuck = True

    stuck = False

    def _why(self, why: str) -> str:
        """Return what went wrong, seen from the end."""
        self._read(0.1)
        text = self.shown
        log = self._home / "bpftui/log"
        written = log.read_text(errors="replace") if log.exists() else ""
        if found := re.search(r"(?:Traceback|unexpected)[^\n]*", text) or re.search(r"Traceback", written):
            last = re.findall(r"^\S*(?:Error|Exception|Timeout)\b[^\n]*", text + "\n" + written, re.MULTILINE)
            return f"traceback: {last[-1] if last else found[0]}"
        if why:
            return why
        if self.stuck:
            return "SIGTERM does not end it"
        if self._ended not in (0, None, 130) and self._ended != -signal.SIGTERM:
            return f"exit code {self._ended}"
        if not self._may_end:
            return "it ended, and nobody had asked for it"
        return ""

    @property
    def shown(self) -> str:
        """What the program wrote last, without escape sequences."""
        return re.sub(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[()].|.)", "", self._shown.decode(errors="replace")).replace(
            "\r", ""
        )

    def close(self) -> None:
        """End what still runs, and take its exit code."""
        if self._running():
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)
        os.close(self._terminal)


def main(arguments: list[str] | None = None) -> int:
    """Walk until the time is over, and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--seed", type=int, default=1, help="of the first walk; the next has the next")
    parser.add_argument("--runtime", choices=("kernel", "vm", "both"), default="both" if os.geteuid() == 0 else "vm")
    options = parser.parse_args(arguments)
    stop = time.monotonic() + options.minutes * 60
    failures: list[Failure] = []
    walks = keys = 0
    seed: int = options.seed
    while time.monotonic() < stop:
        chosen: str = options.runtime
        runtime = ("vm", "kernel")[seed % 2] if chosen == "both" else chosen
        home = Path(tempfile.mkdtemp(prefix="bpftui-keys-"))
        plan = Plan.of(seed, runtime)
        walker = Walker(plan, home)
        try:
            if why := walker.walk():
                failures.append(Failure(why, plan, walker.keys, walker.shown))
                print(
                    f"seed {seed} {' '.join(plan.arguments)}: {why}\n  last: {' '.join(map(repr, walker.keys[-12:]))}"
                )
                print("  " + "\n  ".join(walker.shown[-1500:].splitlines()[-12:]), flush=True)
        finally:
            walker.close()
            shutil.rmtree(home, ignore_errors=True)
        walks, keys, seed = walks + 1, keys + len(walker.keys), seed + 1
    print(f"{walks} walks, {keys:,} keys in {options.minutes:g} minutes: {len(failures)} went wrong")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
