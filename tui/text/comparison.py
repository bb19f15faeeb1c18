"""A comparison of two objects as entries of a list: what breaks first, then data, then code in hunks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ...core.diff import Change, Kind, What
from ...core.diff.costs import NUMBERS
from ..jumps import CodePlace
from ..nodes import Node, NodeKind, map_node
from .fit import wrapped
from .format import counted
from .signs import change_sign

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ...core.diff import Hunk, Item, ObjectDiff, Row
    from ...core.diff.costs import Cost, CostDiff

__all__ = ["Comparison", "Entry"]

_MOST: Final = 4000
"""Rows of code that are unfolded from the start."""
_MOST_FACTS: Final = 16
"""Facts and sentences on one thing that are listed."""
_NOTE: Final = 68
"""Cells of a line of names: what a terminal of 80 columns has room for."""


class Entry(NamedTuple):
    """A line of the list."""

    kind: str
    """`breaks`, `warning`, `note`, `item`, `cost`, `fact`, `function`, `hunk`, `row`."""
    text: str = ""
    change: Kind = Kind.SAME
    """What has become of it; SAME where that is not said of it."""
    target: Node | CodePlace | None = None
    """Where it lives in the newer object."""
    row: Row | None = None
    """Of code."""
    starts: tuple[int, int] = (0, 0)
    """The slots from which on those of the row count, in either object."""
    function: int = -1
    """The number of the function that it is of."""


class Comparison:
    """What differs between two objects, and which of it is unfolded. It is made in a thread.

    Args:
        found: The comparison.
        name: What the older object is called.
        notes: What there is to know of how they were read.
    """

    def __init__(self, found: ObjectDiff, name: str, notes: Sequence[str] = ()) -> None:
        self.found = found
        self.name = name
        self.cursor = 0
        """The entry that one was at."""
        self.is_asking = False
        """Whether it is being asked what the programs cost."""
        self.functions = [each for each in found.functions if each.change is not Change.SAME]
        self.unfolded: set[int] = set()
        """The numbers of the functions whose code is listed."""
        self._hunks: dict[int, list[Hunk]] = {}
        self._places = _places(found)
        self._notes = [*notes, *found.remarks]
        left = _MOST
        for number, function in enumerate(self.functions):
            counts = function.counts
            if (left := left - sum(counts)) < 0:
                break
            self.unfold(number)
        self.head: Sequence[Entry] = list(self._head())

    def unfold(self, number: int) -> None:
        """Have the code of a function listed; that takes its time."""
        if number not in self._hunks:
            self._hunks[number] = list(self.functions[number].hunks())
        self.unfolded.add(number)

    def is_known(self, number: int) -> bool:
        """Whether the code of a function was listed before."""
        return number in self._hunks

    def tell_costs(self, found: ObjectDiff, remarks: Sequence[str] = ()) -> None:
        """Have it told what the programs cost, too.

        Args:
            found: This comparison, with what they cost.
            remarks: What there is to know of how they were asked for.
        """
        self.found = found
        self._notes += remarks
        self.head = list(self._head())

    @property
    def summary(self) -> str:
        """What there is of it, in a line."""
        found = self.found
        if found.same:
            return "the same"
        counts = (
            (sum(1 for _ in found.breaks), "break", ""),
            (len(self.functions), "function", " changed"),
            (sum(each.change is not Change.SAME for each in found.maps), "map", ""),
            (sum(each.change is not Change.SAME for each in found.variables), "variable", ""),
        )
        told = [f"{counted(number, noun)}{more}" for number, noun, more in counts if number]
        return ", ".join(told) or "code and data are the same"

    def entries(self) -> list[Entry]:
        """Return what is listed now."""
        found = list(self.head)
        for number in range(len(self.functions)):
            found.extend(self._function(number))
        return found

    def _head(self) -> Iterator[Entry]:
        found = self.found
        for name, text in found.breaks:
            yield Entry("breaks", f"{name}: {text}", target=self._broken(name))
        for text in found.not_compared:
            yield Entry("warning", text)
        for text in self._notes:
            yield Entry("note", text)
        for fact in found.facts:
            yield Entry("item", f"{fact.what}: {fact.old or 'none'} → {fact.new or 'none'}", Kind.CHANGED)
        for each in found.programs:
            if each.change is not Change.SAME:
                here = Node(NodeKind.PROGRAM, each.name) if each.new is not None else None
                yield Entry("item", f"program {each.name}", Kind(each.change), here)
                yield from self._facts(each.facts, here)
        for each in found.costs:
            yield from self._cost(each)
        groups = (
            ("map", found.maps),
            ("variable", found.variables),
            ("type", found.types),
            ("CO-RE", found.relocations),
            ("", found.externs),
            ("section", found.sections),
        )
        for noun, items in groups:
            for item in items:
                yield from self._item(noun, item)
        same = [each.name for each in (*found.maps, *found.variables) if each.change is Change.SAME]
        same = [f"{each.name}()" for each in found.functions if each.change is Change.SAME] + same
        if same:
            more = f" and {len(same) - _MOST_FACTS:,} more" if len(same) > _MOST_FACTS else ""
            told = wrapped(f"✓ same: {', '.join(same[:_MOST_FACTS])}{more}", _NOTE)
            yield from (Entry("note", line if number == 0 else f"  {line}") for number, line in enumerate(told))

    def _item(self, noun: str, item: Item) -> Iterator[Entry]:
        if item.change is Change.SAME:
            return
        here = self._node(noun, item.name) if item.change is not Change.REMOVED else None
        yield Entry("item", f"{noun} {item.name}".lstrip(), Kind(item.change), here)
        yield from self._facts(item.facts, here)

    def _cost(self, cost: CostDiff) -> Iterator[Entry]:
        here = Node(NodeKind.PROGRAM, cost.name) if cost.new is not None else None
        if not cost.differs:
            yield Entry("cost", f"cost of {cost.name}, as before: {_numbers(cost.new)}", target=here)
            return
        yield Entry("cost", f"cost of {cost.name}", Kind(cost.change), here)
        yield from self._facts(list(_cost_facts(cost)), here)

    def _facts(self, facts: Sequence[tuple[str, str, str]], here: Node | None) -> Iterator[Entry]:
        for what, old, new in facts[:_MOST_FACTS]:
            yield Entry("fact", f"{what}: {old or '–'} → {new or '–'}", target=here)
        if len(facts) > _MOST_FACTS:
            yield Entry("fact", f"and {len(facts) - _MOST_FACTS:,} more", target=here)

    def _node(self, noun: str, name: str) -> Node | None:
        spec = self.found.new
        match noun:
            case "map":
                return map_node(spec.maps[name]) if name in spec.maps else None
            case "variable":
                return Node(NodeKind.VARIABLE, name) if name in spec.variables else None
            case "type":
                return Node(NodeKind.TYPES) if spec.types is not None else None
            case "CO-RE":
                return Node(NodeKind.CORE)
            case _:
                return None

    def _broken(self, name: str) -> Node | None:
        """Return where what breaks lives: `map counts`, `struct event`."""
        noun, _, rest = name.partition(" ")
        return self._node(noun if noun in ("map", "variable") else "type", rest)

    def _function(self, number: int) -> Iterator[Entry]:
        function = self.functions[number]
        program, start = self._places.get(id(function), ("", 0))
        counts = function.counts
        numbers = (
            (counts.removed + counts.changed, Kind.REMOVED),
            (counts.added + counts.changed, Kind.ADDED),
            (counts.renamed, Kind.RENAMED),
        )
        told = " ".join(f"{change_sign(kind)}{count:,}" for count, kind in numbers if count)
        if function.only_renamed:
            told += "  the same, in other registers"
        head = CodePlace(program, start) if program else None
        fold = "▾" if number in self.unfolded else "▸"
        text = f"{fold} {function.name}()  {told}  {function.problem or ''}".rstrip()
        yield Entry("function", text, Kind(function.change), head, function=number)
        if number not in self.unfolded:
            return
        starts = (function.old.function.start if function.old is not None else 0, start)
        last = start
        for hunk in self._hunks[number]:
            above = hunk.source
            side = None if above is None else above.new or above.old
            where = "" if side is None else f"{side.comment}  {side.text.strip()}"
            if function.change is Change.CHANGED:
                yield Entry("hunk", where, target=_code(program, last), starts=starts, function=number)
            for row in hunk.rows:
                if row.new is not None:
                    last = start + row.new.slot
                is_sign = row.kind is not Kind.CHANGED or row.what is What.INSN  # not of a line of C that is another
                kind = row.kind if is_sign else Kind.SAME
                yield Entry("row", "", kind, _code(program, last), row, starts, number)


def _numbers(cost: Cost | None) -> str:
    """Return all that is known of what a program costs."""
    if cost is None or not cost.ok:
        return "" if cost is None else cost.verdict
    numbers = ((getattr(cost, field), words) for field, words in NUMBERS.items())
    return ", ".join(f"{words} {number:,}" for number, words in numbers if number is not None)


def _cost_facts(cost: CostDiff) -> Iterator[tuple[str, str, str]]:
    """Yield what is not as it was of what a program costs: what, before and after."""
    old, new = cost.old, cost.new
    if any(each is not None and not each.ok for each in (old, new)):
        yield "verifier", "" if old is None else old.verdict, "" if new is None else new.verdict
    for field, words in NUMBERS.items():
        before, after = (None if each is None else getattr(each, field) for each in (old, new))
        if before != after:
            then = "" if before is None else f"{before:,}"
            now = "" if after is None else f"{after:,}"
            yield words, then, f"{now} {cost.grown(field)}".rstrip()


def _code(program: str, slot: int) -> CodePlace | None:
    return CodePlace(program, slot) if program else None


def _places(found: ObjectDiff) -> dict[int, tuple[str, int]]:
    """Return where functions are in the newer object: the first program that has each, and its first slot there."""
    places: dict[int, tuple[str, int]] = {}
    for each in found.programs:
        for start, function in each.placed:
            places.setdefault(id(function), (each.name, start))
    return places
