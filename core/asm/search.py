"""Finding calls in code of any size, on its bytes and without decoding it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .instruction import Code, words
from .opcodes import CALL, INSN_SIZE, LD_IMM64, CallSource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .instruction import ByteOrder

__all__ = ["calls_of", "helpers_called"]


def calls_of(code: Code, byte_order: ByteOrder, number: int, source: CallSource = CallSource.HELPER) -> Iterator[int]:
    """Yield the slots of all calls with *number* as their immediate: a helper's id, a kernel function's BTF id.

    What else is in the instruction does not matter, as it does not to a listing's text. 4 MB take 10 ms.
    """
    return _calls(words(code), byte_order, re.escape((number & 0xFFFF_FFFF).to_bytes(4, byte_order)), source)


def helpers_called(code: Code, byte_order: ByteOrder) -> set[int]:
    """Return the ids of all helpers that are called."""
    view = words(code)
    slots = _calls(view, byte_order, b"....", CallSource.HELPER)
    immediates = (bytes(view[slot * INSN_SIZE + 4 : (slot + 1) * INSN_SIZE]) for slot in slots)
    return {int.from_bytes(each, byte_order) for each in set(immediates)}


def _calls(view: memoryview, byte_order: ByteOrder, imm: bytes, source: CallSource) -> Iterator[int]:
    # The source is the high half of the registers' byte in little-endian code, the low one in big-endian code.
    registers = range(source << 4, (source << 4) + 16) if byte_order == "little" else range(source, 256, 16)
    chosen = b"".join(rb"\x%02x" % byte for byte in registers)
    pattern = re.compile(rb"\x%02x[%b]..%b" % (CALL, chosen, imm), re.DOTALL)
    at = 0
    while match := pattern.search(view, at):
        at = match.start()
        if at % INSN_SIZE:
            at += 1  # Bytes that only look like it; an instruction can begin within them.
            continue
        if not _is_second_half(view, at // INSN_SIZE):
            yield at // INSN_SIZE
        at += INSN_SIZE


def _is_second_half(view: memoryview, slot: int) -> bool:
    """Whether *slot* is the second half of a 64-bit immediate load: in a row of first halves, every other one is."""
    first = slot
    while first and view[(first - 1) * INSN_SIZE] == LD_IMM64:
        first -= 1
    return (slot - first) % 2 == 1
