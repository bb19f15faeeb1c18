"""What a listing says of CO-RE relocations: what each asks for, and what it becomes with the types of a kernel."""

from __future__ import annotations

import bisect
from typing import TYPE_CHECKING, NamedTuple

from ..asm import decode
from ..asm.opcodes import Class
from ..btf.access import CoreKind, parse_access
from ..btf.compatible import essential_name
from ..btf.core import Outcome
from ..errors import ObjectError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..asm.flow import FlowGraph
    from ..btf import Btf
    from ..btf.access import Access
    from ..btf.core import CoreResolution, CoreResolver
    from ..spec.program import CoreRelocation, ProgramSpec

__all__ = ["CoreNote", "core_notes"]


class CoreNote(NamedTuple):
    """The note on one relocation."""

    slot: int
    text: str
    """`struct task_struct.pid`, `field_exists(struct task_struct.state)`."""
    meaning: str
    """Of a field's offset: the struct and its member, `task_struct.pid`; empty for others."""
    remark: str
    """What is behind the name: `(CO-RE)`, `(CO-RE 1268 → 2304)`."""


def core_notes(program: ProgramSpec, graph: FlowGraph, btf: Btf, resolver: CoreResolver | None) -> Iterator[CoreNote]:
    """Yield the notes on the relocations of one function of a program, by slot.

    Args:
        program: The program.
        graph: The function.
        btf: The object's types.
        resolver: Resolves them; None where nobody asked for a kernel's types.
    """
    relocations = program.linked.core_relocations
    first = bisect.bisect_left(relocations, graph.start, key=lambda item: item.slot)
    last = bisect.bisect_left(relocations, graph.stop, key=lambda item: item.slot)
    for item in relocations[first:last]:
        if item.kind > max(CoreKind):
            continue
        kind = CoreKind(item.kind)
        try:
            access = parse_access(btf, item.type_id, item.access, kind)
        except ObjectError:
            continue  # damaged: the table of relocations has the reason
        yield CoreNote(
            item.slot, access.asked(kind), _meaning(access, kind), _remark(program, item, kind, access, resolver)
        )


def _meaning(access: Access, kind: CoreKind) -> str:
    step = next((step for step in reversed(access.steps) if step.name), None)
    if step is None or kind is not CoreKind.FIELD_BYTE_OFFSET:
        return ""
    owner = access.btf.type_name(step.type_id) or access.btf.type_name(access.type_id)
    return f"{essential_name(owner)}.{step.name}"


def _remark(
    program: ProgramSpec, item: CoreRelocation, kind: CoreKind, access: Access, resolver: CoreResolver | None
) -> str:
    """Return what is behind the name: that it is relocated, for a flavour of which struct, and what it becomes."""
    name = access.btf.type_name(access.type_id)
    flavor = f" {name}" if kind is CoreKind.FIELD_BYTE_OFFSET and essential_name(name) != name else ""
    if resolver is None:
        return f"(CO-RE{flavor})"
    found = resolver.resolve(item.type_id, item.access, item.kind)
    if kind is CoreKind.TYPE_ID_LOCAL or found.outcome is Outcome.UNKNOWN:
        return f"(CO-RE{flavor})"
    held = _held(program, item.slot)
    held = found.original if (held - found.original) % (1 << 64) == 0 else held
    return f"(CO-RE{flavor} {held} → {_becomes(found)})"


def _held(program: ProgramSpec, slot: int) -> int:
    """Return what an instruction holds where a relocation is written to: its offset or its immediate."""
    insn = decode(program.code, slot, program.byte_order)
    if insn.is_wide:
        return insn.imm64
    return insn.offset if insn.opcode & 7 in (Class.LDX, Class.ST, Class.STX) else insn.imm


def _becomes(found: CoreResolution) -> str:
    if found.outcome is Outcome.MISSING:
        return "none"
    return str(found.value) if found.outcome is Outcome.RESOLVED else found.outcome.value
