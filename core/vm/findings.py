"""What `check` finds in a program of an object, as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..spec import ProgramType, ReferenceKind
from .checks import DISCLAIMER, check
from .helpers import numbers
from .program import line_finder

if TYPE_CHECKING:
    from ..spec import ProgramSpec

__all__ = ["findings"]

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


def findings(program: ProgramSpec) -> str:
    """Return what is found in a program's code, a line each, and what that is worth."""
    references = program.linked.references
    kfuncs = {slot for slot, reference in references.items() if reference.kind is ReferenceKind.KFUNC}
    line_of = line_finder(program)
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
        line = line_of(finding.slot)
        lines.append(f"instruction {finding.slot}{f' ({line})' if line else ''}: {finding.text}")
    return "\n".join([*lines, DISCLAIMER]) + "\n"
