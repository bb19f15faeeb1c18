"""A program's listing: functions, C lines and instructions as rows, made a screenful at a time."""

from __future__ import annotations

import bisect
import enum
import heapq
from array import array
from functools import cached_property, partial
from operator import attrgetter
from typing import TYPE_CHECKING, Final, NamedTuple

from ..asm import Syntax, decode
from ..asm.opcodes import LD_IMM64
from ..spec.program import INSN_SIZE, ReferenceKind
from .notes import Notes
from .text import InsnTexts, Stretch

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Sequence

    from ..asm.flow import Margin
    from ..btf import ByteOrder
    from ..btf.core import CoreResolver
    from ..spec.collection import CollectionSpec
    from ..spec.program import Function, LineInfo, ProgramSpec, Reference
    from .text import InsnText

__all__ = ["Listing", "Passage", "Row", "RowKind"]

_slot: Final = attrgetter("slot")


class RowKind(enum.StrEnum):
    """What a row of a listing is."""

    FUNCTION = "function"
    SOURCE = "source"
    INSN = "insn"


class Row(NamedTuple):
    """One row of a listing."""

    kind: RowKind
    slot: int
    """The instruction, or the first one that a function's or source's row stands above."""
    text: str
    file: str = ""
    """SOURCE: the file, as the compiler was given it."""
    line: int = 0
    column: int = 0
    """SOURCE: where in the line, from 1; 0 where it is not known."""
    comment: str = ""
    """INSN: what is worth knowing beside it."""
    target: int | None = None
    """INSN: the slot that it jumps to, calls, or takes the address of."""
    reference: Reference | None = None
    """INSN: what it refers to by name."""
    raw: bytes = b""
    """INSN: its 8 or 16 bytes."""
    reachable: bool = True
    """INSN: whether some way leads there from its function's first instruction."""
    depth: int = 0
    """INSN: how many loops it is in."""


class Passage(NamedTuple):
    """Rows of one function."""

    start: int
    """The first slot."""
    headers: list[Row]
    """The function's header, if it is among the rows."""
    origin: Hashable | None
    """The same for a function of the object in whichever program it is; None where that is not known."""
    key: Callable[[], Hashable | None]
    """Returns the same for those whose other rows differ in nothing but where they stand, in listings that are made
    alike: what they are given counts as well. None for one that no other program has, or where that is not known."""
    rows: Callable[[], tuple[list[Row], Stretch]]
    """Makes the others: lines of C, and the instructions among them; a line stands above the one at its slot."""


class Listing:
    """The rows of a program's listing.

    The places of rows are computed together when one is asked for, from the line infos and one scan for 64-bit
    immediates; an instruction is decoded when its row is asked for. Whoever goes through all rows in their order does
    so by `passages`, for which they are not.
    """

    def __init__(
        self,
        program: ProgramSpec,
        spec: CollectionSpec | None = None,
        *,
        syntax: Syntax = Syntax.KERNEL,
        source: bool = True,
        resolver: CoreResolver | None = None,
    ) -> None:
        self.program = program
        self.resolver = resolver
        """Says what CO-RE relocations become on a kernel; None where nobody asked for one."""
        self.spec = spec
        self.syntax = syntax
        self.source = source
        self._code = program.code
        self._order: ByteOrder = program.byte_order
        self._slots = len(self._code) // INSN_SIZE
        self.slot_width = len(str(max(self._slots - 1, 0)))
        """Digits of the largest slot number."""
        self.notes = Notes(program, spec, resolver)
        self._margins: dict[tuple[int, int, bool], Margin] = {}

    @property
    def functions(self) -> tuple[Function, ...]:
        """The program's entry and its subprograms."""
        return self.program.functions

    @cached_property
    def seconds(self) -> Sequence[int]:
        """The slots that are the second half of a 64-bit immediate, ascending."""
        opcodes = self._code[::INSN_SIZE]
        found = array("I")
        at = opcodes.find(LD_IMM64)
        while 0 <= at < self._slots - 1:
            found.append(at + 1)
            at = opcodes.find(LD_IMM64, at + 2)
        return found

    @cached_property
    def _before(self) -> Sequence[int]:
        """The instructions before each second half, so that the n-th one's slot is n plus the halves before it."""
        return array("I", (slot - k for k, slot in enumerate(self.seconds)))

    @cached_property
    def _texts(self) -> InsnTexts:
        return InsnTexts(self.program, self.syntax, self.notes)

    @cached_property
    def _extras(self) -> tuple[Sequence[int], Sequence[int]]:
        """Rows that are no instructions: the slots that they stand above, and what they are.

        That is a line info by its index, or a function by -1 minus its index. A row is made of them when it is asked
        for.
        """
        slots, items = array("I"), array("i")
        functions = sorted((function.start, -1 - number) for number, function in enumerate(self.functions))
        infos = self.program.linked.line_infos if self.source else ()
        done = 0
        for number, (start, item) in enumerate(functions):
            slots.append(start)
            items.append(item)
            stop = functions[number + 1][0] if number + 1 < len(functions) else self._slots
            first = bisect.bisect_left(infos, start, done, key=_slot)
            done = bisect.bisect_left(infos, stop, first, key=_slot)
            for at in _shown(infos[first:done], start):
                slots.append(infos[first + at].slot)
                items.append(first + at)
        return slots, items

    @property
    def _extra_slots(self) -> Sequence[int]:
        return self._extras[0]

    @property
    def _extra_items(self) -> Sequence[int]:
        return self._extras[1]

    @cached_property
    def _extra_rows(self) -> Sequence[int]:
        return array("I", (self._insn_index(slot) + k for k, slot in enumerate(self._extra_slots)))

    def _extra(self, number: int) -> Row:
        """Return the row of a header or a line of C."""
        item = self._extra_items[number]
        return _header(self.functions[-1 - item]) if item < 0 else _line(self.program.linked.line_infos[item])

    def _insn_index(self, slot: int) -> int:
        return slot - bisect.bisect_left(self.seconds, slot)

    def __len__(self) -> int:
        """Return the number of rows."""
        return self._slots - len(self.seconds) + len(self._extra_rows)

    def row(self, index: int) -> Row:
        """Return a row, from 0; IndexError outside."""
        if not 0 <= index < len(self):
            raise IndexError(f"the listing has {len(self)} rows, no row {index}")
        return self.heading(index) or self._insn_row(self.slot_at(index))

    @property
    def headings(self) -> Sequence[int]:
        """The rows that are functions and C lines, ascending."""
        return self._extra_rows

    def heading(self, index: int) -> Row | None:
        """Return a row that is a function or a C line; None for an instruction, which is not decoded for it."""
        at = bisect.bisect_left(self._extra_rows, index)
        return self._extra(at) if at < len(self._extra_rows) and self._extra_rows[at] == index else None

    def heading_texts(self) -> list[str]:
        """Return the texts of functions and C lines in the order of their rows, with the blanks around them."""
        infos, functions = self.program.linked.line_infos, self.functions
        return [
            infos[item].source or infos[item].file if item >= 0 else f"{functions[-1 - item].name}:"
            for item in self._extra_items
        ]

    def slot_at(self, index: int) -> int:
        """Return the slot of a row: of an instruction its own, of a heading the first one below."""
        extras = bisect.bisect_right(self._extra_rows, index)
        if extras and self._extra_rows[extras - 1] == index:
            return self._extra_slots[extras - 1]
        insn = index - extras
        return insn + bisect.bisect_right(self._before, insn)

    def span(self, index: int) -> tuple[int | None, int]:
        """Return the heading that a row is below or is, and one past the last row that belongs to it.

        A C line's are its instructions, a function's all that it has. None as heading for a row below none.
        """
        at = bisect.bisect_right(self._extra_rows, index) - 1
        if at < 0:
            return None, index + 1
        following = at + 1
        if self._extra_items[at] < 0:
            while following < len(self._extra_rows) and self._extra_items[following] >= 0:
                following += 1
        return self._extra_rows[at], self._extra_rows[following] if following < len(self._extra_rows) else len(self)

    def function_rows(self, slot: int) -> range:
        """Return the rows of the function that holds a slot, its header first; all rows where none does."""
        at = bisect.bisect_right(self._extra_slots, slot) - 1
        while at >= 0 and self._extra_items[at] >= 0:
            at -= 1
        return range(self._extra_rows[at], self.span(self._extra_rows[at])[1]) if at >= 0 else range(len(self))

    def spans(self) -> list[tuple[int, int]]:
        """Return every C line's row, and one past the last of its instructions."""
        stops = [*self._extra_rows[1:], len(self)]
        return [
            (row, stop)
            for row, stop, item in zip(self._extra_rows, stops, self._extra_items, strict=False)
            if item >= 0
        ]

    def rows(self, start: int, stop: int) -> list[Row]:
        """Return the rows from *start* up to *stop*, as far as there are any."""
        return [self.row(index) for index in range(max(start, 0), min(stop, len(self)))]

    def index_of_slot(self, slot: int) -> int:
        """Return the row of the instruction at a slot (of its first half, for a second one)."""
        at = bisect.bisect_left(self.seconds, slot)
        if at < len(self.seconds) and self.seconds[at] == slot:
            slot -= 1
        insn = self._insn_index(slot)
        # rows above: every extra that stands at this instruction or before
        return insn + bisect.bisect_right(self._extra_slots, slot)

    def row_of_kind(self, slot: int, kind: RowKind) -> int:
        """Return the row of the instruction at a slot, or the nearest heading of a kind that stands right over it."""
        row = self.index_of_slot(slot)
        at = row
        while kind is not RowKind.INSN and at > 0 and (heading := self.heading(at - 1)) is not None:
            at -= 1
            if heading.kind is kind:
                return at
        return row

    def source_at(self, slot: int) -> LineInfo | None:
        """Return the C line that the instruction at *slot* comes from."""
        return self.program.linked.line_at(slot)

    def margin(self, slot: int, columns: int = 12, *, ascii_only: bool = False) -> Margin:
        """Return the arrows of the function that holds a slot; `Margin` explains the rest."""
        from ..asm.flow import Margin

        graph = self.program.flow.graph_at(slot)
        key = graph.start, columns, ascii_only
        if key not in self._margins:
            jumps = ((edge.source, edge.target) for edge in graph.jumps)
            self._margins[key] = Margin(jumps, columns, ascii_only=ascii_only)
        return self._margins[key]

    def text(self, slot: int) -> str:
        """Return the instruction at a slot as text, without its comment and what its row knows besides."""
        return self._texts.text(slot)

    def walk(self, start: int = 0, stop: int | None = None) -> Iterator[Row | InsnText]:
        """Iterate over the rows from *start* up to *stop*, of instructions no more than their text and comment.

        That is several times faster than making each one's row.
        """
        for headings, insns in self.stretches(start, stop):
            yield from heapq.merge(headings, insns.insns(), key=_slot)

    def stretches(self, start: int = 0, stop: int | None = None) -> Iterator[tuple[list[Row], Stretch]]:
        """Iterate over the same, all that is of one function together: headings, and the instructions among them.

        A heading stands above the instruction at its slot. Below the last instructions there may be headings with none.
        """
        stop = len(self) if stop is None else min(stop, len(self))
        if start >= stop:
            return
        slot, end = self.slot_at(start), self.slot_at(stop) if stop < len(self) else self._slots
        number, last = bisect.bisect_left(self._extra_rows, start), bisect.bisect_left(self._extra_rows, stop)
        for insns in self._texts.stretches(slot, end):
            following = bisect.bisect_left(self._extra_slots, insns.stop, number, last)
            yield list(map(self._extra, range(number, following))), insns
            number = following
        if number < last:
            yield list(map(self._extra, range(number, last))), Stretch(end, [], {}, [], [])

    def passages(self, start: int = 0, stop: int | None = None) -> list[Passage]:
        """Return the same, of each function its own, and its rows made when they are asked for."""
        starts = [function.start for function in self.functions]
        stops = [*starts[1:], self._slots]
        if (
            start
            or stop is not None
            or starts[:1] != [0]
            or any(
                first >= end or self._code[(end - 1) * INSN_SIZE] == LD_IMM64
                for first, end in zip(starts, stops, strict=False)
            )
        ):
            # A part of them; or damaged: a function may go over into the next one.
            return [passage for stretch in self.stretches(start, stop) for passage in _passages(*stretch)]
        origin = self.program.linked.origin
        return [
            Passage(
                start,
                [_header(function)],
                origin(start),
                partial(self.notes.key, start),
                partial(self._rows_below, start, end),
            )
            for function, start, end in zip(self.functions, starts, stops, strict=True)
        ]

    def _rows_below(self, start: int, stop: int) -> tuple[list[Row], Stretch]:
        """Return the rows of a function but its header."""
        lines = self.program.linked.lines_within(start, stop) if self.source else ()
        return [_line(lines[at]) for at in _shown(lines, start)], self._texts.stretch(start, stop)

    def _insn_row(self, slot: int) -> Row:
        shown = next(self._texts.run(slot, slot + 1))
        insn = decode(self._code, slot, self._order)
        reference = self.program.linked.references.get(slot)
        target = insn.jump_target(slot)
        if reference is not None and reference.kind in (ReferenceKind.CALL, ReferenceKind.FUNCTION):
            target = reference.offset
        return Row(
            RowKind.INSN,
            slot,
            shown.text,
            comment=shown.comment,
            target=target,
            reference=reference,
            raw=self._code[slot * INSN_SIZE : (slot + insn.slots) * INSN_SIZE],
            reachable=shown.reachable,
            depth=self.program.flow.graph_at(slot).loop_depth(slot),
        )


def _header(function: Function) -> Row:
    return Row(RowKind.FUNCTION, function.start, f"{function.name}:")


def _line(info: LineInfo) -> Row:
    text = _source(info.source, info.file, info.file_offset)
    return Row(RowKind.SOURCE, info.slot, text, info.file, info.line, info.column)


def _shown(infos: Sequence[LineInfo], start: int) -> list[int]:
    """Return which lines of a function, given in their order, have rows: one that goes on is not repeated."""
    found: list[int] = []
    last: tuple[int, str] | None = None
    for number, (slot, file, line, _, source, file_offset, _) in enumerate(infos):
        if ((line, file) != last or slot == start) and _source(source, file, file_offset):
            found.append(number)
        last = line, file
    return found


def _made(lines: list[Row], insns: Stretch) -> tuple[list[Row], Stretch]:
    return lines, insns


def _passages(headings: list[Row], insns: Stretch) -> Iterator[Passage]:
    """Yield the rows of a stretch: headers stand before the instructions, in what is damaged behind them too."""
    start = 0
    while True:
        first = start
        while first < len(headings) and headings[first].kind is RowKind.FUNCTION:
            first += 1
        stop = first
        while stop < len(headings) and headings[stop].kind is not RowKind.FUNCTION:
            stop += 1
        made = partial(_made, headings[first:stop], insns)
        yield Passage(insns.start, headings[start:first], None, lambda: None, made)
        if stop == len(headings):
            return
        start, insns = stop, Stretch(headings[stop].slot, [], {}, [], [])


def _source(source: str, file: str, file_offset: int) -> str:
    """Return the text of a line of C; DWARF has none of its own: without the file here, its name has to do."""
    return source.strip() or ("" if file_offset else file)
