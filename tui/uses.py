"""Who uses a thing: every instruction that calls a function or refers to a map, a variable or a kernel symbol."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ..core.asm import CallSource, decode
from ..core.asm.opcodes import GOTOX, INSN_SIZE
from ..core.asm.search import calls_of
from ..core.errors import BpftuiError
from ..core.helpers.names import TAIL_CALL
from ..core.spec import ReferenceKind
from .jumps import CodePlace
from .nodes import Node, NodeKind, map_node
from .targets import HelperTarget

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from textual.content import Content

    from ..core.analysis.xrefs import Uses
    from ..core.listing.listing import Row
    from ..core.runtime.theirs import Related, Theirs
    from ..core.spec import CollectionSpec, ProgramSpec, Reference
    from .targets import Target

__all__ = [
    "Users",
    "callers_of",
    "helper_number",
    "helper_text",
    "leads_on",
    "map_of",
    "reference_target",
    "related_to",
    "row_target",
    "users_at",
    "users_of",
]


_MANY: Final = 40_000
"""Instructions of the programs that use a thing up to which registers are followed to what reads and writes it."""


class Users(NamedTuple):
    """The users of one thing."""

    title: str
    places: list[CodePlace]
    """In the order of programs and instructions; a subprogram is in every program that calls it."""
    how: list[str]
    """What each does with it: `calls`, `takes the address`, `reads`, `writes`; empty where nothing is to be said."""
    helper: int | None = None
    """The helper's id, where the thing is one."""
    noun: str = "use"
    """What is counted."""
    related: Sequence[Related] = ()
    """Who has it on this machine, where others have loaded it."""


def helper_number(program: ProgramSpec, slot: int) -> int | None:
    """Return the id of the helper that an instruction calls; None where it calls none."""
    insn = decode(program.code, slot, program.byte_order)
    return insn.imm if insn.call_source is CallSource.HELPER else None


def leads_on(program: ProgramSpec, row: Row) -> bool:
    """Return whether enter has something to do on a row of a listing: to follow, to explain, or to fold."""
    from ..core.listing.listing import RowKind

    if row.kind is not RowKind.INSN or row.target is not None or row.reference is not None:
        return True
    return (
        helper_number(program, row.slot) is not None
        or decode(program.code, row.slot, program.byte_order).opcode == GOTOX
    )


def users_at(index: Uses, program: ProgramSpec, row: Row) -> Users:
    """Return who uses what a row of a listing is about.

    That is what its instruction refers to or calls; on a function's header the function; on a jump through a table
    where it leads; on any other instruction, or a line of C, what jumps there.
    """
    from ..core.listing.listing import RowKind

    if row.kind is RowKind.FUNCTION:
        return users_of(index, row.text.removesuffix(":"))
    if row.reference is not None:
        return users_of(index, row.reference.name)
    number = helper_number(program, row.slot) if row.kind is RowKind.INSN else None
    if number == TAIL_CALL and (tail := _tail_call(index, program, row.slot)) is not None:
        return tail
    if number is not None:
        return callers_of(index.spec, number)
    leads = _leads(program, row.slot) if row.kind is RowKind.INSN else None
    if leads is not None:
        return leads
    sources: tuple[int, ...] = ()
    if row.slot * INSN_SIZE < len(_code(program)):
        sources = program.flow.graph_at(row.slot).targets.get(row.slot, ())
    places = [CodePlace(program.name, at) for at in sources]
    return Users(f"jumps to instruction {row.slot} of {program.name}", places, [""] * len(places))


def callers_of(spec: CollectionSpec, number: int) -> Users:
    """Return who calls a helper."""
    places = [
        CodePlace(each.name, slot)
        for each in spec.programs.values()
        for slot in calls_of(_code(each), each.byte_order, number)
    ]
    return Users(f"calls of helper {number}", places, [""] * len(places), number)


def _tail_call(index: Uses, program: ProgramSpec, slot: int) -> Users | None:
    """Return the programs that a tail call can lead to; None where the object does not say which."""
    from ..core.analysis.outline import Outline

    call = next((call for call in Outline(index, program.name).tail_calls if call.slot == slot), None)
    known = () if call is None else [each for each in call.programs if each[1] in index.spec.programs]
    if call is None or not known:
        return None
    places = [CodePlace(name, 0) for _, name in known]
    how = [f"{call.map}[{key}]" for key, _ in known]
    return Users(f"where the tail call at {slot} of {program.name} leads", places, how, noun="target")


def reference_target(spec: CollectionSpec, reference: Reference) -> Target | None:
    """Return where lives what an instruction refers to; None for what is outside of the object."""
    externs = spec.externs
    if reference.kind is ReferenceKind.DATA and reference.name in spec.variables:
        return Node(NodeKind.VARIABLE, reference.name)
    if reference.map in spec.maps:
        return map_node(spec.maps[reference.map])
    if any(reference.name == extern.name for extern in (*externs.ksyms, *externs.kfuncs)):
        return Node(NodeKind.EXTERN, reference.name)
    return None


def row_target(spec: CollectionSpec, program: ProgramSpec, row: Row) -> Target | None:
    """Return where the name in a row of a listing leads: along a jump or a call, or to what it refers to."""
    if row.target is not None:
        return CodePlace(program.name, row.target)
    if row.reference is not None:
        return reference_target(spec, row.reference)
    number = helper_number(program, row.slot) if row.text.startswith("call ") else None
    return None if number is None else HelperTarget(number)


def map_of(program: ProgramSpec, spec: CollectionSpec, slots: range, *, nearest: int) -> str | None:
    """Return the map, no data section, that instructions refer to: at a slot or the last before it, else after.

    Args:
        slots: The instructions.
        nearest: The slot.

    Raises:
        BpftuiError: The program's code is damaged.
    """
    found: list[tuple[bool, int, str]] = []
    for slot in slots:
        reference = program.linked.references.get(slot)
        if reference is not None and reference.map in spec.maps and not spec.maps[reference.map].is_data:
            found.append((slot > nearest, abs(slot - nearest), reference.map))
    return min(found)[2] if found else None


def _leads(program: ProgramSpec, slot: int) -> Users | None:
    """Return where a gotox leads; None for any other instruction."""
    if decode(program.code, slot, program.byte_order).opcode != GOTOX:
        return None
    targets = [edge.target for edge in program.flow.graph_at(slot).jumps if edge.source == slot]
    entries: dict[int, list[str]] = {}
    for name, slots in program.linked.tables.items():
        for number, target in enumerate(slots):
            entries.setdefault(target, []).append(f"{name}[{number}]")
    how = [", ".join(entries.get(target, ())) for target in targets]
    places = [CodePlace(program.name, target) for target in targets]
    return Users(f"where instruction {slot} of {program.name} leads", places, how, noun="target")


def related_to(theirs: Theirs, spec: CollectionSpec, node: Node) -> Sequence[Related]:
    """Return who on this machine has what others have loaded: of a variable, who has the map that it is in."""
    match node.kind:
        case NodeKind.PROGRAM:
            return (*theirs.places(node.name), *theirs.holders(node.name))
        case NodeKind.MAP | NodeKind.SECTION:
            return theirs.users(node.name)
        case NodeKind.VARIABLE:
            return theirs.users(spec.variables[node.name].map.name)
        case _:
            return ()


def users_of(index: Uses, name: str) -> Users:
    """Return who uses a function, a map, a data section, a variable or something of the kernel's.

    In large programs, and for data sections, these are the instructions that refer to it by name; otherwise also those
    that reach it through a register.
    """
    referring = [
        (CodePlace(program.name, slot), program.insns)
        for program in index.spec.programs.values()
        for slot, reference in _references(program)
        if name in (reference.name, reference.map)
    ]
    found = index.spec.maps.get(name)
    if sum({place.program: insns for place, insns in referring}.values()) > _MANY or (found and found.is_data):
        places = [place for place, _ in referring]
        return Users(name, places, [""] * len(places))
    uses = index.of(name)
    return Users(name, [CodePlace(use.program, use.slot) for use in uses], [use.how for use in uses])


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


def helper_text(number: int) -> Content:
    """Return what there is to say about a helper: its prototype, and what it does."""
    from textual.content import Content
    from textual.highlight import highlight

    from ..core.helpers.prototypes import find_helper

    helper = find_helper(number)
    if helper is None:
        return Content(f"there is no helper {number}")
    return Content("\n").join([highlight(f"{helper.prototype};", language="c"), Content(helper.meaning), Content("")])
