"""A comparison as JSON, schema bpftui/diff/1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ....core.diff import Change

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ....core.diff import Fact, FunctionDiff, Hunk, Item, ObjectDiff, ProgramDiff, Row, Side
    from ....core.diff.costs import Cost

__all__ = ["SCHEMA", "diff_json"]

SCHEMA: Final = "bpftui/diff/1"


class _Made(list[Any]):
    """A list of which json is given one item after the other: the hunks of two large objects have no room in memory."""

    def __init__(self, make: Callable[[], Iterator[Any]], length: int) -> None:
        super().__init__()
        self._make = make
        self._length = length

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[Any]:
        return self._make()


def diff_json(found: ObjectDiff, *, context: int, failed: Sequence[str] | None) -> dict[str, Any]:
    """Return a comparison as what schema bpftui/diff/1 says: slots count from a function's first.

    Args:
        found: The comparison.
        context: How many rows of code that are the same stand around those that differ.
        failed: What of it counts, as sentences; None where everything does.
    """
    return {
        "schema": SCHEMA,
        "old": found.old.file,
        "new": found.new.file,
        "same": found.same,
        "failed": None if failed is None else list(failed),
        "facts": _facts(found.facts),
        "remarks": list(found.remarks),
        "not_compared": list(found.not_compared),
        "programs": [_program(each) for each in found.programs],
        "maps": [_item(each) for each in found.maps],
        "variables": [_item(each) for each in found.variables],
        "types": [_item(each) for each in found.types],
        "relocations": [_item(each) for each in found.relocations],
        "externs": [_item(each) for each in found.externs],
        "sections": [_item(each) for each in found.sections],
        "costs": [{"name": each.name, "old": _cost(each.old), "new": _cost(each.new)} for each in found.costs],
        "functions": _Made(lambda: (_function(each, context) for each in found.functions), len(found.functions)),
    }


def _facts(facts: Sequence[Fact]) -> list[dict[str, str]]:
    return [fact._asdict() for fact in facts]


def _item(item: Item) -> dict[str, Any]:
    return {"name": item.name, "change": item.change, "facts": _facts(item.facts), "breaks": list(item.breaks)}


def _program(program: ProgramDiff) -> dict[str, Any]:
    return {
        "name": program.name,
        "change": program.change,
        "facts": _facts(program.facts),
        "functions": [each.name for each in program.changed],
    }


def _cost(cost: Cost | None) -> dict[str, Any] | None:
    return None if cost is None else cost._asdict()


def _function(function: FunctionDiff, context: int) -> dict[str, Any]:
    differs = function.change is not Change.SAME
    return {
        "name": function.name,
        "section": function.section,
        "change": function.change,
        "only_registers": function.only_renamed,
        "registers": [list(pair) for pair in function.renamings],
        "counts": function.counts._asdict(),
        "problem": function.problem,
        "hunks": [_hunk(hunk) for hunk in function.hunks(context)] if differs else [],
    }


def _hunk(hunk: Hunk) -> dict[str, Any]:
    return {
        "old": [hunk.old.start, hunk.old.stop],
        "new": [hunk.new.start, hunk.new.stop],
        "source": None if hunk.source is None else _row(hunk.source),
        "rows": [_row(row) for row in hunk.rows],
    }


def _row(row: Row) -> dict[str, Any]:
    return {"kind": row.kind, "what": row.what, "old": _side(row.old), "new": _side(row.new)}


def _side(side: Side | None) -> dict[str, Any] | None:
    return None if side is None else {"slot": side.slot, "text": side.text, "comment": side.comment}
