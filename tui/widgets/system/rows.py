"""Rows: the things of a table, without a screen: in which order, which of them are shown, what became of them."""

from __future__ import annotations

import re
import time
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from ..lists.row_view import compile_pattern

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from ....core.system.history import Seen
    from .column import Column
    from .noun import Noun

__all__ = ["Rows", "found_by"]

_MARKED: Final = 5.0
"""Seconds for which what has come or gone is marked; then what has gone is left out."""


class Rows:
    """What stands in the rows of a table, by the keys of its things.

    What has come is added at the end: rows move only when they are ordered. What has gone stays for a while.

    Args:
        noun: What the things are.
    """

    def __init__(self, noun: Noun[Any]) -> None:
        self._noun = noun
        self.seen: Seen | None = None
        """The look that they are of."""
        self.things: dict[Hashable, Any] = {}
        """All things, those that have just gone among them."""
        self.keys: list[Hashable] = []
        """Those that are shown, in their order."""
        self.index: dict[Hashable, int] = {}
        """Where each of them stands."""
        self.narrowed_by = ""
        """What they are narrowed by."""
        self.marked: set[Hashable] = set()
        """Those that the user marked."""
        self.by: tuple[int, bool] = (noun.ordered_by, noun.columns[noun.ordered_by].is_number)
        """The number of the column that they are ordered by, and whether the largest are first."""
        self._there: Mapping[Hashable, Any] | None = None
        self._ordered: list[Hashable] = []
        self._came: dict[Hashable, float] = {}
        self._gone: dict[Hashable, float] = {}
        self._texts: dict[Hashable, str] = {}
        """What they are searched in, as far as anybody searched."""
        self._found = [each.text or partial(_text_of, each) for each in noun.columns if each.is_found]
        """What they are searched in, column by column."""

    def take(self, seen: Seen) -> bool:
        """Take another look; return whether there are other things in it, or some are left out now."""
        is_first = self.seen is None
        is_new = self.seen is None or seen.snapshot is not self.seen.snapshot
        self.seen, now = seen, time.monotonic()
        is_other = is_new and self._replace(self._noun.rows(seen), None if is_first else now)
        is_other |= self._expire(now)
        if is_new or is_other:
            self._texts = {}
        return is_other

    def _replace(self, rows: Mapping[Hashable, Any], now: float | None) -> bool:
        """Take the things that there are now; return whether they are others."""
        before = self._there or {}
        self._there = rows
        if now is not None:
            for key in before.keys() - rows.keys():
                self._gone[key] = now
            for key in rows:
                if key not in before:
                    self._came[key] = now
        for key in [each for each in self._gone if each in rows]:
            del self._gone[key]
        known = self.things
        self.things = {**{key: known[key] for key in self._gone if key in known}, **rows}
        if self.things.keys() == known.keys():
            return before.keys() != rows.keys()
        self._ordered = [key for key in self._ordered if key in self.things]
        there = set(self._ordered)
        self._ordered += [key for key in self.things if key not in there]
        return True

    def _expire(self, now: float) -> bool:
        """Leave out what has gone long ago; return whether anything was."""
        self._came = {key: at for key, at in self._came.items() if now - at < _MARKED}
        over = [key for key, at in self._gone.items() if now - at >= _MARKED]
        for key in over:
            del self._gone[key]
            self.things.pop(key, None)
            self.marked.discard(key)
        if over:
            self._ordered = [key for key in self._ordered if key in self.things]
        return bool(over)

    def sort(self) -> None:
        """Order all of them; what is unknown comes last, whichever way."""
        seen = self.seen
        if seen is None:
            return
        number, reverse = self.by
        order = self._noun.columns[number].order
        ranked = [(order(seen, thing), key) for key, thing in self.things.items()]
        known = [each for each in ranked if each[0] is not None]
        known.sort(key=lambda each: each[0], reverse=reverse)
        self._ordered = [key for _, key in known] + [key for value, key in ranked if value is None]

    def select(self) -> None:
        """Show those that match, in their order."""
        if self.narrowed_by:
            found = compile_pattern(self.narrowed_by).search
            texts = self._texts
            self.keys = [key for key in self._ordered if found(texts.get(key) or self.text(key))]
        else:
            self.keys = list(self._ordered)
        self.index = {key: index for index, key in enumerate(self.keys)}

    def text(self, key: Hashable) -> str:
        """Return what a row is searched in: its texts and ids; empty for one that is not there any more."""
        text = self._texts.get(key)
        if text is None and key in self.things:
            seen, thing = self.seen, self.things[key]
            assert seen is not None
            text = self._texts[key] = " ".join([get(seen, thing) for get in self._found])
        return text or ""

    @property
    def all(self) -> list[Hashable]:
        """All of them in their order, whether they are shown or not."""
        return list(self._ordered)

    @property
    def meant(self) -> list[Hashable]:
        """Those that are shown, or of these those that are marked."""
        return [key for key in self.keys if key in self.marked] if self.marked else self.keys

    def has_come(self, key: Hashable) -> bool:
        """Whether it was not there a moment ago."""
        return key in self._came

    def is_gone(self, key: Hashable) -> bool:
        """Whether it is there no more."""
        return key in self._gone


def _text_of(column: Column[Any], seen: Seen, thing: Any) -> str:
    return column.cell(seen, thing).text


def found_by(pattern: str) -> str:
    """Return a pattern of a shell's as what is typed to narrow rows: a word that it matches whole."""
    parts = (
        r"\S*" if part == "*" else r"\S" if part == "?" else re.escape(part) for part in re.split(r"([*?])", pattern)
    )
    return rf"(?<!\S){''.join(parts)}(?!\S)"
