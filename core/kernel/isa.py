"""Which instructions this kernel runs: each is loaded in a program of a few instructions that is closed again."""

from __future__ import annotations

import os
import struct
from typing import Final, NamedTuple

from ..spec import ProgramType
from .probes import load_program

__all__ = ["INSTRUCTIONS", "Instructions", "try_instructions"]


class Instructions(NamedTuple):
    """Something that the verifier and the JIT know from some version on."""

    name: str
    version: str
    needed_for: str
    code: tuple[tuple[int, int, int, int], ...]
    """(opcode, registers, offset, immediate) of what is tried."""
    walked: bool = False
    """Whether the verifier has to walk more of it than it does for the unprivileged."""


_MOV: Final = (0xB7, 0, 0, 0)
"""r0 = 0"""
_EXIT: Final = (0x95, 0, 0, 0)
_STORE: Final = (0x7A, 10, -8, 0)
"""*(u64 *)(r10 - 8) = 0"""
_ONE: Final = (0xB7, 1, 0, 1)
"""r1 = 1"""

INSTRUCTIONS: Final = (
    Instructions("v2: jumps if less", "4.14", "clang -mcpu=v2", (_MOV, (0xA5, 0, 0, 1), _EXIT)),
    Instructions("v3: 32-bit jumps", "5.1", "clang -mcpu=v3 (its default since 20)", (_MOV, (0x16, 0, 0, 1), _EXIT)),
    Instructions("v4: movsx", "6.6", "clang -mcpu=v4", (_MOV, (0xBF, 0, 8, 0), _MOV, _EXIT)),
    Instructions("v4: ldsx", "6.6", "clang -mcpu=v4", (_STORE, (0x91, 0xA0, -8, 0), _MOV, _EXIT)),
    Instructions("v4: bswap", "6.6", "clang -mcpu=v4", (_MOV, (0xD7, 0, 0, 16), _MOV, _EXIT)),
    Instructions("v4: sdiv", "6.6", "clang -mcpu=v4", (_MOV, (0x37, 0, 1, 3), _MOV, _EXIT)),
    Instructions("v4: gotol", "6.6", "clang -mcpu=v4", (_MOV, (0x06, 0, 0, 0), _EXIT)),
    Instructions(
        "atomics that fetch", "5.12", "__sync_fetch_and_add", (_STORE, _ONE, (0xDB, 0x1A, -8, 1), _MOV, _EXIT)
    ),
    Instructions(
        "bounded loops",
        "5.3",
        "loops that are not unrolled",
        (_MOV, (0x07, 0, 0, 1), (0xA5, 0, -2, 3), _MOV, _EXIT),
        walked=True,
    ),
    Instructions("more than 4096", "5.2", "programs of up to a million instructions", (*((_MOV,) * 4096), _EXIT)),
    Instructions("may_goto", "6.9", "cond_break, can_loop", (_MOV, (0xE5, 0, 1, 0), _MOV, _EXIT)),
    Instructions("load_acquire", "6.15", "arenas, memory order", (_STORE, (0xDB, 0xA0, -8, 0x100), _MOV, _EXIT)),
    Instructions("store_release", "6.15", "arenas, memory order", (_ONE, (0xDB, 0x1A, -8, 0x110), _MOV, _EXIT)),
)
"""RFC 9669 and what came after, with the versions of Linux that took them up."""


def try_instructions(tried: Instructions) -> int:
    """Return 0 when a socket filter with them loads, else the errno."""
    code = b"".join(struct.pack("=BBhi", *each) for each in tried.code)
    fd, number, _ = load_program(ProgramType.SOCKET_FILTER, code)
    if fd >= 0:
        os.close(fd)
        return 0
    return number
