"""Mutation fuzzing of the reader:  python -m tests.fuzz.mutants [--mutants N] [--seed N]

Objects of tests/objects are damaged in many ways, and everything that `show --json` and a listing look at is looked at.
Allowed is one of bpftui's own errors, or a spec that says what is wrong. Not allowed: any other exception, more than
2 s for one object, more than 200 MB beyond what the interpreter takes. A child process does it, under RLIMIT_AS.
"""

from __future__ import annotations

import argparse
import faulthandler
import random
import resource
import struct
import sys
import time
from pathlib import Path

from bpftui.core.errors import BpftuiError
from bpftui.core.listing.listing import Listing
from bpftui.core.spec import CollectionSpec
from bpftui.core.spec.container import find_objects
from bpftui.tui.commands.show.spec_json import spec_json

ROOT = Path(__file__).parents[2]
SEEDS = 20
PATIENCE = 2.0
"""Seconds of processor time for one object."""
MEMORY = 200 << 20
"""Bytes of address space beyond what is used before the first object."""

EXTREMES = (0, 1, 2, 3, 7, 8, 0x7F, 0x80, 0xFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 2**63 - 1, 2**63, 2**64 - 1)


def seeds() -> list[Path]:
    """Return the objects that mutants are made of: all kinds that there are, the small ones first."""
    paths = [*ROOT.glob("tests/objects/*.o"), *ROOT.glob("bpf/*.o")]
    return sorted(paths, key=lambda path: (path.stat().st_size, path.name))[:SEEDS]


def _number(data: bytearray, at: int, width: int, rng: random.Random) -> None:
    """Write an extreme number, or one close to the one that is there."""
    if at + width > len(data):
        return
    order = "little" if data[5] == 1 else "big"
    old = int.from_bytes(data[at : at + width], order)
    new = rng.choice((*EXTREMES, old + 1, old - 1, old ^ (1 << rng.randrange(8 * width)), len(data)))
    data[at : at + width] = (new % (1 << (8 * width))).to_bytes(width, order)


def _sections(data: bytes) -> list[tuple[int, int, int]]:
    """Return where the sections' headers and contents lie: header, offset, size."""
    order = "<" if data[5] == 1 else ">"
    (table,) = struct.unpack_from(order + "Q", data, 40)
    (count,) = struct.unpack_from(order + "H", data, 60)
    headers = [table + 64 * i for i in range(count)]
    return [(at, *struct.unpack_from(order + "QQ", data, at + 24)) for at in headers]


def mutant(seed: bytes, rng: random.Random) -> bytes:
    """Return a damaged copy: headers, tables and contents hit as often as each other, then bytes lost or moved."""
    data = bytearray(seed)
    places = [place for place in _sections(seed) if place[2]]
    for _ in range(rng.choice((1, 1, 2, 3, 8))):
        header, offset, size = rng.choice(places)
        kind = rng.randrange(8)
        if kind == 0:
            _number(data, rng.randrange(16, 64, 2), rng.choice((2, 4, 8)), rng)
        elif kind in (1, 2):
            _number(data, header + rng.randrange(0, 64, 4), rng.choice((4, 8)), rng)
        elif kind in (3, 4, 5):
            _number(data, offset + rng.randrange(0, size) // 4 * 4, rng.choice((1, 4, 4, 8)), rng)
        elif kind == 6 and offset < len(data):
            data[min(offset + rng.randrange(size), len(data) - 1)] ^= 1 << rng.randrange(8)
        else:
            other = rng.choice(places)[1]
            length = rng.randrange(1, min(size, 256) + 1)
            data[other : other + length] = data[offset : offset + length]
    if rng.random() < 0.1:
        del data[rng.randrange(len(data)) :]
    return bytes(data)


def look_at_all(data: bytes) -> bool:
    """Read an object and everything in it; return whether it opened."""
    try:
        spec = CollectionSpec.from_bytes(data, file="mutant")
        spec_json(spec)
        for program in spec.programs.values():
            rows = Listing(program, spec)
            rows.rows(0, min(len(rows), 2000))
    except BpftuiError:
        return False
    return True


def run(mutants: int, first_seed: int) -> tuple[int, int]:
    """Look at that many mutants; return how many opened and how many were refused."""
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, used + MEMORY))
    originals = [path.read_bytes() for path in seeds()]
    counts = [0, 0]
    for number in range(first_seed, first_seed + mutants):
        data = mutant(originals[number % len(originals)], random.Random(number))
        faulthandler.dump_traceback_later(60, exit=True)
        start = time.process_time()
        try:
            opened = look_at_all(data)
            find_objects(b"lead" + data)
        except BaseException:
            print(f"mutant {number} of {seeds()[number % SEEDS].name}:", file=sys.stderr)
            raise
        took = time.process_time() - start
        if took > PATIENCE:
            raise AssertionError(f"mutant {number} of {seeds()[number % SEEDS].name} took {took:.1f} s")
        counts[opened] += 1
    faulthandler.cancel_dump_traceback_later()
    return counts[1], counts[0]


def main() -> None:
    """Run from the command line; print one line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--mutants", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0, help="the first mutant's number: a failing one's repeats it")
    options = parser.parse_args()
    opened, refused = run(options.mutants, options.seed)
    print(f"{options.mutants} mutants of {SEEDS} objects: {opened} opened, {refused} refused")


if __name__ == "__main__":
    main()
