"""A comparison as lines for a terminal, as `git diff` has them: what differs, what breaks, and the code in hunks."""

from __future__ import annotations

import itertools
import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from ...core.diff import Change, Kind, What
from ...core.diff.costs import NUMBERS
from ...core.diff.functions import drawn
from .charset import is_writable
from .colors import Painted, joined, joined_lines, paint, paint_listing
from .format import counted
from .signs import change_sign

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from ...core.diff import FunctionDiff, Hunk, Item, ObjectDiff, ProgramDiff, Row, Side
    from ...core.diff.costs import CostDiff
    from ...core.spread import Apply

__all__ = ["diff_lines", "drawn_functions"]

_INKS: Final = {Change.CHANGED: "changed", Change.ADDED: "good", Change.REMOVED: "danger"}
_WORDS: Final = re.compile(r"\w+|\W")
_SLOT: Final = 5
_TAB: Final = 4
_MOST: Final = 64
"""Facts and sentences on one thing that are printed."""


def drawn_functions(
    functions: Sequence[FunctionDiff], apply: Apply, *, color: bool, context: int, ascii_only: bool | None = None
) -> dict[FunctionDiff, Painted]:
    """Return what `diff_lines` has of functions that differ, of each its lines together; arguments as there.

    It is called before anything else is asked of them, and spares that they are looked into twice.
    """
    lines = _Lines(color=color, context=context, ascii_only=ascii_only)
    texts = drawn(functions, lambda function: joined_lines(*lines.function(function)), apply)
    return {function: text for function, text in zip(functions, texts, strict=True) if text}


def diff_lines(
    found: ObjectDiff,
    *,
    color: bool,
    context: int,
    failed: Sequence[str] = (),
    ascii_only: bool | None = None,
    functions: Mapping[FunctionDiff, Painted] = MappingProxyType({}),
) -> Iterator[Painted]:
    """Yield the lines of a comparison, without their ends; nothing where nothing differs and nothing is to be said.

    Args:
        found: The comparison.
        color: Whether they have escape sequences for colours.
        context: How many rows of code that are the same stand around those that differ.
        failed: What of it counts, as sentences.
        ascii_only: Whether its arrows are of ASCII; None for: if stdout has no others.
        functions: Those that were drawn already, in the same way.
    """
    lines = _Lines(color=color, context=context, ascii_only=ascii_only)
    return map(joined, lines.of(found, failed, functions))


class _Lines:
    """The lines of a comparison; those that are not painted are still to be made visible."""

    def __init__(self, *, color: bool, context: int, ascii_only: bool | None) -> None:
        if ascii_only is None:
            ascii_only = not is_writable("→")
        self._color = color
        self._context = context
        self._arrow = "->" if ascii_only else "→"

    def _paint(self, text: str, style: str) -> str:
        return paint(text, style) if self._color and style and text else text

    def _joined(self, *parts: str) -> str:
        """Return parts as one line: without colours it is made visible as a whole."""
        return joined(*parts) if self._color else "".join(parts)

    def of(self, found: ObjectDiff, failed: Sequence[str], functions: Mapping[FunctionDiff, Painted]) -> Iterator[str]:
        if found.same and not found.remarks and not any(cost.differs for cost in found.costs):
            return
        yield self._paint(f"--- {found.old.file}", "bold")
        yield self._paint(f"+++ {found.new.file}", "bold")
        for sentence in found.not_compared:
            yield self._joined("    ", self._paint(sentence, "danger"))
        for remark in found.remarks:
            yield self._paint(f"    {remark}", "dim")
        for fact in found.facts:
            yield self._joined(self._paint("~", "changed"), f" {fact.what}: ", self._between(fact.old, fact.new))
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
            if function in functions:
                yield functions[function]
            else:
                yield from self.function(function)
        yield self._joined()
        yield self._paint(_summary(found), "bold")
        for sentence in failed:
            yield self._joined(self._paint("counts: ", "danger"), sentence)

    def _between(self, old: str, new: str) -> str:
        if old and new:
            return self._joined(self._paint(old, "danger"), f" {self._arrow} ", self._paint(new, "good"))
        return self._paint(f"{old} (gone)", "danger") if old else self._paint(f"{new} (new)", "good")

    def _heading(self, change: Change, kind: str, name: str, *rest: str) -> str:
        mark = self._paint(change_sign(change, ascii_only=True), _INKS[change])
        return self._joined(mark, f" {kind} "[: len(kind) + 2 if kind else 1], self._paint(name, "bold"), *rest)

    def _program(self, program: ProgramDiff) -> Iterator[str]:
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
            yield self._joined(f"    {fact.what}: ", self._between(fact.old, fact.new))

    def _item(self, kind: str, item: Item) -> Iterator[str]:
        if item.change is Change.SAME:
            return
        yield self._heading(item.change, kind, item.name)
        for fact in item.facts[:_MOST]:
            yield self._joined(f"    {fact.what}: ", self._between(fact.old, fact.new))
        for text in item.breaks[:_MOST]:
            yield self._joined("    ", self._paint("breaks", "bold danger"), f": {text}")
        left = max(len(item.facts) - _MOST, 0) + max(len(item.breaks) - _MOST, 0)
        if left:
            yield self._paint(f"    … {left:,} more (--json has all)", "dim")

    def _cost(self, cost: CostDiff) -> Iterator[str]:
        if not cost.differs:
            return
        yield self._joined(self._paint("~", "changed"), " cost ", self._paint(cost.name, "bold"))
        old, new = cost.old, cost.new
        if old is None or new is None or old.ok != new.ok:
            yield self._joined("    ", self._between(*("" if each is None else each.verdict for each in (old, new))))
        for field, words in NUMBERS.items():
            before, after = (None if each is None else getattr(each, field) for each in (old, new))
            if before != after and before is not None and after is not None:
                style = "danger" if after > before else "good"
                yield self._joined(
                    f"    {words}: {before:,} {self._arrow} ", self._paint(f"{after:,} {cost.grown(field)}", style)
                )

    def function(self, function: FunctionDiff) -> Iterator[str]:
        """Yield the lines of a function that differs, an empty one before; none of another."""
        if function.change is Change.SAME:
            return
        yield self._joined()
        counts = function.counts
        numbers = ((counts.removed + counts.changed, "-"), (counts.added + counts.changed, "+"), (counts.renamed, "~"))
        told = " ".join(f"{sign}{number:,}" for number, sign in numbers if number)
        title = self._heading(function.change, "function", function.name)
        yield self._joined(title, self._paint(f"  {function.section}  {told}".rstrip(), "dim"))
        if function.problem:
            yield self._paint(f"    {function.problem}", "danger")
        if function.only_renamed:
            pairs = ", ".join(f"{old} {self._arrow} {new}" for old, new in function.renamings)
            yield self._joined(
                "    ", self._paint(f"does the same, with values in other registers: {pairs}", "changed")
            )
        for hunk in function.hunks(self._context):
            place = f"@@ {_span(hunk.old)} {self._arrow} {_span(hunk.new)} @@"
            above = (hunk.source.new or hunk.source.old) if hunk.source is not None else None
            source = self._source(above) if above is not None else self._joined(function.name)
            yield self._joined(self._paint(place, "link"), " ", source)
            yield from self._hunk(hunk)

    def _hunk(self, hunk: Hunk) -> Iterator[str]:
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

    def _both(self, row: Row) -> str:
        old, new = row.old, row.new
        if old is None or new is None:  # a line of C that only one of them tells of
            found = old or new
            assert found is not None
            return self._joined(" " * (2 * _SLOT + 4), self._source(found))
        if row.what is What.SOURCE:
            return self._joined(" " * (2 * _SLOT + 4), self._source(new))
        if row.what is What.LABEL:
            return self._joined(" " * (2 * _SLOT + 3), self._paint(f"{new.text}:", "link"))
        slots = self._paint(f"{old.slot:>{_SLOT}}{new.slot:>{_SLOT}}", "dim")
        text = paint_listing(new.text) if self._color else self._joined(new.text)
        if row.kind is Kind.RENAMED:
            return self._joined(slots, self._paint(" ~  ", "changed"), text, self._paint(f"  ; {old.text}", "dim"))
        comment = new.comment if old.text == new.text else f"{new.comment}; {old.text}" if new.comment else old.text
        return self._joined(slots, "    ", text, self._paint(f"  ; {comment}" if comment else "", "dim"))

    def _source(self, side: Side, sign: str = "") -> str:
        text = self._paint(f"; {side.text.expandtabs(_TAB)}", f"italic {sign}".rstrip())
        return self._joined(text, " ", self._paint(f"@ {side.comment}", "dim"))

    def _one(self, row: Row, side: Side, other: Side | None, sign: str) -> str:
        style = "danger" if sign == "-" else "good"
        slot = f"{side.slot:>{_SLOT}}"
        slots = f"{slot}{'':{_SLOT}}" if sign == "-" else f"{'':{_SLOT}}{slot}"
        if row.what is What.INSN:
            beside = other.text if other is not None else None
            comment = self._paint(f"  ; {side.comment}" if side.comment else "", "dim")
            return self._joined(
                self._paint(slots, "dim"),
                self._paint(f" {sign}  ", style),
                self._words(side.text, beside, style),
                comment,
            )
        blank = " " * (2 * _SLOT)
        if row.what is What.LABEL:
            return self._joined(blank, self._paint(f" {sign} ", style), self._paint(f"{side.text}:", style))
        return self._joined(blank, self._paint(f" {sign}  ", style), self._source(side, style))

    def _words(self, text: str, beside: str | None, style: str) -> str:
        """Return a text, and underlined what of it is not as in the one beside it."""
        if beside is None or not self._color:
            return self._paint(text, style)
        ours, theirs = _WORDS.findall(text), _WORDS.findall(beside)
        start = _common(ours, theirs)
        end = min(_common(ours[::-1], theirs[::-1]), len(ours) - start, len(theirs) - start)
        parts = (ours[:start], ours[start : len(ours) - end], ours[len(ours) - end :])
        head, middle, tail = ("".join(part) for part in parts)
        return self._joined(
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
