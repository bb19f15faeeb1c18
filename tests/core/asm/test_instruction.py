"""Decoding and encoding."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpftui.core.asm import CallSource, Instruction, decode, instructions
from bpftui.core.asm.instruction import slots
from bpftui.core.errors import ObjectError

if TYPE_CHECKING:
    from bpftui.core.asm import ByteOrder

ORDERS = st.sampled_from(["little", "big"])


@given(st.binary(max_size=160).map(lambda data: data[: len(data) & ~7]), ORDERS)
def test_decoding_and_encoding_is_the_identity(code: bytes, byte_order: ByteOrder) -> None:
    found = list(instructions(code, byte_order))
    assert b"".join(insn.encode(byte_order) for _, insn in found) == code
    assert sum(insn.slots for _, insn in found) * 8 == len(code)
    assert all(decode(code, slot, byte_order) == insn for slot, insn in found)


@given(
    st.integers(0, 255).filter(lambda opcode: opcode != 0x18),
    st.integers(0, 15),
    st.integers(0, 15),
    st.integers(-(1 << 15), (1 << 15) - 1),
    st.integers(-(1 << 31), (1 << 31) - 1),
    ORDERS,
)
def test_encoding_and_decoding_is_the_identity(
    opcode: int, dst: int, src: int, offset: int, imm: int, byte_order: ByteOrder
) -> None:
    insn = Instruction(opcode, dst, src, offset, imm)
    assert decode(insn.encode(byte_order), 0, byte_order) == insn


def test_fields_in_both_byte_orders() -> None:
    """`*(u64 *)(r10 - 8) = r1`: in big-endian code the registers change places in their byte too."""
    insn = Instruction(0x7B, dst=10, src=1, offset=-8)
    assert insn.encode("little") == bytes([0x7B, 0x1A, 0xF8, 0xFF, 0, 0, 0, 0])
    assert insn.encode("big") == bytes([0x7B, 0xA1, 0xFF, 0xF8, 0, 0, 0, 0])


def test_a_wide_load_takes_two_slots_whatever_the_second_holds() -> None:
    code = bytes.fromhex("18 01 00 00 fb ff ff ff  b7 21 03 00 07 00 00 00  95 00 00 00 00 00 00 00")
    (first, wide), (last, end) = instructions(code, "little")
    assert (first, last) == (0, 2)
    assert (wide.slots, wide.imm, wide.next_imm, wide.imm64) == (2, -5, 7, 0x7_FFFF_FFFB)
    assert wide.next_reserved == 0x000321B7
    assert end.opcode == 0x95


def test_a_wide_load_in_both_byte_orders() -> None:
    """`r1 = 0x7fffffffb ll`, with a second slot that is not as it should be."""
    insn = Instruction(0x18, dst=1, src=2, offset=0, imm=-5, next_imm=7, next_reserved=0x800321B7)
    little = bytes.fromhex("18 21 00 00 fb ff ff ff  b7 21 03 80 07 00 00 00")
    big = bytes.fromhex("18 12 00 00 ff ff ff fb  b7 12 80 03 00 00 00 07")
    assert (insn.encode("little"), insn.encode("big")) == (little, big)
    assert decode(little, 0, "little") == decode(big, 0, "big") == insn


def test_half_a_wide_load_at_the_end_is_one_slot() -> None:
    half = decode(bytes.fromhex("18 01 00 00 05 00 00 00"), 0, "little")
    assert half.is_half
    assert half.slots == 1
    assert half.next_imm is None


def test_a_range_sees_the_second_half_beyond_it() -> None:
    code = bytes(8) + bytes.fromhex("18 01 00 00 05 00 00 00 00 00 00 00 07 00 00 00") + bytes(8)
    assert [(slot, insn.slots) for slot, insn in instructions(code, "little", 1, 2)] == [(1, 2)]
    assert [slot for slot, _ in instructions(code, "little", 1)] == [1, 3]
    assert [slot for slot, _ in instructions(code, "little", 3, 99)] == [3]
    assert list(instructions(code, "little", 4)) == []


def test_stray_bytes_are_an_error_that_says_where() -> None:
    with pytest.raises(ObjectError, match=r"offset 0x8: the code ends with 3 stray bytes"):
        list(instructions(bytes(11), "little"))


@pytest.mark.parametrize("slot", [-1, 2])
def test_there_is_no_such_slot(slot: int) -> None:
    with pytest.raises(IndexError, match=f"slot {slot} of 2"):
        decode(bytes(16), slot, "little")


@pytest.mark.parametrize(
    ("insn", "target", "conditional", "falls_through"),
    [
        (Instruction(0x05, offset=3), 14, False, False),  # goto
        (Instruction(0x06, imm=-70000, offset=5), 11 - 70000, False, False),  # gotol
        (Instruction(0x0D, dst=1), None, False, False),  # gotox
        (Instruction(0x15, offset=-11), 0, True, True),  # if r0 == 0x0
        (Instruction(0xDE, offset=2), 13, True, True),  # if w0 s<= w0
        (Instruction(0xE5, offset=4), 15, True, True),  # may_goto
    ],
)
def test_jumps(insn: Instruction, target: int | None, conditional: bool, falls_through: bool) -> None:
    assert insn.is_jump
    assert insn.jump_target(10) == target
    assert (insn.is_conditional, insn.falls_through) == (conditional, falls_through)


@pytest.mark.parametrize(
    "insn",
    [
        Instruction(0x85, offset=3),  # call
        Instruction(0x95, offset=3),  # exit
        Instruction(0xB7, offset=3),  # r0 = 0
        Instruction(0xF5, offset=3),  # no such operation
        Instruction(0x0E, offset=3),  # goto has no such source
        Instruction(0xE5, src=1, offset=3),  # no such conditional pseudo jump
        Instruction(0x8E, offset=3),  # no calls in the class JMP32
    ],
)
def test_what_is_no_jump(insn: Instruction) -> None:
    assert not insn.is_jump
    assert not insn.is_conditional
    assert insn.jump_target(10) is None


def test_calls() -> None:
    helper, subprogram = Instruction(0x85, imm=1), Instruction(0x85, src=1, imm=-4)
    assert helper.is_call
    assert helper.call_source is CallSource.HELPER
    assert helper.call_target(10) is None
    assert subprogram.call_source is CallSource.SUBPROGRAM
    assert subprogram.call_target(10) == 7
    assert Instruction(0x85, src=2).call_source is CallSource.KFUNC
    assert Instruction(0x85, src=3).call_source is None
    assert Instruction(0x86).is_call is False


@pytest.mark.parametrize(
    ("insn", "register"),
    [
        (Instruction(0x8D, dst=3), 3),
        (Instruction(0x8D, imm=7), 7),  # the encoding of clang before 19
        (Instruction(0x8D), 0),
        (Instruction(0x8D, imm=11), 0),  # there is no r11 to call
        (Instruction(0x85, imm=7), None),
    ],
)
def test_callx_in_both_encodings(insn: Instruction, register: int | None) -> None:
    assert insn.call_register == register


def test_slots_say_what_instructions_do() -> None:
    little = bytes.fromhex("18a6fe7f88776655 0000000044332211 79 1a f8ff ffffffff 95 00".replace(" ", ""))
    found = [(0x18, 6, 10, 0x7FFE, 0x55667788), (0, 0, 0, 0, 0x11223344), (0x79, 10, 1, -8, -1)]
    assert slots(little, "little") == found  # two bytes are no instruction
    big = bytes.fromhex("186a7ffe55667788 0000000011223344 79 a1 fff8 ffffffff".replace(" ", ""))
    assert slots(big, "big") == found
    assert slots(b"", "little") == []
