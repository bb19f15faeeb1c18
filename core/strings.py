"""Tables of texts that end with a byte of their own, as ELF, BTF and archives have them.

A text is named by where it begins, so that a table of 60 MB can be named from each of its bytes on: names are cut where
they are longer than any compiler makes them, and shorter once they are more, in all, than the table could hold.
"""

from __future__ import annotations

from typing import Final

from .limits import Budget

__all__ = ["StringTable"]

_LONGEST: Final = 4096
"""Bytes of a text; the kernel allows 511 for a symbol (KSYM_NAME_LEN)."""
_SHORT: Final = 64
"""Bytes that are kept of a text once the budget is used up."""
_EACH: Final = 8
"""How often a table may be read: texts overlap where one is the end of another, which linkers make use of."""


class StringTable:
    """A table of texts in UTF-8; each is decoded once.

    Args:
        raw: The table.
        end: The byte that ends each text.
    """

    def __init__(self, raw: bytes, end: bytes = b"\0") -> None:
        self.raw = raw
        self._end = end
        self._known: dict[int, str] = {}
        self._budget = Budget(len(raw), "texts", each=_EACH)

    def __len__(self) -> int:
        """Return the size of the table in bytes."""
        return len(self.raw)

    def text(self, offset: int) -> str:
        """Return the text that begins at an offset; '' outside of the table."""
        known = self._known.get(offset)
        if known is None:
            known = self._known[offset] = self._read(offset)
        return known

    def _read(self, offset: int) -> str:
        if not 0 <= offset < len(self.raw):
            return ""
        end = self.raw.find(self._end, offset, offset + _LONGEST)
        if end < 0:
            end = min(offset + _LONGEST, len(self.raw))
        if end - offset > _SHORT and not self._budget.take(end - offset):
            return self.raw[offset : offset + _SHORT].decode("utf-8", "replace") + "…"
        return self.raw[offset:end].decode("utf-8", "replace")
