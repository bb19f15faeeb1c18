"""The debugger's engine beside the plain run of the same million steps."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from bpftui.core.debug import Call, Recording, Session, why
from bpftui.core.debug.timeline import Timeline
from bpftui.core.debug.walk import Walk
from bpftui.core.spec import CollectionSpec
from tests.bench.bench_vm import PACKET, SUM, insn
from tests.bench.timing import compare
from tests.fuzz.sessions import object_of

if TYPE_CHECKING:
    from collections.abc import Callable


def timed(call: Callable[[], object]) -> float:
    start = time.process_time()
    call()
    return time.process_time() - start


def opened(rounds: int) -> Session:
    """Return a session of the checksum loop of bench_vm: 2,220 rounds are a million steps."""
    code = SUM[: 20 * 8] + insn(0xA5, 6, 0, -18, rounds) + insn(0x95)
    # data, data_end - data: as bench_vm gives them
    start = insn(0x61, 2, 1, 80) + insn(0x61, 1, 1, 76) + insn(0x1F, 2, 1)
    spec_bytes = object_of(start + code)
    spec = CollectionSpec.from_bytes(spec_bytes)
    return Session(Recording.of(spec, "prog", [Call(PACKET)], object_=spec_bytes))


def test_stepping_and_seeking() -> None:
    """Goals: 15 million steps a second; any step in under 50 ms; continue at no less than 0.9 of the plain run."""
    with opened(2220) as session:
        length, world = session.length, session.world
        program, call = world.program, session.recording.calls[0]

        def plain() -> None:
            session.close()
            world.before(0)
            world.pass_over()

        def stepped() -> None:
            session.close()
            world.before(0)
            walk = Walk(world, call)
            walk.advance(length + 1)
            walk.close()

        took = min(timed(stepped) for _ in range(5))
        print(f"\n{length:,} steps: {length / took / 1e6:.1f} million steps a second")
        for position in (10_000, 100_000, 500_000, length - 1):

            def there(position: int = position) -> None:
                session.goto(0)
                session.goto(position)

            print(f"to step {position:,}: {min(timed(there) for _ in range(5)) * 1000:.1f} ms")
        print(f"one step back from the end: {timed(session.back.step_instruction) * 1000:.1f} ms")

        def timeline() -> None:
            session.close()
            world.before(0)
            Timeline(world, call, session.symbols)

        print(f"all steps as a timeline: {min(timed(timeline) for _ in range(3)) * 1000:.1f} ms")

        def resumed() -> None:
            session.close()
            world.before(0)
            walk = Walk(world, call, stops={program.machine.number: frozenset({1_000})})
            walk.advance(1)
            walk.close()

        ratio = compare("continue without a hit, against the plain run", lambda: timed(resumed), lambda: timed(plain))
        print(f"continue: {1 / ratio:.2f} of the plain run's speed")


def test_why() -> None:
    """Goal: a second for a run of 10,000 steps."""
    with opened(22) as session:
        session.goto(session.length)
        print(f"\nwhy r0 after {session.length:,} steps: {timed(lambda: why(session, 'r0')) * 1000:.0f} ms")
