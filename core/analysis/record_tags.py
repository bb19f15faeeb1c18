"""What tells records of several structures apart: a member that they have at the same place, of another value in each.

It is found by what programs write: between a reservation and its end, or on the stack before a record is sent, each
place writes constants, and where those of one member differ from structure to structure, it is the tag.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ..asm import instructions
from ..asm.opcodes import CALL, FRAME_POINTER, INSN_SIZE, LD_IMM64, SIZES, AluOp, Class, Mode, Size, Source

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from ..asm import Instruction
    from ..asm.flow import FlowGraph
    from ..btf import CType
    from ..spec.program import ProgramSpec

__all__ = ["Store", "Tag", "stores_before", "stores_behind", "tag_of"]

_MOST: Final = 4096
"""Instructions that are looked at around one place that writes a record."""
_WIDTHS: Final = frozenset({1, 2, 4, 8})


class Store(NamedTuple):
    """Bytes of a record that a program writes."""

    offset: int
    size: int
    value: int | None
    """Unsigned; None where it is no constant."""


class Tag(NamedTuple):
    """The member that tells what a record is."""

    name: str
    """As C has it: `kind`, `header.type`."""
    offset: int
    size: int
    byte_order: str
    kinds: tuple[tuple[int, int], ...]
    """Its values, unsigned, each with the number of the structure that has it."""

    def of(self, raw: bytes) -> int | None:
        """Return the number of the structure that a record is; None where no program was seen to write such a one."""
        found = raw[self.offset : self.offset + self.size]
        if len(found) < self.size:
            return None
        value = int.from_bytes(found, "big" if self.byte_order == "big" else "little")
        return next((number for known, number in self.kinds if known == value), None)


def tag_of(kinds: Sequence[tuple[CType, Sequence[Sequence[Store]]]]) -> Tag | None:
    """Return what tells structures apart, each given with what the places write that send it; None where nothing does.

    Of several members it is the first that is an enumeration, else the first.
    """
    (first, _), *others = kinds
    shared = [{(offset, leaf.size) for _, leaf, offset in ctype.leaves()} for ctype, _ in others]
    order = first.btf.byte_order
    for path, leaf, offset in sorted(first.leaves(), key=lambda each: not each[1].enumerators):
        place = offset, leaf.size
        if leaf.size not in _WIDTHS or not all(place in each for each in shared):
            continue
        found: dict[int, int] = {}
        for number, (_, sites) in enumerate(kinds):
            values = _values(sites, *place, order)
            if not values or not found.keys().isdisjoint(values):
                break
            found |= dict.fromkeys(values, number)
        else:
            return Tag(path.removeprefix("."), offset, leaf.size, order, tuple(sorted(found.items())))
    return None


def _values(sites: Sequence[Sequence[Store]], offset: int, size: int, order: str) -> set[int]:
    """Return what all places write into a member; nothing where one of them writes what is not known, or nothing."""
    found: set[int] = set()
    for stores in sites:
        here: set[int] = set()
        for store in stores:
            if store.offset + store.size <= offset or offset + size <= store.offset:
                continue
            if store.value is None or store.offset > offset or store.offset + store.size < offset + size:
                return set()
            behind = store.offset + store.size - offset - size if order == "big" else offset - store.offset
            here.add(store.value >> 8 * behind & (1 << 8 * size) - 1)
        if not here:
            return set()
        found |= here
    return found


def stores_behind(program: ProgramSpec, graph: FlowGraph, call: int) -> list[Store]:
    """Return what is written into what a helper gave that is called at slot *call*, until it is handed to another one.

    Args:
        program: The program.
        graph: The function that calls it.
        call: Where the helper is called, which returns a pointer to the record.
    """
    walk = _Walk(program, {0: 0}, graph.targets)
    for slot, insn in walk.instructions(call + 1, graph.stop):
        if insn.opcode == CALL and 1 in walk.pointers:
            break
        walk.take(slot, insn)
        if not walk.pointers and not walk.spilled:
            break
    return walk.stores


def stores_before(program: ProgramSpec, graph: FlowGraph, call: int, offset: int, size: int) -> list[Store]:
    """Return what is written last to the stack before a helper sends it, on the only way to there.

    Args:
        program: The program.
        graph: The function that calls the helper.
        call: Where it is called.
        offset: Where the record begins, from the end of the stack's frame: negative.
        size: How many bytes it has.
    """
    walk = _Walk(program, {FRAME_POINTER: -offset}, graph.targets)
    # Before that, other ways lead to the call, on which something else may be written.
    begin = max((slot for slot in graph.targets if slot <= call), default=graph.start)
    for slot, insn in walk.instructions(begin, call):
        walk.take(slot, insn)
    last: dict[tuple[int, int], Store] = {}
    for store in walk.stores:
        if 0 <= store.offset <= size - store.size:
            last[store.offset, store.size] = store
    return [*last.values()]


class _Walk:
    """One pass over instructions in their order, which knows pointers into a record, and constants.

    Args:
        program: The program.
        pointers: Registers that lead into the record, each with where in it.
        joins: Where other ways may come from.
    """

    def __init__(self, program: ProgramSpec, pointers: Mapping[int, int], joins: Collection[int]) -> None:
        self._program = program
        self.pointers = dict(pointers)
        self.spilled: dict[int, int] = {}
        """Pointers that are kept on the stack, by where."""
        self.stores: list[Store] = []
        self._constants: dict[int, int] = {}
        self._joins = joins

    def instructions(self, start: int, stop: int) -> Iterator[tuple[int, Instruction]]:
        """Iterate over some instructions, not too many, each with its slot."""
        stop = min(stop, start + _MOST)
        return instructions(self._program.code, self._program.byte_order, start, stop)

    def take(self, slot: int, insn: Instruction) -> None:
        """Follow what an instruction does."""
        if slot in self._joins:
            self._constants.clear()
        class_ = insn.opcode & 7
        if insn.opcode == CALL:
            for register in range(6):
                self._set(register)
        elif insn.opcode == LD_IMM64:
            self._set(insn.dst, constant=insn.imm64 if not insn.src else None)
        elif class_ in (Class.ALU, Class.ALU64):
            self._arithmetic(insn, 32 if class_ == Class.ALU else 64)
        elif class_ == Class.LDX:
            is_kept = insn.src == FRAME_POINTER and insn.opcode & 0xE0 == Mode.MEM and insn.opcode & 0x18 == Size.DW
            self._set(insn.dst, pointer=self.spilled.get(insn.offset) if is_kept else None)
        elif class_ in (Class.ST, Class.STX):
            self._store(insn)

    def _set(self, register: int, *, pointer: int | None = None, constant: int | None = None) -> None:
        for known, value in ((self.pointers, pointer), (self._constants, constant)):
            if value is None:
                known.pop(register, None)
            else:
                known[register] = value

    def _arithmetic(self, insn: Instruction, bits: int) -> None:
        operation, is_register = insn.opcode & 0xF0, bool(insn.opcode & Source.X)
        if operation == AluOp.MOV and not insn.offset:
            constant = self._constants.get(insn.src) if is_register else insn.imm
            pointer = self.pointers.get(insn.src) if is_register and bits == 64 else None
            self._set(insn.dst, pointer=pointer, constant=None if constant is None else constant & (1 << bits) - 1)
        elif operation == AluOp.ADD and not is_register and bits == 64 and insn.dst in self.pointers:
            self._set(insn.dst, pointer=self.pointers[insn.dst] + insn.imm)
        else:
            self._set(insn.dst)

    def _store(self, insn: Instruction) -> None:
        size = SIZES[insn.opcode & 0x18]
        is_plain = insn.opcode & 0xE0 == Mode.MEM
        is_register = insn.opcode & 7 == Class.STX
        if insn.dst == FRAME_POINTER and FRAME_POINTER not in self.pointers:
            kept = self.pointers.get(insn.src) if is_plain and is_register and size == INSN_SIZE else None
            if kept is None:
                self.spilled.pop(insn.offset, None)
            else:
                self.spilled[insn.offset] = kept
        elif insn.dst in self.pointers:
            value = None
            if is_plain:
                value = self._constants.get(insn.src) if is_register else insn.imm
            value = None if value is None else value & (1 << 8 * size) - 1
            self.stores.append(Store(self.pointers[insn.dst] + insn.offset, size, value))
