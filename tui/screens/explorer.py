"""ExplorerScreen: the tree on the left, on the right what the chosen node is, in tabs."""

from __future__ import annotations

import asyncio
import gc
from functools import partial
from itertools import takewhile
from typing import TYPE_CHECKING, ClassVar, Final, cast

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import TabbedContent, TabPane, Tree

from ...core.errors import BpftuiError, VerifierError
from ...core.live.monitor import Chosen, event_line, useful_map
from ..messages import Attached, Detached, Failed, Loaded, Sampled
from ..nodes import Node, NodeKind, first_node
from ..text.describe import describe
from ..text.format import counted, duration
from ..widgets.key_bar import KeyBar
from ..widgets.lists.search_bar import SearchBar
from ..widgets.spec.overview import Overview
from ..widgets.spec.spec_tree import SpecTree
from ..widgets.status_line import StatusLine
from .code_screen import CodeScreen
from .session_screen import SessionScreen
from .spec_screen import SpecScreen
from .variable_screen import VariableScreen

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from textual.app import ComposeResult
    from textual.widget import Widget

    from ...core.analysis.records import RecordType
    from ...core.spec import CollectionSpec
    from ..base_app import BaseApp
    from ..operations import Operations
    from ..status import Status
    from ..widgets.live.map_table import MapTableView
    from ..widgets.verifier.log_pane import LogPane

__all__ = ["WIDE", "ExplorerScreen"]

WIDE: Final = 100
"""Columns from which on there is room: a screen has the class `-wide` there, and `-narrow` below."""

_TABS: Final = ("overview", "code", "variables", "maps", "graph", "log")

_TAB_OF: Final = {
    NodeKind.PROGRAM: "code",
    NodeKind.FUNCTION: "code",
    NodeKind.MAP: "maps",
    NodeKind.SECTION: "variables",
    NodeKind.VARIABLE: "variables",
    NodeKind.VARIABLES: "variables",
    NodeKind.TYPES: "overview",
    NodeKind.CORE: "overview",
}
"""The tab in which a node is at home and enter leads to; the others have only an overview."""


class ExplorerScreen(CodeScreen, VariableScreen):
    """One collection, from its spec to its live maps.

    It composes and routes: what takes time is done by `Operations`, whose messages arrive here.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(
                str(number),
                f"show_tab('{tab}')",
                tab.capitalize(),
                show=False,
                id=f"tab.{tab}",
                tooltip=f"Show the tab {tab.capitalize()}",
            )
            for number, tab in enumerate(_TABS, 1)
        ),
        Binding(
            "left_square_bracket",
            "window(-1)",
            "Shorter",
            show=False,
            id="window.shorter",
            tooltip="Graph: a shorter window",
        ),
        Binding(
            "right_square_bracket",
            "window(1)",
            "Longer",
            show=False,
            id="window.longer",
            tooltip="Graph: a longer window",
        ),
        Binding("y", "copy", "Copy", show=False, id="copy", tooltip="Copy the name, or the row"),
        Binding("escape", "back", "Back", show=False, id="back", tooltip="Back to the tree"),
        Binding("question_mark", "help", "Keys", key_display="?", id="help", tooltip="All keys"),
        Binding(
            "colon",
            "app.command_palette",
            "Commands",
            show=False,
            id="palette",
            tooltip="Commands; or a place: 123, c123, prog.c:123, a name",
        ),
    ]

    def __init__(self, spec: CollectionSpec, operations: Operations) -> None:
        """Initialise the screen for *spec*, which *operations* loads and attaches."""
        super().__init__(spec, operations)
        self.node = first_node(spec)
        self.furnished = asyncio.Event()
        """Set as soon as the panes behind the tabs are there."""

    def compose(self) -> ComposeResult:
        """Compose the screen."""
        # Textual does so when it hears of the terminal's size: after the first frame, all of which is then drawn anew.
        self.add_class("-wide" if self.app.size.width >= WIDE else "-narrow")
        yield StatusLine()
        with Horizontal(id="body"):
            yield SpecTree(self.spec, id="tree")
            with TabbedContent(id="tabs", initial="overview"):
                for number, tab in enumerate(_TABS, 1):
                    with TabPane(f"{number} {tab.capitalize()}", id=tab):
                        if tab == "overview":
                            yield Overview(describe(self.spec, self.node))
        yield KeyBar()

    def on_mount(self) -> None:
        """Begin at the tree."""
        self.operations.bind(self)
        self.set_interval(1.0, self.operations.detach_due)
        self.set_focus(self.query_one(SpecTree))
        self.query_one(TabbedContent).query_one("Tabs").can_focus = False
        self.operations.changed()
        self.call_after_refresh(self._furnish)

    async def _furnish(self) -> None:
        """Make what no one sees yet: the first frame need not wait for it. Keys do (`BpftuiApp.run_action`)."""
        from ..state.recent import remember
        from ..widgets.panes import Panes

        await self.mount(SearchBar(), before=self.query_one(KeyBar))
        self.panes = Panes(self.spec, self.operations.runtime)
        await self.panes.mount(self.query_one(TabbedContent))
        self.furnished.set()
        self.refresh_bindings()
        self.note("opened")
        self.look_ahead()
        remember(self.spec.file)
        if not gc.isenabled():  # `explore` has turned it off for the start
            gc.freeze()  # what there is by now stays to the end: looking through it again would only cost frames
            gc.enable()

    # What operations need

    def start(self, work: Callable[[], None]) -> None:
        """Run *work* in a thread."""
        self.run_worker(work, thread=True, exit_on_error=False, group="operation")

    def show_status(self, status: Status) -> None:
        """Show where we are, and offer what can be done there."""
        self.query_one(StatusLine).status = status
        self.refresh_bindings()

    # Where we are

    @property
    def tab(self) -> str:
        """The id of the active tab."""
        return self.query_one(TabbedContent).active

    def go_to(self, node: Node, tab: str | None = None) -> None:
        """Choose *node* in the tree, and show it in *tab*, without one where it is at home."""
        self.query_one(SpecTree).choose(node)
        self._choose(node)
        self.action_show_tab(tab or _TAB_OF.get(node.kind, "overview"))

    def program_name(self) -> str:
        """Return the program that is meant: the chosen one, else the one whose code is shown, else the first."""
        if self.node.kind is NodeKind.PROGRAM:
            return self.node.name
        return self.node.program or self.panes.code.program or next(iter(self.spec.programs), "")

    def _choose(self, node: Node) -> None:
        """Let every pane follow."""
        self.node = node
        if self.furnished.is_set():
            self.panes.choose(node)
            self._show_sample()
            if node.kind in (NodeKind.EXTERNS, NodeKind.EXTERN):
                self.look_up_externs()
        self._show_overview()

    def shows(self, node: Node) -> None:
        """Show anew what was known of *node*."""
        self._choose(node)
        self.operations.changed()

    def values_changed(self) -> None:
        """Show the values as they are now, in the overview too."""
        super().values_changed()
        self._show_overview(keep_place=True)
        self.look_ahead()

    def _show_overview(self, *, keep_place: bool = False) -> None:
        if self.tab in ("overview", ""):
            page = describe(
                self.spec, self.node, self.operations.collection, self.answers, self.forecast, self.problems
            )
            self.query_one(Overview).show(page, keep_place=keep_place)

    @on(Tree.NodeHighlighted)
    def follow_cursor(self, event: Tree.NodeHighlighted[Node]) -> None:
        """Show what the tree's cursor is on."""
        node = event.node.data
        if node is None or node == self.node:
            return
        self._choose(node)
        # Only the user's own steps change the tab: a cursor that is moved for them comes with its tab (`go_to`).
        if event.node.tree.has_focus and self.tab in ("code", "variables", "maps"):
            self.query_one(TabbedContent).active = _TAB_OF.get(node.kind, "overview")

    @on(Tree.NodeSelected)
    def open_node(self, event: Tree.NodeSelected[Node]) -> None:
        """Open a node where it is at home, and go there."""
        node = event.node.data
        if node is None:
            return
        self._choose(node)
        if node.kind in _TAB_OF:
            self.action_show_tab(_TAB_OF[node.kind])
        else:
            event.node.toggle()

    @on(TabbedContent.TabActivated)
    def refresh_tab(self) -> None:
        """Bring up to date what was out of sight, and the footer."""
        self._show_overview()
        self._show_sample()
        self.refresh_bindings()

    def on_log_pane_opened(self, event: LogPane.Opened) -> None:
        """Go from the verifier's log to the code."""
        from ..widgets.code.listing_view import ListingView

        self.go_to(Node(NodeKind.PROGRAM, event.program))
        self.panes.code.query_one(ListingView).go_to_slot(event.slot)

    def on_map_table_view_counter_chosen(self, event: MapTableView.CounterChosen) -> None:
        """Draw a counter."""
        self.operations.monitor.choose(Chosen(event.counter, event.key))
        self.action_show_tab("graph")

    def on_event_view_type_asked(self) -> None:
        """Ask what the events of the stream that is shown are."""
        from ..dialogs.record_type import RecordTypeDialog

        name = self.panes.maps.map_name
        now = self.operations.monitor.record_type(name)
        if now is None:
            self.notify("load it first: L", severity="warning", timeout=3)
            return
        self.app.push_screen(RecordTypeDialog(self.spec, name, now), partial(self._record_type_chosen, name))

    def _record_type_chosen(self, name: str, record: RecordType | None) -> None:
        if record is not None:
            self.operations.monitor.set_record_type(name, record)
            self.panes.maps.put_anew(name, lambda event: event_line(event.time, event.raw, record))

    # What happened

    @on(Loaded)
    def loaded(self, message: Loaded) -> None:
        """Show the collection as it is in memory."""
        collection = self.operations.collection
        assert collection is not None
        self.panes.variables.live = collection.variables
        self.not_loaded(collection.problems)
        self.log_line(
            f"loaded {counted(len(collection.programs), 'program')} and {counted(len(collection.maps), 'map')} "
            f"in {duration(message.seconds)}"
        )
        for remark in collection.remarks:
            self.log_line(remark)
        for error in collection.problems.values():
            self.log_line(error.message)
        self._show_refusals()
        self.operations.after_load()
        self.panes.code.runtime = self.operations.runtime  # which may be another than was expected
        self.refresh_bindings()
        self._show_overview(keep_place=True)

    @on(Attached)
    def attached(self, message: Attached) -> None:
        """Go where something moves."""
        self.log_line(f"attached {message.text}")
        self.operations.after_attach(message)
        first = useful_map(self.operations.session)
        if first is not None and self.tab in ("overview", "code", "variables", "maps"):
            self.go_to(Node(NodeKind.MAP, first))

    @on(Detached)
    def detached(self, message: Detached) -> None:
        """Say so."""
        for text in message.texts:
            self.log_line(f"detached {text}")
        self.operations.after_detach(message)

    @on(Failed)
    def failed(self, message: Failed) -> None:
        """Show why; what the verifier says is shown whole."""
        text = self.operations.after_failure(message)
        error = message.error
        self.log_line(text, None if isinstance(error, BpftuiError) else error)
        if isinstance(error, VerifierError) or (isinstance(error, BpftuiError) and message.action == "load"):
            self.load_failed(error)
            self._show_refusals()

    def _show_refusals(self) -> None:
        """Show why programs did not load, where the verifier refused one of them."""
        by_verifier = any(isinstance(error, VerifierError) for error in self.problems.values())
        self.panes.log.show_refusals(self.problems if by_verifier else {})
        if by_verifier:
            self.action_show_tab("log")

    @on(Sampled)
    def sampled(self, message: Sampled) -> None:
        """Let the visible pane follow."""
        observation = message.observation
        if self.operations.monitor.last is None and observation.sample.uncounted:
            self.log_line(f"runs are not counted: {observation.sample.uncounted}")
        self.operations.monitor.observe(observation.sample)
        for name, events in observation.events.items():
            self.panes.maps.add_events(name, events)
        self.panes.maps.show_streams(observation.streams)
        for text in self.operations.note_gone(observation.gone):
            self.log_line(f"{text}: what it was attached to is gone")
        self._show_sample()
        self.query_one(StatusLine).status = self.operations.status()

    def _show_sample(self) -> None:
        """Draw the last sample where it can be seen."""
        if self.furnished.is_set():
            self.panes.show_sample(self.tab, self.operations.monitor)

    # Actions

    def action_show_tab(self, tab: str) -> None:
        """Show a tab and give it the focus."""
        tabs = self.query_one(TabbedContent)
        tabs.active = tab
        pane = tabs.get_pane(tab)
        target = next((widget for widget in pane.query("*") if widget.focusable and _is_shown(widget, pane)), None)
        if target is not None:
            self.set_focus(target)  # now, not with the next message: the next key is meant for it

    def action_back(self) -> None:
        """Give the focus back to the tree, which may be out of sight."""
        tree = self.query_one(SpecTree)
        tree.display = True
        tree.focus()

    def action_window(self, step: int) -> None:
        """Draw a shorter or a longer time."""
        self.panes.change_window(step)
        self._show_sample()

    def action_copy(self) -> None:
        """Copy the chosen node's name."""
        self.app.copy_to_clipboard(self.node.name or self.spec.file)
        self.notify(f"copied: {self.node.name or self.spec.file}", timeout=2)

    def action_help(self) -> None:
        """Show all keys."""
        from ..dialogs.help import HelpScreen

        self.app.push_screen(HelpScreen(self._keys(), self.keymap))

    @property
    def keymap(self) -> Mapping[str, str]:
        """The keys that the user prefers, by the id of a binding."""
        return cast("BaseApp[object]", self.app).config.keys

    def _keys(self) -> dict[str, Sequence[BindingType]]:
        """Return all keys, by where they have a meaning."""
        from ..widgets.code.code_pane import CodePane
        from ..widgets.code.columns_view import ColumnsView
        from ..widgets.code.kernel_code import KernelCodePane
        from ..widgets.code.listing_view import ListingView
        from ..widgets.lists.row_view import RowView
        from ..widgets.live.event_view import EventView
        from ..widgets.live.map_table import MapTableView
        from ..widgets.spec.core_view import CoreView
        from ..widgets.spec.types_view import TypesView
        from ..widgets.spec.variables_view import VariablesView
        from ..widgets.verifier.log_pane import LogPane
        from .search import SearchScreen

        everywhere = (SessionScreen, SearchScreen, SpecScreen, CodeScreen, VariableScreen, ExplorerScreen)
        return {
            "Everywhere": [binding for screen in everywhere for binding in screen.BINDINGS],
            "Tree": SpecTree.BINDINGS,
            "Lists: code, variables, maps, log": RowView.BINDINGS,
            "Code": [*ListingView.BINDINGS, *CodePane.BINDINGS, *KernelCodePane.BINDINGS],
            "Columns beside the code": ColumnsView.BINDINGS,
            "Variables": VariablesView.BINDINGS,
            "Maps": MapTableView.BINDINGS,
            "Events": EventView.BINDINGS,
            "Log of the verifier": LogPane.BINDINGS,
            "Types": TypesView.BINDINGS,
            "CO-RE relocations": CoreView.BINDINGS,
        }

    def elsewhere(self, key: str) -> str:
        """Return in which panes a letter has a meaning."""
        titles = [
            title
            for title, bindings in self._keys().items()
            if any(
                isinstance(each, Binding)
                and each.tooltip
                and key in self.keymap.get(each.id or "", each.key).split(",")
                for each in bindings
            )
        ]
        return f"{key} has no meaning here, but in: {', '.join(titles)}" if titles and len(key) == 1 else ""

    def why_not(self, action: str) -> str:
        """Return why an action does not apply."""
        return "the graph is in tab 5" if action.startswith("window(") else super().why_not(action)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer the window where there is a graph."""
        return self.tab == "graph" if action == "window" else super().check_action(action, parameters)


def _is_shown(widget: Widget, pane: TabPane) -> bool:
    """Whether a widget is seen where its pane is: one in a box that is not shown could have the focus nevertheless."""
    return all(node.display for node in takewhile(lambda node: node is not pane, widget.ancestors_with_self))
