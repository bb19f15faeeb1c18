"""What is loaded, as its object had it: code with the kernel's rewriting undone, which the built-in machine runs.

What the kernel makes of instructions is known from `rewriting`. Wherever it stands in a program, the instruction stands
that it was made of; what was removed as dead stays gone, and CO-RE relocations stay applied. What cannot be undone is
refused: a run of it would tell something else than the program does.
"""

from __future__ import annotations

import sys
from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from ..analysis.facts import ProgramFacts
from ..analysis.lattice import Place
from ..asm.opcodes import CALL, GOTOL, LD_IMM64, Class, Source
from ..btf import Kind
from ..btf.kernel import vmlinux
from ..btf.path import part_at
from ..context.fields import CONTEXTS, KERNEL_CONTEXTS, context_field
from ..errors import BpftuiError, FeatureError
from ..helpers.names import HELPERS, helper_name
from ..kernel.map import Map
from ..spec import MapType, Reference, ReferenceKind
from ..spec.document import document_of
from ..spec.program import Function, LinkedCode
from .rewriting import pieces, rewritings_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..asm import Instruction
    from ..spec import ProgramSpec
    from .loaded import LoadedSpec
    from .rewriting import Piece, Rewriting

__all__ = ["restored", "wholly_restored"]

_ALU_AND_JUMPS: Final = frozenset({Class.ALU, Class.ALU64, Class.JMP, Class.JMP32})
_MEMORY: Final = frozenset({Class.LDX, Class.STX})
_INSTEAD: Final = "give the object file, and what its maps hold with --maps"
_LEGACY_LOAD: Final = "bpf_skb_load_helper_"
"""What functions are called that the kernel has written such loads out with (`bpf_gen_ld_abs`)."""
_SOCKETS: Final = frozenset({"sk", "migrating_sk"})
"""Fields of contexts that lead to sockets."""
_RETURN_SOCKETS: Final = frozenset(
    HELPERS.index(f"bpf_{name}")
    for name in ("sk_lookup_tcp", "sk_lookup_udp", "skc_lookup_tcp", "sk_fullsock", "get_listener_sock", "tcp_sock")
)
"""Helpers that return sockets, whose fields are rewritten as well."""


class _Undone(NamedTuple):
    """Something that the kernel has rewritten, where it stands."""

    stop: int
    """The index of the piece behind it."""
    original: tuple[Instruction, ...]


def restored(spec: LoadedSpec, name: str) -> LoadedSpec:
    """Return the same with one program alone, whose code is as an object has it.

    Args:
        spec: What is loaded.
        name: The program.

    Raises:
        FeatureError: Something in it cannot be undone, or the kernel hides what is called.
        UnknownNameError: There is no such program.
        NoPermissionError, LoadError: The kernel said no.
    """
    program = _restored(spec, name)
    found = copy(spec)
    found.programs = {name: program}
    found.program_ids = {name: spec.program_ids[name]}
    found.file = found.title  # `id:42` would be opened as what is loaded
    found.raw = document_of(found)
    return found


def wholly_restored(spec: LoadedSpec) -> tuple[LoadedSpec, list[BpftuiError]]:
    """Return the same with all programs as their objects had them, and why some are as the verifier made them."""
    problems: list[BpftuiError] = []
    programs = dict(spec.programs)
    for name in spec.programs:
        try:
            programs[name] = _restored(spec, name)
        except BpftuiError as error:
            problems.append(error)
    found = copy(spec)
    found.programs, found.raw = programs, None
    return found, problems


def _restored(spec: LoadedSpec, name: str) -> ProgramSpec:
    program = spec.program(name)
    if not program.code:
        raise FeatureError(f"the code of {name} is hidden from this user", hint="that takes CAP_BPF")
    for each in program.linked.maps:
        if spec.maps[each].type == MapType.ARENA:
            raise FeatureError(
                f"the code of {name} cannot be restored from what the kernel has made of it: its pointers into the "
                f"arena {each} are none any more",
                hint=_INSTEAD,
            )
    used = [spec.map_ids[each] for each in program.linked.maps]
    inner = [number for each in program.linked.maps if (number := _inner(spec, each))]
    linked = _Restoring(spec, program, rewritings_of(program.type, [*used, *inner])).linked()
    return replace(program, translated=False, link=lambda: linked)


def _inner(spec: LoadedSpec, name: str) -> int:
    """Return the id of a map within a map, all of which are alike; 0 where there is none."""
    if not spec.maps[name].type.holds_maps:
        return 0
    with Map.from_id(spec.map_ids[name], read_only=True) as outer:
        entries = outer.elements.snapshot(limit=1).entries
    return int.from_bytes(entries[0].values[0], sys.byteorder) if entries else 0


class _Restoring:
    """One program's code, being restored."""

    def __init__(self, spec: LoadedSpec, program: ProgramSpec, rewritings: Sequence[Rewriting]) -> None:
        self._program = program
        found = list(pieces(program))
        self._slots = [slot for slot, _ in found]
        self._pieces = [piece for _, piece in found]
        self._rewritings = rewritings
        self._accesses = dict(ProgramFacts(program, spec.maps, losses=False).accesses())
        self._from: dict[int, list[int]] = {}
        """Where jumps are that lead to a slot."""
        for slot, (insn, _) in found:
            if (target := insn.jump_target(slot)) is not None:
                self._from.setdefault(target, []).append(slot)

    def linked(self) -> LinkedCode:
        """Return the code as an object has it."""
        undone = self._undone()
        self._check(undone)
        return self._written(undone)

    def _undone(self) -> dict[int, _Undone]:
        """Return what is to be undone, by the index of the piece that it begins with."""
        found: dict[int, _Undone] = {}
        index = 0
        while index < len(self._pieces):
            here = self._at(index)
            if here is None:
                index += 1
            else:
                found[index] = here
                index = here.stop
        return found

    def _at(self, index: int) -> _Undone | None:
        for each in self._rewritings:
            if not each.original and index:
                continue  # what a program begins with
            bound = self._bound(each, index)
            if bound is not None:
                registers, immediate = bound
                original = tuple(_with(insn, registers, immediate) for insn in each.original)
                return _Undone(index + len(each.made), original)
        return None

    def _bound(self, rewriting: Rewriting, index: int) -> tuple[Mapping[int, int], int] | None:
        """Return which registers stand for those of a rewriting that stands at an index, and what it stores."""
        made = rewriting.made
        stop = index + len(made)
        if stop > len(self._pieces):
            return None
        registers: dict[int, int] = {}
        immediate = 0
        for wanted, found in zip(made, self._pieces[index:stop], strict=True):
            if not _alike(wanted, found, registers, rewriting.variables):
                return None
            if wanted.insn.opcode & 7 == Class.ST:
                immediate = found.insn.imm
        inside = self._slots[index:stop]
        if any(come not in inside for slot in inside[1:] for come in self._from.get(slot, ())):
            return None
        at = rewriting.context
        if at is not None and not self._is_of_context(self._slots[index + at]):
            return None
        return registers, immediate

    def _is_of_context(self, slot: int) -> bool:
        access = self._accesses.get(slot)
        return access is not None and access.address.place is Place.CONTEXT

    def _check(self, undone: Mapping[int, _Undone]) -> None:
        """Refuse what cannot be undone."""
        program = self._program
        known = {index for start, each in undone.items() for index in range(start, each.stop)}
        kernels = KERNEL_CONTEXTS.get(program.type)
        for index, slot in enumerate(self._slots):
            insn, name = self._pieces[index]
            if insn.opcode == CALL and not insn.src and not insn.imm and not name:
                raise FeatureError(
                    f"the kernel hides what instruction {slot} of {program.name} calls",
                    hint="kernel.kptr_restrict=0, or CAP_SYSLOG where it is 1, shows it",
                )
            if insn.opcode == CALL and not insn.src and insn.imm in _RETURN_SOCKETS:
                raise self._refused(slot, f"{helper_name(insn.imm)}() returns a socket")
            if name.startswith(_LEGACY_LOAD):
                raise self._refused(slot, "it is part of a load of the packet by LD_ABS or LD_IND")
            if kernels and index not in known and self._is_of_context(slot):
                raise self._refused(slot, f"it accesses {self._member(kernels, slot)} in a way that is not known")
        for start, each in undone.items():
            for insn in each.original:
                if (
                    kernels
                    and insn.opcode & 7 == Class.LDX
                    and (context_field(program, insn.offset, 8) or "") in _SOCKETS
                ):
                    raise self._refused(self._slots[start], f"{CONTEXTS[program.type]}.sk is a socket")

    def _member(self, struct: str, slot: int) -> str:
        access = self._accesses[slot]
        try:
            btf = vmlinux()
        except BpftuiError:
            return f"byte {access.address.offset} of struct {struct}"
        found = btf.find(struct, Kind.STRUCT)
        part = None if found is None else part_at(btf, found, access.address.offset, access.size)
        return f"struct {struct}{part.path}" if part is not None else f"byte {access.address.offset} of struct {struct}"

    def _refused(self, slot: int, why: str) -> FeatureError:
        return FeatureError(
            f"the code of {self._program.name} cannot be restored from what the kernel has made of it: instruction "
            f"{slot}: {why}",
            hint=_INSTEAD,
        )

    def _written(self, undone: Mapping[int, _Undone]) -> LinkedCode:
        """Write the code anew, and with it all that says where something stands."""
        old = self._program.linked
        kept: list[tuple[int, Instruction]] = []
        """Old slots and instructions; what was undone stands where it began."""
        index = 0
        while index < len(self._pieces):
            here = undone.get(index)
            kept += [
                (self._slots[index], each) for each in ([self._pieces[index].insn] if here is None else here.original)
            ]
            index = index + 1 if here is None else here.stop
        at: dict[int, int] = {}
        """New slots by old ones; what is gone leads to what comes behind it."""
        new = 0
        for slot, insn in kept:
            at.setdefault(slot, new)
            new += insn.slots
        size = old.insns
        for slot in range(size, -1, -1):
            at.setdefault(slot, at.get(slot + 1, new))
        started = {self._slots[index] for index in undone}
        code = bytearray()
        references: dict[int, Reference] = {}
        for slot, insn in kept:
            here = len(code) // 8
            reference = None if slot in started else old.references.get(slot)
            if reference is not None:
                if reference.kind in (ReferenceKind.CALL, ReferenceKind.FUNCTION):
                    reference = reference._replace(offset=at[reference.offset])
                    insn = insn._replace(imm=reference.offset - here - 1)
                elif insn.opcode == LD_IMM64:
                    insn = insn._replace(imm=0)  # the id of a map, which is no part of the code
                references[here] = reference
            elif insn.is_jump and slot not in started:
                distance = insn.imm if insn.opcode == GOTOL else insn.offset
                distance = at[slot + 1 + distance] - here - 1
                insn = insn._replace(imm=distance) if insn.opcode == GOTOL else insn._replace(offset=distance)
            code += insn.encode(self._program.byte_order)
        functions = tuple(
            Function(each.name, at[each.start], at[each.stop] - at[each.start], "", 0, each.type_id)
            for each in old.functions
        )
        lines = {at[line.slot]: line._replace(slot=at[line.slot]) for line in old.line_infos}
        return LinkedCode(bytes(code), functions, references, line_infos=list(lines.values()))


def _alike(wanted: Piece, found: Piece, registers: dict[int, int], variables: frozenset[int]) -> bool:
    """Whether an instruction is another one but for registers that are bound on the way."""
    a, b = wanted.insn, found.insn
    kind = a.opcode & 7
    if (a.opcode, a.offset, a.next_imm, wanted.name) != (b.opcode, b.offset, b.next_imm, found.name):
        return False
    if a.imm != b.imm and kind != Class.ST:
        return False
    if a.opcode in (CALL, LD_IMM64):
        return (a.dst, a.src) == (b.dst, b.src)
    pairs = [(a.dst, b.dst)]
    if kind in _MEMORY or (kind in _ALU_AND_JUMPS and a.opcode & Source.X):
        pairs.append((a.src, b.src))
    return all((registers.setdefault(one, other) if one in variables else one) == other for one, other in pairs)


def _with(insn: Instruction, registers: Mapping[int, int], immediate: int) -> Instruction:
    """Return an instruction of a rewriting with what stands for its registers, and for what it stores."""
    if insn.opcode in (CALL, LD_IMM64):
        return insn
    imm = immediate if insn.opcode & 7 == Class.ST else insn.imm
    return insn._replace(dst=registers.get(insn.dst, insn.dst), src=registers.get(insn.src, insn.src), imm=imm)
