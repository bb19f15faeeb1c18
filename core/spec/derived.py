"""What others work out of a spec, kept with it: analyses know specs, and specs know no analysis."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Self, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Derived"]

_T = TypeVar("_T")


class Derived:
    """Something that others derive from, once for each of it."""

    def derived(self, make: Callable[[Self], _T]) -> _T:
        """Return what *make* makes of this, made when it is first asked for.

        It has to follow from what does not change: the code, and what the file says of maps.
        """
        found: dict[object, Any] = self._derived
        if make not in found:
            found[make] = make(self)
        return found[make]

    @cached_property
    def _derived(self) -> dict[object, Any]:
        return {}

    def _derive_apart(self) -> None:
        """Part from the one that this was copied of: what is derived from now on is of either alone."""
        self.__dict__["_derived"] = dict(self._derived)
