"""SystemScreen: the place of what this machine runs, whoever loaded it: a tab for each noun."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple

from textual.binding import Binding, BindingType
from textual.widgets import TabbedContent, TabPane

from ..controllers.controller import ControlledScreen
from ..controllers.looking import LookingController
from ..controllers.others import OthersController
from ..jumps import JumpList
from ..status import Crumb, Failure
from ..targets import Thing
from ..text.format import counted, rate
from ..widgets.key_bar import KeyBar
from ..widgets.lists.row_view import RowView
from ..widgets.lists.search_bar import SearchBar
from ..widgets.message_line import MessageLine
from ..widgets.place_tabs import PlaceTabs
from ..widgets.status_line import StatusLine
from ..widgets.system.cgroup import CgroupTab
from ..widgets.system.net import NetTab
from ..widgets.system.nouns import BTFS, LINKS, MAPS, PINS, PROCESSES, PROGRAMS
from ..widgets.system.printed import PrintedTab
from ..widgets.system.tab import SystemTab, TableTab
from ..widgets.system.table import SystemTable

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence

    from textual.app import ComposeResult

    from ...core.errors import BpftuiError
    from ...core.system.examined import Examined
    from ...core.system.history import Seen
    from ...core.system.load import Looker
    from ..dialogs.command import Command
    from ..permission import Permission
    from ..status import Status
    from ..targets import Target

__all__ = ["NOUNS", "TABS", "Beginning", "SystemScreen", "noun_named"]

NOUNS: Final = ("prog", "map", "link", "net", "cgroup", "proc", "pin", "btf", "printed")
"""All tabs in the order of their digits, whether or not they are there yet."""

TABS: Final[dict[str, Callable[[], SystemTab]]] = {
    "prog": partial(TableTab, PROGRAMS),
    "map": partial(TableTab, MAPS),
    "link": partial(TableTab, LINKS),
    "net": NetTab,
    "cgroup": CgroupTab,
    "proc": partial(TableTab, PROCESSES),
    "pin": partial(TableTab, PINS),
    "btf": partial(TableTab, BTFS),
    "printed": PrintedTab,
}
"""What makes each tab, by its noun. A tab keeps its digit whichever others there are."""

_ABOUT: Final = (
    "What this machine runs of BPF, whoever loaded it. • moved since the last look, + has come, ✗ has gone; ▲ is "
    "attached, ? is not known. Rows move only when they are ordered: ← → choose a column, o orders by it.\n"
    "Looking changes nothing. Runs are counted while this is open: some 40 ns of each run are that, and programs that "
    "are reached by a tail call are not counted."
)

_WITHOUT_LINK: Final = "it was attached without a link: what attached it takes it off, tc, ip or bpftool"

_OTHER_NAMES: Final = {"program": "prog", "interface": "net", "process": "proc", "types": "btf", "pinned": "pin"}


def noun_named(word: str) -> str:
    """Return the tab that a word means: `prog`, `progs`, `program`; empty where it means none."""
    word = word.lower()
    for name in (
        word,
        word.removesuffix("s"),
        _OTHER_NAMES.get(word, ""),
        _OTHER_NAMES.get(word.removesuffix("s"), ""),
    ):
        if name in TABS:
            return name
    return ""


def _examine(program: int, maps: Iterable[int]) -> Examined:
    from ...core.system.examined import examine

    return examine(program, maps)


class Beginning(NamedTuple):
    """How it is shown at first."""

    order: str = ""
    """The title of the column that they are ordered by; empty for the usual one."""
    only: str = ""
    """A pattern of their names, as a shell has it: `count_*`; empty for all."""
    interval: float = 1.0
    """Seconds between two looks."""
    place: tuple[str, str] = ("", "")
    """The noun and the name of what to begin at; empty for the programs."""


class _Place(NamedTuple):
    """Where one was."""

    noun: str
    key: Hashable | None


class SystemScreen(ControlledScreen):
    """What this machine runs, looked at once a second while it is in front. Nothing is changed without a question.

    Args:
        observe: Returns what looks; called in a thread.
        open_object: Opens what is loaded as an object: `id:42`.
        commands: Returns what can be done on every screen.
        destinations: Returns where a query leads on every screen.
        permission: Whether what others have loaded may be changed.
        begin_at: How it is shown at first.
    """

    first_keys: ClassVar[tuple[str, ...]] = ("select", "search", "order", "watch", "users", "pause", "detach")

    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(
                str(number),
                f"show_tab('{name}')",
                name,
                show=False,
                id=f"system.{name}",
                tooltip=f"Show the tab {name}",
            )
            for number, name in enumerate(NOUNS, 1)
        ),
        Binding("u", "users", "Users", id="system.users", tooltip="All that the chosen row is related to, a key away"),
        Binding("D", "detach", "Detach", id="system.detach", tooltip="Detach the link, or remove the pin; asks first"),
        *LookingController.BINDINGS,
        Binding(
            "backspace,alt+left",
            "go_back",
            "Back",
            show=False,
            id="place.back",
            tooltip="Back to where you were before",
        ),
        Binding("alt+right", "go_forward", "Forward", show=False, id="place.forward", tooltip="Forward again"),
        Binding("ctrl+p", "find", "Find", show=False, id="find", tooltip="Find anything by its name"),
        Binding(
            "colon", "find(':')", "Commands", show=False, id="palette", tooltip="Commands: prog, map, open FILE, …"
        ),
        Binding("question_mark", "help", "Help", key_display="?", id="help", tooltip="This table, then all keys"),
        Binding("f1", "help", show=False, id="help.f1", tooltip="The same, also where ? would be typed"),
        Binding("escape", "back", "Up", show=False, id="back", tooltip="One level up"),
        Binding("q", "quit", "Quit", id="quit", tooltip="Quit; asks if anything is attached or unsaved"),
    ]

    def __init__(
        self,
        *,
        observe: Callable[[], Looker],
        open_object: Callable[[str], None],
        commands: Callable[[], Iterable[Command]],
        destinations: Callable[[str], Iterable[Command]],
        permission: Permission,
        begin_at: Beginning | None = None,
    ) -> None:
        super().__init__()
        self._begin_at = begin_at or Beginning()
        self._open_object = open_object
        self._commands = commands
        self._destinations = destinations
        self._tabs = PlaceTabs(initial="prog", id="tabs")
        self._by_noun = {name: TABS[name]() for name in NOUNS if name in TABS}
        self._seen: Seen | None = None
        self._blind = ""
        """Why the last look failed; empty where it did not."""
        self._wanted: Thing | None = None
        """What to go to as soon as there is something to see."""
        self._wanted_name = self._begin_at.place
        """The noun and the name of what to go to then."""
        self._jumps: JumpList[_Place] = JumpList()
        self.looking = LookingController(
            self,
            observe=observe,
            show=self.show,
            fail=self._cannot_look,
            changed=self._show_facts,
            after=self.set_timer,
        )
        self.others = OthersController(self, permission=permission, changed=self._show_facts)
        self.looking.interval = self._begin_at.interval
        self.control(self.looking)
        self.examine: Callable[[int, Iterable[int]], Examined] = _examine
        """What looks into a program and its maps, in a thread."""
        self.furnished = asyncio.Event()
        """Set as soon as there is something to choose from, or nothing to wait for."""

    def compose(self) -> ComposeResult:
        """Compose the screen."""
        yield StatusLine()
        with self._tabs:
            for number, name in enumerate(NOUNS, 1):
                if name in self._by_noun:
                    with TabPane(f"{number} {name}", id=name):
                        yield self._by_noun[name]
        yield SearchBar()
        yield MessageLine()
        yield KeyBar()

    def on_mount(self) -> None:
        """Begin in the first table."""
        line = self.query_one(StatusLine)
        line.crumbs = (Crumb("home"), Crumb("system"))
        line.facts = ("reading what runs here …",)
        tab = self.tab
        tab.first.focus()
        if isinstance(tab, TableTab):
            tab.table.begin(self._begin_at.order, self._begin_at.only)
        if self._wanted_name[0]:
            self._tabs.active = self._wanted_name[0]

    def on_screen_resume(self) -> None:
        """Look, from now on."""
        self.looking.begin()

    def on_screen_suspend(self) -> None:
        """Look no more, unless it is a dialog that is in front now."""
        self.call_later(self._end_unless_shown)

    def _end_unless_shown(self) -> None:
        if self not in self.app.screen_stack:
            self.looking.end()
            for tab in self._by_noun.values():
                tab.rest()

    def on_unmount(self) -> None:
        """Have runs counted no more."""
        self.looking.end()

    # What is shown

    def show_status(self, status: Status) -> None:
        """Show how far something has come."""
        self.query_one(StatusLine).status = status

    @property
    def tab(self) -> SystemTab:
        """The tab in front."""
        return self._by_noun[self._tabs.active or "prog"]

    def show(self, seen: Seen) -> None:
        """Show what was seen, in the tab in front."""
        self._seen, self._blind = seen, ""
        self.settle("look")
        self.tab.show(seen)
        self._show_facts()
        if (wanted := self._wanted) is not None:
            self._wanted = None
            self._go(wanted)
        if (named := self._wanted_name)[0]:
            self._wanted_name = ("", "")
            self.go_to_named(*named)
        self.furnished.set()

    def _cannot_look(self, error: BpftuiError) -> None:
        """Say in the place of the rows why there are none; of rows that stand there, that they are old."""
        is_known = error.message == self._blind  # it is said once, not at each look that fails
        self._blind = error.message
        for tab in self._by_noun.values():
            tab.cannot_look(error.message + (f" ({error.hint})" if error.hint else ""))
        if self._seen is not None and not is_known:
            self.fail(Failure("look", error.message, error.hint or ""))
        self._show_facts()
        self.furnished.set()

    def _show_facts(self) -> None:
        seen, line = self._seen, self.query_one(StatusLine)
        if seen is None:
            if self._blind:
                line.facts = ("nothing can be seen",)
            return
        line.crumbs = (Crumb("home"), Crumb("system"), *map(Crumb, self.tab.crumbs))
        facts = [counted(len(seen.snapshot.programs), "program")]
        if self._blind:
            facts = ["nothing can be seen: these rows are old"]
        elif headline := self.tab.headline:
            facts = [*headline]
        elif seen.look.loads:
            facts += [f"{rate(seen.total_runs)} runs/s", f"{seen.total_cpu:.1f} % of a CPU"]
        facts.append("‖ PAUSED" if self.looking.is_paused else self.others.permission.word)
        line.facts = tuple(facts)

    def on_system_tab_examine(self, event: SystemTab.Examine) -> None:
        """Find out in a thread what takes a look into a program."""

        def examine() -> Examined | Exception:
            try:
                return self.examine(event.program, event.maps)
            except Exception as error:  # what nobody expected is said as well, and not lost with the thread
                return error

        self.find_out(examine, partial(self._examined, event))

    def _examined(self, event: SystemTab.Examine, found: Examined | Exception) -> None:
        if isinstance(found, Exception):
            from ...core.system.examined import NOT_EXAMINED

            why = f"program {event.program} cannot be looked into: {type(found).__name__}: {found}"
            self.notify(why, severity="warning", timeout=5)
            found = NOT_EXAMINED
        event.then(found)

    def on_system_tab_moved(self) -> None:
        """Say in the top line where one is now."""
        self._show_facts()
        self.refresh_bindings()

    def on_tabbed_content_tab_activated(self, event: TabbedContent.TabActivated) -> None:
        """Show in the tab that came to the front what was seen last."""
        tab = self.tab
        if self._seen is not None:
            tab.show(self._seen)
        if self.focused is None or tab not in self.focused.ancestors:
            tab.first.focus()
        self._show_facts()
        self.refresh_bindings()

    # Going from one thing to another

    def go_to(self, thing: Thing) -> None:
        """Show a thing, as soon as there is something to see; the way back leads to where one is."""
        if self._seen is None:
            self._wanted = thing
            self._tabs.active = thing.noun
        else:
            self._go(thing)

    def go_to_named(self, noun: str, name: str) -> None:
        """Show what is of that name, as soon as there is something to see."""
        if self._seen is None:
            self._wanted_name = noun, name
            self._tabs.active = noun
            return
        tab = self._by_noun[noun]
        tab.show(self._seen)
        key = tab.named(name)
        if key is None:
            self._tabs.active = noun
            self.notify(f"there is no {noun} {name!r} here", severity="warning", timeout=5)
        else:
            self.follow(Thing(noun, key))

    def _go(self, thing: Thing) -> None:
        seen = self._seen
        if thing.noun not in self._by_noun or seen is None:
            self.notify(f"there is no tab for {thing.noun} yet", severity="warning", timeout=3)
            return
        tab = self._by_noun[thing.noun]
        tab.show(seen)
        if not tab.go_to(thing.key):
            self.notify(f"{thing.noun} {thing.key} is not there any more", severity="warning", timeout=3)
            return
        self._tabs.active = thing.noun

    def _here(self) -> _Place:
        return _Place(self.tab.noun_name, self.tab.key)

    def follow(self, target: Target) -> None:
        """Go where a name leads; what is shown beside a table is shown there as well."""
        if isinstance(target, Thing):
            had = self.focused is not None and self.focused is not self.tab.first
            self._jumps.push(self._here())
            self._go(target)
            if had and target.noun in self._by_noun:
                self.call_after_refresh(self._by_noun[target.noun].arrive)

    def _show_place(self, place: _Place | None, otherwise: str) -> None:
        if place is None:
            self.notify(otherwise, timeout=3)
        elif place.key is None:
            self._tabs.active = place.noun
        else:
            self._go(Thing(place.noun, place.key))

    # What widgets ask for

    def on_row_view_followed(self, event: RowView.Followed) -> None:
        """Go where a name leads."""
        self.follow(event.target)

    def on_row_view_search_requested(self, event: RowView.SearchRequested) -> None:
        """Narrow a table, or search in what is beside it."""
        self.query_one(SearchBar).open(event.view)

    def on_system_tab_opened(self, event: SystemTab.Opened) -> None:
        """Open what is loaded as an object."""
        self._open_object(event.name)

    def on_status_line_chosen(self, event: StatusLine.Chosen) -> None:
        """Go to a step of the way to where one is."""
        if event.crumb.name == "home":
            self.go_home()
        elif event.crumb is not self.query_one(StatusLine).crumbs[-1]:
            self.tab.leave()

    # Keys

    def key_name(self, binding: str) -> str | None:
        """Return what a key of the bar does now, where it is not what it does as a rule."""
        return self.tab.enter_name if binding == "system.open" else None

    def action_show_tab(self, name: str) -> None:
        """Show a tab."""
        if name in self._by_noun:
            self._tabs.active = name

    def action_users(self) -> None:
        """Show all that the chosen thing is related to."""
        self.tab.show_users()

    def action_detach(self) -> None:
        """Ask whether the chosen link is to be detached, or the chosen pin removed, and do it."""
        seen, key = self._seen, self.tab.key
        if seen is None or key is None:
            return
        snapshot = seen.snapshot
        match self.tab.noun_name:
            case "link" if isinstance(key, int):
                self.others.detach_link(snapshot, key)
            case "pin":
                pin = next((each for each in snapshot.pins if (each.mounts, each.path) == key), None)
                if pin is not None:
                    self.others.unpin(snapshot, pin)
            case "prog" if isinstance(key, int) and key in snapshot.programs:
                links = snapshot.programs[key].links
                if len(links) == 1:
                    self.others.detach_link(snapshot, links[0])
                else:
                    several = "several links hold it: u lists them" if links else "no link holds it"
                    self.notify(several, severity="warning", timeout=4)
            case _ if self.tab.link:
                self.others.detach_link(snapshot, self.tab.link)
            case _:
                told = "this is no program that is attached" if self.tab.link is None else _WITHOUT_LINK
                self.notify(told, severity="warning", timeout=4)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer to detach what can be detached."""
        if action in ("users", "detach") and self.tab.key is None:
            return False
        if action == "detach":
            return self.tab.detaches and not self.others.permission.refusal
        return super().check_action(action, parameters)

    def why_not(self, action: str) -> str:
        """Return why an action does not apply."""
        if action in ("users", "detach") and self.tab.key is None and not self.others.permission.refusal:
            return "there is nothing here to choose from"
        if action == "detach":
            return self.others.permission.refusal or "what is attached is detached, and pins are removed"
        return super().why_not(action)

    def action_go_back(self) -> None:
        """Go back to where one was."""
        place = self._jumps.back(self._here())
        if place is None and self.way_back is not None:
            self.way_back()
        else:
            self._show_place(place, "there is no place before: esc goes up")

    def action_go_forward(self) -> None:
        """Go forward again."""
        self._show_place(self._jumps.forward(self._here()), "there is no place ahead")

    def action_back(self) -> None:
        """Take what went wrong as read; else leave what is beside the table; else go home."""
        if not self.answer() and not self.tab.leave():
            self.go_home()

    def action_quit(self) -> None:
        """Quit, unless something is attached."""
        self.leave()

    def action_help(self) -> None:
        """Show what the table says, and its keys; then all the others."""
        from ..dialogs.help import HelpScreen, do_as_key, keys_here

        focused = self.focused or self.tab.first
        groups: dict[str, Sequence[BindingType | str]] = {
            "": keys_here(focused),
            "Moving": RowView.BINDINGS,
            "System": self.BINDINGS,
        }
        place = f"System › {self.tab.noun_name}"
        help_ = HelpScreen(groups, self.keymap, page="system", place=place, about=_ABOUT)
        self.ask(help_, partial(do_as_key, self, focused))

    def key_groups(self) -> dict[str, Sequence[BindingType]]:
        """Return the keys of its lists and tables."""
        return {"Lists": RowView.BINDINGS, "Tables": SystemTable.BINDINGS}

    def action_find(self, typed: str = "") -> None:
        """Ask what is to be found: a thing, a tab, or a command."""
        from ..dialogs.command import Command, names_of
        from ..dialogs.find import FindDialog, Found

        def go(call: Callable[[], Any] | None) -> None:
            if call is not None:
                self.call_later(call)

        tabs = [Command(name, "a list", partial(self.action_show_tab, name), "place") for name in self._by_noun]
        kinds = [names_of(self._commands()), names_of(tabs, "place")]
        kinds += [names_of(things, kind, sign) for kind, sign, things in self._things()]
        self.ask(FindDialog(Found(kinds, self._destinations), typed), go)

    def _things(self) -> Iterator[tuple[str, str, list[Command]]]:
        """Yield what has a name: kind, the sign that finds it only, and the names."""
        from ..dialogs.command import Command

        if self._seen is None:
            return
        snapshot = self._seen.snapshot
        for noun, kind, sign, found in (
            ("prog", "program", "@", snapshot.programs),
            ("map", "map", "#", snapshot.maps),
        ):
            named = ((f"{number} {each.name}", each.type, Thing(noun, number)) for number, each in found.items())
            yield kind, sign, [Command(name, type_, partial(self.follow, to)) for name, type_, to in named]
