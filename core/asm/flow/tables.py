"""Where the jumps through tables (`gotox`, -mcpu=v4) of a function can lead: see `bpftui.core.spec.jump_tables`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..instruction import decode
from ..opcodes import AluOp, Class, Mode, Size, Source
from ..registers import def_use

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..instruction import ByteOrder, Code
    from .graph import FlowGraph

__all__ = ["gotox_targets"]

_PASSING: Final = (
    Class.LDX | Mode.MEM | Size.DW,
    Class.ALU64 | AluOp.MOV | Source.X,
    Class.ALU64 | AluOp.ADD | Source.X,
)
"""What makes the address of an instruction of that of a table, beside the load of the latter."""


def gotox_targets(
    code: Code, byte_order: ByteOrder, plain: FlowGraph, tables: Mapping[int, Sequence[int]], slot: int
) -> Sequence[int] | None:
    """Return where a gotox can lead; None where its function refers to no table.

    The table is looked for in what comes straight before, as compilers write it. Where that is not enough, it can be
    any table that the function refers to.

    Args:
        code: The code that holds the function.
        byte_order: That of the code.
        plain: The function's control flow without tables.
        tables: The slots that a table leads to, by the slot that its address is loaded at.
        slot: Of the gotox.
    """
    used = {at: targets for at, targets in tables.items() if plain.start <= at < plain.stop}
    if not used:
        return None
    entered = {target for targets in used.values() for target in targets}
    entered.update(plain.starts)
    found = _table_before(code, byte_order, plain.start, used, entered, slot)
    return used[found] if found is not None else list(dict.fromkeys(t for targets in used.values() for t in targets))


def _table_before(
    code: Code, byte_order: ByteOrder, start: int, used: Mapping[int, Sequence[int]], entered: set[int], slot: int
) -> int | None:
    """Return where the table is loaded whose address goes into a gotox, as far as the only way to it decides that."""
    wanted = 1 << decode(code, slot, byte_order).dst
    while slot > start and slot not in entered:
        slot -= 1
        if slot - 1 in used:
            slot -= 1
        insn = decode(code, slot, byte_order)
        changed, read = def_use(insn.opcode, insn.dst, insn.src, insn.imm)
        if not changed & wanted:
            continue
        if slot in used:
            return slot
        wanted &= ~changed
        if insn.opcode in _PASSING:
            wanted |= read
        elif not wanted:
            return None
        # Else it was the index, which is added to the address of the table.
    return None
