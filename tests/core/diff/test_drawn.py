"""Functions that are drawn while they are compared, in this process or in others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bpftui.core.diff import FunctionDiff, ObjectDiff, diff
from bpftui.core.diff.functions import drawn
from bpftui.core.spec import CollectionSpec
from bpftui.core.spread import Apply, spread
from tests.bench.big_object import big_object

if TYPE_CHECKING:
    from collections.abc import Sequence

OLD, NEW = (CollectionSpec.from_bytes(big_object(sections=3, functions=30, seed=seed)) for seed in (1, 2))


def rows(function: FunctionDiff) -> tuple[str, int, list[str]]:
    return function.change.value, len(function.rows()), [str(hunk) for hunk in function.hunks()]


def compared(apply: Apply) -> tuple[ObjectDiff, list[object], int]:
    """Return a comparison, what was drawn of its functions, and what that left of the budget."""
    found: list[object] = []
    budgets: list[int] = []

    def first(functions: Sequence[FunctionDiff]) -> None:
        found.extend(drawn(functions, rows, apply))
        budgets.extend({function.budget.left for function in functions})

    told = diff(OLD, NEW, first=first)
    (left,) = budgets
    return told, found, left


def test_it_is_the_same_in_several_processes() -> None:
    plain = diff(OLD, NEW)
    for told, found, left in (compared(map), compared(spread)):
        assert found == list(map(rows, plain.functions))
        assert [each.counts for each in told.functions] == [each.counts for each in plain.functions]
        assert [each.slots_after for each in told.functions] == [each.slots_after for each in plain.functions]
        assert told.programs[0].change == plain.programs[0].change
        assert left == compared(map)[2] < plain.functions[0].budget.steps
