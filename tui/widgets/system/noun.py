"""A noun of the System place: which rows its table has, in which columns, and what is known of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ....core.system.history import Seen
    from ...targets import Thing
    from .column import Column

__all__ = ["Fact", "Noun"]

_Row = TypeVar("_Row")


class Fact(NamedTuple):
    """A line of what is known of a row: `map  12 ct4  lru_hash`."""

    label: str
    """What it is to the row: `map`, `used by`, `held by`; empty for one more of the same."""
    text: str
    thing: Thing | None = None
    """What it names, where that is a place to go to."""
    role: str = ""
    """`warning`, `muted`; empty for plain text."""


def _nothing(_: Seen) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Noun(Generic[_Row]):
    """What a table lists."""

    name: str
    """As on the command line: `prog`."""
    plural: str
    """What it lists, as in a sentence: `programs`."""
    columns: Sequence[Column[_Row]]
    rows: Callable[[Seen], Mapping[Any, _Row]]
    """Returns what there is in a snapshot, by key."""
    title: Callable[[_Row], str]
    """Returns what one is called: `42 count_traffic`."""
    facts: Callable[[Seen, _Row], list[Fact]]
    """Returns what is known of one, and all that it is related to."""
    opens: Callable[[_Row], str]
    """Returns what opens one as an object: `id:42`; empty for what does not."""
    ordered_by: int = 0
    """The number of the column that rows are ordered by at first."""
    empty: str = "there are none"
    """What an empty table says."""
    note: Callable[[Seen], str] = _nothing
    """Returns what is said below the table, why something is unknown first."""
    totals: Callable[[Seen, Sequence[_Row]], Mapping[str, str]] | None = None
    """Returns what stands above the columns, by title, of the rows that are shown; None where there is no such line."""
