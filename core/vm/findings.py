"""What `check` finds in a program of an object, as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..spec import ReferenceKind
from .checks import DISCLAIMER, check
from .helpers import numbers
from .program import line_finder

if TYPE_CHECKING:
    from ..spec import ProgramSpec

__all__ = ["findings"]


def findings(program: ProgramSpec) -> str:
    """Return what is found in a program's code, a line each, and what that is worth."""
    references = program.linked.references
    kfuncs = {slot for slot, reference in references.items() if reference.kind is ReferenceKind.KFUNC}
    line_of = line_finder(program)
    lines: list[str] = []
    for finding in check(program.code, program.byte_order, helpers=numbers(), kfuncs=kfuncs):
        line = line_of(finding.slot)
        lines.append(f"instruction {finding.slot}{f' ({line})' if line else ''}: {finding.text}")
    return "\n".join([*lines, DISCLAIMER]) + "\n"
