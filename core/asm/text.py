"""The text of instructions, in any of three syntaxes."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from .capstone import capstone_text
from .encodings import remark
from .kernel import kernel_text
from .llvm import llvm_text

if TYPE_CHECKING:
    from .instruction import Instruction

__all__ = ["Syntax", "format_instruction"]


class Syntax(enum.StrEnum):
    """How instructions are written."""

    KERNEL = "kernel"
    """As the verifier's log and bpftool have them: `r1 = *(u64 *)(r10 -8)`."""
    LLVM = "llvm"
    """As llvm-objdump 22 has them: `r1 = *(u64 *)(r10 - 0x8)`."""
    CAPSTONE = "capstone"
    """As capstone has them: `ldxdw r1, [r10+0xfff8]`; marked where capstone is wrong."""


def format_instruction(
    insn: Instruction,
    slot: int,
    syntax: Syntax = Syntax.KERNEL,
    operand: str | None = None,
    target: str | None = None,
    *,
    remarks: bool = True,
) -> str:
    """Return one instruction as text, in one line.

    Args:
        insn: The instruction.
        slot: Where it stands; for capstone that is its address.
        syntax: How it is written.
        operand: What the immediate of a 64-bit load stands for (`map[pkt_count]`, `.bss[global_u16]`); written
            in its place.
        target: The name of what is called, or of the label jumped to; written in place of the number or the
            distance. In LLVM's syntax a label follows the distance, in angle brackets.
        remarks: Whether a comment (` ; …`) tells of reserved fields that are set, values that may not be,
            opcodes that do not exist, a second half that is missing. Code that the kernel has translated uses
            some reserved fields for itself.
    """
    if syntax is Syntax.KERNEL:
        text = kernel_text(insn, operand, target)
    elif syntax is Syntax.LLVM:
        text = llvm_text(insn, operand, target)
    else:
        text = capstone_text(insn, slot, operand, target)
    note = remark(insn) if remarks else None
    return text if note is None else f"{text} ; {note}"
