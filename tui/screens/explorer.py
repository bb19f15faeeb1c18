"""ExplorerScreen: the tree on the left, on the right what the chosen node is, in tabs."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, ClassVar, Final, cast

from textual import on
from textual.widgets import TabbedContent, TabPane, Tree

from ..controllers.change_marks import ChangeMarksController
from ..controllers.code import CodeController
from ..controllers.comparing import ComparingController
from ..controllers.controller import ControlledScreen
from ..controllers.debugging import Debugging, DebuggingController
from ..controllers.editing import EditingController
from ..controllers.entries import EntriesController
from ..controllers.finder import FinderController
from ..controllers.following import Following
from ..controllers.help import HelpController
from ..controllers.keeping import KeepingController
from ..controllers.log import Log
from ..controllers.navigation import Navigation
from ..controllers.others import OthersController
from ..controllers.outcomes import Outcomes
from ..controllers.outlines import Outlines
from ..controllers.outlook import Outlook
from ..controllers.playhead import PlayheadController
from ..controllers.sampling import SamplingController
from ..controllers.search import SearchController
from ..controllers.session import SessionController
from ..controllers.types import TypesController
from ..controllers.values import ValuesController
from ..jumps import CodePlace
from ..messages import Attached, Detached, Failed, GivenUp, Loaded, Loading, Looked, MapEdited, Sampled
from ..nodes import LATER_TABS, TABS, Node, NodeKind, tab_title
from ..text.changed import add_changes
from ..text.describe import describe
from ..widgets.code.listing_jumps import CodeSpot
from ..widgets.key_bar import KeyBar
from ..widgets.lists.search_bar import SearchBar
from ..widgets.live.time_slider import TimeSlider
from ..widgets.message_line import MessageLine
from ..widgets.overview import Overview
from ..widgets.place_tabs import PlaceTabs
from ..widgets.spec.spec_tree import SpecTree
from ..widgets.status_line import StatusLine

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from textual.app import ComposeResult
    from textual.binding import Binding, BindingType
    from textual.dom import DOMNode

    from ...core.debug import Recording
    from ...core.debug.verified import VerifierLogs
    from ...core.runtime.inspected import Inspector
    from ...core.spec import CollectionSpec
    from ..app import BpftuiApp
    from ..base_app import BaseApp
    from ..changes import Changes
    from ..operations import DebugRequest, Operations
    from ..status import Status
    from ..targets import Thing
    from ..widgets.code.listing_view import ListingView
    from ..widgets.code.marked_code import MarkedCodePane
    from ..widgets.lists.row_view import Rows, RowView
    from ..widgets.live.entries_view import EntriesView
    from ..widgets.live.event_view import EventView
    from ..widgets.live.graph_pane import GraphPane
    from ..widgets.live.map_histogram import MapHistogramView
    from ..widgets.live.map_table import MapTableView
    from ..widgets.pane_title import PaneTitle
    from ..widgets.spec.core_view import CoreView
    from ..widgets.spec.types_view import TypesView
    from ..widgets.spec.variables_view import VariablesView
    from ..widgets.verifier.log_pane import LogPane

__all__ = ["ExplorerScreen"]

_LOOK: Final = 5.0
"""Seconds between two looks at who has what others have loaded, and where it is attached."""
_GO_ON: Final = frozenset({"up", "down", "j", "k", "pageup", "pagedown", "ctrl+u", "ctrl+d"})
"""Keys that move the tree's cursor wherever it is but at one end. A held key whose pages take longer than it needs to
come again would go on after it is let go."""
_REST: Final = 1.0
"""Seconds after all is there, in which a user looks and types, before what is not asked for yet is prepared."""


class ExplorerScreen(ControlledScreen):
    """One collection, from its spec to its live maps.

    It composes widgets and controllers, and routes what widgets and operations say to the controller that it is for.
    The panes behind the tabs come after the first frame, and with them all that is about them.

    Args:
        spec: What is explored.
        operations: What loads and attaches it.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        *SessionController.BINDINGS,
        *DebuggingController.BINDINGS,
        *SearchController.BINDINGS,
        *FinderController.BINDINGS,
        *TypesController.BINDINGS,
        *CodeController.BINDINGS,
        *ChangeMarksController.BINDINGS,
        *ComparingController.BINDINGS,
        *ValuesController.BINDINGS,
        *EditingController.BINDINGS,
        *Navigation.BINDINGS,
        *SamplingController.BINDINGS,
        *KeepingController.BINDINGS,
        *PlayheadController.BINDINGS,
        *HelpController.BINDINGS,
    ]

    def __init__(self, spec: CollectionSpec, operations: Operations) -> None:
        super().__init__()
        self.spec = spec
        self.operations = operations
        self.furnished = asyncio.Event()
        """Set as soon as the panes behind the tabs are there."""
        self._tree = SpecTree(spec, id="tree")
        self._tabs = PlaceTabs(self._tree, initial="overview", id="tabs")
        self.navigation = Navigation(
            self,
            spec=spec,
            tree=self._tree,
            tabs=self._tabs,
            follow=self._follow,
            title=operations.session.title,
            place="" if operations.session.theirs is None else "system",
        )
        self.others = OthersController(self, permission=operations.permission, changed=self._others_changed)
        self.session = SessionController(
            self,
            spec=spec,
            operations=operations,
            program=self.program_name,
            others=self.others,
            debug=self._debug_run,
            attaching=self._attaching,
            swap=lambda: cast("BpftuiApp", self.app).swap(self),
        )
        self.debugging = DebuggingController(
            self,
            spec=spec,
            program=self.program_name,
            collection=lambda: operations.session.collection,
            links=lambda: operations.session.links,
            why_none=self._why_no_packets,
            prepare=_read_debugger,
            enter=self._enter_debugger,
        )
        self.outlook = Outlook(self, spec=spec, operations=operations, tree=self._tree, changed=self._show_node)
        self.outlines = Outlines(self, spec=spec, changed=self._show_overview)
        self.help = HelpController(
            self,
            screen=self,
            everywhere=self.BINDINGS,
            keymap=lambda: self.keymap,
            of_app=self._keys_of_app,
            place=lambda: self._tabs.place,
            title=self._where,
        )
        self.playhead = PlayheadController(self, operations=operations)
        self.control(self.navigation, self.session, self.debugging, self.playhead, self.help)

    def compose(self) -> ComposeResult:
        """Compose the screen."""
        yield StatusLine()
        with self._tabs:
            for tab in TABS:
                if tab not in LATER_TABS:
                    with TabPane(tab_title(tab), id=tab):
                        if tab == "overview":
                            yield Overview(describe(self.spec, self.navigation.node))
        playhead = self.operations.monitor.playhead
        if playhead is not None:
            yield TimeSlider(playhead)
        yield MessageLine()
        yield KeyBar()

    def on_mount(self) -> None:
        """Begin at the tree."""
        self.operations.bind(self)
        self.set_interval(1.0, self.operations.detach_due)
        self.set_focus(self._tree)
        self.query_one(StatusLine).crumbs = self.navigation.crumbs
        self.operations.changed()
        self.call_after_refresh(self._furnish)

    async def _furnish(self) -> None:
        """Make what no one sees yet: the first frame need not wait for it. Keys do (`BaseApp.ready`)."""
        from ..state.recent import remember
        from ..widgets.panes import Panes

        bar = SearchBar()
        await self.mount(bar, before=self.message_line)
        self.panes = Panes(self.spec, self.operations.session)
        await self.panes.mount(self._tabs)
        self._control_panes(bar)
        self.panes.lists.choose(self.navigation.node)
        self.furnished.set()
        self._show_stage()
        self.refresh_bindings()
        self._show_overview(keep_place=True)
        self.journal.note("opened")
        if self.operations.monitor.playhead is not None:
            self.outcomes.played()
            self._show_overview(keep_place=True)
        elif self.operations.swapped is not None:
            self.outcomes.swapped(self.operations.swapped)
            self._show_overview(keep_place=True)
        elif self.operations.session.theirs is None:
            self.outlook.look_ahead()
        else:
            self.outcomes.opened()
            self._look_at_others()
            self.set_interval(_LOOK, self._look_again)
            self._show_overview(keep_place=True)
        if self.operations.monitor.playhead is None:  # recordings have a list of their own
            remember(self.spec.file)
        self.set_timer(_REST, lambda: cast("BpftuiApp", self.app).warm_up())
        cast("BpftuiApp", self.app).begin_collecting()

    def _control_panes(self, bar: SearchBar) -> None:
        """Make the controllers of what there was not in the first frame."""
        spec, operations, panes, navigation = self.spec, self.operations, self.panes, self.navigation
        overview = self.query_one(Overview)
        self.journal = log = Log(operations, panes.log)
        self.search = SearchController(self, bar=bar, tree=self._tree, code=panes.code, navigation=navigation)
        self.code = CodeController(
            self,
            spec=spec,
            pane=panes.code,
            navigation=navigation,
            program=self.program_name,
            pointed=self._pointed,
            theirs=operations.session.theirs,
            system=self._go_to_system,
        )
        self.types = TypesController(
            self,
            spec=spec,
            operations=operations,
            panes=panes,
            navigation=navigation,
            log=log,
            changed=self._program_type_changed,
        )
        self.values = ValuesController(
            self,
            spec=spec,
            operations=operations,
            view=panes.variables,
            log=log,
            changed=self._values_changed,
            others=self.others,
        )
        self.sampling = SamplingController(
            self, spec=spec, operations=operations, panes=panes, navigation=navigation, log=log
        )
        self.change_marks = ChangeMarksController(self, tree=self._tree, panes=panes, navigation=navigation)
        self.comparing = ComparingController(
            self,
            spec=spec,
            title=operations.session.title,
            read=lambda name, say: cast("BpftuiApp", self.app).read(name, say),
            change_marks=self.change_marks,
            navigation=navigation,
            code=self.code,
            session=operations.session,
        )
        self.keeping = KeepingController(self, operations=operations, log=log)
        self.entries = EntriesController(
            self,
            operations=operations,
            view=panes.maps.entries,
            log=log,
            others=self.others,
            follow=lambda target: self.following.follow(target),  # noqa: PLW0108 - made below
        )
        self.finder = FinderController(
            self,
            spec=spec,
            navigation=navigation,
            code=self.code,
            types=self.types,
            program=self.program_name,
            keymap=lambda: self.keymap,
            active=lambda: self.active_bindings,
            keyless=self._keyless,
            run=self.app.run_action,
            more=lambda: cast("BaseApp[object]", self.app).commands(),
            elsewhere=lambda query: cast("BaseApp[object]", self.app).destinations(query),
            inside=lambda: cast("BaseApp[object]", self.app).names_inside(),
        )
        self.outcomes = Outcomes(operations, panes=panes, navigation=navigation, outlook=self.outlook, log=log)
        self.editing = EditingController(
            self,
            spec=spec,
            pane=panes.code,
            navigation=navigation,
            pointed=lambda: overview.chosen if navigation.tab == "overview" and overview.has_focus else None,
        )
        self.following = Following(
            navigation=navigation,
            code=self.code,
            types=self.types,
            entries=panes.maps.entries,
            system=self._go_to_system,
            streams=self._read_streams,
            stack=self.entries.show_stack,
        )
        self.control(
            self.search,
            self.finder,
            self.editing,
            self.code,
            self.types,
            self.change_marks,
            self.comparing,
            self.values,
            self.sampling,
            self.keeping,
        )

    def on_unmount(self) -> None:
        """Leave no thread behind that the end of the process would wait for, and nothing in memory."""
        cast("BpftuiApp", self.app).let_go()
        self.outlook.stop()
        self.outlines.stop()
        if self.furnished.is_set():
            self.finder.stop()

    @property
    def first_keys(self) -> Sequence[str]:
        """What one does in a recording: go to other moments, and play."""
        return () if self.operations.monitor.playhead is None else ("moment", "pause")

    def key_name(self, binding: str) -> str | None:
        """Return what a key of the bar does now, where it is not what it does as a rule."""
        monitor = self.operations.monitor
        if binding == "load" and self.operations.older:
            return "Swap"
        if binding == "pause" and monitor.paused:
            return "Resume" if monitor.playhead is None else "Play"
        return None

    # What is shown

    def _attaching(self) -> None:
        self.outcomes.attaching()

    def take_over(self, other: ExplorerScreen, changes: Changes) -> None:
        """Show what changed since another version, whose screen is in front no more, and what the user had there.

        What is folded and searched for, what the Log said, the way back, and where one stood: by what an instruction
        has become, and not by its number.
        """

        def moved(spot: object) -> object:
            if not isinstance(spot, CodeSpot):
                return spot
            slot = changes.slot_after(*spot.place)
            return spot if slot is None else spot._replace(place=spot.place._replace(slot=slot))

        self._tree.take_over(other._tree)
        self.panes.log.take_over(other.panes.log)
        self.panes.variables.take_over(other.panes.variables)
        self.panes.code.take_over(other.panes.code, changes.slot_after)
        self.navigation.come_from(other.navigation, moved)
        self.change_marks.show(changes)
        self.session.take_over(other.session)

    def _debug_run(self, asked: DebugRequest) -> None:
        self.debugging.debug(asked)

    def _enter_debugger(self, found: Debugging) -> None:
        asked = found.asked
        self.debug(
            found.recording,
            spec=found.spec,
            until=asked.until,
            why=asked.why,
            returned=asked.returned,
            remark=found.remark,
        )

    def _why_no_packets(self) -> str:
        """Return why no packets reach the programs, as a clause; empty where some may."""
        session = self.operations.session
        if session.is_past:
            return "this is a recording, which no packets reach any more"
        return "" if session.verifies else "the built-in machine is on no interface; a capture, or the kernel, has some"

    def debug(
        self,
        recording: Recording,
        breaks: Sequence[str] = (),
        logs: VerifierLogs | None = None,
        *,
        spec: CollectionSpec | None = None,
        until: str = "",
        why: str = "",
        returned: int | None = None,
        remark: str = "",
    ) -> None:
        """Show the debugger with a recording of a program of this object.

        Args:
            recording: What is debugged.
            spec: What it is of, where that is not the object itself.
            until: It begins where a run first comes to this, as a breakpoint is said; empty for the beginning.
            breaks: Where it is to stop.
            logs: Those of the verifier; where a kernel runs the object, its verifier is asked without them.
            why: An expression: it begins at the end of the run, with where its value comes from.
            returned: What another run returned, whose return value is asked about.
            remark: What is said when it is shown.
        """
        from ...core.choice import choose_runtime
        from ...core.debug.verified import VerifierLogs
        from .debugger import DebuggerScreen

        session = self.operations.session
        if logs is None and session.verifies:

            def inspector() -> Inspector:
                """Make the runtime where there is none yet, for which the kernel is probed: in the thread that asks."""
                if session.theirs is not None:  # its walk was told to who loaded it: this is one of what was restored
                    return choose_runtime("kernel").inspect()
                return session.runtime.inspect()

            logs = VerifierLogs.asked(recording, inspector)
        screen = DebuggerScreen(
            spec or self.spec, recording, breaks, logs, until=until, why=why, returned=returned, remark=remark
        )
        self.app.push_screen(screen)

    def remember_place(self) -> None:
        """Let the way back lead to where the user is now."""
        self.navigation.remember()

    def show_status(self, status: Status) -> None:
        """Show where we are, and offer what can be done there."""
        self.query_one(StatusLine).status = status
        self._show_stage()
        self.refresh_bindings()

    def _show_stage(self) -> None:
        if self.furnished.is_set():
            self.panes.show_stage(self.operations.state, is_busy=bool(self.operations.busy))

    def _pointed(self) -> Node:
        """Return what the cursor is on: in the list of variables one of them, else what is chosen."""
        view = self.panes.variables
        if view.has_focus and view.place is not None:
            return Node(NodeKind.VARIABLE, view.place.variable.name)
        if self._tabs.place == "maps" and self.panes.maps.map_name:
            return Node(NodeKind.MAP, self.panes.maps.map_name)
        return self.navigation.node

    def program_name(self) -> str:
        """Return the program that is meant: the chosen one, else the one whose code is shown, else the first."""
        node = self.navigation.node
        if node.kind is NodeKind.PROGRAM:
            return node.name
        shown = self.panes.code.program if self.furnished.is_set() else ""
        return node.program or shown or next(iter(self.spec.programs), "")

    def _follow(self) -> None:
        """Let every pane follow what is chosen."""
        node = self.navigation.node
        if self.furnished.is_set():
            self.panes.choose(node)
            self.sampling.show()
            if node.kind in (NodeKind.EXTERNS, NodeKind.EXTERN):
                self.outlook.look_up_externs()
        self._show_way()
        self._show_overview()

    def _show_way(self) -> None:
        """Say where we are."""
        self.query_one(StatusLine).crumbs = self.navigation.way_to(self._shown_node())

    def _shown_node(self) -> Node:
        """Return what is shown: a tab that shows one thing may show another one than is chosen in the tree."""
        node, tab = self.navigation.node, self.navigation.tab
        if not self.furnished.is_set():
            return node
        if tab == "code" and (function := self.panes.code.function):
            program = self.panes.code.program
            is_entry = function == program
            return Node(NodeKind.PROGRAM, program) if is_entry else Node(NodeKind.FUNCTION, function, program)
        if tab == "maps" and (name := self.panes.maps.map_name):
            return Node(NodeKind.MAP, name)
        return node

    def _show_node(self) -> None:
        """Show anew what was known of what is chosen."""
        self._follow()
        self.operations.changed()

    def _show_overview(self, *, keep_place: bool = False) -> None:
        if self.navigation.tab in ("overview", ""):
            outlook = self.outlook
            page = describe(
                self.spec,
                self.navigation.node,
                self.operations.collection,
                outlook.answers,
                outlook.forecast,
                outlook.problems,
                self.outlines.of(self.navigation.node) if self.furnished.is_set() else None,
                self.operations.session.theirs,
                self.operations.monitor.last,
                past=self.operations.session.is_past,
            )
            if self.furnished.is_set() and (changes := self.change_marks.marked) is not None:
                add_changes(page, changes, self.navigation.node)
            has_tab = self.navigation.has_tab(self.navigation.node)
            self.query_one(Overview).show(page, keep_place=keep_place, has_tab=has_tab)

    def _values_changed(self) -> None:
        self._tree.refresh_labels()
        self.refresh_bindings()
        self._show_overview(keep_place=True)
        self.outlook.look_ahead()

    def _read_streams(self) -> None:
        theirs, onlooker = self.operations.session.theirs, self.operations.onlooker
        if theirs is not None and onlooker is not None and theirs.streams == "unread":
            self.others.read_streams(theirs, onlooker.keep_change)

    def _others_changed(self) -> None:
        """Show what became of what others have."""
        self._look_at_others()
        self._show_overview(keep_place=True)
        self.operations.changed()

    def _look_at_others(self, *, anew: bool = True) -> None:
        if self.operations.onlooker is not None:
            self.operations.onlooker.look(anew=anew)

    def _look_again(self) -> None:
        """Look, while this is what is shown: a dialog may lie over it."""
        if self in self.app.screen_stack:
            self._look_at_others(anew=False)

    def _program_type_changed(self) -> None:
        self._tree.refresh_labels()
        self._show_node()
        self.outlook.look_ahead()

    # The lines at the edges

    def on_status_line_chosen(self, event: StatusLine.Chosen) -> None:
        """Go to a step of the way to where one is."""
        if event.crumb.node is None:
            self.go_home(event.crumb.place)
        else:
            self.navigation.climb(event.crumb.node)

    def on_message_line_followed(self, event: MessageLine.Followed) -> None:
        """Go where what went wrong can be seen or mended."""
        failure = event.failure
        self.navigation.go_to(failure.node or self.navigation.node, failure.tab or None)

    # The tree and the tabs

    @on(Tree.NodeHighlighted)
    def follow_cursor(self, event: Tree.NodeHighlighted[Node]) -> None:
        """Show what the tree's cursor is on; of lines that it only goes past nothing."""
        held = cast("BpftuiApp", self.app).type_ahead.held
        if held not in _GO_ON or event.node.line in (0, self._tree.last_line):  # at the ends the same key moves nothing
            self.navigation.cursor_moved(event.node.data)

    @on(Tree.NodeSelected)
    def open_node(self, event: Tree.NodeSelected[Node]) -> None:
        """Open a node where it is at home, and go there."""
        node = event.node.data
        if node is None or self.navigation.open(node):
            return
        if event.node.allow_expand and event.node is not self._tree.root:
            event.node.toggle()
        else:
            self.navigation.action_show_tab("overview")

    @on(TabbedContent.TabActivated)
    def refresh_tab(self) -> None:
        """Bring up to date what was out of sight, and the footer."""
        self._show_way()
        self._show_overview()
        if self.furnished.is_set():
            self.sampling.show()
        self.refresh_bindings()

    # What panes ask for

    def on_code_pane_shown(self) -> None:
        """Say in which function we are; the tree's cursor goes along into another program."""
        self.navigation.go_along(self.panes.code.program)
        self._show_way()

    def on_marked_code_pane_changes_passed(self, event: MarkedCodePane.ChangesPassed) -> None:
        """Go on in another program that changed."""
        self.change_marks.change_beyond(event.step)

    def on_row_view_search_requested(self, event: RowView.SearchRequested) -> None:
        """Search in a list."""
        self.search.open(event.view)

    def on_overview_opened(self) -> None:
        """Go where the chosen node is at home."""
        self.navigation.open(self.navigation.node)

    def on_row_view_highlighted(self, event: RowView.Highlighted) -> None:
        """Let the third column show the map that the code is about."""
        if self.furnished.is_set():
            self.panes.code_moved(event.view)

    def on_row_view_followed(self, event: RowView.Followed) -> None:
        """Go where a name leads."""
        self.following.follow(event.target)

    def on_pane_title_followed(self, event: PaneTitle.Followed) -> None:
        """Go where a name in a pane's title leads."""
        self.following.follow(event.target)

    def on_graph_pane_followed(self, event: GraphPane.Followed) -> None:
        """Go where what a line is drawn of lives."""
        self.following.follow(event.target)

    def on_graph_pane_unit_asked(self, event: GraphPane.UnitAsked) -> None:
        """Choose what a line counts."""
        self.sampling.ask_unit(event.quantity)

    def on_graph_pane_past_asked(self) -> None:
        """Read the past of all rows of a heat map."""
        self.sampling.read_past()

    def on_row_view_selected(self, event: RowView.Selected) -> None:
        """Say where a row of the code leads."""
        self.code.selected(event)

    def on_listing_view_follow(self, event: ListingView.Follow) -> None:
        """Go to what an instruction refers to."""
        self.code.follow(event)

    def name_of(self, view: Rows) -> str:
        """Return what is chosen in the tree, and the tab that shows it."""
        shown = self.panes.maps.map_name if self.navigation.tab == "maps" else self.navigation.node.name
        return f"{shown or os.path.basename(self.spec.file)}-{self.navigation.tab}"

    def on_listing_view_write_requested(self, event: ListingView.WriteRequested) -> None:
        """Ask for a file to write the listing to."""
        self.code.ask_where_to_write(event.listing)

    def on_log_pane_opened(self, event: LogPane.Opened) -> None:
        """Go from the verifier's log to the code; not to that of another version than the one that is shown."""
        if self.panes.log.spec is not self.spec:
            self.notify(
                "that is code of the version that was refused: here is what runs", severity="warning", timeout=4
            )
            return
        self.code.show_place(CodePlace(event.program, event.slot))

    def on_core_view_opened(self, event: CoreView.Opened) -> None:
        """Go to the instruction of a CO-RE relocation."""
        self.code.show_place(CodePlace(event.row.program, event.row.slot))

    def on_core_view_target_requested(self) -> None:
        """Ask which BTF relocations are resolved against."""
        self.types.ask_target()

    def on_types_view_opened(self, event: TypesView.Opened) -> None:
        """Show a type whole."""
        self.types.open(event)

    def on_variables_view_edit_requested(self, event: VariablesView.EditRequested) -> None:
        """Edit a variable."""
        self.values.edit(event)

    def on_variables_view_names_requested(self, event: VariablesView.NamesRequested) -> None:
        """Choose a name for a variable."""
        self.values.choose(event)

    def on_variables_view_reset_requested(self, event: VariablesView.ResetRequested) -> None:
        """Take changes of variables back."""
        self.values.reset(event)

    def on_variables_view_switch_requested(self, event: VariablesView.SwitchRequested) -> None:
        """Switch a bool over."""
        self.values.switch(event)

    def on_variables_view_undo_requested(self, event: VariablesView.UndoRequested) -> None:
        """Take a change of a variable back."""
        self.values.undo(event)

    def on_variables_view_copy_requested(self, event: VariablesView.CopyRequested) -> None:
        """Copy what was set."""
        self.values.copy(event)

    def on_map_table_view_quantity_chosen(self, event: MapTableView.QuantityChosen) -> None:
        """Draw a number of an entry."""
        self.sampling.draw(event.quantity)

    def on_map_table_view_quantity_asked(self, event: MapTableView.QuantityAsked) -> None:
        """Ask which number of a map is drawn."""
        self.sampling.ask_quantity_of(self.panes.maps.map_name, event.entry)

    def on_map_histogram_view_scale_asked(self, event: MapHistogramView.ScaleAsked) -> None:
        """Take the slots of a histogram for others."""
        self.sampling.next_scale(self.panes.maps.map_name, event.counter)

    def on_time_slider_moved(self, event: TimeSlider.Moved) -> None:
        """Go to another moment."""
        self.playhead.go_to(event.tick)

    def on_entries_view_edit_wanted(self, event: EntriesView.EditWanted) -> None:
        """Change an entry of a map."""
        self.entries.edit(event.request)

    def on_entries_view_entry_asked(self, event: EntriesView.EntryAsked) -> None:
        """Ask for a new entry of a map."""
        self.entries.ask_entry(event)

    def on_entries_view_entry_opened(self, event: EntriesView.EntryOpened) -> None:
        """Show an entry of a map as a whole."""
        self.entries.open(event)

    def on_event_view_record_opened(self, event: EventView.RecordOpened) -> None:
        """Show an event of a stream as a whole."""
        self.sampling.open_record(event.event)

    def on_event_view_watch_asked(self) -> None:
        """Ask what of the stream is drawn."""
        self.sampling.ask_quantity_of(self.panes.maps.map_name)

    def on_event_view_type_asked(self) -> None:
        """Ask what the events of the stream that is shown are."""
        self.sampling.ask_record_type()

    # What operations report

    @on(Loading)
    def load_advanced(self, message: Loading) -> None:
        """Say how far it is."""
        self.operations.note_loading(message)

    @on(GivenUp)
    def given_up(self, message: GivenUp) -> None:
        """Say that the object is as it was before the load."""
        self.outcomes.given_up(message)
        self.session.load_ended(loaded=False)

    @on(Loaded)
    def loaded(self, message: Loaded) -> None:
        """Show the collection as it is in memory."""
        self.outcomes.loaded(message)
        self.refresh_bindings()
        self._show_overview(keep_place=True)
        self.session.load_ended(loaded=True)

    @on(Looked)
    def looked(self, message: Looked) -> None:
        """Show where what others have loaded is attached now."""
        if self.operations.onlooker is not None:
            self.operations.onlooker.after_look(message)
        self.operations.changed()
        self._show_overview(keep_place=True)

    @on(Attached)
    def attached(self, message: Attached) -> None:
        """Go where something moves."""
        self.outcomes.attached(message)
        self.session.came()

    @on(Detached)
    def detached(self, message: Detached) -> None:
        """Say so."""
        self.outcomes.detached(message)

    @on(Failed)
    def failed(self, message: Failed) -> None:
        """Show why."""
        self.outcomes.failed(message)
        if message.action == "load":
            self.session.load_ended(loaded=False)
        elif message.action == "attach":
            self.session.came()

    @on(Sampled)
    async def sampled(self, message: Sampled) -> None:
        """Let the visible pane and the status line follow."""
        await self.sampling.take(message.observation)
        self._tree.mark_written(self.panes.variables.written())
        self.outcomes.show_running()
        self.query_one(StatusLine).status = self.operations.status()
        for slider in self.query(TimeSlider):
            slider.refresh()
        self._show_overview(keep_place=True)  # what programs and variables have come to

    @on(MapEdited)
    def map_edited(self, message: MapEdited) -> None:
        """Show what became of an entry."""
        self.entries.edited(message)

    def _go_to_system(self, thing: Thing) -> None:
        self.app.run_worker(cast("BpftuiApp", self.app).go_to_thing(thing))

    # Keys

    def _where(self) -> str:
        """Return where one is: the pane's tab, and what is chosen."""
        name = self.navigation.node.name
        place = "Tree" if self.focused is self._tree else self._tabs.place.capitalize()
        return f"{place} › {name}" if name else place

    def _keys_of_app(self) -> list[Binding]:
        from ..dialogs.help import keys_of_app

        return keys_of_app(self.app)

    def _keyless(self) -> Iterator[tuple[str, DOMNode, str]]:
        """Yield what panes that can be seen do without a key."""
        for widget in self.query("*"):
            commands: Sequence[tuple[str, str]] = getattr(widget, "COMMANDS", ())
            if commands and widget.is_on_screen:
                for title, action in commands:
                    if widget.check_action(action, ()):
                        yield title, widget, action

    def key_groups(self) -> dict[str, Sequence[BindingType]]:
        """Return the keys of the screen and of its panes."""
        return self.help.groups()


def _read_debugger() -> None:
    """Import what the debugger is made of."""
    from ...core.debug import sight  # noqa: F401  # pyright: ignore[reportUnusedImport]
    from . import debugger  # noqa: F401  # pyright: ignore[reportUnusedImport]
