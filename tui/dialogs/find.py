"""FindDialog: what is typed finds one of many things by its name, to go there or to do it."""

from __future__ import annotations

import time
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal

from ..text.fit import fitted
from ..text.fuzzy import Search
from ..text.shown import Text, assembled
from ..widgets.lists.row_view import RowView
from ..widgets.plain import Box, Input, Label
from .explained import ExplainedModal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from textual import events
    from textual.app import ComposeResult
    from textual.content import Content

    from ..text.fuzzy import Names
    from .command import Command

__all__ = ["FindDialog", "Found"]

_SLICE: Final = 0.012
"""Seconds that a search takes before the screen has its turn."""
_GROWN: Final = 0.25
"""Seconds between two looks at whether there are more names by now."""
_LISTED: Final = 300
"""Things that are listed where nothing was typed."""
_KIND: Final = 13
"""Cells of a kind: `kernel helper`."""
_SIGNS: Final = ((":", "command"), ("@", "function"), ("#", "map"), ("$", "value"))
"""What finds things of some kinds only, where it is typed first."""


class Found:
    """What can be found.

    Args:
        kinds: The names, by kind; among equals the first kind comes first. They may grow.
        destinations: Returns where a query leads besides: what is none of the names, as the number of an instruction.
        growing: Returns what is still being read, to be found later; empty for nothing.
    """

    def __init__(
        self,
        kinds: Sequence[Names[Any]],
        destinations: Callable[[str], Iterable[Command]] = lambda _: (),
        growing: Callable[[], str] = lambda: "",
    ) -> None:
        self.kinds = kinds
        self.destinations = destinations
        self.growing = growing

    def of(self, sign: str) -> list[Names[Any]]:
        """Return the names of the kinds that a sign stands for; empty for all."""
        return [names for names in self.kinds if sign in names.signs]


class _Row:
    """A thing that was found, drawn when it is in sight."""

    def __init__(self, names: Names[Any], place: tuple[int, int]) -> None:
        self.names = names
        self.place = place

    @property
    def shown(self) -> tuple[str, str, str]:
        """Its title, its kind, and what is to be known of it."""
        title, detail = self.names.shown(self.place)
        return title, self.names.kind, detail

    def go(self) -> Any:
        """Go there."""
        return self.names.go(self.place)


class FoundRows(RowView, can_focus=False):
    """Things that were found: title, kind and what is to be known of each."""

    DEFAULT_CSS = """
    FoundRows { height: 1fr; }
    FoundRows > .row-view--cursor { background: $cursor-row; }
    FoundRows > .row-view--blurred { color: $primary; }  /* the field has the keyboard, and moves in this list */
    """

    def __init__(self) -> None:
        """Initialise an empty list."""
        super().__init__()
        self.commands: Sequence[Command] = ()
        """What the query means besides, in the first rows."""
        self.found: Sequence[_Row] = ()

    def row_count(self) -> int:
        """Return how many there are."""
        return len(self.commands) + len(self.found)

    def row_value(self, index: int) -> Callable[[], Any]:
        """Return what a row does."""
        at = index - len(self.commands)
        return self.commands[index].call if at < 0 else self.found[at].go

    def parts(self, index: int) -> tuple[str, str, str]:
        """Return the title of a row, its kind and its detail."""
        at = index - len(self.commands)
        if at >= 0:
            return self.found[at].shown
        command = self.commands[index]
        return command.title, command.kind, command.detail

    def row_text(self, index: int) -> str:
        """Return a row as text."""
        return "  ".join(self.parts(index))

    def draw_row(self, index: int, width: int) -> Text:
        """Draw a row."""
        title, kind, detail = self.parts(index)
        room = max(30, (width - _KIND) // 2)
        text = Text(fitted(title, room), no_wrap=True)
        text.append(f"  {kind:<{_KIND}} ", self.ink("row-view--muted"))
        return text.append(fitted(detail, max(8, width - room - _KIND - 3)), self.ink("row-view--muted"))

    def on_click(self, event: events.Click) -> None:
        """Choose with one click: whoever comes here wants nothing else."""
        event.prevent_default()  # the base class's, which is called here, for the cursor must be there first
        super().on_click(event)
        self.action_select()


class FindDialog(ExplainedModal["Callable[[], Any] | None"]):
    """Dismisses with what does what was chosen.

    What is known by the first key is found with it, so that enter means what was typed, however quickly; what is read
    meanwhile comes as it is there, and the count says so.

    Args:
        found: What there is.
        typed: What stands in the field at first.
        title: What it is for.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,ctrl+p", "dismiss", "Close", id="find.close", tooltip="Close without doing anything"),
        Binding("up", "move('cursor_up')", show=False, id="find.up"),
        Binding("down", "move('cursor_down')", show=False, id="find.down"),
        Binding("pageup", "page(-1)", show=False, id="find.page-up"),
        Binding("pagedown", "page(1)", show=False, id="find.page-down"),
        Binding("ctrl+home,shift+home", "move('first')", show=False, id="find.top"),
        Binding("ctrl+end,shift+end", "move('last')", show=False, id="find.bottom"),
    ]

    ABOUT: ClassVar[str] = (
        "What is typed is looked for in names, its letters in order but not side by side. A sign before it "
        "finds one kind only: : commands and places, @ functions, # maps, $ variables and constants."
    )
    PAGE: ClassVar[str] = "keys"

    def __init__(self, found: Found, typed: str = "", *, title: str = "Find") -> None:
        super().__init__()
        self._found = found
        self._typed = typed
        self._title = title
        self._moved = False
        self._search: Search | None = None
        self._steps: Iterator[None] = iter(())
        self._searched: list[Names[Any]] = []
        self._total = 0

    def compose(self) -> ComposeResult:
        """Compose the field, what can be typed first, and the list."""
        with Box(classes="dialog finder") as box:
            box.border_title = self._title
            with Horizontal(classes="finder-line"):
                yield Input(self._typed, id="finder-text", compact=True, select_on_focus=False)
                yield Label(self._signs(""), id="finder-signs")
            yield FoundRows()
        yield from super().compose()

    def on_mount(self) -> None:
        """Begin to type."""
        self.set_focus(self.query_one(Input))
        self._look()
        self.set_interval(_GROWN, self._look_again)

    def enter_key(self) -> tuple[str, bool]:
        """Return what enter does, and whether it does so now."""
        return "Go", bool(self._moved or self._query()[1])

    @property
    def _rows(self) -> FoundRows:
        return self.query_one(FoundRows)

    def _query(self) -> tuple[str, str]:
        """Return the sign that was typed first, or none, and the rest."""
        text = self.query_one(Input).value.strip()
        sign = text[:1] if text[:1] in dict(_SIGNS) else ""
        return sign, text[len(sign) :].strip()

    @on(Input.Changed)
    def narrow(self) -> None:
        """Find what was typed."""
        self._moved = False
        self._look()
        self.refresh_bindings()

    def _look(self) -> None:
        """Begin to search; what takes longer than a slice goes on in the next one."""
        sign, query = self._query()
        self._searched = self._found.of(sign)
        self._total = sum(map(len, self._searched))
        self._rows.commands = list(self._found.destinations(query)) if query and sign in ("", ":") else []
        self.query_one("#finder-signs", Label).update(self._signs(sign), layout=False)  # as wide as ever
        if query:
            self._search = Search(self._searched, query)
            self._steps = self._search.steps()
            self._go_on()
        else:
            self._search = None
            self._steps = iter(())
            every = (_Row(names, place) for names in self._searched for place in names.places())
            self._show(list(islice(every, _LISTED)))

    def _signs(self, sign: str) -> Content:
        """Return what may be typed first, with what counts now."""
        parts = [("all", "bold" if not sign else "")]
        parts += [(f"{each} {meaning}", "bold" if sign == each else "") for each, meaning in _SIGNS]
        return assembled(*[part for each in parts for part in (("  ", ""), each)])

    def _go_on(self) -> None:
        search, steps = self._search, self._steps
        if search is None:
            return
        stop = time.perf_counter() + _SLICE
        for _ in steps:
            if time.perf_counter() > stop:
                self.set_timer(0.001, lambda: self._go_on() if self._steps is steps else None)
                break
        self._show([_Row(self._searched[hit.kind], hit.place) for hit in search.best()])

    def _show(self, found: Sequence[_Row]) -> None:
        rows = self._rows
        at = rows.cursor if self._moved else 0
        rows.found = found
        rows.empty_text = "nothing matches"
        if at:
            rows.refresh_rows()
        else:
            rows.restart()
        self._count()

    def _count(self) -> None:
        """Say how many were found, of how many there are, and whether there may be more."""
        growing = self._found.growing()
        search = self._search
        of = f"{'≥ ' if growing else ''}{self._total:,}"
        count = "" if search is None else f"{'≥ ' if search.is_partial else ''}{len(search):,} of "
        wait = f" · reading {growing} …" if growing else ""
        box = self.query_one(Box)
        box.border_subtitle = f"{count}{of}{wait} · ⏎ go · esc close"

    def _look_again(self) -> None:
        """Search again where there are more names by now."""
        if sum(map(len, self._searched)) != self._total:
            self._look()
        else:
            self._count()

    def action_move(self, how: str) -> None:
        """Move in the list."""
        getattr(self._rows, f"action_{how}")()
        self._move()

    def action_page(self, pages: int) -> None:
        """Move in the list by pages."""
        self._rows.action_page(pages)
        self._move()

    def _move(self) -> None:
        """Know that the cursor was moved: enter alone goes there."""
        if not self._moved:
            self._moved = True
            self.refresh_bindings()

    @on(Input.Submitted)
    def choose(self) -> None:
        """Take the row under the cursor; without a query, only one that was gone to."""
        # Keys that came before this was open are not in its text: enter alone must not load anything.
        if self._moved or self._query()[1]:
            for _ in self._steps:  # what was typed counts whole
                pass
            if not self._moved:
                self._go_on()
            self._rows.action_select()

    def on_row_view_selected(self, event: RowView.Selected) -> None:
        """Choose."""
        self.dismiss(event.value)
