"""Searching a listing: every row whose text matches, without making rows.

Code repeats itself, so a pattern is tried once for each different instruction, not once for each one. Only texts that
depend on their place are made one by one: jumps to labels, and instructions that refer to something by name.
"""

from __future__ import annotations

import re
import sys
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

from ..asm import INSN_SIZE, decode, format_instruction
from ..asm.opcodes import LD_IMM64

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .listing import Listing
    from .program import Reference

__all__ = ["ListingSearch"]

_SMALL: Final = 4096
"""Slots up to which comments are searched as well: what they say takes an analysis of the code."""
_LABEL: Final = "\0"
_FEW: Final = 16
_LITERAL: Final = re.compile(r"[ \w#=&<>:;,\"'-]*")
_LABEL_LIKE: Final = re.compile(r"[Ll\d]")


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

    def rows(self, pattern: re.Pattern[str]) -> list[int]:
        """Return the rows that a pattern matches, ascending.

        Functions, C lines and instructions are searched; the comments of instructions too, in programs of up to
        4,096 slots.
        """
        listing, search = self.listing, pattern.search
        if len(self._words) <= _SMALL:
            rows = enumerate(listing.rows(0, len(listing)))
            return [at for at, row in rows if search(row.text) or (row.comment and search(row.comment))]
        found = [row for text, rows in self._headings.items() if search(text.strip()) for row in rows]
        found += map(listing.index_of_slot, self._slots(pattern))
        return sorted(found)

    @cached_property
    def _headings(self) -> dict[str, list[int]]:
        return self.listing.headings_by_text()

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
    def _by_place(self) -> frozenset[int]:
        """The slots whose text depends on where they are, jumps aside, and the second halves of 64-bit immediates."""
        wide = {slot for second in self.listing.seconds for slot in (second - 1, second)}
        return frozenset(wide.union(self.listing.program.linked.references))

    @cached_property
    def _placed(self) -> dict[str, list[int]]:
        """The slots of `_by_place` that are instructions, by their text."""
        found: dict[str, list[int]] = {}
        known: dict[tuple[int, int, Reference | None], list[int]] = {}
        references, words, listing = self.listing.program.linked.references, self._words, self.listing
        seconds = set(listing.seconds)
        for slot in self._by_place:
            if slot in seconds:
                continue
            key = words[slot], words[slot + 1] if slot + 1 in seconds else 0, references.get(slot)
            slots = known.get(key)
            if slots is None:
                slots = known[key] = found.setdefault(listing.text(slot), [])
            slots.append(slot)
        return found

    def _slots(self, pattern: re.Pattern[str]) -> Iterator[int]:
        """Yield the slots of the instructions that match, in no order."""
        search = pattern.search
        texts, jumps = self._texts
        by_place = self._by_place
        matching = {word for word, text in texts.items() if search(text)}
        within = _LITERAL.fullmatch(pattern.pattern) and not _LABEL_LIKE.search(pattern.pattern)
        if within:
            matching.update(word for word, jump in jumps.items() if search(jump.head) or search(jump.tail))
        elif jumps:
            for slot, word in enumerate(self._words):
                jump = jumps.get(word)
                if jump is None or slot in by_place:
                    continue
                if search(f"{jump.head}L{slot + 1 + jump.distance}{jump.tail}"):
                    yield slot
        yield from (slot for slot in self._places(matching) if slot not in by_place)
        for text, slots in self._placed.items():
            if search(text):
                yield from slots

    def _places(self, words: set[int]) -> Iterator[int]:
        """Yield the slots that hold one of *words*."""
        if len(words) > _FEW:
            yield from (slot for slot, word in enumerate(self._words) if word in words)
            return
        code = self.listing.program.code
        for word in words:
            raw = word.to_bytes(INSN_SIZE, sys.byteorder)
            at = code.find(raw)
            while at >= 0:
                if at % INSN_SIZE == 0:
                    yield at // INSN_SIZE
                at = code.find(raw, at + 1)
