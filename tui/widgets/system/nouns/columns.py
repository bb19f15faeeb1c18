"""Columns that several tables have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from .....core.btf.units import Unit
from ..column import Cell, Column
from .cells import number_cell, owner_cell, owner_text, runs_cell, runs_of, size_cell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from .....core.system import Owner

__all__ = ["ID", "count_column", "memory_column", "owner_column", "runs_column", "size_column", "text_column"]

_Row = TypeVar("_Row")


class _Numbered(Protocol):
    @property
    def id(self) -> int: ...


class _Owned(Protocol):
    @property
    def owners(self) -> Sequence[Owner] | None: ...
    @property
    def pinned(self) -> Sequence[str]: ...


class _Taking(Protocol):
    @property
    def memlock(self) -> int | None: ...


ID: Final[Column[_Numbered]] = Column(
    "ID", lambda _, each: Cell(str(each.id)), lambda _, each: each.id, True, 4, text=lambda _, each: str(each.id)
)
"""The kernel's id of the row itself."""


def text_column(title: str, of: Callable[[_Row], str], *, role: str = "", **room: Any) -> Column[_Row]:
    """Return a text of the row's own, `–` where it is empty; *room*: what a `Column` may have."""
    return Column(
        title,
        lambda _, each: Cell(text, role) if (text := of(each)) else Cell("–", "muted"),
        lambda _, each: of(each),
        text=lambda _, each: of(each) or "–",
        **room,
    )


def count_column(title: str, of: Callable[[_Row], int | None], least: int, *, drop: int = 0) -> Column[_Row]:
    """Return a count, or a size in its own unit; `?` where it is not known."""
    return Column(
        title, lambda _, each: number_cell(of(each)), lambda _, each: of(each), True, least, drop=drop, is_found=False
    )


def size_column(
    title: str, of: Callable[[_Row], int | None], *, drop: int = 0, drawn: Unit | None = None
) -> Column[_Row]:
    """Return a number of bytes; `?` where it is not known."""
    return Column(
        title,
        lambda _, each: size_cell(of(each)),
        lambda _, each: of(each),
        True,
        8,
        drop=drop,
        is_found=False,
        drawn=drawn,
    )


def runs_column(programs: Callable[[_Row], Iterable[int]]) -> Column[_Row]:
    """Return what the row's programs run a second, together."""
    return Column(
        "runs/s",
        lambda seen, each: runs_cell(seen, programs(each)),
        lambda seen, each: runs_of(seen, programs(each)),
        True,
        9,
        is_found=False,
    )


def memory_column(*, drop: int = 0) -> Column[_Taking]:
    """Return the memory that the row takes, which can be drawn over time."""
    return size_column("memory", lambda each: each.memlock, drop=drop, drawn=Unit.BYTES)


def owner_column(*, drop: int = 0) -> Column[_Owned]:
    """Return who has the row open."""
    return Column(
        "owner",
        lambda _, each: owner_cell(each.owners, each.pinned),
        lambda _, each: owner_text(each.owners, each.pinned),
        least=8,
        most=24,
        drop=drop,
        text=lambda _, each: owner_text(each.owners, each.pinned),
    )
