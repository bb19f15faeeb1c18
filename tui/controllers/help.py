"""HelpController: what the keys of the explorer mean, here and elsewhere."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import Binding, BindingType

from .controller import Controller

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .controller import ControlledScreen, Stage

__all__ = ["HelpController", "pane_keys"]

_ABOUT: Final = {
    "SpecTree": "What the object holds. ✗ cannot be loaded here, * was set by you, ▾ and ▸ are open and folded.\n"
    "What the cursor is on is shown on the right.\n"
    "Of a file that was read again + is new, ± not as it was: > goes there, m shows no marks.",
    "Overview": "What is known of what is chosen in the tree.",
    "ListingView": "The instructions of the program, below the lines of C that they come from. Arrows lead from "
    "jumps to their targets; ↻ begins a loop, ◆ is adapted to the kernel (CO-RE), ↓ 25 is where a jump goes.\n"
    "Marks (m): what is not as it was before the file changed (+ new, ± another, ≈ in other registers, − less); "
    "how often each instruction ran, and what never did; how often the verifier walked over it, as number "
    "and bar; what it removed, struck out.",
    "ColumnsView": "The program as it was written, as the verifier left it, and as the JIT translated it.",
    "FlowView": "The control flow of a function: a box is what runs without a jump, yes and no are where jumps lead.\n"
    "The heavy way is the one that was walked most; the bar of a box is how often that was, beside the hottest.",
    "VariablesView": "Constants and globals by section. • was changed by the program, * was set by you: the file's "
    "value stands beside it. Of another version of the file + is new, and ± says what it was.",
    "MapTableView": "The entries of the map, read at each interval. • changed since the last reading; CPUs are summed.",
    "MapTreeView": "The entries of the map, by the fields of their keys; space unfolds a key, an entry, what each CPU "
    "has. Sums are of what counts.",
    "MapHistogramView": "A number of each entry as a bar; where there are many entries, how many have how much. "
    "← → choose another number.",
    "CellEditor": "The value of this cell. What does not fit is said while it is typed.",
    "EventView": "What the programs wrote into the stream, the newest at the bottom.",
    "SharesView": "Of the events that are shown, how many have each value of the chosen column, the most frequent "
    "first. Bars are beside the longest.",
    "Chart": "Numbers over time: each series has a colour and a shape of its own.",
    "LogView": "What the verifier said on its way through the program. The listing beside it and the state below "
    "follow the cursor.",
    "StateView": "What the verifier knew of each register and stack slot at the step under the log's cursor.",
    "MessageView": "What happened in this session.",
    "TypesView": "The types of the object, by id.",
    "CoreView": "What is adapted to the kernel: each access, and what it becomes.",
}
"""What a pane shows, and what its signs mean, by the class of the widget."""

_OBJECT: Final = frozenset(
    {
        "load",
        "attach",
        "detach",
        "run",
        "debug",
        "compare",
        "pause",
        "interval.longer",
        "interval.shorter",
        "presets",
        "type",
        "code.uses",
    }
)
"""The ids of what is done with the object."""

_LISTS: Final = "Lists (code, variables, maps, log)"

_PAGES: Final = {
    "overview": "collection",
    "code": "collection",
    "variables": "variables",
    "maps": "maps",
    "graph": "maps",
    "log": "verifier",
}
"""Which page of the manual is about a tab."""


class HelpController(Controller):
    """Knows every key with its meaning.

    Args:
        screen: What they work on.
        everywhere: The keys of the screen.
        keymap: Returns the keys that the user prefers, by the id of a binding.
        of_app: Returns the keys of every screen.
        place: Returns the tab that is shown.
        title: Returns where one is, as words.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark", "help", "Help", key_display="?", id="help", tooltip="This pane, then all keys"),
        Binding("f1", "help", show=False, id="help.f1", tooltip="The same, also where ? would be typed"),
    ]

    def __init__(
        self,
        stage: Stage,
        *,
        screen: ControlledScreen,
        everywhere: Sequence[BindingType],
        keymap: Callable[[], Mapping[str, str]],
        of_app: Callable[[], Sequence[Binding]],
        place: Callable[[], str],
        title: Callable[[], str],
    ) -> None:
        super().__init__(stage)
        self._screen = screen
        self._everywhere = everywhere
        self._keymap = keymap
        self._of_app = of_app
        self._place = place
        self._title = title

    def action_help(self) -> None:
        """Show what the pane is that one is in, and its keys; then all the others."""
        from ..dialogs.help import SIGNS, HelpScreen, do_as_key, keys_here

        page = _PAGES.get(self._place(), "")
        focused = self._screen.focused
        nodes = () if focused is None else focused.ancestors_with_self
        about = next((_ABOUT[name] for node in nodes if (name := type(node).__name__) in _ABOUT), "")
        groups = self.groups()
        everywhere = [each for each in self._everywhere if isinstance(each, Binding)]
        everywhere += [each for each in self._of_app() if each.action not in {known.action for known in everywhere}]
        shown: dict[str, Sequence[BindingType | str]] = {
            "": keys_here(focused),
            "Moving": groups.pop(_LISTS),
            "Object": [each for each in everywhere if each.id in _OBJECT],
            "Everywhere": [each for each in everywhere if each.id not in _OBJECT],
            "Colours and signs": SIGNS,
            **{f"In other panes: {title}": keys for title, keys in groups.items() if title != "Everywhere"},
        }
        help_ = HelpScreen(shown, self._keymap(), page=page, place=self._title(), about=about)
        self.stage.ask(help_, partial(do_as_key, self._screen, focused))

    def groups(self) -> dict[str, Sequence[BindingType]]:
        """Return all keys, by where they have a meaning."""
        return {"Everywhere": self._everywhere, **pane_keys()}


def pane_keys() -> dict[str, Sequence[BindingType]]:
    """Return the keys of an object's panes, by their titles."""
    from ..widgets.code.code_pane import CodePane
    from ..widgets.code.columns_view import ColumnsView
    from ..widgets.code.flow_view import FlowView
    from ..widgets.code.listing_view import ListingView
    from ..widgets.code.marked_code import MarkedCodePane
    from ..widgets.lists.linked_view import LinkedView
    from ..widgets.lists.row_view import RowView
    from ..widgets.lists.search_bar import SearchBar
    from ..widgets.live.cell_editor import CellEditor
    from ..widgets.live.entries_view import EntriesView
    from ..widgets.live.event_view import EventView
    from ..widgets.live.graph_pane import GraphPane
    from ..widgets.live.map_histogram import MapHistogramView
    from ..widgets.live.map_table import MapTableView
    from ..widgets.live.map_tree import MapTreeView
    from ..widgets.live.shares_view import SharesView
    from ..widgets.message_line import MessageLine
    from ..widgets.spec.core_view import CoreView
    from ..widgets.spec.spec_tree import SpecTree
    from ..widgets.spec.types_view import TypesView
    from ..widgets.spec.variables_view import VariablesView
    from ..widgets.status_line import StatusLine
    from ..widgets.verifier.log_pane import LogPane

    return {
        "Tree": SpecTree.BINDINGS,
        _LISTS: [*RowView.BINDINGS, *LinkedView.BINDINGS],
        "Code": [*ListingView.BINDINGS, *CodePane.BINDINGS, *MarkedCodePane.BINDINGS],
        "Columns beside the code": ColumnsView.BINDINGS,
        "Control flow as a picture": FlowView.BINDINGS,
        "Variables": VariablesView.BINDINGS,
        "Maps": [*MapTableView.BINDINGS, *EntriesView.BINDINGS],
        "Maps, as a tree": MapTreeView.BINDINGS,
        "Maps, as a histogram": MapHistogramView.BINDINGS,
        "Maps, while a value is typed": CellEditor.BINDINGS,
        "Events": EventView.BINDINGS,
        "Events, counted": SharesView.BINDINGS,
        "Graph": GraphPane.BINDINGS,
        "The search line": SearchBar.KEYS,
        "The top line": StatusLine.BINDINGS,
        "The message line": MessageLine.BINDINGS,
        "Log of the verifier": LogPane.BINDINGS,
        "Types": TypesView.BINDINGS,
        "CO-RE relocations": CoreView.BINDINGS,
    }
