"""Arithmetic and comparisons, in numbers that were worked out by hand from RFC 9669, sections 4.1 to 4.3."""

from __future__ import annotations

import pytest

from bpftui.core.asm import AluOp, JmpOp
from bpftui.core.asm.arithmetic import ATOMICS, COMPARISONS, alu, compare, sdiv, signed, smod, swap

MINUS_1 = 0xFFFF_FFFF_FFFF_FFFF
MINUS_7 = 0xFFFF_FFFF_FFFF_FFF9
LOWEST = 0x8000_0000_0000_0000
LOWEST_32 = 0x8000_0000


@pytest.mark.parametrize(
    ("op", "less", "equal", "greater"),
    [
        (JmpOp.JEQ, False, True, False),
        (JmpOp.JNE, True, False, True),
        (JmpOp.JGT, False, False, True),
        (JmpOp.JGE, False, True, True),
        (JmpOp.JLT, True, False, False),
        (JmpOp.JLE, True, True, False),
        (JmpOp.JSGT, False, False, True),
        (JmpOp.JSGE, False, True, True),
        (JmpOp.JSLT, True, False, False),
        (JmpOp.JSLE, True, True, False),
    ],
    ids=lambda value: value.name if isinstance(value, JmpOp) else "",
)
def test_a_number_less_than_equal_to_and_greater_than_another(
    op: JmpOp, less: bool, equal: bool, greater: bool
) -> None:
    for bits in (32, 64):
        assert [compare(op, number, 5, bits) for number in (4, 5, 6)] == [less, equal, greater]
    assert op in COMPARISONS


@pytest.mark.parametrize(
    ("op", "unsigned", "signed_one"),
    [(JmpOp.JGT, JmpOp.JLE, JmpOp.JSLT), (JmpOp.JGE, JmpOp.JLT, JmpOp.JSLE)],
    ids=lambda op: op.name,
)
def test_minus_one_is_the_largest_number_unless_it_is_signed(op: JmpOp, unsigned: JmpOp, signed_one: JmpOp) -> None:
    assert compare(op, MINUS_1, 1, 64)
    assert not compare(unsigned, MINUS_1, 1, 64)
    assert compare(signed_one, MINUS_1, 1, 64)
    assert compare(signed_one, 0xFFFF_FFFF, 1, 32)
    assert not compare(signed_one, 0xFFFF_FFFF, 1, 64)


def test_higher_bits_do_not_matter_to_a_comparison_of_32() -> None:
    assert compare(JmpOp.JEQ, 0x1_0000_0005, 0x2_0000_0005, 32)
    assert not compare(JmpOp.JEQ, 0x1_0000_0005, 0x2_0000_0005, 64)
    assert not compare(JmpOp.JSET, 0x1_0000_0000, MINUS_1, 32)
    assert compare(JmpOp.JSET, 0x1_0000_0000, MINUS_1, 64)
    assert not compare(JmpOp.JSET, 0b0101, 0b1010, 64)


@pytest.mark.parametrize(
    ("op", "a", "b", "result", "result_32"),
    [
        (AluOp.ADD, MINUS_1, 1, 0, 0),
        (AluOp.ADD, 0xFFFF_FFFF, 1, 0x1_0000_0000, 0),
        (AluOp.SUB, 0, 1, MINUS_1, 0xFFFF_FFFF),
        (AluOp.MUL, 0x8000_0001, 2, 0x1_0000_0002, 2),
        (AluOp.DIV, 7, 2, 3, 3),
        (AluOp.DIV, MINUS_7, 2, 0x7FFF_FFFF_FFFF_FFFC, 0x7FFF_FFFC),
        (AluOp.DIV, 7, 0, 0, 0),
        (AluOp.MOD, 7, 4, 3, 3),
        (AluOp.MOD, MINUS_7, 0, MINUS_7, 0xFFFF_FFF9),
        (AluOp.OR, 0b0101, 0b0011, 0b0111, 0b0111),
        (AluOp.AND, 0b0101, 0b0011, 0b0001, 0b0001),
        (AluOp.XOR, 0b0101, 0b0011, 0b0110, 0b0110),
        (AluOp.LSH, 1, 33, 0x2_0000_0000, 2),
        (AluOp.RSH, LOWEST, 63, 1, 0),
        (AluOp.RSH, LOWEST_32, 31, 1, 1),
        (AluOp.RSH, LOWEST_32, 33, 0, 0x4000_0000),
        (AluOp.ARSH, LOWEST, 63, MINUS_1, 0),
        (AluOp.ARSH, LOWEST_32, 31, 1, 0xFFFF_FFFF),
        (AluOp.NEG, 1, 99, MINUS_1, 0xFFFF_FFFF),
        (AluOp.NEG, 0, 0, 0, 0),
        (AluOp.MOV, 99, MINUS_1, MINUS_1, 0xFFFF_FFFF),
    ],
)
def test_results(op: AluOp, a: int, b: int, result: int, result_32: int) -> None:
    assert alu(op, a, b, 64, 0) == result
    assert alu(op, a, b, 32, 0) == result_32


@pytest.mark.parametrize(
    ("width", "number", "result", "result_32"),
    [
        (8, 0x80, 0xFFFF_FFFF_FFFF_FF80, 0xFFFF_FF80),
        (8, 0x17F, 0x7F, 0x7F),
        (16, 0x8000, 0xFFFF_FFFF_FFFF_8000, 0xFFFF_8000),
        (16, 0x7FFF, 0x7FFF, 0x7FFF),
    ],
)
def test_a_move_that_extends_the_sign(width: int, number: int, result: int, result_32: int) -> None:
    assert alu(AluOp.MOV, 0, number, 64, width) == result
    assert alu(AluOp.MOV, 0, number, 32, width) == result_32
    assert alu(AluOp.MOV, 0, LOWEST_32, 64, 32) == 0xFFFF_FFFF_8000_0000


@pytest.mark.parametrize(
    ("dividend", "divisor", "quotient", "remainder"),
    [(7, 2, 3, 1), (-7, 2, -3, -1), (7, -2, -3, 1), (-7, -2, 3, -1), (6, 3, 2, 0), (-7, 0, 0, -7), (-1, 2, 0, -1)],
)
def test_signed_division_truncates_toward_zero(dividend: int, divisor: int, quotient: int, remainder: int) -> None:
    for bits in (32, 64):
        mask = (1 << bits) - 1
        a, b = dividend & MINUS_1, divisor & MINUS_1
        assert sdiv(a, b, bits) == alu(AluOp.DIV, a, b, bits, 1) == quotient & mask
        assert smod(a, b, bits) == alu(AluOp.MOD, a, b, bits, 1) == remainder & mask


def test_the_lowest_number_divided_by_minus_one_is_itself() -> None:
    assert sdiv(LOWEST, MINUS_1, 64) == LOWEST
    assert smod(LOWEST, MINUS_1, 64) == 0
    assert sdiv(LOWEST_32, MINUS_1, 32) == LOWEST_32


def test_signs_and_the_order_of_bytes() -> None:
    assert [signed(number, 8) for number in (0x7F, 0x80, 0xFF, 0x1FF)] == [127, -128, -1, -1]
    assert [swap(0x1122_3344_5566_7788, bits) for bits in (16, 32, 64)] == [0x8877, 0x8877_6655, 0x8877_6655_4433_2211]


def test_atomics() -> None:
    assert {int(op): step(0b0101, 0b0011) for op, step in ATOMICS.items()} == {
        0x00: 0b1000,
        0x40: 0b0111,
        0x50: 0b0001,
        0xA0: 0b0110,
        0xE0: 0b0011,
    }
