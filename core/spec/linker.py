"""The linker: a program's instructions as they will be loaded, its subprograms appended, names kept beside them.

What each relocation means is fixed by LLVM (`llvm/docs/…/BPF relocations`, Documentation/bpf/llvm_reloc.rst): a call's
target is its symbol plus (imm + 1) instructions, a 64-bit immediate's its symbol plus imm bytes.
"""

from __future__ import annotations

import bisect
import contextlib
import re
import struct
from collections import deque
from functools import cached_property
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, TypeVar

from ..asm.opcodes import CALL, LD_IMM64
from ..elf import SHN_ABS, SHN_COMMON, SymbolType
from ..errors import ObjectError
from ..limits import Budget
from .functions import FunctionRange
from .jump_tables import SECTION as JUMP_TABLES
from .jump_tables import table_reference
from .linked_pieces import Call, CodeSection, LinkedPieces, Piece
from .program import (
    INSN_SIZE,
    Function,
    LinkedCode,
    Reference,
    ReferenceKind,
)
from .windows import helper_call

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..elf import Section, Symbol
    from .object import ObjectFile

__all__ = ["UNPLACED", "ExternPlace", "Linker"]

_COMMENT: Final = 64
"""Bytes at the start of .comment that are looked at."""
_LINK_IT: Final = " (if it is one of several parts, link them: bpftool gen object)"
UNPLACED: Final = "has no place in the object (a common symbol): compile with -fno-common, or give it a value"
"""Of a symbol whose section is SHN_COMMON; no loader places it (libbpf: "pointing to invalid section #65522")."""
_FUNCTIONS: Final = 1 << 17
_EACH: Final = 64
"""Functions that all programs have together, and as many more for each symbol."""
_MAX_INSNS: Final = 16_000_000
"""The kernel takes 1,000,000; beyond this a chain of overlapping functions is taken for damage."""

ExternPlace = tuple[ReferenceKind, str | None, int, bool]
"""What an undefined symbol is: its kind, the map that holds it (`.kconfig`), its offset there, whether it is weak."""


class Linker:
    """Links the programs of one object.

    A section is looked at once, however many programs call its functions. A program's code is put together when it is
    first looked at, since its size, its functions and its maps can be told without.

    Args:
        obj: The object.
        externs: What its undefined symbols stand for, by name.
    """

    def __init__(self, obj: ObjectFile, externs: Mapping[str, ExternPlace]) -> None:
        self.obj = obj
        self.externs = externs
        self._pieces: dict[FunctionRange, Piece] = {}
        """By identity: aliases lie at the same place and differ in name."""
        self._sections: dict[int, CodeSection] = {}
        self._budget = Budget(
            len(obj.symbols), "the functions of all programs", file=obj.elf.file, least=_FUNCTIONS, each=_EACH
        )
        """Every program may call every function: 30 kB of code can be a gigabyte of programs."""
        self._linked: set[tuple[int, int]] = set()
        self._resolved: dict[tuple[int, int, int], _Target] = {}
        """By symbol, opcode and immediate."""

    def link(self, entry: FunctionRange) -> LinkedCode:
        """Return the linked code of a program; what cannot be resolved is noted in its `problem`."""
        pieces, starts, size = list[Piece](), dict[tuple[int, int], int](), 0
        functions: list[Function] = []
        problem: str | None = None
        is_new = entry.place not in self._linked  # what is linked once more costs what it cost
        self._linked.add(entry.place)
        queue = deque([entry])
        while queue:
            item = queue.popleft()
            if item.place in starts:
                continue
            piece = self._pieces.get(item) or self._piece(item)
            problem = problem or piece.problem
            if piece.section is None:
                continue
            if size + piece.size > _MAX_INSNS:
                reason = f"function {item.name} makes the program too long"
                problem = problem or self.obj.elf.error(reason, item.section.name, item.start).message
                continue
            if pieces and is_new and not self._budget.take():
                problem = problem or self._budget.error().message
                break
            pieces.append(piece)
            functions.append(Function(item.name, size, piece.size, *piece.origin))
            starts[item.place] = size
            size += piece.size
            queue.extend([call.target for call in piece.calls])
        return LinkedPieces(self.obj, pieces, starts, tuple(functions), problem)

    def called(self) -> set[tuple[int, int]]:
        """Return the places of the functions that others call, or take the address of.

        A function that only calls itself is not among them; sections that are damaged tell nothing.
        """
        found: set[tuple[int, int]] = set()
        for section in self.obj.code_sections:
            try:
                if section.number not in self._sections:
                    self._sections[section.number] = self._look_at(section)
            except ObjectError:
                continue
            known = self._sections[section.number]
            for call in (*known.calls, *known.local_calls):
                number, start = call.target.place
                if number != section.number or not start <= call.offset < call.target.stop:
                    found.add(call.target.place)
        return found

    def _piece(self, item: FunctionRange) -> Piece:
        """Return what one function refers to."""
        elf, section = self.obj.elf, item.section
        global_ = item.symbol is None or item.symbol.is_exported
        origin = (section.name, item.start, self.obj.function_types.get(item.name, 0), global_)
        try:
            if item.start == item.stop:
                reason = f"function {item.name} has no instructions: the compiler left none of what is undefined in C"
                raise elf.error(reason, section.name, item.start)
            if item.start % INSN_SIZE or (item.stop - item.start) % INSN_SIZE:
                raise elf.error(f"function {item.name} is no whole number of instructions", section.name, item.start)
            if section.number not in self._sections:
                self._sections[section.number] = self._look_at(section)
            found = self._sections[section.number]
        except ObjectError as error:
            piece = Piece(item, origin, None, slice(0), (), (), error.message)
        else:
            calls = (*_within(found.calls, item), *_within(found.local_calls, item))
            first = bisect.bisect_left(found.offsets, item.start)
            uses = slice(first, bisect.bisect_left(found.offsets, item.stop, first))
            maps = dict.fromkeys(found.maps[uses])
            maps.pop("", None)
            problem = next((reason for _, reason in _within(found.problems, item)), found.problem)
            piece = Piece(item, origin, found, uses, calls, tuple(maps), problem)
        self._pieces[item] = piece
        return piece

    def _look_at(self, section: Section) -> CodeSection:
        """Resolve what the instructions of a section refer to, by relocations and by calls that need none."""
        obj, elf = self.obj, self.obj.elf
        obj.check_code(section)
        found = CodeSection()
        code, end = elf.view(section), section.size
        imm = struct.Struct("<i" if elf.byte_order == "little" else ">i").unpack_from
        resolved = self._resolved
        relocated: set[int] = set()
        for offset, _, symbol, addend in sorted(elf.relocation_rows(section)):
            if offset >= end:
                reason = f"a relocation lies beyond the end of the section, which has {end:#x} bytes"
                found.problem = elf.error(reason, section.name, offset).message
                break
            relocated.add(offset)
            if offset % INSN_SIZE:
                target: _Target = "a relocation points to no instruction"
            else:
                key = (symbol, code[offset], imm(code, offset + 4)[0] + addend)
                target = resolved.get(key) or resolved.setdefault(key, self._resolve(*key))
            if isinstance(target, Reference):
                found.offsets.append(offset)
                found.references.append(target)
                found.maps.append(target.map or "")
            elif isinstance(target, str):
                found.problems.append((offset, elf.error(target, section.name, offset).message))
            else:
                kind = ReferenceKind.CALL if code[offset] == CALL else ReferenceKind.FUNCTION
                found.calls.append(Call(offset, target, kind))
        if obj.for_windows:
            self._add_helpers(found, section, relocated)
        for match in _LOCAL_CALLS[elf.byte_order].finditer(code):
            offset = match.start()
            if offset % INSN_SIZE or offset in relocated:
                continue
            target = self._function(section.number, offset + (imm(code, offset + 4)[0] + 1) * INSN_SIZE)
            if isinstance(target, str):
                found.problems.append((offset, elf.error(target, section.name, offset).message))
            else:
                found.local_calls.append(Call(offset, target, ReferenceKind.CALL))
        found.problems.sort()
        return found

    @cached_property
    def _has_places_in_code(self) -> bool:
        """Whether immediates have the symbol's own value in them: binutils up to 2.40, which gcc 12 assembles with.

        Its later versions write what clang does, so an object where one immediate is too small for that is theirs.
        """
        # What is damaged elsewhere says nothing, and is no reason to refuse this.
        with contextlib.suppress(ObjectError):
            return self._find_places_in_code()
        return False

    def _find_places_in_code(self) -> bool:
        obj, elf = self.obj, self.obj.elf
        comment = elf.by_name.get(".comment")
        if comment is None or b"\0GCC: (" not in b"\0" + bytes(elf.view(comment)[:_COMMENT]):
            return False
        found = False
        for section in obj.code_sections:
            code = elf.view(section)
            for offset, _, index, _ in elf.relocation_rows(section):
                if offset % INSN_SIZE or offset + INSN_SIZE > len(code) or index >= len(obj.symbols):
                    continue
                value = obj.symbols[index].value
                if code[offset] == LD_IMM64 and value:
                    found = True
                    if int.from_bytes(code[offset + 4 : offset + 8], elf.byte_order) < value:
                        return False
        return found

    def _add_helpers(self, found: CodeSection, section: Section, relocated: set[int]) -> None:
        """Add the calls of helpers, whose numbers are Windows' own, to what the instructions of a section refer to."""
        elf = self.obj.elf
        code = elf.view(section)
        rows = list(zip(found.offsets, found.references, found.maps, strict=True))
        for match in _HELPER_CALLS[elf.byte_order].finditer(code):
            offset = match.start()
            if offset % INSN_SIZE or offset in relocated or offset + INSN_SIZE > len(code):
                continue
            number = int.from_bytes(code[offset + 4 : offset + 8], elf.byte_order, signed=True)
            reference, reason = helper_call(number)
            rows.append((offset, reference, ""))
            if reason is not None:
                found.problems.append((offset, elf.error(reason, section.name, offset).message))
        rows.sort(key=_first)
        found.offsets = [row[0] for row in rows]
        found.references = [row[1] for row in rows]
        found.maps = [row[2] for row in rows]

    def _resolve(self, symbol_index: int, opcode: int, imm: int) -> _Target:
        """Return what an instruction with this opcode and immediate means by a symbol, or why it means nothing."""
        if symbol_index >= len(self.obj.symbols):
            return "a relocation points to no symbol"
        symbol = self.obj.symbols[symbol_index]
        if opcode not in (CALL, LD_IMM64):
            return f"a relocation of opcode {opcode:#04x} makes no sense"
        if symbol.section == 0:
            return self._extern(symbol, opcode, imm)
        if opcode == CALL:
            target = self._function(symbol.section, symbol.value + (imm + 1) * INSN_SIZE)
            if isinstance(target, str) and symbol.type == SymbolType.FUNC and imm == symbol.value - 1:
                # The assembler of binutils 2.40 (gcc 12) writes the symbol's own place there once more, in bytes.
                return self._function(symbol.section, symbol.value)
            return target
        return self._address(symbol, imm)

    def _function(self, index: int, place: int) -> FunctionRange | str:
        return self.obj.functions.at(index, place) or f"it calls offset {place:#x}, where no function begins"

    def _address(self, symbol: Symbol, imm: int) -> _Target:
        """Resolve the 64-bit immediate that is the address of a map, of data, or of a function."""
        obj, index = self.obj, symbol.section
        place = imm if self._has_places_in_code else symbol.value + imm
        if index in obj.functions.by_section:
            target = obj.functions.at(index, place)
            return target or f"it takes the address of {symbol.name or 'code'}, where no function begins"
        if index in obj.data_sections:
            name = obj.data_sections[index].name
            if not 0 <= place <= obj.data_sections[index].size:
                return f"it refers to offset {place:#x}, which is outside of section {name}"
            shown, begin = obj.variable_at(index, place) or (name, 0)
            return Reference(ReferenceKind.DATA, shown, name, place, place - begin)
        if index < len(obj.elf.sections) and (section := obj.elf.sections[index]).name == JUMP_TABLES:
            return table_reference(obj, section, symbol, imm)
        if (index, place) in obj.maps_at:
            name = obj.maps_at[index, place]
            return Reference(ReferenceKind.MAP, name, name)
        if index == SHN_COMMON:
            return f"it refers to {symbol.name}, which {UNPLACED}"
        if index == SHN_ABS:
            return f"it refers to {symbol.name}, which is a number ({symbol.value:#x}) and no address"
        sections = obj.elf.sections
        what = symbol.name or (sections[index].name if index < len(sections) else "nothing")
        return f"it refers to {what}, which is neither a map, nor data, nor a function"

    def _extern(self, symbol: Symbol, opcode: int, imm: int) -> Reference | str:
        known = self.externs.get(symbol.name)
        if opcode == CALL:
            if known is None and symbol.type == SymbolType.FUNC:
                return f"it calls {symbol.name}, which is not in the object{_LINK_IT}"
            return Reference(ReferenceKind.KFUNC, symbol.name, weak=known is not None and known[3])
        if known is None:
            return f"it refers to {symbol.name or 'a symbol'}, which is not in the object{_LINK_IT}"
        kind, map_name, place, weak = known
        if map_name is None:
            return Reference(kind, symbol.name, weak=weak)
        return Reference(kind, symbol.name, map_name, place + imm, imm, weak)


_Target = Reference | FunctionRange | str
"""What a relocation means; text says why it means nothing."""
_LOCAL_CALLS: Final = {
    # A call's opcode, then a source register of 1: the upper half of the next byte; in big-endian objects the lower.
    "little": re.compile(rb"\x85[\x10-\x1f]", re.DOTALL),
    "big": re.compile(b"\x85[" + b"".join(re.escape(bytes([high << 4 | 1])) for high in range(16)) + b"]", re.DOTALL),
}
_HELPER_CALLS: Final = {
    # The same with a source register of 0.
    "little": re.compile(rb"\x85[\x00-\x0f]", re.DOTALL),
    "big": re.compile(b"\x85[" + b"".join(re.escape(bytes([high << 4])) for high in range(16)) + b"]", re.DOTALL),
}
_first: Final = itemgetter(0)
_Sorted = TypeVar("_Sorted", bound=tuple[Any, ...])


def _within(records: list[_Sorted], item: FunctionRange) -> list[_Sorted]:
    """Return the records whose offsets lie in a function."""
    first = bisect.bisect_left(records, item.start, key=_first)
    return records[first : bisect.bisect_left(records, item.stop, first, key=_first)]
