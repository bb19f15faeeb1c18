"""SystemTab: a tab of the System place, and the one that is a table with what is known of the chosen row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual.containers import Container, Vertical
from textual.message import Message

from ...targets import Thing
from ...text.fit import fitted, width_of
from ..live.chart import Chart
from ..plain import Static
from .details import FactsView
from .table import SystemTable

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from textual import events
    from textual.app import ComposeResult
    from textual.widget import Widget

    from ....core.system.examined import Examined
    from ....core.system.history import Seen
    from ..lists.row_view import RowView
    from .noun import Noun

__all__ = ["SystemTab", "TableTab"]

_BESIDE: Final = 160
"""Cells from which on what is known of the chosen row stands beside the table."""


class SystemTab(Container):
    """One of the tabs, all of which show what was seen at one look.

    A subclass gives `show`, `go_to` and `key`, and composes what it has. The screen shows a tab only while it is in
    front, and calls `show` at once when it comes there.
    """

    DEFAULT_CSS = """
    SystemTab { height: 1fr; }
    """

    class Opened(Message):
        """The user wants something opened as an object: `id:42`."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    class Examine(Message):
        """It is to be found out what takes a look into a program and its maps.

        Args:
            program: Its id.
            maps: Theirs.
            then: Gets what was found out.
        """

        def __init__(self, program: int, maps: Sequence[int], then: Callable[[Examined], None]) -> None:
            super().__init__()
            self.program, self.maps, self.then = program, maps, then

    class Moved(Message):
        """Something else is shown: the way to it in the top line is another."""

    NAME: ClassVar[str] = ""
    """The noun of which it is, as on the command line."""

    @property
    def noun_name(self) -> str:
        """The noun of which it is, as on the command line."""
        return self.NAME

    def show(self, seen: Seen) -> None:
        """Show what was seen."""
        raise NotImplementedError

    def cannot_look(self, why: str) -> None:
        """Say in the place of what would be shown why nothing can be seen."""
        raise NotImplementedError

    def go_to(self, key: Hashable) -> bool:
        """Bring the cursor to a thing by its key; return whether it is there."""
        raise NotImplementedError

    @property
    def key(self) -> Hashable | None:
        """The key of the thing that the cursor is on; None for none."""
        raise NotImplementedError

    @property
    def crumbs(self) -> tuple[str, ...]:
        """What lies between the System place and what is shown, for the top line."""
        return ()

    @property
    def headline(self) -> tuple[str, ...]:
        """What the top line says of what is shown; nothing where it is to say what it always does."""
        return ()

    @property
    def first(self) -> Widget:
        """What has the keyboard when the tab comes to the front."""
        raise NotImplementedError

    def named(self, text: str) -> Hashable | None:
        """Return the key of the thing that a user named; None for none."""
        return None

    def rest(self) -> None:
        """Let go of what it looks with: nobody looks any more."""

    @property
    def detaches(self) -> bool:
        """Whether something of what is listed can be detached, or removed."""
        return self.noun_name in ("prog", "link", "pin", "cgroup")

    @property
    def link(self) -> int | None:
        """The id of the link that holds what the cursor is on where it is; None where it is no attachment.

        It is 0 of what was attached without one.
        """
        return None

    @property
    def enter_name(self) -> str | None:
        """What enter does with what the cursor is on, for the key bar; None where it opens it."""
        return None

    def show_users(self) -> None:
        """Show what is related to the chosen thing, with the keyboard there."""

    def arrive(self) -> None:
        """Show what is related to the thing that one came to from such a list."""
        self.show_users()

    def leave(self) -> bool:
        """Go up within the tab; return whether there was anything above where one was."""
        return False


class _Note(Static):
    """The line below a table."""

    DEFAULT_CSS = """
    _Note { height: 1; color: $text-muted; padding: 0 1; text-wrap: nowrap; }
    """

    def __init__(self) -> None:
        super().__init__("")
        self._said = ""

    def say(self, text: str) -> None:
        """Say something; nothing is drawn where it was said already, as at most looks."""
        if text != self._said:
            self._said = text
            self.update(text)


class _Body(Vertical):
    """The table, and the chart of what is watched."""


class TableTab(SystemTab):
    """A table, with what is known of the chosen row beside it; where there is no room, below it, when it is asked for.

    Args:
        noun: What it lists.
    """

    DEFAULT_CSS = """
    TableTab {
        layout: vertical;
        & > _Body { height: 1fr; }
        & Chart { display: none; height: 45%; border-top: hkey $rule; }
        &.-watching Chart { display: block; }
        & > FactsView { display: none; height: 45%; border-top: hkey $rule; }
        &.-open > FactsView { display: block; }
        & > _Note { dock: bottom; }
        &.-beside {
            layout: horizontal;
            & > _Body { width: 1fr; }
            & > FactsView { display: block; width: 34%; height: 1fr; border-top: none; border-left: vkey $rule; }
        }
    }
    """

    def __init__(self, noun: Noun[Any]) -> None:
        super().__init__(id=f"{noun.name}-tab")
        self._noun = noun
        self.table = SystemTable(noun)
        self.chart = Chart()
        self.facts = FactsView()
        self._note = _Note()

    def compose(self) -> ComposeResult:
        """Compose the table, what is known of a row, and the line below."""
        with _Body():
            yield self.table
            yield self.chart
        yield self.facts
        yield self._note

    @property
    def noun_name(self) -> str:
        """The noun."""
        return self._noun.name

    def on_resize(self, event: events.Resize) -> None:
        """Put what is known of a row beside the table where there is room."""
        self.set_class(event.size.width >= _BESIDE, "-beside")
        self._tell()

    def show(self, seen: Seen) -> None:
        """Show what was seen."""
        self.table.show(seen)
        self._show_watched()
        self._show_facts()
        self._tell()

    def _show_watched(self) -> None:
        watched = self.table.watched
        if watched:
            self.chart.show(watched.series(), watched.now)

    def on_system_table_watching(self) -> None:
        """Show the chart, as long as something is in it."""
        self.set_class(bool(self.table.watched), "-watching")
        self._show_watched()

    def cannot_look(self, why: str) -> None:
        """Say in the place of the rows why there are none."""
        self.table.empty_text = why
        self.table.refresh()

    @property
    def _facts_shown(self) -> bool:
        return self.has_class("-open") or self.has_class("-beside")

    def _show_facts(self) -> None:
        if not self._facts_shown:
            return
        table, noun = self.table, self._noun
        thing, key = table.thing, table.key
        if thing is None or table.seen is None or key is None:
            self.facts.show(None, "", ())
            return
        gone = " (gone)" if table.rows.is_gone(key) else ""
        self.facts.show(Thing(noun.name, key), f"{noun.title(thing)}{gone}", noun.facts(table.seen, thing))

    def _tell(self) -> None:
        """Say below the table what is not shown, and why."""
        table = self.table
        if table.seen is None or not self.is_mounted:
            return
        shown, total = table.totals
        left_out = table.places().left_out
        parts = [f"{shown:,} of {total:,}"]
        if left_out:
            parts.append(f"+{left_out} column{'' if left_out == 1 else 's'} →")
        right = " · ".join(parts)
        width = max(self.size.width - 2, 20)
        note = self._noun.note(table.seen)
        room = width - width_of(right) - 2
        note = note if width_of(note) <= room else fitted(note, max(room, 1)).rstrip()
        self._note.say(f"{note}{' ' * (width - width_of(note) - width_of(right))}{right}")

    def on_system_table_rearranged(self) -> None:
        """Say how many rows and columns are shown."""
        self._tell()

    def on_row_view_highlighted(self, event: RowView.Highlighted) -> None:
        """Show what is known of the row that the cursor came to."""
        if event.view is self.table:
            self._show_facts()

    def on_row_view_selected(self, event: RowView.Selected) -> None:
        """Open what the cursor is on; what is no object shows what it is related to."""
        event.stop()
        thing = self.table.thing
        if event.view is not self.table or thing is None or self.table.key is None:
            return
        name = self._noun.opens(thing)
        if self.table.rows.is_gone(self.table.key):
            self.notify(f"{self._noun.title(thing)} is gone", severity="warning", timeout=3)
        elif name:
            self.post_message(self.Opened(name))
        else:
            self.show_users()

    @property
    def enter_name(self) -> str | None:
        """What enter does: what is no object shows what it is related to."""
        thing = self.table.thing
        return "Related" if thing is not None and not self._noun.opens(thing) else None

    @property
    def key(self) -> Hashable | None:
        """The key of the thing that the cursor is on."""
        return self.table.key

    def named(self, text: str) -> Hashable | None:
        """Return the key of the row that a user named by its id, its name or both."""
        wanted = text.lower()
        for key, thing in self.table.rows.things.items():
            title = self._noun.title(thing).lower()
            if wanted in (str(key), title, title.partition(" ")[2], title.partition(" ")[0]):
                return key
        return None

    def go_to(self, key: Hashable) -> bool:
        """Bring the cursor to a thing."""
        found = self.table.go_to(key)
        self._show_facts()
        return found

    @property
    def first(self) -> Widget:
        """The table."""
        return self.table

    def show_users(self) -> None:
        """Show what is related to the chosen thing, with the keyboard there."""
        self.add_class("-open")
        self._show_facts()
        self.facts.focus()

    def leave(self) -> bool:
        """Go back to the table, from what is known of its row."""
        was = self.has_class("-open") or self.facts.has_focus
        self.remove_class("-open")
        if was:
            self.table.focus()
        return was
