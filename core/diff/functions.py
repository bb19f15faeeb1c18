"""Two functions beside each other, row by row: data that a terminal, a page and a screen can draw."""

from __future__ import annotations

import enum
import itertools
from bisect import bisect_left
from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

from ..asm import Token, tokenize
from ..errors import BpftuiError
from .alignment import align_by
from .changes import Change, change_of
from .forms import LABEL
from .registers import Step, renamed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ..limits import Budget
    from ..spread import Apply
    from .alignment import Pair
    from .forms import FunctionCode, Insn

__all__ = ["CONTEXT", "Counts", "FunctionDiff", "Hunk", "Kind", "Row", "Side", "What", "drawn"]

_Drawn = TypeVar("_Drawn")
CONTEXT: Final = 3
"""Rows around what differs."""


class Kind(enum.StrEnum):
    """How the two sides of a row are to each other."""

    SAME = "same"
    RENAMED = "renamed"
    """They do the same with the same values, which are in other registers."""
    CHANGED = "changed"
    REMOVED = "removed"
    ADDED = "added"


class What(enum.StrEnum):
    """What a row is about."""

    SOURCE = "source"
    """A line of C, from which the instructions below it come. It differs where its text does."""
    LABEL = "label"
    """A place that is jumped to."""
    INSN = "insn"


class Side(NamedTuple):
    """What one of the two functions has in a row."""

    text: str
    """A line of C, a label (`L1`), or an instruction with the labels that it jumps to."""
    slot: int
    """Counted from the function's first: of an instruction its own, of others that of the one below."""
    comment: str = ""
    """INSN: what a relocation has to say of it. SOURCE: its place, `prog.c:20`."""
    meaning: str = ""
    """INSN: what is the same on both sides of rows that are (`forms.Form.meaning`), with labels."""


class Row(NamedTuple):
    """A row: of SAME, RENAMED and CHANGED ones there are both sides."""

    kind: Kind
    what: What
    old: Side | None
    new: Side | None


class Hunk(NamedTuple):
    """Rows that differ, and some around them that do not."""

    rows: tuple[Row, ...]
    old: range
    """The slots that they are, in the old function."""
    new: range
    source: Row | None
    """The line of C that the first of them comes from, where that stands above."""


class Counts(NamedTuple):
    """How many instructions of each kind there are."""

    same: int = 0
    renamed: int = 0
    changed: int = 0
    removed: int = 0
    added: int = 0


class _Summary(NamedTuple):
    """What is kept of two functions."""

    counts: Counts
    differs: bool
    only_renamed: bool = False
    renamings: tuple[tuple[str, str], ...] = ()
    pairs: Sequence[Pair] | None = ()
    """What belongs together; None where it is to be looked for again."""
    slots_after: Sequence[int | None] | None = ()
    """As the property has it; None where it is to be looked for again."""
    problem: str | None = None


class FunctionDiff:
    """A function in both objects, or in one of them.

    Rows are made anew each time that they are asked for, unless it is within `look`: those of two large objects
    have no room in memory.

    Args:
        old: In the old object; None where it is new.
        new: In the new object; None where it is gone.
        budget: What looking for what belongs together may cost, of all functions of both objects.
        alike: Whether the same bytes mean the same in both objects: not where their byte orders differ.
    """

    def __init__(
        self, old: FunctionCode | None, new: FunctionCode | None, budget: Budget, *, alike: bool = True
    ) -> None:
        present = new or old
        assert present is not None
        self.old = old
        self.new = new
        self.name: str = present.name
        self.section: str = present.section
        self.budget = budget
        self._alike = alike
        self._kept: _Merged | None = None
        """Both, where what is asked for is asked again soon."""
        self._keeps = False

    @cached_property
    def change(self) -> Change:
        """What has become of it; one whose registers are others is changed."""
        return change_of(self.old, self.new, differs=self._summary.differs)

    @cached_property
    def reads_otherwise(self) -> bool:
        """Whether other lines of C stand above its instructions; lines that only moved within a file are the same."""
        old, new = self._lines
        return [(slot, text) for slot, _, text in old] != [(slot, text) for slot, _, text in new]

    @property
    def moved(self) -> bool:
        """Whether its lines of C have other numbers, or read otherwise."""
        old, new = self._lines
        return old != new

    @property
    def _lines(self) -> tuple[list[tuple[int, int, str]], list[tuple[int, int, str]]]:
        """The lines of C of both; none where one of them is not there."""
        if self.old is None or self.new is None:
            return [], []
        return self.old.lines, self.new.lines

    @property
    def counts(self) -> Counts:
        """How many instructions are of each kind."""
        return self._summary.counts

    @property
    def only_renamed(self) -> bool:
        """Whether it differs, and does the same all the same, with values in other registers."""
        return self._summary.only_renamed

    @property
    def renamings(self) -> tuple[tuple[str, str], ...]:
        """Which registers are others in the rows that are renamed: `("r6", "r7")`; the most frequent first."""
        return self._summary.renamings

    @property
    def problem(self) -> str | None:
        """Why it cannot be looked into, where it is damaged."""
        return self._summary.problem

    @cached_property
    def _summary(self) -> _Summary:
        try:
            if self.old is not None and self.new is not None and self._alike and self.old.digest == self.new.digest:
                return _Summary(Counts(same=self.new.size), differs=False, slots_after=range(self.new.size))
            merged = self._merged(None)
        except BpftuiError as error:
            return _Summary(Counts(), differs=True, problem=error.message)
        insns = [row for row in merged.rows if row.what is What.INSN]
        others: Counter[tuple[str, str]] = Counter()
        for row in insns:
            if row.kind is Kind.RENAMED and row.old is not None and row.new is not None:
                pairs = zip(_registers(row.old.text), _registers(row.new.text), strict=False)
                others.update(pair for pair in pairs if pair[0] != pair[1])
        return _Summary(
            Counts(**Counter(row.kind.value for row in insns)),
            any(row.kind is not Kind.SAME for row in merged.rows if row.what is not What.SOURCE),
            merged.only_renamed,
            tuple(pair for pair, _ in others.most_common()),
            merged.pairs,
            () if self.old is None or self.new is None else _slots_after(insns, self.old.size),
        )

    def _merged(self, pairs: Sequence[Pair] | None) -> _Merged:
        if self._kept is not None:
            return self._kept
        old = self.old.insns() if self.old is not None else []
        new = self.new.insns() if self.new is not None else []
        merged = _Merged(old, new, align_by(_keys(old), _keys(new), self.budget) if pairs is None else pairs)
        self._kept = merged if self._keeps else None
        return merged

    def look(self, draw: Callable[[FunctionDiff], _Drawn]) -> tuple[_Drawn, _Summary, int]:
        """Return what *draw* makes of it, what is kept of it, and the steps that it took: rows are made once for that.

        What is kept is small, to be told to another process.
        """
        left = self.budget.left
        self._keeps = True
        try:
            found = draw(self)
            told = self._summary._replace(pairs=None, slots_after=None if self._summary.slots_after else ())
            return found, told, left - self.budget.left
        finally:
            self._keeps, self._kept = False, None

    def learn(self, summary: _Summary) -> None:
        """Know what `look` found out in another process."""
        self._summary = summary

    def rows(self) -> Sequence[Row]:
        """Return all of it, row by row; nothing where it is damaged."""
        if self.problem is not None:
            return ()
        return self._merged(self._summary.pairs if self._summary.differs else None).rows

    @cached_property
    def slots_after(self) -> Sequence[int | None]:
        """Where each slot of the old function is in the new one; of an instruction that is gone, what follows it now.

        None where nothing does; empty where one of the functions is not there or damaged.
        """
        found = self._summary.slots_after
        if found is None:
            assert self.old is not None
            found = _slots_after([row for row in self.rows() if row.what is What.INSN], self.old.size)
        return found

    def hunks(self, context: int = CONTEXT) -> Iterator[Hunk]:
        """Yield the rows that differ with so many that do not around them; those that touch are one."""
        rows = () if self.change is Change.SAME else self.rows()
        start = stop = 0
        for number, row in enumerate(rows):
            # A line of C that reads otherwise is no difference, but it stands above one where its instruction is new.
            if row.kind is Kind.SAME or (row.what is What.SOURCE and rows[number + 1].kind is not row.kind):
                continue
            if number - context > stop and stop:
                yield _hunk(rows, start, stop)
                stop = 0
            start = start if stop else max(number - context, 0)
            stop = min(number + 1 + context, len(rows))
        if stop:
            yield _hunk(rows, start, stop)


def drawn(functions: Sequence[FunctionDiff], draw: Callable[[FunctionDiff], _Drawn], apply: Apply) -> Iterator[_Drawn]:
    """Yield what *draw* makes of each function, and know afterwards of each what is kept of it.

    Args:
        functions: Functions of one comparison, of which nothing was asked yet.
        draw: What is made of a function, while its rows are at hand.
        apply: `map`, or `spread` over several processes: what *draw* makes can be pickled then.
    """
    budgets = {function.budget: function.budget.left for function in functions}
    for function, (found, summary, steps) in zip(
        functions, apply(lambda function: function.look(draw), functions), strict=True
    ):
        function.learn(summary)
        budgets[function.budget] -= steps
        yield found
    for budget, left in budgets.items():
        budget.left = left  # what other processes have spent was not taken here


def _registers(text: str) -> Iterator[str]:
    """Yield the registers of an instruction's text, in their order: `r6`, also for its lower half."""
    return (f"r{part[1:]}" for token, part in tokenize(text) if token is Token.REGISTER)


def _slots_after(insns: Sequence[Row], size: int) -> Sequence[int | None]:
    """Return where each of the *size* slots of the old function is in the new one, of the rows of instructions."""
    found: list[int | None] = [None] * size
    following, stop = None, size
    for row in reversed(insns):
        following = following if row.new is None else row.new.slot
        if row.old is not None:
            found[row.old.slot : stop] = [following] * (stop - row.old.slot)
            stop = row.old.slot
    return found


def _hunk(rows: Sequence[Row], start: int, stop: int) -> Hunk:
    """Return some rows as a hunk."""
    insns = [row for row in rows[start:stop] if row.what is What.INSN]
    sides = ([row.old for row in insns if row.old is not None], [row.new for row in insns if row.new is not None])
    old, new = (range(found[0].slot, found[-1].slot + 1) if found else range(0) for found in sides)
    above = start - 1
    while above >= 0 and rows[above].what is not What.SOURCE:
        above -= 1
    source = rows[above] if above >= 0 and rows[start].what is not What.SOURCE else None
    return Hunk(tuple(rows[start:stop]), old, new, source)


class _Labels:
    """The places that are jumped to in two functions, and which of them are one.

    Where a jump of the one belongs to one of the other, so do the places that they go to, unless something that belongs
    together lies between the two.
    """

    def __init__(self, old: Sequence[Insn], new: Sequence[Insn], pairs: Sequence[Pair]) -> None:
        self.old = {target for insn in old for target in insn.targets}
        self.new = {target for insn in new for target in insn.targets}
        self.partners: dict[int, int] = {}
        """Of a place of the old function that of the new one."""
        self._find(old, new, pairs)
        self.known = set(self.partners.values())
        """The places of the new function that have a partner."""
        self.names: tuple[dict[int, str], dict[int, str]] = ({}, {})
        """What they are called, in either function; set once it is known in which order they stand."""

    def _find(self, old: Sequence[Insn], new: Sequence[Insn], pairs: Sequence[Pair]) -> None:
        votes: Counter[tuple[int, int]] = Counter()
        for pair in pairs:
            ours, theirs = old[pair.old].targets, new[pair.new].targets
            if len(ours) == len(theirs):
                votes.update(zip(ours, theirs, strict=True))
            if pair.old in self.old and pair.new in self.new:
                votes[pair] += 1
        olds, news = [pair.old for pair in pairs], [pair.new for pair in pairs]
        taken: dict[int, list[tuple[int, int]]] = {}
        seen: set[int] = set()
        for (ours, theirs), _ in sorted(votes.items(), key=lambda item: (-item[1], item[0])):
            gap = bisect_left(olds, ours)
            others = taken.setdefault(gap, [])
            if ours in self.partners or theirs in seen or bisect_left(news, theirs) != gap:
                continue
            if all((ours < a) == (theirs < b) for a, b in others):
                others.append((ours, theirs))
                self.partners[ours] = theirs
                seen.add(theirs)

    def agree(self, old: Insn, new: Insn) -> bool:
        """Whether two instructions jump to the same places."""
        if not old.targets and not new.targets:
            return True
        return len(old.targets) == len(new.targets) and all(
            self.partners.get(a) == b for a, b in zip(old.targets, new.targets, strict=True)
        )


class _Merged:
    """Two functions as one row of rows."""

    def __init__(self, old: Sequence[Insn], new: Sequence[Insn], pairs: Sequence[Pair]) -> None:
        self._old = old
        self._new = new
        self.pairs = pairs
        self._labels = _Labels(old, new, self.pairs)
        self._items = list(self._ordered())
        self._name_labels()
        self._known = renamed([self._step(item) for item in self._items]) if self._has_others else set[int]()
        self.rows: tuple[Row, ...] = tuple(self._rows())
        self.only_renamed = self._has_others and all(
            item.old is not None and item.new is not None and (item.is_label or self._is_alike(number, item))
            for number, item in enumerate(self._items)
        )
        """Whether both do the same, with values in other registers."""

    @cached_property
    def _has_others(self) -> bool:
        """Whether some pair differs in its registers."""
        return any(self._differs(pair) for pair in self.pairs)

    def _differs(self, pair: Pair) -> bool:
        ours, theirs = self._old[pair.old].form, self._new[pair.new].form
        return ours.meaning != theirs.meaning and ours.shape == theirs.shape

    def _ordered(self) -> Iterator[_Item]:
        """Yield labels and instructions in the order of both; between pairs, what is gone before what is new."""
        labels = self._labels
        old = new = 0
        for pair_old, pair_new in [*self.pairs, (len(self._old), len(self._new))]:
            known = [at for at in range(old, pair_old + 1) if at in labels.partners]
            for place in known:
                yield from self._alone(old, place, new, labels.partners[place])
                old, new = place, labels.partners[place]
                yield _Item(old, new, is_label=True)
            yield from self._alone(old, pair_old, new, pair_new, last=True)
            if pair_old < len(self._old) or pair_new < len(self._new):
                yield _Item(pair_old, pair_new)
            old, new = pair_old + 1, pair_new + 1

    def _alone(self, old: int, old_stop: int, new: int, new_stop: int, *, last: bool = False) -> Iterator[_Item]:
        """Yield what only one has between two places, its labels among it; at the *last* ones too."""
        labels = self._labels
        for at in range(old, old_stop + last):
            if at in labels.old and at not in labels.partners:
                yield _Item(at, None, is_label=True)
            if at < old_stop:
                yield _Item(at, None)
        for at in range(new, new_stop + last):
            if at in labels.new and at not in labels.known:
                yield _Item(None, at, is_label=True)
            if at < new_stop:
                yield _Item(None, at)

    def _name_labels(self) -> None:
        olds, news = self._labels.names
        for number, item in enumerate((item for item in self._items if item.is_label), 1):
            if item.old is not None:
                olds[item.old] = f"L{number}"
            if item.new is not None:
                news[item.new] = f"L{number}"

    def _step(self, item: _Item) -> Step:
        partners = self._labels.partners
        if item.is_label:
            return Step(label=item.new if item.old is not None else None)
        ours = self._old[item.old] if item.old is not None else None
        theirs = self._new[item.new] if item.new is not None else None
        targets = set[int]()
        if ours is not None and ours.targets:
            targets.update(partners[target] for target in ours.targets if target in partners)
        if theirs is not None and theirs.targets:
            targets.update(target for target in theirs.targets if target in self._labels.known)
        return Step(
            ours.form if ours is not None else None, theirs.form if theirs is not None else None, tuple(sorted(targets))
        )

    def _is_alike(self, number: int, item: _Item) -> bool:
        """Whether two instructions do the same with the same values."""
        assert item.old is not None
        assert item.new is not None
        return number in self._known and self._labels.agree(self._old[item.old], self._new[item.new])

    def _kind(self, number: int, item: _Item) -> Kind:
        if item.old is None or item.new is None:
            return Kind.ADDED if item.old is None else Kind.REMOVED
        if item.is_label:
            return Kind.SAME
        ours, theirs = self._old[item.old], self._new[item.new]
        if not self._labels.agree(ours, theirs):
            return Kind.CHANGED
        if ours.form.meaning == theirs.form.meaning:
            return Kind.SAME
        return Kind.RENAMED if number in self._known else Kind.CHANGED

    def _rows(self) -> Iterator[Row]:
        sources = _Sources(self._old, self._new)
        for number, item in enumerate(self._items):
            kind = self._kind(number, item)
            old = None if item.old is None else self._side(self._old, item.old, 0, is_label=item.is_label)
            new = None if item.new is None else self._side(self._new, item.new, 1, is_label=item.is_label)
            if item.is_label:
                yield Row(kind, What.LABEL, old, new)
                continue
            yield from sources.before(item, self._items, number)
            yield Row(kind, What.INSN, old, new)

    def _side(self, insns: Sequence[Insn], number: int, which: int, *, is_label: bool) -> Side:
        names = self._labels.names[which]
        insn = insns[number]
        if is_label:
            return Side(names[number], insn.slot)
        text, meaning = insn.form.text, insn.form.meaning
        if insn.targets:
            labels = ", ".join(names[target] for target in insn.targets)
            is_jump = LABEL in text
            text = text.replace(LABEL, labels)
            meaning = meaning.replace(LABEL, labels) if is_jump else f"{meaning} to {labels}"
        return Side(text, insn.slot, insn.comment, meaning)


class _Item(NamedTuple):
    """An instruction or a label of one function or of both, by its number."""

    old: int | None
    new: int | None
    is_label: bool = False


class _Sources:
    """The lines of C above the instructions, each once."""

    def __init__(self, old: Sequence[Insn], new: Sequence[Insn]) -> None:
        self._sides = (old, new)
        self._shown = ["", ""]
        """The texts that stand above, on either side."""
        self._ahead: tuple[dict[str, int], dict[str, int]] = ({}, {})
        """The first instruction of each line among those that only one has, up to the next pair, on either side."""
        self._ahead_to = 0

    def before(self, item: _Item, items: Sequence[_Item], number: int) -> Sequence[Row]:
        """Return the lines that stand above an instruction, where others stood above the one before it."""
        old = None if item.old is None else self._sides[0][item.old].source
        new = None if item.new is None else self._sides[1][item.new].source
        if old is not None and new is not None:
            if [old, new] == self._shown:
                return ()
            self._shown, shown = [old, new], self._shown
            fresh = [bool(text) and text != before for text, before in zip((old, new), shown, strict=True)]
            if not any(fresh):
                return ()
            sides = [self._side(at, which) for which, at in enumerate(item[:2])]
            if old == new:
                return (Row(Kind.SAME, What.SOURCE, *sides),)
            kind = Kind.CHANGED if all(fresh) else Kind.REMOVED if fresh[0] else Kind.ADDED
            return (Row(kind, What.SOURCE, sides[0] if fresh[0] else None, sides[1] if fresh[1] else None),)
        which = 0 if new is None else 1
        text = (old if new is None else new) or ""
        if text in (self._shown[which], ""):
            return ()
        self._shown[which] = text
        if text == self._shown[1 - which]:
            return ()
        other = self._beside(text, items, number, 1 - which)
        here = item[which]
        sides = (
            (self._side(here, 0), self._side(other, 1)) if which == 0 else (self._side(other, 0), self._side(here, 1))
        )
        if other is not None:
            self._shown[1 - which] = text
            return (Row(Kind.SAME, What.SOURCE, *sides),)
        return (Row(Kind.REMOVED if which == 0 else Kind.ADDED, What.SOURCE, *sides),)

    def _beside(self, text: str, items: Sequence[_Item], number: int, which: int) -> int | None:
        """Return an instruction of the other function, before the next pair, that comes from the same line."""
        if number >= self._ahead_to:
            self._ahead = ({}, {})
            for item in itertools.islice(items, number, None):
                if item.old is not None and item.new is not None and not item.is_label:
                    break
                number += 1
                if item.old is not None and not item.is_label:
                    self._ahead[0].setdefault(self._sides[0][item.old].source, item.old)
                elif item.new is not None and not item.is_label:
                    self._ahead[1].setdefault(self._sides[1][item.new].source, item.new)
            self._ahead_to = number
        return self._ahead[which].get(text)

    def _side(self, at: int | None, which: int) -> Side | None:
        if at is None:
            return None
        insn = self._sides[which][at]
        if insn.line is None or not insn.source:
            return None
        return Side(insn.source, insn.slot, f"{insn.line.file.rpartition('/')[2]}:{insn.line.line}")


def _keys(insns: Sequence[Insn]) -> list[list[tuple[str | int, str] | str]]:
    """Return what instructions are known by, the strictest first."""
    return [
        [(insn.form.meaning, insn.source) for insn in insns],
        [insn.form.meaning for insn in insns],
        [insn.form.shape for insn in insns],
        [(insn.form.insn.opcode, insn.source) for insn in insns],
    ]
