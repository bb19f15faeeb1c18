"""Every instruction of RFC 9669 and what Linux added, with values worked out by hand, on both engines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bpftui.core.vm import Machine, RunError
from tests.core.vm import programs as p
from tests.core.vm.programs import EXIT, R0, R1, R2, R3, R4, R5, R6, R7, R8, R9, R10

if TYPE_CHECKING:
    from collections.abc import Callable

    from bpftui.core.vm import Stepper

M64 = 0xFFFF_FFFF_FFFF_FFFF
MIN64, MIN32 = 0x8000_0000_0000_0000, 0x8000_0000
MINUS5 = 0xFFFF_FFFF_FFFF_FFFB


def packet_loader(packet: bytes) -> Callable[[int, int], int | None]:
    """What `run` does by itself for the packet that it was given."""

    def load(offset: int, size: int) -> int | None:
        return int.from_bytes(packet[offset : offset + size], "big") if 0 <= offset <= len(packet) - size else None

    return load


def run(code: bytes, memory: bytes = b"", **options: object) -> int:
    """Run on both engines, which have to agree, and return r0."""
    translated = Machine(code, **options).run(memory)  # type: ignore[arg-type]
    machine = Machine(code, load_packet=packet_loader(memory), **options)  # type: ignore[arg-type]
    region = machine.processor.memory.map("memory", bytearray(memory))
    stepper = machine.stepper(region.base if memory else 0, len(memory))
    assert stepper.resume()
    assert stepper.result == translated
    return translated


def alu_cases() -> list[tuple[str, int, int, int, int]]:
    """Operation, width, destination, operand, result."""
    return [
        ("add", 64, 1, 2, 3),
        ("add", 64, M64, 1, 0),
        ("add", 32, 0xFFFF_FFFF, 1, 0),
        ("add", 32, 0x1_0000_0005, 3, 8),
        ("sub", 64, 0, 1, M64),
        ("sub", 32, 0, 1, 0xFFFF_FFFF),
        ("sub", 64, 5, MINUS5, 10),
        ("mul", 64, 0x1_0000_0001, 0x1_0000_0001, 0x2_0000_0001),
        ("mul", 64, MIN64, M64, MIN64),
        ("mul", 32, 0x1_0001, 0x1_0001, 0x2_0001),
        ("div", 64, 100, 7, 14),
        ("div", 64, M64, 2, 0x7FFF_FFFF_FFFF_FFFF),
        ("div", 64, 42, 0, 0),
        ("div", 32, 0x1_0000_0064, 7, 14),
        ("div", 32, 0x1_0000_002A, 0, 0),
        ("div", 32, 42, 0x1_0000_0000, 0),
        ("sdiv", 64, -100 & M64, 7, -14 & M64),
        ("sdiv", 64, 100, -7 & M64, -14 & M64),
        ("sdiv", 64, -100 & M64, -7 & M64, 14),
        ("sdiv", 64, MIN64, M64, MIN64),
        ("sdiv", 64, 5, 0, 0),
        ("sdiv", 32, -100 & 0xFFFF_FFFF, 7, -14 & 0xFFFF_FFFF),
        ("sdiv", 32, MIN32, 0xFFFF_FFFF, MIN32),
        ("sdiv", 32, 5, 0, 0),
        ("mod", 64, 100, 7, 2),
        ("mod", 64, 0x1_0000_0064, 0, 0x1_0000_0064),
        ("mod", 32, 0x1_0000_0064, 7, 2),
        ("mod", 32, 0x1_0000_0064, 0, 0x64),
        ("smod", 64, -13 & M64, 3, -1 & M64),
        ("smod", 64, 13, -3 & M64, 1),
        ("smod", 64, MIN64, M64, 0),
        ("smod", 64, -13 & M64, 0, -13 & M64),
        ("smod", 32, -13 & 0xFFFF_FFFF, 3, 0xFFFF_FFFF),
        ("smod", 32, MIN32, 0xFFFF_FFFF, 0),
        ("smod", 32, 0x1_FFFF_FFF3, 0, 0xFFFF_FFF3),
        ("or", 64, 0xF0F0_0000_0000_0000, 0x0F, 0xF0F0_0000_0000_000F),
        ("or", 32, 0xF_0000_00F0, 0x0F, 0xFF),
        ("and", 64, 0xFF00_0000_0000_00FF, 0xF000_0000_0000_000F, 0xF000_0000_0000_000F),
        ("and", 32, 0xFF00_0000_FFFF_FFFF, 0x1234_5678, 0x1234_5678),
        ("xor", 64, 0xFF, M64, 0xFFFF_FFFF_FFFF_FF00),
        ("xor", 32, 0xFF_0000_00FF, 0x0F, 0xF0),
        ("lsh", 64, 1, 63, MIN64),
        ("lsh", 64, 3, 63, MIN64),
        ("lsh", 64, 1, 64, 1),
        ("lsh", 64, 1, 65, 2),
        ("lsh", 32, 1, 31, 0x8000_0000),
        ("lsh", 32, 3, 31, 0x8000_0000),
        ("lsh", 32, 1, 33, 2),
        ("rsh", 64, MIN64, 63, 1),
        ("rsh", 64, MIN64, 64, MIN64),
        ("rsh", 32, 0x1_8000_0000, 31, 1),
        ("rsh", 32, 0x8000_0000, 32, 0x8000_0000),
        ("arsh", 64, MIN64, 63, M64),
        ("arsh", 64, 0x4000_0000_0000_0000, 62, 1),
        ("arsh", 64, M64 - 15, 4 + 64, M64),
        ("arsh", 32, 0x8000_0000, 31, 0xFFFF_FFFF),
        ("arsh", 32, 0xF_4000_0000, 30, 1),
        ("arsh", 32, 0x8000_0000, 33, 0xC000_0000),
        ("mov", 64, 7, 0x1234_5678_9ABC_DEF0, 0x1234_5678_9ABC_DEF0),
        ("mov", 32, M64, 0x1234_5678_9ABC_DEF0, 0x9ABC_DEF0),
    ]


OPERATIONS = {
    "add": p.ADD,
    "sub": p.SUB,
    "mul": p.MUL,
    "div": p.DIV,
    "sdiv": p.DIV,
    "or": p.OR,
    "and": p.AND,
    "lsh": p.LSH,
    "rsh": p.RSH,
    "mod": p.MOD,
    "smod": p.MOD,
    "xor": p.XOR,
    "mov": p.MOV,
    "arsh": p.ARSH,
}


def _fits(operand: int, bits: int) -> bool:
    """Whether an immediate can stand for *operand*: sign-extended in 64-bit arithmetic."""
    if bits == 32:
        return operand <= 0xFFFF_FFFF
    return operand <= 0x7FFF_FFFF or operand >= M64 - 0x7FFF_FFFF


@pytest.mark.parametrize(("name", "bits", "value", "operand", "result"), alu_cases())
def test_arithmetic(name: str, bits: int, value: int, operand: int, result: int) -> None:
    op, offset = OPERATIONS[name], int(name in ("sdiv", "smod"))
    with_register, with_immediate = (p.alu_x, p.alu) if bits == 64 else (p.alu32_x, p.alu32)
    # Known values, which are worked out when the program is translated; and unknown ones, out of memory.
    assert run(p.lddw(R0, value) + p.lddw(R1, operand) + with_register(op, R0, R1, offset) + EXIT) == result
    loads = p.load(p.DW, R0, R1) + p.load(p.DW, R2, R1, 8)
    memory = value.to_bytes(8, "little") + operand.to_bytes(8, "little")
    assert run(loads + with_register(op, R0, R2, offset) + EXIT, memory) == result
    if _fits(operand, bits):
        assert run(p.lddw(R0, value) + with_immediate(op, R0, operand, offset) + EXIT) == result
        assert run(loads + with_immediate(op, R0, operand, offset) + EXIT, memory) == result


def test_a_register_with_itself() -> None:
    load = p.load(p.DW, R0, R1)
    memory = (0x8000_0000_0000_0003).to_bytes(8, "little")
    assert run(load + p.alu_x(p.ADD, R0, R0) + EXIT, memory) == 6
    assert run(load + p.alu_x(p.SUB, R0, R0) + EXIT, memory) == 0
    assert run(load + p.alu_x(p.DIV, R0, R0) + EXIT, memory) == 1
    assert run(load + p.alu_x(p.MOD, R0, R0) + EXIT, memory) == 0
    assert run(load + p.alu32_x(p.MUL, R0, R0) + EXIT, memory) == 9
    assert run(load + p.alu_x(p.LSH, R0, R0) + EXIT, memory) == 0x18


def test_immediates_extend_their_sign() -> None:
    assert run(p.mov(R0, -1) + EXIT) == M64
    assert run(p.alu32(p.MOV, R0, -1) + EXIT) == 0xFFFF_FFFF
    assert run(p.mov(R0, 0) + p.alu(p.OR, R0, -256) + EXIT) == 0xFFFF_FFFF_FFFF_FF00
    assert run(p.mov(R0, -1) + p.alu(p.AND, R0, 0x8000_0000) + EXIT) == 0xFFFF_FFFF_8000_0000
    assert run(p.mov(R0, -1) + p.alu(p.DIV, R0, -2) + EXIT) == 1


@pytest.mark.parametrize(
    ("value", "neg64", "neg32"),
    [(1, M64, 0xFFFF_FFFF), (0, 0, 0), (MIN64, MIN64, 0), (0x1_8000_0000, 0xFFFF_FFFE_8000_0000, 0x8000_0000)],
)
def test_negation(value: int, neg64: int, neg32: int) -> None:
    assert run(p.lddw(R0, value) + p.alu(p.NEG, R0) + EXIT) == neg64
    assert run(p.lddw(R0, value) + p.alu32(p.NEG, R0) + EXIT) == neg32
    memory = value.to_bytes(8, "little")
    assert run(p.load(p.DW, R0, R1) + p.alu(p.NEG, R0) + EXIT, memory) == neg64
    assert run(p.load(p.DW, R0, R1) + p.alu32(p.NEG, R0) + EXIT, memory) == neg32


@pytest.mark.parametrize(
    ("width", "value", "wide", "narrow"),
    [
        (8, 0x80, 0xFFFF_FFFF_FFFF_FF80, 0xFFFF_FF80),
        (8, 0xFF7F, 0x7F, 0x7F),
        (16, 0x8000, 0xFFFF_FFFF_FFFF_8000, 0xFFFF_8000),
        (16, 0xF_7FFF, 0x7FFF, 0x7FFF),
        (32, 0x8000_0000, 0xFFFF_FFFF_8000_0000, None),
        (32, 0xF_7FFF_FFFF, 0x7FFF_FFFF, None),
    ],
)
def test_moves_that_extend_the_sign(width: int, value: int, wide: int, narrow: int | None) -> None:
    for first, memory in ((p.lddw(R2, value), b""), (p.load(p.DW, R2, R1), value.to_bytes(8, "little"))):
        assert run(first + p.alu_x(p.MOV, R0, R2, width) + EXIT, memory) == wide
        if narrow is not None:
            assert run(first + p.alu32_x(p.MOV, R0, R2, width) + EXIT, memory) == narrow


@pytest.mark.parametrize(
    ("opcode", "bits", "result"),
    [
        (0xD4, 16, 0x7788),
        (0xD4, 32, 0x5566_7788),
        (0xD4, 64, 0x1122_3344_5566_7788),
        (0xDC, 16, 0x8877),
        (0xDC, 32, 0x8877_6655),
        (0xDC, 64, 0x8877_6655_4433_2211),
        (0xD7, 16, 0x8877),
        (0xD7, 32, 0x8877_6655),
        (0xD7, 64, 0x8877_6655_4433_2211),
    ],
)
def test_byte_order(opcode: int, bits: int, result: int) -> None:
    value = 0x1122_3344_5566_7788
    swap = p.insn(opcode, R0, imm=bits)
    assert run(p.lddw(R0, value) + swap + EXIT) == result
    assert run(p.load(p.DW, R0, R1) + swap + EXIT, value.to_bytes(8, "little")) == result


TAKEN = [
    # operation, 64-bit destination, operand, taken
    (p.JEQ, 5, 5, True),
    (p.JEQ, 5, 6, False),
    (p.JEQ, M64, M64, True),
    (p.JNE, 5, 6, True),
    (p.JNE, 5, 5, False),
    (p.JGT, 6, 5, True),
    (p.JGT, 5, 5, False),
    (p.JGT, M64, 1, True),
    (p.JGE, 5, 5, True),
    (p.JGE, 4, 5, False),
    (p.JLT, 4, 5, True),
    (p.JLT, 1, M64, True),
    (p.JLT, 5, 5, False),
    (p.JLE, 5, 5, True),
    (p.JLE, 6, 5, False),
    (p.JSET, 6, 2, True),
    (p.JSET, 5, 2, False),
    (p.JSET, MIN64, M64, True),
    (p.JSGT, 1, M64, True),
    (p.JSGT, M64, 1, False),
    (p.JSGT, M64, MINUS5, True),
    (p.JSGE, M64, M64, True),
    (p.JSGE, MINUS5, M64, False),
    (p.JSLT, M64, 0, True),
    (p.JSLT, 0, M64, False),
    (p.JSLT, MIN64, 0x7FFF_FFFF, True),
    (p.JSLE, M64, M64, True),
    (p.JSLE, 0, M64, False),
]


@pytest.mark.parametrize(("op", "value", "operand", "taken"), TAKEN)
def test_jumps(op: int, value: int, operand: int, taken: bool) -> None:
    end = p.mov(R0, 0) + EXIT + p.mov(R0, 1) + EXIT
    memory = value.to_bytes(8, "little") + operand.to_bytes(8, "little")
    loads = p.load(p.DW, R3, R1) + p.load(p.DW, R4, R1, 8)
    constants = p.lddw(R3, value) + p.lddw(R4, operand)
    assert run(constants + p.jump_x(op, R3, R4, 2) + end) == taken
    assert run(loads + p.jump_x(op, R3, R4, 2) + end, memory) == taken
    if _fits(operand, 64):
        assert run(loads + p.jump(op, R3, operand, 2) + end, memory) == taken


@pytest.mark.parametrize(("op", "value", "operand", "taken"), TAKEN)
def test_jumps_on_32_bits(op: int, value: int, operand: int, taken: bool) -> None:
    def half(number: int) -> int:
        """The same number, or the same extreme, in 32 bits below a half that has to be ignored."""
        return 0x8000_0000 if number == MIN64 else number & 0xFFFF_FFFF

    end = p.mov(R0, 0) + EXIT + p.mov(R0, 1) + EXIT
    memory = (0xABCD << 32 | half(value)).to_bytes(8, "little") + (0x1234 << 32 | half(operand)).to_bytes(8, "little")
    loads = p.load(p.DW, R3, R1) + p.load(p.DW, R4, R1, 8)
    assert run(loads + p.jump32_x(op, R3, R4, 2) + end, memory) == taken
    assert run(loads + p.jump32(op, R3, half(operand), 2) + end, memory) == taken


def test_unconditional_jumps() -> None:
    assert run(p.ja(1) + EXIT + p.mov(R0, 4) + p.insn(0x06, imm=1) + EXIT + p.alu(p.ADD, R0, 1) + EXIT) == 5


def test_may_goto_goes_on_until_its_count_is_used_up() -> None:
    # The kernel's limit is 8 Mi; the machine's steps end it here, and only the first iterations are looked at.
    code = p.alu(p.ADD, R0, 1) + p.insn(0xE5, offset=2) + p.jump(p.JEQ, R0, 9, 1) + p.ja(-4) + EXIT
    assert run(code) == 9


MEMORY = bytes((0x11, 0x82, 0x33, 0x84, 0x55, 0x86, 0x77, 0x88, 0x99))


@pytest.mark.parametrize(
    ("size", "unsigned", "signed"),
    [
        (p.B, 0x82, 0xFFFF_FFFF_FFFF_FF82),
        (p.H, 0x3382, 0x3382),
        (p.W, 0x5584_3382, 0x5584_3382),
        (p.DW, 0x9988_7786_5584_3382, None),
    ],
)
def test_loads(size: int, unsigned: int, signed: int | None) -> None:
    assert run(p.load(size, R0, R1, 1) + EXIT, MEMORY) == unsigned
    assert run(p.alu(p.ADD, R1, 9) + p.load(size, R0, R1, -8) + EXIT, MEMORY) == unsigned
    on_stack = p.load(p.DW, R2, R1, 1) + p.store(p.DW, R10, -16, R2)
    assert run(on_stack + p.load(size, R0, R10, -16) + EXIT, MEMORY) == unsigned
    if signed is not None:
        assert run(p.load_signed(size, R0, R1, 1) + EXIT, MEMORY) == signed
        assert run(on_stack + p.load_signed(size, R0, R10, -16) + EXIT, MEMORY) == signed


def test_loads_that_extend_a_negative_word() -> None:
    memory = bytes((0x00, 0x00, 0x80, 0xFF))
    assert run(p.load_signed(p.W, R0, R1) + EXIT, memory) == 0xFFFF_FFFF_FF80_0000
    assert run(p.load_signed(p.H, R0, R1, 2) + EXIT, memory) == 0xFFFF_FFFF_FFFF_FF80


@pytest.mark.parametrize(
    ("size", "left"),
    [
        (p.B, 0xFFFF_FFFF_FFFF_FFF0),
        (p.H, 0xFFFF_FFFF_FFFF_DEF0),
        (p.W, 0xFFFF_FFFF_9ABC_DEF0),
        (p.DW, 0x1234_5678_9ABC_DEF0),
    ],
)
def test_stores(size: int, left: int) -> None:
    value = p.lddw(R2, 0x1234_5678_9ABC_DEF0)
    assert run(value + p.store(size, R1, 1, R2) + p.load(p.DW, R0, R1, 1) + EXIT, b"\xff" * 9) == left
    fill = p.store_imm(p.DW, R10, -11, -1)
    assert run(value + fill + p.store(size, R10, -11, R2) + p.load(p.DW, R0, R10, -11) + EXIT) == left
    fill = p.store_imm(p.DW, R10, -16, -1)
    assert run(value + fill + p.store(size, R10, -16, R2) + p.load(p.DW, R0, R10, -16) + EXIT) == left


@pytest.mark.parametrize(
    ("size", "left"),
    [(p.B, 0xFE), (p.H, 0xFFFE), (p.W, 0xFFFF_FFFE), (p.DW, 0xFFFF_FFFF_FFFF_FFFE)],
)
def test_stores_of_immediates(size: int, left: int) -> None:
    assert run(p.store_imm(size, R1, 0, -2) + p.load(p.DW, R0, R1) + EXIT, bytes(8)) == left
    assert run(p.store_imm(size, R10, -8, -2) + p.load(p.DW, R0, R10, -8) + EXIT) == left


@pytest.mark.parametrize(
    ("op", "left64", "left32"),
    [
        (0x00, 0x0000_0000_0000_0001, 0xFFFF_FFFF_0000_0001),
        (0x40, 0xFFFF_FFFF_FFFF_FFFF, 0xFFFF_FFFF_FFFF_FFFF),
        (0x50, 0x0000_0000_0000_0002, 0xFFFF_FFFF_0000_0002),
        (0xA0, 0xFFFF_FFFF_FFFF_FFFC & ~1 | 1, 0xFFFF_FFFF_FFFF_FFFD),
        (0xE1, 0x0000_0000_0000_0002, 0xFFFF_FFFF_0000_0002),
    ],
)
def test_atomics(op: int, left64: int, left32: int) -> None:
    memory = M64.to_bytes(8, "little")
    for base, offset, before in ((R1, 0, b""), (R10, -8, p.store_imm(p.DW, R10, -8, -1))):
        start = before + p.mov(R2, 2)
        read = p.load(p.DW, R0, base, offset) + EXIT
        assert run(start + p.atomic(p.DW, op, base, offset, R2) + read, memory) == left64
        assert run(start + p.atomic(p.W, op, base, offset, R2) + read, memory) == left32
        fetch = p.mov_x(R0, R2) + EXIT
        assert run(start + p.atomic(p.DW, op | 1, base, offset, R2) + fetch, memory) == M64
        assert run(start + p.atomic(p.W, op | 1, base, offset, R2) + fetch, memory) == 0xFFFF_FFFF
        if op != 0xE1:
            # Without FETCH the source stays.
            assert run(start + p.atomic(p.DW, op, base, offset, R2) + fetch, memory) == 2


def test_compare_and_exchange() -> None:
    memory = (0x1111_2222_3333_4444).to_bytes(8, "little")
    swap64 = p.mov(R2, -1) + p.atomic(p.DW, 0xF1, R1, 0, R2)
    swap32 = p.mov(R2, -1) + p.atomic(p.W, 0xF1, R1, 0, R2)
    read = p.load(p.DW, R0, R1) + EXIT
    equal = p.lddw(R0, 0x1111_2222_3333_4444)
    assert run(equal + swap64 + EXIT, memory) == 0x1111_2222_3333_4444
    assert run(equal + swap64 + read, memory) == M64
    assert run(p.mov(R0, 1) + swap64 + EXIT, memory) == 0x1111_2222_3333_4444
    assert run(p.mov(R0, 1) + swap64 + read, memory) == 0x1111_2222_3333_4444
    # 32 bits: the upper half of r0 does not count, and becomes zero.
    assert run(p.lddw(R0, 0xABCD_0000_3333_4444) + swap32 + EXIT, memory) == 0x3333_4444
    assert run(p.lddw(R0, 0xABCD_0000_3333_4444) + swap32 + read, memory) == 0x1111_2222_FFFF_FFFF
    assert run(p.mov(R0, 1) + swap32 + EXIT, memory) == 0x3333_4444


@pytest.mark.parametrize(
    ("size", "value"), [(p.B, 0xF0), (p.H, 0xDEF0), (p.W, 0x9ABC_DEF0), (p.DW, 0x1234_5678_9ABC_DEF0)]
)
def test_acquire_and_release(size: int, value: int) -> None:
    memory = (0x1234_5678_9ABC_DEF0).to_bytes(8, "little")
    assert run(p.atomic(size, 0x100, R0, 0, R1) + EXIT, memory) == value
    store = p.lddw(R2, 0x1234_5678_9ABC_DEF0) + p.atomic(size, 0x110, R1, 0, R2)
    assert run(store + p.load(p.DW, R0, R1) + EXIT, bytes(8)) == value


def test_64_bit_immediates() -> None:
    assert run(p.lddw(R0, 0xFEDC_BA98_7654_3210) + EXIT) == 0xFEDC_BA98_7654_3210


PACKET = bytes(range(0x10, 0x30))


@pytest.mark.parametrize(
    ("code", "result"),
    [
        (p.insn(0x20, imm=4), 0x1415_1617),
        (p.insn(0x28, imm=12), 0x1C1D),
        (p.insn(0x30, imm=31), 0x2F),
        (p.mov(R7, 2) + p.insn(0x40, src=R7, imm=4), 0x1617_1819),
        (p.mov(R7, -2) + p.insn(0x48, src=R7, imm=4), 0x1213),
        (p.lddw(R7, 0x1_0000_0002) + p.insn(0x50, src=R7, imm=1), 0x13),
        # Outside of the packet the function ends with 0.
        (p.mov(R0, 7) + p.insn(0x30, imm=32), 0),
        (p.mov(R0, 7) + p.insn(0x20, imm=29), 0),
        (p.mov(R0, 7) + p.mov(R7, -5) + p.insn(0x50, src=R7, imm=4), 0),
    ],
)
def test_legacy_loads(code: bytes, result: int) -> None:
    outside = p.alu(p.ADD, R0, 1) + p.alu(p.SUB, R0, 1)
    assert run(code + outside + EXIT, PACKET) == result


def test_a_legacy_load_ends_only_its_function() -> None:
    code = p.call_local(2) + p.alu(p.ADD, R0, 3) + EXIT + p.insn(0x30, imm=100) + p.mov(R0, 50) + EXIT
    assert run(code, PACKET) == 3


def test_subprograms_keep_the_callers_registers_and_frame() -> None:
    main = (
        b"".join(p.mov(number, number) for number in range(1, 10))
        + p.store_imm(p.DW, R10, -8, 100)
        + p.call_local(9)
        + b"".join(p.alu_x(p.ADD, R0, number) for number in (R6, R7, R8, R9))
        + p.load(p.DW, R1, R10, -8)
        + p.alu_x(p.ADD, R0, R1)
        + p.mov(R2, 1000)
        + p.alu_x(p.MUL, R0, R2)
        + EXIT
    )
    function = (
        p.mov_x(R0, R1)
        + b"".join(p.alu_x(p.ADD, R0, number) for number in (R2, R3, R4, R5))
        + b"".join(p.mov(number, 77) for number in (R6, R7, R8, R9))
        + p.store_imm(p.DW, R10, -8, 7)
        + EXIT
    )
    assert run(main + function) == (15 + 30 + 100) * 1000


def test_recursion_has_eight_frames() -> None:
    # f(n) = n and f(n - 1) + n: the frames of f(7) to f(1) and the program's own.
    code = p.mov(R1, 7) + p.call_local(1) + EXIT
    function = (
        p.mov_x(R6, R1)
        + p.mov(R0, 0)
        + p.alu(p.SUB, R1, 1)
        + p.jump(p.JEQ, R1, 0, 1)
        + p.call_local(-5)
        + p.alu_x(p.ADD, R0, R6)
        + EXIT
    )
    assert run(code + function) == 28


def test_pointers_into_the_callers_frame() -> None:
    code = (
        p.mov_x(R1, R10)
        + p.alu(p.ADD, R1, -16)
        + p.call_local(2)
        + p.load(p.W, R0, R10, -12)
        + EXIT
        + p.store_imm(p.W, R1, 4, 42)
        + EXIT
    )
    assert run(code) == 42


def test_calls_of_an_address() -> None:
    # callx calls a function by its address, or a helper by its number.
    code = p.lddw(R3, 5, src=4) + p.mov(R1, 20) + p.callx(R3) + p.alu(p.ADD, R0, 1) + EXIT
    assert run(code + p.mov_x(R0, R1) + EXIT, helpers={}) == 21
    assert run(p.mov(R3, 9) + p.callx(R3) + EXIT, helpers={9: lambda *_: 90}) == 90


@pytest.mark.parametrize(("step", "result"), [(16, 1), (32, 2)])
def test_computed_jumps(step: int, result: int) -> None:
    # The function's address is that of slot 2, where the addition is.
    code = p.lddw(R1, 1, src=4) + p.alu(p.ADD, R1, step) + p.insn(0x0D, R1)
    assert run(code + p.mov(R0, 1) + EXIT + p.mov(R0, 2) + EXIT) == result


@pytest.mark.parametrize("step", [4, 8 * 100, -8])
def test_computed_jumps_elsewhere(step: int) -> None:
    code = p.lddw(R1, 1, src=4) + p.alu(p.ADD, R1, step) + p.insn(0x0D, R1) + p.mov(R0, 1) + EXIT
    with pytest.raises(RunError, match=r"^instruction 3 .*a jump to 0x\w+, which is no instruction of this function"):
        Machine(code).run()


def test_callbacks() -> None:
    def loop(count: int, function: int, context: int, *_: int) -> int:
        for index in range(count):
            if machine.call(function, index, context):
                break
        return count

    code = (
        p.store_imm(p.DW, R10, -8, 0)
        + p.mov(R1, 5)
        + p.lddw(R2, 6, src=4)
        + p.mov_x(R3, R10)
        + p.alu(p.ADD, R3, -8)
        + p.call(181)
        + p.load(p.DW, R0, R10, -8)
        + EXIT
        # The callback: *context += index
        + p.load(p.DW, R3, R2)
        + p.alu_x(p.ADD, R3, R1)
        + p.store(p.DW, R2, 0, R3)
        + p.mov(R0, 0)
        + EXIT
    )
    machine = Machine(code, {181: loop})
    assert machine.run() == 10
    seen: list[int] = []
    stepper = machine.stepper()

    def trace(inner: Stepper) -> None:
        seen.append(inner.slot)

    stepper.trace = trace
    stepper.resume()
    assert stepper.result == 10
    assert seen.count(9) == 5


def test_a_big_endian_machine() -> None:
    def big(code: bytes) -> bytes:
        """The same slots in the other byte order."""
        slots = [code[i : i + 8] for i in range(0, len(code), 8)]
        return b"".join(bytes((s[0], s[1] >> 4 | (s[1] & 15) << 4, s[3], s[2], s[7], s[6], s[5], s[4])) for s in slots)

    code = big(
        p.load(p.H, R0, R1) + p.insn(0xD4, R0, imm=16) + p.store(p.W, R10, -4, R0) + p.load(p.B, R0, R10, -2) + EXIT
    )
    assert run(code, b"\x12\x34", byte_order="big") == 0x34
    assert (
        run(big(p.load(p.DW, R0, R1) + p.insn(0xDC, R0, imm=64) + EXIT), bytes(range(8)), byte_order="big")
        == 0x01020304050607
    )
