"""NetTab: interfaces and network namespaces, and each of them from inside: its programs as a packet meets them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple, cast

from textual.containers import Container

from ...targets import Thing
from ...text.inventory import name_of
from .details import FactsView
from .noun import Fact
from .nouns import INTERFACES, PROGRAMS
from .nouns.interfaces import Way, link_state, namespace_name, ways_of
from .steps import interface_steps, namespace_steps
from .tab import SystemTab, TableTab
from .way import WayView

if TYPE_CHECKING:
    from collections.abc import Hashable

    from textual import events
    from textual.app import ComposeResult
    from textual.widget import Widget

    from ....core.system import ProgramEntry
    from ....core.system.examined import Examined
    from ....core.system.history import Seen
    from ..lists.row_view import RowView
    from .steps import Step

__all__ = ["NetTab", "WayPane"]

_BESIDE: Final = 100
"""Cells from which on what is known of a program stands beside the way."""


class WayPane(Container):
    """Programs in the order in which they run, with what is known of the chosen one beside them, or below."""

    DEFAULT_CSS = """
    WayPane {
        height: 1fr;
        layout: vertical;
        & > FactsView { height: 40%; border-top: hkey $rule; }
        &.-beside {
            layout: horizontal;
            & > WayView { width: 1fr; }
            & > FactsView { width: 36%; height: 1fr; border-top: none; border-left: vkey $rule; }
        }
    }
    """

    def __init__(self, name: str) -> None:
        super().__init__(id=f"{name}-way-pane")
        self.way = WayView(id=f"{name}-way")
        self.facts = FactsView()
        self._known: tuple[int, Examined] | None = None
        """What was found out about which program."""
        self._looked_into = 0
        """The program that was asked for last; 0 where it is time to ask anew."""
        self._is_asking = False

    def compose(self) -> ComposeResult:
        """Compose both."""
        yield self.way
        yield self.facts

    def on_resize(self, event: events.Resize) -> None:
        """Put what is known beside the way where there is room."""
        self.set_class(event.size.width >= _BESIDE, "-beside")

    def show(self, title: str, steps: list[Step], seen: Seen) -> None:
        """Show what runs here."""
        if self.way.seen is not None and seen.snapshot is not self.way.seen.snapshot:
            self._looked_into = 0  # how full maps are is looked at anew
        self.way.show(title, steps, seen)
        self.show_facts()

    def show_facts(self) -> None:
        """Show what is known of the chosen step's program."""
        step, seen = self.way.step, self.way.seen
        if step is None or seen is None:
            self.facts.show(None, "", ())
            return
        number = step.attachment.program if step.attachment is not None else 0
        program = seen.snapshot.programs.get(number)
        if step.attachment is not None and program is None:
            self.facts.show(step.thing, step.hook, [*self.between(step, seen), _untold(number)])
            return
        if program is None:
            self.facts.show(step.thing, step.hook, self.between(step, seen))
            return
        self._look_into(program)
        self.facts.show(Thing("prog", number), PROGRAMS.title(program), self._about(step, program, seen))

    @property
    def link(self) -> int | None:
        """The id of the link of the chosen step; 0 where it has none, None where it is no program."""
        step = self.way.step
        return None if step is None or step.attachment is None else step.attachment.link or 0

    def between(self, step: Step, seen: Seen) -> list[Fact]:
        """Return what is known of a step that is no program."""
        return [Fact("", part, role="muted") for part in (step.way, step.note) if part]

    def _about(self, step: Step, program: ProgramEntry, seen: Seen) -> list[Fact]:
        known = self._known[1] if self._known is not None and self._known[0] == program.id else None
        facts = [Fact("returns", "…" if known is None else ", ".join(known.returns or ("?",)))]
        facts += [
            Fact("previous", text, Thing("prog", step.before))
            for text in [_passed(seen, step.before, program.id, "{} of {}")]
            if text
        ]
        facts += [
            Fact("next", text, Thing("prog", step.after))
            for text in [_passed(seen, program.id, step.after, "{} go on to {}", second=True)]
            if text
        ]
        for fact in PROGRAMS.facts(seen, program):
            number = fact.thing.key if fact.thing is not None and fact.thing.noun == "map" else None
            full = known.filled.get(number) if known is not None and isinstance(number, int) else None
            facts.append(fact._replace(text=f"{fact.text}  {full}") if full is not None else fact)
        return facts

    def _look_into(self, program: ProgramEntry) -> None:
        """Have it found out what a program returns, and how full its maps are: one at a time, however long it takes."""
        if program.id != self._looked_into and not self._is_asking:
            self._is_asking = True
            # Later: what a widget posts while its parent handles something does not get beyond the parent.
            self.call_later(self._ask, program)

    def _ask(self, program: ProgramEntry) -> None:
        self.post_message(SystemTab.Examine(program.id, program.map_ids, partial(self._examined, program.id)))

    def _examined(self, program: int, found: Examined) -> None:
        self._is_asking = False
        self._known, self._looked_into = (program, found), program
        self.show_facts()

    def on_row_view_highlighted(self, event: RowView.Highlighted) -> None:
        """Show what is known of the step that the cursor came to."""
        if event.view is self.way:
            self.show_facts()

    def on_row_view_selected(self, event: RowView.Selected) -> None:
        """Open the program of a step; what is no program but has something to it shows what it is related to."""
        if event.view is not self.way:
            return
        event.stop()
        step = self.way.step
        if step is None:
            return
        if step.attachment is not None and step.attachment.program:
            self.post_message(SystemTab.Opened(f"id:{step.attachment.program}"))
        elif step.thing is not None:
            self.facts.focus()
        else:
            self.notify("this line leads nowhere: a program's does", timeout=2)


def _untold(program: int) -> Fact:
    """Return why nothing is known of what runs at a step."""
    if program:
        return Fact("program", f"{program}, which has gone since", role="warning")
    return Fact("program", "the kernel does not tell which", role="muted")


def _passed(seen: Seen, first: int, then: int, text: str, *, second: bool = False) -> str:
    """Return what part of the runs of one program the next one has; empty where that cannot be said."""
    if not first or not then or first == then:
        return ""
    one, other = seen.look.loads.get(first), seen.look.loads.get(then)
    name = name_of(seen.snapshot, then if second else first)
    if one is None or other is None or not one.runs_per_s:
        return name  # nothing ran: there is no part of it
    return text.format(f"{100 * other.runs_per_s / one.runs_per_s:,.1f} %", name)


class Listed(NamedTuple):
    """A row of the table, which is not gone into."""

    way: tuple[int, int]


class NetTab(TableTab):
    """The table of interfaces; enter goes into one, escape comes out again."""

    DEFAULT_CSS = """
    NetTab {
        & > WayPane { display: none; }
        &.-inside > _Body, &.-inside > FactsView, &.-inside > _Note { display: none !important; }
        &.-inside > WayPane { display: block; width: 1fr; }
    }
    """
    NAME: ClassVar[str] = "net"

    def __init__(self) -> None:
        super().__init__(INTERFACES)
        self.pane = WayPane("net")
        self._inside: tuple[int, int] | None = None

    def compose(self) -> ComposeResult:
        """Compose the table, and what an interface is from inside."""
        yield from super().compose()
        yield self.pane

    def show(self, seen: Seen) -> None:
        """Show what was seen."""
        super().show(seen)
        self._show_inside()

    def _show_inside(self) -> None:
        seen = self.table.seen
        if self._inside is None or seen is None:
            return
        way = ways_of(seen).get(self._inside)
        if way is None:
            self.leave()
            self.notify("the interface is gone", severity="warning", timeout=3)
            return
        self.pane.show(INTERFACES.title(way), _steps(way), seen)

    @property
    def crumbs(self) -> tuple[str, ...]:
        """What lies between the System place and what is shown."""
        way = self._way
        return () if way is None else ("net", way.name)

    @property
    def headline(self) -> tuple[str, ...]:
        """What the top line says; nothing where it is to say what it always does."""
        way = self._way
        if way is None:
            return ()
        if way.interface is None:
            return (f"net:[{way.namespace.inode}]",)
        where = () if way.namespace.own else (namespace_name(way.namespace),)
        return (link_state(way.interface), *where)

    @property
    def _way(self) -> Way | None:
        seen = self.table.seen
        return None if self._inside is None or seen is None else ways_of(seen).get(self._inside)

    def enter(self, key: tuple[int, int]) -> None:
        """Go into an interface."""
        self._inside = key
        self.add_class("-inside")
        self._show_inside()
        self.call_after_refresh(self._look_inside)
        self.post_message(self.Moved())

    def _look_inside(self) -> None:
        """Give the way the keyboard, as soon as it is there to have it."""
        if self._inside is not None:
            self.pane.way.focus()

    def on_row_view_selected(self, event: RowView.Selected) -> None:
        """Go into the interface that the cursor is on."""
        event.stop()
        event.prevent_default()  # the base class's handler, which Textual would call by itself
        key = self._listed
        if event.view is not self.table or key is None:
            return
        if self.table.rows.is_gone(key):
            self.notify(f"{self.table.thing.name} is gone", severity="warning", timeout=3)
        else:
            self.enter(key)

    @property
    def enter_name(self) -> str | None:
        """What enter does: it goes into the interface."""
        return None

    @property
    def key(self) -> Hashable | None:
        """The key of the interface that is shown from inside, or which row of the table the cursor is on."""
        listed = self._listed
        return self._inside or (None if listed is None else Listed(listed))

    @property
    def _listed(self) -> tuple[int, int] | None:
        return cast("tuple[int, int] | None", self.table.key)

    def named(self, text: str) -> Hashable | None:
        """Return the key of an interface by its name; that of its namespace may follow: `eth1 in blue`."""
        name, _, inside = text.partition(" in ")
        ways = cast("dict[tuple[int, int], Way]", self.table.rows.things)
        found = [way for way in ways.values() if way.name == name and inside in ("", namespace_name(way.namespace))]
        found.sort(key=lambda way: (not way.namespace.own, not way.programs))
        return found[0].key if found else None

    def go_to(self, key: Hashable) -> bool:
        """Go into an interface, or to its row."""
        if isinstance(key, Listed):
            self._leave()
            return self.table.go_to(key.way)
        found = self.table.go_to(key)
        if found:
            self.enter(cast("tuple[int, int]", key))
        return found

    @property
    def detaches(self) -> bool:
        """Whether something of what is listed can be detached: what runs on an interface."""
        return self._inside is not None

    @property
    def link(self) -> int | None:
        """The id of the link of the step that the cursor is on; 0 where it has none, None where it is no program."""
        return None if self._inside is None else self.pane.link

    @property
    def first(self) -> Widget:
        """The table, or the way."""
        return self.table if self._inside is None else self.pane.way

    def show_users(self) -> None:
        """Show what is related to the chosen interface, or to the chosen program in it."""
        if self._inside is None:
            super().show_users()
        else:
            self.pane.facts.focus()

    def arrive(self) -> None:
        """Stay with the way: what it is related to stands beside it."""
        if self._inside is None:
            super().arrive()

    def leave(self) -> bool:
        """Go up: from what is known of a program to the way, from there to the table."""
        if self._inside is None:
            return super().leave()
        if self.pane.facts.has_focus:
            self.pane.way.focus()
        else:
            self._leave()
            self.call_after_refresh(self.table.focus)
        return True

    def _leave(self) -> None:
        self._inside = None
        self.remove_class("-inside")
        self.post_message(self.Moved())


def _steps(way: Way) -> list[Step]:
    return namespace_steps(way.namespace) if way.interface is None else interface_steps(way.namespace, way.interface)
