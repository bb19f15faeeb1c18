"""Our text against the kernel's disassembler and llvm-objdump, from golden files and live."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from bpftui.core.asm import Instruction, Syntax, decode, encoding_of, format_instruction, listing
from tests.core.asm.golden import Case, cases, elf_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bpftui.core.asm import ByteOrder

OBJDUMP = shutil.which("llvm-objdump-22")
EXIT = bytes([0x95]) + bytes(7)

# Where an oracle is wrong: what it says of which instructions, what we say, and why.
Deviation = tuple[str, "Callable[[Case], bool]", "Callable[[Case], str]"]

KERNEL_DEVIATIONS: list[Deviation] = [
    (
        "callx: the kernel prints every opcode with the operation CALL as a call of a helper, subprogram or kfunc",
        lambda case: case.insn.opcode == 0x8D,
        lambda case: f"callx r{case.insn.call_register}",
    ),
    (
        "no such instruction: the kernel prints BUG_…, (null), or the text of the nearest one that exists",
        lambda case: encoding_of(case.insn) is None,
        lambda _case: "<unknown>",
    ),
]

LLVM_DEVIATIONS: list[Deviation] = [
    (
        "ld_ind: LLVM drops the immediate, which is added to the register (RFC 9669, 5.5; the kernel prints it)",
        lambda case: case.insn.opcode in (0x40, 0x48, 0x50) and case.insn.imm != 0 and case.insn.src < 12,
        lambda case: case.llvm.replace(
            f"[r{case.insn.src}]",
            f"[r{case.insn.src} {'-' if case.insn.imm < 0 else '+'} {abs(case.insn.imm):#x}]",
        ),
    ),
    (
        "callx in the encoding of older compilers: the register is in the immediate, LLVM 22 prints r0",
        lambda case: case.insn.opcode == 0x8D and case.insn.call_register != case.insn.dst,
        lambda case: f"callx r{case.insn.imm}",
    ),
    (
        "instructions that only the kernel makes, in translated code",
        lambda case: case.insn.opcode == 0xC2 or (case.insn.opcode == 0xBF and case.insn.offset == -1),
        lambda case: case.kernel,
    ),
    (
        "atomics: LLVM ignores all but bits 4 to 8 of the immediate, and takes what does not exist for what does",
        lambda case: case.insn.opcode & 0xE7 == 0xC3 and encoding_of(case.insn) is None,
        lambda _case: "<unknown>",
    ),
    (
        "conditional pseudo jumps: LLVM ignores the source, and the only one that exists (may_goto) has 0",
        lambda case: case.insn.opcode == 0xE5 and case.insn.src != 0,
        lambda _case: "<unknown>",
    ),
]


def _in_order(insn: Instruction, byte_order: ByteOrder) -> Instruction:
    """*insn*, by way of its bytes in *byte_order*."""
    return decode(insn.encode(byte_order), 0, byte_order)


@pytest.mark.parametrize("byte_order", ["little", "big"])
@pytest.mark.parametrize(
    ("syntax", "deviations"),
    [(Syntax.KERNEL, KERNEL_DEVIATIONS), (Syntax.LLVM, LLVM_DEVIATIONS)],
)
def test_text_is_the_oracles_or_better(syntax: Syntax, deviations: list[Deviation], byte_order: ByteOrder) -> None:
    agreed = 0
    used: set[str] = set()
    for case in cases():
        theirs = case.kernel if syntax is Syntax.KERNEL else case.llvm
        ours = format_instruction(_in_order(case.insn, byte_order), 0, syntax, remarks=False)
        if ours == theirs:
            agreed += 1
            continue
        why, text = next(((why, text) for why, applies, text in deviations if applies(case)), ("", None))
        assert text is not None, f"{case.code.hex()}: theirs {theirs!r}, ours {ours!r}"
        assert ours == text(case), why
        used.add(why)
    assert used == {why for why, _, _ in deviations}, "a deviation that no case needs"
    assert agreed == {Syntax.KERNEL: 17_683, Syntax.LLVM: 19_108}[syntax]


def test_everything_that_is_valid_is_written_as_the_oracles_write_it() -> None:
    """Deviations aside, for the instructions that the verifier would look at."""
    compared = 0
    for case in cases():
        if (encoding := encoding_of(case.insn)) is None or case.insn.opcode == 0x8D:
            continue
        if case.insn.imm in encoding.imm and case.insn.offset in encoding.offset:
            compared += 1
            assert format_instruction(case.insn, 0, remarks=False) == case.kernel
    assert compared > 9_900


def _objdump(code: bytes, byte_order: ByteOrder, folder: Path) -> dict[int, str]:
    """What llvm-objdump says, by slot."""
    assert OBJDUMP is not None
    path = folder / "code.o"
    path.write_bytes(elf_of(code, byte_order))
    command = [OBJDUMP, "-d", "-z", "--no-show-raw-insn", str(path)]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return {int(number): text for number, text in re.findall(r"^ *(\d+):\t(.*)$", out, re.MULTILINE)}


@pytest.mark.skipif(OBJDUMP is None, reason="llvm-objdump-22 is not installed")
@pytest.mark.parametrize("byte_order", ["little", "big"])
def test_llvm_live_with_targets(byte_order: ByteOrder, tmp_path: Path) -> None:
    """The installed llvm-objdump, instruction for instruction, with what it says of where jumps go.

    A 64-bit load with a register that does not exist or an offset is two unknown instructions to LLVM. To the kernel it
    takes two slots all the same (RFC 9669, 3.2), and so it does here.
    """
    same = [
        case
        for case in cases()
        if format_instruction(case.insn, 0, Syntax.LLVM, remarks=False) == case.llvm
        and not (case.insn.is_wide and case.llvm == "<unknown>")
    ]
    # An exit after each, so that no second half of a load is taken from the next case.
    code = b"".join(case.insn.encode(byte_order) + EXIT for case in same)
    theirs = _objdump(code, byte_order, tmp_path)

    def label(slot: int) -> str:
        return f".text+{slot * 8 & 0xFFFF_FFFF_FFFF_FFFF:#x}" if slot else ".text"

    ours = {slot: text.split(" ; ")[0] for slot, text in listing(code, byte_order, Syntax.LLVM, label=label)}
    assert ours == theirs
    assert len(ours) == 2 * len(same)


@pytest.mark.skipif(OBJDUMP is None, reason="llvm-objdump-22 is not installed")
def test_llvm_live_half_a_load_at_the_end(tmp_path: Path) -> None:
    code = EXIT + bytes([0x18, 1, 0, 0, 5, 0, 0, 0])
    assert _objdump(code, "little", tmp_path) == {0: "exit", 1: "<unknown>"}
    texts = [text for _, text in listing(code, "little", Syntax.LLVM)]
    assert texts == ["exit", "<unknown> ; incomplete: the code ends within this 64-bit load"]
