"""Which instructions this kernel runs: each is loaded in a program of a few instructions that is closed again."""

from __future__ import annotations

import functools
import os
import struct
import sys
from typing import TYPE_CHECKING, Final, NamedTuple

from ...asm.opcodes import ADDR_SPACE_CAST, CALL, EXIT, GOTOL, INSN_SIZE, MAY_GOTO, AluOp, AtomicOp, Class, Mode
from ...spec import ProgramType
from ..sys.probes import load_program

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...btf import ByteOrder

__all__ = ["INSTRUCTIONS", "Instructions", "instructions_used", "try_instructions"]


class Instructions(NamedTuple):
    """Something that the verifier and the JIT know from some version on."""

    name: str
    version: str
    needed_for: str
    code: tuple[tuple[int, int, int, int], ...]
    """(opcode, registers, offset, immediate) of what is tried."""
    source: str
    """The kernel's commit, 12 digits, or the day of the one in libbpf's history of `linux/bpf.h`."""
    walked: bool = False
    """Whether the verifier has to walk more of it than it does for the unprivileged."""


_MOV: Final = (0xB7, 0, 0, 0)
"""r0 = 0"""
_EXIT: Final = (0x95, 0, 0, 0)
_STORE: Final = (0x7A, 10, -8, 0)
"""*(u64 *)(r10 - 8) = 0"""
_ONE: Final = (0xB7, 1, 0, 1)
"""r1 = 1"""
_V4: Final = "2023-07-27"
"""The series that brought all of -mcpu=v4: BPF_MEMSX is what `linux/bpf.h` got of it."""
_ORDER: Final = "880442305a39"

INSTRUCTIONS: Final = (
    Instructions("v2: jumps if less", "4.14", "clang -mcpu=v2", (_MOV, (0xA5, 0, 0, 1), _EXIT), "92b31a9af73b"),
    Instructions(
        "v3: 32-bit jumps", "5.1", "clang -mcpu=v3 (its default since 20)", (_MOV, (0x16, 0, 0, 1), _EXIT), "2019-02-07"
    ),
    Instructions("v4: movsx", "6.6", "clang -mcpu=v4", (_MOV, (0xBF, 0, 8, 0), _MOV, _EXIT), _V4),
    Instructions("v4: ldsx", "6.6", "clang -mcpu=v4", (_STORE, (0x91, 0xA0, -8, 0), _MOV, _EXIT), _V4),
    Instructions("v4: bswap", "6.6", "clang -mcpu=v4", (_MOV, (0xD7, 0, 0, 16), _MOV, _EXIT), _V4),
    Instructions("v4: sdiv", "6.6", "clang -mcpu=v4", (_MOV, (0x37, 0, 1, 3), _MOV, _EXIT), _V4),
    Instructions("v4: gotol", "6.6", "clang -mcpu=v4", (_MOV, (0x06, 0, 0, 0), _EXIT), _V4),
    Instructions(
        "atomics that fetch",
        "5.12",
        "__sync_fetch_and_add",
        (_STORE, _ONE, (0xDB, 0x1A, -8, 1), _MOV, _EXIT),
        "2021-01-14",
    ),
    Instructions(
        "bounded loops",
        "5.3",
        "loops that are not unrolled",
        (_MOV, (0x07, 0, 0, 1), (0xA5, 0, -2, 3), _MOV, _EXIT),
        "2589726d12a1",
        walked=True,
    ),
    Instructions(
        "more than 4096", "5.2", "programs of up to a million instructions", (*((_MOV,) * 4096), _EXIT), "c04c0d2b968a"
    ),
    Instructions("may_goto", "6.9", "cond_break, can_loop", (_MOV, (0xE5, 0, 1, 0), _MOV, _EXIT), "2024-03-05"),
    Instructions(
        "load_acquire", "6.15", "arenas, memory order", (_STORE, (0xDB, 0xA0, -8, 0x100), _MOV, _EXIT), _ORDER
    ),
    Instructions("store_release", "6.15", "arenas, memory order", (_ONE, (0xDB, 0x1A, -8, 0x110), _MOV, _EXIT), _ORDER),
)
"""RFC 9669 and what came after, with the versions of Linux that took them up."""


@functools.cache
def try_instructions(tried: Instructions) -> int:
    """Return 0 when a socket filter with them loads, else the errno."""
    code = b"".join(struct.pack("=BBhi", *each) for each in tried.code)
    fd, number, _ = load_program(ProgramType.SOCKET_FILTER, code)
    if fd >= 0:
        os.close(fd)
        return 0
    return number


def instructions_used(code: bytes, byte_order: ByteOrder = sys.byteorder) -> Iterator[Instructions]:
    """Yield those of `INSTRUCTIONS` that are in a program's code."""
    named = {each.name: each for each in INSTRUCTIONS}
    opcodes = set(code[::INSN_SIZE])
    found = {_JUMPS.get(opcode & 0xF0, "") for opcode in opcodes if opcode & 7 == Class.JMP}
    if any(opcode & 7 == Class.JMP32 and opcode != GOTOL for opcode in opcodes):
        found.add("v3: 32-bit jumps")
    offsets = set(zip(code[::INSN_SIZE], code[_OFFSET::INSN_SIZE], code[_OFFSET + 1 :: INSN_SIZE], strict=True))
    for opcode, *halves in offsets:
        offset = int.from_bytes(bytes(halves), byte_order, signed=True)
        kind, operation = opcode & 7, opcode & 0xF0
        if kind in (Class.ALU, Class.ALU64) and offset and operation in _SIGNED:
            if operation != AluOp.MOV or offset != ADDR_SPACE_CAST:
                found.add(_SIGNED[operation])
        elif kind in (Class.JMP, Class.JMP32) and offset < 0 and opcode not in (CALL, EXIT, MAY_GOTO):
            found.add("bounded loops")
        elif kind == Class.LDX and opcode & 0xE0 == Mode.MEMSX:
            found.add("v4: ldsx")
    if opcodes & {Class.ALU64 | AluOp.END}:
        found.add("v4: bswap")
    if GOTOL in opcodes:
        found.add("v4: gotol")
    if any(opcode & 0xE7 == Mode.ATOMIC | Class.STX for opcode in opcodes):
        found |= {_ATOMICS.get(imm, "atomics that fetch" if imm & 1 else "") for imm in _atomics(code, byte_order)}
    if len(code) // INSN_SIZE > 4096:
        found.add("more than 4096")
    yield from (named[name] for name in named if name in found)


_OFFSET: Final = 2
_SIGNED: Final[dict[int, str]] = {AluOp.MOV: "v4: movsx", AluOp.DIV: "v4: sdiv", AluOp.MOD: "v4: sdiv"}
_JUMPS: Final[dict[int, str]] = {
    **dict.fromkeys((0xA0, 0xB0, 0xC0, 0xD0), "v2: jumps if less"),
    MAY_GOTO & 0xF0: "may_goto",
}
_ATOMICS: Final[dict[int, str]] = {AtomicOp.LOAD_ACQ: "load_acquire", AtomicOp.STORE_REL: "store_release"}


def _atomics(code: bytes, byte_order: ByteOrder) -> set[int]:
    """Return the immediates of atomic instructions: the operations."""
    return {
        int.from_bytes(code[at + 4 : at + 8], byte_order)
        for at in range(0, len(code), INSN_SIZE)
        if code[at] & 0xE7 == Mode.ATOMIC | Class.STX
    }
