"""What the kernel's disassembler and llvm-objdump say of 19,675 instructions, as facts.

`golden/sweep.txt.gz` has a line for each, of three columns: the little-endian bytes in hex, the text of
`print_bpf_insn` (kernel/bpf/disasm.c, June 2026) without the opcode in parentheses, and that of llvm-objdump
22.1.8 without the target in angle brackets and with `\\t` for a tab. It has all opcodes, each with the registers,
offsets and immediates that mean something to any of them, one or two fields at a time.
"""

from __future__ import annotations

import gzip
import struct
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from bpftui.core.asm import Instruction, decode

if TYPE_CHECKING:
    from bpftui.core.asm import ByteOrder


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


def elf_of(code: bytes, byte_order: ByteOrder) -> bytes:
    """The smallest object with *code* as its `.text`."""
    order = "<" if byte_order == "little" else ">"
    names = b"\0.text\0.shstrtab\0"
    text_at, names_at = 64, 64 + len(code)
    headers_at = (names_at + len(names) + 7) & ~7
    ident = b"\x7fELF" + bytes([2, 1 if byte_order == "little" else 2, 1]) + bytes(9)
    header = struct.pack(f"{order}HHIQQQIHHHHHH", 1, 247, 1, 0, 0, headers_at, 0, 64, 0, 0, 64, 3, 2)

    def section(name: int, kind: int, flags: int, offset: int, size: int) -> bytes:
        return struct.pack(f"{order}IIQQQQIIQQ", name, kind, flags, 0, offset, size, 0, 0, 8, 0)

    body = (ident + header + code + names).ljust(headers_at, b"\0")
    sections = section(1, 1, 6, text_at, len(code)) + section(7, 3, 0, names_at, len(names))
    return body + bytes(64) + sections
