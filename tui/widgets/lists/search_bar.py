"""SearchBar: the line in which is typed what is searched for, with what is found while it is typed."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Protocol, runtime_checkable

from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message

from ...text.format import grouped
from ..plain import Input, Label

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual import events
    from textual.app import ComposeResult

__all__ = ["SearchBar", "Searchable"]

_LOOK = 0.1
"""Seconds between two looks at how much was found."""
_ROOMY = 100
"""Cells from which on the line says what its keys do."""


class Searchable(Protocol):
    """What can be searched: a list, or the tree."""

    def focus(self) -> object:
        """Give it the keys."""

    def seek_from_here(self) -> None:
        """Begin to search: the first match is the one from here on."""
        ...

    def seek(self, text: str, /) -> None:
        """Go to the first match of what was typed so far, as soon as it is found; back, where there is none."""
        ...

    def seek_end(self, *, stay: bool) -> None:
        """End the search: *stay* at what was found, and say so where there is nothing, or go back."""
        ...

    def seek_count(self) -> str:
        """Return which match one is at, of how many, and where they were looked for: `3 of 17 in this program`."""
        ...


@runtime_checkable
class Narrowable(Protocol):
    """What shows only what matches, while it is typed."""

    narrowed_by: str
    """What it shows only now; empty for everything."""

    @property
    def totals(self) -> tuple[int, int]:
        """How many rows match, and how many there are that were looked through."""
        ...

    def focus(self) -> object:
        """Give it the keys."""

    def narrow(self, pattern: str, /) -> None:
        """Show only what matches; everything where *pattern* is empty."""
        ...


@runtime_checkable
class _Widening(Protocol):
    """What can be searched beyond what it shows."""

    def widen(self) -> None:
        """Search in more, or again in less."""
        ...

    def wider_count(self) -> str:
        """Return where else can be searched, and how much is found there: `whole object (41)`."""
        ...


@runtime_checkable
class _Conditional(Protocol):
    """What is narrowed by conditions, too, which mean nothing while they are half typed."""

    fault: str
    """Why what was typed narrows nothing yet, as a clause; empty where it does."""


class _Field(Input):
    """The field, from which escape leads back."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "give_up", "Cancel", id="search.cancel", tooltip="Close the search, and go back"),
        Binding("tab", "widen", "Wider", show=False, id="search.widen", tooltip="Search in the whole object, or here"),
    ]

    class GivenUp(Message):
        """The user wants to be where the search began."""

    class Widened(Message):
        """The user wants to search in more."""

    def action_give_up(self) -> None:
        """Go back."""
        self.post_message(self.GivenUp())

    def action_widen(self) -> None:
        """Search in more."""
        self.post_message(self.Widened())


class SearchBar(Horizontal):
    """Hidden until it is asked for; what is typed is searched for at once. Enter stays, escape goes back.

    It takes a line of its own where it is composed: above the key bar, which is docked and would cover a second one.
    """

    KEYS: ClassVar[list[BindingType]] = _Field.BINDINGS
    """What its keys do, for the help."""

    DEFAULT_CSS = """
    SearchBar {
        height: 1;
        background: $footer-background;
        display: none;
        &.-open { display: block; }
        & > .search-sign { padding: 0 1; color: $primary; text-style: bold; }
        & > Input { width: 1fr; height: 1; border: none; padding: 0 1; background: $footer-background; }
        & > Input:focus { border: none; }
        & > .search-count { padding: 0 1; color: $text-muted; }
    }
    """

    def __init__(self) -> None:
        """Initialise a bar that is out of sight."""
        super().__init__()
        self._target: Searchable | Narrowable | None = None
        self._elsewhere: Callable[[], Searchable] | None = None
        self._stayed: Callable[[], object] | None = None
        self._left: Searchable | None = None
        """What was searched before the search was widened: giving up leads back there."""

    def compose(self) -> ComposeResult:
        """Compose the sign, the field, and what is found."""
        yield Label("/", classes="search-sign")
        yield _Field(compact=True, select_on_focus=False)
        yield Label("", classes="search-count")

    def on_mount(self) -> None:
        """Follow what is found."""
        self._following = self.set_interval(_LOOK, self._tell, pause=True)

    @property
    def is_open(self) -> bool:
        """Whether something is being searched for."""
        return self.has_class("-open")

    def open(
        self,
        target: Searchable | Narrowable,
        elsewhere: Callable[[], Searchable] | None = None,
        stayed: Callable[[], object] | None = None,
    ) -> None:
        """Ask for what to look for in *target*: show the line, empty, with the focus.

        Args:
            target: What is searched.
            elsewhere: Shows what `tab` widens the search to, where *target* itself shows no more, and returns it.
            stayed: Is called where one stays at what was found.
        """
        self._target = target
        self._stayed = stayed
        self._left = None
        self._elsewhere = None if isinstance(target, _Widening) else elsewhere
        field = self.query_one(_Field)
        with self.prevent(Input.Changed):
            field.value = target.narrowed_by if isinstance(target, Narrowable) else ""
        field.cursor_position = len(field.value)
        if not isinstance(target, Narrowable):
            target.seek_from_here()
        self.add_class("-open")
        self._following.resume()
        self._tell()
        field.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Narrow, or go to the first match, while it is typed."""
        event.stop()
        if not self.is_open or self._target is None:
            return
        if isinstance(self._target, Narrowable):
            self._target.narrow(event.value)
        else:
            self._target.seek(event.value)
        self._tell()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Stay."""
        event.stop()
        self._close(stay=bool(event.value))

    def on__field_given_up(self, event: _Field.GivenUp) -> None:
        """Go back."""
        event.stop()
        self._close(stay=False)

    def on__field_widened(self, event: _Field.Widened) -> None:
        """Search in the whole object, or no more."""
        event.stop()
        target, field = self._target, self.query_one(_Field)
        if target is None or isinstance(target, Narrowable):
            return
        if isinstance(target, _Widening):
            target.widen()
        elif self._elsewhere is not None:
            self._left = target
            self._target = target = self._elsewhere()
            self._elsewhere = None
            target.seek_from_here()
            if isinstance(target, _Widening):
                target.widen()
            field.focus()
        target.seek(field.value)
        self._tell()

    def _tell(self) -> None:
        """Say how much was found, and what the keys do."""
        target = self._target
        if not self.is_open or target is None:
            return
        roomy = self.size.width >= _ROOMY or not self.size.width
        if isinstance(target, Narrowable):
            shown, there_are = target.totals
            found = f"{grouped(shown)} of {grouped(there_are)} have this" if target.narrowed_by else ""
            fault = target.fault if isinstance(target, _Conditional) else ""
            parts = [fault or found or "only rows with this", *(("⏎ keep them", "esc all rows") if roomy else ())]
        else:
            found = target.seek_count() if self.query_one(_Field).value else ""
            wider = target.wider_count() if isinstance(target, _Widening) else ""
            if not wider and self._elsewhere is not None:
                wider = "whole object"
            parts = [found, f"tab: {wider}" if wider else "", *(("⏎ stay here", "esc back") if roomy else ())]
        count, told = self.query_one(".search-count", Label), " · ".join(filter(None, parts))
        if count.content != told:  # it is looked at ten times a second
            count.update(told)

    def on_resize(self, event: events.Resize) -> None:
        """Say as much as there is room for."""
        self._tell()

    def _close(self, *, stay: bool) -> None:
        """End the search, and give the keys back."""
        self.remove_class("-open")
        self._following.pause()
        target, text = self._target, self.query_one(_Field).value
        self._target = self._elsewhere = None
        if target is None:
            return
        left, self._left = self._left, None
        if left is not None and not stay:
            left.seek_end(stay=False)
        else:
            target.focus()
        if isinstance(target, Narrowable):
            target.narrow(text if stay else "")
        else:
            target.seek_end(stay=stay)
            if stay and self._stayed is not None:
                self._stayed()
