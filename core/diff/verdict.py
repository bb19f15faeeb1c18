"""What of a comparison counts: `--fail-on cost+10%,layout`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from ..errors import UsageError, nearest
from .changes import Change

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from .changes import Item
    from .costs import CostDiff
    from .objects import ObjectDiff

__all__ = ["KINDS", "Condition", "failures", "parse_conditions"]

_FORM: Final = re.compile(r"([a-z]+)(?:\+(\d+(?:\.\d+)?)%)?")
_FEW: Final = 3
"""Names that are told of what a condition found."""


class Condition(NamedTuple):
    """Something that counts."""

    kind: str
    """One of `KINDS`."""
    percent: float | None = None
    """Of a number: by how much it has to grow; None for any difference."""

    @property
    def text(self) -> str:
        """As it is typed: `cost+10%`."""
        return self.kind if self.percent is None else f"{self.kind}+{self.percent:g}%"

    @property
    def asks_cost(self) -> bool:
        """Whether the verifier has to be asked."""
        return self.kind in _COSTS


def parse_conditions(text: str) -> tuple[Condition, ...]:
    """Return the conditions of a list with commas.

    Raises:
        UsageError: There is none of that name, or it is no number that could grow.
    """
    found: list[Condition] = []
    for each in filter(None, (part.strip() for part in text.split(","))):
        match = _FORM.fullmatch(each)
        if match is None or match[1] not in KINDS:
            close = nearest(each.partition("+")[0], KINDS)
            hint = f"did you mean {close}?" if close else f"there is: {', '.join(KINDS)}; cost+10% for a growth"
            raise UsageError(f"--fail-on {each}: nothing of that name can differ", hint=hint)
        if match[2] is not None and match[1] not in _NUMBERS:
            raise UsageError(f"--fail-on {each}: {match[1]} is no number", hint=f"numbers are {', '.join(_NUMBERS)}")
        found.append(Condition(match[1], None if match[2] is None else float(match[2])))
    if not found:
        raise UsageError("--fail-on names nothing", hint=f"there is: {', '.join(KINDS)}")
    return tuple(found)


def failures(found: ObjectDiff, conditions: Sequence[Condition]) -> Iterator[str]:
    """Yield what of a comparison counts, as sentences: one for each condition that something meets."""
    for condition in conditions:
        names = list(dict.fromkeys(KINDS[condition.kind](found, condition.percent)))
        if names:
            more = f", {len(names) - _FEW:,} more" if len(names) > _FEW else ""
            yield f"{condition.text}: {', '.join(names[:_FEW])}{more}"


def _changed(items: Iterable[Item]) -> Iterator[str]:
    return (item.name for item in items if item.change is not Change.SAME)


def _code(found: ObjectDiff, _: float | None) -> Iterator[str]:
    return (each.name for each in found.functions if each.change is not Change.SAME and not each.only_renamed)


def _renamed(found: ObjectDiff, _: float | None) -> Iterator[str]:
    return (each.name for each in found.functions if each.only_renamed)


def _programs(found: ObjectDiff, _: float | None) -> Iterator[str]:
    return (
        each.name
        for each in found.programs
        if each.change in (Change.ADDED, Change.REMOVED) or any(fact.what != "instructions" for fact in each.facts)
    )


def _values(found: ObjectDiff, _: float | None) -> Iterator[str]:
    kinds = ("value", "contents")
    items = (*found.variables, *found.maps)
    return (item.name for item in items if any(fact.what.partition(" ")[0] in kinds for fact in item.facts))


def _layout(found: ObjectDiff, _: float | None) -> Iterator[str]:
    return (name for name, _ in found.breaks)


def _size(found: ObjectDiff, percent: float | None) -> Iterator[str]:
    for each in found.programs:
        if each.old is not None and each.new is not None and each.change is Change.CHANGED:
            old, new = each.old.insns, each.new.insns
            if old != new and (percent is None or 100 * (new - old) > percent * old):
                yield each.name


def _grown(what: str) -> Callable[[ObjectDiff, float | None], Iterator[str]]:
    def find(found: ObjectDiff, percent: float | None) -> Iterator[str]:
        return (each.name for each in found.costs if _grew(each, what, percent))

    return find


def _grew(cost: CostDiff, what: str, percent: float | None) -> bool:
    """Whether a program costs more by so many percent, or no longer loads; without percents, whether it differs."""
    if cost.old is None or cost.new is None:
        return False
    if cost.old.ok != cost.new.ok:
        return percent is None or not cost.new.ok
    growth = cost.growth(what)
    return growth is not None and (growth != 0 if percent is None else growth > percent)


KINDS: Final[dict[str, Callable[[ObjectDiff, float | None], Iterator[str]]]] = {
    "code": _code,
    "registers": _renamed,
    "programs": _programs,
    "maps": lambda found, _: _changed(found.maps),
    "variables": lambda found, _: _changed(found.variables),
    "values": _values,
    "types": lambda found, _: _changed(found.types),
    "layout": _layout,
    "core": lambda found, _: _changed(found.relocations),
    "externs": lambda found, _: _changed(found.externs),
    "sections": lambda found, _: _changed(found.sections),
    "license": lambda found, _: (fact.what for fact in found.facts if fact.what == "license"),
    "size": _size,
    "cost": _grown("verified"),
    "states": _grown("states"),
    "jit": _grown("jited"),
}
"""What can be named, and what finds it: the names of what differs so."""
_COSTS: Final = ("cost", "states", "jit")
_NUMBERS: Final = ("size", *_COSTS)
