"""Random programs on both engines of the machine:  python -m tests.fuzz.machines [--programs N] [--seed N]

Programs make sense as far as it takes to get far: most instructions are valid, most accesses go to the stack or to the
memory given, some jumps go back. Others are damaged, or noise. Both engines have to give the same result, or the same
error at the same instruction, and leave the same memory behind. Allowed is nothing but bpftui's own errors, and no
program may take longer than its steps.
"""

from __future__ import annotations

import argparse
import random
import struct
import sys
import time
from typing import TYPE_CHECKING, NamedTuple

from bpftui.core.debug.walk import activations
from bpftui.core.errors import BpftuiError
from bpftui.core.vm import Machine, Processor, StepLimitError, Stepper

if TYPE_CHECKING:
    from bpftui.core.vm.engine.machine import Called

STEPS = 3000
"""The stepper's; translated code gets more, because it is charged in advance."""
PATIENCE = 5.0
"""Seconds of processor time for one program."""
MEMORY = bytes(range(1, 65))

EXTREMES = (0, 1, 2, 7, 8, 31, 32, 63, 64, 0x7F, 0x80, 0xFF, 0xFFFF, 0x7FFFFFFF, -1, -2, -8, -128, -0x80000000)
ALU = [op | source for op in range(0, 0xE0, 0x10) for source in (0x04, 0x0C, 0x07, 0x0F) if op not in (0x80, 0xD0)]
CONDITIONAL = [
    op | source for op in range(0x10, 0xE0, 0x10) for source in (0x05, 0x0D, 0x06, 0x0E) if op not in (0x80, 0x90)
]
ATOMIC = (0x00, 0x01, 0x40, 0x41, 0x50, 0x51, 0xA0, 0xA1, 0xE1, 0xF1)


def _insn(opcode: int, dst: int = 0, src: int = 0, offset: int = 0, imm: int = 0) -> bytes:
    return struct.pack("<BBhI", opcode, src << 4 | dst, offset, imm & 0xFFFF_FFFF)


def _imm(rng: random.Random) -> int:
    return rng.choice(EXTREMES) if rng.random() < 0.6 else rng.getrandbits(32)


def _one(rng: random.Random, at: int, count: int) -> bytes:
    """Return a random valid instruction for slot *at* of *count*."""
    kind = rng.random()
    dst, src = rng.randrange(10), rng.randrange(11)
    size = rng.choice((0x00, 0x08, 0x10, 0x18))
    base = rng.choice((10, 10, 10, 1, 1, 6, src))
    offset = -rng.randrange(1, 80) if base == 10 else rng.randrange(-2, 60)
    if kind < 0.06:
        return _insn(0xBF, dst, 10) if rng.random() < 0.4 else _insn(0x07, dst, 0, 0, rng.randrange(-16, 16))
    if kind < 0.42:
        opcode = rng.choice(ALU)
        signed = int(opcode & 0xF0 in (0x30, 0x90) and rng.random() < 0.5)
        if opcode in (0xBC, 0xBF) and rng.random() < 0.4:
            signed = rng.choice((8, 16, 32) if opcode == 0xBF else (8, 16))
        if opcode & 8:
            return _insn(opcode, dst, src, signed)
        return _insn(opcode, dst, 0, signed if opcode & 0xF0 != 0xB0 else 0, _imm(rng))
    if kind < 0.46:
        return _insn(rng.choice((0x84, 0x87, 0xD4, 0xDC, 0xD7)), dst, imm=rng.choice((16, 32, 64)))
    if kind < 0.56:
        mode = 0x81 if size != 0x18 and rng.random() < 0.3 else 0x61
        return _insn(mode | size, dst, base, offset)
    if kind < 0.64:
        if rng.random() < 0.4:
            return _insn(0x62 | size, base, 0, offset, _imm(rng))
        return _insn(0x63 | size, base, src, offset)
    if kind < 0.70:
        if rng.random() < 0.2:
            return _insn(0xC3 | size, base, src, offset, 0x110)
        if rng.random() < 0.2:
            return _insn(0xC3 | size, dst, base, offset, 0x100)
        return _insn(0xC3 | rng.choice((0, 0x18)), base, dst, offset, rng.choice(ATOMIC))
    if kind < 0.86:
        target = rng.randrange(count) if rng.random() < 0.35 else min(count - 1, at + 1 + rng.randrange(6))
        distance = target - at - 1
        choice = rng.random()
        if choice < 0.1:
            return _insn(0x05, offset=distance) if choice < 0.07 else _insn(0x06, imm=distance)
        if choice < 0.14:
            return _insn(0xE5, offset=distance)
        opcode = rng.choice(CONDITIONAL)
        return _insn(opcode, dst, src, distance) if opcode & 8 else _insn(opcode, dst, 0, distance, _imm(rng))
    if kind < 0.89:
        return _insn(0x85, src=1, imm=rng.randrange(count) - at - 1)
    if kind < 0.93:
        return _insn(0x85, imm=rng.randrange(1, 7)) if rng.random() < 0.8 else _insn(0x8D, dst)
    if kind < 0.95:
        opcode = rng.choice((0x20, 0x28, 0x30, 0x40, 0x48, 0x50))
        return _insn(opcode, 0, 0 if opcode < 0x40 else src, 0, rng.randrange(-2, 70))
    return _insn(0x0D, dst) if kind > 0.998 else _insn(0x95)


def program(rng: random.Random) -> bytes:
    """Return a random program: sensible, damaged, or noise."""
    if rng.random() < 0.03:
        return rng.randbytes(8 * rng.randrange(1, 20))
    count = rng.choice((3, 6, 12, 25, 50))
    slots: list[bytes] = []
    while len(slots) < count - 1:
        if rng.random() < 0.05 and len(slots) < count - 2:
            wide = rng.random() < 0.3
            imm = rng.randrange(count) - len(slots) - 1 if wide else _imm(rng)
            slots += [_insn(0x18, rng.randrange(10), 4 if wide else 0, 0, imm), _insn(0, imm=0 if wide else _imm(rng))]
        else:
            slots.append(_one(rng, len(slots), count))
    code = bytearray(b"".join([*slots, _insn(0x95)]))
    if rng.random() < 0.1:
        code[rng.randrange(len(code))] = rng.randrange(256)
    return bytes(code)


class Outcome(NamedTuple):
    """What a run came to."""

    result: int | str
    """r0, or the error."""
    memory: bytes
    """What the run left: its input and its stack."""
    limited: bool
    """Whether it ran out of steps."""


def new_machine(code: bytes, limit: int) -> Machine:
    """Return *code* with some helpers, of which one calls back and one returns too much."""

    def back(address: int, value: int, *_: int) -> int:
        return machine.call(address, value) if machine.function_at(address) is not None else 1

    def write(address: int, size: int, *_: int) -> int:
        machine.processor.memory.write(address, bytes(size & 15))
        return 0

    helpers: dict[int, Called] = {
        1: lambda *values: sum(values),
        2: back,
        3: lambda *_: -22,
        4: write,
        5: lambda *_: 1 << 70,
    }
    machine = Machine(code, helpers, processor=Processor(), limit=limit)
    return machine


def outcome(code: bytes, *, stepped: bool) -> Outcome:
    """Run *code* on one of the engines."""
    machine = new_machine(code, STEPS if stepped else STEPS * 20)
    memory = machine.processor.memory
    region = memory.map("memory", bytearray(MEMORY))
    limited = False
    try:
        if stepped:
            stepper: Stepper = machine.stepper(region.base, len(MEMORY))
            stepper.resume()
            assert stepper.result is not None
            result: int | str = stepper.result
        else:
            result = machine.execute(region.base, len(MEMORY))
    except BpftuiError as error:
        result = error.message
        limited = isinstance(error, StepLimitError)
    assert machine.processor.idle
    left = bytes(region.data) + b"".join(bytes(frame.data) for frame in memory.frames)
    return Outcome(result, left, limited)


def walk_beside_stepper(code: bytes, most: int = 400) -> int:
    """Run *code* as a generator, with the stepper beside it; return how many steps were the same in everything."""
    try:
        walked, stepped = new_machine(code, STEPS * 20), new_machine(code, STEPS)
    except BpftuiError:
        return 0
    regions = [machine.processor.memory.map("memory", bytearray(MEMORY)) for machine in (walked, stepped)]
    stepper = stepped.stepper(regions[1].base, len(MEMORY))
    walked.processor.start(walked.limit, walked.name)
    generator = walked.walkers[0](regions[0].base, len(MEMORY), 0, 0, 0)
    expected: int | str | None = None
    for steps in range(most):
        place = None
        try:
            place = next(generator, None)
        except Exception as error:
            explained = walked.explained(error)
            assert isinstance(explained, StepLimitError) or str(explained) == expected, code.hex()
            return steps
        if place is None:
            assert walked.processor.returned[0] == expected, code.hex()
            return steps
        activation = activations(generator)[-1]
        here = place, activation.registers, activation.depth
        there = stepper.slot, tuple(stepper.registers), stepper.frames[-1].number
        assert (here, _left(walked)) == (there, _left(stepped)), (code.hex(), steps)
        try:
            stepper.step()
            expected = stepper.result
        except BpftuiError as error:
            expected = error.message
    generator.close()
    return most


def _left(machine: Machine) -> bytes:
    return b"".join(bytes(region.data) for region in machine.processor.memory.regions if region.writable)


def compare(code: bytes) -> str:
    """Run *code* on both engines and return what became of it: `ran`, `stopped`, `limited` or `refused`."""
    try:
        new_machine(code, STEPS)
    except BpftuiError:
        return "refused"
    start = time.process_time()
    translated, stepped = outcome(code, stepped=False), outcome(code, stepped=True)
    assert time.process_time() - start < PATIENCE, code.hex()
    if stepped.limited:
        return "limited"
    assert translated == stepped, (code.hex(), translated.result, stepped.result)
    return "ran" if isinstance(stepped.result, int) else "stopped"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    counts: dict[str, int] = {}
    for number in range(options.seed, options.seed + options.programs):
        code = program(random.Random(number))
        try:
            kind = compare(code)
        except BaseException:
            print(f"program {number}: {code.hex()}", file=sys.stderr)
            raise
        counts[kind] = counts.get(kind, 0) + 1
    told = ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items()))
    print(f"{options.programs} programs: {told}")


if __name__ == "__main__":
    main()
