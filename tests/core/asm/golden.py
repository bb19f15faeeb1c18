"""What the kernel's disassembler and llvm-objdump say of 19,675 instructions, as facts.

`golden/sweep.txt.gz` has a line for each, of three columns: the little-endian bytes in hex, the text of
`print_bpf_insn` (kernel/bpf/disasm.c, June 2026) without the opcode in parentheses, and that of llvm-objdump
22.1.8 without the target in angle brackets and with `\\t` for a tab. It has all opcodes, each with the registers,
offsets and immediates that mean something to any of them, one or two fields at a time.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from bpftui.core.asm import Instruction, decode


@dataclass(frozen=True, slots=True)
class Case:
    """One instruction and what is said of it."""

    code: bytes
    """Little-endian."""
    insn: Instruction
    kernel: str
    llvm: str


@cache
def cases() -> tuple[Case, ...]:
    """Read the file."""
    path = Path(__file__).parent / "golden" / "sweep.txt.gz"
    found: list[Case] = []
    for line in gzip.decompress(path.read_bytes()).decode().splitlines():
        digits, kernel, llvm = line.split("\t")
        code = bytes.fromhex(digits)
        found.append(Case(code, decode(code, 0, "little"), kernel, llvm.replace("\\t", "\t")))
    return tuple(found)
