"""The built-in machine against a plain decode-and-dispatch loop in the same interpreter."""

from __future__ import annotations

import random
import struct
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bpftui.core.spec import CollectionSpec
from bpftui.core.vm import Machine, Processor
from bpftui.core.vm.runtime import MachineRuntime
from tests.bench.timing import compare

if TYPE_CHECKING:
    from collections.abc import Callable

BPF: Final = Path(__file__).parents[2] / "bpf"
MASK: Final = 0xFFFF_FFFF_FFFF_FFFF
PACKET: Final = bytes(12) + b"\x08\x00" + b"\x45" + bytes(49)


def insn(opcode: int, dst: int = 0, src: int = 0, offset: int = 0, imm: int = 0) -> bytes:
    return struct.pack("<BBhi", opcode, src << 4 | dst, offset, imm)


EXIT: Final = insn(0x95)

# r0 = the number of primes below r2, by trial division.
PRIMES: Final = b"".join(
    (
        insn(0xB7, 0, imm=0),
        insn(0xB7, 1, imm=2),
        insn(0xB7, 3, imm=2),  # next: r3 = 2
        insn(0xBF, 4, 3),  # divide: r4 = r3 * r3
        insn(0x2F, 4, 4),
        insn(0x2D, 4, 1, 5),  # if r4 > r1 goto prime
        insn(0xBF, 4, 1),
        insn(0x9F, 4, 3),
        insn(0x07, 3, imm=1),
        insn(0x55, 4, 0, -7),  # if r4 != 0 goto divide
        insn(0x05, offset=1),
        insn(0x07, 0, imm=1),  # prime: r0 += 1
        insn(0x07, 1, imm=1),
        insn(0xAD, 1, 2, -12),  # if r1 < r2 goto next
        EXIT,
    )
)

# A checksum-like loop over the packet, 100 times: loads, 32-bit arithmetic, shifts, the stack.
SUM: Final = b"".join(
    (
        insn(0xB7, 0, imm=0),
        insn(0xB7, 6, imm=0),
        insn(0x7A, 10, 0, -8, 0),
        insn(0xBF, 3, 1),  # again: r3 = r1
        insn(0xB7, 4, imm=0),
        insn(0x69, 5, 3, 0),  # word: r5 = *(u16 *)(r3 +0)
        insn(0xDC, 5, imm=16),
        insn(0x0C, 0, 5),
        insn(0xBC, 7, 0),
        insn(0x74, 7, imm=16),
        insn(0x54, 0, imm=0xFFFF),
        insn(0x0C, 0, 7),
        insn(0x7B, 10, 0, -8),
        insn(0x79, 8, 10, -8),
        insn(0xAF, 0, 8),
        insn(0x4F, 0, 8),
        insn(0x07, 3, imm=2),
        insn(0x07, 4, imm=2),
        insn(0xAD, 4, 2, -14),  # if r4 < r2 goto word
        insn(0x07, 6, imm=1),
        insn(0xA5, 6, 0, -18, 100),  # if r6 < 100 goto again
        EXIT,
    )
)


class Plain:
    """What one writes first: decode once, then a loop with a chain of comparisons, the frequent ones first."""

    def __init__(self, code: bytes) -> None:
        slots = struct.iter_unpack("<BBhi", code)
        self.insns = [(op, registers & 15, registers >> 4, offset, imm) for op, registers, offset, imm in slots]

    def run(self, memory: bytes, r2: int) -> tuple[int, int]:
        """Return r0 and the number of instructions executed."""
        stack = bytearray(512)
        packet = bytearray(memory)
        base, top = 1 << 24, 1 << 32
        r = [0, base, r2, 0, 0, 0, 0, 0, 0, 0, top]
        insns = self.insns
        pc = steps = 0
        while True:
            op, dst, src, offset, imm = insns[pc]
            pc += 1
            steps += 1
            cls = op & 7
            if cls == 7 or cls == 4:
                b = r[src] if op & 8 else imm & MASK
                a = r[dst]
                if cls == 4:
                    a &= 0xFFFFFFFF
                    b &= 0xFFFFFFFF
                kind = op >> 4
                if kind == 0:
                    a += b
                elif kind == 0xB:
                    a = b
                elif kind == 2:
                    a *= b
                elif kind == 9:
                    a = a % b if b else a
                elif kind == 0xA:
                    a ^= b
                elif kind == 4:
                    a |= b
                elif kind == 5:
                    a &= b
                elif kind == 7:
                    a >>= b & (63 if cls == 7 else 31)
                elif kind == 0xD:
                    a = (a & 255) << 8 | a >> 8 & 255
                else:
                    raise ValueError(op)
                r[dst] = a & (MASK if cls == 7 else 0xFFFFFFFF)
            elif cls == 5:
                kind = op >> 4
                if kind == 9:
                    return r[0], steps
                b = r[src] if op & 8 else imm & MASK
                a = r[dst]
                if (
                    (kind == 0xA and a < b)
                    or (kind == 5 and a != b)
                    or (kind == 2 and a > b)
                    or (kind == 1 and a == b)
                    or kind == 0
                ):
                    pc += offset
            elif cls == 1:
                address = r[src] + offset
                size = (4, 2, 1, 8)[op >> 3 & 3]
                data, start = (packet, base) if address < top - 512 else (stack, top - 512)
                at = address - start
                if at < 0 or at + size > len(data):
                    raise IndexError(address)
                r[dst] = int.from_bytes(data[at : at + size], "little")
            elif cls == 3 or cls == 2:
                address = r[dst] + offset
                size = (4, 2, 1, 8)[op >> 3 & 3]
                data, start = (packet, base) if address < top - 512 else (stack, top - 512)
                at = address - start
                if at < 0 or at + size > len(data):
                    raise IndexError(address)
                value = (r[src] if cls == 3 else imm) & ((1 << 8 * size) - 1)
                data[at : at + size] = value.to_bytes(size, "little")
            else:
                raise ValueError(op)


def timed(call: Callable[[], object]) -> float:
    """Return the seconds of processor time that a call takes: nothing here waits."""
    start = time.process_time()
    call()
    return time.process_time() - start


def test_instructions_per_second() -> None:
    """Goal: at least 10 × the plain loop, so at most 0.1 × its time."""
    for name, code, memory, r2 in (("primes", PRIMES, b"", 3000), ("checksum", SUM, PACKET, len(PACKET))):
        plain = Plain(code)
        machine = Machine(code)
        region = machine.processor.memory.map("packet", bytearray(memory or b"\0"))
        expected, steps = plain.run(memory, r2)
        assert machine.execute(region.base, r2) == expected
        ratio = compare(
            f"{name}, {steps:,} instructions, translated against a plain loop",
            lambda machine=machine, region=region, r2=r2: timed(lambda: machine.execute(region.base, r2)),
            lambda plain=plain, memory=memory, r2=r2: timed(lambda: plain.run(memory, r2)),
        )
        took = timed(lambda machine=machine, region=region, r2=r2: machine.execute(region.base, r2))
        print(f"{name}: {1 / ratio:.1f} × as fast, {steps / took / 1e6:.1f} million instructions a second")


def test_packets_per_second() -> None:
    """Goal: 300,000 packets a second through count_packets, its context set up for each."""
    processor = Processor()
    memory = processor.memory
    value = memory.map("value of pkt_count", 8)
    table = memory.map("pkt_count", 8, readable=False, writable=False)
    context = memory.map("xdp_md", 24, low=True)
    packet = memory.map("packet", 64, low=True)

    def look_up(_table: int, key: int, *_: int) -> int:
        return value.base if int.from_bytes(memory.read(key, 4), "little") < 1 else 0

    code = b"".join(
        (
            insn(0xB7, 1, imm=0),
            insn(0x63, 10, 1, -4),
            insn(0xBF, 2, 10),
            insn(0x07, 2, imm=-4),
            insn(0x18, 1, 1),
            insn(0),
            insn(0x85, imm=1),
            insn(0x15, 0, offset=2),
            insn(0xB7, 1, imm=1),
            insn(0xDB, 0, 1),
            insn(0xB7, 0, imm=2),
            EXIT,
        )
    )
    machine = Machine(code, {1: look_up}, processor=processor, addresses={4: table.base})
    pack = struct.Struct("<IIIIII").pack_into
    packets = 100_000

    def run() -> None:
        for _ in range(packets):
            memory.replace(packet, bytearray(PACKET))
            pack(context.data, 0, packet.base, packet.base + len(PACKET), packet.base, 1, 0, 0)
            assert machine.execute(context.base) == 2

    took = min(timed(run) for _ in range(5))
    assert int.from_bytes(value.data, "little") == 5 * packets
    print(f"\ncount_packets: {packets / took:,.0f} packets a second")


def test_translation() -> None:
    """Goal: under 100 ms for 1,000 instructions."""
    rng = random.Random(1)
    slots: list[bytes] = []
    while len(slots) < 999:
        kind = rng.random()
        dst, src = rng.randrange(10), rng.randrange(10)
        if kind < 0.5:
            slots.append(insn(rng.choice((0x07, 0x0F, 0x04, 0xBF, 0x57, 0x67)), dst, 0, 0, rng.randrange(1, 60)))
            if slots[-1][0] & 8:
                slots[-1] = insn(slots[-1][0], dst, src)
        elif kind < 0.75:
            slots.append(insn(0x79, dst, 10, -8 * rng.randrange(1, 60)))
        elif kind < 0.85:
            slots.append(insn(0x7B, 10, src, -8 * rng.randrange(1, 60)))
        else:
            ahead = min(999 - len(slots) - 1, rng.randrange(1, 30))
            slots.append(insn(rng.choice((0x15, 0x25, 0xB5)), dst, 0, ahead, rng.randrange(100)))
    code = b"".join(slots) + EXIT
    took = sorted(timed(lambda: Machine(code).translation) for _ in range(9))[4]
    print(f"\ntranslating 1,000 instructions: {took * 1000:.0f} ms, median of 9")


def test_counting() -> None:
    """Goal: what runs come to is counted in at most 1.2 × the time of a run."""
    frames = [PACKET] * 5_000
    packets, primes = Machine(SUM), Machine(PRIMES)
    counted_packets, counted_primes = Machine(SUM), Machine(PRIMES)
    counted_packets.count()
    counted_primes.count()
    pairs: list[tuple[str, Callable[[], object], Callable[[], object]]] = [
        ("a loop over a packet", lambda: counted_packets.run(PACKET), lambda: packets.run(PACKET)),
        ("primes, blocks of three", lambda: counted_primes.execute(0, 2000), lambda: primes.execute(0, 2000)),
    ]
    for file, name in (("count_packets", "count_packets"), ("traffic", "count_traffic")):
        plain, counted = (
            MachineRuntime().load(CollectionSpec.from_file(BPF / f"{file}.o")).programs[name] for _ in range(2)
        )
        counted.count()
        numbers = range(len(frames))
        pairs.append((name, partial(counted.receive, frames, 2, numbers), partial(plain.receive, frames, 2, numbers)))
    for name, ours, theirs in pairs:
        ratio = compare(f"{name}, counted", lambda ours=ours: timed(ours), lambda theirs=theirs: timed(theirs), runs=15)
        assert ratio < 1.3, name
