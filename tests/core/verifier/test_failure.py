"""What a log tells of a refused access besides its message: where a number that was added came from, and its bounds."""

from __future__ import annotations

import pytest

from bpftui.core.verifier import VerifierLog, explain
from bpftui.core.verifier.failure import Failure

END = "processed 9 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0"
START = "0: R1=ctx() R10=fp0"
PACKET = "0: (61) r2 = *(u32 *)(r1 +76)         ; R1=ctx() R2_w=pkt(r=0)"
LENGTH = "1: (61) r3 = *(u32 *)(r1 +0)          ; R1=ctx() R3_w=scalar(smin=0,smax=umax=0xffffffff)"
BOUND = "2: (25) if r3 > 0x20 goto pc+3        ; R3_w=scalar(smin=0,smax=umax=32,var_off=(0x0; 0x3f))"
VALUE = "0: (18) r2 = 0xffff888000000000       ; R2_w=map_value(map=.data,ks=4,vs=64)"


def details(*lines: str) -> tuple[str, tuple[str, ...]]:
    found = explain(VerifierLog("\n".join((START, *lines, END)) + "\n"))
    assert found is not None
    return found.summary, found.details


def test_a_number_that_was_added_to_a_pointer_to_a_value() -> None:
    summary, told = details(
        VALUE,
        LENGTH,
        "2: (bf) r4 = r3                       ; R3_w=scalar(id=1,smin=0,smax=umax=0xffffffff) R4_w=scalar(id=1)",
        "3: (25) if r4 > 0x63 goto pc+3        ; R4_w=scalar(smin=0,smax=umax=99)",
        "4: (0f) r2 += r4                      ; R2_w=map_value(map=.data,ks=4,vs=64,smin=0,smax=umax=99) "
        "R4_w=scalar(smin=0,smax=umax=99)",
        "5: (71) r0 = *(u8 *)(r2 +0)",
        "invalid access to map value, value_size=64 off=99 size=1",
        "R2 max value is outside of the allowed memory range",
    )
    assert summary == "the access can end 36 bytes behind the value of map .data of 64"
    assert told == (
        "r2 came from the constant 0xffff888000000000, instruction 0",
        "r2 is a pointer to a value of map .data (64 bytes, plus 0 to 99): in the worst case the access is to bytes 99 "
        "to 99 of a value of 64",
        "r4, which is added to it, is a number from 0 to 99, from the context, offset 0, instruction 1",
    )


def test_a_place_of_the_packet_that_varies() -> None:
    summary, told = details(
        PACKET,
        LENGTH,
        BOUND,
        "3: (0f) r2 += r3                      ; R2_w=pkt(id=1,r=0,umax=32) R3_w=scalar(smin=0,smax=umax=32)",
        "4: (71) r0 = *(u8 *)(r2 +0)",
        "invalid access to packet, off=0 size=1, R2(id=1,off=0,r=0)",
        "R2 offset is outside of the packet",
    )
    assert (
        summary
        == "1 byte is accessed at a place of the packet that varies, and r2 itself was not compared with data_end"
    )
    assert told[0] == "r2 came from ctx->data, instruction 0"


@pytest.mark.parametrize(
    ("check", "is_found"),
    [
        ("2: (2d) if r4 > r3 goto pc+3         ; R3=pkt_end() R4_w=pkt(off=14,r=14)", True),
        ("2: (bd) if r4 <= r3 goto pc+3        ; R3=pkt_end() R4_w=pkt(off=14,r=14)", True),
        ("2: (25) if r4 > 0x20 goto pc+3       ; R4_w=pkt(off=14,r=0)", False),
        ("2: (2d) if r4 > r5 goto pc+3         ; R5=scalar() R4_w=pkt(off=14,r=0)", False),
        ("2: (2d) if r3 > r3 goto pc+3         ; R3=pkt_end()", False),
    ],
)
def test_the_last_comparison_with_the_packet_s_end(check: str, is_found: bool) -> None:
    start = START.replace("R10=fp0", "R3=pkt_end() R4=pkt(off=14,r=0) R5=scalar() R10=fp0")
    lines = [check, "3: (71) r0 = *(u8 *)(r4 +0)           ; R0_w=scalar()", "4: (71) r0 = *(u8 *)(r4 +9)"]
    refused = "invalid access to packet, off=9 size=1, R4(id=0,off=9,r=0)"
    found = Failure(VerifierLog("\n".join((start, *lines, refused, END)) + "\n")).packet_check()
    assert (found is not None) is is_found
    if found is not None:
        assert (found[0], found[1].slot) == (1, 2)
