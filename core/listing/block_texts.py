"""What is said of a basic block where there is no room for its listing: what it calls, what C it is, how it ends."""

from __future__ import annotations

import bisect
from typing import TYPE_CHECKING, Final, NamedTuple

from ..asm.flow import EdgeKind
from ..asm.opcodes import CALL, CALLX, INSN_SIZE
from ..context.fields import return_codes
from ..visible import visible
from .listing import Row, RowKind

if TYPE_CHECKING:
    from ..asm.flow import FlowGraph
    from .listing import Listing
    from .text import InsnText

__all__ = ["BlockTexts", "BoxLine", "LineKind"]

_CALLS: Final = 4
_SOURCES: Final = 2
"""Calls, and lines of C, that a block names if it does not show all of its code."""
_CODE: Final = 40
"""Rows of code that it shows if it shows all of it."""
_END: Final = 24
"""The last instructions of a block, among which what is returned is looked for."""
_BRACKETS: Final = ("", "{", "}")
"""Lines of C that say nothing."""
_CHOICES: Final = (EdgeKind.BRANCH, EdgeKind.MAY_GOTO)


class LineKind:
    """What a line of a box is."""

    ASM: Final = "asm"
    SOURCE: Final = "source"
    MORE: Final = "more"
    """How much is not shown."""


class BoxLine(NamedTuple):
    """A line of a box."""

    kind: str
    text: str


class BlockTexts:
    """The texts of the blocks of one function; all of it is visible.

    Args:
        listing: The program's listing.
        graph: The function's control flow.
        code: Show all code of each block, and not only what it calls and how it ends.
        ascii_only: Say how much is left out with ASCII characters.
    """

    def __init__(self, listing: Listing, graph: FlowGraph, *, code: bool = False, ascii_only: bool = False) -> None:
        self.listing = listing
        self.graph = graph
        self._code = code
        self._dots = "..." if ascii_only else "…"

    def size(self, block: int) -> str:
        """Return how long a block is: `1 insn`, `12 insns`."""
        start, stop, _ = self.graph.block(block)
        seconds = self.listing.seconds
        count = stop - start - bisect.bisect_left(seconds, stop) + bisect.bisect_left(seconds, start)
        return f"{count:,} insn{'' if count == 1 else 's'}"

    def label(self, block: int, target: int) -> str:
        """Return whether a jump is taken where a block leads on to another: `yes` or `no`; empty without a choice."""
        jumps = self.graph.jumps_at(self.graph.block(block).stop - 1)
        if len(self.graph.successors[block]) != 2 or any(jump.kind not in _CHOICES for jump in jumps):
            return ""
        return "yes" if any(jump.target == self.graph.starts[target] for jump in jumps) else "no"

    def lines(self, block: int) -> list[BoxLine]:
        """Return what a block says."""
        start, stop, _ = self.graph.block(block)
        return self._all_lines(start, stop) if self._code else self._main_lines(start, stop)

    def _all_lines(self, start: int, stop: int) -> list[BoxLine]:
        """Return the code of a block."""
        listing = self.listing
        first, end = listing.index_of_slot(start), listing.index_of_slot(stop - 1) + 1
        while first and (heading := listing.heading(first - 1)) is not None and heading.kind is RowKind.SOURCE:
            first -= 1
        lines = [_line(row) for row in listing.walk(first, min(end, first + _CODE))]
        if end - first > _CODE:
            lines.append(self._more(end - first - _CODE, "row"))
        return lines

    def _main_lines(self, start: int, stop: int) -> list[BoxLine]:
        """Return what a block calls, or the C that it comes from, what it returns, and how it ends."""
        listing = self.listing
        calls = _calls(listing.program.code, start, stop)
        lines = [BoxLine(LineKind.ASM, visible(listing.text(slot))) for slot in calls[:_CALLS]]
        if len(calls) > _CALLS:
            lines.append(self._more(len(calls) - _CALLS, "call"))
        if not calls:
            lines += self._sources(start, stop)
        codes = set(return_codes(listing.program).values())
        rows = list(listing.walk(listing.index_of_slot(max(start, stop - _END)), listing.index_of_slot(stop - 1) + 1))
        insns = [row for row in rows if not isinstance(row, Row)]
        if codes:
            returned = [row for row in insns if codes.intersection(row.comment.split(", "))]
            lines += [BoxLine(LineKind.ASM, visible(f"{row.text}  ; {row.comment}")) for row in returned]
        last = insns[-1]
        jumps = self.graph.jumps_at(stop - 1)
        ends = not jumps and stop - 1 in self.graph.exits
        if ends or any(jump.kind is not EdgeKind.GOTO for jump in jumps) or not lines:
            lines.append(_line(last))
        return list(dict.fromkeys(lines))

    def _sources(self, start: int, stop: int) -> list[BoxLine]:
        """Return the lines of C that a block comes from."""
        infos = self.listing.program.linked.line_infos if self.listing.source else ()
        at = max(0, bisect.bisect_right(infos, start, key=lambda info: info.slot) - 1)
        texts: dict[str, None] = {}
        while at < len(infos) and infos[at].slot < stop:
            text = infos[at].source.strip()
            if text not in _BRACKETS:
                texts[text] = None
            at += 1
        lines = [BoxLine(LineKind.SOURCE, visible(text)) for text in list(texts)[:_SOURCES]]
        if len(texts) > _SOURCES:
            lines.append(self._more(len(texts) - _SOURCES, "line"))
        return lines

    def _more(self, number: int, noun: str) -> BoxLine:
        return BoxLine(LineKind.MORE, f"{self._dots} {number:,} more {noun}{'' if number == 1 else 's'}")


def _line(row: Row | InsnText) -> BoxLine:
    if isinstance(row, Row):
        return BoxLine(LineKind.SOURCE, visible(row.text.strip()))
    return BoxLine(LineKind.ASM, visible(row.text))


def _calls(code: bytes, start: int, stop: int) -> list[int]:
    """Return the slots of the calls from slot *start* to before *stop*."""
    opcodes = code[start * INSN_SIZE : stop * INSN_SIZE : INSN_SIZE]
    return [start + at for at, opcode in enumerate(opcodes) if opcode in (CALL, CALLX)]
