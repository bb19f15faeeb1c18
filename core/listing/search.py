"""Searching a listing: every row whose text matches, without making rows.

Code repeats itself, so a pattern is tried once for each different instruction, not once for each one. Only texts that
depend on their place are made one by one: jumps to labels, and instructions that refer to something by name. Loops over
all instructions and lines of C are the interpreter's own (`map`, `compress`, `find`): 500,000 of them take 10 to 50 ms.
"""

from __future__ import annotations

import re
import sys
from array import array
from bisect import bisect_left, bisect_right
from functools import cached_property
from itertools import accumulate, compress, count
from operator import not_
from typing import TYPE_CHECKING, Final, NamedTuple

from ..asm import INSN_SIZE, decode, format_instruction
from ..asm.opcodes import LD_IMM64
from ..threads import give_way

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..spec.program import Reference
    from .listing import Listing

__all__ = ["ListingSearch", "Matches"]

_SMALL: Final = 4096
"""Slots up to which comments are searched as well: what they say takes an analysis of the code."""
_LABEL: Final = "\0"
_FEW: Final = 16
_LITERAL: Final = re.compile(r"[ \w#=&<>:;,\"'-]*")
_LABEL_LIKE: Final = re.compile(r"^\d|[Ll](?:\d|$)")
"""Text that can match a part of `L12` and what is beside it."""


class Matches:
    """The rows of a listing that a pattern matches, ascending.

    Args:
        listing: The listing.
        rows: Rows that match, ascending.
        slots: Slots of instructions that match and are not among them, ascending. Which rows these are is found out
            when it is asked for: of 20,000 matches, few are ever looked at.
    """

    def __init__(self, listing: Listing, rows: Sequence[int], slots: Sequence[int] = ()) -> None:
        self._listing = listing
        self._rows = rows
        self._slots = slots

    def __len__(self) -> int:
        """Return how many rows match."""
        return len(self._rows) + len(self._slots)

    def __iter__(self) -> Iterator[int]:
        """Iterate over the rows."""
        return iter(sorted([*self._rows, *map(self._listing.index_of_slot, self._slots)]))

    def nearest(self, row: int, step: int) -> int | None:
        """Return the first match from a row on, or with a *step* of -1 the last one up to it; None where none is.

        The row may lie outside of the listing, on either side.
        """
        last = len(self._listing) - 1
        if not 0 <= row <= last:
            if (row > last) == (step > 0):
                return None
            row = max(0, min(row, last))
        slot, is_heading = self._listing.slot_at(row), self._listing.heading(row) is not None
        if step > 0:
            at, there = bisect_left(self._rows, row), bisect_left(self._slots, slot)
        else:
            at = bisect_right(self._rows, row) - 1
            there = (bisect_left if is_heading else bisect_right)(self._slots, slot) - 1
        found = [self._rows[at]] if 0 <= at < len(self._rows) else []
        if 0 <= there < len(self._slots):
            found.append(self._listing.index_of_slot(self._slots[there]))
        return (min if step > 0 else max)(found, default=None)

    def number(self, row: int) -> int:
        """Return which match a row of the listing is, from 1; 0 where it is none."""
        if self.nearest(row, 1) != row:
            return 0
        return bisect_left(self._rows, row) + bisect_left(self._slots, self._listing.slot_at(row)) + 1


class _Lines:
    """Texts that are searched as one.

    Args:
        texts: Lines, with blanks around them that are not searched.
    """

    def __init__(self, texts: list[str]) -> None:
        self._text = "\n".join(texts)
        if self._text.count("\n") >= max(1, len(texts)):
            self._text = "\n".join([text.replace("\n", " ") for text in texts])
        self._starts = array("I", accumulate(map((1).__add__, map(len, texts)), initial=0))

    def find(self, pattern: re.Pattern[str]) -> Iterator[int]:
        """Yield the numbers of the texts that match, ascending."""
        needle, text, starts = pattern.pattern, self._text, self._starts
        folds = pattern.flags & re.IGNORECASE
        if not needle or not _LITERAL.fullmatch(needle) or needle != needle.strip() or (folds and not text.isascii()):
            lines = text.split("\n") if len(starts) > 1 else []
            yield from compress(count(), map(pattern.search, map(str.strip, lines)))
            return
        if folds:
            needle, text = needle.lower(), text.lower()
        at = text.find(needle)
        while at >= 0:
            number = bisect_right(starts, at) - 1
            yield number
            at = text.find(needle, starts[number + 1])


class _Jump(NamedTuple):
    head: str
    tail: str
    distance: int


class ListingSearch:
    """What a listing's instructions look like, each different one once; made at the first search and kept.

    Args:
        listing: What is searched.
    """

    def __init__(self, listing: Listing) -> None:
        self.listing = listing
        code = listing.program.code
        self._code = memoryview(code)[: len(code) // INSN_SIZE * INSN_SIZE]
        self._words = self._code.cast("Q")

    def prepare(self) -> None:
        """Make what every search needs, so that the first one does not take longer than others."""
        if not self._is_small:
            _ = self._headings, self._texts, self._placed

    @property
    def _is_small(self) -> bool:
        return len(self._words) <= _SMALL

    def find(self, pattern: re.Pattern[str]) -> Matches:
        """Return the rows that a pattern matches.

        Functions, C lines and instructions are searched; the comments of instructions too, in programs of up to
        4,096 slots.
        """
        listing, search = self.listing, pattern.search
        if self._is_small:
            rows = enumerate(listing.rows(0, len(listing)))
            return Matches(
                listing, [at for at, row in rows if search(row.text) or (row.comment and search(row.comment))]
            )
        headings = array("I", map(listing.headings.__getitem__, self._headings.find(pattern)))
        return Matches(listing, headings, array("I", sorted(self._slots(pattern))))

    @cached_property
    def _headings(self) -> _Lines:
        """The texts of functions and C lines, in the order of their rows."""
        return _Lines(self.listing.heading_texts())

    @cached_property
    def _texts(self) -> tuple[dict[int, str], dict[int, _Jump]]:
        """The text of each different instruction, by its 8 bytes as a number of this machine; jumps apart.

        64-bit immediates are in neither.
        """
        texts: dict[int, str] = {}
        jumps: dict[int, _Jump] = {}
        order, syntax = self.listing.program.byte_order, self.listing.syntax
        for word in set(self._words):
            insn = decode(word.to_bytes(INSN_SIZE, sys.byteorder), 0, order)
            if insn.opcode == LD_IMM64:
                continue
            if (distance := insn.jump_distance) is not None:
                head, _, tail = format_instruction(insn, 0, syntax, target=_LABEL).partition(_LABEL)
                jumps[word] = _Jump(head, tail, distance)
            else:
                texts[word] = format_instruction(insn, 0, syntax)
        return texts, jumps

    @cached_property
    def _is_plain(self) -> bytearray:
        """Of each slot: 1 where its text depends on its bytes alone, or it is a jump, and 0 otherwise.

        That is what refers to something by name, and both halves of 64-bit immediates.
        """
        plain = bytearray(b"\1") * len(self._words)
        for slot in self.listing.program.linked.references:
            if slot < len(plain):
                plain[slot] = 0
        for second in self.listing.seconds:
            plain[second - 1] = plain[second] = 0
        return plain

    @cached_property
    def _placed(self) -> dict[str, array[int]]:
        """The slots that are not plain and not second halves, by their text."""
        found: dict[str, array[int]] = {}
        known: dict[tuple[int, int, Reference | None], array[int]] = {}
        references, words, listing = self.listing.program.linked.references, self._words, self.listing
        slots_apart = compress(count(), map(not_, self._is_plain))
        for slot in slots_apart:
            give_way()
            second = 0
            if self._code[slot * INSN_SIZE] == LD_IMM64 and slot + 1 < len(words):
                second = words[next(slots_apart)]
            key = words[slot], second, references.get(slot)
            slots = known.get(key)
            if slots is None:
                slots = known[key] = found.setdefault(listing.text(slot), array("I"))
            slots.append(slot)
        return found

    def _slots(self, pattern: re.Pattern[str]) -> Iterator[int]:
        """Yield the slots of the instructions that match, in no order."""
        search, plain = pattern.search, self._is_plain
        texts, jumps = self._texts
        matching = {word for word, text in texts.items() if search(text)}
        within = _LITERAL.fullmatch(pattern.pattern) and not _LABEL_LIKE.search(pattern.pattern)
        if within:
            matching.update(word for word, jump in jumps.items() if search(jump.head) or search(jump.tail))
        elif jumps:
            for slot in compress(count(), map(jumps.__contains__, self._words)):
                head, tail, distance = jumps[self._words[slot]]
                if plain[slot] and search(f"{head}L{slot + 1 + distance}{tail}"):
                    yield slot
        slots = self._places(matching)
        yield from compress(slots, map(plain.__getitem__, slots))
        for text, places in self._placed.items():
            if search(text):
                yield from places

    def _places(self, words: set[int]) -> list[int]:
        """Return the slots that hold one of *words*, in no order."""
        if len(words) > _FEW:
            return list(compress(count(), map(words.__contains__, self._words)))
        found: list[int] = []
        code = self.listing.program.code
        for word in words:
            raw = word.to_bytes(INSN_SIZE, sys.byteorder)
            at = code.find(raw)
            while at >= 0:
                if at % INSN_SIZE == 0:
                    found.append(at // INSN_SIZE)
                at = code.find(raw, at + 1)
        return found
