"""What `check` finds in a program of an object, as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ...asm import CallSource, decode, helper_name
from ...asm.opcodes import CALL, INSN_SIZE
from ...spec import ProgramType, ReferenceKind
from ...threads import give_way
from ..helpers import declared, numbers
from .checks import DISCLAIMER, check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...spec import ProgramSpec
    from ..world.settings import Settings

__all__ = ["findings", "lacking"]

_MAY_BE_VOID: Final = frozenset({ProgramType.STRUCT_OPS, ProgramType.EXT})
"""Types whose programs stand for a function that may return nothing."""
_PRIVATE_STACK: Final = frozenset(
    {
        ProgramType.KPROBE,
        ProgramType.TRACEPOINT,
        ProgramType.PERF_EVENT,
        ProgramType.RAW_TRACEPOINT,
        ProgramType.TRACING,
        ProgramType.LSM,
        ProgramType.STRUCT_OPS,
    }
)
"""Types whose functions can have stacks of their own (`bpf_enable_priv_stack`)."""


def lacking(program: ProgramSpec, settings: Settings) -> Iterator[str]:
    """Yield the helpers and kernel functions that a program calls and the machine does not have, each once."""
    told: set[str] = set()
    references = program.linked.references
    code, there = program.code, numbers()
    for slot in range(len(code) // INSN_SIZE):
        if code[slot * INSN_SIZE] != CALL:
            continue
        give_way()
        reference = references.get(slot)
        insn = decode(code, slot, program.byte_order)
        if reference is not None and reference.kind is ReferenceKind.KFUNC:
            name, is_there = reference.name, reference.weak or reference.name in declared()
        elif insn.src == CallSource.HELPER:
            name, is_there = helper_name(insn.imm) or f"helper {insn.imm}", insn.imm in there
        else:
            continue
        if not is_there and name not in told and name not in (settings.returns or ()):
            told.add(name)
            yield f"instruction {slot}: the built-in machine does not have {name}(); a run that comes to it ends there"


def findings(program: ProgramSpec) -> str:
    """Return what is found in a program's code, a line each, and what that is worth."""
    references = program.linked.references
    kfuncs = {slot for slot, reference in references.items() if reference.kind is ReferenceKind.KFUNC}
    lines: list[str] = []
    found = check(
        program.code,
        program.byte_order,
        helpers=numbers(),
        kfuncs=kfuncs,
        no_return=program.linked.never_returning,
        returns=program.type not in _MAY_BE_VOID,
        private_stack=program.type in _PRIVATE_STACK,
    )
    for finding in found:
        line = program.linked.line_text(finding.slot)
        lines.append(f"instruction {finding.slot}{f' ({line})' if line else ''}: {finding.text}")
    return "\n".join([*lines, DISCLAIMER]) + "\n"
