"""Calls, found on bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpftui.core.asm import CallSource, Instruction, instructions
from bpftui.core.asm.assembler import assemble
from bpftui.core.asm.search import calls_of, helpers_called

if TYPE_CHECKING:
    from bpftui.core.asm import ByteOrder

CALL = Instruction(0x85, imm=5)


@pytest.mark.parametrize("byte_order", ["little", "big"])
def test_calls_and_what_only_looks_like_one(byte_order: ByteOrder) -> None:
    code = assemble(
        """
        call bpf_ktime_get_ns
        r1 = 0x500000085
        call kernel-function#5
        r2 = 0
        call bpf_ktime_get_ns
        call pc+5
        call bpf_ktime_get_ns
        """,
        byte_order,
    )
    assert list(calls_of(code, byte_order, 5)) == [0, 5, 7]
    assert list(calls_of(code, byte_order, 5, CallSource.KFUNC)) == [3]
    assert list(calls_of(code, byte_order, 5, CallSource.SUBPROGRAM)) == [6]
    assert list(calls_of(code, byte_order, 6)) == []
    assert helpers_called(code, byte_order) == {5}


@pytest.mark.parametrize("byte_order", ["little", "big"])
def test_the_helpers_that_are_called_are_told(byte_order: ByteOrder) -> None:
    calls = ["call bpf_map_lookup_elem", "call kernel-function#5", "call bpf_xdp_get_buff_len", "call pc+1"]
    code = assemble("\n".join(calls), byte_order)
    assert helpers_called(code, byte_order) == {1, 188}


def test_bytes_that_overlap_a_call() -> None:
    """`85 00 .. .. 05 00 00 00` begins in the middle of the slot before, and covers the beginning of the call."""
    code = bytes.fromhex("b7000000 85000000 8500000005000000")
    assert list(calls_of(code, "little", 5)) == [1]
    # The immediate of the first slot and the opcode of the second make a call to no slot.
    shifted = bytes.fromhex("b700000000850000 0005000000000000")
    assert list(calls_of(shifted, "little", 5)) == []


_SLOTS = st.lists(
    st.sampled_from(
        [CALL, CALL._replace(dst=3, offset=7), CALL._replace(src=1), CALL._replace(imm=-5), Instruction(0x18, 1, imm=5)]
    ),
    max_size=24,
)


@given(_SLOTS, st.sampled_from(["little", "big"]))
def test_as_decoding_finds_them(slots: list[Instruction], byte_order: ByteOrder) -> None:
    """Also where 64-bit immediates have calls as their second half."""
    code = b"".join(insn.encode(byte_order) for insn in slots)
    for number, source in ((5, CallSource.HELPER), (-5, CallSource.HELPER), (5, CallSource.SUBPROGRAM)):
        expected = [
            slot
            for slot, insn in instructions(code, byte_order)
            if insn.opcode == 0x85 and insn.imm == number and insn.src == source
        ]
        assert list(calls_of(code, byte_order, number, source)) == expected
