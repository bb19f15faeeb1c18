"""HomeScreen: where one begins, and what `0` leads to from anywhere."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final, cast

from textual.binding import Binding, BindingType
from textual.widgets import TabbedContent, TabPane

from ..controllers.controller import ControlledScreen
from ..state.recent import recent
from ..status import Crumb
from ..text.machine import machine_facts
from ..widgets.home.objects_place import ObjectRows, ObjectsPlace
from ..widgets.home.recordings_place import RecordingsPlace
from ..widgets.key_bar import KeyBar
from ..widgets.lists.row_view import RowView
from ..widgets.lists.search_bar import SearchBar
from ..widgets.message_line import MessageLine
from ..widgets.place_tabs import PlaceTabs
from ..widgets.plain import Static
from ..widgets.status_line import StatusLine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from textual.app import ComposeResult

    from ..base_app import BaseApp
    from ..dialogs.command import Command
    from ..text.fuzzy import Names

__all__ = ["PLACES", "HomeScreen"]

PLACES: Final[tuple[tuple[str, type[ObjectsPlace | RecordingsPlace]], ...]] = (
    ("objects", ObjectsPlace),
    ("recordings", RecordingsPlace),
)
"""The places that are shown at home itself, each a tab: its id, and the widget that it is."""

SYSTEM: Final = "system"
"""The tab that leads to a place with tabs of its own."""

_TABS: Final = ("objects", SYSTEM, "recordings")
"""The tabs in the order of their numbers."""


class HomeScreen(ControlledScreen):
    """What there is on this machine to look at, in one place for each kind.

    Args:
        opened: Returns the objects that are open: path and state.
        attached: Returns how many attachments they have.
        open_object: Opens an object, or goes to it.
        close_object: Closes one.
        commands: Returns what can be done on every screen.
        destinations: Returns where a query leads.
        inside: Returns the names of what the open objects have.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(
                str(_TABS.index(name) + 1),
                f"show_place('{name}')",
                place.TITLE,
                show=False,
                id=f"home.{name}",
                tooltip=f"Show the place {place.TITLE}",
            )
            for name, place in PLACES
        ),
        Binding(
            str(_TABS.index(SYSTEM) + 1), "system", "System", show=False, id="home.system", tooltip="What runs here"
        ),
        Binding("ctrl+p", "find", "Find", key_display="^p", id="find", tooltip="Find anything by its name"),
        Binding("colon", "find(':')", "Commands", show=False, id="palette", tooltip="Commands: open FILE, …"),
        Binding("question_mark", "help", "Help", key_display="?", id="help", tooltip="All keys"),
        Binding("f1", "help", show=False, id="help.f1", tooltip="The same, also where ? would be typed"),
        Binding("escape", "back", "Up", show=False, id="back", tooltip="One level up: from here there is none"),
        Binding(
            "q",
            "quit",
            "Quit",
            id="quit",
            tooltip="Quit; asks if anything is attached or unsaved",
        ),
    ]

    DEFAULT_CSS = """
    HomeScreen #first-time { height: 1; padding: 0 1; color: $text-muted; display: none; &.-open { display: block; } }
    """

    def __init__(
        self,
        *,
        opened: Callable[[], list[tuple[str, str]]],
        attached: Callable[[], int],
        open_object: Callable[[str], None],
        close_object: Callable[[str], None],
        commands: Callable[[], Iterable[Command]],
        destinations: Callable[[str], Iterable[Command]],
        inside: Callable[[], Iterable[Names[Any]]],
    ) -> None:
        super().__init__()
        self._opened = opened
        self._attached = attached
        self._open_object = open_object
        self._close_object = close_object
        self._commands = commands
        self._destinations = destinations
        self._inside = inside
        self._facts: tuple[str, ...] = ()
        self._tabs = PlaceTabs(initial=PLACES[0][0], id="tabs")
        self.furnished = asyncio.Event()
        """Set as soon as there is something to choose from."""

    def compose(self) -> ComposeResult:
        """Compose the screen."""
        yield StatusLine()
        with self._tabs:
            places = dict(PLACES)
            for number, name in enumerate(_TABS, 1):
                if name == SYSTEM:
                    yield TabPane(f"{number} System", id=SYSTEM)
                else:
                    with TabPane(f"{number} {places[name].TITLE}", id=name):
                        yield places[name]()
        yield Static(
            "First time here? ⏎ opens, L loads, A attaches to a sandbox that cannot hurt.",
            id="first-time",
        )
        yield SearchBar()
        yield MessageLine()
        yield KeyBar()

    def on_mount(self) -> None:
        """Begin in the list."""
        line = self.query_one(StatusLine)
        line.crumbs = (Crumb("home"),)
        line.can_focus = False  # there is nowhere above
        self.query_one(ObjectRows).focus()
        self.call_after_refresh(self._furnish)

    async def _furnish(self) -> None:
        self.furnished.set()
        cast("BaseApp[Any]", self.app).begin_collecting()
        self.query_one("#first-time").set_class(not await asyncio.to_thread(recent), "-open")
        self._facts = await asyncio.to_thread(machine_facts)
        self.show_facts()

    def on_screen_resume(self) -> None:
        """Show what has become of the objects since."""
        for _, place in PLACES:
            self.query_one(place).show(self._opened())
        self.show_facts()

    def show_facts(self) -> None:
        """Say in the top line what this machine is, and what is attached."""
        count = self._attached()
        self.query_one(StatusLine).facts = (*self._facts, f"▲ {count} attached" if count else "nothing attached")

    def on_tabbed_content_tab_activated(self, event: TabbedContent.TabActivated) -> None:
        """Go to the place of which there is only the tab here."""
        if self._tabs.active == SYSTEM:
            self._tabs.active = PLACES[0][0]
            self.action_system()
        else:
            self.query_one(f"#{self._tabs.active} ObjectRows").focus()

    def on_row_view_selected(self, event: RowView.Selected) -> None:
        """Open an object."""
        if isinstance(event.view, ObjectRows):
            self._open_object(event.value)

    def on_object_rows_closed(self, event: ObjectRows.Closed) -> None:
        """Close an object."""
        self._close_object(event.path)

    def on_row_view_search_requested(self, event: RowView.SearchRequested) -> None:
        """Search in a list."""
        self.query_one(SearchBar).open(event.view)

    # Keys

    def action_show_place(self, name: str) -> None:
        """Show a place."""
        self._tabs.active = name

    def action_system(self) -> None:
        """Go to what this machine runs."""
        self.app.run_worker(self.app.run_action("system"))

    def action_find(self, typed: str = "") -> None:
        """Ask what is to be found: an object, or a command."""
        from ..dialogs.command import Command, names_of
        from ..dialogs.find import FindDialog, Found

        def go(call: Callable[[], Any] | None) -> None:
            if call is not None:
                self.call_later(call)

        rows = [row for listed in self.query(ObjectRows) for row in listed.rows if row.path]
        objects = [Command(row.name, row.note, lambda path=row.path: self._open_object(path), "object") for row in rows]
        kinds = [names_of(self._commands()), names_of(objects, "object", ""), *self._inside()]
        self.ask(FindDialog(Found(kinds, self._destinations), typed), go)

    def action_help(self) -> None:
        """Show all keys."""
        from ..dialogs.help import HelpScreen, do_as_key

        help_ = HelpScreen(self.key_groups(), self.keymap, page="", place="Home")
        self.ask(help_, partial(do_as_key, self, self.focused))

    def key_groups(self) -> dict[str, Sequence[BindingType]]:
        """Return the keys of home and of its lists."""
        from ..dialogs.help import keys_of_app

        home = [*ObjectRows.BINDINGS, *self.BINDINGS]
        known = {each.action for each in home if isinstance(each, Binding)}
        everywhere = [each for each in keys_of_app(self.app) if each.action not in known]
        return {"Home": [*home, *everywhere], "Lists": RowView.BINDINGS}

    def action_back(self) -> None:
        """Take what went wrong as read; else say that there is nothing above."""
        if not self.answer():
            self.notify("this is home: q quits", timeout=3)

    def action_quit(self) -> None:
        """Quit, unless something is attached."""
        self.leave()
