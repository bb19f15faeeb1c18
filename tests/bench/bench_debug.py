"""The debugger's engine beside the plain run of the same million steps."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from bpftui.core.debug import Call, Recording, Session, why
from bpftui.core.debug.timeline import Timeline
from bpftui.core.debug.walk import Walk
from bpftui.core.debug.watching import changes_of
from bpftui.core.spec import CollectionSpec
from bpftui.core.vm.world.checkpoint import Checkpoint
from tests.bench.bench_vm import PACKET, SUM, insn
from tests.bench.timing import compare
from tests.fuzz.sessions import object_of

if TYPE_CHECKING:
    from collections.abc import Callable

UDP = bytes(12) + b"\x08\0" + b"\x45" + bytes(8) + b"\x11" + bytes(40)


def timed(call: Callable[[], object]) -> float:
    start = time.process_time()
    call()
    return time.process_time() - start


def long_loop(rounds: int) -> bytes:
    """Return an object with the checksum loop of bench_vm, `prog`: 2,220 rounds on its packet are a million steps."""
    code = SUM[: 20 * 8] + insn(0xA5, 6, 0, -18, rounds) + insn(0x95)
    # data, data_end - data: as bench_vm gives them
    start = insn(0x61, 2, 1, 80) + insn(0x61, 1, 1, 76) + insn(0x1F, 2, 1)
    return object_of(start + code)


def opened(rounds: int) -> Session:
    """Return a session of `long_loop`."""
    spec_bytes = long_loop(rounds)
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
        timeline_of_it = session.timeline
        # What the loop writes, and what it does not: `fp - 8` and `fp - 16`.
        for offset in (8, 16):
            address = world.host.memory.frames[0].end - offset

            def watched(address: int = address) -> None:
                session.close()
                world.before(0)
                changes_of(world, call, timeline_of_it, address, 8)

            ratio = compare(
                f"all changes of fp-{offset}, against the plain run", lambda: timed(watched), lambda: timed(plain)
            )
            print(f"watchpoint: {1 / ratio:.2f} of the plain run's speed")


def test_checkpoint() -> None:
    """Goal: 5 ms for 4,000 entries."""
    spec = CollectionSpec.from_file("bpf/traffic.o")
    frames = [UDP[:26] + number.to_bytes(4, "big") + UDP[30:] for number in range(4000)]
    spec.maps["sources"].max_entries = 8192
    with Session(Recording.of(spec, "count_traffic", [Call(frame) for frame in frames])) as session:
        session.enter(3999)
        session.goto(session.length)
        host, packet = session.world.host, session.world.program.packet
        took = min(timed(lambda: Checkpoint(host, [packet])) for _ in range(5))
        entries = len(list(session.world.collection.maps["sources"].store.entries()))
        print(f"\ncheckpoint with {entries:,} entries: {took * 1000:.1f} ms")


def test_why() -> None:
    """Goal: a second for a run of 10,000 steps."""
    with opened(22) as session:
        session.goto(session.length)
        print(f"\nwhy r0 after {session.length:,} steps: {timed(lambda: why(session, 'r0')) * 1000:.0f} ms")
