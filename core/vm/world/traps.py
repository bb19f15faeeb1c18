"""Accesses to contexts that the kernel refuses: the machine stops there, and says which field it was."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ...analysis.values import Place
from ...asm import decode, format_instruction
from ...asm.opcodes import CALL, INSN_SIZE
from ...context.access import bad_context_access
from ..engine.errors import RunError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ...spec import MapSpec, ProgramSpec

__all__ = ["bad_accesses", "trap_bad_accesses"]


def bad_accesses(program: ProgramSpec, maps: Mapping[str, MapSpec]) -> Iterator[tuple[int, str]]:
    """Yield the slots of accesses to the context that the kernel's verifier refuses, and why.

    Those whose offset is not certain are not among them.
    """
    from ...analysis.facts import ProgramFacts

    for slot, access in ProgramFacts(program, maps).accesses():
        address = access.address
        if address.place is not Place.CONTEXT or not address.exact:
            continue
        # An atomic operation is refused as the write that it is.
        reason = bad_context_access(program, address.offset, access.size, write=access.writes)
        if reason is not None:
            yield slot, reason


def trap_bad_accesses(
    program: ProgramSpec, code: bytes, maps: Mapping[str, MapSpec]
) -> tuple[bytes, dict[int, Callable[..., int]]]:
    """Return the code with calls in place of the accesses that the kernel refuses, and by slot what these calls do."""
    traps: dict[int, Callable[..., int]] = {}
    changed = bytearray(code)
    if code != program.code:
        linked = program.linked.adapted(code)
        program = replace(program, link=lambda: linked)
    for slot, reason in bad_accesses(program, maps):
        traps[slot] = _trap(program, slot, reason)
        at = slot * INSN_SIZE
        changed[at : at + INSN_SIZE] = bytes((CALL,)) + bytes(INSN_SIZE - 1)
    return (bytes(changed) if traps else code), traps


def _trap(program: ProgramSpec, slot: int, reason: str) -> Callable[..., int]:
    def stop(*_: int) -> int:
        error = RunError(reason, hint="the kernel refuses programs with such an access")
        text = format_instruction(decode(program.code, slot, program.byte_order), slot)
        error.locate(slot, text, program.linked.line_text(slot))
        raise error

    return stop
