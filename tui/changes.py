"""Changes: what of an object is not as it was in the version before, by what can be chosen in the explorer."""

from __future__ import annotations

import time
from bisect import bisect_right
from typing import TYPE_CHECKING

from ..core.diff import Change, program_marks
from .nodes import Node, NodeKind, map_node
from .text.format import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ..core.diff import Fact, Item, ObjectDiff, ProgramDiff, ProgramMarks
    from ..core.spec import CollectionSpec

__all__ = ["Changes"]


class Changes:
    """A comparison with the version before, as the explorer marks it. It is made in a thread, and asked anywhere.

    Args:
        found: The comparison: its newer side is what is explored.
    """

    def __init__(self, found: ObjectDiff) -> None:
        self.before: CollectionSpec = found.old
        """The version before."""
        self.after: CollectionSpec = found.new
        """What is explored."""
        self.when = time.time()
        """When this one was read, in seconds since 1970."""
        self._programs = {each.name: each for each in found.programs if each.new is not None}
        self._items: dict[Node, Item] = {}
        self.gone: Sequence[str] = list(_gone(found))
        """What the version before had and this one has not: `map counts`."""
        self._marks: dict[str, ProgramMarks] = {}
        self._functions: dict[str, Mapping[tuple[str, int], tuple[int, Sequence[int | None]]]] = {}
        """By program: of a function, by its name and how many slots it had, the first slot and `slots_after`."""
        self.nodes: Mapping[Node, Change] = dict(self._found_nodes(found))
        """What is new, or is not as it was; what is gone has no node any more."""
        numbers, moved = _numbers(found), any(each.moved for each in found.functions)
        self.differs = bool(numbers) or moved
        """Whether it is to be shown in the place of the other: lines of C may have moved, and nothing else."""
        self.text = f"{numbers} changed" if numbers else "only lines of C moved" if moved else "nothing changed"
        """What there is of it, by numbers: `1 function and 2 variables changed`."""

    def _found_nodes(self, found: ObjectDiff) -> Iterator[tuple[Node, Change]]:
        for program in self._programs.values():
            yield from self._program_nodes(program)
        for item in found.maps:
            if item.change in (Change.CHANGED, Change.ADDED):
                node = map_node(found.new.maps[item.name])
                self._items[node] = item
                yield node, item.change
        for item in found.variables:
            if item.change in (Change.CHANGED, Change.ADDED):
                node = Node(NodeKind.VARIABLE, item.name)
                self._items[node] = item
                yield node, item.change
        if any(item.change is not Change.SAME for item in found.types):
            yield Node(NodeKind.TYPES), Change.CHANGED

    def _program_nodes(self, program: ProgramDiff) -> Iterator[tuple[Node, Change]]:
        reads_otherwise = any(each.reads_otherwise for each in program.functions)
        if program.change is Change.SAME and not reads_otherwise:
            return
        yield Node(NodeKind.PROGRAM, program.name), Change.CHANGED if reads_otherwise else program.change
        for each in program.functions[1:]:
            if each.new is not None and (each.change is not Change.SAME or each.reads_otherwise):
                change = Change.CHANGED if each.change is Change.SAME else each.change
                yield Node(NodeKind.FUNCTION, each.name, program.name), change

    def code(self, program: str) -> ProgramMarks | None:
        """Return what is new in a program's code; that takes its time at first. None where nothing is."""
        if program not in self._marks and Node(NodeKind.PROGRAM, program) in self.nodes:
            self._marks[program] = program_marks(self._programs[program])
        return self._marks.get(program)

    def known_code(self, program: str) -> ProgramMarks | None:
        """Return the same where it was asked for before, and that was done."""
        return self._marks.get(program)

    def told(self, program: str) -> str:
        """Return how much of a program's code changed, as soon as that is known, for a title."""
        if not self.has_code(program):
            return "as it was"
        marks = self._marks.get(program)
        if marks is None:
            return "comparing …"
        return counted(len(marks.stops), "change")

    def has_code(self, program: str) -> bool:
        """Whether something is new in a program, its facts perhaps only."""
        return Node(NodeKind.PROGRAM, program) in self.nodes

    def slot_after(self, program: str, slot: int) -> int | None:
        """Return where an instruction of the version before is in a program now; None where its function is gone."""
        found = self._programs.get(program)
        if found is None or found.old is None:
            return None
        if program not in self._functions:
            self._functions[program] = {
                (each.name, each.old.size): (start, each.slots_after)
                for start, each in found.placed
                if each.old is not None and each.slots_after
            }
        known = self._functions[program]
        if not known:  # also where it is damaged
            return None
        functions = found.old.functions
        function = functions[bisect_right(functions, slot, key=lambda each: each.start) - 1]
        start, slots = known.get((function.name, function.size), (0, ()))
        inside = slots[slot - function.start] if slots and slot < function.stop else None
        return None if inside is None else start + inside

    @property
    def variables(self) -> Mapping[str, Item]:
        """The variables that are new or not as they were, by their names."""
        return {node.name: item for node, item in self._items.items() if node.kind is NodeKind.VARIABLE}

    def facts(self, node: Node) -> Sequence[Fact]:
        """Return in what something differs from what it was, beside its code."""
        if node.kind is NodeKind.PROGRAM:
            return self._programs[node.name].facts if node in self.nodes else ()
        return self._items[node].facts if node in self._items else ()

    def breaks(self, node: Node) -> Sequence[str]:
        """Return what no longer fits what others have."""
        return self._items[node].breaks if node in self._items else ()


def _gone(found: ObjectDiff) -> Iterator[str]:
    yield from (f"program {each.name}" for each in found.programs if each.change is Change.REMOVED)
    yield from (
        f"map {name}" for name, spec in found.old.maps.items() if name not in found.new.maps and not spec.is_data
    )
    yield from (f"variable {each.name}" for each in found.variables if each.change is Change.REMOVED)


def _numbers(found: ObjectDiff) -> str:
    """Return how much of what differs; empty for nothing.

    Data sections are counted as their variables, as the tree has them; by themselves where no variable says it.
    """
    sides = (found.old, found.new)
    data = {name for spec in sides for name, each in spec.maps.items() if each.is_data}
    changed = [each.name for each in found.variables if each.change is not Change.SAME]
    said = {spec.variables[name].map.name for spec in sides for name in changed if name in spec.variables}
    groups = {
        "function": found.functions,
        "map": [each for each in found.maps if each.name not in data],
        "data section": [each for each in found.maps if each.name in data - said],
        "variable": found.variables,
        "type": found.types,
        "CO-RE relocation": found.relocations,
        "extern": found.externs,
    }
    numbers = {noun: sum(each.change is not Change.SAME for each in items) for noun, items in groups.items()}
    parts = [counted(number, noun) for noun, number in numbers.items() if number]
    if not parts:
        reading = sum(each.reads_otherwise for each in found.functions)
        parts = [f"the C of {counted(reading, 'function')}"] if reading else []
    if not parts:
        return "" if found.same else "what it says of itself"
    return " and ".join(part for part in (", ".join(parts[:-1]), parts[-1]) if part)
