"""Names in the text, remarks, and whole listings."""

from __future__ import annotations

import itertools
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpftui.core.asm import Instruction, Syntax, format_instruction, instructions, listing
from tests.core.asm.golden import cases

if TYPE_CHECKING:
    from bpftui.core.asm import ByteOrder

K, L, C = Syntax.KERNEL, Syntax.LLVM, Syntax.CAPSTONE


@pytest.mark.parametrize(
    ("insn", "operand", "target", "kernel", "llvm"),
    [
        (Instruction(0x18, 1, 1, 0, 0, 0), "map[hits]", None, "r1 = map[hits]", "r1 = map[hits] ll"),
        (Instruction(0x18, 1, 0, 0, 5, 0), None, None, "r1 = 0x5", "r1 = 0x5 ll"),
        (Instruction(0x85, imm=1), None, None, "call bpf_map_lookup_elem#1", "call 0x1"),
        (Instruction(0x85, imm=999), None, None, "call unknown#999", "call 0x3e7"),
        (Instruction(0x85, src=1, imm=-3), None, None, "call pc-3", "call -0x3"),
        (Instruction(0x85, src=1, imm=-3), None, "parse", "call parse", "call parse"),
        (Instruction(0x85, src=2, imm=7), None, None, "call kernel-function#7", "call 0x7"),
        (Instruction(0x85, src=2, imm=7), None, "bpf_iter_new", "call bpf_iter_new", "call bpf_iter_new"),
        (Instruction(0x05, offset=3), None, "L4", "goto L4", "goto +0x3 <L4>"),
        (Instruction(0x06, imm=-3), None, "L4", "gotol L4", "gotol -0x3 <L4>"),
        (Instruction(0xE5, offset=3), None, "L4", "may_goto L4", "may_goto +0x3 <L4>"),
        (Instruction(0x15, 1, 0, 4, 0), None, None, "if r1 == 0x0 goto pc+4", "if r1 == 0x0 goto +0x4"),
        (Instruction(0x16, 1, 0, -4, -1), None, "L4", "if w1 == 0xffffffff goto L4", "if w1 == -0x1 goto -0x4 <L4>"),
        (Instruction(0x1D, 1, 2, 4), None, "L4", "if r1 == r2 goto L4", "if r1 == r2 goto +0x4 <L4>"),
    ],
)
def test_names(insn: Instruction, operand: str | None, target: str | None, kernel: str, llvm: str) -> None:
    assert format_instruction(insn, 0, K, operand, target) == kernel
    assert format_instruction(insn, 0, L, operand, target) == llvm


def test_reserved_fields_are_shown_unless_the_caller_knows_better() -> None:
    insn = Instruction(0x85, src=1, offset=9, imm=2)
    assert format_instruction(insn, 0) == "call pc+2 ; invalid: offset 9"
    assert format_instruction(insn, 0, remarks=False) == "call pc+2"


def test_half_a_load_with_a_second_flaw_shows_both() -> None:
    text = format_instruction(Instruction(0x18, 1, 9, 0, 5), 0)
    assert text == "r1 = 0x5 ; invalid: src 9; incomplete: the code ends within this 64-bit load"


@pytest.mark.parametrize(
    ("insn", "text"),
    [
        (Instruction(0x79, 1, 10, -8), "ldxdw r1, [r10+0xfff8]"),
        (Instruction(0x95), "exit"),
        (Instruction(0x18, 1, 1, 0, 5, 0), "lddw r1, 0x5"),
        (Instruction(0xDB, 1, 2, 0, 0x00), "xadddw [r1], r2"),
        (Instruction(0xDB, 1, 2, 0, 0x51), "xadddw [r1], r2 ; wrong: r2 = atomic64_fetch_and((u64 *)(r1 +0), r2)"),
        (Instruction(0xDB, 1, 2, 0, 0x100), "xadddw [r1], r2 ; wrong: r1 = load_acquire((u64 *)(r2 +0))"),
        (Instruction(0xBF, 1, 2, 8), "mov64 r1, r2 ; wrong: r1 = (s8)r2"),
        (Instruction(0xBF, 1, 2, 1, 1), "mov64 r1, r2 ; wrong: r1 = addr_space_cast(r2, 0, 1)"),
        (Instruction(0x3F, 1, 2, 1), "div64 r1, r2 ; wrong: r1 s/= r2"),
        (Instruction(0x94, 1, 0, 1, 5), "mod r1, 0x5 ; wrong: w1 s%= 5"),
        (Instruction(0x85, 0, 1, 0, 5), "call 0x5 ; wrong: call pc+5"),
        (Instruction(0x8D, 3), "callx r0 ; wrong: callx r3"),
        (Instruction(0x8D, imm=3), "callx r3"),
        (Instruction(0x1E, 1, 2, 3), "<undecoded> ; if w1 == w2 goto pc+3"),
        (Instruction(0x91, 1, 2, 3), "<undecoded> ; r1 = *(s8 *)(r2 +3)"),
        (Instruction(0xD7, 1, imm=16), "<undecoded> ; r1 = bswap16 r1"),
        (Instruction(0x06, imm=3), "<undecoded> ; gotol pc+3"),
        (Instruction(0x0D, 1), "<undecoded> ; gotox r1"),
        (Instruction(0xE5, offset=3), "<undecoded> ; may_goto pc+3"),
        (Instruction(0x8C, 1), "neg r1 ; no such instruction: opcode 0x8c, dst 1, src 0, offset 0, imm 0"),
    ],
)
def test_capstone_is_marked_where_it_is_wrong(insn: Instruction, text: str) -> None:
    assert format_instruction(insn, 5, C) == text


def test_capstone_with_names() -> None:
    assert format_instruction(Instruction(0x15, 1, 0, 3, 5), 0, C, target="L4") == "jeq r1, 0x5, L4"
    assert format_instruction(Instruction(0x05, offset=3), 0, C, target="L4") == "jmp L4"
    assert format_instruction(Instruction(0x18, 1, 1, 0, 5, 0), 0, C, operand="map[m]") == "lddw r1, map[m]"
    assert format_instruction(Instruction(0x85, imm=1), 0, C, target="lookup") == "call lookup"


@pytest.mark.parametrize("syntax", [K, L])
@pytest.mark.parametrize("byte_order", ["little", "big"])
def test_a_listing_is_its_instructions(syntax: Syntax, byte_order: ByteOrder) -> None:
    """Also where words repeat, jumps have names or not, and a second half looks like an instruction."""
    chosen = [case.insn for case in cases()[::7]]
    code = b"".join(insn.encode(byte_order) for insn in chosen + chosen[::-1])

    def label(slot: int) -> str | None:
        return None if slot % 3 else f"L{slot}"

    expected: list[tuple[int, str]] = []
    for slot, insn in instructions(code, byte_order):
        target = insn.jump_target(slot)
        name = None if target is None else label(target)
        expected.append((slot, format_instruction(insn, slot, syntax, target=name)))
    assert list(listing(code, byte_order, syntax, label=label)) == expected
    plain = [(slot, format_instruction(insn, slot, syntax)) for slot, insn in instructions(code, byte_order)]
    assert list(listing(code, byte_order, syntax)) == plain
    middle = expected[100][0], expected[200][0]
    part = listing(code, byte_order, syntax, start=middle[0], stop=middle[1], label=label)
    assert list(part) == expected[100:200]


@given(st.binary(max_size=160).map(lambda data: data[: len(data) & ~7]), st.sampled_from(Syntax))
def test_every_slot_of_anything_is_shown(code: bytes, syntax: Syntax) -> None:
    rows = list(listing(code, "little", syntax))
    slots = [slot for slot, _ in rows] + [len(code) // 8]
    steps = [insn.slots for _, insn in instructions(code, "little")]
    assert [after - before for before, after in itertools.pairwise(slots)] == steps
    assert all(text and "\n" not in text for _, text in rows)


def test_capstone_is_loaded_only_for_its_own_syntax() -> None:
    script = (
        "import sys; from bpftui.core.asm import *\n"
        "list(listing(bytes([0x95]) + bytes(7), 'little', Syntax.LLVM))\n"
        "assert not {'capstone', 'numpy', 'elftools'} & set(sys.modules)\n"
        "assert list(listing(bytes([0x95]) + bytes(7), 'little', Syntax.CAPSTONE)) == [(0, 'exit')]\n"
        "assert 'capstone' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_a_listing_of_more_than_a_block_is_whole() -> None:
    """Blocks end within 64-bit immediates, jumps go over their borders, and second halves look like jumps."""
    jump, second = Instruction(0x05, offset=-2), 0x05
    wide = Instruction(0x18, 1, imm=7, next_imm=8, next_reserved=second)
    for before in range(3):
        insns = [jump] * before + [wide, wide, jump] * 8000 + [Instruction(0x18, 1, imm=9)]
        code = b"".join(insn.encode("little") for insn in insns)
        assert len(code) // 8 > 2 * 16384
        rows = list(listing(code, "little", label=lambda slot: f"L{slot}"))
        slots = list(itertools.accumulate((insn.slots for insn in insns), initial=0))[:-1]
        assert [slot for slot, _ in rows] == slots
        for (slot, text), insn in zip(rows, insns, strict=True):
            if insn is jump:
                assert text == f"goto L{slot - 1}"
            elif insn is wide:
                assert text == "r1 = 0x800000007 ; invalid: next slot 0x5"
        assert rows[-1][1] == "r1 = 0x9 ; incomplete: the code ends within this 64-bit load"
        first = insns.index(wide)
        assert list(listing(code, "little", start=slots[first], stop=slots[first] + 1)) == [rows[first]]
