"""Named: what a test finds by name, and what it is told where there is no such thing."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Final, TypeVar

from ..btf import format_value
from ..errors import UnknownNameError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["Named", "NoEntryError"]

_T = TypeVar("_T")
_MOST_KEYS: Final = 100
"""Keys of a map among which the nearest is looked for."""


class Named(dict[str, _T]):
    """Things by their names.

    Args:
        kind: What they are (`map`, `variable`).
        found: They.
        where: What they belong to, e.g. the object's file name.
        known: Other names that there are, of what is not among them.
        because: Why not, behind their kind and name: `was not changed`.
    """

    def __init__(
        self, kind: str, found: Mapping[str, _T], where: str, known: Iterable[str] = (), because: str = ""
    ) -> None:
        super().__init__(found)
        self._kind = kind
        self._where = where
        self._known = known
        self._because = because

    def __missing__(self, name: Any) -> _T:
        known = [*self._known]
        if name in known:
            raise UsageError(f"{self._kind} {name} {self._because}")
        raise UnknownNameError(self._kind, str(name), dict.fromkeys((*self, *known)), where=self._where)


class NoEntryError(UnknownNameError, KeyError):
    """A map has no entry with such a key; a KeyError, as of any mapping.

    Args:
        key: The key.
        known: Those that there are.
        where: The map.
    """

    def __init__(self, key: Any, known: Iterable[Any], where: str | None = None) -> None:
        keys = [_shown(each) for each in islice(known, _MOST_KEYS)]
        super().__init__("entry", _shown(key), keys, where=where)

    def __str__(self) -> str:
        return self.message  # KeyError has it quoted


def _shown(key: Any) -> str:
    """Return a key as values are written, whatever a test gave for one."""
    return format_value(key) if isinstance(key, int | str | bytes | dict | list) else repr(key)  # pyright: ignore[reportUnknownArgumentType]
