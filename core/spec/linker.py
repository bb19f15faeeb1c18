"""The linker: a program's instructions as they will be loaded, its subprograms appended, names kept beside them.

What each relocation means is fixed by LLVM (`llvm/docs/…/BPF relocations`, Documentation/bpf/llvm_reloc.rst): a call's
target is its symbol plus (imm + 1) instructions, a 64-bit immediate's its symbol plus imm bytes.
"""

from __future__ import annotations

import bisect
from typing import TYPE_CHECKING, Final

from ..elf import Relocation, SymbolType
from ..errors import ObjectError
from .program import (
    INSN_SIZE,
    CoreRelocation,
    Function,
    LineInfo,
    LinkedCode,
    Reference,
    ReferenceKind,
)
from .source import SourceTexts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..dwarf import Dwarf
    from ..elf import Section, Symbol
    from .object import FunctionRange, ObjectFile

__all__ = ["ExternPlace", "Linker"]

_CALL: Final = 0x85
_LD_IMM64: Final = 0x18
_PSEUDO_CALL: Final = 1
_PSEUDO_FUNC: Final = 4
_MAX_INSNS: Final = 16_000_000
"""The kernel takes 1,000,000; beyond this a chain of overlapping functions is taken for damage."""

ExternPlace = tuple[ReferenceKind, str | None, int, bool]
"""What an undefined symbol is: its kind, the map that holds it (`.kconfig`), its offset there, whether it is weak."""


class Linker:
    """Links the programs of one object.

    Args:
        obj: The object.
        externs: What its undefined symbols stand for, by name.
    """

    def __init__(self, obj: ObjectFile, externs: Mapping[str, ExternPlace]) -> None:
        self.obj = obj
        self.externs = externs
        self._relocations: dict[int, tuple[list[int], list[Relocation]]] = {}

    def link(self, entry: FunctionRange) -> LinkedCode:
        """Return the linked code of a program; what cannot be resolved is noted in its `problem`."""
        return _Link(self, entry).result()

    def relocations(self, section: Section, start: int, stop: int) -> list[Relocation]:
        """Return the relocations of these bytes of a section, sorted by offset."""
        if section.number not in self._relocations:
            found = sorted(self.obj.elf.relocations(section), key=lambda item: item.offset)
            self._relocations[section.number] = ([item.offset for item in found], found)
        offsets, found = self._relocations[section.number]
        return found[bisect.bisect_left(offsets, start) : bisect.bisect_left(offsets, stop)]


class _Link:
    """One program being linked."""

    def __init__(self, linker: Linker, entry: FunctionRange) -> None:
        self.linker = linker
        self.obj = linker.obj
        self.elf = linker.obj.elf
        self.order: Final = self.elf.byte_order
        self.code = bytearray()
        self.functions: list[Function] = []
        self.ranges: list[FunctionRange] = []
        self.references: dict[int, Reference] = {}
        self.problem: str | None = None
        self.starts: dict[tuple[int, int], int] = {}
        self.patches: list[tuple[int, FunctionRange, ReferenceKind]] = []
        self.queue = [entry]

    def result(self) -> LinkedCode:
        while self.queue:
            item = self.queue.pop(0)
            if (item.section.number, item.start) not in self.starts:
                try:
                    self.append(item)
                except ObjectError as error:
                    self.problem = self.problem or error.message
        for slot, target, kind in self.patches:
            self.patch(slot, target, kind)
        ranges, functions = tuple(self.ranges), tuple(self.functions)
        return LinkedCode(
            bytes(self.code),
            functions,
            self.references,
            self.problem,
            lambda: _line_infos(self.obj, ranges, functions),
            lambda: _core_relocations(self.obj, ranges, functions),
        )

    def note(self, section: Section, offset: int, reason: str) -> None:
        """Keep the first problem: it is what a user has to mend first."""
        self.problem = self.problem or self.elf.error(reason, section.name, offset).message

    def append(self, item: FunctionRange) -> None:
        section = item.section
        self.obj.check_code(section)
        contents = self.elf.contents(section)
        if item.start % INSN_SIZE or (item.stop - item.start) % INSN_SIZE:
            raise self.elf.error(f"function {item.name} is no whole number of instructions", section.name, item.start)
        start = len(self.code) // INSN_SIZE
        if start + (item.stop - item.start) // INSN_SIZE > _MAX_INSNS:
            raise self.elf.error(f"function {item.name} makes the program too long", section.name, item.start)
        self.starts[section.number, item.start] = start
        self.code += contents[item.start : item.stop]
        self.ranges.append(item)
        self.functions.append(
            Function(
                item.name,
                start,
                (item.stop - item.start) // INSN_SIZE,
                section.name,
                item.start,
                self.obj.function_types.get(item.name, 0),
                is_global=item.symbol is None or item.symbol.is_exported,
            )
        )
        relocated: set[int] = set()
        for relocation in self.linker.relocations(section, item.start, item.stop):
            relocated.add(relocation.offset)
            self.relocate(item, start, relocation)
        self.local_calls(item, start, relocated)

    def local_calls(self, item: FunctionRange, start: int, relocated: set[int]) -> None:
        """Find the calls that the compiler resolved by itself: those within their section."""
        opcodes = bytes(self.code[start * INSN_SIZE :: INSN_SIZE])
        at = opcodes.find(_CALL)
        while at >= 0:
            offset = item.start + at * INSN_SIZE
            slot = start + at
            if offset not in relocated and self.source(slot) == _PSEUDO_CALL:
                self.call(item, slot, item.section.number, offset + (self.imm(slot) + 1) * INSN_SIZE)
            at = opcodes.find(_CALL, at + 1)

    def relocate(self, item: FunctionRange, start: int, relocation: Relocation) -> None:
        section = item.section
        if relocation.offset % INSN_SIZE or relocation.symbol >= len(self.obj.symbols):
            self.note(section, relocation.offset, "a relocation points to no instruction or no symbol")
            return
        symbol = self.obj.symbols[relocation.symbol]
        slot = start + (relocation.offset - item.start) // INSN_SIZE
        opcode = self.code[slot * INSN_SIZE]
        imm = self.imm(slot) + relocation.addend
        if symbol.section == 0:
            self.extern(item, slot, symbol, relocation.offset, imm)
        elif opcode == _CALL:
            self.call(item, slot, symbol.section, symbol.value + (imm + 1) * INSN_SIZE)
        elif opcode == _LD_IMM64:
            self.address(item, slot, symbol, relocation.offset, imm)
        else:
            self.note(section, relocation.offset, f"a relocation of opcode {opcode:#04x} makes no sense")

    def address(self, item: FunctionRange, slot: int, symbol: Symbol, offset: int, imm: int) -> None:
        """Resolve the 64-bit immediate that is the address of a map, of data, or of a function."""
        index, place = symbol.section, symbol.value + imm
        if index in self.obj.functions:
            target = self.obj.function_at(index, place)
            if target is None:
                self.note(
                    item.section,
                    offset,
                    f"it takes the address of {symbol.name or 'code'}, where no function begins",
                )
                return
            self.later(slot, target, ReferenceKind.FUNCTION)
        elif index in self.obj.data_sections:
            name = self.obj.data_sections[index].name
            if not 0 <= place <= self.obj.data_sections[index].size:
                self.note(
                    item.section,
                    offset,
                    f"it refers to offset {place:#x}, which is outside of section {name}",
                )
                return
            found = self.obj.variable_at(index, place)
            shown, begin = (name, 0) if found is None else found
            self.references[slot] = Reference(ReferenceKind.DATA, shown, name, place, place - begin)
        elif (index, place) in self.obj.maps_at:
            name = self.obj.maps_at[index, place]
            self.references[slot] = Reference(ReferenceKind.MAP, name, name)
        else:
            what = symbol.name or (self.elf.sections[index].name if index < len(self.elf.sections) else "nothing")
            self.note(item.section, offset, f"it refers to {what}, which is neither a map, nor data, nor a function")

    def call(self, item: FunctionRange, slot: int, index: int, place: int) -> None:
        target = self.obj.function_at(index, place)
        if target is None:
            offset = item.start + (slot - self.starts[item.section.number, item.start]) * INSN_SIZE
            self.note(item.section, offset, f"it calls offset {place:#x}, where no function begins")
            return
        self.later(slot, target, ReferenceKind.CALL)

    def later(self, slot: int, target: FunctionRange, kind: ReferenceKind) -> None:
        self.patches.append((slot, target, kind))
        self.queue.append(target)

    def extern(self, item: FunctionRange, slot: int, symbol: Symbol, offset: int, imm: int) -> None:
        if self.code[slot * INSN_SIZE] == _CALL:
            known = self.linker.externs.get(symbol.name)
            if known is None and symbol.type == SymbolType.FUNC:
                self.note(item.section, offset, f"it calls {symbol.name}, which is not in the object")
                return
            weak = known is not None and known[3]
            self.references[slot] = Reference(ReferenceKind.KFUNC, symbol.name, weak=weak)
            return
        known = self.linker.externs.get(symbol.name)
        if known is None:
            self.note(item.section, offset, f"it refers to {symbol.name or 'a symbol'}, which is not in the object")
            return
        kind, map_name, place, weak = known
        self.references[slot] = Reference(
            kind, symbol.name, map_name, place + imm if map_name else 0, imm if map_name else 0, weak
        )

    def source(self, slot: int) -> int:
        registers = self.code[slot * INSN_SIZE + 1]
        return registers >> 4 if self.order == "little" else registers & 0xF

    def imm(self, slot: int) -> int:
        at = slot * INSN_SIZE + 4
        return int.from_bytes(self.code[at : at + 4], self.order, signed=True)

    def patch(self, slot: int, target: FunctionRange, kind: ReferenceKind) -> None:
        """Write the distance to a subprogram, now that its place is known."""
        start = self.starts.get((target.section.number, target.start))
        if start is None:
            return
        self.references[slot] = Reference(kind, target.name, offset=start)
        at = slot * INSN_SIZE
        source = _PSEUDO_CALL if kind is ReferenceKind.CALL else _PSEUDO_FUNC
        registers = self.code[at + 1]
        little = self.order == "little"
        self.code[at + 1] = registers & 0x0F | source << 4 if little else registers & 0xF0 | source
        self.code[at + 4 : at + 8] = (start - slot - 1).to_bytes(4, self.order, signed=True)
        if kind is ReferenceKind.FUNCTION and at + 16 <= len(self.code):
            self.code[at + 12 : at + 16] = bytes(4)


def _line_infos(obj: ObjectFile, ranges: Sequence[FunctionRange], functions: Sequence[Function]) -> Sequence[LineInfo]:
    btf, ext = obj.btf, obj.ext
    if obj.dwarf is not None:
        return _debug_lines(obj, obj.dwarf, ranges, functions)
    if btf is None or ext is None:
        return ()
    return [
        LineInfo(
            function.start + (record.offset - item.start) // INSN_SIZE,
            btf.name(record.file),
            record.line,
            record.column,
            btf.name(record.source),
            record.file,
            record.source,
        )
        for item, function in zip(ranges, functions, strict=True)
        for record in ext.lines(item.section.name, item.start, item.stop)
    ]


def _debug_lines(
    obj: ObjectFile, dwarf: Dwarf, ranges: Sequence[FunctionRange], functions: Sequence[Function]
) -> Sequence[LineInfo]:
    """Return the same from DWARF; the text of a line where its file is on this machine."""
    texts = SourceTexts(obj.elf.file)
    found: list[LineInfo] = []
    for item, function in zip(ranges, functions, strict=True):
        rows = dwarf.lines(item.section.number)
        first = bisect.bisect_left(rows, item.start, key=lambda row: row.offset)
        for row in rows[first : bisect.bisect_left(rows, item.stop, key=lambda row: row.offset)]:
            slot = function.start + (row.offset - item.start) // INSN_SIZE
            found.append(LineInfo(slot, row.file.path, row.line, row.column, texts.line(row.file, row.line)))
    obj.note_debug()
    return found


def _core_relocations(
    obj: ObjectFile, ranges: Sequence[FunctionRange], functions: Sequence[Function]
) -> Sequence[CoreRelocation]:
    btf, ext = obj.btf, obj.ext
    if btf is None or ext is None:
        return ()
    return [
        CoreRelocation(
            function.start + (record.offset - item.start) // INSN_SIZE,
            record.type_id,
            btf.name(record.access),
            record.kind,
            record.access,
        )
        for item, function in zip(ranges, functions, strict=True)
        for record in ext.core(item.section.name, item.start, item.stop)
    ]
