"""Numpy, where it is installed: it is an extra (`arrays`), larger than all the rest together."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["find_numpy"]


def find_numpy() -> ModuleType | None:
    """Return numpy, which is imported now, some tenths of a second the first time; None where it is not installed.

    The only way to it: whoever needs it has to say what happens without it.
    """
    try:
        import numpy
    except ModuleNotFoundError:
        return None
    return numpy
