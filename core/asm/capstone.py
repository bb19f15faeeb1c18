"""Instructions as capstone 5 writes them, with a mark where that is known to be wrong.

Capstone knows the instruction set of about 2017. Every atomic is an `xadd` to it, sign-extending moves are
plain ones, signed divisions unsigned ones; 32-bit jumps, sign-extending loads, `bswap`, `gotol`, `gotox` and
`may_goto` do not decode. Negative numbers are two's complement (`[r10+0xfff8]` is 8 bytes below r10), which
is not marked.
"""

from __future__ import annotations

import functools
import threading
from typing import TYPE_CHECKING, Any, Final

from .kernel import kernel_text
from .opcodes import CALL, CALLX, LD_IMM64, AluOp, AtomicOp, Class, Mode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .instruction import Instruction

__all__ = ["UNDECODED", "capstone_text"]

UNDECODED: Final = "<undecoded>"

_LOCK: Final = threading.Lock()  # One engine cannot serve two threads at once.


def capstone_text(insn: Instruction, slot: int, operand: str | None, target: str | None) -> str:
    """Return capstone's text of one instruction; where it is wrong or missing, the kernel's follows as a
    comment."""
    code = insn.encode("little")  # In big-endian mode capstone takes each register for the other.
    with _LOCK:
        decoded = next(_disassembler()(code, slot * 8), None)
    if decoded is None:
        return f"{UNDECODED} ; {kernel_text(insn, operand, target)}"
    _, _, mnemonic, operands = decoded
    name = operand if insn.opcode == LD_IMM64 else target if insn.is_jump or insn.opcode == CALL else None
    if name is not None:
        first, comma, _ = operands.rpartition(", ")
        operands = f"{first}{comma}{name}"
    text = f"{mnemonic} {operands}".rstrip()
    return f"{text} ; wrong: {kernel_text(insn, operand, target)}" if _is_misread(insn) else text


def _is_misread(insn: Instruction) -> bool:
    """Whether capstone decodes *insn* as something else."""
    cls, operation = insn.opcode & 7, insn.opcode & 0xF0
    if cls in (Class.ALU, Class.ALU64):
        return insn.offset != 0 and operation in (AluOp.DIV, AluOp.MOD, AluOp.MOV)
    if cls == Class.STX:
        return insn.opcode & 0xE0 == Mode.ATOMIC and insn.imm != AtomicOp.ADD
    if insn.opcode == CALLX:
        return insn.call_register == insn.dst != insn.imm
    return insn.opcode == CALL and insn.src != 0


@functools.cache
def _disassembler() -> Callable[[bytes, int], Iterator[tuple[int, int, str, str]]]:
    import capstone  # 75 to 115 ms

    mode = capstone.CS_MODE_LITTLE_ENDIAN | capstone.CS_MODE_BPF_EXTENDED
    engine: Any = capstone.Cs(capstone.CS_ARCH_BPF, mode)  # its methods have no types
    return engine.disasm_lite
