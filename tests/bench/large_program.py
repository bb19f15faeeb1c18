"""One program of 500,000 instructions, put together from those of a large object."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bpftui.core.spec import INSN_SIZE, CollectionSpec, LinkedCode, ProgramSpec, Reference, ReferenceKind
from tests.bench.big_object import big_object

if TYPE_CHECKING:
    from bpftui.core.spec import Function, LineInfo

__all__ = ["SLOTS", "large_program"]

SLOTS = 500_000


def large_program(slots: int = SLOTS) -> tuple[CollectionSpec, ProgramSpec]:
    """Return the object, and a program with the code of as many of its programs as have *slots* slots together."""
    spec = CollectionSpec.from_bytes(big_object())
    code: list[bytes] = []
    functions: list[Function] = []
    lines: list[LineInfo] = []
    references: dict[int, Reference] = {}
    start = 0
    for number, program in enumerate(spec.programs.values()):
        linked = program.linked
        code.append(linked.code)
        functions += [f._replace(name=f"{f.name}_{number}", start=f.start + start) for f in linked.functions]
        lines += [info._replace(slot=info.slot + start) for info in linked.line_infos]
        for slot, reference in linked.references.items():
            inside = reference.kind in (ReferenceKind.CALL, ReferenceKind.FUNCTION)
            references[slot + start] = reference._replace(offset=reference.offset + start) if inside else reference
        start += len(linked.code) // INSN_SIZE
        if start >= slots:
            break
    joined = LinkedCode(b"".join(code), tuple(functions), references, line_infos=lines)
    first = next(iter(spec.programs.values()))
    return spec, replace(first, name="large", link=lambda: joined)
