"""Shares: how often each value of a field stands in some records, the most frequent first."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from ..runtime import Entry
from .field import Form

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .field import Field

__all__ = ["Share", "Shares", "shares"]


class Share(NamedTuple):
    """A value, and in how many records it stands."""

    text: str
    """As it is shown."""
    condition: str
    """What narrows records to those that have it (see `bpftui.core.live.condition`)."""
    records: int


class Shares(NamedTuple):
    """What stands in a field of some records."""

    total: int
    """How many records there are."""
    most: tuple[Share, ...]
    """The values that are most frequent; those that are as frequent in the order in which they came."""
    others: int
    """How many records have another value."""


def shares(field: Field, records: Sequence[bytes], most: int) -> Shares:
    """Count the values of a field.

    Args:
        field: One of `record_fields`.
        records: The records, all of the type that it is a field of.
        most: How many values are told apart; the others are counted together.
    """
    essence = field.essence()
    parts = [essence(Entry(b"", (raw,))) for raw in records]
    examples = dict(zip(parts, records, strict=True))
    texts: Counter[str] = Counter()
    conditions: dict[str, str] = {}
    # Bytes that differ may read the same: bits have others around them.
    for part, count in Counter(parts).items():
        entry = Entry(b"", (examples[part],))
        text = field.text(entry)
        texts[text] += count
        conditions[text] = _condition(field, text, entry)
    told = tuple(Share(text, conditions[text], count) for text, count in texts.most_common(most))
    return Shares(len(records), told, len(records) - sum(each.records for each in told))


def _condition(field: Field, text: str, entry: Entry) -> str:
    if field.is_number:
        return f"{field.label} == {field.text(entry, Form.DECIMAL)}"
    quote = "'" if '"' in text else '"'
    return f"{field.label} == {quote}{text}{quote}"
