"""Closing: what is closed at the end of its context; and what is left to others to remove, should there be no end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

__all__ = ["Closing", "bequeath", "name_heir"]

_heirs: list[Callable[[int], None]] = []


def name_heir(inherit: Callable[[int], None]) -> None:
    """Let *inherit* be given what `bequeath` is: it belongs to a process that outlives this one."""
    _heirs[:] = [inherit]


def bequeath(folder: int) -> None:
    """Have a folder removed if this process ends without doing so, as it does when it is killed.

    Without an heir nothing happens: whoever makes such a folder looks for what others left behind.

    Args:
        folder: Its descriptor, which stays the caller's.
    """
    for inherit in _heirs:
        inherit(folder)


class Closing:
    """Something to be closed, once or more often; as a context it is its own, and is closed at the end."""

    __slots__ = ()

    def close(self) -> None:
        """Give up what it holds; a second call does nothing."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
