"""History: what was done, so that it can be undone and done again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["History"]

_T = TypeVar("_T")
_MOST: Final = 200


class History(Generic[_T]):
    """The last things that were done. Doing something new forgets what was undone.

    Args:
        most: How many are remembered; of more, the oldest are forgotten.
    """

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._done: list[_T] = []
        self._undone: list[_T] = []

    @property
    def last(self) -> _T | None:
        """What `undo` gives; None where there is nothing."""
        return self._done[-1] if self._done else None

    @property
    def undone(self) -> _T | None:
        """What `redo` gives; None where there is nothing."""
        return self._undone[-1] if self._undone else None

    def did(self, what: _T) -> None:
        """Remember what was done."""
        self._done = [*self._done, what][-self._most :]
        self._undone = []

    def undo(self) -> _T:
        """Take the last one for undone, and return it; IndexError where there is none."""
        self._undone.append(self._done.pop())
        return self._undone[-1]

    def redo(self) -> _T:
        """Take the last one that was undone for done, and return it; IndexError where there is none."""
        self._done.append(self._undone.pop())
        return self._done[-1]

    def drop(self) -> None:
        """Forget the last one: it cannot be undone any more."""
        self._done.pop()

    def drop_undone(self) -> None:
        """Forget the last one that was undone: it cannot be done again any more."""
        self._undone.pop()

    def carried(self, change: Callable[[_T], _T | None]) -> History[_T]:
        """Return another one with what was done and undone here as *change* makes it, without what it makes None."""
        other = History[_T](self._most)
        other._done = [each for each in map(change, self._done) if each is not None]
        other._undone = [each for each in map(change, self._undone) if each is not None]
        return other
