"""What this kernel's verifier puts in place of instructions, found out by having it do so.

A context's fields are the kernel's own in what is loaded, look-ups in some maps and some helpers are written out, a
division checks its divisor, and a program that writes to a packet begins with more than its source says
(`convert_ctx_accesses`, `do_misc_fixups` in kernel/bpf/verifier.c). What stands there differs between kernels, and with
the sizes of maps. So tiny programs are loaded, each with one such instruction, read back, and closed again.
"""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final, NamedTuple

from ..asm import Instruction, instructions
from ..asm.opcodes import CALL, LD_IMM64, SIZES, AluOp, Class, JmpOp, Mode, Size, Source
from ..context.fields import context_fields
from ..helpers.names import HELPERS
from ..helpers.prototypes import find_helper
from ..kernel.map import Map
from ..kernel.sys import probes
from ..kernel.sys.layouts import BpfProgInfo
from ..kernel.sys.object import fill
from .loaded import Loaded, loaded_spec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ..spec import ProgramSpec, ProgramType

__all__ = ["Piece", "Rewriting", "pieces", "rewritings_of"]

_LOOKUP: Final = 1
_MAP_FD: Final = 1
_STACK: Final = 512
_RETURN: Final = (Instruction(Class.ALU64 | AluOp.MOV, 0), Instruction(Class.JMP | JmpOp.EXIT))
_IMMEDIATE: Final = 7
"""What the probes store as an immediate, which stands for any."""
_SIZES: Final = {SIZES[size]: size for size in Size}
_FIRST, _SECOND = 1, 2
"""The registers of the probes, which stand for any two."""


class Piece(NamedTuple):
    """An instruction of what is loaded."""

    insn: Instruction
    name: str = ""
    """What it calls or refers to; empty for nothing."""


class Rewriting(NamedTuple):
    """One thing that the kernel rewrites."""

    original: tuple[Instruction, ...]
    """What stands in an object; nothing where a program begins with more than that."""
    made: tuple[Piece, ...]
    """What the kernel makes of it."""
    variables: frozenset[int]
    """The registers in both that stand for others."""
    context: int | None
    """The index in `made` of what accesses the context first; None where nothing does."""


class _Probe(NamedTuple):
    """A program with one instruction that may be rewritten."""

    original: tuple[Instruction, ...]
    before: tuple[Instruction, ...] = ()
    variables: frozenset[int] = frozenset()
    is_of_context: bool = False


def rewritings_of(type_: ProgramType, maps: Iterable[int]) -> tuple[Rewriting, ...]:
    """Return what this kernel rewrites in a program, the longest first.

    Args:
        type_: The program's type.
        maps: The ids of the maps that it uses.

    Raises:
        NoPermissionError, LoadError: The kernel said no.
    """
    with ExitStack() as stack:
        opened = [stack.enter_context(Map.from_id(number, read_only=True)) for number in maps]
        asked = [*_fields(type_), *_helpers(), *_divisions(), *filter(None, map(_lookup, opened))]
        writer = _writer(type_)
        *read, begun = _read_back(type_, [*asked, writer or _Probe(())])
    found = list(_made(asked, read))
    if writer is not None and (prologue := begun[: -len(writer.original) - len(_RETURN)]):
        found.append(Rewriting((), prologue, frozenset(), None))
    return tuple(sorted(found, key=lambda each: -len(each.made)))


def _fields(type_: ProgramType) -> Iterator[_Probe]:
    """Iterate over the accesses of a context."""
    for field in context_fields(type_):
        sizes = [field.width]
        if field.name == "cb":
            sizes = [1, 2, 4, 8]  # bytes that are the program's own, to be read and written in any size
        for size in sizes:
            for offset in range(field.offset, field.offset + field.size - size + 1, size):
                yield from _accesses(offset, _SIZES[size])


def _accesses(offset: int, size: Size) -> Iterator[_Probe]:
    both, one = frozenset({_FIRST, _SECOND}), frozenset({_FIRST})
    load = Class.LDX | Mode.MEM | size
    yield _Probe((Instruction(load, _SECOND, _FIRST, offset),), variables=both, is_of_context=True)
    yield _Probe((Instruction(load, _FIRST, _FIRST, offset),), variables=one, is_of_context=True)
    known = (Instruction(Class.ALU64 | AluOp.MOV, _SECOND, imm=1),)
    yield _Probe((Instruction(Class.STX | Mode.MEM | size, _FIRST, _SECOND, offset),), known, both, is_of_context=True)
    store = Instruction(Class.ST | Mode.MEM | size, _FIRST, offset=offset, imm=_IMMEDIATE)
    yield _Probe((store,), variables=one, is_of_context=True)


def _helpers() -> Iterator[_Probe]:
    """Iterate over the calls of helpers that are given nothing: some of them are written out."""
    for number in range(1, len(HELPERS)):
        helper = find_helper(number)
        if helper is not None and not helper.parameters:
            yield _Probe((Instruction(CALL, imm=number),))


def _divisions() -> Iterator[_Probe]:
    """Iterate over the divisions, which are zero where the divisor is."""
    both = frozenset({_FIRST, _SECOND})
    for kind in (Class.ALU64, Class.ALU):
        for operation in (AluOp.DIV, AluOp.MOD):
            for is_signed in (0, 1):
                # The divisor must be none that the verifier knows.
                unknown = Instruction(CALL, imm=HELPERS.index("bpf_ktime_get_ns"))
                first = Instruction(Class.ALU64 | AluOp.MOV | Source.X, _FIRST, 0)
                second = Instruction(Class.ALU64 | AluOp.MOV | Source.X, _SECOND, 0)
                division = Instruction(kind | operation | Source.X, _SECOND, _FIRST, is_signed)
                yield _Probe((division,), (unknown, first, second), both)


def _lookup(map_: Map) -> _Probe | None:
    """Return a look-up in a map."""
    size = map_.spec.key_size
    room = -(-size // 8) * 8
    if not 0 < room <= _STACK:
        return None
    zeros = [Instruction(Class.ST | Mode.MEM | Size.DW, 10, offset=-offset) for offset in range(8, room + 1, 8)]
    key = [
        Instruction(Class.ALU64 | AluOp.MOV | Source.X, 2, 10),
        Instruction(Class.ALU64 | AluOp.ADD, 2, imm=-room),
        Instruction(LD_IMM64, 1, _MAP_FD, imm=map_.fileno(), next_imm=0),
    ]
    return _Probe((Instruction(CALL, imm=_LOOKUP),), (*zeros, *key))


def _made(asked: Sequence[_Probe], read: Sequence[tuple[Piece, ...]]) -> Iterator[Rewriting]:
    """Iterate over what the kernel makes of probes, of those that it takes and rewrites.

    A field of the context may lie where the kernel's own form has it, too: that is known only of what is asked.
    """
    for probe, pieces_ in zip(asked, read, strict=True):
        made = pieces_[len(probe.before) : -len(_RETURN)]
        if not made or (not probe.is_of_context and [each.insn for each in made] == [*probe.original]):
            continue
        context = next((at for at, each in enumerate(made) if _is_memory(each.insn)), 0)
        yield Rewriting(probe.original, made, probe.variables, context if probe.is_of_context else None)


def _is_memory(insn: Instruction) -> bool:
    return insn.opcode & 7 in (Class.LDX, Class.ST, Class.STX)


def _writer(type_: ProgramType) -> _Probe | None:
    """Return a program that writes to its packet: the kernel puts something in front of one; None where none may."""
    fields = {field.name: field.offset for field in context_fields(type_)}
    if not {"data", "data_end"} <= fields.keys():
        return None
    word = Class.LDX | Mode.MEM | Size.W
    return _Probe(
        (
            Instruction(word, 2, 1, fields["data"]),
            Instruction(word, 3, 1, fields["data_end"]),
            Instruction(Class.ALU64 | AluOp.MOV | Source.X, 4, 2),
            Instruction(Class.ALU64 | AluOp.ADD, 4, imm=1),
            Instruction(Class.JMP | JmpOp.JGT | Source.X, 4, 3, 1),
            Instruction(Class.ST | Mode.MEM | Size.B, 2),
        )
    )


def _read_back(type_: ProgramType, probes_: Sequence[_Probe]) -> list[tuple[Piece, ...]]:
    """Return what the kernel makes of each, nothing where it takes it not; all are closed again."""
    attach_type = probes.usual_attach_type(type_)
    ids: list[int | None] = []
    with ExitStack() as stack:
        for probe in probes_:
            code = b"".join(each.encode(sys.byteorder) for each in (*probe.before, *probe.original, *_RETURN))
            fd, _, _ = probes.load_program(type_, code, attach_type=attach_type)
            if fd < 0:
                ids.append(None)
                continue
            stack.callback(os.close, fd)
            info = BpfProgInfo()
            fill(fd, info)
            ids.append(info.id)
        found = loaded_spec(Loaded([number for number in ids if number is not None]), "probes")
        programs = {number: found.programs[name] for name, number in found.program_ids.items()}
        return [() if number is None else tuple(piece for _, piece in pieces(programs[number])) for number in ids]


def pieces(program: ProgramSpec) -> Iterator[tuple[int, Piece]]:
    """Iterate over a program's instructions with their slots."""
    references = program.linked.references
    for slot, insn in instructions(program.code, program.byte_order):
        reference = references.get(slot)
        yield slot, Piece(insn, "" if reference is None else reference.name)
