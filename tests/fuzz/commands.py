"""Fuzzing of the command line:  python -m tests.fuzz.commands [--objects N] [--seed N]

Objects that are hostile (`tests.fuzz.hostile`) or damaged go through `show`, `disasm`, `doctor`, `check`, `run`, `log`
and the like, and recordings of them through `export`, as a user calls them but in one process, on the built-in machine.
Allowed is data on stdout and one line of error. Not allowed: an exception that escapes, "unexpected …", more than
`PATIENCE` seconds of processor time for one command, or more memory than `MEMORY` (the process has RLIMIT_AS).
"""

from __future__ import annotations

import argparse
import contextlib
import faulthandler
import io
import random
import resource
import sys
import tempfile
import time
from pathlib import Path

from bpftui.core.errors import BpftuiError
from bpftui.core.spec import CollectionSpec
from bpftui.tui.command_line import run as bpftui
from tests.fuzz.hostile import hostile
from tests.fuzz.mutants import ROOT, mutant
from tests.home import own_home
from tests.hostile import record_hostile

PATIENCE = 10.0
MEMORY = 1 << 30
COMMANDS = (
    ("show",),
    ("show", "--json"),
    ("show", "--header"),
    ("disasm",),
    ("diff", str(ROOT / "tests/objects/versions.o")),
    ("diff", "--json", str(ROOT / "tests/objects/versions.o")),
    ("doctor", "--runtime", "vm"),
    ("check", "--runtime", "vm"),
    ("run", "--runtime", "vm"),
    ("debug", "--batch", "next", "--batch", "continue", "--batch", "reverse-step"),
    ("cover",),
    ("cover", "--json"),
    ("fuzz", "--seconds", "0.05"),
    ("log", "--object"),
    ("export", "--format", "jsonl"),
    ("export", "--format", "csv"),
    ("export", "--format", "perfetto"),
)
LOG = "0: (79) r1 = *(u64 *)(r1 +8)\n1: (bf) r2 = r1\n; return 0; @ a.c:1\ninvalid access to packet, off=0 size=8\n"


def seeds() -> list[Path]:
    """Return the objects that are changed: those of the tests that are small."""
    paths = [*ROOT.glob("tests/objects/*.o"), *ROOT.glob("bpf/*.o")]
    return sorted(path for path in paths if path.stat().st_size < 40_000)


class FaultError(Exception):
    """A command did what it must not do."""


def call(command: tuple[str, ...], path: Path, log: Path) -> int:
    """Run one command on a file; return its exit code."""
    words = [*command, str(path)]
    if command[0] == "log":
        words = ["log", str(log), "--object", str(path)]
    elif command[0] == "export":
        words = [*command, str(_recording(path))]
    elif command[0] in ("run", "debug", "cover"):
        words = [command[0], str(path), _program(path), *command[1:], "--data", "00" * 64]
    elif command[0] == "fuzz":
        words = [command[0], str(path), _program(path), *command[1:]]
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.StringIO()
    start = time.process_time()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = int(bpftui(words))
        except SystemExit as ending:
            code = ending.code if isinstance(ending.code, int) else 2
        except BaseException as error:
            raise FaultError(f"{' '.join(words)}: {type(error).__name__}: {error}") from error
    took = time.process_time() - start
    told = err.getvalue()
    if "unexpected " in told or "Traceback" in told:
        raise FaultError(f"{' '.join(words)}: {told[-400:]}")
    if took > PATIENCE:
        raise FaultError(f"{' '.join(words)}: {took:.1f} s")
    return code


def _recording(path: Path) -> Path:
    """Return a recording of an object; the object itself, which is none, where it cannot be loaded."""
    recording = path.with_suffix(".rec")
    recording.unlink(missing_ok=True)
    try:
        record_hostile(path, recording)
    except BpftuiError:
        return path
    return recording


def _program(path: Path) -> str:
    """Return the name of an object's first program; one that is not there where it cannot be read."""
    try:
        return next(iter(CollectionSpec.from_file(path).programs), "none")
    except BpftuiError:
        return "none"


def run(objects: int, first_seed: int, *, keep_going: bool = False) -> tuple[dict[int, int], list[str]]:
    """Put that many objects through all commands; return how often each exit code came, and what went wrong."""
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, used + MEMORY))
    originals = [path.read_bytes() for path in seeds()]
    codes: dict[int, int] = {}
    faults: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        path, log = Path(folder, "made.o"), Path(folder, "log")
        log.write_text(LOG)
        for number in range(first_seed, first_seed + objects):
            rng = random.Random(number)
            change = hostile if rng.random() < 0.7 else mutant
            path.write_bytes(change(originals[number % len(originals)], rng))
            for command in COMMANDS:
                faulthandler.dump_traceback_later(60, exit=True)
                try:
                    code = call(command, path, log)
                except FaultError as fault:
                    faults.append(f"object {number}: {fault}")
                    if not keep_going:
                        return codes, faults
                else:
                    codes[code] = codes.get(code, 0) + 1
    faulthandler.cancel_dump_traceback_later()
    return codes, faults


def main() -> None:
    """Run from the command line; print one line, or what went wrong."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--objects", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=0, help="the first object's number: a failing one's repeats it")
    parser.add_argument("--keep-going", action="store_true", help="tell all faults, not only the first")
    options = parser.parse_args()
    with own_home():
        codes, faults = run(options.objects, options.seed, keep_going=options.keep_going)
    for fault in faults:
        print(fault, file=sys.stderr)
    told = ", ".join(f"{count} exits with {code}" for code, count in sorted(codes.items()))
    print(f"{options.objects} objects, {len(COMMANDS)} commands each: {told}, {len(faults)} faults")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
