"""Cells that several tables have, and what stands below those where something is unknown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ....targets import Thing
from ....text.format import byte_size, rate
from ..column import Cell

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .....core.system import Owner
    from .....core.system.history import Seen

__all__ = [
    "NOTHING",
    "missing_note",
    "number_cell",
    "owner_cell",
    "owner_text",
    "runs_cell",
    "runs_of",
    "size_cell",
    "thing_cell",
]

NOTHING: Final = Cell("–", "muted")
"""Stands where there is none."""
_UNKNOWN: Final = Cell("?", "muted")


def number_cell(value: int | None) -> Cell:
    """Return a count or a size in its own unit."""
    return _UNKNOWN if value is None else Cell(f"{value:,}", "muted" if not value else "")


def size_cell(count: int | None) -> Cell:
    """Return a number of bytes."""
    return _UNKNOWN if count is None else Cell(byte_size(count, fixed=True))


def thing_cell(noun: str, number: int, text: str = "") -> Cell:
    """Return what another row is called, which leads there."""
    return Cell(text or str(number), "link", thing=Thing(noun, number))


def owner_cell(owners: Sequence[Owner] | None, pinned: Sequence[str], otherwise: str = "nobody") -> Cell:
    """Return who has it open: `systemd 812`, `pinned, nobody`."""
    text = owner_text(owners, pinned, otherwise)
    if owners:
        return Cell(text, "link", thing=Thing("proc", owners[0].pid), short=owners[0].comm)
    return Cell(text, "muted", short="pinned" if pinned and owners is not None else "")


def owner_text(owners: Sequence[Owner] | None, pinned: Sequence[str], otherwise: str = "nobody") -> str:
    """Return that as a text."""
    if owners:
        comm, pid = owners[0].comm, owners[0].pid
        return f"{comm} {pid} +{len(owners) - 1}" if len(owners) > 1 else f"{comm} {pid}"
    nobody = "?" if owners is None else otherwise
    return f"pinned, {nobody}" if pinned else nobody


def runs_of(seen: Seen, programs: Iterable[int]) -> float | None:
    """Return what programs run a second, together; None before that is known, or where there are none."""
    loads = [load for each in programs if (load := seen.look.loads.get(each)) is not None]
    return sum(load.runs_per_s for load in loads) if loads else None


def runs_cell(seen: Seen, programs: Iterable[int]) -> Cell:
    """Return what programs run a second, together."""
    total = runs_of(seen, programs)
    return NOTHING if total is None else Cell(rate(total), "" if total else "muted", moved=total > 0)


def missing_note(seen: Seen) -> str:
    """Return why something is unknown: the rights that would tell it, or else the snapshot's sentence."""
    missing = seen.snapshot.missing
    rights = dict.fromkeys(right for each in missing for right in re.findall(r"CAP_[A-Z_]+", each))
    why = f"takes {', '.join(rights)}" if rights else "; ".join(missing[:1])
    return f"? = unknown: {why}" if missing else ""
