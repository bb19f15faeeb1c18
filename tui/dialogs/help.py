"""HelpScreen: the pane that one is in first, then every key with one line, made from the bindings themselves."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple

from textual.actions import parse
from textual.binding import Binding, BindingType
from textual.widget import Widget

from ..text.fit import fitted, wrapped
from ..text.keys import key_names
from ..text.shown import Text
from ..widgets.lists.row_view import RowView
from ..widgets.lists.search_bar import SearchBar
from ..widgets.plain import Box
from .modal import Modal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from textual.app import App, ComposeResult
    from textual.dom import DOMNode
    from textual.screen import Screen

__all__ = ["SIGNS", "HelpRows", "HelpScreen", "do_as_key", "keys_here", "keys_of", "keys_of_app"]

SIGNS: Final = (
    "blue          can be followed: ⏎, or a click",
    "✓ ⚠ ✗         good, a warning, no",
    "• yellow      changed by the program since the last look",
    "* violet      set by you",
    "+ ± − ≈       of another version of the file: new, changed, gone, in other registers",
    "▲ red         attached by you; dim: by others",
    "∅             removed by the verifier",
    "~ ≥ ?         estimated, partial, unknown",
    "0 –           zero, nothing",
    "▌             the cursor, and the pane that has the keyboard",
    "● ▲ ■ ◆ ▼ ✚   series of a chart",
)
"""What colours and signs mean, on every screen."""

_KEY_WIDTH: Final = 16
"""Cells of the column of keys: `backspace alt+←`."""
_TEXT_WIDTH: Final = 68
"""Cells of a line of the sentences."""


class _Row(NamedTuple):
    """A line of the help."""

    text: str
    keys: str = ""
    group: str = ""
    """The group that this is the heading of."""
    action: str = ""


class HelpRows(RowView):
    """Sentences, and keys in groups that fold."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "fold", "Fold", show=False, id="help.fold", tooltip="Fold or unfold a group"),
        Binding("plus", "fold_all(False)", "Unfold all", show=False, id="help.unfold-all", tooltip="Unfold all"),
        Binding("minus", "fold_all(True)", "Fold all", show=False, id="help.fold-all", tooltip="Fold all"),
    ]
    DEFAULT_CSS = """
    HelpRows { height: 1fr; }
    """

    def __init__(
        self, about: str, groups: Mapping[str, Sequence[BindingType | str]], keymap: Mapping[str, str]
    ) -> None:
        """Initialise the rows: *about* the pane and the first group are open, the others folded."""
        super().__init__()
        self._about = about
        self._groups = {title: _entries(entries, keymap) for title, entries in groups.items()}
        self._folded: set[str] = set(list(self._groups)[1:])
        self.rows: list[_Row] = []
        self._arrange()

    def _arrange(self) -> None:
        width = min(_TEXT_WIDTH, max(20, self.size.width - 4)) if self.size.width else _TEXT_WIDTH
        rows = [_Row(line) for part in self._about.splitlines() for line in wrapped(part, width)]
        for title, entries in self._groups.items():
            if title:
                count = sum(bool(entry.text) for entry in entries)
                rows.append(_Row(f"{'▸' if title in self._folded else '▾'} {title} {count}", group=title))
            if title not in self._folded:
                rows += entries
        self.rows = rows

    def on_resize(self) -> None:
        """Break the sentences where the list ends. Textual calls the base class's handler by itself."""
        self._arrange()
        self.refresh_rows()

    def row_count(self) -> int:
        """Return how many lines there are."""
        return len(self.rows)

    def row_text(self, index: int) -> str:
        """Return a line as text."""
        row = self.rows[index]
        return f"  {row.keys}  {row.text}" if row.keys else row.text

    def draw_row(self, index: int, width: int) -> Text:
        """Draw a line."""
        row = self.rows[index]
        if row.keys:
            text = Text(f"  {fitted(row.keys, _KEY_WIDTH)}", self.ink("row-view--focus"), no_wrap=True)
            return text.append(f"  {row.text}", self.rich_style)
        return Text(row.text, "bold" if row.group else "", no_wrap=True)

    def action_fold(self) -> None:
        """Fold or unfold the group that the cursor is in."""
        at = self.cursor
        while at > 0 and not self.rows[at].group:
            at -= 1
        if title := self.rows[at].group if self.rows else "":
            self._folded ^= {title}
            self._arrange()
            self.refresh_rows()
            self.cursor = at

    def action_fold_all(self, fold: bool) -> None:
        """Fold or unfold all groups."""
        self._folded = {title for title in self._groups if title and fold}
        self._arrange()
        self.refresh_rows()

    def action_search(self) -> None:
        """Search in all groups."""
        self.action_fold_all(False)
        super().action_search()

    def action_select(self) -> None:
        """Fold a group, or do what a key does."""
        if self.rows and self.rows[self.cursor].group:
            self.action_fold()
        else:
            super().action_select()


class HelpScreen(Modal["str | None"]):
    """The keys, by where they work; dismisses with the action of the key that was chosen.

    Args:
        groups: Bindings, or lines of text, by the heading under which they are listed; the first are open.
        keymap: Remapped keys by the id of a binding.
        page: The page of the manual that is about this place.
        place: Where one is.
        about: What the pane shows, and what its signs mean.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark", "manual", "Manual", key_display="?", id="help.manual", tooltip="The manual"),
        Binding("escape,q", "dismiss", "Close", id="help.close", tooltip="Close the help"),
    ]

    def __init__(
        self,
        groups: Mapping[str, Sequence[BindingType | str]],
        keymap: Mapping[str, str],
        *,
        page: str = "",
        place: str = "",
        about: str = "",
    ) -> None:
        super().__init__()
        self._keymap = keymap
        self._page = page
        self._place = place
        self._rows = HelpRows(about, groups, keymap)

    def compose(self) -> ComposeResult:
        """Compose the list."""
        with Box(classes="dialog help") as box:
            box.border_title = f"Help: {self._place}" if self._place else "Help"
            box.border_subtitle = "/ search · ↑ ↓ ⏎ do it · ? manual · esc close"
            yield self._rows
            yield SearchBar()
        yield from super().compose()

    def on_mount(self) -> None:
        """Begin at the top."""
        self.set_focus(self._rows)

    def on_row_view_search_requested(self, event: RowView.SearchRequested) -> None:
        """Search in the help."""
        self.query_one(SearchBar).open(event.view)

    def on_row_view_selected(self, event: RowView.Selected) -> None:
        """Do what a key does."""
        if action := self._rows.rows[event.index].action:
            self.dismiss(action)

    def action_manual(self) -> None:
        """Open the manual, over the help."""
        from .manual import ManualScreen

        self.app.push_screen(ManualScreen(self._keymap, page=self._page))


def keys_of(kind: type[DOMNode], *, until: type[DOMNode] | None = None) -> list[BindingType]:
    """Return the keys of a widget or a screen that are not Textual's, its own before those that it inherits.

    Args:
        kind: Its class.
        until: The class that it has in common with many others: its keys, and those behind it, are left out.
    """
    shared = () if until is None else until.__mro__
    keys = [
        each
        for of in kind.__mro__
        if of.__module__.startswith("bpftui.") and of not in shared
        for each in vars(of).get("BINDINGS", ())
    ]
    # Some classes give a key that they inherit an id of their own.
    once = {(each.key, each.action) if isinstance(each, Binding) else each: each for each in reversed(keys)}
    return list(reversed(once.values()))


def keys_here(focused: Widget | None) -> list[BindingType]:
    """Return the keys of what has the keyboard, and of what holds it, that do something now."""
    if focused is None:
        return []
    nodes = [each for each in focused.ancestors_with_self if isinstance(each, Widget) and each is not focused.screen]
    return [each for node in nodes for each in keys_of(type(node), until=RowView) if _works(node, each)]


def _works(node: Widget, key: BindingType) -> bool:
    if not isinstance(key, Binding):
        return True
    namespace, name, parameters = parse(key.action)
    return bool(namespace) or node.check_action(name, parameters) is not False


def keys_of_app(app: App[Any]) -> list[Binding]:
    """Return the keys that work on every screen of an app, and the one that goes from pane to pane."""
    own = [each for each in keys_of(type(app)) if isinstance(each, Binding)]
    return [Binding("tab,shift+tab", "focus_next", tooltip="Next pane, pane before"), *own]


def do_as_key(screen: Screen[Any], focused: Widget | None, action: str | None) -> None:
    """Do what was chosen in the help as its key would where the keyboard was; None for nothing.

    Args:
        screen: What the help lay over.
        focused: What had the keyboard there.
        action: What the binding of the key says.
    """
    if not action:
        return
    name = f"action_{action.partition('(')[0].rpartition('.')[2]}"
    nodes = [screen] if focused is None else focused.ancestors_with_self
    if (node := next((each for each in nodes if hasattr(each, name)), None)) is not None:
        screen.call_later(screen.app.run_action, action, node)  # pyright: ignore[reportUnknownMemberType]


def _entries(entries: Sequence[BindingType | str], keymap: Mapping[str, str]) -> list[_Row]:
    rows: list[_Row] = []
    for entry in entries:
        if isinstance(entry, str):
            rows.append(_Row(f"  {entry}"))
        elif isinstance(entry, Binding) and entry.tooltip:
            first, *more = wrap(key_names(keymap.get(entry.id or "", entry.key)), _KEY_WIDTH)
            rows.append(_Row(entry.tooltip, first, action=entry.action))
            rows += [_Row("", keys, action=entry.action) for keys in more]
    return rows
