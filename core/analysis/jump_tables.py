"""Where the jumps through tables (`gotox`, -mcpu=v4) of a program can lead: see `bpftui.core.spec.jump_tables`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..asm import decode
from ..asm.flow import FlowGraph
from ..asm.opcodes import AluOp, Class, Mode, Size, Source
from ..spec.program import ReferenceKind
from .liveness import effect

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..asm.flow import CodeFlow
    from ..spec.program import ProgramSpec

__all__ = ["gotox_targets"]

_PASSING: Final = (
    Class.LDX | Mode.MEM | Size.DW,
    Class.ALU64 | AluOp.MOV | Source.X,
    Class.ALU64 | AluOp.ADD | Source.X,
)
"""What makes the address of an instruction of that of a table, beside the load of the latter."""


def gotox_targets(program: ProgramSpec, flow: CodeFlow, slot: int) -> Sequence[int] | None:
    """Return where a gotox can lead; None where its function refers to no table.

    The table is looked for in what comes straight before, as compilers write it. Where that is not enough, it can be
    any table that the function refers to.
    """
    start = flow.function_at(slot)
    following = [function for function in flow.functions if function > start]
    stop = following[0] if following else flow.slots
    references, tables = program.linked.references, program.linked.tables
    used = {
        at: reference.name
        for at, reference in references.items()
        if start <= at < stop and reference.kind is ReferenceKind.TABLE and reference.name in tables
    }
    if not used:
        return None
    entered = {target for name in used.values() for target in tables[name]}
    entered.update(FlowGraph(flow.code, flow.byte_order, start, stop).starts)
    found = _table_before(program, used, entered, slot, start)
    names = dict.fromkeys([found] if found is not None else used.values())
    return [target for name in names for target in tables[name]]


def _table_before(program: ProgramSpec, used: dict[int, str], entered: set[int], slot: int, start: int) -> str | None:
    """Return the table whose address goes into a gotox, as far as that is decided on the only way to it."""
    wanted = 1 << decode(program.code, slot, program.byte_order).dst
    while slot > start and slot not in entered:
        slot -= 1
        if slot - 1 in used:
            slot -= 1
        insn = decode(program.code, slot, program.byte_order)
        changed, read = effect(insn)
        if not changed & wanted:
            continue
        if slot in used:
            return used[slot]
        wanted &= ~changed
        if insn.opcode in _PASSING:
            wanted |= read
        elif not wanted:
            return None
        # Else it was the index, which is added to the address of the table.
    return None
