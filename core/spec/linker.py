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
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from ..asm.opcodes import CALL, LD_IMM64, CallSource, ImmSource
from ..elf import SHN_ABS, SHN_COMMON, SymbolType
from ..errors import ObjectError
from ..limits import Budget
from .jump_tables import SECTION as JUMP_TABLES
from .jump_tables import table_entries, table_reference
from .object import FunctionRange
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
from .windows import helper_call

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ..dwarf import Dwarf
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
        self._pieces: dict[FunctionRange, _Piece] = {}
        """By identity: aliases lie at the same place and differ in name."""
        self._sections: dict[int, _CodeSection] = {}
        self._budget = Budget(
            len(obj.symbols), "the functions of all programs", file=obj.elf.file, least=_FUNCTIONS, each=_EACH
        )
        """Every program may call every function: 30 kB of code can be a gigabyte of programs."""
        self._linked: set[tuple[int, int]] = set()
        self._resolved: dict[tuple[int, int, int], _Target] = {}
        """By symbol, opcode and immediate."""

    def link(self, entry: FunctionRange) -> LinkedCode:
        """Return the linked code of a program; what cannot be resolved is noted in its `problem`."""
        pieces, starts, size = list[_Piece](), dict[tuple[int, int], int](), 0
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
        return _LinkedPieces(self.obj, pieces, starts, tuple(functions), problem)

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

    def _piece(self, item: FunctionRange) -> _Piece:
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
            piece = _Piece(item, origin, None, slice(0), (), (), error.message)
        else:
            calls = (*_within(found.calls, item), *_within(found.local_calls, item))
            first = bisect.bisect_left(found.offsets, item.start)
            uses = slice(first, bisect.bisect_left(found.offsets, item.stop, first))
            maps = dict.fromkeys(found.maps[uses])
            maps.pop("", None)
            problem = next((reason for _, reason in _within(found.problems, item)), found.problem)
            piece = _Piece(item, origin, found, uses, calls, tuple(maps), problem)
        self._pieces[item] = piece
        return piece

    def _look_at(self, section: Section) -> _CodeSection:
        """Resolve what the instructions of a section refer to, by relocations and by calls that need none."""
        obj, elf = self.obj, self.obj.elf
        obj.check_code(section)
        found = _CodeSection()
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
                found.calls.append(_Call(offset, target, kind))
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
                found.local_calls.append(_Call(offset, target, ReferenceKind.CALL))
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

    def _add_helpers(self, found: _CodeSection, section: Section, relocated: set[int]) -> None:
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
        return self.obj.function_at(index, place) or f"it calls offset {place:#x}, where no function begins"

    def _address(self, symbol: Symbol, imm: int) -> _Target:
        """Resolve the 64-bit immediate that is the address of a map, of data, or of a function."""
        obj, index = self.obj, symbol.section
        place = imm if self._has_places_in_code else symbol.value + imm
        if index in obj.functions:
            target = obj.function_at(index, place)
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


class _Call(NamedTuple):
    """An instruction that calls a subprogram, or takes its address."""

    offset: int
    target: FunctionRange
    kind: ReferenceKind


class _CodeSection:
    """What the instructions of a section refer to: each list is sorted by offset."""

    def __init__(self) -> None:
        self.offsets: list[int] = []
        """Where the instructions lie that refer to what `references` holds."""
        self.references: list[Reference] = []
        self.maps: list[str] = []
        """The maps of `references`, empty for none."""
        self.calls: list[_Call] = []
        """Those that relocations name."""
        self.local_calls: list[_Call] = []
        """Those that the compiler resolved by itself."""
        self.problems: list[tuple[int, str]] = []
        self.problem: str | None = None
        """Of a relocation that belongs to no function, because it lies beyond the end."""


class _Piece:
    """One function, and what its instructions refer to."""

    __slots__ = ("calls", "item", "maps", "origin", "problem", "section", "size", "uses")

    def __init__(
        self,
        item: FunctionRange,
        origin: tuple[str, int, int, bool],
        section: _CodeSection | None,
        uses: slice,
        calls: tuple[_Call, ...],
        maps: tuple[str, ...],
        problem: str | None,
    ) -> None:
        self.item = item
        self.origin = origin
        """What a `Function` has behind its size."""
        self.section = section
        """None where it has no instructions that a program can take in."""
        self.uses = uses
        """Which of the section's `offsets` and `references` are its own."""
        self.calls = calls
        self.maps = maps
        self.problem = problem
        self.size = (item.stop - item.start) // INSN_SIZE
        """In slots."""


class _LinkedPieces(LinkedCode):
    """A program of pieces, each part made when it is first looked at."""

    def __init__(
        self,
        obj: ObjectFile,
        pieces: list[_Piece],
        starts: dict[tuple[int, int], int],
        functions: tuple[Function, ...],
        problem: str | None,
    ) -> None:
        super().__init__(functions=functions, problem=problem)
        self._obj = obj
        self._pieces = pieces
        self._starts = starts
        """The first slot of each piece, by the function's place."""

    @cached_property
    def _origins(self) -> dict[int, tuple[int, int]]:
        return {start: place for place, start in self._starts.items()}

    def origin(self, start: int) -> tuple[int, int] | None:
        """Return the section and the place in it that the function at a slot is of."""
        return self._origins.get(start)

    @cached_property
    def code(self) -> bytes:
        """The instructions; the distances to subprograms are written in, now that their places are known."""
        elf = self._obj.elf
        code = bytearray()
        for piece in self._pieces:
            code += elf.view(piece.item.section)[piece.item.start : piece.item.stop]
        little = elf.byte_order == "little"
        for slot, start, call in self._calls():
            at = slot * INSN_SIZE
            source = CallSource.SUBPROGRAM if call.kind is ReferenceKind.CALL else ImmSource.FUNC
            registers = code[at + 1]
            code[at + 1] = registers & 0x0F | source << 4 if little else registers & 0xF0 | source
            code[at + 4 : at + 8] = (start - slot - 1).to_bytes(4, elf.byte_order, signed=True)
            if call.kind is ReferenceKind.FUNCTION and at + 16 <= len(code):
                code[at + 12 : at + 16] = bytes(4)
        if self._obj.for_windows:
            for slot, reference in self.references.items():
                if reference.kind is ReferenceKind.HELPER:
                    at = slot * INSN_SIZE
                    code[at + 4 : at + 8] = reference.offset.to_bytes(4, elf.byte_order, signed=True)
        return bytes(code)

    @cached_property
    def references(self) -> dict[int, Reference]:
        """What instructions refer to, by slot."""
        found: dict[int, Reference] = {}
        for piece, function in zip(self._pieces, self.functions, strict=True):
            section, base = piece.section, piece.item.start
            if section is not None:
                slots = [function.start + (offset - base) // INSN_SIZE for offset in section.offsets[piece.uses]]
                found.update(zip(slots, section.references[piece.uses], strict=True))
        for slot, start, call in self._calls():
            found[slot] = Reference(call.kind, call.target.name, offset=start)
        return found

    @cached_property
    def tables(self) -> dict[str, tuple[int, ...]]:
        """Its jump tables by name: the slots that their entries lead to."""
        found: dict[str, tuple[int, ...]] = {}
        for piece, function in zip(self._pieces, self.functions, strict=True):
            for reference in piece.section.references[piece.uses] if piece.section is not None else ():
                if reference.kind is ReferenceKind.TABLE:
                    shift = function.start - piece.item.start // INSN_SIZE
                    entries = table_entries(self._obj, reference)
                    found[reference.name] = tuple(shift + entry // INSN_SIZE for entry in entries)
        return found

    def _calls(self) -> Iterator[tuple[int, int, _Call]]:
        """Yield the slots that refer to subprograms, and where those begin."""
        for piece, function in zip(self._pieces, self.functions, strict=True):
            for call in piece.calls:
                start = self._starts.get(call.target.place)
                if start is not None:
                    yield function.start + (call.offset - piece.item.start) // INSN_SIZE, start, call

    @property
    def maps(self) -> list[str]:
        """Names of the maps and data sections that the code uses, in the order of first use."""
        return list(dict.fromkeys(chain.from_iterable([piece.maps for piece in self._pieces])))

    def _ranges(self) -> Iterator[tuple[int, tuple[str, int, int]]]:
        """Yield what a slot lies behind its byte in the file, then the bytes: section, start and stop."""
        for piece, function in zip(self._pieces, self.functions, strict=True):
            item = piece.item
            yield function.start - item.start // INSN_SIZE, (item.section.name, item.start, item.stop)

    @property
    def counts(self) -> tuple[int, int]:
        """The numbers of lines and of CO-RE relocations in .BTF.ext."""
        ext = self._obj.ext
        if ext is None:
            return 0, 0
        places = [place for _, place in self._ranges()]
        return sum(ext.count_lines(*place) for place in places), sum(ext.count_core(*place) for place in places)

    @cached_property
    def line_infos(self) -> Sequence[LineInfo]:
        """The C lines, sorted by slot: from .BTF.ext, else from DWARF."""
        btf, ext = self._obj.btf, self._obj.ext
        if self._obj.dwarf is not None:
            return self._debug_lines(self._obj.dwarf)
        if btf is None or ext is None:
            return ()
        return [
            LineInfo(
                shift + record.offset // INSN_SIZE,
                btf.name(record.file),
                record.line,
                record.column,
                btf.name(record.source),
                record.file,
                record.source,
            )
            for shift, place in self._ranges()
            for record in ext.lines(*place)
        ]

    def _debug_lines(self, dwarf: Dwarf) -> Sequence[LineInfo]:
        """Return the lines of DWARF, with their text where the file is on this machine."""
        texts = SourceTexts(self._obj.elf.file, self._obj.source_directories)
        found: list[LineInfo] = []
        for piece, function in zip(self._pieces, self.functions, strict=True):
            item = piece.item
            rows = dwarf.lines(item.section.number)
            first = bisect.bisect_left(rows, item.start, key=lambda row: row.offset)
            for row in rows[first : bisect.bisect_left(rows, item.stop, key=lambda row: row.offset)]:
                slot = function.start + (row.offset - item.start) // INSN_SIZE
                found.append(LineInfo(slot, row.file.path, row.line, row.column, texts.line(row.file, row.line)))
        self._obj.note_debug()
        return found

    @cached_property
    def core_relocations(self) -> Sequence[CoreRelocation]:
        """The accesses to be adapted to the running kernel, sorted by slot."""
        btf, ext = self._obj.btf, self._obj.ext
        if btf is None or ext is None:
            return ()
        return [
            CoreRelocation(
                shift + record.offset // INSN_SIZE, record.type_id, btf.name(record.access), record.kind, record.access
            )
            for shift, place in self._ranges()
            for record in ext.core(*place)
        ]


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
