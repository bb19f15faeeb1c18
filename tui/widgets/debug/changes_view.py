"""ChangesView: what the run has changed in maps and variables."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ...text.fit import fitted, width_of
from .lines_view import Line, LinesView, heading
from .state_view import About

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ....core.debug.sight import Sight
    from ....core.live.effects import EffectLine

__all__ = ["ChangesView"]


class ChangesView(LinesView):
    """What was there before the run, and what is there now."""

    TITLE: ClassVar[str] = "Maps"

    def title(self, sight: Sight) -> str:
        """Say how much was changed."""
        return f"{len(sight.changes)} changed by this run" if sight.changes else "unchanged by this run"

    def empty(self, sight: Sight) -> str:
        """Say what would stand here."""
        return "this run has changed no map and no variable so far"

    def lines(self, sight: Sight, width: int) -> Iterator[Line]:
        """Return maps, then variables."""
        for text, is_variable in (("Entries of maps", False), ("Variables", True)):
            found = [each for each in sight.changes if each.is_variable == is_variable]
            if found:
                yield heading(text)
                yield from self._changes(found, width)

    @staticmethod
    def _changes(found: Sequence[EffectLine], width: int) -> Iterator[Line]:
        room = min(max(width_of(each.what) for each in found), max(16, width // 2))
        for each in found:
            about = About("variable" if each.is_variable else "map", each.what, each.what)
            what = (f"  {fitted(each.what, room)}  ", "")
            if not each.before:
                change: tuple[tuple[str, str], ...] = (("new ", "muted"), (each.after, "changed"))
            elif not each.after:
                change = (("deleted, was ", "muted"), (each.before, ""))
            else:
                change = ((f"{each.before} → ", "muted"), (each.after, "changed"))
            yield Line((what, *change), about)
