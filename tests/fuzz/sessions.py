"""Random programs in the debugger, forwards and back:  python -m tests.fuzz.sessions [--runs N] [--seed N]

Wherever a session goes, and whichever way it came, every register, byte, address and entry there is the same each time.
Half of the runs are random programs, the others are those of the shipped and of the tests' objects on random packets.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import sys
from functools import cache
from pathlib import Path
from typing import Final

from bpftui.core.debug import Call, Recording, Session, why
from bpftui.core.errors import BpftuiError
from bpftui.core.spec import CollectionSpec
from bpftui.core.vm.world.settings import Settings
from tests.core.spec.test_legacy import FUNC, Maker
from tests.fuzz.machines import program

ROOT: Final = Path(__file__).parents[2]
STEPS: Final = 2_000


def state(session: Session) -> str:
    """Return a digest of every register, byte, address and entry where a session stands."""
    digest = hashlib.sha256(repr(session.activations).encode())
    for region in session.memory.regions:
        digest.update(f"{region.base} {region.name}".encode() + bytes(region.data))
    for name, found in session.world.collection.maps.items():
        digest.update(repr((name, *found.store.entries())).encode())
    return digest.hexdigest()


def object_of(code: bytes) -> bytes:
    """Return an object with one program, `prog`, of these instructions."""
    maker = Maker()
    index = maker.section("tc", code, code=True)
    maker.symbols.append(("prog", 16 + FUNC, index, 0, len(code)))
    maker.section("license", b"GPL\0")
    return maker.build()


@cache
def _programs() -> list[tuple[Path, str]]:
    paths = sorted([*ROOT.glob("tests/objects/*.o"), *ROOT.glob("bpf/*.o")])
    found: list[tuple[Path, str]] = []
    for path in paths:
        try:
            found += [(path, name) for name in CollectionSpec.from_file(path).programs]
        except BpftuiError:
            continue
    return found


def made(rng: random.Random) -> Session:
    """Return a session of a random program, or of one of the objects'; BpftuiError where there is none."""
    ticks = iter(range(1, 1 << 40, 1000))
    settings = Settings(clock=lambda: next(ticks), limit=STEPS)
    calls = [
        Call(rng.randbytes(12) + rng.choice((b"\x08\0\x45", b"\x86\xdd\x60")) + rng.randbytes(60)) for _ in range(3)
    ]
    if rng.random() < 0.5:
        raw = object_of(program(rng))
        spec = CollectionSpec.from_bytes(raw)
        return Session(Recording.of(spec, "prog", calls, object_=raw, settings=settings))
    path, name = rng.choice(_programs())
    return Session(Recording.of(CollectionSpec.from_file(path), name, calls, settings=settings))


def back_and_forth(rng: random.Random) -> str:
    """Go to places of a random session more than once; return what became of it: `refused`, or `same`."""
    try:
        session = made(rng)
    except BpftuiError:
        return "refused"
    with session:
        known: dict[tuple[int, int], str] = {}
        for _ in range(8):
            run = rng.randrange(session.runs)
            if run != session.run:
                session.enter(run)
            try:
                length = session.length
            except BpftuiError:
                return "refused"  # the program takes no packet
            match rng.randrange(5):
                case 0 | 1:
                    session.goto(rng.randint(0, length))
                case 2:
                    session.back.step()
                case 3:
                    session.back.step_instruction(rng.randint(1, 20))
                case _:
                    session.next()
            place, here = (session.run, session.position), state(session)
            session.goto(rng.randint(0, length))
            session.goto(place[1])
            assert known.setdefault(place, here) == here == state(session), place
        if session.position:
            why(session, "r0")
    return "same"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    counts: dict[str, int] = {}
    for number in range(options.seed, options.seed + options.runs):
        try:
            kind = back_and_forth(random.Random(number))
        except BaseException:
            print(f"run {number}", file=sys.stderr)
            raise
        counts[kind] = counts.get(kind, 0) + 1
    print(f"{options.runs} sessions: " + ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items())))


if __name__ == "__main__":
    main()
