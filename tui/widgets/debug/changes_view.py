"""ChangesView: what the run has changed in maps and variables."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from ...text.fit import fitted, width_of
from .lines_view import Line, LinesView, heading
from .state_view import About

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ....core.debug.sight import Sight
    from ....core.live.effects import EffectLine

__all__ = ["ChangesView"]


class ChangesView(LinesView):
    """What was there before the run, and what is there now; or all that is there."""

    TITLE: ClassVar[str] = "Maps"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "v", "next_view", "View", show=False, id="debug.maps-view", tooltip="What has changed, or all there is"
        ),
    ]

    class ViewRequested(Message):
        """All that maps hold is to be seen, or no more."""

    def action_next_view(self) -> None:
        """Ask for all that maps hold, or only for what has changed."""
        self.post_message(self.ViewRequested())

    def title(self, sight: Sight) -> str:
        """Say how much was changed."""
        what = f"{len(sight.changes)} changed by this run" if sight.changes else "unchanged by this run"
        return f"{what} · all that they hold" if sight.holdings else what

    def empty(self, sight: Sight) -> str:
        """Say what would stand here."""
        return "this run has changed no map and no variable so far; v shows all that they hold"

    def lines(self, sight: Sight, width: int) -> Iterator[Line]:
        """Return maps, then variables."""
        for text, is_variable in (("Entries of maps", False), ("Variables", True)):
            if sight.holdings:
                held = [each for each in sight.holdings if each.is_variable == is_variable]
                yield from [heading(text), *self._holdings(sight, held, width)] if held else []
                continue
            found = [each for each in sight.changes if each.is_variable == is_variable]
            if found:
                yield heading(text)
                yield from self._changes(found, width)

    @staticmethod
    def _holdings(sight: Sight, held: Sequence[EffectLine], width: int) -> Iterator[Line]:
        """Return all that is there, with a mark at what has changed."""
        room = min(max(width_of(each.what) for each in held), max(16, width // 2))
        for each in held:
            is_entry = each.is_variable or "[" in each.what
            starts = (f"{each.what}.", f"{each.what}[")
            changed = any(one.what == each.what or one.what.startswith(starts) for one in sight.changes) and is_entry
            about = About("variable" if each.is_variable else "map", each.what, each.what) if is_entry else None
            mark = "• " if changed else "  "
            name = "changed" if changed else "" if is_entry else "muted"
            yield Line(((f"{mark}{fitted(each.what, room)}  ", ""), (each.after, name)), about)

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
