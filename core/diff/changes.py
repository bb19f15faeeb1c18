"""What can have become of something that an object holds, and how one says so."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["Change", "Fact", "Item", "change_of", "facts_between", "grown", "matched"]

_K = TypeVar("_K")
_V = TypeVar("_V")


class Change(enum.StrEnum):
    """What has become of something."""

    SAME = "same"
    CHANGED = "changed"
    ADDED = "added"
    REMOVED = "removed"


class Fact(NamedTuple):
    """Something that is said of both, and differs."""

    what: str
    """`max_entries`, `type`, `value`."""
    old: str
    """Empty where there was none."""
    new: str


@dataclass(frozen=True, slots=True)
class Item:
    """Something with a name, in both objects or in one of them."""

    name: str
    change: Change
    facts: tuple[Fact, ...] = ()
    """In what they differ."""
    breaks: tuple[str, ...] = ()
    """What no longer fits: for a map that is pinned, or for programs in user space that know the old one."""


def change_of(old: object | None, new: object | None, *, differs: bool = False) -> Change:
    """Return what has become of something that is None where it is not; *differs* counts where it is in both."""
    if old is None or new is None:
        return Change.REMOVED if new is None else Change.ADDED
    return Change.CHANGED if differs else Change.SAME


def facts_between(old: Mapping[str, str], new: Mapping[str, str]) -> tuple[Fact, ...]:
    """Return what is said of both and differs, in the order of the new one."""
    return tuple(
        Fact(what, old.get(what, ""), new.get(what, ""))
        for what in dict.fromkeys((*new, *old))
        if old.get(what, "") != new.get(what, "")
    )


def matched(old: Mapping[_K, _V], new: Mapping[_K, _V]) -> Iterator[tuple[_K, _V | None, _V | None]]:
    """Yield what has the same name, in the order of the new ones; what is gone stands behind what it followed."""
    gone: dict[_K | None, list[_K]] = {}
    before: _K | None = None
    for name in old:
        if name in new:
            before = name
        else:
            gone.setdefault(before, []).append(name)
    for name in gone.get(None, ()):
        yield name, old[name], None
    for name in new:
        yield name, old.get(name), new[name]
        for lost in gone.get(name, ()):
            yield lost, old[lost], None


def grown(what: str, old: int, new: int, unit: str = "bytes") -> str:
    """Return how a size has changed: `value grew from 16 to 24 bytes`."""
    return f"{what} {'grew' if new > old else 'shrank'} from {old:,} to {new:,} {unit}"
