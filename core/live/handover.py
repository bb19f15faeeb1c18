"""Handover: which maps and variables of a version of an object another one can have, told from their specs alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..diff.data import maps_between, variables_between
from ..diff.layouts import Layouts
from ..limits import Budget
from ..spec import MapType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ..diff import Item
    from ..spec import CollectionSpec, MapSpec

__all__ = ["Handover", "handover"]

_EACH: Final = 1
"""Steps for each byte of the objects that the comparison of their types may take."""


@dataclass(frozen=True, slots=True)
class Handover:
    """What another version of an object can have of the one before it."""

    maps: tuple[str, ...]
    """The maps that both have in common, with what they hold, data sections among them."""
    fresh: Mapping[str, str]
    """The maps that are declared in both and begin anew, each with why, as a clause.

    What is each version's own anyway is not among them: constants, and tables of programs that their object fills.
    """
    values: tuple[str, ...]
    """The variables whose values are copied: they are the same in both, and their sections are not."""
    lost: Mapping[str, str]
    """The variables that are in both and begin anew as their file has them, each with why, as a clause."""
    changed: tuple[str, ...] = ()
    """The variables that are handed over or copied, and that the new version begins with another value."""


def handover(old: CollectionSpec, new: CollectionSpec, keeps: Callable[[str], str] = lambda _: "") -> Handover:
    """Compare two versions: a map is handed over whose shape and whose types' layouts are the same.

    A data section is one whose variables all lie where they did; constants (`.rodata`) are each version's own.

    Args:
        old: The version that runs.
        new: The other one.
        keeps: Returns why a map cannot be handed over as far as the runtime knows, as a clause; empty where it can.
    """
    size = sum(len(spec.raw) if spec.raw is not None else 0 for spec in (old, new))
    layouts = Layouts(Budget(size, "the comparison of types", each=_EACH))
    variables = {each.name: each for each in variables_between(old, new, layouts)}
    maps = {each.name: each for each in maps_between(old, new, layouts)}
    doubt = next(iter(layouts.gaps), "")
    fresh: dict[str, str] = {}
    handed: list[str] = []
    for name, declared in new.maps.items():
        before = old.maps.get(name)
        if before is None or declared.in_arena or _is_own(declared):
            continue
        if declared.is_data and before.is_data:
            why = next(_moved(name, old, new, variables), "")
        else:
            why = "; ".join(maps[name].breaks)
        why = why or keeps(name) or doubt
        if why:
            fresh[name] = why
        else:
            handed.append(name)
    # What maps of maps hold from the start is another version's: it cannot be put into one that runs.
    for name in list(handed):
        if reason := _holds_other(new.maps[name], old.maps[name], handed):
            handed.remove(name)
            fresh[name] = reason
    values, lost = _values(old, new, handed, variables)
    kept = [name for name, each in new.variables.items() if not each.constant and each.map.name in handed]
    changed = tuple(name for name in (*kept, *values) if _begins_otherwise(name, old, new))
    return Handover(tuple(handed), fresh, tuple(values), lost, changed)


def _moved(name: str, old: CollectionSpec, new: CollectionSpec, variables: Mapping[str, Item]) -> Iterator[str]:
    """Yield why a data section of one version is not that of another."""
    ours, theirs = old.maps[name], new.maps[name]
    before, after = _places(name, old), _places(name, new)
    for variable, offset in after.items():
        at = before.get(variable)
        if at is None:
            yield f"{variable} is new in it"
        elif at != offset:
            yield f"{variable} moved from {at} to {offset}"
    for variable in before:
        if variable not in after:
            yield f"{variable} is gone from it"
    for variable in after:
        if variable in variables and variables[variable].breaks:
            yield f"{variable}: {'; '.join(variables[variable].breaks)}"
    if (ours.type, ours.value_size, ours.flags) != (theirs.type, theirs.value_size, theirs.flags):
        yield f"it has {theirs.value_size:,} bytes instead of {ours.value_size:,}"


def _is_own(spec: MapSpec) -> bool:
    """Whether a map is always its own version's: constants, functions of the kernel's tables, programs to be called."""
    fills = spec.type is MapType.STRUCT_OPS or (spec.type is MapType.PROG_ARRAY and bool(spec.contents))
    return fills or (spec.is_data and spec.read_only)


def _begins_otherwise(name: str, old: CollectionSpec, new: CollectionSpec) -> bool:
    """Whether a variable of both begins with another value in the new version, by its file or as it was set."""
    one, other = old.variables.get(name), new.variables[name]
    if one is None or not (one.changed or other.changed or one.original != other.original):
        return False
    return one.raw != other.raw


def _places(name: str, spec: CollectionSpec) -> dict[str, int]:
    """Return where the symbols of a data section lie, those that nobody sees from outside among them."""
    layout = spec.layouts.get(spec.maps[name].section)
    found = dict(layout.offsets) if layout is not None else {}
    return found | {each.name: each.offset for each in spec.variables.values() if each.map.name == name}


def _holds_other(new: MapSpec, old: MapSpec, handed: list[str]) -> str:
    """Return why a map cannot be handed over for what it holds from the start, as a clause; empty where it can."""
    if new.contents != old.contents:
        return "it holds other maps"
    other = next((each.target for each in new.contents if each.target not in handed), "")
    return f"it holds {other}, which begins anew" if other else ""


def _values(
    old: CollectionSpec, new: CollectionSpec, handed: list[str], variables: Mapping[str, Item]
) -> tuple[list[str], dict[str, str]]:
    """Return the variables whose values are copied, and why others begin anew."""
    values: list[str] = []
    lost: dict[str, str] = {}
    for name, declared in new.variables.items():
        before = old.variables.get(name)
        if before is None or before.constant or declared.map.name in handed or declared.map.in_arena:
            continue
        breaks = variables[name].breaks
        if breaks or before.size != declared.size:
            lost[name] = "; ".join(breaks) or f"it has {declared.size} bytes instead of {before.size}"
        elif not declared.constant:
            values.append(name)
    return values, lost
