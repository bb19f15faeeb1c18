"""Which constants are returned, and which only look like it."""

from __future__ import annotations

import pytest

from bpftui.core.analysis.liveness import Backwards
from bpftui.core.asm import Instruction
from bpftui.core.asm.flow import FlowGraph
from bpftui.core.spec import ProgramSpec, ProgramType
from bpftui.core.spec.program import Function, LinkedCode

EXIT = Instruction(0x95)


def movi(dst: int, imm: int) -> Instruction:
    return Instruction(0xB4, dst, imm=imm)


def returned(*insns: Instruction) -> dict[int, int]:
    code = b"".join(insn.encode("big") for insn in insns)
    linked = LinkedCode(code, (Function("f", 0, len(code) // 8, "xdp", 0),))
    program = ProgramSpec("f", "xdp", ProgramType.XDP, byte_order="big", link=lambda: linked)
    return Backwards(program, FlowGraph(code, "big")).constants()


def test_on_each_way() -> None:
    assert returned(movi(0, 2), Instruction(0x15, 6, offset=2), movi(7, 1), Instruction(0xBF, 0, 7), EXIT) == {
        0: 2,
        2: 1,
    }


@pytest.mark.parametrize(
    "use",
    [
        Instruction(0x07, 0, imm=1),  # r0 += 1
        Instruction(0x63, 10, 0, -4),  # stored
        Instruction(0x15, 0, imm=2),  # compared
        Instruction(0xBF, 1, 0),  # passed on to the helper below
        Instruction(0x0F, 6, 0),  # added to something
        Instruction(0xDB, 10, 6, -8, 0xF1),  # cmpxchg compares with r0
    ],
    ids=lambda insn: f"{insn.opcode:#x}",
)
def test_what_is_used_otherwise_is_no_return_code(use: Instruction) -> None:
    look_up = Instruction(0x85, imm=5 if use.opcode != 0xBF else 25)
    assert returned(movi(0, 2), Instruction(0x15, 6, offset=2), use, look_up, EXIT) == {}


def test_what_is_overwritten_is_none() -> None:
    assert returned(movi(0, 2), Instruction(0x85, imm=5), EXIT) == {}
    assert returned(movi(0, 2), movi(0, 3), EXIT) == {1: 3}
    assert returned(movi(1, 2), EXIT) == {}


@pytest.mark.parametrize(
    "other",
    [
        Instruction(0xDC, 3, imm=16),  # r3 = be16 r3: the bit of a source is that of the byte order
        Instruction(0xE5, offset=0),  # may_goto +0
        Instruction(0x20, imm=12),  # a legacy load from the packet, but where r0 is set after it
    ],
    ids=lambda insn: f"{insn.opcode:#x}",
)
def test_what_does_not_look_at_r0(other: Instruction) -> None:
    move = movi(7, 2)
    assert returned(move, other, Instruction(0xBF, 0, 7), EXIT) == {0: 2}
    assert returned(movi(0, 2), other, EXIT) == ({} if other.opcode == 0x20 else {0: 2})


def test_around_a_loop() -> None:
    # w7 = 1; again: if r6 == 0 goto out; w7 = 3; goto again; out: r0 = r7; exit
    assert returned(
        movi(7, 1),
        Instruction(0x15, 6, offset=2),
        movi(7, 3),
        Instruction(0x05, offset=-3),
        Instruction(0xBF, 0, 7),
        EXIT,
    ) == {0: 1, 2: 3}
