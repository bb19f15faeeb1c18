"""A struct beside that of another BTF, as cells of a table: for the screen and the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ...core.btf.beside import Difference

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ...core.btf.beside import Beside, BesideRow, Place
    from ...core.spec.core_uses import CoreUse

__all__ = ["TITLES", "BesideCells", "beside_cells", "beside_title"]

_MANY: Final = 16
"""Members that only the other has, up to which each is a row: a kernel's struct can have hundreds that no one needs."""
_USES: Final = 3
"""Relocations of a member that are named."""


class BesideCells(NamedTuple):
    """One row."""

    mark: str
    """`✓` alike, `⚠` otherwise there, which CO-RE adapts; `✗` not there, `+` only there."""
    member: str
    here: str
    there: str
    difference: str
    uses: str
    """The relocations that name it."""


TITLES: Final = BesideCells("", "member", "here: offset, bytes, type", "there", "", "CO-RE")


def beside_title(found: Beside, where: str) -> str:
    """Return what is compared, and what came of it."""
    return f"{found.here.c_text.partition(' {')[0]}, {found.here.size} bytes, beside {where}: {found.summary}"


def beside_cells(found: Beside, uses: Mapping[str, Sequence[CoreUse]], *, whole: bool = False) -> list[BesideCells]:
    """Return the rows of a comparison.

    Args:
        found: The comparison.
        uses: The CO-RE relocations by member.
        whole: Whether all are rows that only the other has; else they are counted where they are many.
    """
    rows: list[BesideCells] = []
    if about := uses.get(""):
        rows.append(BesideCells("", "(all of it)", "", "", "", _uses(about)))
    added = found.count(Difference.ADDED)
    counts_added = not whole and added > _MANY
    for row in found.rows:
        if row.here is None and counts_added:
            continue
        mark = _mark(row)
        there = _place(row.there, row.here)
        rows.append(
            BesideCells(mark, row.name, _place(row.here), there, row.difference.text, _uses(uses.get(row.name, ())))
        )
    if counts_added:
        rows.append(BesideCells("+", f"… {added:,} more", "", "", "only there", ""))
    return rows


def _mark(row: BesideRow) -> str:
    if row.here is None:
        return "+"
    if row.there is None:
        return "✗"
    return "⚠" if row.difference else "✓"


def _place(place: Place | None, beside: Place | None = None) -> str:
    """Return where a member is and how large; its type where it is not that of the one beside it."""
    if place is None:
        return "–"
    text = f"{place.where:>5} {place.extent:>4}"
    return text if beside is not None and beside.type == place.type else f"{text}  {place.type}"


def _uses(uses: Sequence[CoreUse]) -> str:
    more = len(uses) - _USES
    return ", ".join(use.text for use in uses[:_USES]) + (f", {more} more" if more > 0 else "")
