"""What a failed test shows: in what values differ, and the runs before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..visible import visible
from .values import PacketOut, Retval

if TYPE_CHECKING:
    from .bpf import Bpf

__all__ = ["explain", "report_of"]


def explain(left: object, right: object, *, equal: bool = True) -> list[str] | None:
    """Return in what a value of a run is not what was expected, a line each; None where pytest says it as well.

    Args:
        left: The value.
        right: What it was compared with.
        equal: Whether it was to be equal to that, and not anything else.
    """
    if not equal:
        return [f"it returned {left!r}, which it should not"] if isinstance(left, Retval) else None
    if isinstance(left, Retval):
        expected = (
            right if isinstance(right, str) else repr(left.like(right)) if isinstance(right, int) else repr(right)
        )
        return [f"it returned {left!r}, not {expected}"]
    if isinstance(left, PacketOut) and (lines := left.unlike(right)):
        return ["the packet is not the one that was expected", *map(visible, lines)]
    return None


def report_of(bpf: Bpf, *, most: int) -> str:
    """Return what the last runs did, at most so many, each with the command that runs it again."""
    lines: list[str] = []
    for each in bpf.objects:
        for command, run in each.history[-most:]:
            lines += [*(run.lines() if run is not None else ["this run was stopped:"]), f"  $ {command}"]
    return "\n".join(map(visible, lines))
