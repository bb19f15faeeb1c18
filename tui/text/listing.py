"""A program's listing as lines of text: arrows of jumps, slots, instructions, comments, with the C above them."""

from __future__ import annotations

import functools
import itertools
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from ...core.visible import visible, visible_all
from .charset import is_writable
from .colors import Painted, joined, paint, paint_listing

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence

    from ...core.asm.flow import Cell, Margin
    from ...core.listing.listing import Listing, Passage, Row
    from ...core.listing.text import Stretch

__all__ = ["Printed", "listing_lines", "listing_texts", "parted"]

_ARROW_STYLES: Final = ("register", "keyword", "number", "dim")
"""Roles of code that jumps are drawn in, in turn: lines that lie side by side differ."""
_TAB: Final = 4
_MARGINS: Final = 4096
"""Pictures of the margin that are kept: most rows have one that others have too."""
_MOST_PRINTED: Final = 1 << 25
"""Characters of functions that are kept as they were printed."""


class _Form(NamedTuple):
    """The lines of a function but its header, wherever it stands."""

    text: str
    """The lines, with `%d` (as wide as slots are) wherever one has a slot: its own, and that of a label."""
    slots: list[int]
    """Those slots, from the function's first on."""
    margin: int
    """Characters of arrows at the left."""

    def at(self, start: int, margin: int) -> Painted:
        """Return the lines where the function begins at a slot, in a listing with a margin of so many characters."""
        text = self.text % tuple(map(start.__add__, self.slots))
        if margin > self.margin:
            blanks = " " * (margin - self.margin)
            text = blanks + text.replace("\n", f"\n{blanks}")
        return Painted(text)


class Printed:
    """How functions were printed that stand in several programs of an object, in listings that are made alike."""

    def __init__(self) -> None:
        self._forms: dict[Hashable, _Form] = {}
        self._size = 0
        self._widths: dict[Hashable, int] = {}

    def width(self, origin: Hashable | None, find: Callable[[], int]) -> int:
        """Return how wide the margin of a function is, which is to be found once: it is asked of all before the first.

        *origin* is what the function is known by; None for one that no other program has.
        """
        if origin is None:
            return find()
        if origin not in self._widths:
            self._widths[origin] = find()
        return self._widths[origin]

    def get(self, key: Hashable) -> _Form | None:
        """Return how a function was printed, if it was."""
        return self._forms.get(key)

    def keep(self, key: Hashable, form: _Form) -> None:
        """Keep how a function is printed; all others are forgotten when it becomes too much."""
        self._size += len(form.text)
        if self._size > _MOST_PRINTED:
            self._forms.clear()
            self._size = len(form.text)
        self._forms[key] = form


def listing_lines(
    rows: Listing, *, color: bool, arrows: bool = True, ascii_only: bool | None = None, span: range | None = None
) -> Iterator[Painted]:
    """Yield the lines of a listing, without line ends.

    Args:
        rows: The listing.
        color: Whether they have escape sequences for colours.
        arrows: Whether jumps are drawn at the left, where there are any.
        ascii_only: Whether they are drawn in ASCII; None for: if stdout has no box characters.
        span: Only these rows.
    """
    lines = _lines(rows, color=color, arrows=arrows, ascii_only=ascii_only)
    passages = rows.passages() if span is None else rows.passages(span.start, span.stop)
    return parted(lines.texts(passages, Printed()))


def listing_texts(
    rows: Listing, *, color: bool, arrows: bool = True, ascii_only: bool | None = None, printed: Printed | None = None
) -> Iterator[Painted]:
    """Yield the same as texts of several lines: headers of functions, and all that is below each.

    What was *printed* of the same object, in the same way, is not made again; to it is added.
    """
    lines = _lines(rows, color=color, arrows=arrows, ascii_only=ascii_only)
    return lines.texts(rows.passages(), Printed() if printed is None else printed)


def parted(texts: Iterable[Painted]) -> Iterator[Painted]:
    """Yield the lines of texts one by one: what is foreign in them has no line end."""
    for text in texts:
        yield from map(Painted, text.split("\n"))


def _lines(rows: Listing, *, color: bool, arrows: bool, ascii_only: bool | None) -> _PlainLines:
    if ascii_only is None:
        ascii_only = not is_writable("╭┼►")
    return (_PaintedLines if color else _PlainLines)(rows, arrows=arrows, ascii_only=ascii_only)


class _PlainLines:
    """What a listing's rows are as lines of text.

    Args:
        rows: The listing.
        arrows: Whether jumps are drawn at the left.
        ascii_only: Whether they are drawn in ASCII.
    """

    def __init__(self, rows: Listing, *, arrows: bool, ascii_only: bool) -> None:
        self._rows = rows
        self._width = max(rows.slot_width, 4)
        self._arrows = arrows
        self._ascii_only = ascii_only

    def texts(self, passages: Sequence[Passage], printed: Printed) -> Iterator[Painted]:
        """Yield the lines of functions, of each as a text without a line end behind it."""
        widths = [printed.width(passage.origin, partial(self._width_of, passage.start)) for passage in passages]
        margin = max(widths, default=0)
        for passage in passages:
            yield from map(self._header, passage.headers)
            key = passage.key()
            form = None if key is None else printed.get((key, self._width))
            if form is None:
                sources, insns = passage.rows()
                form = self._form(passage.start, sources, insns)
                if key is not None and insns.moves:
                    printed.keep((key, self._width), form)
            if form.text:
                yield form.at(passage.start, margin)

    def _margin(self, slot: int) -> Margin | None:
        """Return the arrows of the function that holds a slot; None where none are drawn."""
        is_drawn = self._arrows and slot < self._rows.program.flow.slots
        return self._rows.margin(slot, ascii_only=self._ascii_only) if is_drawn else None

    def _width_of(self, slot: int) -> int:
        """Return how wide they are."""
        margin = self._margin(slot)
        return 0 if margin is None else margin.width

    def _form(self, start: int, sources: list[Row], insns: Stretch) -> _Form:
        """Return what the rows of a function are printed by."""
        margin = self._margin(start)
        targets = dict(insns.labels)
        below, slots = self._insns(insns, margin, targets), list[int]()
        for slot, line in enumerate(below, start):
            if line:
                slots.append(slot - start)
                if slot in targets:
                    slots.append(targets[slot] - start)
        lines, done = list[str](), 0
        for row in sources:
            lines += below[done : row.slot - start]
            done = row.slot - start
            lines.append(_escaped(self._source(row, margin)))
        lines += below[done:]
        return _Form("\n".join(filter(None, lines)), slots, 0 if margin is None else margin.width)

    def _insns(self, insns: Stretch, margin: Margin | None, targets: dict[int, int]) -> list[str]:
        """Return the lines of instructions as forms, by slot; '' for the second half of a 64-bit immediate."""
        start, texts, comments, *_ = insns
        texts = texts.copy()
        for slot, comment in comments.items():
            if comment and texts[slot - start]:
                texts[slot - start] += f" ; {comment}"
        texts = list(map(_escaped, visible_all(texts)))
        for slot, target in targets.items():
            texts[slot - start] = texts[slot - start].replace(f"L{target}", "L%d", 1)
        number = f"%{self._width}d: "
        if margin is None or not margin.width:
            return [f"{number}{text}" if text else "" for text in texts]
        rows = margin.texts(start, insns.stop)
        return [f"{row}{number}{text}" if text else "" for row, text in zip(rows, texts, strict=True)]

    def _header(self, row: Row) -> Painted:
        """Return the line of a function's header."""
        return joined(row.text)

    def _source(self, row: Row, margin: Margin | None) -> str:
        """Return a line of C."""
        above = margin.text_above(row.slot) if margin is not None and margin.width else ""
        return visible(f"{above}{_source(row)} {_place(row)}")


class _PaintedLines(_PlainLines):
    """The same in colours."""

    def _insns(self, insns: Stretch, margin: Margin | None, targets: dict[int, int]) -> list[str]:
        """Return the lines of instructions as forms, by slot; '' for the second half of a 64-bit immediate."""
        number = paint("%d:", "dim").replace("%d", f"%{self._width}d")
        found = [""] * len(insns.texts)
        for slot, text, comment, reachable in insns.insns():
            shown = _escaped(paint_listing(text) if reachable else paint(text, "dim"))
            if slot in targets:
                shown = shown.replace(f"L{targets[slot]}", "L%d", 1)
            arrows = _painted(margin.insn(slot)) if margin is not None else ""
            note = _escaped(paint(f" ; {comment}", "dim")) if comment else ""
            found[slot - insns.start] = f"{arrows}{number} {shown}{note}"
        return found

    def _header(self, row: Row) -> Painted:
        """Return the line of a function's header."""
        return paint(row.text, "bold underline")

    def _source(self, row: Row, margin: Margin | None) -> str:
        """Return a line of C."""
        above = _painted(margin.above(row.slot)) if margin is not None else ""
        return joined(above, paint(_source(row), "italic"), " ", paint(_place(row), "dim"))


def _escaped(text: str) -> str:
    """Return text as a part of a form."""
    return text.replace("%", "%%")


def _source(row: Row) -> str:
    return f"; {row.text.expandtabs(_TAB)}"


def _place(row: Row) -> str:
    return f"@ {row.file.rpartition('/')[2]}:{row.line}"


@functools.lru_cache(_MARGINS)
def _painted(cells: Sequence[Cell]) -> Painted:
    parts: list[str] = []
    for jump, run in itertools.groupby(cells, lambda cell: cell.jump):
        text = "".join(cell.text for cell in run)
        parts.append(text if jump is None else paint(text, _ARROW_STYLES[jump % len(_ARROW_STYLES)]))
    return joined(*parts)
