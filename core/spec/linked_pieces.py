"""The code of a program whose functions the linker has put one behind the other: each part made when it is wanted."""

from __future__ import annotations

import bisect
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from ..asm.opcodes import CallSource, ImmSource
from .jump_tables import table_entries
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
    from collections.abc import Iterator, Sequence

    from ..dwarf import Dwarf
    from .functions import FunctionRange
    from .object import ObjectFile

__all__ = ["Call", "CodeSection", "LinkedPieces", "Piece"]


class Call(NamedTuple):
    """An instruction that calls a subprogram, or takes its address."""

    offset: int
    target: FunctionRange
    kind: ReferenceKind


class CodeSection:
    """What the instructions of a section refer to: each list is sorted by offset."""

    def __init__(self) -> None:
        self.offsets: list[int] = []
        """Where the instructions lie that refer to what `references` holds."""
        self.references: list[Reference] = []
        self.maps: list[str] = []
        """The maps of `references`, empty for none."""
        self.calls: list[Call] = []
        """Those that relocations name."""
        self.local_calls: list[Call] = []
        """Those that the compiler resolved by itself."""
        self.problems: list[tuple[int, str]] = []
        self.problem: str | None = None
        """Of a relocation that belongs to no function, because it lies beyond the end."""


class Piece:
    """One function, and what its instructions refer to."""

    __slots__ = ("calls", "item", "maps", "origin", "problem", "section", "size", "uses")

    def __init__(
        self,
        item: FunctionRange,
        origin: tuple[str, int, int, bool],
        section: CodeSection | None,
        uses: slice,
        calls: tuple[Call, ...],
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


class LinkedPieces(LinkedCode):
    """A program of pieces, each part made when it is first looked at."""

    def __init__(
        self,
        obj: ObjectFile,
        pieces: list[Piece],
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

    def _calls(self) -> Iterator[tuple[int, int, Call]]:
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
        if self._obj.dwarf is not None:
            return self._debug_lines(self._obj.dwarf)
        return list(chain.from_iterable(map(self._lines, range(len(self._pieces)))))

    @property
    def line_records(self) -> bytes:
        """Its C lines as the kernel wants them: those of .BTF.ext, moved to where its functions are."""
        ext = self._obj.ext
        if ext is None:
            return b""
        return b"".join(ext.line_records(*place, shift, unit=1) for shift, place in self._ranges())

    @property
    def core_records(self) -> bytes:
        """Its CO-RE relocations as the kernel wants them: those of .BTF.ext, moved to where its functions are."""
        ext = self._obj.ext
        if ext is None:
            return b""
        return b"".join(ext.core_records(*place, shift, unit=INSN_SIZE) for shift, place in self._ranges())

    def lines_within(self, start: int, stop: int) -> Sequence[LineInfo]:
        """Return the C lines of the function whose slots are *start* to *stop*; no others are made for that."""
        number = bisect.bisect_left(self.functions, start, key=lambda function: function.start)
        function = self.functions[number] if number < len(self.functions) else None
        is_whole = function is not None and (function.start, function.stop) == (start, stop)
        if "line_infos" in self.__dict__ or self._obj.dwarf is not None or not is_whole:
            return super().lines_within(start, stop)
        return self._lines(number)

    def _lines(self, number: int) -> list[LineInfo]:
        """Return the lines that .BTF.ext has of a function, by its number."""
        btf, ext = self._obj.btf, self._obj.ext
        if btf is None or ext is None:
            return []
        item, function = self._pieces[number].item, self.functions[number]
        shift = function.start - item.start // INSN_SIZE
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
            for record in ext.lines(item.section.name, item.start, item.stop)
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
