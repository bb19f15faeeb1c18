"""A comparison as lines for a terminal, as `git diff` has them: what differs, what breaks, and the code in hunks."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Final

from ...core.diff import Change, Kind, What
from ...core.diff.costs import NUMBERS
from .charset import is_writable
from .colors import Painted, joined, paint, paint_listing
from .format import counted
from .signs import change_sign

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from ...core.diff import FunctionDiff, Hunk, Item, ObjectDiff, ProgramDiff, Row, Side
    from ...core.diff.costs import CostDiff

__all__ = ["diff_lines"]

_INKS: Final = {Change.CHANGED: "changed", Change.ADDED: "good", Change.REMOVED: "danger"}
_WORDS: Final = re.compile(r"\w+|\W")
_SLOT: Final = 5
_TAB: Final = 4
_MOST: Final = 64
"""Facts and sentences on one thing that are printed."""


def diff_lines(
    found: ObjectDiff, *, color: bool, context: int, failed: Sequence[str] = (), ascii_only: bool | None = None
) -> Iterator[Painted]:
    """Yield the lines of a comparison, without their ends; nothing where nothing differs and nothing is to be said.

    Args:
        found: The comparison.
        color: Whether they have escape sequences for colours.
        context: How many rows of code that are the same stand around those that differ.
        failed: What of it counts, as sentences.
        ascii_only: Whether its arrows are of ASCII; None for: if stdout has no others.
    """
    if ascii_only is None:
        ascii_only = not is_writable("→")
    return _Lines(color=color, context=context, ascii_only=ascii_only).of(found, failed)


class _Lines:
    def __init__(self, *, color: bool, context: int, ascii_only: bool) -> None:
        self._color = color
        self._context = context
        self._arrow = "->" if ascii_only else "→"

    def _paint(self, text: str, style: str) -> Painted:
        return paint(text, style) if self._color and style and text else joined(text)

    def of(self, found: ObjectDiff, failed: Sequence[str]) -> Iterator[Painted]:
        if found.same and not found.remarks and not any(cost.differs for cost in found.costs):
            return
        yield self._paint(f"--- {found.old.file}", "bold")
        yield self._paint(f"+++ {found.new.file}", "bold")
        for sentence in found.not_compared:
            yield joined("    ", self._paint(sentence, "danger"))
        for remark in found.remarks:
            yield self._paint(f"    {remark}", "dim")
        for fact in found.facts:
            yield joined(self._paint("~", "changed"), f" {fact.what}: ", self._between(fact.old, fact.new))
        for program in found.programs:
            yield from self._program(program)
        for kind, items in (
            ("map", found.maps),
            ("variable", found.variables),
            ("", found.types),
            ("CO-RE", found.relocations),
            ("", found.externs),
            ("section", found.sections),
        ):
            for item in items:
                yield from self._item(kind, item)
        for cost in found.costs:
            yield from self._cost(cost)
        for function in found.functions:
            yield from self._function(function)
        yield joined()
        yield self._paint(_summary(found), "bold")
        for sentence in failed:
            yield joined(self._paint("counts: ", "danger"), sentence)

    def _between(self, old: str, new: str) -> Painted:
        if old and new:
            return joined(self._paint(old, "danger"), f" {self._arrow} ", self._paint(new, "good"))
        return self._paint(f"{old} (gone)", "danger") if old else self._paint(f"{new} (new)", "good")

    def _heading(self, change: Change, kind: str, name: str, *rest: str) -> Painted:
        mark = self._paint(change_sign(change, ascii_only=True), _INKS[change])
        return joined(mark, f" {kind} "[: len(kind) + 2 if kind else 1], self._paint(name, "bold"), *rest)

    def _program(self, program: ProgramDiff) -> Iterator[Painted]:
        if program.change is Change.SAME:
            return
        present = program.new or program.old
        assert present is not None
        changed = program.changed
        rest = "" if program.change is not Change.CHANGED else f"  {_functions(changed)}" * bool(changed)
        yield self._heading(
            program.change, "program", program.name, self._paint(f"  {present.type.label}", "dim"), rest
        )
        for fact in program.facts:
            yield joined(f"    {fact.what}: ", self._between(fact.old, fact.new))

    def _item(self, kind: str, item: Item) -> Iterator[Painted]:
        if item.change is Change.SAME:
            return
        yield self._heading(item.change, kind, item.name)
        for fact in item.facts[:_MOST]:
            yield joined(f"    {fact.what}: ", self._between(fact.old, fact.new))
        for text in item.breaks[:_MOST]:
            yield joined("    ", self._paint("breaks", "bold danger"), f": {text}")
        left = max(len(item.facts) - _MOST, 0) + max(len(item.breaks) - _MOST, 0)
        if left:
            yield self._paint(f"    … {left:,} more (--json has all)", "dim")

    def _cost(self, cost: CostDiff) -> Iterator[Painted]:
        if not cost.differs:
            return
        yield joined(self._paint("~", "changed"), " cost ", self._paint(cost.name, "bold"))
        old, new = cost.old, cost.new
        if old is None or new is None or old.ok != new.ok:
            yield joined("    ", self._between(*("" if each is None else each.verdict for each in (old, new))))
        for field, words in NUMBERS.items():
            before, after = (None if each is None else getattr(each, field) for each in (old, new))
            if before != after and before is not None and after is not None:
                style = "danger" if after > before else "good"
                yield joined(
                    f"    {words}: {before:,} {self._arrow} ", self._paint(f"{after:,} {cost.grown(field)}", style)
                )

    def _function(self, function: FunctionDiff) -> Iterator[Painted]:
        if function.change is Change.SAME:
            return
        yield joined()
        counts = function.counts
        numbers = ((counts.removed + counts.changed, "-"), (counts.added + counts.changed, "+"), (counts.renamed, "~"))
        told = " ".join(f"{sign}{number:,}" for number, sign in numbers if number)
        title = self._heading(function.change, "function", function.name)
        yield joined(title, self._paint(f"  {function.section}  {told}".rstrip(), "dim"))
        if function.problem:
            yield self._paint(f"    {function.problem}", "danger")
        if function.only_renamed:
            pairs = ", ".join(f"{old} {self._arrow} {new}" for old, new in function.renamings)
            yield joined("    ", self._paint(f"does the same, with values in other registers: {pairs}", "changed"))
        for hunk in function.hunks(self._context):
            place = f"@@ {_span(hunk.old)} {self._arrow} {_span(hunk.new)} @@"
            above = (hunk.source.new or hunk.source.old) if hunk.source is not None else None
            source = self._source(above) if above is not None else joined(function.name)
            yield joined(self._paint(place, "link"), " ", source)
            yield from self._hunk(hunk)

    def _hunk(self, hunk: Hunk) -> Iterator[Painted]:
        """Yield the rows; of those that differ, all old sides before all new ones."""
        for differs, rows in itertools.groupby(hunk.rows, lambda row: row.kind not in (Kind.SAME, Kind.RENAMED)):
            if not differs:
                for row in rows:
                    yield self._both(row)
                continue
            run = list(rows)
            for row in run:
                if row.old is not None:
                    yield self._one(row, row.old, row.new, "-")
            for row in run:
                if row.new is not None:
                    yield self._one(row, row.new, row.old, "+")

    def _both(self, row: Row) -> Painted:
        old, new = row.old, row.new
        if old is None or new is None:  # a line of C that only one of them tells of
            found = old or new
            assert found is not None
            return joined(" " * (2 * _SLOT + 4), self._source(found))
        if row.what is What.SOURCE:
            return joined(" " * (2 * _SLOT + 4), self._source(new))
        if row.what is What.LABEL:
            return joined(" " * (2 * _SLOT + 3), self._paint(f"{new.text}:", "link"))
        slots = self._paint(f"{old.slot:>{_SLOT}}{new.slot:>{_SLOT}}", "dim")
        text = paint_listing(new.text) if self._color else joined(new.text)
        if row.kind is Kind.RENAMED:
            return joined(slots, self._paint(" ~  ", "changed"), text, self._paint(f"  ; {old.text}", "dim"))
        comment = new.comment if old.text == new.text else f"{new.comment}; {old.text}" if new.comment else old.text
        return joined(slots, "    ", text, self._paint(f"  ; {comment}" if comment else "", "dim"))

    def _source(self, side: Side, sign: str = "") -> Painted:
        text = self._paint(f"; {side.text.expandtabs(_TAB)}", f"italic {sign}".rstrip())
        return joined(text, " ", self._paint(f"@ {side.comment}", "dim"))

    def _one(self, row: Row, side: Side, other: Side | None, sign: str) -> Painted:
        style = "danger" if sign == "-" else "good"
        slot = f"{side.slot:>{_SLOT}}"
        slots = f"{slot}{'':{_SLOT}}" if sign == "-" else f"{'':{_SLOT}}{slot}"
        if row.what is What.INSN:
            beside = other.text if other is not None else None
            comment = self._paint(f"  ; {side.comment}" if side.comment else "", "dim")
            return joined(
                self._paint(slots, "dim"),
                self._paint(f" {sign}  ", style),
                self._words(side.text, beside, style),
                comment,
            )
        blank = " " * (2 * _SLOT)
        if row.what is What.LABEL:
            return joined(blank, self._paint(f" {sign} ", style), self._paint(f"{side.text}:", style))
        return joined(blank, self._paint(f" {sign}  ", style), self._source(side, style))

    def _words(self, text: str, beside: str | None, style: str) -> Painted:
        """Return a text, and underlined what of it is not as in the one beside it."""
        if beside is None or not self._color:
            return self._paint(text, style)
        ours, theirs = _WORDS.findall(text), _WORDS.findall(beside)
        start = _common(ours, theirs)
        end = min(_common(ours[::-1], theirs[::-1]), len(ours) - start, len(theirs) - start)
        parts = (ours[:start], ours[start : len(ours) - end], ours[len(ours) - end :])
        head, middle, tail = ("".join(part) for part in parts)
        return joined(
            self._paint(head, style), self._paint(middle, f"bold underline {style}"), self._paint(tail, style)
        )


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """Return how many words two texts begin with alike."""
    pairs: Iterable[tuple[str, str]] = zip(one, other, strict=False)
    return sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))


def _span(slots: range) -> str:
    return f"{slots.start}-{slots.stop - 1}" if slots else "-"


def _functions(changed: Sequence[FunctionDiff]) -> str:
    names = ", ".join(function.name for function in changed[:3])
    return f"in {names}" + (f" and {len(changed) - 3:,} more" if len(changed) > 3 else "")


def _summary(found: ObjectDiff) -> str:
    """Return how much differs, in a line."""
    nouns: tuple[tuple[str, Callable[[], Iterable[Change]]], ...] = (
        ("program", lambda: (each.change for each in found.programs)),
        ("function", lambda: (each.change for each in found.functions)),
        ("map", lambda: (each.change for each in found.maps)),
        ("variable", lambda: (each.change for each in found.variables)),
        ("type", lambda: (each.change for each in found.types)),
    )
    parts: list[str] = []
    for noun, changes in nouns:
        all_ = list(changes())
        counts = [
            f"{all_.count(each):,} {each}" for each in (Change.CHANGED, Change.ADDED, Change.REMOVED) if each in all_
        ]
        if counts:
            parts.append(f"{noun}s: {', '.join(counts)}")
    broken = len({name for name, _ in found.breaks})
    parts += [f"{counted(broken, 'layout')} {'breaks' if broken == 1 else 'break'}"] if broken else []
    parts += ["not all could be compared"] if found.not_compared else []
    return "; ".join(parts) or "programs and data are the same"
