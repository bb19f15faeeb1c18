"""Who uses a thing: every instruction that calls a function or refers to a map, a variable or a kernel symbol."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ..core.asm import CallSource, decode
from ..core.asm.opcodes import INSN_SIZE
from ..core.asm.search import find_calls
from ..core.errors import BpftuiError
from ..core.spec import ReferenceKind
from .jumps import CodePlace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from textual.content import Content

    from ..core.spec import CollectionSpec, ProgramSpec, Reference
    from ..core.spec.listing import Row

__all__ = [
    "Uses",
    "extern_users",
    "function_users",
    "helper_number",
    "helper_text",
    "map_users",
    "uses_at",
    "uses_of",
    "variable_users",
]


class Uses(NamedTuple):
    """The users of one thing."""

    title: str
    places: list[CodePlace]
    """In the order of programs and instructions; a subprogram is in every program that calls it."""
    helper: int | None = None
    """The helper's id, where the thing is one."""


def helper_number(program: ProgramSpec, slot: int) -> int | None:
    """Return the id of the helper that an instruction calls; None where it calls none."""
    insn = decode(program.code, slot, program.byte_order)
    return insn.imm if insn.call_source is CallSource.HELPER else None


def uses_at(spec: CollectionSpec, program: ProgramSpec, row: Row) -> Uses:
    """Return who uses what a row of a listing is about.

    That is what its instruction refers to or calls; on a function's header the function; on any other instruction, or
    a line of C, what jumps there.
    """
    from ..core.spec.listing import RowKind

    if row.kind is RowKind.FUNCTION:
        return uses_of(spec, f"{row.text.removesuffix(':')}()", function_users(row.text.removesuffix(":")))
    if row.reference is not None:
        return uses_of(spec, *_same(row.reference))
    number = helper_number(program, row.slot) if row.kind is RowKind.INSN else None
    if number is not None:
        places = [
            CodePlace(each.name, slot)
            for each in spec.programs.values()
            for slot in find_calls(_code(each), each.byte_order, number)
        ]
        return Uses("calls", places, number)
    sources: tuple[int, ...] = ()
    if row.slot * INSN_SIZE < len(_code(program)):
        sources = program.flow.graph_at(row.slot).targets.get(row.slot, ())
    return Uses(f"jumps to instruction {row.slot} of {program.name}", [CodePlace(program.name, at) for at in sources])


def uses_of(spec: CollectionSpec, title: str, wanted: Callable[[Reference], bool]) -> Uses:
    """Return the instructions whose reference is *wanted*; damaged programs have none."""
    return Uses(
        title,
        [
            CodePlace(program.name, slot)
            for program in spec.programs.values()
            for slot, reference in _references(program)
            if wanted(reference)
        ],
    )


def _references(program: ProgramSpec) -> Iterator[tuple[int, Reference]]:
    try:
        yield from sorted(program.linked.references.items(), key=lambda item: item[0])
    except BpftuiError:
        return


def _code(program: ProgramSpec) -> bytes:
    try:
        return program.code
    except BpftuiError:
        return b""


def _same(reference: Reference) -> tuple[str, Callable[[Reference], bool]]:
    """Return what a reference is to, in words, and what tells others to the same thing."""
    match reference.kind:
        case ReferenceKind.CALL | ReferenceKind.FUNCTION:
            return f"{reference.name}()", function_users(reference.name)
        case ReferenceKind.MAP:
            return f"map {reference.name}", map_users(reference.name)
        case ReferenceKind.DATA:
            return f"{reference.name} in {reference.map}", variable_users(reference.name, reference.map)
        case ReferenceKind.KFUNC | ReferenceKind.KSYM:
            return reference.name, extern_users(reference.name)


def function_users(name: str) -> Callable[[Reference], bool]:
    """Return what tells a call of a function, or its address."""
    kinds = (ReferenceKind.CALL, ReferenceKind.FUNCTION)
    return lambda reference: reference.kind in kinds and reference.name == name


def map_users(name: str) -> Callable[[Reference], bool]:
    """Return what tells a reference to a map, or to anything in a data section."""
    return lambda reference: reference.map == name


def variable_users(name: str, section: str | None) -> Callable[[Reference], bool]:
    """Return what tells a reference to a variable."""
    return lambda reference: (reference.kind, reference.name, reference.map) == (ReferenceKind.DATA, name, section)


def extern_users(name: str) -> Callable[[Reference], bool]:
    """Return what tells a reference to a kernel function or symbol."""
    kinds = (ReferenceKind.KFUNC, ReferenceKind.KSYM)
    return lambda reference: reference.kind in kinds and reference.name == name


def helper_text(number: int) -> Content:
    """Return what there is to say about a helper: its prototype, and what it does."""
    from textual.content import Content
    from textual.highlight import highlight

    from ..core.asm.helper_docs import find_helper

    helper = find_helper(number)
    if helper is None:
        return Content(f"there is no helper {number}")
    return Content("\n").join([highlight(f"{helper.prototype};", language="c"), Content(helper.meaning), Content("")])
