"""Assembling: the inverse of the listing, labels, and what is wrong where."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpftui.core.asm import Instruction, instructions, listing
from bpftui.core.asm.assembler import assemble, assembly
from bpftui.core.asm.encodings import is_valid
from bpftui.core.errors import AssemblyError
from tests.core.asm.golden import cases
from tests.core.asm.valid import valid_instructions

if TYPE_CHECKING:
    from bpftui.core.asm import ByteOrder

ORDERS = st.sampled_from(["little", "big"])


def _one(text: str) -> Instruction:
    ((_, insn),) = instructions(assemble(text), "little")
    return insn


@given(st.lists(valid_instructions, max_size=12), ORDERS)
def test_what_is_valid_comes_back(insns: list[Instruction], byte_order: ByteOrder) -> None:
    assert all(is_valid(insn) for insn in insns)
    code = b"".join(insn.encode(byte_order) for insn in insns)
    text = assembly(code, byte_order)
    assert ".8byte" not in text
    assert assemble(text, byte_order) == code


@given(st.lists(valid_instructions, max_size=12), ORDERS)
def test_the_listing_is_read_back(insns: list[Instruction], byte_order: ByteOrder) -> None:
    """All but what it does not tell: pseudo sources, a kfunc's module, which of two encodings a callx has."""
    code = b"".join(insn.encode(byte_order) for insn in insns)
    text = "".join(f"{slot}: {line}\n" for slot, line in listing(code, byte_order))

    def told(insn: Instruction) -> Instruction:
        if insn.is_wide:
            return insn._replace(src=0)
        if insn.opcode == 0x8D and insn.imm:
            return Instruction(0x8D, insn.imm)
        return insn._replace(offset=0) if insn.opcode == 0x85 else insn

    assert assemble(text, byte_order) == b"".join(told(insn).encode(byte_order) for insn in insns)


@given(st.binary(max_size=160).map(lambda data: data[: len(data) & ~7]), ORDERS)
def test_any_code_has_an_assembly(code: bytes, byte_order: ByteOrder) -> None:
    assert assemble(assembly(code, byte_order), byte_order) == code


@pytest.mark.parametrize("byte_order", ["little", "big"])
def test_the_sweep_comes_back(byte_order: ByteOrder) -> None:
    code = b"".join(case.insn.encode(byte_order) for case in cases())
    assert assemble(assembly(code, byte_order), byte_order) == code


@pytest.mark.parametrize("byte_order", ["little", "big"])
def test_what_the_kernel_prints_of_valid_instructions(byte_order: ByteOrder) -> None:
    """Its own text, with the opcode in parentheses, as in the verifier's log."""
    compared = 0
    for case in cases():
        insn = case.insn
        if not is_valid(insn) or insn.opcode == 0x8D or (insn.is_wide and insn.src) or insn[:3] == (0x85, 0, 2):
            continue
        compared += 1
        text = f"12: ({insn.opcode:02x}) {case.kernel}"
        assert assemble(text, byte_order) == insn.encode(byte_order), text
    assert compared > 5000


def test_labels_and_comments() -> None:
    text = """
    # r0 counts to ten
    start: r0 = 0
    again:
    loop:           ; two labels for one place
        r0 += 1     // one more
        if r0 != 10 goto again  /* over
        two lines */
        if w0 s> -1 goto done
        may_goto start
        goto loop
        gotol done
        r1 = func[sub]
        call sub
        call map_lookup_elem
        call bpf_ktime_get_ns
    done: exit
    sub:
        exit
    """
    code = assemble(text)
    assert code.hex(" ", 8).split() == [
        "b700000000000000",
        "0700000001000000",
        "5500feff0a000000",
        "66000800ffffffff",
        "e500fbff00000000",
        "0500fbff00000000",
        "0600000005000000",
        "1841000005000000",
        "0000000000000000",
        "8510000003000000",
        "8500000001000000",
        "8500000005000000",
        "9500000000000000",
        "9500000000000000",
    ]
    assert assemble(assembly(code, "little")) == code
    assert assembly(code, "little").splitlines()[:4] == ["L0:", "    r0 = 0", "L1:", "    r0 += 1"]


@pytest.mark.parametrize(
    ("text", "insn"),
    [
        ("r1 = 5", Instruction(0xB7, 1, imm=5)),
        ("r1 = 0x5", Instruction(0x18, 1, imm=5, next_imm=0)),
        ("r1 = 5 ll", Instruction(0x18, 1, imm=5, next_imm=0)),
        ("r1 = -1 ll", Instruction(0x18, 1, imm=-1, next_imm=-1)),
        ("r1 = 0xffffffff00000001", Instruction(0x18, 1, imm=1, next_imm=-1)),
        ("w1 = 0xffffffff", Instruction(0xB4, 1, imm=-1)),
        ("if r1 == 0xffffffff goto pc-1", Instruction(0x15, 1, 0, -1, -1)),
        ("*(u32 *)(r10 -4) = 4294967295", Instruction(0x62, 10, 0, -4, -1)),
        ("*(u64*)( r10 - 0x8 )=r1", Instruction(0x7B, 10, 1, -8)),
        ("  r1   s/=   r2  ", Instruction(0x3F, 1, 2, 1)),
        ("w1 s%= 3", Instruction(0x94, 1, 0, 1, 3)),
        ("r3 = map[fd:7]", Instruction(0x18, 3, 1, 0, 7, 0)),
        ("r3 = map[fd:7][0]+16", Instruction(0x18, 3, 2, 0, 7, 16)),
        ("r3 = map[id:7][0]", Instruction(0x18, 3, 2, 0, 7, 0)),
        ("r3 = map[idx:7]", Instruction(0x18, 3, 5, 0, 7, 0)),
        ("r3 = map[idx:7][0]+8", Instruction(0x18, 3, 6, 0, 7, 8)),
        ("r3 = btf[id:7]", Instruction(0x18, 3, 3, 0, 7, 0)),
        ("r3 = btf[id:7,fd:9]", Instruction(0x18, 3, 3, 0, 7, 9)),
        ("r3 = func[pc-4]", Instruction(0x18, 3, 4, 0, -4, 0)),
        ("call kernel-function#77,fd:2", Instruction(0x85, 0, 2, 2, 77)),
        ("r1 = *(u64 *)(r11 +8)", Instruction(0x79, 1, 11, 8)),
        ("*(u64 *)(r11 -8) = r1", Instruction(0x7B, 11, 1, -8)),
        ("call unknown#-1", Instruction(0x85, imm=-1)),
        ("callx r3 imm", Instruction(0x8D, imm=3)),
        ("0: (9f) r1 %= r2", Instruction(0x9F, 1, 2)),
        (".8byte 0x0000000800003095", Instruction(0x95, 0, 3, 0, 8)),
    ],
)
def test_notations(text: str, insn: Instruction) -> None:
    assert _one(text) == insn


def test_any_slot_is_a_number_in_the_byte_order() -> None:
    assert assemble(".8byte 0x9500000000000001", "big").hex() == "9500000000000001"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("r1 = 5\nr2 ~ 3", "line 2, column 4: an assignment is expected here, not '~'"),
        ("r1 = r11", "line 1, column 6: there is no register r11"),
        ("r1 = *(u32 *)(r11 +8)", "line 1, column 1: invalid: src 11"),
        ("r1 += w2", "line 1, column 7: a register r0 to r10 is expected here, not 'w2'"),
        ("r1 += 4294967295", "line 1, column 7: 4294967295 is not in the range of -2147483648 to 2147483647"),
        ("r1 = 9" + "9" * 5000, "line 1, column 6: 999999999999999999999999 is not in the range of"),
        ("r1 = *(u64 *)(r2 +40000)", "line 1, column 19: 40000 is not in the range of 0 to 32768"),
        ("r1 = *(u64 *)(r2 +32768)", "line 1, column 19: 32768 is not in the range of -32768 to 32767"),
        ("r1 = *(u24 *)(r2 +0)", "line 1, column 7: a type such as (u64 *) is expected here, not '('"),
        ("r1 = *(s64 *)(r2 +0)", "line 1, column 1: no such instruction: opcode 0x99"),
        ("r1 = -r2", "line 1, column 7: only r1 itself can be negated"),
        ("r1 = be16 r2", "line 1, column 10: only r1 itself can be swapped"),
        ("r1 = atomic_fetch_add((u64 *)(r2 +0), r1)", "line 1, column 6: atomic64_ is for u64, and atomic_ for u32"),
        ("r1 = atomic64_xchg((u64 *)(r2 +0), r3)", "line 1, column 6: the old value goes to r3, not r1"),
        ("lock *(u16 *)(r1 +0) += r2", "line 1, column 1: no such instruction: opcode 0xcb"),
        ("w1 = (s32)w2", "line 1, column 1: invalid: offset 32"),
        ("goto nowhere", "line 1, column 6: there is no label 'nowhere'"),
        ("call map_lokup_elem", "line 1, column 6: there is no label or helper 'map_lokup_elem'"),
        ("call bpf_map_update_elem#1", "line 1, column 6: helper 1 is bpf_map_lookup_elem, not bpf_map_update_elem"),
        ("a: exit\n  a: exit", "line 2, column 3: there is a label 'a' already"),
        ("exti", "line 1, column 1: there is no instruction that begins with 'exti'"),
        ("exit exit", "line 1, column 6: 'exit' is too much"),
        ("<unknown>", "line 1, column 1: there is no instruction that begins with '<'"),
        ("if r1 = 3 goto pc+1", "line 1, column 7: a comparison is expected here, not '='"),
        ("if r1 == 3", "line 1, column 11: 'goto' is expected here, not the line's end"),
        ("3: (b7) exit", "line 1, column 9: this is an instruction of opcode 95, not b7"),
        ("r2 = *(u8 *)skb[0]", "packet data goes to r0, not r2"),
        ("goto far\n" + "r0 = 0\n" * 32768 + "far: exit", "line 1, column 6: 'far' is +32768 slots away"),
    ],
)
def test_what_is_wrong_and_where(text: str, message: str) -> None:
    with pytest.raises(AssemblyError, match=f"^{re.escape(message)}" if message.startswith("line") else message):
        assemble(text)


@given(st.text(alphabet="rw0123456789 =+-*&|<>()[]u:;#.\n'exitgocallmapfdifpclock_", max_size=40))
def test_any_text_is_code_or_an_error_with_a_place(text: str) -> None:
    try:
        code = assemble(text)
    except AssemblyError as error:
        line, column = error.line, error.column
    else:
        assert len(code) % 8 == 0
        return
    assert 1 <= line <= text.count("\n") + 1
    assert 1 <= column <= len(text.split("\n")[line - 1]) + 1
