"""The process that a command runs in: what it has to itself, and what is left to do at its end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Process", "process"]


@dataclass(slots=True)
class Process:
    """The process that a command runs in."""

    own: bool = False
    """Whether there is nothing in it but the command; whoever else calls `main` keeps the process's rights."""
    abandoned: bool = False
    """Whether there is output that can neither be written nor dropped, so that Python must not try when it ends."""
    finishing: Callable[[], object] = bool
    """Is called when it has nothing to do any more but to end: its guardian then sees to it, where it has one."""


process: Final = Process()
